/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar is that of TokenizeGNUCommandLine() in llvm/lib/Support/CommandLine.cpp: blanks part
 * words, a backslash takes the next character as it is (in double quotes too), single and double
 * quotes group, and an empty word is none. A name in a file is relative to the working directory,
 * and that of a file which is being read, or that is a pipe, which clang could not read again, is
 * left as it is.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "response-file.h"
#include "shared/io.h"

enum { MAX_FILE_SIZE = 64 << 20 };

/* A file that is being read. */
struct file {
	const struct file *outer;
	dev_t dev;
	ino_t ino;
};

static bool is_being_read(const struct file *f, const struct stat *st)
{
	for (; f; f = f->outer)
		if (f->dev == st->st_dev && f->ino == st->st_ino)
			return true;
	return false;
}

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

static int expand(const char *arg, const struct file *outer, struct strv *ret_args,
		  bool *ret_expanded)
{
	static const char bom[] = "\xef\xbb\xbf";
	cleanup_strbuf struct strbuf content = {0};
	struct stat st;

	if (arg[0] != '@' || stat(arg + 1, &st) < 0 || !S_ISREG(st.st_mode) ||
	    is_being_read(outer, &st) || io_read_file(arg + 1, MAX_FILE_SIZE, &content) < 0) {
		strv_add(ret_args, arg);
		return ret_args->error;
	}
	/* UTF-16, of Windows, which clang converts. */
	if (strncmp(content.data, "\xff\xfe", 2) == 0 ||
	    strncmp(content.data, "\xfe\xff", 2) == 0) {
		strv_add(ret_args, arg);
		return ret_args->error;
	}
	*ret_expanded = true;

	const struct file file = {outer, st.st_dev, st.st_ino};
	const char *at = content.data, *end = content.data + content.len;
	if (strncmp(at, bom, strlen(bom)) == 0)
		at += strlen(bom);
	for (;;) {
		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			return 0;

		cleanup_free char *word = NULL;
		int r = read_word(&at, end, &word);
		if (r == 0 && word[0])
			r = expand(word, &file, ret_args, ret_expanded);
		if (r < 0)
			return r;
	}
}

int response_files_expand(const char *const *args, struct strv *ret_args, bool *ret_expanded)
{
	*ret_expanded = false;
	for (; *args; args++) {
		int r = expand(*args, NULL, ret_args, ret_expanded);
		if (r < 0)
			return r;
	}
	return 0;
}
