/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "clang-options.h"
#include "prefix-text.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A text that is read from its beginning. */
struct reader {
	const char *at, *end;
};

static bool starts(const struct reader *r, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(r->end - r->at) >= len && memcmp(r->at, word, len) == 0;
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
}

/* A comment, if one stands here; false where it has no end, or where a backslash may continue it.
 */
static bool skip_comment(struct reader *r, bool *ret_any)
{
	*ret_any = starts(r, "//") || starts(r, "/*");
	if (starts(r, "//")) {
		while (r->at < r->end && *r->at != '\n' && *r->at != '\\')
			r->at++;
		return r->at < r->end && *r->at == '\n';
	}
	if (!*ret_any)
		return true;
	for (r->at += 2; r->at < r->end && !starts(r, "*/"); r->at++)
		if (!*r->at)
			return false;
	r->at += r->at < r->end ? 2 : 0;
	return r->at < r->end;
}

/* To the first of anything else. */
static bool skip_to_text(struct reader *r)
{
	for (bool any = true; any;) {
		while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
			r->at++;
		if (!skip_comment(r, &any))
			return false;
	}
	return r->at < r->end;
}

/* Behind the end of a line on which there is nothing more. */
static bool skip_line_end(struct reader *r)
{
	bool any = true;

	while (any) {
		const char *begin = r->at;
		skip_blanks(r);
		if (!skip_comment(r, &any))
			return false;
		if (any && begin < r->at && memchr(begin, '\n', (size_t)(r->at - begin)))
			return false;
	}
	if (r->at < r->end && *r->at == '\r')
		r->at++;
	return r->at < r->end && *r->at++ == '\n';
}

static bool read_include(struct reader *r, const char **ret_name, size_t *ret_len)
{
	if (*r->at != '#')
		return false;
	r->at++;
	skip_blanks(r);
	if (!starts(r, "include"))
		return false;
	r->at += strlen("include");
	skip_blanks(r);
	char close = r->at < r->end && *r->at == '<' ? '>' : '"';
	if (r->at == r->end || (*r->at != '<' && *r->at != '"'))
		return false;
	*ret_name = r->at;
	for (r->at++; r->at < r->end && *r->at != close; r->at++)
		if (!*r->at || strchr("\n\r\\?", *r->at)) /* trigraphs too */
			return false;
	if (r->at == r->end || r->at == *ret_name + 1)
		return false;
	*ret_len = (size_t)(++r->at - *ret_name);
	return true;
}

int prefix_find_include(const char *text, size_t len, struct prefix_include *ret_include,
			const char **ret_why)
{
	struct reader r = {text, text ? text + len : NULL};
	const char *name;
	size_t name_len;

	*ret_why = "it begins with no #include";
	if (!text || !skip_to_text(&r) || !read_include(&r, &name, &name_len) || !skip_line_end(&r))
		return 0;
	char *copy = strndup(name, name_len);
	if (!copy)
		return -ENOMEM;
	*ret_why = NULL;
	*ret_include = (struct prefix_include){copy, *name == '"', (size_t)(r.at - text)};
	return 0;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Options that read no file and write none, and mean the same to a header that is compiled before.
 * All others are refused: -include and -imacros define macros before the header, -fdebug-macro,
 * -fno-eliminate-unused-debug-types and their like make more of a header that is read. */
static bool is_plain(const char *arg)
{
	static const char *const whole[] = {
		"-g",
		"-g2",
		"-gdwarf",
		"-gdwarf-2",
		"-gdwarf-3",
		"-gdwarf-4",
		"-gdwarf-5",
		"-gembed-source",
		"-gno-column-info",
		"-gcolumn-info",
		"-w",
		"-pipe",
		"-ansi",
		"-pedantic",
		"-Qunused-arguments",
		"-pedantic-errors",
		"-ffreestanding",
		"-fcommon",
		"-fwrapv",
		"-fsigned-char",
		"-funsigned-char",
		"-fshort-enums",
		"-fms-extensions",
		"-funroll-loops",
		"-fomit-frame-pointer",
		"-fstrict-aliasing",
		"-fno-stack-protector",
		"-fno-asynchronous-unwind-tables",
		"-fno-unwind-tables",
		"-fno-jump-tables",
		"-fno-strict-aliasing",
		"-fno-common",
		"-fno-exceptions",
		"-fno-ident",
		"-fno-pic",
		"-fno-pie",
		"-fno-PIC",
		"-fno-PIE",
		"-fno-plt",
		"-fno-inline",
		"-fno-inline-functions",
		"-fno-unroll-loops",
		"-fno-omit-frame-pointer",
		"-fno-delete-null-pointer-checks",
		"-fno-math-errno",
		"-fno-discard-value-names",
	};
	static const char *const joined[] = {"-O",
					     "-std=",
					     "-fno-builtin",
					     "-fvisibility=",
					     "-ferror-limit=",
					     "-fcolor-diagnostics",
					     "-fno-color-diagnostics",
					     "-fdiagnostics-"};

	for (size_t i = 0; i < LENGTH(whole); i++)
		if (strcmp(arg, whole[i]) == 0)
			return true;
	for (size_t i = 0; i < LENGTH(joined); i++)
		if (begins(arg, joined[i]))
			return true;
	if (begins(arg, "-W")) /* not what is for the preprocessor, assembler or linker */
		return !arg[2] || arg[3] != ',';
	return begins(arg, "-m") && !begins(arg, "-module") && !begins(arg, "-mllvm");
}

/* -Xclang -target-feature -Xclang +alu32 */
static bool is_feature(const struct strv *argv, size_t i, size_t n)
{
	return i + 3 < n && strcmp(argv->v[i + 1], "-target-feature") == 0 &&
	       strcmp(argv->v[i + 2], "-Xclang") == 0 &&
	       (argv->v[i + 3][0] == '+' || argv->v[i + 3][0] == '-');
}

const char *prefix_refuse_option(const struct strv *argv, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const char *arg = argv->v[i];
		struct clang_option option = clang_option_find(arg);
		const char *value = option.value ? option.value : argv->v[i + 1];
		switch (option.id) {
		case OPT_DEFINE:
			if (value && prefix_refuse_text(value, strlen(value)))
				return arg;
			break;
		case OPT_TARGET:
		case OPT_INCLUDE_DIR:
		case OPT_OBJECT:
		case OPT_NO_SYSTEM:
			break;
		case OPT_XCLANG:
			if (!is_feature(argv, i, n))
				return arg;
			i += 3;
			continue;
		default:
			if (strcmp(option.name, "-U") != 0 && strcmp(arg, "-mllvm") != 0 &&
			    !is_plain(arg))
				return arg;
		}
		i += option.more;
	}
	return NULL;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$';
}

static const char *find_word(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	const char *end = text + len;

	for (const char *at = text; (at = memmem(at, (size_t)(end - at), word, word_len)); at++)
		if ((at == text || !is_word(at[-1])) &&
		    (at + word_len == end || !is_word(at[word_len])))
			return at;
	return NULL;
}

/* Does a #pragma stand there that has its effect within the header, or none that is lost? What is
 * popped was pushed: clang refuses a header in which an attribute is not. */
static bool is_kept(const char *pragma, const char *end)
{
	static const char *const kept[] = {
		"once",
		"clang attribute push",
		"clang attribute pop",
		"clang diagnostic push",
		"clang diagnostic pop",
		"clang diagnostic ignored",
		"GCC diagnostic push",
		"GCC diagnostic pop",
		"GCC diagnostic ignored",
	};
	struct reader r = {pragma, end};

	skip_blanks(&r);
	for (size_t i = 0; i < LENGTH(kept); i++) {
		size_t len = strlen(kept[i]);
		if (starts(&r, kept[i]) && (r.at + len == end || !is_word(r.at[len])))
			return true;
	}
	return false;
}

/* Is that word what a # stands before? */
static bool is_directive(const char *text, const char *word)
{
	while (word > text && (word[-1] == ' ' || word[-1] == '\t'))
		word--;
	return word > text && word[-1] == '#';
}

/* A backslash before a line's end may stand in the middle of a word. */
static bool splices_word(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *at = text; (at = memchr(at, '\\', (size_t)(end - at))); at++) {
		const char *next = at + 1;
		next += next < end && *next == '\r';
		if (next + 1 < end && *next == '\n' && at > text && is_word(at[-1]) &&
		    is_word(next[1]))
			return true;
	}
	return false;
}

const char *prefix_refuse_text(const char *text, size_t len)
{
	static const struct {
		const char *word, *why;
	} words[] = {
		{"__BASE_FILE__", "it holds __BASE_FILE__"},
		{"__INCLUDE_LEVEL__", "it holds __INCLUDE_LEVEL__"},
		{"__TIMESTAMP__", "it holds __TIMESTAMP__"},
		{"__DATE__", "it holds __DATE__"},
		{"__TIME__", "it holds __TIME__"},
		{"__COUNTER__", "it holds __COUNTER__"},
		{"_Pragma", "it holds _Pragma"},
		{"__pragma", "it holds __pragma"},
		{"include_next", "it holds #include_next"},
		{"__has_include", "it holds __has_include"},
		{"__has_include_next", "it holds __has_include_next"},
		{"__has_embed", "it holds __has_embed"},
	};
	const char *end = text + len;

	for (size_t i = 0; i < LENGTH(words); i++)
		if (find_word(text, len, words[i].word))
			return words[i].why;
	if (splices_word(text, len))
		return "a line break parts a word of it";
	for (const char *at = text; (at = find_word(at, (size_t)(end - at), "embed")); at++)
		if (is_directive(text, at))
			return "it holds #embed";
	for (const char *at = text; (at = find_word(at, (size_t)(end - at), "pragma"));) {
		at += strlen("pragma");
		if (!is_kept(at, end))
			return "it holds a #pragma that may reach beyond it";
	}
	return NULL;
}

bool prefix_renames(const char *name)
{
	return begins(name, "./") || strstr(name, "/./") || strstr(name, "//") || name[0] == '-' ||
	       strpbrk(name, ";\n\\");
}
