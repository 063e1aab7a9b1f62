/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "clang-options.h"
#include "include-options.h"
#include "shared/strbuf.h"

/* What clang keeps apart until it puts the list together. Source: RenderIncludes() in
 * clang/lib/Driver/ToolChains/Clang.cpp, ParseHeaderSearchArgs() in
 * clang/lib/Frontend/CompilerInvocation.cpp. */
struct parts {
	struct strv before;       /* -iwithprefixbefore: behind all -I */
	struct strv with_prefix;  /* -iwithprefix: before -idirafter */
	struct strv system_after; /* -isystem-after */
	struct strv cc1;          /* of -Xclang: as the last words */
	const char *prefix;
	const char *sysroot;
	struct include_options options;
};

static void parts_free(struct parts *p)
{
	strv_free(&p->before);
	strv_free(&p->with_prefix);
	strv_free(&p->system_after);
	strv_free(&p->cc1);
	include_options_free(&p->options);
}
#define cleanup_parts CLEANUP(parts_free)

/* "=dir" is below the sysroot, where there is one. */
static void add_dir(const struct parts *p, struct strv *dirs, const char *dir)
{
	if (dir[0] == '=' && p->sysroot)
		strv_take(dirs, str_printf("%s%s", p->sysroot, dir + 1));
	else
		strv_add(dirs, dir);
}

static void add_below(struct strv *dirs, const char *above, const char *dir)
{
	strv_take(dirs, str_printf("%s%s", above ? above : "", dir));
}

static struct strv *files_of(struct parts *p, const char *name)
{
	static const char *const first[] = {
		"-include", "--include", "--include=", "-imacros", "--imacros", "--imacros="};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (strcmp(name, first[i]) == 0)
			return &p->options.first;
	return strcmp(name, "-include-pch") == 0 ? &p->options.pch : NULL;
}

static struct strv *dirs_of(struct parts *p, const char *name)
{
	const struct {
		const char *name;
		struct strv *dirs;
	} table[] = {
		{"-I", &p->options.angle},
		{"--include-directory", &p->options.angle},
		{"--include-directory=", &p->options.angle},
		{"-iquote", &p->options.quote},
		{"-isystem", &p->options.system},
		{"-isystem-after", &p->system_after},
		{"-idirafter", &p->options.after},
		{"--include-directory-after", &p->options.after},
		{"--include-directory-after=", &p->options.after},
		{"--embed-dir", &p->options.embed},
		{"--embed-dir=", &p->options.embed},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i].name) == 0)
			return table[i].dirs;
	return NULL;
}

static bool is_any(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Those that need the sysroot, which may stand behind them, or the prefix, which may not. */
static void read_prefixed(struct parts *p, const char *name, const char *value)
{
	if (is_any(name, NAMES("-iprefix", "--include-prefix", "--include-prefix=")))
		p->prefix = value;
	else if (is_any(name, NAMES("-iwithprefixbefore", "--include-with-prefix-before",
				    "--include-with-prefix-before=")))
		add_below(&p->before, p->prefix, value);
	else if (is_any(name, NAMES("-iwithprefix", "--include-with-prefix",
				    "--include-with-prefix=", "--include-with-prefix-after",
				    "--include-with-prefix-after=")))
		add_below(&p->with_prefix, p->prefix, value);
	else if (strcmp(name, "-iwithsysroot") == 0)
		add_below(&p->options.system, value[0] == '/' ? p->sysroot : NULL, value);
}

/* "-Wp,A,B" says A and B to cc1. */
static void add_split(struct strv *words, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		strv_take(words, strndup(list, len));
		list += list[len] ? len + 1 : len;
	}
}

static void read_option(struct parts *p, const struct clang_option *option, const char *value,
			struct strv *preprocessor)
{
	struct strv *files = files_of(p, option->name), *dirs = dirs_of(p, option->name);

	if (files)
		strv_add(files, value);
	else if (dirs)
		add_dir(p, dirs, value);
	else if (option->id == OPT_DEFINE)
		strv_add(&p->options.defines, value);
	else if (strcmp(option->name, "-Xpreprocessor") == 0)
		strv_add(preprocessor, value);
	else if (option->id == OPT_WP)
		add_split(preprocessor, value);
	else if (option->id == OPT_XCLANG)
		strv_add(&p->cc1, value);
	else
		read_prefixed(p, option->name, value);
}

/* Options of cc1 alone, which take the next word. */
static bool is_cc1_system(const char *word)
{
	return strcmp(word, "-c-isystem") == 0 || strcmp(word, "-internal-isystem") == 0 ||
	       strcmp(word, "-internal-externc-isystem") == 0;
}

/* Calls read_option() for each; without `preprocessor` they are words of cc1 alone. */
static void read_words(struct parts *p, const struct strv *args, bool inputs,
		       struct strv *preprocessor)
{
	bool options = true;

	for (size_t i = 0; i < args->n; i++) {
		const char *arg = args->v[i];
		if (!options || arg[0] != '-' || !arg[1]) {
			if (inputs && strcmp(arg, "-") != 0)
				strv_add(&p->options.sources, arg);
			continue;
		}
		if (!inputs && is_cc1_system(arg) && i + 1 < args->n) {
			strv_add(&p->options.system, args->v[++i]);
			continue;
		}
		struct clang_option option = clang_option_find(arg);
		if (option.more >= args->n - i)
			return; /* its value is missing: clang says so */
		options = option.id != OPT_END_OF_OPTIONS;
		const char *value = option.value  ? option.value
				    : option.more ? args->v[i + 1]
						  : NULL;
		if (value)
			read_option(p, &option, value, preprocessor);
		i += option.more;
	}
}

/* The last one counts, wherever it stands. */
static void read_sysroot(struct parts *p, const struct strv *args)
{
	for (size_t i = 0; i < args->n; i++) {
		if (args->v[i][0] != '-' || !args->v[i][1])
			continue;
		struct clang_option option = clang_option_find(args->v[i]);
		if (option.id == OPT_END_OF_OPTIONS || option.more >= args->n - i)
			return;
		const char *value = option.value ? option.value : args->v[i + option.more];
		if (strncmp(option.name, "--sysroot", 9) == 0 ||
		    strcmp(option.name, "-isysroot") == 0)
			p->sysroot = value;
		i += option.more;
	}
}

/* As the driver does: an empty part is the working directory. */
static void add_path(struct strv *dirs, const char *path)
{
	if (!path || !*path)
		return;
	for (;; path++) {
		size_t len = strcspn(path, ":");
		strv_take(dirs, len ? strndup(path, len) : strdup("."));
		path += len;
		if (!*path)
			return;
	}
}

/* Where clang looks in a sysroot, which may be the host's, by itself. */
static void add_sysroot(struct parts *p)
{
	static const char *const dirs[] = {"/usr/local/include", "/usr/include", "/include"};

	for (size_t i = 0; p->sysroot && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		add_below(&p->options.after, p->sysroot, dirs[i]);
}

static void move_all(struct strv *to, const struct strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		strv_add(to, from->v[i]);
	if (from->error)
		to->error = from->error;
}

static void put_together(struct parts *p)
{
	struct strv after = p->options.after;

	move_all(&p->options.angle, &p->before);
	p->options.after = (struct strv){0};
	add_sysroot(p);
	move_all(&p->options.after, &p->system_after);
	move_all(&p->options.after, &p->with_prefix);
	move_all(&p->options.after, &after);
	strv_free(&after);
}

static int options_error(const struct include_options *o)
{
	const struct strv *all[] = {&o->sources, &o->first, &o->pch,   &o->quote,  &o->angle,
				    &o->system,  &o->after, &o->embed, &o->defines};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->error)
			return all[i]->error;
	return 0;
}

int include_options_read(const struct strv *args, const struct include_environment *environment,
			 struct include_options *ret_options)
{
	cleanup_parts struct parts p = {0};
	cleanup_strv struct strv preprocessor = {0}, none = {0};

	read_sysroot(&p, args);
	read_words(&p, args, true, &preprocessor);
	read_words(&p, &preprocessor, false, &none);
	add_path(&p.options.angle, environment->cpath);
	read_words(&p, &p.cc1, false, &none);
	add_path(&p.options.system, environment->c_include_path);
	put_together(&p);
	int r = options_error(&p.options);
	if (r < 0 || preprocessor.error || p.cc1.error)
		return r < 0 ? r : preprocessor.error ? preprocessor.error : p.cc1.error;
	*ret_options = p.options;
	p.options = (struct include_options){0};
	return 0;
}

void include_options_free(struct include_options *o)
{
	struct strv *all[] = {&o->sources, &o->first, &o->pch,   &o->quote,  &o->angle,
			      &o->system,  &o->after, &o->embed, &o->defines};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		strv_free(all[i]);
}
