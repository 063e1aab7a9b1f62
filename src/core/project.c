/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "project.h"
#include "shared/io.h"
#include "shared/strbuf.h"

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

int project_find_root(const char *dir, char **ret_root, char **ret_conf, char **ret_strangers)
{
	cleanup_free char *at = strdup(dir);
	struct stat st;

	*ret_root = *ret_conf = *ret_strangers = NULL;
	for (bool first = true; at; first = false) {
		bool ours = first || (stat(at, &st) == 0 && st.st_uid == geteuid());
		char *conf = str_printf("%s/crossbpf.conf", strcmp(at, "/") == 0 ? "" : at);
		if (!conf)
			return -ENOMEM;
		bool found = access(conf, F_OK) == 0;
		if (found && ours) {
			*ret_root = TAKE_PTR(at);
			*ret_conf = conf;
			return 0;
		}
		if (found) {
			*ret_strangers = conf;
			break;
		}
		free(conf);
		if (!ours)
			break;
		char *slash = strrchr(at, '/');
		if (!slash || strcmp(at, "/") == 0)
			break;
		slash[slash == at ? 1 : 0] = '\0';
	}
	*ret_root = strdup(dir);
	return *ret_root && at ? 0 : -ENOMEM;
}

/* A tree of git is one project too: builders keep what belongs together by it. */
static char *find_tree(const char *dir)
{
	cleanup_free char *at = strdup(dir);
	struct stat st;

	while (at && stat(at, &st) == 0 && st.st_uid == geteuid()) {
		cleanup_free char *git = str_printf("%s/.git", at);
		char *slash = strrchr(at, '/');
		if (git && access(git, F_OK) == 0)
			return TAKE_PTR(at);
		if (!slash || slash == at)
			break;
		*slash = '\0';
	}
	return NULL;
}

static int find_project(struct project *p)
{
	cleanup_free char *strangers = NULL;

	int r = project_find_root(p->dir, &p->root, &p->conf, &strangers);
	char *tree = r == 0 && !p->conf ? find_tree(p->dir) : NULL;
	if (tree) {
		free(p->root);
		p->root = tree;
	}
	return r;
}

int project_here(struct project *ret_project, struct crossbpf_error *e)
{
	cleanup_project struct project p = {0};

	int r = io_working_directory(&p.dir);
	if (r == -ENOENT) {
		/* It was deleted. What names nothing in it (--version) works all the same. */
		p.dir = strdup("/");
		r = p.dir ? 0 : -ENOMEM;
	}
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	if (find_project(&p) < 0)
		return error_no_memory(e);
	make_id(&p);
	*ret_project = p;
	p = (struct project){0};
	return 0;
}

int project_from_clang(const char *const *args, struct project *ret_project,
		       struct crossbpf_error *e)
{
	cleanup_project struct project p = {0};

	int r = project_here(&p, e);
	if (r < 0)
		return r;
	p.args = args;
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
	free(p->dir);
	free(p->conf);
	clang_argv_free(&p->clang);
	*p = (struct project){0};
}
