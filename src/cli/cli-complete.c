/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf --complete. A command's options, their arguments and what is said of them are read from
 * its own --help, so that the two cannot differ; completions.test holds that against the tables by
 * which options are taken.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-complete.h"
#include "core/plugin.h"
#include "core/variant.h"
#include "shared/io.h"
#include "shared/strv.h"

enum { HELP_SIZE_MAX = 1 << 16, OPTIONS_MAX = 64 };

/* A line of --help, cut into pieces: "  -d, --outdir=DIR   where files go", or "  stats   how
 * much". */
struct entry {
	const char *letter;   /* "-d", or NULL */
	const char *name;     /* "--outdir"; what is no option has its word here */
	const char *argument; /* "DIR", or NULL */
	const char *text;
};

struct help {
	struct strbuf text;
	struct entry entries[OPTIONS_MAX];
	size_t n;
};

static void help_free(struct help *h)
{
	strbuf_free(&h->text);
}
#define cleanup_help CLEANUP(help_free)

static void offer(const char *typed, const char *before, const char *word, const char *behind,
		  const char *text)
{
	cleanup_free char *whole = str_printf("%s%s%s", before, word, behind);

	if (whole && str_begins(whole, typed))
		printf("%s\t%s\n", whole, text ? text : "");
}

/* --help */

/* Cuts a word off at its first blank; returns what follows the blanks. */
static char *cut(char *word)
{
	char *end = word + strcspn(word, " ");

	if (*end)
		*end++ = '\0';
	return end + strspn(end, " ");
}

static void parse_line(struct help *h, char *line)
{
	struct entry *entry = &h->entries[h->n];
	size_t indent = strspn(line, " ");
	char *at = line + indent;

	if (h->n && indent > 8 && !*entry[-1].text && *at != '-')
		entry[-1].text = at; /* it did not fit behind a long option */
	/* An option without a letter may stand where the others' names do. */
	if (h->n == OPTIONS_MAX || !*at || !(indent == 2 || (indent == 6 && str_begins(at, "--"))))
		return;
	*entry = (struct entry){0};
	if (at[0] == '-' && at[1] != '-' && at[1] && at[2] == ',') {
		at[2] = '\0';
		entry->letter = at;
		at += 3 + strspn(at + 3, " ");
	}
	entry->name = at;
	entry->text = cut(at);
	char *equals = str_begins(at, "--") ? strchr(at, '=') : NULL;
	if (equals) {
		*equals = '\0';
		entry->argument = equals + 1;
	}
	h->n++;
}

static void parse_help(struct help *h)
{
	for (char *line = h->text.data; line && *line;) {
		char *end = line + strcspn(line, "\n");
		char *next = *end ? end + 1 : end;
		*end = '\0';
		parse_line(h, line);
		line = next;
	}
}

/* What a command, or `help` where there is none, prints. */
static int read_help(const struct command *command, int (*help)(void), struct help *h)
{
	char name[32], option[] = "--help", *argv[] = {name, option, NULL};
	cleanup_close int saved = -1, file = -1;

	fflush(stdout);
	int r = io_temporary(&file);
	if (r < 0 || (saved = dup(STDOUT_FILENO)) < 0 || dup2(file, STDOUT_FILENO) < 0)
		return -1;
	snprintf(name, sizeof(name), "%s", command ? command->name : "");
	int status = command ? command->run(2, argv) : help();
	fflush(stdout);
	if (dup2(saved, STDOUT_FILENO) < 0 || status != EXIT_STATUS_OK ||
	    lseek(file, 0, SEEK_SET) < 0 || io_read_fd(file, HELP_SIZE_MAX, &h->text) < 0)
		return -1;
	parse_help(h);
	return 0;
}

static const struct entry *find_option(const struct help *h, const char *word, size_t len)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct entry *o = &h->entries[i];
		if (o->letter && strlen(o->letter) == len && strncmp(o->letter, word, len) == 0)
			return o;
		if (strlen(o->name) == len && strncmp(o->name, word, len) == 0)
			return o;
	}
	return NULL;
}

/* What may stand there */

static void offer_options(const struct help *h, const char *typed)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct entry *o = &h->entries[i];
		if (o->letter)
			offer(typed, "", o->letter, "", o->text);
		if (o->name[0] == '-')
			offer(typed, "", o->name, o->argument ? "=" : "", o->text);
	}
}

/* The words of --help that are no options: stats, prune, clear. False where there are none. */
static bool offer_words(const struct help *h, const char *typed)
{
	bool has_words = false;

	for (size_t i = 0; i < h->n; i++)
		if (h->entries[i].name[0] != '-') {
			offer(typed, "", h->entries[i].name, "", h->entries[i].text);
			has_words = true;
		}
	return has_words;
}

static void offer_backends(const char *typed, const char *before)
{
	cleanup_strv struct strv names = {0};

	plugin_list(cli_backend_dir(), &names);
	offer(typed, before, "auto", "", "the first that works");
	for (size_t i = 0; i < names.n; i++)
		offer(typed, before, names.v[i], "", "backend");
}

/* One more of what may be parted by commas. */
static void offer_list(const char *const *names, const char *typed, const char *before)
{
	const char *comma = strrchr(typed, ',');
	size_t len = comma ? (size_t)(comma + 1 - typed) : strlen(before);
	cleanup_free char *head = comma ? strndup(typed, len) : strdup(before);

	for (; head && names && *names; names++)
		offer(typed, head, *names, "", "");
}

static void offer_alternatives(const char *names, const char *typed, const char *before)
{
	while (*names) {
		size_t len = strcspn(names, "|");
		cleanup_free char *name = strndup(names, len);
		if (name)
			offer(typed, before, name, "", "");
		names += len + (names[len] == '|');
	}
}

/* `typed` is all of the word, which begins with `before`: "--arch=", or "". */
static void offer_values(const struct entry *o, const char *typed, const char *before)
{
	const char *argument = o->argument;

	if (strchr(argument, '|'))
		offer_alternatives(argument, typed, before);
	else if (strcmp(argument, "NAME[:WHERE]") == 0)
		offer_backends(typed, before);
	else if (strcmp(argument, "LIST") == 0)
		offer_list(variant_names(o->name + 2), typed, before);
	else if (strcmp(argument, "DIR") == 0)
		printf(":directories\n");
	else if (strcmp(argument, "FILE") == 0)
		printf(":files\n");
	else if (strcmp(argument, "PROGRAM") == 0 || strcmp(argument, "COMMAND") == 0)
		printf(":programs\n");
}

/* By the synopsis of a command: "[OPTION...] [SOURCE...]". */
static void offer_arguments(const struct command *command, const struct help *h, const char *typed,
			    size_t n_before)
{
	const char *takes = command->arguments;

	if (n_before == 0 && offer_words(h, typed))
		return;
	if (strstr(takes, "SOURCE"))
		printf(":files .c .S\n");
	else if (strstr(takes, "OBJECT"))
		printf(":files .o\n");
	else if (strstr(takes, "FILE") && n_before == 0)
		printf(":files\n");
	else if (strstr(takes, "BACKEND") && n_before == 0)
		offer_backends(typed, "");
	else
		offer_options(h, typed);
}

/* Words of a command; words[0] is its name. */
static void complete_command(const struct command *command, const struct help *h,
			     const char *const *words)
{
	bool takes_command = strstr(command->arguments, "COMMAND...") != NULL;
	const struct entry *pending = NULL; /* its argument is the next word */
	size_t n_arguments = 0, i;
	bool ended = false;

	for (i = 1; words[i + 1]; i++) {
		const char *word = words[i];
		const struct entry *o = !ended ? find_option(h, word, strlen(word)) : NULL;
		if (pending)
			pending = NULL;
		else if (!ended && strcmp(word, "--") == 0)
			ended = true;
		else if (!ended && word[0] == '-' && word[1])
			pending = o && o->argument ? o : NULL;
		else if (takes_command)
			break;
		else
			n_arguments++;
	}

	const char *typed = words[i];
	const char *equals = str_begins(typed, "--") ? strchr(typed, '=') : NULL;
	if (words[i + 1] || (takes_command && !pending && (ended || typed[0] != '-'))) {
		printf(":command %zu\n", i + 1);
	} else if (pending) {
		offer_values(pending, typed, "");
	} else if (!ended && equals) {
		cleanup_free char *before = strndup(typed, (size_t)(equals + 1 - typed));
		const struct entry *o = find_option(h, typed, (size_t)(equals - typed));
		if (o && o->argument && before)
			offer_values(o, typed, before);
	} else if (!ended && typed[0] == '-') {
		offer_options(h, typed);
	} else {
		offer_arguments(command, h, typed, n_arguments);
	}
}

int cli_complete(const struct command *commands, size_t n, int (*help)(void),
		 const char *const *words)
{
	cleanup_help struct help h = {0};

	if (!words[0])
		return EXIT_STATUS_OK;
	if (!words[1]) { /* the command itself */
		if (words[0][0] == '-' && read_help(NULL, help, &h) == 0)
			offer_options(&h, words[0]);
		for (size_t i = 0; i < n; i++)
			offer(words[0], "", commands[i].name, "", commands[i].summary);
		return cli_finish_output();
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(commands[i].name, words[0]) != 0)
			continue;
		if (str_begins(commands[i].arguments, "ARGUMENT")) /* another program's */
			printf(":command 1\n");
		else if (read_help(&commands[i], NULL, &h) == 0)
			complete_command(&commands[i], &h, words);
	}
	return cli_finish_output();
}
