# SPDX-License-Identifier: BSD-2-Clause

# CROSSBPF_BACKEND_CHOICE
# The backend that crossbpf takes where the user names none: --with-backend, else at run time the
# first in the order that works. Sets backend_chosen, which `make` here will use, and
# backend_summary, which says why.
AC_DEFUN([CROSSBPF_BACKEND_CHOICE], [
	AC_ARG_WITH([backend],
		[AS_HELP_STRING([--with-backend=auto|native|docker|ssh|vm],
			[where BPF programs are compiled (default: auto)])],
		[], [with_backend=auto])
	AC_ARG_WITH([ssh-host],
		[AS_HELP_STRING([--with-ssh-host=HOST], [the builder of the ssh backend])])
	AC_ARG_WITH([docker-image],
		[AS_HELP_STRING([--with-docker-image=IMAGE], [the image of the docker backend])])

	AS_CASE([$with_backend], [auto | native | docker | ssh | vm], [],
		[AC_MSG_ERROR([--with-backend takes auto, native, docker, ssh or vm, not '$with_backend'])])
	AS_CASE([$with_ssh_host:$with_docker_image], [yes:* | *:yes],
		[AC_MSG_ERROR([--with-ssh-host and --with-docker-image take a name])])
	AS_IF([test "$with_backend" = ssh && test -z "$with_ssh_host"],
		[AC_MSG_ERROR([--with-backend=ssh needs --with-ssh-host=HOST])])

	CROSSBPF_FIRST_PROGRAM([container_engine], [docker podman nerdctl])
	# One whose engine does not run is of no use to make.
	AS_IF([test -n "$container_engine" && ! $container_engine version >&AS_MESSAGE_LOG_FD 2>&1],
		[AC_MSG_NOTICE([$container_engine does not answer])
		container_engine=])
	CROSSBPF_FIRST_PROGRAM([ssh_client], [ssh])
	CROSSBPF_FIRST_PROGRAM([vm_monitor], [qemu-system-x86_64 qemu-system-aarch64 limactl vagrant])

	backend_chosen=$with_backend
	backend_reason="as asked for by --with-backend"
	AS_IF([test "$with_backend" != auto], [],
		[test "$libbpf_headers" = yes],
			[backend_chosen=native
			backend_reason="auto: clang compiles BPF here and the headers are there"],
		[test -n "$container_engine"],
			[backend_chosen=docker
			backend_reason="auto: no clang for BPF with its headers, but $container_engine"],
		[test -n "$with_ssh_host" && test -n "$ssh_client"],
			[backend_chosen=ssh
			backend_reason="auto: no clang for BPF with its headers and no container engine, but --with-ssh-host"],
		[test -n "$vm_monitor"],
			[backend_chosen=vm
			backend_reason="auto: no clang for BPF with its headers, no container engine and no --with-ssh-host, but $vm_monitor"],
		[backend_chosen=none
		backend_reason="auto: install clang and libbpf's headers, or docker, or name --with-ssh-host"])
	backend_summary="$backend_chosen ($backend_reason)"

	default_backend=$with_backend
	AS_CASE([$with_backend:$with_ssh_host:$with_docker_image],
		[ssh:*], [default_backend=ssh:$with_ssh_host],
		[docker:*:?*], [default_backend=docker:$with_docker_image])
	AC_DEFINE_UNQUOTED([CROSSBPF_DEFAULT_BACKEND], ["$default_backend"],
		[The backend where the user names none: auto, NAME or NAME:WHERE])
	AS_IF([test -n "$with_ssh_host"],
		[AC_DEFINE_UNQUOTED([CROSSBPF_DEFAULT_SSH_HOST], ["$with_ssh_host"],
			[The host of the ssh backend where the user names none])])
	AC_DEFINE([CROSSBPF_BACKEND_ORDER], ["native docker ssh vm"],
		[The backends that auto tries])
])

# CROSSBPF_FIRST_PROGRAM(VARIABLE, PROGRAMS): the first that is there, or nothing.
AC_DEFUN([CROSSBPF_FIRST_PROGRAM], [AC_CHECK_PROGS([$1], [$2])])

# CROSSBPF_PROGRAMS
# Are the programs in bpf/ built, and by which crossbpf?
AC_DEFUN([CROSSBPF_PROGRAMS], [
	AC_ARG_ENABLE([bpf-programs],
		[AS_HELP_STRING([--enable-bpf-programs=auto|yes|no], [build the programs in bpf/])],
		[], [enable_bpf_programs=auto])
	AC_ARG_VAR([CROSSBPF_FOR_BUILD],
		[an installed crossbpf that compiles bpf/ where this one is for another host])
	bpf_programs_reason=
	AS_IF([test "$enable_bpf_programs" = no], [bpf_programs_reason="--disable-bpf-programs"],
		[test -n "$CROSSBPF_FOR_BUILD"], [],
		[test "$cross_compiling" = yes],
			[bpf_programs_reason="cross-compiling without CROSSBPF_FOR_BUILD"],
		[test "$backend_chosen" != none], [],
		[bpf_programs_reason="no backend: $backend_reason"])
	AS_IF([test "$enable_bpf_programs" = yes && test -n "$bpf_programs_reason"],
		[AC_MSG_ERROR([--enable-bpf-programs, but: $bpf_programs_reason])])
	AS_IF([test -n "$bpf_programs_reason"],
		[enable_bpf_programs=no bpf_programs_summary="no ($bpf_programs_reason)"],
		[enable_bpf_programs=yes bpf_programs_summary="yes, for $bpf_target, by ${CROSSBPF_FOR_BUILD:-the crossbpf built here}"])
	AM_CONDITIONAL([BUILD_BPF_PROGRAMS], [test "$enable_bpf_programs" = yes])
	AM_CONDITIONAL([USE_CROSSBPF_FOR_BUILD], [test -n "$CROSSBPF_FOR_BUILD"])
])
