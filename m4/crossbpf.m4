# crossbpf.m4 - for a configure.ac whose package compiles BPF programs.
# SPDX-License-Identifier: BSD-2-Clause
#
# CROSSBPF_PROG([MINIMUM-VERSION], [ACTION-IF-FOUND], [ACTION-IF-NOT-FOUND])
#
# Finds crossbpf and substitutes CROSSBPF and BPF_CFLAGS, which compile a program for the host of
# the package. (CROSSBPF_CLANG is no output variable: it names the clang that crossbpf runs.) In
# configure.ac
#
#	CROSSBPF_PROG([0.1])
#
# and in Makefile.am
#
#	prog.bpf.o: prog.bpf.c
#		$(CROSSBPF) clang $(BPF_CFLAGS) -c -o $@ $<
#
# Without ACTION-IF-NOT-FOUND a missing crossbpf is an error.
AC_DEFUN([CROSSBPF_PROG], [
	AC_REQUIRE([AC_CANONICAL_HOST])
	AC_ARG_VAR([CROSSBPF], [the crossbpf program])
	AC_ARG_VAR([BPF_CFLAGS], [flags of the compiler of BPF programs])
	AC_PATH_PROG([CROSSBPF], [crossbpf])
	crossbpf_why="crossbpf was not found: install it or set CROSSBPF"
	AS_IF([test -n "$CROSSBPF"], [
		AC_MSG_CHECKING([the version of $CROSSBPF])
		crossbpf_version=`"$CROSSBPF" --version 2>/dev/null | sed -n '1s/^crossbpf //p'`
		AC_MSG_RESULT([${crossbpf_version:-none}])
		crossbpf_why=
		AS_IF([test -z "$crossbpf_version"], [crossbpf_why="$CROSSBPF does not run"],
			[m4_ifval([$1],
				[AS_VERSION_COMPARE([$crossbpf_version], [$1],
					[crossbpf_why="$CROSSBPF is $crossbpf_version, $1 is needed"])])])
	])
	AS_IF([test -n "$crossbpf_why"],
		[m4_default([$3], [AC_MSG_ERROR([$crossbpf_why])])], [
		AS_IF([test -z "$BPF_CFLAGS"], [
			AS_CASE([$host_cpu],
				[x86_64 | i?86], [crossbpf_target="bpfel -D__TARGET_ARCH_x86"],
				[aarch64], [crossbpf_target="bpfel -D__TARGET_ARCH_arm64"],
				[aarch64_be], [crossbpf_target="bpfeb -D__TARGET_ARCH_arm64"],
				[armeb*], [crossbpf_target="bpfeb -D__TARGET_ARCH_arm"],
				[arm*], [crossbpf_target="bpfel -D__TARGET_ARCH_arm"],
				[riscv*], [crossbpf_target="bpfel -D__TARGET_ARCH_riscv"],
				[s390*], [crossbpf_target="bpfeb -D__TARGET_ARCH_s390"],
				[powerpc*le], [crossbpf_target="bpfel -D__TARGET_ARCH_powerpc"],
				[powerpc*], [crossbpf_target="bpfeb -D__TARGET_ARCH_powerpc"],
				[loongarch*], [crossbpf_target="bpfel -D__TARGET_ARCH_loongarch"],
				[mips*el], [crossbpf_target="bpfel -D__TARGET_ARCH_mips"],
				[mips*], [crossbpf_target="bpfeb -D__TARGET_ARCH_mips"],
				[crossbpf_target=bpf])
			BPF_CFLAGS="-target $crossbpf_target -mcpu=v1 -O2 -g -Wall"
		])
		$2
	])
])
