# SPDX-License-Identifier: BSD-2-Clause

# CROSSBPF_CLANG_PROBE
# Asks the script that crossbpf itself asks at run time, then really compiles a BPF program.
# Sets have_clang, clang_summary, kernel_headers and libbpf_headers.
AC_DEFUN([CROSSBPF_CLANG_PROBE], [
	AC_ARG_WITH([clang],
		[AS_HELP_STRING([--with-clang=PROGRAM],
			[the clang of the native backend (default: the newest that compiles BPF)])],
		[], [with_clang=auto])
	AS_CASE([$with_clang], [auto], [default_clang=], [yes | no],
		[AC_MSG_ERROR([--with-clang takes a program's name or path])],
		[default_clang=$with_clang])

	AC_MSG_CHECKING([for a clang that compiles BPF])
	crossbpf_answer=`sh "$srcdir/src/core/toolchain-probe.sh" $default_clang`
	crossbpf_clang=`AS_ECHO(["$crossbpf_answer"]) | $SED -n 's/^clang	//p'`
	crossbpf_number=`AS_ECHO(["$crossbpf_answer"]) | $SED -n 's/^number	//p'`
	crossbpf_apple=`AS_ECHO(["$crossbpf_answer"]) | $SED -n 's/^apple	//p'`
	AS_IF([test -n "$crossbpf_clang"],
			[have_clang=yes clang_summary="$crossbpf_clang ($crossbpf_number)"],
		[test -n "$default_clang"],
			[AC_MSG_RESULT([no])
			AC_MSG_ERROR([--with-clang=$default_clang is no clang that compiles BPF])],
		[test -n "$crossbpf_apple"],
			[have_clang=no clang_summary="none for BPF: $crossbpf_apple is Apple's; brew install llvm"],
		[have_clang=no clang_summary=none])
	AC_MSG_RESULT([$clang_summary])

	CROSSBPF_BPF_HEADERS([kernel_headers], [kernel headers], [[#include <linux/bpf.h>]])
	CROSSBPF_BPF_HEADERS([libbpf_headers], [libbpf's headers], [[#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>]])
	AC_DEFINE_UNQUOTED([CROSSBPF_DEFAULT_CLANG], [CROSSBPF_STRING_OR_NULL([$default_clang])],
		[The clang of --with-clang, or a null pointer])
])

# CROSSBPF_STRING_OR_NULL(VALUE): a C string, NULL where VALUE is empty.
AC_DEFUN([CROSSBPF_STRING_OR_NULL], [`test -n "$1" && AS_ECHO(['"$1"']) || AS_ECHO([NULL])`])

# CROSSBPF_BPF_HEADERS(VARIABLE, DESCRIPTION, PROLOGUE): does such a program compile?
AC_DEFUN([CROSSBPF_BPF_HEADERS], [
	AC_MSG_CHECKING([for $2])
	$1=no
	AS_IF([test "$have_clang" = yes], [
		crossbpf_dirs=`AS_ECHO(["$crossbpf_answer"]) |
			$SED -n 's/^asm	.*:/-idirafter /p; s/^libbpf	/-idirafter /p'`
		AS_ECHO(['$3
int crossbpf_probe;']) >conftest.bpf.c
		AS_IF([$crossbpf_clang -target bpf $crossbpf_dirs -c conftest.bpf.c -o conftest.bpf.o >&AS_MESSAGE_LOG_FD 2>&1 &&
			test -s conftest.bpf.o], [$1=yes])
		rm -f conftest.bpf.c conftest.bpf.o
	])
	AC_MSG_RESULT([$$1])
])
