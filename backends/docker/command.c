/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "command.h"
#include "container.h"
#include "shared/shell.h"

/* Says that the container is used, without a process for it, and becomes the command. */
#define USED "{ echo >" CONTAINER_USED "; } 2>/dev/null\n"
static const char starter[] = USED "cd -- \"$1\" || exit 127\nshift\nexec \"$@\"";

static const char checker[] = "cd -- \"$1\" || exit 3\n"
			      "command -v -- \"$2\" >/dev/null || exit 4";

/* The length of the UTF-8 character that begins here (RFC 3629), or 0. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (n == 0 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static bool is_utf8(const char *string)
{
	const unsigned char *s = (const unsigned char *)string;

	while (*s) {
		size_t n = utf8_length(s);
		if (n == 0)
			return false;
		s += n;
	}
	return true;
}

static bool are_utf8(const char *const *strings)
{
	while (*strings && is_utf8(*strings))
		strings++;
	return !*strings;
}

/* Sets the shell's variable `word`. Each byte is given in octal; "x" keeps newlines at the end. */
static void add_bytes(struct strbuf *script, const char *word)
{
	strbuf_puts(script, "word=$(printf '");
	for (const unsigned char *at = (const unsigned char *)word; *at; at++)
		strbuf_printf(script, "\\%03o", *at);
	strbuf_puts(script, "x')\n");
}

static void add_word(struct strbuf *script, const char *before, const char *word)
{
	if (is_utf8(word)) {
		strbuf_puts(script, before);
		shell_quote(script, word);
	} else {
		add_bytes(script, word);
		strbuf_printf(script, "%s\"${word%%x}\"", before);
	}
	strbuf_putc(script, '\n');
}

/*
 * The engines carry words as JSON, which replaces what is no UTF-8. A command that has such bytes
 * is put into a script that makes them.
 */
static char *script_of(const struct crossbpf_run *run, const char *dir)
{
	struct strbuf script = {0};
	char *string;

	strbuf_puts(&script, USED "set --\n");
	for (const char *const *word = run->argv; *word; word++)
		add_word(&script, "set -- \"$@\" ", *word);
	for (const char *const *word = run->env; word && *word; word++)
		if (!is_utf8(*word))
			add_word(&script, "export ", *word);
	add_word(&script, "cd -- ", dir);
	strbuf_puts(&script, "[ $? = 0 ] || exit 127\nexec \"$@\"");
	return strbuf_finish(&script, &string) < 0 ? NULL : string;
}

static void add_environment(struct strv *words, const char *const *env)
{
	for (; env && *env; env++) {
		if (!is_utf8(*env))
			continue;
		strv_add(words, "-e");
		strv_add(words, *env);
	}
}

void command_words(struct strv *words, const char *container, const struct crossbpf_run *run,
		   const char *dir, const char *mark)
{
	static const char *const none[] = {NULL};

	strv_add_all(words, (const char *const[]){"exec", "-i", NULL});
	if (run->flags & CROSSBPF_RUN_TTY)
		strv_add(words, "-t");
	strv_add(words, "-e");
	strv_take(words, str_printf(CONTAINER_VARIABLE "=%s", mark));
	add_environment(words, run->env);
	strv_add_all(words, (const char *const[]){container, "sh", "-c", NULL});
	if (are_utf8(run->argv) && are_utf8(run->env ? run->env : none) && is_utf8(dir)) {
		strv_add_all(words, (const char *const[]){starter, "sh", dir, NULL});
		strv_add_all(words, run->argv);
	} else {
		strv_take(words, script_of(run, dir));
	}
}

/* Is it "NAME=value", as a shell can export it? */
static bool can_be_exported(const char *setting)
{
	size_t len =
		strspn(setting, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return len && setting[len] == '=' && !(setting[0] >= '0' && setting[0] <= '9');
}

char *command_script(const struct crossbpf_run *run, const char *dir, const char *mark)
{
	cleanup_strbuf struct strbuf script = {0};
	char *string;

	strbuf_printf(&script, "{\n" USED "export " CONTAINER_VARIABLE "=%s", mark);
	for (const char *const *word = run->env; word && *word; word++) {
		if (!can_be_exported(*word))
			return NULL;
		strbuf_putc(&script, ' ');
		shell_quote(&script, *word);
	}
	strbuf_puts(&script, "\ncd -- ");
	shell_quote(&script, dir);
	strbuf_puts(&script, " || exit 127\nexec ");
	shell_quote_all(&script, run->argv);
	strbuf_puts(&script, "\n}");
	return strbuf_finish(&script, &string) < 0 ? NULL : string;
}

void command_check_words(struct strv *words, const char *container, const char *program,
			 const char *dir)
{
	strv_add_all(words, (const char *const[]){"exec", container, "sh", "-c", checker, "sh", dir,
						  program, NULL});
}
