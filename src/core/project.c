/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "project.h"
#include "shared/io.h"

/* Clang's own variables that rewrite its command line, or have it write what it runs to a file. */
static bool environment_changes_clang(void)
{
	static const char *const names[] = {"CCC_OVERRIDE_OPTIONS", "CC_PRINT_OPTIONS",
					    "CC_PRINT_HEADERS", "CC_PRINT_PROC_STAT",
					    "CC_LOG_DIAGNOSTICS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getenv(names[i]))
			return true;
	return false;
}

static void make_id(struct project *p)
{
	struct digest digest;

	digest_init(&digest);
	digest_string(&digest, p->root);
	digest_finish(&digest, p->id);
}

int project_at(const char *root, struct project *ret_project, struct crossbpf_error *e)
{
	cleanup_project struct project p = {.root = strdup(root)};

	if (!p.root)
		return error_no_memory(e);
	make_id(&p);
	*ret_project = p;
	p = (struct project){0};
	return 0;
}

int project_from_clang(const char *const *args, struct project *ret_project,
		       struct crossbpf_error *e)
{
	cleanup_project struct project p = {.args = args};

	int r = io_working_directory(&p.root);
	if (r == -ENOENT) {
		/* It was deleted. What names nothing in it (--version) works all the same. */
		p.root = strdup("/");
		r = p.root ? 0 : -ENOMEM;
	}
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	make_id(&p);
	if (clang_argv_parse(args, &p.clang) < 0)
		return error_no_memory(e);
	if (environment_changes_clang())
		p.clang.more_outputs = true;
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
