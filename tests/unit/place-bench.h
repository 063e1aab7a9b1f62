/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session that does not see the host's files, behind the module "elsewhere". In the test's
 * directory: `p`, the project, and `home`, the builder's home directory.
 */
#ifndef CROSSBPF_TESTS_PLACE_BENCH_H
#define CROSSBPF_TESTS_PLACE_BENCH_H

#include "core/project.h"
#include "core/session.h"

struct place_bench {
	char *here, *root;
	struct project project;
	struct session session;
	struct crossbpf_error error;
};

static inline void place_bench_open(struct place_bench *b)
{
	*b = (struct place_bench){.here = getcwd(NULL, 0)};
	ck_assert_ptr_ne(b->here, NULL);
	ck_assert_int_eq(mkdir("p", 0755), 0);
	ck_assert_int_eq(mkdir("home", 0755), 0);
	b->root = str_printf("%s/p", b->here);
	cleanup_free char *home = str_printf("%s/home", b->here);
	setenv("TEST_BUILDER", home, 1);
	unsetenv("TEST_BUILDER_SHELL");
	ck_assert_int_eq(project_at(b->root, &b->project, &b->error), 0);
	b->session.control = -1;
	ck_assert_int_eq(session_load(&b->session, TEST_PLUGINDIR, "elsewhere", NULL, &b->project,
				      &b->error),
			 0);
}

static inline void place_bench_close(struct place_bench *b)
{
	session_close(&b->session);
	project_free(&b->project);
	error_free(&b->error);
	free(b->here);
	free(b->root);
	unsetenv("TEST_BUILDER");
	unsetenv("TEST_BUILDER_SHELL");
}

/* The builder's `sh` runs this first: $mode is what it was asked for. */
static inline void place_bench_lie(const struct place_bench *b, const char *script)
{
	cleanup_free char *path = str_printf("%s/lying-sh", b->here);
	cleanup_free char *whole = str_printf("mode=$4\n%s\nexec sh \"$@\"", script);

	/* sh -c SCRIPT crossbpf MODE: the first word is left out by the module. */
	write_program(path, whole);
	setenv("TEST_BUILDER_SHELL", path, 1);
}

static inline unsigned place_bench_count(void)
{
	return is_there("home/.cache/crossbpf/shell") ? count_entries("home/.cache/crossbpf/shell")
						      : 0;
}

#endif
