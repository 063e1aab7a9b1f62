/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "core-hint.h"
#include "shared/io.h"
#include "shared/strv.h"

enum {
	MAX_FILES = 64, /* enough for a program's own headers; what lies deeper goes unseen */
	MAX_FILE_SIZE = 1 << 20,
};

static const char *find_use(const char *text)
{
	static const struct {
		const char *text, *name;
	} uses[] = {
		{"preserve_access_index", "CO-RE"},
		{"bpf_core_read.h", "CO-RE"},
		{"vmlinux.h", "CO-RE"},
		{"SEC(\".maps\")", "SEC(\".maps\")"},
	};

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (strstr(text, uses[i].text))
			return uses[i].name;
	return NULL;
}

/* Appends the files that `text`, the content of `path`, includes by quotes. */
static void add_included(const char *text, const char *path, struct strv *files)
{
	int dir_len = (int)(io_basename(path) - path);

	for (const char *at = text; (at = strstr(at, "include")); at++) {
		const char *name = at + strlen("include");
		name += strspn(name, " \t");
		if (*name != '"')
			continue;
		name++;
		size_t len = strcspn(name, "\"\n");
		if (name[len] != '"' || files->n >= MAX_FILES)
			continue;

		cleanup_free char *file =
			name[0] == '/' ? str_printf("%.*s", (int)len, name)
				       : str_printf("%.*s%.*s", dir_len, path, (int)len, name);
		if (file && !strv_contains(files, file))
			strv_take(files, TAKE_PTR(file));
	}
}

const char *core_hint_needs_btf(const char *path)
{
	cleanup_strv struct strv files = {0};

	strv_add(&files, path);
	for (size_t i = 0; i < files.n && !files.error; i++) {
		cleanup_strbuf struct strbuf text = {0};
		struct stat st;

		/* A pipe was read by clang already. */
		if (stat(files.v[i], &st) < 0 || !S_ISREG(st.st_mode) ||
		    io_read_file(files.v[i], MAX_FILE_SIZE, &text) < 0)
			continue;
		const char *use = find_use(text.data);
		if (use)
			return use;
		add_included(text.data, files.v[i], &files);
	}
	return NULL;
}
