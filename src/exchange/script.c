/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"
#include "shared/shell.h"

enum { MAX_WORDS = 32 << 10 }; /* of one command that the script gives */

/* Which of the marks is the next in a word, and where; NULL: none. */
static const char *find_mark(const char *word, size_t *ret_len, const char **ret_variable)
{
	static const struct {
		const char *mark, *variable;
	} marks[] = {
		{EXCHANGE_ROOT, "\"$P\""},
		{EXCHANGE_KEPT, "\"$K\"/"},
		{EXCHANGE_NEW, "\"$R\".new."},
	};

	for (const char *at = word; (at = strchr(at, '\001')); at++)
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
			*ret_len = strlen(marks[i].mark);
			*ret_variable = marks[i].variable;
			if (strncmp(at, marks[i].mark, *ret_len) == 0)
				return at;
		}
	return NULL;
}

/* A word in which these marks may stand. */
static void add_word(struct strbuf *b, const char *word)
{
	const char *at, *variable;
	size_t len;

	while ((at = find_mark(word, &len, &variable))) {
		cleanup_free char *before = strndup(word, (size_t)(at - word));
		if (!before)
			b->error = -ENOMEM;
		else if (*before)
			shell_quote(b, before);
		strbuf_puts(b, variable);
		word = at + len;
		if (!*word)
			return;
	}
	shell_quote(b, word);
}

static void add_words(struct strbuf *b, const char *const *argv)
{
	for (; *argv; argv++) {
		strbuf_putc(b, ' ');
		add_word(b, *argv);
	}
}

/* Names of the host, as they are over there. */
static void add_paths(struct strbuf *b, const char *command, const struct strv *paths)
{
	size_t len = 0;

	for (size_t i = 0; i < paths->n; i++) {
		if (len == 0)
			strbuf_printf(b, "%s%s", i ? " || return\n" : "", command);
		strbuf_puts(b, " \"$P\"");
		shell_quote(b, paths->v[i]);
		len += strlen(paths->v[i]);
		if (len > MAX_WORDS) /* a command line has a limit */
			len = 0;
	}
	if (paths->n)
		strbuf_puts(b, " || return\n");
}

/* Files that the shell itself writes. */
static void add_texts(struct strbuf *b, const struct strv *texts)
{
	for (size_t i = 0; i < texts->n; i += 2) {
		strbuf_puts(b, "printf %s ");
		shell_quote(b, texts->v[i + 1]);
		strbuf_puts(b, " >\"$P\"");
		shell_quote(b, texts->v[i]);
		strbuf_puts(b, " || return\n");
	}
}

/* Has the builder list the names of what it is to take away where it begins anew. */
static void add_list(struct strbuf *b, const char *token, const struct strv *names)
{
	if (!names->n)
		return;
	strbuf_printf(b, "cat >>\"$S/list\" <<'%s' || return\n:\n", token);
	add_paths(b, "rm -rf --", names);
	strbuf_printf(b, "%s\n", token);
}

/* One command of an action, with where its outputs go. */
static void add_command(struct strbuf *b, const struct exchange_action *a, size_t number,
			const char *const *argv, size_t insert)
{
	for (size_t i = 0; i < a->n_outputs; i++)
		if (a->outputs[i].variable)
			strbuf_printf(b, " %s=\"$R.%zu.%zu\"", a->outputs[i].variable, number, i);
	for (size_t i = 0; argv[i] || i == insert; i++) {
		for (size_t j = 0; i == insert && j < a->n_outputs; j++)
			if (a->outputs[j].option)
				strbuf_printf(b, " %s \"$R.%zu.%zu\"", a->outputs[j].option, number,
					      j);
		if (!argv[i])
			break;
		strbuf_puts(b, " ");
		add_word(b, argv[i]);
	}
}

static void add_outputs(struct strbuf *b, const struct exchange_action *a, size_t number)
{
	for (size_t i = 0; i < a->n_outputs; i++)
		strbuf_printf(b, "true >\"$R.%zu.%zu\"\n", number, i);
}

static void add_first(struct strbuf *b, const struct exchange *x, const struct exchange_action *a,
		      size_t number)
{
	strbuf_printf(b, "if has_kept %s; then\n", x->kept[a->needs].name);
	add_command(b, a, number, a->first, a->first_insert);
	strbuf_printf(b, " >\"$R.%zu.said\" 2>&1\nis_fine $? %zu %s && return\n", number, number,
		      x->kept[a->needs].name);
	add_outputs(b, a, number);
	strbuf_puts(b, "fi\n");
}

static void add_action(struct strbuf *b, const struct exchange *x, size_t number)
{
	const struct exchange_action *a = &x->actions[number];

	strbuf_printf(b, "action_%zu() {\ncd \"$P\"", number);
	shell_quote(b, a->dir);
	strbuf_puts(b, " || return\n");
	add_outputs(b, a, number);
	if (a->first)
		add_first(b, x, a, number);
	if (a->input) {
		strbuf_puts(b, "printf %s ");
		shell_quote(b, a->input);
		strbuf_puts(b, " |");
	}
	add_command(b, a, number, a->argv, a->insert);
	strbuf_puts(b, "\n}\n");
}

static void add_kept(struct strbuf *b, const struct exchange_kept *k)
{
	strbuf_printf(b, "make_%s() {\ncd \"$P\"", k->name);
	shell_quote(b, k->dir);
	strbuf_puts(b, " && printf %s ");
	shell_quote(b, k->text);
	strbuf_printf(b, " >\"$R.new.%s.c\" &&\n%s=\"$R.new.%s.list\"", k->name, k->variable,
		      k->name);
	add_words(b, k->list);
	strbuf_printf(b, " &&\n%s=/dev/null", k->variable);
	add_words(b, k->make);
	strbuf_puts(b, "\n}\n");
}

int script_make(const struct exchange *x, const struct workspace *w, const char *token,
		const struct workspace_change *change, struct strbuf *ret_script)
{
	if (w->is_new)
		strbuf_puts(ret_script, "is_known() {\n:\n}\nprepare() {\nwipe || return\n");
	else
		strbuf_printf(ret_script, "is_known() {\nis_signed %s %s\n}\nprepare() {\n%s\n",
			      w->tokens[0], w->tokens[1],
			      /* First: a host that has other things there is to see it. */
			      workspace_change_is_empty(change)
				      ? ":"
				      : "sign \"$TOKEN filling\" || return");
	if (x->host_paths)
		add_list(ret_script, token, &change->names);
	add_paths(ret_script, "rm -rf --", &change->remove);
	add_paths(ret_script, "mkdir -p --", &change->make_dirs);
	add_texts(ret_script, &change->texts);
	strbuf_printf(ret_script, "}\nN=%zu LANES=%u KEEP_GOING=%s LIVE=%s FORGET=%s\n", x->n,
		      x->lanes, x->keep_going ? "1" : "", x->live ? "1" : "",
		      w->is_remembered ? "" : "1");
	for (const char *const *variable = x->env; variable && *variable; variable++) {
		strbuf_puts(ret_script, "export ");
		add_word(ret_script, *variable);
		strbuf_puts(ret_script, "\n");
	}
	if (x->n_kept)
		strbuf_printf(ret_script, "KEPT_LIMIT=%" PRIu64 " KEPT='", x->kept_limit >> 10);
	for (size_t i = 0; i < x->n_kept; i++)
		strbuf_printf(ret_script, " %s", x->kept[i].name);
	if (x->n_kept)
		strbuf_puts(ret_script, "'\n");
	for (size_t i = 0; i < x->n_kept; i++)
		add_kept(ret_script, &x->kept[i]);
	for (size_t i = 0; i < x->n; i++)
		add_action(ret_script, x, i);
	while (ret_script->len % SCRIPT_BLOCK && !ret_script->error)
		strbuf_putc(ret_script, '\n');
	return ret_script->error;
}
