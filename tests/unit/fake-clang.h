/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripts that answer as a clang does to toolchain-probe.sh, and an environment without others. */
#ifndef CROSSBPF_TESTS_FAKE_CLANG_H
#define CROSSBPF_TESTS_FAKE_CLANG_H

#include <time.h>

#include "shared/strbuf.h"

/* Things made a second ago are still too new to be remembered. */
static inline void make_old(const char *path)
{
	const struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 1},
					  {.tv_sec = 1000, .tv_nsec = 1}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* `version` is the first line of its --version; its only directory of headers is `search`. */
static inline void write_clang(const char *path, const char *version, bool has_bpf,
			       const char *search)
{
	cleanup_free char *script =
		str_printf("case $* in\n"
			   "--version) echo '%s'; echo 'Target: none' ;;\n"
			   "'-target bpf -x c -c -o /dev/null -') cat >/dev/null; exit %d ;;\n"
			   "*' -v '*) printf '#include <...> search starts here:\\n %s\\n"
			   "End of search list.\\n' >&2 ;;\n"
			   "*) exit 9 ;;\n"
			   "esac",
			   version, has_bpf ? 0 : 1, search);

	write_program(path, script);
	make_old(path);
}

/* Makes `dir` with links to the programs that the probe needs. */
static inline void make_tools(const char *dir)
{
	static const char *const tools[] = {"cat", "cut", "head", "sed", "sort"};

	ck_assert_int_eq(mkdir(dir, 0755), 0);
	for (size_t i = 0; i < LENGTH(tools); i++) {
		cleanup_free char *link = str_printf("%s/%s", dir, tools[i]);
		cleanup_free char *bin = str_printf("/bin/%s", tools[i]);
		cleanup_free char *usr_bin = str_printf("/usr/bin/%s", tools[i]);

		ck_assert_int_eq(symlink(access(bin, X_OK) == 0 ? bin : usr_bin, link), 0);
	}
	make_old(dir);
}

#endif
