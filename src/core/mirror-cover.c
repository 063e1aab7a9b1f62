/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mirror-name.h"
#include "mirror.h"
#include "shared/io.h"

enum { TOLD = 3, MAX_LINKS = 8 << 20 };

void mirror_cover_free(struct mirror_cover *c)
{
	include_scan_free(c->scan);
	builder_headers_free(&c->headers);
	strv_free(&c->links);
	strv_free(&c->missing);
	strv_free(&c->outside);
	*c = (struct mirror_cover){0};
}

/* A mirror of an earlier release has no such list: as if there were none. */
static int load_links(const char *path, struct strv *ret_links)
{
	cleanup_strbuf struct strbuf text = {0};
	char *rest = NULL;

	if (io_read_file(path, MAX_LINKS, &text) == -ENOMEM)
		return -ENOMEM;
	for (char *line = text.len ? strtok_r(text.data, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		strv_add(ret_links, line);
	strv_sort(ret_links);
	return ret_links->error;
}

int mirror_cover_begin(const struct toolchain *t, struct mirror_cover *ret_cover)
{
	cleanup_mirror_cover struct mirror_cover c = {.toolchain = t};
	size_t dir = (size_t)(io_basename(t->mirror) - t->mirror);
	cleanup_free char *there = str_printf("%.*sthere", (int)dir, t->mirror);
	cleanup_free char *links = str_printf("%.*slinks", (int)dir, t->mirror);

	c.scan = include_scan_new();
	if (!there || !links || !c.scan || builder_headers_load(there, &c.headers) < 0 ||
	    load_links(links, &c.links) < 0)
		return -ENOMEM;
	*ret_cover = c;
	c = (struct mirror_cover){0};
	return 0;
}

/* On the builder it means another file than here. */
static bool leave(struct mirror_cover *c, const char *what)
{
	strv_add_once(&c->outside, what);
	return true;
}

/* A path that is not in the mirror, by name: clang's own header, or the host's where the builder
 * has one of its own. */
static bool has_outside(struct mirror_cover *c, const char *path)
{
	const char *clangs = toolchain_clang_dir(c->toolchain);
	bool is_here = access(path, F_OK) == 0;

	if (clangs && toolchain_is_below(path, clangs))
		return is_here;
	return is_here || builder_headers_find(&c->headers, path, NULL) ? leave(c, path) : false;
}

/* Would the builder's clang find it there? */
static bool has(void *ctx, const char *path)
{
	struct mirror_cover *c = ctx;
	cleanup_free char *there = NULL;
	const char *name = toolchain_name_there(c->toolchain, path);

	if (name == path)
		return has_outside(c, path);
	/* The stamp does not list names that are odd. */
	int r = mirror_name_clean(name, &c->links, &there);
	if (r == -ENOMEM)
		c->missing.error = r;
	if (r == -ELOOP || (r < 0 && mirror_name_is_odd(name)))
		return leave(c, name);
	bool is_here = access(path, F_OK) == 0;
	if (r < 0)
		return is_here ? leave(c, name) : false;
	/* So many ".." lead out of the mirror. */
	cleanup_free char *plain = NULL;
	if (strstr(path, "/..") && mirror_name_clean(path, NULL, &plain) == 0 &&
	    !toolchain_is_below(plain, c->toolchain->mirror))
		return is_here ? leave(c, name) : false;
	bool is_theirs = builder_headers_find(&c->headers, there, NULL);
	if (is_here && !(c->lists_all && is_theirs))
		return true;
	if (is_theirs)
		strv_add_once(&c->missing, there);
	return is_theirs;
}

/* Names that the scan cannot know, so that it cannot be told what the builder would find. */
static void take_unknown(void *ctx, const char *file, const char *text)
{
	struct mirror_cover *c = ctx;
	cleanup_free char *what =
		str_printf("what %s includes by %s", io_basename(file), *text ? text : "macros");

	if (what)
		strv_add_once(&c->outside, what);
	else
		c->outside.error = -ENOMEM;
}

/* Does clang read more options from a file? What response files hold stands in `args` where it
 * could be read. */
static void find_hidden(struct mirror_cover *c, const char *dir, const struct strv *args)
{
	static const char *const options[] = {"--config", "-ivfsoverlay", "-working-directory",
					      "-fmodule-map-file"};

	for (size_t i = 0; i < args->n; i++) {
		const char *word = args->v[i];
		for (size_t j = 0; j < sizeof(options) / sizeof(options[0]); j++)
			if (strncmp(word, options[j], strlen(options[j])) == 0)
				leave(c, word);
		if (word[0] != '@')
			continue;
		cleanup_free char *file = io_absolute(dir, word + 1);
		if (!file)
			c->outside.error = -ENOMEM;
		else if (access(file, F_OK) == 0)
			leave(c, word);
	}
}

/* Directories that the host has, or has not, under the builder's names. What the command line says
 * in plain words was given its copy (path-map.h); what -Wp says, say, was not. */
static void find_dirs(struct mirror_cover *c, const char *dir, const struct strv *dirs)
{
	cleanup_strv struct strv builders = {0};

	toolchain_builder_dirs(c->toolchain, &builders);
	for (size_t i = 0; i < dirs->n; i++) {
		cleanup_free char *path = io_absolute(dir, dirs->v[i]), *plain = NULL;
		if (!path || mirror_name_clean(path, NULL, &plain) < 0)
			continue;
		for (size_t j = 0; j < builders.n; j++) {
			const char *name = toolchain_name_there(c->toolchain, builders.v[j]);
			if (name != builders.v[j] &&
			    (strcmp(plain, name) == 0 || toolchain_is_below(plain, name)))
				leave(c, plain);
		}
	}
	if (builders.error)
		c->outside.error = builders.error;
}

/* The copies, and where the builder has what they were made of: there the host's files are none of
 * the project's. */
static void add_both(const struct toolchain *t, struct strv *dirs)
{
	cleanup_strv struct strv copies = {0};

	toolchain_builder_dirs(t, &copies);
	for (size_t i = 0; i < copies.n; i++) {
		strv_add(dirs, copies.v[i]);
		strv_add_once(dirs, toolchain_name_there(t, copies.v[i]));
	}
	if (copies.error)
		dirs->error = copies.error;
}

int mirror_cover_add(struct mirror_cover *c, const char *dir, const struct strv *args,
		     const struct include_environment *environment)
{
	static const struct include_environment nothing = {0};
	const struct include_foreign ask = {has, take_unknown, c};
	cleanup_include_options struct include_options options = {0};
	cleanup_strv struct strv theirs = {0}, files = {0};
	struct include_request request = {
		.dir = dir, .options = &options, .builder = &theirs, .is_complete = true};

	add_both(c->toolchain, &theirs);
	if (theirs.error ||
	    include_options_read(args, environment ? environment : &nothing, &options) < 0)
		return -ENOMEM;
	const struct strv *dirs[] = {&options.quote, &options.angle, &options.system,
				     &options.after, &options.embed};
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		find_dirs(c, dir, dirs[i]);
	find_hidden(c, dir, args);
	if (include_scan_files(c->scan, &request, &files) < 0 ||
	    include_scan_foreign(c->scan, &ask) < 0)
		return -ENOMEM;
	return c->missing.error ? c->missing.error : c->outside.error;
}

bool mirror_covers(const struct mirror_cover *c)
{
	return !c->missing.n && !c->outside.n;
}

/* Without the directory of the builder's in which it is. */
static const char *as_included(const struct toolchain *t, const char *name)
{
	cleanup_strv struct strv dirs = {0};
	size_t longest = 0;

	toolchain_builder_dirs(t, &dirs);
	for (size_t i = 0; i < dirs.n; i++) {
		const char *dir = toolchain_name_there(t, dirs.v[i]);
		if (toolchain_is_below(name, dir) && strlen(dir) + 1 > longest)
			longest = strlen(dir) + 1;
	}
	return name + longest;
}

void mirror_lack_free(struct mirror_lack *l)
{
	free(l->names);
	free(l->of);
	*l = (struct mirror_lack){0};
}

int mirror_cover_end(const struct mirror_cover *c, struct mirror_lack *ret_lack)
{
	const struct strv *lacks = c->outside.n ? &c->outside : &c->missing;
	cleanup_strbuf struct strbuf text = {0};
	size_t told = lacks->n > TOLD + 1 ? TOLD : lacks->n;

	if (mirror_covers(c))
		return 0;
	for (size_t i = 0; i < told; i++)
		strbuf_printf(&text, "%s%s", i ? ", " : "",
			      c->outside.n ? lacks->v[i] : as_included(c->toolchain, lacks->v[i]));
	if (told < lacks->n)
		strbuf_printf(&text, " and %zu more", lacks->n - told);
	*ret_lack = (struct mirror_lack){.of = strdup(c->toolchain->mirror_of),
					 .is_outside = c->outside.n};
	return strbuf_finish(&text, &ret_lack->names) < 0 || !ret_lack->of ? -ENOMEM : 0;
}

char *mirror_lack_tell(const struct mirror_lack *l)
{
	return str_printf(l->is_outside
				  ? "what the builder would read cannot be told by the headers "
				    "mirrored from %s: %s"
				  : "of the headers of %s these are not mirrored: %s",
			  l->of, l->names);
}

int mirror_refuse(const char *backend, const struct mirror_lack *l, struct crossbpf_error *e)
{
	cleanup_free char *why = mirror_lack_tell(l);

	if (!why)
		return error_no_memory(e);
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
			 l->is_outside ? "have the builder compile it: name that with "
					 "CROSSBPF_BACKEND"
				       : "crossbpf headers mirrors them",
			 "%s: %s", backend, why);
}
