/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "depfile.h"
#include "lookups.h"
#include "path-map.h"
#include "project.h"
#include "remote.h"
#include "shared/digest.h"
#include "shared/io.h"

static const char *const none[] = {NULL};

bool remote_is(const struct builder *b)
{
	return b->connected ? !session_sees_host_files(&b->session) : b->toolchain.builder != NULL;
}

void remote_free(struct remote *r)
{
	include_scan_free(r->scan);
	strv_free(&r->files);
	strv_free(&r->dirs);
	strv_free(&r->outside);
	if (r->headers)
		builder_headers_free(r->headers);
	free(TAKE_PTR(r->headers));
	if (r->module)
		dlclose(r->module);
	r->scan = NULL;
	r->module = NULL;
}

int remote_map_argv(const struct remote *r, const char *const *argv, size_t insert,
		    enum remote_names names, struct strv *ret_argv, size_t *ret_insert)
{
	static const char *const maps[] = {
		[REMOTE_NAMES_HOST] = "-ffile-prefix-map=" EXCHANGE_ROOT "/=/",
		[REMOTE_NAMES_IR] = "-ffile-prefix-map=" EXCHANGE_ROOT "/=/",
		[REMOTE_NAMES_BUILDER] = "-fmacro-prefix-map=" EXCHANGE_ROOT "/=/",
	};

	cleanup_strv struct strv mapped = {0};

	*ret_insert = insert;
	if (session_has_host_paths(&r->builder->session)) {
		strv_add_all(ret_argv, argv);
		return ret_argv->error;
	}
	path_map_argv(&r->builder->toolchain, argv, &mapped);
	for (size_t i = 0; i <= mapped.n && !mapped.error; i++) {
		if (i == insert) {
			strv_add(ret_argv, maps[names]);
			if (names == REMOTE_NAMES_HOST)
				path_map_embed_sources(ret_argv);
			*ret_insert = ret_argv->n;
		}
		if (i < mapped.n)
			strv_add(ret_argv, mapped.v[i]);
	}
	return mapped.error ? mapped.error : ret_argv->error;
}

/* Each directory by itself: of two maps that fit, clang 14 takes the shorter, not the last. */
static void add_outside_maps(const struct remote *r, struct strv *argv)
{
	for (size_t i = 0; i < r->outside.n; i++)
		if (!strchr(r->outside.v[i], '=')) /* at the first of which clang parts the two */
			strv_take(argv, str_printf("-ffile-prefix-map=" EXCHANGE_ROOT "%s=%s",
						   r->outside.v[i], r->outside.v[i]));
	if (r->outside.n)
		path_map_embed_sources(argv);
}

int remote_map_build(const struct remote *r, const struct strv *argv, struct strv *ret_argv)
{
	if (session_has_host_paths(&r->builder->session)) {
		strv_add_all(ret_argv, (const char *const *)argv->v);
	} else {
		path_map_argv(&r->builder->toolchain, (const char *const *)argv->v, ret_argv);
		add_outside_maps(r, ret_argv);
	}
	return ret_argv->error;
}

/* Is it `dir` or in it? */
static bool is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && (path[len] == '/' || !path[len]);
}

/* NULL where memory ran out; the caller frees. */
static char *directory_of(const char *path)
{
	size_t len = (size_t)(io_basename(path) - path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return strndup(path, len);
}

/* A directory without links in its name. */
static void add_real_outside(struct remote *r, const char *real)
{
	if (is_within(real, r->project->root))
		return;
	/* The project's own directory may be reached by a link. */
	cleanup_free char *root = realpath(r->project->root, NULL);
	if (!root || !is_within(real, root))
		strv_add_once(&r->outside, real);
}

/* A file's directory, if it is out of the project, so that the backend makes room for it. What the
 * name leads to, by links or upwards, is sent beside it. */
static void add_outside(struct remote *r, const char *path)
{
	cleanup_free char *dir = directory_of(path), *real_dir = NULL, *real_path = NULL;
	struct stat st;

	if (!dir || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (!is_within(path, r->project->root))
		strv_add_once(&r->outside, dir);
	real_dir = realpath(dir, NULL);
	if (real_dir)
		add_real_outside(r, real_dir);
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && (real_path = realpath(path, NULL))) {
		cleanup_free char *target_dir = directory_of(real_path);
		if (target_dir)
			add_real_outside(r, target_dir);
	}
}

void remote_add_file(struct remote *r, const char *path)
{
	if (!toolchain_is_builders(&r->builder->toolchain, path) && strv_add_once(&r->files, path))
		add_outside(r, path);
}

/* Those that the host has for clang in any case: what asks for them are the builder's headers. */
static void add_own_headers(struct remote *r)
{
	static const char *const names[] = {"gnu/stubs-32.h", "gnu/stubs-soft.h"};

	for (size_t i = 0; r->header_dir && i < sizeof(names) / sizeof(names[0]); i++) {
		cleanup_free char *path = str_printf("%s/%s", r->header_dir, names[i]);
		if (path && access(path, R_OK) == 0)
			remote_add_file(r, path);
	}
}

char *remote_stamp(const struct remote *r)
{
	return toolchain_stamp(&r->builder->toolchain, r->request->toolchain.cache_dir);
}

bool remote_is_builders(const void *ctx, const char *name)
{
	return toolchain_is_builders(ctx, name);
}

int remote_localize(const struct remote *r, const char *text, size_t len, struct strbuf *ret_text)
{
	cleanup_free char *stamp = remote_stamp(r);

	return depfile_replace(text, len, remote_is_builders, &r->builder->toolchain, stamp,
			       ret_text);
}

const struct builder_headers *remote_headers(struct remote *r)
{
	cleanup_free char *stamp = remote_stamp(r);

	if (r->headers)
		return r->headers;
	r->headers = calloc(1, sizeof(*r->headers));
	if (r->headers && stamp && builder_headers_load(stamp, r->headers) < 0)
		free(TAKE_PTR(r->headers));
	return r->headers;
}

static void add_dirs(struct remote *r, const char *dir, const struct strv *dirs,
		     const struct strv *builder)
{
	for (size_t i = 0; i < dirs->n; i++) {
		cleanup_free char *path = io_absolute(dir, dirs->v[i]);
		bool theirs = false;
		for (size_t j = 0; path && j < builder->n; j++)
			theirs = theirs || is_within(path, builder->v[j]);
		if (path && !theirs)
			strv_add_once(&r->dirs, path);
	}
}

int remote_add(struct remote *r, const char *dir, const struct strv *args,
	       const struct include_environment *environment, struct crossbpf_error *e)
{
	static const struct include_environment nothing = {0};
	const struct toolchain *t = &r->builder->toolchain;
	cleanup_include_options struct include_options options = {0};
	cleanup_strv struct strv builder = {0}, files = {0};

	if (!r->looked)
		r->looked = io_now();
	if (!r->scan && !(r->scan = include_scan_new()))
		return error_no_memory(e);
	toolchain_builder_dirs(t, &builder);
	struct include_request request = {
		.dir = dir, .options = &options, .builder = &builder, .system = &t->search};
	if (include_options_read(args, environment ? environment : &nothing, &options) < 0 ||
	    include_scan_files(r->scan, &request, &files) < 0)
		return error_no_memory(e);
	for (size_t i = 0; i < files.n; i++)
		remote_add_file(r, files.v[i]);
	add_own_headers(r);
	add_dirs(r, dir, &options.quote, &builder);
	add_dirs(r, dir, &options.angle, &builder);
	add_dirs(r, dir, &options.system, &builder);
	return r->files.error || r->dirs.error || r->outside.error || builder.error
		       ? error_no_memory(e)
		       : 0;
}

int remote_connect(struct remote *r, struct crossbpf_error *e)
{
	const char *const *dirs = r->outside.n ? (const char *const *)r->outside.v : none;

	if (!r->builder->connected) {
		r->request->dirs = dirs;
		return builder_connect(r->builder, r->request, r->project, e);
	}
	/* It was opened to look for a clang, before anything was known of files. */
	return r->outside.n ? session_reopen(&r->builder->session, dirs, e) : 0;
}

/* exchange.so loads it by itself, and can tell less of it. */
static int check_archiver(const struct remote *r, struct crossbpf_error *e)
{
	cleanup_free char *path = str_printf("%s/archive.so", r->module_dir);

	return path ? plugin_check_file(r->module_dir, path, "the exchange's archiver", e)
		    : error_no_memory(e);
}

const struct exchange_module *remote_module(struct remote *r, struct crossbpf_error *e)
{
	const struct exchange_module *module =
		plugin_load_module(r->module_dir, "exchange.so", "crossbpf_exchange_init",
				   sizeof(*module), "the exchange", &r->module, e);

	return !module || check_archiver(r, e) < 0 ? NULL : module;
}

int remote_load(struct remote *r, struct crossbpf_error *e)
{
	return remote_module(r, e) ? 0 : -ENOEXEC;
}

/* What each run() of the session said of its failure. */
struct running {
	struct session *session;
	struct crossbpf_error *error;
};

static int run_in_session(void *ctx, const struct crossbpf_run *run, int *ret_status)
{
	struct running *running = ctx;

	return session_run(running->session, run, ret_status, running->error);
}

static void name_place(const struct session *s, char ret_hex[DIGEST_HEX_SIZE])
{
	struct digest d;

	digest_init(&d);
	digest_string(&d, s->plugin.backend.name);
	for (const struct crossbpf_kv *kv = s->conf; kv && kv->key; kv++) {
		digest_string(&d, kv->key);
		digest_string(&d, kv->value);
	}
	digest_finish(&d, ret_hex);
}

static int explain(int error, const struct exchange_report *report,
		   const struct crossbpf_error *said, struct crossbpf_error *e)
{
	enum exit_status status = EXIT_STATUS_NO_BACKEND;

	if (report->begun || error == -EPIPE || error == -EPROTO)
		status = EXIT_STATUS_LOST;
	if (error == -EACCES || error == -ELOOP)
		status = EXIT_STATUS_FAILED;
	if (said->message && !report->why[0])
		return error_set(e, error, status, said->hint, "%s", said->message);
	return error_set(e, error, status, report->hint[0] ? report->hint : NULL, "%s",
			 report->why[0] ? report->why : strerror(-error));
}

int remote_run(struct remote *r, const struct exchange *actions, struct crossbpf_error *e)
{
	struct exchange x = *actions;
	struct session *s = &r->builder->session;
	const struct exchange_module *module = remote_module(r, e);
	char place[DIGEST_HEX_SIZE];
	int error = -EPIPE;

	if (!module)
		return -ENOEXEC;
	name_place(s, place);
	x.id = r->project->id;
	x.project = r->project->root;
	x.place = place;
	x.cache_dir = r->request->toolchain.cache_dir;
	x.host_paths = session_has_host_paths(s);
	r->n_sent = r->files.n;
	x.files = r->files.n ? (const char *const *)r->files.v : none;
	x.control = s->control;
	x.run = run_in_session;
	for (int try = 0; try < 2; try++) {
		cleanup_error struct crossbpf_error said = {0};
		struct running running = {s, &said};
		struct exchange_report report;
		x.run_ctx = &running;
		error = module->run(&x, &report);
		r->report.bytes_sent += report.bytes_sent;
		r->report.bytes_received += report.bytes_received;
		if (error == 0 || error == -EINTR)
			return error;
		if (error != -EPIPE || report.begun || try)
			return explain(error, &report, &said, e);
		/* A container that was thought to be warm is not. */
		error = session_reopen(s, s->project.dirs, e);
		if (error < 0)
			return error;
	}
	return error;
}

struct check {
	struct remote *remote;
	bool more;
};

/* Could the last commands read it? Another of them may have asked for it since. */
static bool was_sent(const struct remote *r, const char *path)
{
	for (size_t i = 0; i < r->n_sent; i++)
		if (strcmp(r->files.v[i], path) == 0)
			return true;
	return false;
}

static int take_found(void *ctx, const char *path)
{
	struct check *check = ctx;
	struct remote *r = check->remote;
	struct stat st;

	if (toolchain_is_builders(&r->builder->toolchain, path) || was_sent(r, path) ||
	    stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	remote_add_file(r, path);
	check->more = true;
	return r->files.error;
}

/* A builder may say that it read anything: what leads upwards would lead out of our directories. */
static bool leads_upwards(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || at[-1] == '/') && (at[2] == '/' || !at[2]))
			return true;
	return false;
}

/* Calls `each` for all names, builder's and the host's in `own`, by which the builder's own headers
 * among these may have been looked for. */
static int each_lookup(const struct toolchain *t, const struct strv *own, const struct strv *read,
		       int (*each)(void *ctx, const char *path), void *ctx)
{
	cleanup_strv struct strv dirs = {0};

	toolchain_builder_dirs(t, &dirs);
	strv_add_all(&dirs, own->n ? (const char *const *)own->v : none);
	int error = dirs.error;
	for (size_t i = 0; i < read->n && error == 0; i++)
		if (toolchain_is_builders(t, read->v[i]) && !leads_upwards(read->v[i]))
			error = lookups_of_input(read->v[i], &dirs, each, ctx);
	return error;
}

int remote_check(struct remote *r, const struct strv *read, bool *ret_more)
{
	struct check check = {.remote = r};

	int error = each_lookup(&r->builder->toolchain, &r->dirs, read, take_found, &check);
	*ret_more = check.more;
	return error;
}

struct lookups {
	const struct toolchain *toolchain;
	struct strv *names;
};

static int take_lookup(void *ctx, const char *path)
{
	struct lookups *l = ctx;

	if (!toolchain_is_builders(l->toolchain, path))
		strv_add(l->names, path);
	return l->names->error;
}

int remote_lookups(const struct toolchain *t, const struct strv *dirs, const struct strv *read,
		   struct strv *ret_names)
{
	struct lookups l = {t, ret_names};

	return each_lookup(t, dirs, read, take_lookup, &l);
}

int remote_check_list(struct remote *r, const char *list, size_t len, bool *ret_more)
{
	cleanup_strv struct strv read = {0};

	int error = depfile_parse_list(list, len, &read);
	return error < 0 ? error : remote_check(r, &read, ret_more);
}

int remote_refuse_rounds(const char *source, struct crossbpf_error *e)
{
	return error_set(e, -ELOOP, EXIT_STATUS_FAILED, NULL,
			 "%s%sthe builder's headers still ask for more of the host's files after "
			 "%d rounds",
			 source ? source : "", source ? ": " : "", REMOTE_ROUNDS);
}
