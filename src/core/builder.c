/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "builder.h"
#include "lock-file.h"
#include "mirror.h"
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
	b->session.asked_for = strcmp(request->backend, "auto") != 0;
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

/* Does it see the host's files? */
static bool is_here(const struct builder *b)
{
	return b->connected ? session_sees_host_files(&b->session) : !b->toolchain.builder;
}

/* For a clang of the host's that lacks headers: those that were mirrored for the project. */
static int take_mirror(struct builder *b, const struct builder_request *request,
		       const struct project *project, const struct lock_file *lock,
		       struct crossbpf_error *e)
{
	const char *cache_dir = request->toolchain.cache_dir;
	struct toolchain *t = &b->toolchain;
	cleanup_mirror struct mirror m = {0};

	if (request->unmirrored || !cache_dir || !is_here(b) || (t->has_kernel && t->has_libbpf))
		return 0;
	int r = mirror_open(cache_dir, project, &m);
	if (r == 0)
		r = mirror_check(&m, lock, b->name, t, e);
	if (r == -EPERM)
		return r;
	if (r == 0)
		r = mirror_apply(&m, t);
	return r == -ENOMEM ? error_no_memory(e) : 0;
}

/* Is it the one that the project is locked to? */
static int check_lock(struct builder *b, const struct lock_file *lock, struct crossbpf_error *e)
{
	char identity[256] = "";
	int r = 0;

	if (!lock->n || b->toolchain.mirror) /* which take_mirror() checked */
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
		   const struct toolchain_request *toolchain, const struct project *project,
		   const struct lock_file *lock)
{
	cleanup_error struct crossbpf_error differs = {0};

	/* Asked before there is a session too. */
	b->session.control = request->control;
	if (!request->lazy || !plugin_is_installed(request->dir, b->name) ||
	    toolchain_recall(b->name, toolchain, &b->toolchain) < 0)
		return false;
	if (take_mirror(b, request, project, lock, &differs) == 0 &&
	    check_lock(b, lock, &differs) == 0)
		return true;
	toolchain_free(&b->toolchain);
	return false;
}

/* Of several places that a backend has, the first with a clang. What the last one lacks is told. */
static int find_toolchain(struct builder *b, const struct toolchain_request *toolchain,
			  struct crossbpf_error *e)
{
	for (;;) {
		cleanup_error struct crossbpf_error why = {0};
		int r = toolchain_find(&b->session, toolchain, &b->toolchain, &why);
		if (r == -ENOENT && session_next(&b->session) == 0)
			continue;
		if (r < 0) {
			*e = why;
			why = (struct crossbpf_error){0};
		}
		return r;
	}
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
	if (recall(b, request, &toolchain, project, lock))
		return 0;
	int r = open_session(b, request, project, e);
	if (r == 0)
		r = find_toolchain(b, &toolchain, e);
	if (r == 0)
		r = take_mirror(b, request, project, lock, e);
	if (r == 0)
		r = check_lock(b, lock, e);
	if (r < 0)
		builder_close(b);
	return r;
}

/* What was chosen. NULL where memory ran out; the caller frees. */
static char *tell(const struct builder *b, const char *chosen)
{
	const struct toolchain *t = &b->toolchain;

	return str_printf("backend %s: clang %s, %s%s%s", chosen, t->number, t->clang,
			  t->mirror ? ", with headers mirrored from " : "",
			  t->mirror ? t->mirror_of : "");
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
	if (r < 0)
		return r;
	cleanup_free char *chosen = str_printf("%s, as asked for", request->backend);
	*ret_why = chosen ? tell(b, chosen) : NULL;
	return 0;
}

static void add_reason(struct strbuf *reasons, const struct crossbpf_error *why)
{
	strbuf_printf(reasons, "\n  %s", why->message ? why->message : "out of memory");
	if (why->hint)
		strbuf_printf(reasons, "\n    (%s)", why->hint);
}

/* Is it to be passed over, though it could be taken? A clang without any headers of a kernel's
 * compiles what brings its own; but mostly it does not. */
static bool is_second_choice(const struct builder *b, const struct builder_request *request,
			     struct crossbpf_error *why)
{
	const struct toolchain *t = &b->toolchain;

	if (!is_here(b))
		return false;
	if (request->elsewhere)
		error_set(why, -ENOTSUP, EXIT_STATUS_NO_BACKEND, NULL,
			  "%s: it sees this machine's files", b->name);
	else if (!t->mirror && !t->has_kernel)
		error_set(why, -ENOENT, EXIT_STATUS_NO_BACKEND,
			  "those of a builder will do: crossbpf headers",
			  "%s: %s finds no headers of Linux", b->name, t->clang);
	return why->message;
}

static int take_auto(const struct builder *b, const struct builder_request *request, char **ret_why)
{
	cleanup_free char *chosen =
		str_printf("%s, the first in the order (%s) that works", b->name, request->order);

	*ret_why = chosen ? tell(b, chosen) : NULL;
	return 0;
}

static int open_auto(struct builder *b, const struct builder_request *request,
		     const struct project *project, const struct lock_file *lock, char **ret_why,
		     struct crossbpf_error *e)
{
	cleanup_free char *order = strdup(request->order);
	cleanup_strbuf struct strbuf reasons = {0};
	cleanup_strbuf struct strbuf missing = {0};
	const char *second = NULL;
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
			if (!is_second_choice(b, request, &why))
				return take_auto(b, request, ret_why);
			second = second || request->elsewhere ? second : name;
			builder_close(b);
		}
		add_reason(&reasons, &why);
	}
	if (second) {
		int r = try_backend(b, request, second, NULL, project, lock, e);
		return r < 0 ? r : take_auto(b, request, ret_why);
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
