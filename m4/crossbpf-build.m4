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

# CROSSBPF_GUEST
# crossbpf-guest is the one program in its initramfs: static, and free of what no static program can
# have, sanitizers, or would write its counts to, --coverage.
AC_DEFUN([CROSSBPF_GUEST], [
	AC_ARG_WITH([guest], [AS_HELP_STRING([--with-guest=auto|yes|no],
		[crossbpf-guest, a static program, for crossbpf verify])], [], [with_guest=auto])
	AS_CASE([$with_guest], [auto | yes | no], [],
		[AC_MSG_ERROR([--with-guest takes auto, yes or no, not '$with_guest'])])
	guest_reason="--without-guest"
	AS_IF([test "$with_guest" = no], [], [test "$with_libbpf" != yes],
		[guest_reason="without libbpf"], [
		guest_reason=
		AS_IF([GUEST_LIBS=`$PKG_CONFIG --static --libs libbpf libelf zlib jansson 2>&AS_MESSAGE_LOG_FD`], [],
			[guest_reason="$PKG_CONFIG knows no static libbpf, libelf, zlib and jansson"])
	])
	AS_IF([test -z "$guest_reason"], [
		AC_MSG_CHECKING([whether a static program links with libbpf and jansson])
		crossbpf_saved_cflags=$CFLAGS
		crossbpf_saved_ldflags=$LDFLAGS
		crossbpf_saved_libs=$LIBS
		CFLAGS=`CROSSBPF_UNINSTRUMENTED([$CFLAGS])`" $LIBBPF_CFLAGS $JANSSON_CFLAGS"
		LDFLAGS=`CROSSBPF_UNINSTRUMENTED([$LDFLAGS])`" -static"
		LIBS=$GUEST_LIBS
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <bpf/libbpf.h>
#include <jansson.h>
#include <linux/bpf.h>
]], [[
struct bpf_prog_info info = {0};
json_decref(json_object());
return !bpf_object__open("") + (int)info.verified_insns;]])],
			[AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no])
			guest_reason="no static program links with libbpf, libelf, zlib and jansson: install their .a files"])
		CFLAGS=$crossbpf_saved_cflags
		LDFLAGS=$crossbpf_saved_ldflags
		LIBS=$crossbpf_saved_libs
	])
	AS_IF([test "$with_guest" = yes && test -n "$guest_reason"],
		[AC_MSG_ERROR([--with-guest=yes, but: $guest_reason])])
	AS_IF([test -n "$guest_reason"], [with_guest=no guest_summary="no ($guest_reason)"],
		[with_guest=yes guest_summary=yes])
	AM_CONDITIONAL([HAVE_GUEST], [test "$with_guest" = yes])
	GUEST_CFLAGS=$CROSSBPF_CFLAGS
	AC_SUBST([GUEST_CFLAGS])
	AC_SUBST([GUEST_LIBS])
	# The user's flags stand behind ours, so they are taken out where make uses them. Automake
	# would take this line for a rule of its own.
	GUEST_RULE='crossbpf-guest$(EXEEXT): override CFLAGS := $(filter-out -fsanitize% -fno-sanitize% -fprofile% -ftest-coverage --coverage,$(CFLAGS))
crossbpf-guest$(EXEEXT): override LDFLAGS := $(filter-out -fsanitize% --coverage,$(LDFLAGS))'
	AC_SUBST([GUEST_RULE])
	AM_SUBST_NOTMAKE([GUEST_RULE])
])

# CROSSBPF_UNINSTRUMENTED(FLAGS): the command that prints those that a static program can have.
AC_DEFUN([CROSSBPF_UNINSTRUMENTED],
	[for flag in $1; do case $flag in -fsanitize*|-fno-sanitize*|-fprofile*|-ftest-coverage|--coverage) ;; *) AS_ECHO_N(["$flag "]);; esac; done])

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
