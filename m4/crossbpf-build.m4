# SPDX-License-Identifier: BSD-2-Clause

# CROSSBPF_TRY_CFLAG(FLAG)
# Adds FLAG to CROSSBPF_CFLAGS where the compiler takes it without a word.
AC_DEFUN([CROSSBPF_TRY_CFLAG], [
	AC_MSG_CHECKING([whether $CC accepts $1])
	crossbpf_saved_cflags=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes])
		CROSSBPF_CFLAGS="$CROSSBPF_CFLAGS $1"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$crossbpf_saved_cflags
])

# CROSSBPF_COMPILER_FLAGS
# Our flags stand in variables of ours: CFLAGS and LDFLAGS are the user's.
AC_DEFUN([CROSSBPF_COMPILER_FLAGS], [
	AC_ARG_ENABLE([werror],
		[AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])],
		[], [enable_werror=no])
	CROSSBPF_CFLAGS=
	CROSSBPF_LDFLAGS=
	m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
		-Wformat=2 -Wpointer-arith -Wundef -Wvla -fvisibility=hidden
		-fstack-protector-strong], [CROSSBPF_TRY_CFLAG(flag)])
	AS_IF([test "$enable_werror" = yes], [CROSSBPF_CFLAGS="$CROSSBPF_CFLAGS -Werror"])

	# A module needs no symbol of the program that loads it; where the linker can, it checks.
	AC_MSG_CHECKING([whether the linker accepts -z defs])
	crossbpf_saved_ldflags=$LDFLAGS
	LDFLAGS="$LDFLAGS -Wl,-z,defs"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes])
		MODULE_LDFLAGS=-Wl,-z,defs],
		[AC_MSG_RESULT([no])
		MODULE_LDFLAGS=])
	LDFLAGS=$crossbpf_saved_ldflags

	AC_SUBST([CROSSBPF_CFLAGS])
	AC_SUBST([CROSSBPF_LDFLAGS])
	AC_SUBST([MODULE_LDFLAGS])
])

# CROSSBPF_SYSTEM_LIBRARY(PREFIX, FUNCTION, LIBRARY)
# PREFIX_LIBS: what FUNCTION needs on this system, which may be nothing.
AC_DEFUN([CROSSBPF_SYSTEM_LIBRARY], [
	crossbpf_saved_libs=$LIBS
	LIBS=
	AC_SEARCH_LIBS([$2], [$3], [], [AC_MSG_ERROR([there is no $2])])
	AC_SUBST([$1_LIBS], [$LIBS])
	LIBS=$crossbpf_saved_libs
])

# CROSSBPF_OPTIONAL_MODULES(NAME, PREFIX, MODULES, PURPOSE)
# --with-NAME=auto|yes|no; sets with_NAME to yes or no and the conditional HAVE_PREFIX.
AC_DEFUN([CROSSBPF_OPTIONAL_MODULES], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=auto|yes|no], [$1, for $4])], [],
		[with_$1=auto])
	AS_CASE([$with_$1], [auto | yes | no], [],
		[AC_MSG_ERROR([--with-$1 takes auto, yes or no, not '$with_$1'])])
	AS_IF([test "$with_$1" != no],
		[PKG_CHECK_MODULES([$2], [$3], [with_$1=yes],
			[AS_IF([test "$with_$1" = yes],
				[AC_MSG_ERROR([--with-$1=yes, but it was not found: $$2_PKG_ERRORS])])
			with_$1=no])])
	AM_CONDITIONAL([HAVE_$2], [test "$with_$1" = yes])
])

# CROSSBPF_BPFTOOL
AC_DEFUN([CROSSBPF_BPFTOOL], [
	AC_ARG_WITH([bpftool],
		[AS_HELP_STRING([--with-bpftool=auto|yes|no|PROGRAM], [bpftool, for tests])],
		[], [with_bpftool=auto])
	bpftool_summary=no
	AC_SUBST([BPFTOOL])
	AS_CASE([$with_bpftool],
		[no], [],
		[auto | yes], [AC_PATH_PROG([BPFTOOL], [bpftool], [],
			[$PATH$PATH_SEPARATOR/usr/sbin$PATH_SEPARATOR/sbin])],
		[AC_PATH_PROG([BPFTOOL], [$with_bpftool])])
	AS_IF([test -n "$BPFTOOL"], [bpftool_summary=$BPFTOOL],
		[test "$with_bpftool" != auto && test "$with_bpftool" != no],
		[AC_MSG_ERROR([--with-bpftool=$with_bpftool, but there is none])])
])
