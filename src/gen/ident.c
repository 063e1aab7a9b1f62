/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "ident.h"
#include "shared/io.h"
#include "shared/strbuf.h"

enum { NAME_MAX_LEN = 200 }; /* a file's name holds it, with what is added */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char to_upper(char c)
{
	return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* Of ASCII letters, digits and '_': more is not the same in all compilers. */
static bool is_identifier(const char *name)
{
	size_t len = 0;

	if (!is_letter(name[0]) && name[0] != '_')
		return false;
	while (is_letter(name[len]) || is_digit(name[len]) || name[len] == '_')
		len++;
	return !name[len] && len <= NAME_MAX_LEN;
}

static bool is_one_of(const char *name, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(name, *words) == 0)
			return true;
	return false;
}

bool ident_is_c(const char *name)
{
	static const char *const keywords[] = {
		/* C to C23, and GNU C */
		"alignas", "alignof", "asm", "auto", "bool", "break", "case", "char", "const",
		"constexpr", "continue", "default", "do", "double", "else", "enum", "extern",
		"false", "float", "for", "goto", "if", "inline", "int", "long", "nullptr",
		"register", "restrict", "return", "short", "signed", "sizeof", "static",
		"static_assert", "struct", "switch", "thread_local", "true", "typedef", "typeof",
		"typeof_unqual", "union", "unsigned", "void", "volatile", "while",
		/* C++ */
		"and", "and_eq", "bitand", "bitor", "catch", "char16_t", "char32_t", "char8_t",
		"class", "compl", "concept", "const_cast", "consteval", "constinit", "co_await",
		"co_return", "co_yield", "decltype", "delete", "dynamic_cast", "explicit", "export",
		"friend", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "operator",
		"or", "or_eq", "private", "protected", "public", "reinterpret_cast", "requires",
		"static_cast", "template", "this", "throw", "try", "typeid", "typename", "using",
		"virtual", "wchar_t", "xor", "xor_eq", NULL};

	return is_identifier(name) && !is_one_of(name, keywords);
}

static bool is_go_keyword(const char *name)
{
	static const char *const keywords[] = {
		"break",  "case",        "chan", "const",   "continue", "default", "defer",
		"else",   "fallthrough", "for",  "func",    "go",       "goto",    "if",
		"import", "interface",   "map",  "package", "range",    "return",  "select",
		"struct", "switch",      "type", "var",     NULL};

	return is_one_of(name, keywords);
}

bool ident_is_go(const char *name)
{
	return is_identifier(name) && !is_go_keyword(name) && name[strspn(name, "_")];
}

bool ident_is_package(const char *name)
{
	return ident_is_go(name);
}

bool ident_is_symbol(const char *name)
{
	size_t len = 0;

	while (is_letter(name[len]) || is_digit(name[len]) || name[len] == '_' ||
	       name[len] == '.' || name[len] == '$')
		len++;
	return len && !name[len] && len <= NAME_MAX_LEN;
}

char *ident_to_go(const char *name)
{
	cleanup_strbuf struct strbuf to = {0};
	char before = '\0'; /* what stands in front, where that was not left out */
	char *result;

	strbuf_puts(&to, "");
	for (; *name; name++) {
		char c = *name;
		if (is_letter(c) && !before) {
			c = to_upper(c);
		} else if (c == '_' && (!before || is_digit(before) || is_lower(before))) {
			before = '\0';
			continue;
		} else if (!is_letter(c) && !is_digit(c) && c != '_') {
			continue;
		} else {
		}
		strbuf_putc(&to, c);
		before = c;
	}
	return strbuf_finish(&to, &result) < 0 ? NULL : result;
}

char *ident_upper_first(const char *name)
{
	char *upper = strdup(name);

	if (upper)
		upper[0] = to_upper(upper[0]);
	return upper;
}

char *ident_lower(const char *name)
{
	char *lower = strdup(name);

	for (char *at = lower; at && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return lower;
}

static bool ends_in(const char *name, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && memcmp(name + len - n, end, n) == 0;
}

static char *without_end(const char *path, bool keep_bpf)
{
	const char *name = io_basename(path);
	size_t len = strlen(name);

	if (!keep_bpf && ends_in(name, len, ".bpf.o"))
		len -= strlen(".bpf.o");
	else if (ends_in(name, len, ".o"))
		len -= strlen(".o");
	else {
	}
	return strndup(name, len);
}

static char *to_identifier(char *name)
{
	for (char *at = name; at && *at; at++)
		if (!is_letter(*at) && !is_digit(*at))
			*at = '_';
	return name;
}

char *ident_of_file(const char *path)
{
	return to_identifier(without_end(path, false));
}

char *ident_of_file_bpftool(const char *path)
{
	return to_identifier(without_end(path, true));
}

char *ident_stem(const char *path)
{
	return without_end(path, false);
}
