/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli-builder.h"
#include "cli.h"
#include "core/remote.h"
#include "core/trust.h"
#include "shared/strbuf.h"

/* The plugins whose keys the conf is checked against, loaded while it is read. */
struct key_source {
	const char *dir;
	struct plugin plugins[16];
	size_t n;
};

static int find_keys(void *ctx, const char *name, const struct crossbpf_key **ret_keys,
		     struct crossbpf_error *e)
{
	struct key_source *source = ctx;

	if (!plugin_is_installed(source->dir, name) ||
	    source->n == sizeof(source->plugins) / sizeof(source->plugins[0]))
		return -ENOENT;
	int r = plugin_load(source->dir, name, &source->plugins[source->n], e);
	if (r < 0)
		return r;
	*ret_keys = source->plugins[source->n++].keys;
	return 0;
}

int cli_load_conf(const char *file, struct conf *ret_conf, struct crossbpf_error *e)
{
	struct key_source source = {.dir = cli_backend_dir()};

	int r = conf_read(file, find_keys, &source, ret_conf, e);
	for (size_t i = 0; i < source.n; i++)
		plugin_unload(&source.plugins[i]);
	return r;
}

int cli_read_conf(const char *file, struct conf *ret_conf, struct crossbpf_error *e)
{
	cleanup_trust struct trust trust = {0};
	cleanup_conf struct conf conf = {0};

	int r = cli_load_conf(file, &conf, e);
	if (r == 0)
		r = trust_find(file, &conf, &trust, e);
	if (r == 0)
		r = trust_check(&trust, e);
	if (r < 0)
		return r;
	*ret_conf = conf;
	conf = (struct conf){0};
	return 0;
}

/* Names of backends, parted by blanks. */
static char *join(const struct strv *names)
{
	cleanup_strbuf struct strbuf b = {0};
	char *joined = NULL;

	for (size_t i = 0; i < names->n; i++)
		strbuf_printf(&b, "%s%s", i ? " " : "", names->v[i]);
	return strbuf_finish(&b, &joined) < 0 ? NULL : joined;
}

int cli_choose_backend(const char *named, struct builder_request *request, char **ret_order,
		       struct crossbpf_error *e)
{
	bool by_conf = request->conf && request->conf->order.n;

	*ret_order = by_conf ? join(&request->conf->order) : NULL;
	if (by_conf && !*ret_order)
		return error_no_memory(e);
	request->backend = CROSSBPF_DEFAULT_BACKEND;
	if (by_conf)
		request->backend = "auto";
	if (named && named[0])
		request->backend = named;
	request->order = by_conf ? *ret_order : CROSSBPF_BACKEND_ORDER;
	request->dir = cli_backend_dir();
	return 0;
}

int cli_leave_mirror(struct builder *b, struct builder_request *request,
		     const struct mirror_lack *lack,
		     int (*again)(void *job, struct crossbpf_error *e), void *job,
		     struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error none = {0};

	if (!lack->names)
		return 0;
	if (strcmp(request->backend, "auto") == 0) {
		request->unmirrored = true;
		if (again(job, &none) == 0 && remote_is(b))
			return 1;
	}
	return mirror_refuse(b->name ? b->name : "auto", lack, e);
}
