/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "builder.h"
#include "lock-file.h"
#include "project.h"

void builder_close(struct builder *b)
{
	toolchain_free(&b->toolchain);
	if (b->connected)
		session_close(&b->session);
	free(b->name);
	free(b->where);
	*b = (struct builder){0};
}

static const struct crossbpf_kv *settings_of(const struct builder_request *request,
					     const char *name)
{
	const struct conf_backend *section =
		request->conf ? conf_find_backend(request->conf, name) : NULL;

	return section ? section->kv : NULL;
}

static int open_session(struct builder *b, const struct builder_request *request,
			const struct project *project, struct crossbpf_error *e)
{
	b->session.log = request->log;
	b->session.inform = request->inform;
	b->session.control = request->control;
	b->session.settings = settings_of(request, b->name);
	b->session.dirs = request->dirs;
	b->connected = true; /* session_close() is right from here on */
	return session_open(&b->session, request->dir, b->name, b->where, project, e);
}

int builder_connect(struct builder *b, const struct builder_request *request,
		    const struct project *project, struct crossbpf_error *e)
{
	char identity[256];

	if (b->connected)
		return 0;
	int r = open_session(b, request, project, e);
	if (r < 0 || !b->toolchain.builder)
		return r;
	r = session_identity(&b->session, identity, sizeof(identity), e);
	return r == 0 && strcmp(identity, b->toolchain.builder) != 0 ? -ESTALE : r;
}

/* Is it the one that the project is locked to? */
static int check_lock(struct builder *b, const struct lock_file *lock, struct crossbpf_error *e)
{
	char identity[256] = "";
	int r = 0;

	if (!lock->n)
		return 0;
	/* Where nothing is remembered the toolchain does not have it. */
	if (!b->toolchain.builder && b->connected && !session_sees_host_files(&b->session))
		r = session_identity(&b->session, identity, sizeof(identity), e);
	if (r < 0)
		return r;
	return lock_file_check(lock, b->name, b->where, &b->toolchain,
			       b->toolchain.builder ? b->toolchain.builder : identity, e);
}

/* What is remembered, if it is what was locked. If not, the builder may be another by now. */
static bool recall(struct builder *b, const struct builder_request *request,
		   const struct toolchain_request *toolchain, const struct lock_file *lock)
{
	cleanup_error struct crossbpf_error differs = {0};

	if (!request->lazy || !plugin_is_installed(request->dir, b->name) ||
	    toolchain_recall(b->name, toolchain, &b->toolchain) < 0)
		return false;
	if (check_lock(b, lock, &differs) == 0)
		return true;
	toolchain_free(&b->toolchain);
	return false;
}

static int try_backend(struct builder *b, const struct builder_request *request, const char *name,
		       const char *where, const struct project *project,
		       const struct lock_file *lock, struct crossbpf_error *e)
{
	b->name = strdup(name);
	b->where = where ? strdup(where) : NULL;
	if (!b->name || (where && !b->where))
		return error_no_memory(e);
	struct toolchain_request toolchain = request->toolchain;
	toolchain.where = where;
	toolchain.settings = settings_of(request, name);
	if (recall(b, request, &toolchain, lock))
		return 0;
	int r = open_session(b, request, project, e);
	if (r == 0)
		r = toolchain_find(&b->session, &toolchain, &b->toolchain, e);
	if (r == 0)
		r = check_lock(b, lock, e);
	if (r < 0)
		builder_close(b);
	return r;
}

/* NAME or NAME:WHERE, as the user said. */
static int open_named(struct builder *b, const struct builder_request *request,
		      const struct project *project, const struct lock_file *lock, char **ret_why,
		      struct crossbpf_error *e)
{
	cleanup_free char *name = strdup(request->backend);
	if (!name)
		return error_no_memory(e);

	char *where = strchr(name, ':');
	if (where)
		*where++ = '\0';
	int r = try_backend(b, request, name, where, project, lock, e);
	if (r == 0)
		*ret_why = str_printf("backend %s, as asked for: clang %s, %s", request->backend,
				      b->toolchain.number, b->toolchain.clang);
	return r;
}

static void add_reason(struct strbuf *reasons, const struct crossbpf_error *why)
{
	strbuf_printf(reasons, "\n  %s", why->message ? why->message : "out of memory");
	if (why->hint)
		strbuf_printf(reasons, "\n    (%s)", why->hint);
}

static int open_auto(struct builder *b, const struct builder_request *request,
		     const struct project *project, const struct lock_file *lock, char **ret_why,
		     struct crossbpf_error *e)
{
	cleanup_free char *order = strdup(request->order);
	cleanup_strbuf struct strbuf reasons = {0};
	cleanup_strbuf struct strbuf missing = {0};
	char *rest = NULL;

	if (!order)
		return error_no_memory(e);
	for (char *name = strtok_r(order, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		cleanup_error struct crossbpf_error why = {0};

		if (!plugin_is_installed(request->dir, name)) {
			strbuf_printf(&missing, " %s", name);
			continue;
		}
		if (try_backend(b, request, name, NULL, project, lock, &why) == 0) {
			*ret_why = str_printf("backend %s, the first in the order (%s) that works"
					      ": clang %s, %s",
					      name, request->order, b->toolchain.number,
					      b->toolchain.clang);
			return 0;
		}
		add_reason(&reasons, &why);
	}
	if (missing.len)
		strbuf_printf(&reasons, "\n  not installed in %s:%s", request->dir, missing.data);
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, NULL, "no backend can build here:%s",
			 reasons.data ? reasons.data : " the order is empty");
}

static int read_lock(const struct builder_request *request, const struct project *project,
		     struct lock_file *ret_lock, struct crossbpf_error *e)
{
	cleanup_free char *path = NULL;

	if (request->unlocked)
		return 0;
	path = lock_file_path(project->root);
	if (!path)
		return error_no_memory(e);
	int r = lock_file_read(path, ret_lock, e);
	return r == -ENOENT ? 0 : r;
}

int builder_open(struct builder *b, const struct builder_request *request,
		 const struct project *project, char **ret_why, struct crossbpf_error *e)
{
	cleanup_lock_file struct lock_file lock = {0};

	*b = (struct builder){0};
	int r = read_lock(request, project, &lock, e);
	if (r < 0)
		return r;
	if (strcmp(request->backend, "auto") == 0)
		return open_auto(b, request, project, &lock, ret_why, e);
	return open_named(b, request, project, &lock, ret_why, e);
}
