/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cflags.h"
#include "clang-constraint.h"
#include "go-module.h"
#include "settings.h"
#include "shared/io.h"
#include "shared/strbuf.h"
#include "sources.h"
#include "variant.h"
#include "words.h"

void settings_free(struct settings *s)
{
	strv_free(&s->sources);
	free(s->output);
	free(s->outdir);
	free(s->dir);
	strv_free(&s->include);
	strv_free(&s->define);
	strv_free(&s->cflags);
	strv_free(&s->types);
	free(s->package);
	strv_free(&s->target);
	strv_free(&s->arch);
	free(s->cpu);
	free(s->vmlinux);
	free(s->kernel_headers);
	free(s->clang);
	free(s->clang_constraint);
	strv_free(&s->launcher);
	*s = (struct settings){0};
}

/* What is left of `path` below `root`, "." for the root itself, or NULL. */
static const char *below(const char *path, const char *root)
{
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	path += len;
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* Takes out of a path what names nothing: a "." and a slash too many. A ".." stays: what stands
 * before it may be a link. */
static char *tidy(char *path)
{
	char *to = path;

	for (const char *at = path; at && *at;) {
		size_t len = strcspn(at, "/");
		const char *next = at + len + strspn(at + len, "/");
		if (len == 0 || (len == 1 && at[0] == '.')) {
			if (at == path && len == 0)
				*to++ = '/';
		} else {
			if (to > path && to[-1] != '/')
				*to++ = '/';
			memmove(to, at, len);
			to += len;
		}
		at = next;
	}
	if (to == path && path)
		*to++ = '.';
	if (path)
		*to = '\0';
	return path;
}

static bool is_upwards(const char *path)
{
	return path[0] == '.' && path[1] == '.' && (path[2] == '/' || !path[2]);
}

/* A path that was given in `dir`, as seen from `root`, which is that directory or leads to it. */
static char *from_root(const char *path, const char *root, const char *dir)
{
	const char *prefix = below(dir, root);

	if (path[0] == '/') {
		const char *rest = below(path, root);
		return tidy(strdup(rest ? rest : path));
	}
	while (strncmp(path, "./", 2) == 0)
		path += 2 + strspn(path + 2, "/");
	cleanup_free char *base = strdup(prefix ? prefix : ".");
	/* A leading .. takes a directory off, so that one file has one name from everywhere. */
	while (base && is_upwards(path) && strcmp(base, ".") != 0) {
		char *slash = strrchr(base, '/');
		if (slash)
			*slash = '\0';
		else
			memcpy(base, ".", 2);
		path += 2 + strspn(path + 2, "/");
	}
	if (!base)
		return NULL;
	if (!*path)
		path = ".";
	return tidy(strcmp(base, ".") == 0 ? strdup(path) : str_printf("%s/%s", base, path));
}

/* Adds the parts of a list that commas part. */
static int add_list(const char *list, struct strv *ret_words)
{
	while (list) {
		size_t len = strcspn(list, ",");
		if (len)
			strv_take(ret_words, strndup(list, len));
		list = list[len] ? list + len + 1 : NULL;
	}
	return ret_words->error;
}

static int check_all(const struct strv *names, int (*check)(const char *, struct crossbpf_error *),
		     struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; i < names->n && r == 0; i++)
		r = check(names->v[i], e);
	return r;
}

/* A list of names that was said, or else stands in the conf; each once. */
static int choose_list(const char *said, const struct strv *conf,
		       int (*check)(const char *, struct crossbpf_error *), struct strv *ret_list,
		       struct crossbpf_error *e)
{
	cleanup_strv struct strv all = {0};

	if (said)
		add_list(said, &all);
	else if (conf && conf->n)
		strv_add_all(&all, (const char *const *)conf->v);
	for (size_t i = 0; i < all.n; i++)
		strv_add_once(ret_list, all.v[i]);
	if (all.error || ret_list->error)
		return error_no_memory(e);
	return check_all(ret_list, check, e);
}

/* Each arch of a build has its own. */
static int check_defines(const struct strv *define, struct crossbpf_error *e)
{
	for (size_t i = 0; i < define->n; i++)
		if (strncmp(define->v[i], "__TARGET_ARCH_", 14) == 0)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
					 "set arch, or --arch, instead",
					 "-D %s does not belong here", define->v[i]);
	return 0;
}

static int settle_cflags(const struct settings_words *words, const struct conf *conf,
			 struct settings *s, struct crossbpf_error *e)
{
	const char *cflags = words->cflags ? words->cflags : conf ? conf->cflags : NULL;

	return cflags ? cflags_split("cflags", cflags, &s->cflags, &s->no_system, e) : 0;
}

static int settle_emit(const struct settings_words *words, const struct conf *conf,
		       struct settings *s, struct crossbpf_error *e)
{
	cleanup_strv struct strv emit = {0};

	int r = choose_list(words->emit, conf ? &conf->emit : NULL, variant_check_emit, &emit, e);
	s->emit_dep = strv_contains(&emit, "dep");
	s->emit_skeleton = strv_contains(&emit, "skeleton");
	s->emit_go = strv_contains(&emit, "go");
	s->emit_c = strv_contains(&emit, "c");
	return r;
}

/* What Go files are to be like, by where they will be. */
static int settle_go(const char *root, const struct settings_words *words, const struct conf *conf,
		     struct settings *s, struct crossbpf_error *e)
{
	const char *package = words->package ? words->package : conf ? conf->package : NULL;
	cleanup_free char *dir =
		s->output ? strndup(s->output, (size_t)(io_basename(s->output) - s->output))
			  : strdup(s->outdir);
	cleanup_free char *absolute = dir ? io_absolute(root, *dir ? dir : ".") : NULL;

	int r = choose_list(words->types, conf ? &conf->types : NULL, variant_check_type, &s->types,
			    e);
	if (r < 0 || !s->emit_go)
		return r;
	if (!absolute)
		return error_no_memory(e);
	r = go_module_dialect(absolute, NULL, &s->dialect, e);
	return r < 0 ? r : go_module_package(absolute, package, &s->package, e);
}

static int settle_variants(const struct settings_words *words, const struct conf *conf,
			   struct settings *s, struct crossbpf_error *e)
{
	const char *cpu = words->cpu ? words->cpu : conf && conf->cpu ? conf->cpu : "v1";

	int r = choose_list(words->target, conf ? &conf->target : NULL, variant_check_target,
			    &s->target, e);
	if (r == 0)
		r = choose_list(words->arch, conf ? &conf->arch : NULL, variant_check_arch,
				&s->arch, e);
	if (r == 0)
		r = variant_check_cpu(cpu, e);
	if (r < 0)
		return r;
	if (!s->arch.n) {
		const char *arch = variant_host_arch();
		if (!arch)
			return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE, "name one with --arch",
					 "this machine's architecture is none that BPF has");
		strv_add(&s->arch, arch);
		s->arch_is_default = true;
	}
	s->cpu = strdup(cpu);
	return s->cpu && !s->arch.error ? 0 : error_no_memory(e);
}

/* Appends paths that were given in `dir`, as seen from the root. */
static int add_paths(const struct strv *paths, const char *root, const char *dir,
		     struct strv *ret_paths)
{
	for (size_t i = 0; i < paths->n; i++)
		strv_take(ret_paths, from_root(paths->v[i], root, dir));
	return ret_paths->error;
}

static int settle_sources(const char *root, const char *dir, const struct settings_words *words,
			  const struct conf *conf, struct settings *s, struct crossbpf_error *e)
{
	cleanup_strv struct strv said = {0};

	if (add_paths(&words->sources, root, dir, &said) < 0)
		return error_no_memory(e);
	for (size_t i = 0; i < said.n; i++)
		strv_add_once(&s->sources, said.v[i]);
	if (s->sources.error)
		return error_no_memory(e);
	if (s->sources.n)
		return 0;
	if (!conf || !conf->sources.n)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "name one, as in crossbpf build x.bpf.c, or write a crossbpf.conf "
				 "with sources in its section build",
				 "there is no source to build");
	return sources_expand(root, &conf->sources, &s->sources, e);
}

static int settle_paths(const char *root, const char *dir, const struct settings_words *words,
			const struct conf *conf, struct settings *s)
{
	if (words->outdir)
		s->outdir = from_root(words->outdir, root, dir);
	else if (conf)
		s->outdir = from_root(conf->outdir ? conf->outdir : "build/bpf", root, root);
	else
		s->outdir = strdup(".");
	if (words->output)
		s->output = from_root(words->output, root, dir);
	int r = add_paths(&words->include, root, dir, &s->include);
	if (conf && conf->include.n)
		strv_add_all(&s->include, (const char *const *)conf->include.v);
	if (words->define.n)
		strv_add_all(&s->define, (const char *const *)words->define.v);
	if (conf && conf->vmlinux)
		s->vmlinux = strdup(conf->vmlinux);
	const char *headers = words->kernel_headers ? words->kernel_headers
			      : conf                ? conf->kernel_headers
						    : NULL;
	if (headers)
		s->kernel_headers = from_root(headers, root, words->kernel_headers ? dir : root);
	return r < 0 || !s->outdir || (headers && !s->kernel_headers) ||
			       (words->output && !s->output) || s->include.error ||
			       s->define.error || (conf && conf->vmlinux && !s->vmlinux)
		       ? -ENOMEM
		       : 0;
}

static int settle_clang(const struct settings_words *words, const struct conf *conf,
			struct settings *s)
{
	const char *named = conf && conf->clang ? conf->clang : NULL;

	/* A program that was named still has to meet the project's constraint. */
	if (named && clang_constraint_is(named)) {
		s->clang_constraint = strdup(named);
		if (!s->clang_constraint)
			return -ENOMEM;
		named = NULL;
	}
	if (words->clang)
		named = words->clang;
	s->clang = named ? strdup(named) : NULL;
	return named && !s->clang ? -ENOMEM : 0;
}

static int settle_launcher(const struct settings_words *words, const struct conf *conf,
			   struct settings *s, struct crossbpf_error *e)
{
	const char *launcher = words->launcher ? words->launcher : conf ? conf->launcher : NULL;

	return launcher ? words_split("the launcher", launcher, &s->launcher, e) : 0;
}

/* Are outputs named by whole names? */
static bool is_absolute(const struct settings_words *words)
{
	const char *output = words->output ? words->output : words->outdir;

	return output && output[0] == '/';
}

int settings_make_flags(const char *root, const char *dir, const struct settings_words *words,
			const struct conf *conf, struct settings *ret_settings,
			struct crossbpf_error *e)
{
	cleanup_settings struct settings s = {.debug = words->debug};

	s.dir = is_absolute(words) ? strdup("/") : from_root(".", root, dir);
	if (!s.dir || settle_paths(root, dir, words, conf, &s) < 0 ||
	    settle_clang(words, conf, &s) < 0)
		return error_no_memory(e);
	int r = settle_variants(words, conf, &s, e);
	if (r == 0)
		r = settle_emit(words, conf, &s, e);
	if (r == 0)
		r = settle_go(root, words, conf, &s, e);
	if (r == 0)
		r = settle_cflags(words, conf, &s, e);
	if (r == 0)
		r = check_defines(&s.define, e);
	if (r == 0)
		r = settle_launcher(words, conf, &s, e);
	if (r < 0)
		return r;
	*ret_settings = s;
	s = (struct settings){0};
	return 0;
}

int settings_make(const char *root, const char *dir, const struct settings_words *words,
		  const struct conf *conf, struct settings *ret_settings, struct crossbpf_error *e)
{
	cleanup_settings struct settings s = {0};

	int r = settings_make_flags(root, dir, words, conf, &s, e);
	if (r == 0)
		r = settle_sources(root, dir, words, conf, &s, e);
	if (r < 0)
		return r;
	*ret_settings = s;
	s = (struct settings){0};
	return 0;
}
