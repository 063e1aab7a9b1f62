/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mirror.h"
#include "shared/io.h"

enum { TOLD = 3 };

void mirror_cover_free(struct mirror_cover *c)
{
	include_scan_free(c->scan);
	builder_headers_free(&c->headers);
	strv_free(&c->missing);
	*c = (struct mirror_cover){0};
}

int mirror_cover_begin(const struct toolchain *t, struct mirror_cover *ret_cover)
{
	cleanup_mirror_cover struct mirror_cover c = {.toolchain = t};
	size_t dir = (size_t)(io_basename(t->mirror) - t->mirror);
	cleanup_free char *there = str_printf("%.*sthere", (int)dir, t->mirror);

	c.scan = include_scan_new();
	if (!there || !c.scan || builder_headers_load(there, &c.headers) < 0)
		return -ENOMEM;
	*ret_cover = c;
	c = (struct mirror_cover){0};
	return 0;
}

/* Would the builder's clang find it there? */
static bool has(void *ctx, const char *path)
{
	struct mirror_cover *c = ctx;
	const char *name = toolchain_name_there(c->toolchain, path);

	if (access(path, F_OK) == 0)
		return true;
	if (name == path || !builder_headers_find(&c->headers, name, NULL))
		return false;
	strv_add_once(&c->missing, name);
	return true;
}

int mirror_cover_add(struct mirror_cover *c, const char *dir, const struct strv *args,
		     const struct include_environment *environment)
{
	static const struct include_environment nothing = {0};
	cleanup_include_options struct include_options options = {0};
	cleanup_strv struct strv theirs = {0}, files = {0};
	struct include_request request = {.dir = dir,
					  .options = &options,
					  .builder = &theirs,
					  .system = &c->toolchain->search,
					  .is_complete = true};

	toolchain_builder_dirs(c->toolchain, &theirs);
	if (theirs.error ||
	    include_options_read(args, environment ? environment : &nothing, &options) < 0 ||
	    include_scan_files(c->scan, &request, &files) < 0 ||
	    include_scan_foreign(c->scan, has, c) < 0)
		return -ENOMEM;
	return c->missing.error;
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

char *mirror_cover_tell(const struct mirror_cover *c)
{
	cleanup_strbuf struct strbuf text = {0};
	size_t told = c->missing.n > TOLD + 1 ? TOLD : c->missing.n;
	char *result;

	for (size_t i = 0; i < told; i++)
		strbuf_printf(&text, "%s%s", i ? ", " : "",
			      as_included(c->toolchain, c->missing.v[i]));
	if (told < c->missing.n)
		strbuf_printf(&text, " and %zu more", c->missing.n - told);
	return strbuf_finish(&text, &result) < 0 ? NULL : result;
}

int mirror_refuse(const char *backend, const char *of, const char *names, struct crossbpf_error *e)
{
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, "crossbpf headers mirrors them",
			 "%s: of the headers of %s these are not mirrored: %s", backend, of, names);
}
