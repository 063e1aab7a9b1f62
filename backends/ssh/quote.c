/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sshd hands a command to the user's login shell as one string, and that is sh, bash, zsh, fish,
 * csh or tcsh. What all of them read alike is a word in single quotes, as long as none of these is
 * in it: a single quote, a newline (csh), "!" (csh's history), a backslash before a backslash or a
 * quote (fish). So the script for sh is written with its special characters in octal, and sh makes
 * it anew by printf. csh takes no word of more than some thousand bytes: there are several.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "ending.h"
#include "quote.h"
#include "shared/shell.h"
#include "shared/strbuf.h"

enum {
	WORD_ROOM = 1000,
	LINE_ROOM = 128 << 10, /* of one argument of a program on Linux */
};

/* Joins its arguments without a blank between, and is what they say. */
static const char opening[] = "exec sh -c 'IFS=;eval \"unset IFS;$(printf \"$*\")\"' sh '";

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && !strchr("'!\\%$\"`", c);
}

static int wrap(struct strbuf *script, char **ret_line)
{
	cleanup_strbuf struct strbuf line = {0};
	size_t used = 0;

	if (script->error)
		return script->error;
	strbuf_puts(&line, opening);
	for (size_t i = 0; i < script->len; i++) {
		unsigned char c = (unsigned char)script->data[i];
		if (used > WORD_ROOM) {
			strbuf_puts(&line, "' '");
			used = 0;
		}
		if (is_plain(c))
			strbuf_putc(&line, (char)c);
		else
			strbuf_printf(&line, "\\%03o", c);
		used += is_plain(c) ? 1 : 4;
	}
	strbuf_putc(&line, '\'');
	if (line.len >= LINE_ROOM)
		return -E2BIG;
	return strbuf_finish(&line, ret_line);
}

static void add_check(struct strbuf *script, const char *mark, const char *what)
{
	strbuf_printf(script, " || { printf '%%s:%%s\\n' %s %s; exit 127; }\n", mark, what);
}

/* A script of crossbpf's own, which has that name for $0 and does not ask for it, this sh runs
 * itself: one program less to be begun, in the most frequent command of all. */
static bool is_script(const char *const *argv)
{
	static const char *const words[] = {"sh", "-c", NULL, "crossbpf"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!argv[i] || (words[i] && strcmp(argv[i], words[i]) != 0))
			return false;
	return true;
}

/* Behind the command, in its shell. */
static void add_end(struct strbuf *script, const char *mark, bool confirms)
{
	strbuf_puts(script, "\nset -- $?\n");
	if (confirms)
		strbuf_printf(script, "[ $1 != %d ] || printf '\\036%%s:%%s\\n' %s $1 >&2\n",
			      ENDING_STATUS, mark);
	strbuf_puts(script, "exit $1");
}

static void add_command(struct strbuf *script, const char *const *argv, bool tty)
{
	if (is_script(argv) && !tty) {
		strbuf_puts(script, "(set -- ");
		shell_quote_all(script, argv + 4);
		strbuf_puts(script, "\n");
		strbuf_puts(script, argv[2]);
		strbuf_puts(script, "\n)");
		return;
	}
	/* The client knows no signal that ended a command, a shell does. On a terminal it would
	 * itself be ended by the command's ^C. */
	strbuf_puts(script, tty ? "exec " : "(exec ");
	shell_quote_all(script, argv);
	strbuf_puts(script, tty ? "" : ")");
}

int quote_run(const struct crossbpf_run *run, const char *mark, bool confirms, char **ret_line)
{
	cleanup_strbuf struct strbuf script = {0};
	bool tty = run->flags & CROSSBPF_RUN_TTY;

	if (run->dir) {
		strbuf_puts(&script, "cd -- ");
		shell_quote(&script, run->dir);
		strbuf_puts(&script, " >/dev/null 2>&1");
		add_check(&script, mark, "dir");
	}
	for (const char *const *word = run->env; word && *word; word++) {
		strbuf_puts(&script, "export ");
		shell_quote(&script, *word);
		strbuf_putc(&script, '\n');
	}
	strbuf_puts(&script, "command -v -- ");
	shell_quote(&script, run->argv[0]);
	strbuf_puts(&script, " >/dev/null");
	add_check(&script, mark, "program");
	strbuf_printf(&script, "printf '%%s:%%s\\n' %s \"$$\" || exit 126\n", mark);
	/* A command may signal its process group, as by kill 0, and this shell is of it: it says
	 * the status even so. What a shell catches is not caught in what it begins. */
	if (!tty)
		strbuf_puts(&script, "trap : HUP INT QUIT ALRM TERM USR1 USR2\n");
	add_command(&script, run->argv, tty);
	if (!tty)
		add_end(&script, mark, confirms);
	return wrap(&script, ret_line);
}

int quote_kill(long group, char **ret_line)
{
	cleanup_strbuf struct strbuf script = {0};

	strbuf_printf(&script,
		      "kill -TERM -%ld 2>/dev/null || exit 0\n"
		      "for i in 1 2 3 4 5; do\n"
		      "kill -0 -%ld 2>/dev/null || exit 0\n"
		      "sleep 0.1 || sleep 1\n"
		      "done\n"
		      "kill -KILL -%ld",
		      group, group, group);
	return wrap(&script, ret_line);
}
