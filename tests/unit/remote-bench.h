/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A builder that does not see the host's files, behind the module "elsewhere" and exchange.so. In
 * the test's directory:
 *
 *	p	the project
 *	there	what only the builder has: headers in there/include
 *	home	where it keeps what it is sent
 *	cache	where the host remembers what that is
 *
 * The compiler is a shell script here, as in check_executor.c and check_build.c.
 */
#ifndef CROSSBPF_TESTS_REMOTE_BENCH_H
#define CROSSBPF_TESTS_REMOTE_BENCH_H

#include "core/project.h"
#include "core/remote.h"
#include "shared/io.h"

struct remote_bench {
	char *here, *root, *include, *cache;
	struct project project;
	struct builder_request request;
	struct builder builder;
	struct remote remote;
	struct crossbpf_error error;
};

static inline void remote_bench_open(struct remote_bench *b)
{
	static const char *const dirs[] = {"p", "there", "there/include", "there/bin", "home"};

	*b = (struct remote_bench){.here = getcwd(NULL, 0)};
	ck_assert_ptr_ne(b->here, NULL);
	for (size_t i = 0; i < LENGTH(dirs); i++)
		ck_assert_int_eq(mkdir(dirs[i], 0755), 0);
	b->root = str_printf("%s/p", b->here);
	b->include = str_printf("%s/there/include", b->here);
	b->cache = str_printf("%s/cache", b->here);
	cleanup_free char *home = str_printf("%s/home", b->here);
	setenv("TEST_BUILDER", home, 1);
	unsetenv("TEST_BUILDER_SHELL");
	ck_assert_int_eq(project_at(b->root, &b->project, &b->error), 0);
	if (!b->project.dir)
		b->project.dir = strdup(b->root);
	b->request = (struct builder_request){
		.backend = "elsewhere",
		.dir = TEST_PLUGINDIR,
		.toolchain = {.cache_dir = b->cache},
		.control = -1,
	};
	b->builder.name = strdup("elsewhere");
	b->builder.toolchain.clang = str_printf("%s/there/bin/clang", b->here);
	b->builder.toolchain.number = strdup("14.0.6");
	strv_add(&b->builder.toolchain.search, b->include);
	b->remote = (struct remote){
		.builder = &b->builder,
		.request = &b->request,
		.project = &b->project,
		.module_dir = MODULE_DIR,
	};
	int r = builder_connect(&b->builder, &b->request, &b->project, &b->error);
	ck_assert_msg(r == 0, "%s", b->error.message);
	ck_assert(remote_is(&b->builder));
	ck_assert_int_eq(chdir("p"), 0);
}

static inline void remote_bench_close(struct remote_bench *b)
{
	remote_free(&b->remote);
	builder_close(&b->builder);
	project_free(&b->project);
	error_free(&b->error);
	free(b->here);
	free(b->root);
	free(b->include);
	free(b->cache);
	unsetenv("TEST_BUILDER");
	unsetenv("TEST_BUILDER_SHELL");
}

#define REMOTE_BENCH(b)                                                     \
	__attribute__((cleanup(remote_bench_close))) struct remote_bench b; \
	remote_bench_open(&b)

/* A file of the project, which the builder may have. */
static inline void send_file(struct remote_bench *b, const char *name, const char *text)
{
	cleanup_free char *path = str_printf("%s/%s", b->root, name);

	write_text(path, text);
	remote_add_file(&b->remote, path);
}

/* A descriptor of this process as a file that is in place of it, to be put back. */
struct diverted {
	int fd, before;
};

static inline struct diverted divert(int fd, const char *path, int flags)
{
	cleanup_close int file = open(path, flags | O_CLOEXEC, 0600);
	struct diverted d = {fd, fcntl(fd, F_DUPFD_CLOEXEC, 3)};

	fflush(NULL);
	ck_assert_int_ge(file, 0);
	ck_assert_int_ge(dup2(file, fd), 0);
	return d;
}

static inline void restore(struct diverted d)
{
	fflush(NULL);
	ck_assert_int_ge(dup2(d.before, d.fd), 0);
	close(d.before);
}

#endif
