/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar is that of TokenizeGNUCommandLine() in llvm/lib/Support/CommandLine.cpp: blanks part
 * words, a backslash takes the next character as it is (in double quotes too), single and double
 * quotes group. A name in a file is relative to the working directory.
 */
#include <string.h>

#include "response-file.h"
#include "shared/io.h"

enum {
	MAX_DEPTH = 20, /* LLVM refuses a file that includes itself; ours is a plain bound */
	MAX_FILE_SIZE = 64 << 20,
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

/* One word that begins at *at; *at moves behind it. */
static int read_word(const char **at, const char *end, char **ret_word)
{
	cleanup_strbuf struct strbuf word = {0};
	char quote = '\0';

	for (; *at < end; (*at)++) {
		char c = **at;
		if (c == '\\' && *at + 1 < end) {
			strbuf_putc(&word, *++*at);
		} else if (quote) {
			if (c == quote)
				quote = '\0';
			else
				strbuf_putc(&word, c);
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (is_blank(c)) {
			break;
		} else {
			strbuf_putc(&word, c);
		}
	}
	return strbuf_finish(&word, ret_word);
}

static int expand(const char *arg, int depth, struct strv *ret_args, bool *ret_expanded)
{
	cleanup_strbuf struct strbuf content = {0};

	if (arg[0] != '@' || depth > MAX_DEPTH ||
	    io_read_file(arg + 1, MAX_FILE_SIZE, &content) < 0) {
		strv_add(ret_args, arg);
		return ret_args->error;
	}
	*ret_expanded = true;

	const char *at = content.data, *end = content.data + content.len;
	for (;;) {
		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			return 0;

		cleanup_free char *word = NULL;
		int r = read_word(&at, end, &word);
		if (r == 0)
			r = expand(word, depth + 1, ret_args, ret_expanded);
		if (r < 0)
			return r;
	}
}

int response_files_expand(const char *const *args, struct strv *ret_args, bool *ret_expanded)
{
	*ret_expanded = false;
	for (; *args; args++) {
		int r = expand(*args, 0, ret_args, ret_expanded);
		if (r < 0)
			return r;
	}
	return 0;
}
