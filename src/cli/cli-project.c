/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli-project.h"
#include "cli.h"
#include "core/clang-constraint.h"
#include "shared/io.h"

extern char **environ;

int cli_project_find(struct cli_project *p, struct crossbpf_error *e)
{
	int r = project_here(&p->project, e);

	return r == 0 && io_cache_dir(&p->cache_dir) == -ENOMEM ? error_no_memory(e) : r;
}

int cli_project_read(struct cli_project *p, struct crossbpf_error *e)
{
	int r = p->project.conf ? cli_read_conf(p->project.conf, &p->conf, e) : 0;

	p->has_conf = r == 0 && p->project.conf;
	return r;
}

/* The program that a conf names: a constraint names none. */
static const char *choose_clang(const struct cli_project *p)
{
	const char *clang = p->has_conf ? p->conf.clang : NULL;

	if (!clang || clang_constraint_is(clang))
		clang = CROSSBPF_DEFAULT_CLANG;
	return cli_setting("CROSSBPF_CLANG", clang);
}

int cli_project_choose(struct cli_project *p, const char *named, struct crossbpf_error *e)
{
	bool verbose = strcmp(cli_setting("CROSSBPF_VERBOSE", "0"), "0") != 0;

	p->request = (struct builder_request){
		.toolchain =
			{
				.clang = choose_clang(p),
				.env = (const char *const *)environ,
				.cache_dir = p->cache_dir,
			},
		.log = verbose ? cli_log : NULL,
		.control = -1,
		.conf = p->has_conf ? &p->conf : NULL,
	};
	return cli_choose_backend(named ? named : getenv("CROSSBPF_BACKEND"), &p->request,
				  &p->order, e);
}

int cli_project_open(struct cli_project *p, const char *named, struct crossbpf_error *e)
{
	int r = cli_project_find(p, e);

	if (r == 0)
		r = cli_project_read(p, e);
	return r < 0 ? r : cli_project_choose(p, named, e);
}

void cli_project_close(struct cli_project *p)
{
	project_free(&p->project);
	conf_free(&p->conf);
	free(p->cache_dir);
	free(p->order);
	free(p->name);
	free(p->where);
	*p = (struct cli_project){0};
}

void cli_project_backends(const struct cli_project *p, struct strv *ret_names)
{
	cleanup_free char *order = strdup(p->request.order);
	char *rest = NULL;

	if (!order)
		ret_names->error = -ENOMEM;
	for (char *name = order ? strtok_r(order, " ", &rest) : NULL; name;
	     name = strtok_r(NULL, " ", &rest))
		strv_add_once(ret_names, name);
	for (size_t i = 0; p->has_conf && i < p->conf.n_backends; i++)
		strv_add_once(ret_names, p->conf.backends[i].name);
}

int cli_project_load(const struct cli_project *p, const char *name, const char *where,
		     struct session *ret_session, struct crossbpf_error *e)
{
	const struct conf_backend *section = p->has_conf ? conf_find_backend(&p->conf, name) : NULL;

	*ret_session = (struct session){
		.log = p->request.log,
		.inform = p->request.inform,
		.control = p->request.control,
		.settings = section ? section->kv : NULL,
	};
	return session_load(ret_session, p->request.dir, name, where, &p->project, e);
}
