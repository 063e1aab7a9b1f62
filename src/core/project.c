/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "project.h"

/* The working directory as $PWD names it, where that is right: so clang does, and debug
 * information holds it. */
static int working_directory(char **ret_dir)
{
	const char *pwd = getenv("PWD");
	struct stat named, real;

	if (pwd && pwd[0] == '/' && stat(pwd, &named) == 0 && stat(".", &real) == 0 &&
	    named.st_dev == real.st_dev && named.st_ino == real.st_ino) {
		*ret_dir = strdup(pwd);
		return *ret_dir ? 0 : -ENOMEM;
	}
	for (size_t room = 256;; room *= 2) {
		cleanup_free char *dir = malloc(room);
		if (!dir)
			return -ENOMEM;
		if (getcwd(dir, room)) {
			*ret_dir = TAKE_PTR(dir);
			return 0;
		}
		if (errno != ERANGE)
			return -errno;
	}
}

int project_from_clang(const char *const *args, struct project *ret_project,
		       struct crossbpf_error *e)
{
	cleanup_project struct project p = {.args = args};
	struct digest digest;

	int r = working_directory(&p.root);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	digest_init(&digest);
	digest_string(&digest, p.root);
	digest_finish(&digest, p.id);

	if (clang_argv_parse(args, &p.clang) < 0)
		return error_no_memory(e);
	*ret_project = p;
	p = (struct project){0};
	return 0;
}

void project_free(struct project *p)
{
	free(p->root);
	clang_argv_free(&p->clang);
	*p = (struct project){0};
}
