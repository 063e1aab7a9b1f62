/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "asks-text.h"
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

/* May a backslash stand there, with which lines are joined? */
static bool may_join(const struct reader *r)
{
	return *r->at == '\\' || starts(r, "?\?/");
}

/* A comment, if one stands here; false where it has no end, where lines that are joined may end it
 * elsewhere, or where clang may warn of another one in it. */
static bool skip_comment(struct reader *r, bool *ret_any)
{
	*ret_any = starts(r, "//") || starts(r, "/*");
	if (starts(r, "//")) {
		while (r->at < r->end && *r->at != '\n' && !may_join(r))
			r->at++;
		return r->at < r->end && *r->at == '\n';
	}
	if (!*ret_any)
		return true;
	for (r->at += 2; r->at < r->end && !starts(r, "*/"); r->at++)
		if (!*r->at || may_join(r) || starts(r, "/*"))
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
		if (str_begins(arg, joined[i]))
			return true;
	if (str_begins(arg, "-std=")) /* without // clang may warn of it in the source */
		return !str_begins(arg, "-std=c8") && !str_begins(arg, "-std=c90") &&
		       !str_begins(arg, "-std=iso9899:199");
	if (str_begins(arg, "-W")) /* not what is for the preprocessor, assembler or linker */
		return !arg[2] || arg[3] != ',';
	return str_begins(arg, "-m") && !str_begins(arg, "-module") && !str_begins(arg, "-mllvm");
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

static void skip_space(struct reader *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at))
		r->at++;
}

/* Behind the parenthesis that closes the one that stands here. */
static void skip_parens(struct reader *r)
{
	int depth = 0;

	for (; r->at < r->end; r->at++) {
		depth += (*r->at == '(') - (*r->at == ')');
		if (!depth)
			break;
	}
	r->at += r->at < r->end;
}

static size_t word_length(const struct reader *r)
{
	size_t n = 0;

	while (r->at + n < r->end && is_word(r->at[n]))
		n++;
	return n;
}

/* Has what stands before a parenthesis no parameters behind it, but a type or an attribute? */
static bool is_no_function(const char *word, size_t len)
{
	static const char *const others[] = {"",         "typeof",   "__typeof",     "__typeof__",
					     "_Alignas", "_Atomic",  "_BitInt",      "__declspec",
					     "int",      "char",     "long",         "short",
					     "void",     "unsigned", "signed",       "_Bool",
					     "const",    "volatile", "typeof_unqual"};

	for (size_t i = 0; i < LENGTH(others); i++)
		if (strlen(others[i]) == len && memcmp(others[i], word, len) == 0)
			return true;
	return false;
}

/* Is it one function that is declared behind `extern`? */
static bool declares_function(struct reader r)
{
	static const char attribute[] = "__attribute__";
	const char *word = r.at;
	size_t len = 0;

	for (skip_space(&r); r.at < r.end && *r.at != '('; skip_space(&r)) {
		word = r.at;
		len = word_length(&r);
		if (!len && *r.at != '*')
			return false;
		r.at += len ? len : 1;
		if (len == strlen(attribute) && memcmp(word, attribute, len) == 0) {
			skip_space(&r);
			skip_parens(&r);
			len = 0;
		}
	}
	if (r.at == r.end || is_no_function(word, len))
		return false;
	struct reader params = r;
	skip_parens(&r);
	params.end = r.at;
	params.at++;
	skip_space(&params);
	return params.at < params.end && *params.at != '*' && *params.at != '^' &&
	       !memchr(params.at, '"', (size_t)(params.end - params.at));
}

/* Is this = within no parentheses or braces an assignment? */
static bool is_assignment(const char *text, const char *at, const char *end)
{
	return (at == text || !strchr("=!<>", at[-1])) && (at + 1 == end || at[1] != '=');
}

/* Where, before `at`, the parenthesis is that the one before it closes; or NULL. */
static const char *opening(const char *text, const char *at)
{
	int depth = 0;

	while (at > text && strchr(" \t\r\n", at[-1]))
		at--;
	if (at == text || at[-1] != ')')
		return NULL;
	while (at > text) {
		at--;
		depth += (*at == ')') - (*at == '(');
		if (!depth)
			return at;
	}
	return NULL;
}

/* Is it one of BPF's helpers that is given a value there: static TYPE (*NAME)(…) = (void *) 1;
 * without a section? */
static bool is_helper(const char *text, const char *equals)
{
	static const char word[] = "static";
	const char *params = opening(text, equals);
	const char *name = params ? opening(text, params) : NULL;

	if (!name)
		return false;
	const char *begin = name;
	while (begin > text && !strchr(";}\"", begin[-1]))
		begin--;
	struct reader r = {begin, equals};
	for (skip_space(&r); r.at < r.end && *r.at == '#'; skip_space(&r))
		while (r.at < r.end && *r.at != '\n')
			r.at++;
	return r.at < name && starts(&r, word) && !is_word(r.at[strlen(word)]) &&
	       !memchr(r.at, '"', (size_t)(equals - r.at));
}

/* Is a variable given a value outside of functions? Also where it cannot be told. */
static bool gives_value(const char *text, size_t len)
{
	const char *end = text + len;
	int depth = 0;

	for (const char *at = text; at < end; at++) {
		if (*at == '"' || *at == '\'') {
			const char close = *at++;
			while (at < end && *at != close && *at != '\n')
				at += *at == '\\' && at + 1 < end && at[1] != '\n' ? 2 : 1;
			continue;
		}
		switch (*at) { /* it is done for each byte of vmlinux.h */
		case '(':
		case '{':
		case '[':
			depth++;
			break;
		case ')':
		case '}':
		case ']':
			depth--;
			break;
		case '=':
			if (depth <= 0 && is_assignment(text, at, end) && !is_helper(text, at))
				return true;
			break;
		default:
			break;
		}
	}
	return depth != 0;
}

static bool begins_alias(const char *at, const char *end, size_t len)
{
	struct reader r = {at + len, end};

	skip_space(&r);
	return r.at < r.end && *r.at == '(';
}

static const char *refuse_plain_data(const char *text, size_t len)
{
	static const char *const aliases[] = {"alias", "__alias__", "ifunc", "__ifunc__"};
	const char *end = text + len;

	for (size_t i = 0; i < LENGTH(aliases); i++)
		for (const char *at = text; (at = find_word(at, (size_t)(end - at), aliases[i]));
		     at++)
			if (begins_alias(at, end, strlen(aliases[i])))
				return "it gives a function another name";
	for (const char *at = text; (at = find_word(at, (size_t)(end - at), "extern")); at++) {
		const char *line = at;
		while (line > text && line[-1] != '\n')
			line--;
		struct reader first = {line, end}, behind = {at + strlen("extern"), end};
		skip_blanks(&first);
		if (*first.at == '#' || !declares_function(behind))
			return "it declares a variable that is elsewhere";
	}
	return gives_value(text, len) ? "it gives a variable a value" : NULL;
}

const char *prefix_refuse_data(const char *text, size_t len)
{
	cleanup_strbuf struct strbuf plain = {0};

	if (!len)
		return NULL;
	if (!asks_text_plain(text, len, &plain) || plain.error)
		return "what it declares cannot be told";
	return plain.len ? refuse_plain_data(plain.data, plain.len) : NULL;
}

bool prefix_may_include(const char *text, size_t len)
{
	const char *end = text + len;

	if (memmem(text, len, "%:", 2) || memmem(text, len, "?\?=", 3))
		return true;
	for (const char *at = text; (at = memchr(at, '#', (size_t)(end - at)));) {
		struct reader r = {++at, end};
		skip_blanks(&r);
		if (starts(&r, "include") || starts(&r, "import") || starts(&r, "embed") ||
		    starts(&r, "__include") || (r.at < end && strchr("\\/?", *r.at)))
			return true;
	}
	return false;
}

bool prefix_renames(const char *name)
{
	return str_begins(name, "./") || strstr(name, "/./") || strstr(name, "//") ||
	       name[0] == '-' || strpbrk(name, ";\n\\");
}

bool prefix_has_dot(const char *name)
{
	return str_begins(name, "./");
}

const char *prefix_without_dot(const char *name)
{
	while (prefix_has_dot(name))
		name += 2;
	return name;
}
