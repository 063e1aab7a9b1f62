/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "exchange/exchange.h"
#include "path-map.h"

/* Options with a value of its own that is no file to read. */
static bool takes_other(const char *option)
{
	static const char *const options[] = {
		"-D", "-U", "-MF", "-MQ", "-MT", "-o", "-x", "-target", "-arch", "-mllvm",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(option, options[i]) == 0)
			return true;
	return false;
}

/* Options that a name follows in the same word. */
static const char *behind_option(const char *word)
{
	static const char *const options[] = {
		"-I",
		"-F",
		"-L",
		"-B",
		"-iquote",
		"-isystem",
		"-idirafter",
		"-include-pch",
		"-include",
		"-imacros",
		"-isysroot",
		"-iprefix",
		"-iwithsysroot",
		"-cxx-isystem",
		"-c-isystem",
		"-working-directory",
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		size_t len = strlen(options[i]);
		if (strncmp(word, options[i], len) == 0 && word[len] == '/')
			return word + len;
	}
	return NULL;
}

/* Where an absolute name begins in a word; NULL: nowhere. */
static const char *find_path(const char *before, const char *word)
{
	if (word[0] == '@')
		word++;
	if (word[0] == '/')
		return takes_other(before) ? NULL : word;
	if (word[0] != '-' || strchr("DUMW", word[1]))
		return NULL;
	const char *path = behind_option(word), *value = strchr(word, '=');
	return path ? path : value && value[1] == '/' ? value + 1 : NULL;
}

/* A name that the host lacks may be one that only the builder has. */
static bool is_hosts(const struct toolchain *t, const char *path, bool is_map)
{
	if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0)
		return false;
	return !toolchain_is_builders(t, path) && (is_map || access(path, F_OK) == 0);
}

void path_map_embed_sources(struct strv *argv)
{
	static const char *const options[] = {"-Xclang", "-gembed-source", "-Xclang",
					      "-dwarf-version=5", NULL};

	strv_add_all(argv, options);
}

void path_map_argv(const struct toolchain *t, const char *const *argv, struct strv *ret_argv)
{
	const char *before = "";

	if (*argv) /* the builder's clang */
		strv_add(ret_argv, *argv++);
	for (; *argv; before = *argv++) {
		const char *path = find_path(before, *argv);
		/* -ffile-prefix-map=OLD=NEW: OLD */
		if (path && is_hosts(t, path, strstr(*argv, "prefix-map=") != NULL))
			strv_take(ret_argv, str_printf("%.*s%s%s", (int)(path - *argv), *argv,
						       EXCHANGE_ROOT, path));
		else
			strv_add(ret_argv, *argv);
	}
}

/* A list of directories between colons, those that `moves` behind `root`. */
static char *map_list(const char *list, const char *root,
		      bool (*moves)(const struct toolchain *t, const char *dir),
		      const struct toolchain *t)
{
	cleanup_strbuf struct strbuf mapped = {0};
	char *result;

	for (;;) {
		size_t len = strcspn(list, ":");
		cleanup_free char *dir = strndup(list, len);
		if (!dir)
			return NULL;
		if (dir[0] == '/' && moves(t, dir))
			strbuf_puts(&mapped, root);
		strbuf_puts(&mapped, dir);
		if (!list[len])
			break;
		strbuf_putc(&mapped, ':');
		list += len + 1;
	}
	return strbuf_finish(&mapped, &result) < 0 ? NULL : result;
}

static bool is_hosts_dir(const struct toolchain *t, const char *dir)
{
	return is_hosts(t, dir, false);
}

char *path_map_list(const struct toolchain *t, const char *list)
{
	return map_list(list, EXCHANGE_ROOT, is_hosts_dir, t);
}

/* Is it one of the builder's directories, or in one? */
static bool is_mirrored(const struct toolchain *t, const struct strv *dirs, const char *path)
{
	for (size_t i = 0; i < dirs->n; i++) {
		const char *dir = toolchain_name_there(t, dirs->v[i]);
		if (dir != dirs->v[i] && (strcmp(path, dir) == 0 || toolchain_is_below(path, dir)))
			return true;
	}
	return false;
}

void path_map_mirror(const struct toolchain *t, const char *const *argv, struct strv *ret_argv)
{
	cleanup_strv struct strv dirs = {0};
	const char *before = "";

	toolchain_builder_dirs(t, &dirs);
	if (dirs.error)
		ret_argv->error = dirs.error;
	for (; *argv; before = *argv++) {
		const char *path = find_path(before, *argv);
		if (path && is_mirrored(t, &dirs, path))
			strv_take(ret_argv, str_printf("%.*s%s%s", (int)(path - *argv), *argv,
						       t->mirror, path));
		else
			strv_add(ret_argv, *argv);
	}
}

/* Without memory it stays the host's, which mirror_cover_add() refuses. */
static bool is_mirrored_dir(const struct toolchain *t, const char *dir)
{
	cleanup_strv struct strv dirs = {0};

	toolchain_builder_dirs(t, &dirs);
	return is_mirrored(t, &dirs, dir);
}

char *path_map_mirror_list(const struct toolchain *t, const char *list)
{
	return map_list(list, t->mirror, is_mirrored_dir, t);
}
