/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf shell: a shell where programs are compiled, with the project's files. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-command.h"
#include "cli.h"
#include "core/remote-shell.h"

enum bring { BRING_ASK, BRING_YES, BRING_NO };

struct options {
	const char *backend; /* NAME[:WHERE], or NULL */
	const char *const *command;
	enum bring bring;
	bool load, help;
};

static int parse_bring(const char *text, enum bring *ret_bring, struct crossbpf_error *e)
{
	static const char *const names[] = {
		[BRING_ASK] = "ask", [BRING_YES] = "yes", [BRING_NO] = "no"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret_bring = (enum bring)i;
			return 0;
		}
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "say yes, no or ask",
			 "--bring-back=%s: what is that?", text);
}

static int parse_options(int argc, char **argv, struct options *o, struct crossbpf_error *e)
{
	static const struct option longs[] = {
		{"backend", required_argument, NULL, 'b'},
		{"bring-back", required_argument, NULL, 'B'},
		{"load", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int letter, r = 0;

	optind = 1;
	while (r == 0 && (letter = getopt_long(argc, argv, "+h", longs, NULL)) != -1)
		switch (letter) {
		case 'b':
			o->backend = optarg;
			break;
		case 'B':
			r = parse_bring(optarg, &o->bring, e);
			break;
		case 'l':
			o->load = true;
			break;
		case 'h':
			o->help = true;
			break;
		default:
			return cli_refuse_option("shell", longs, argv, e);
		}
	if (r == 0 && optind < argc && strcmp(argv[optind - 1], "--") != 0)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "a command follows --, a backend --backend",
				 "'%s' is one argument too many", argv[optind]);
	o->command = (const char *const *)argv + optind;
	return r;
}

static int print_help(void)
{
	printf("Usage: crossbpf shell [OPTION...] [-- COMMAND...]\n"
	       "A shell, or COMMAND, on the builder, with copies of the project's files.\n\n"
	       "  --backend=NAME[:WHERE]      where (default: where a build would run)\n"
	       "  --load                      BPF programs can be loaded there\n"
	       "  --bring-back=yes|no|ask     what changed there (default: ask, on a terminal)\n"
	       "  -h, --help                  this help\n\n"
	       "See crossbpf-shell(1).\n");
	return cli_finish_output();
}

/* What names the builder's files are the builder's to choose: no byte of them is the terminal's. */
static void print_name(const char *name)
{
	for (const unsigned char *at = (const unsigned char *)name; *at; at++) {
		bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
		if (*at < ' ' || *at == 0x7f || *at == '\\' || is_c1)
			fprintf(stderr, "\\%03o", *at);
		else
			fputc(*at, stderr);
	}
}

static void say_of(const char *before, const char *name, const char *behind)
{
	fprintf(stderr, "%s", before);
	print_name(name);
	fprintf(stderr, "%s\n", behind);
}

static void list_changes(const struct shell *s)
{
	static const struct {
		const char *word, *behind;
	} kinds[] = {
		[SHELL_CHANGED] = {"changed", ""},
		[SHELL_NEW] = {"new", ""},
		[SHELL_REPLACES] = {"replaces", " (here is one that was not sent)"},
		[SHELL_REMOVED] = {"removed", " (stays here)"},
		[SHELL_SPECIAL] = {"special", " (a link or no file: is not brought back)"},
		[SHELL_FOREIGN] = {"foreign", " (not of the project: is not brought back)"},
	};

	for (size_t i = 0; i < s->n_changes; i++) {
		const struct shell_change *c = &s->changes[i];
		fprintf(stderr, "  %-8s  ", kinds[c->kind].word);
		say_of("", c->name, kinds[c->kind].behind);
	}
}

static bool ask(void)
{
	cleanup_free char *line = NULL;
	size_t room = 0;

	fprintf(stderr, "Bring back? [y/N] ");
	return getline(&line, &room, stdin) > 0 && (line[0] == 'y' || line[0] == 'Y');
}

/* Says what came of one; false where it is not what was wanted. */
static bool report_one(const struct shell_change *c)
{
	if (!c->was_there) {
		say_of("crossbpf: ", c->name, " is not brought back: it cannot be read over there");
		return false;
	}
	if (c->error == -ELOOP)
		say_of("crossbpf: ", c->name,
		       " is not brought back: here that is a link, leads through one, or is no "
		       "regular file");
	else if (c->error < 0) {
		say_of("crossbpf: cannot write ", c->name, ":");
		fprintf(stderr, "crossbpf:   %s\n", strerror(-c->error));
	} else if (c->result == BRING_BACK_BESIDE)
		say_of("crossbpf: ", c->name,
		       " changed here since the shell began and is kept; the builder's is beside "
		       "it, with " BRING_BACK_SUFFIX " behind its name");
	else if (c->result == BRING_BACK_KEPT)
		say_of("crossbpf: ", c->name,
		       " changed here since the shell began and is kept; the builder's is dropped, "
		       "as beside it there is one with " BRING_BACK_SUFFIX " behind its name");
	else
		return true;
	return false;
}

static int bring_all(struct shell *s, bool *ret_whole, struct crossbpf_error *e)
{
	size_t n = 0;

	int r = shell_bring_back(s, e);
	for (size_t i = 0; i < s->n_changes && r == 0; i++) {
		if (!shell_can_bring_back(&s->changes[i]))
			continue;
		if (report_one(&s->changes[i]))
			n++;
		else
			*ret_whole = false;
	}
	if (r == 0)
		fprintf(stderr, "crossbpf: brought back %zu %s\n", n, n == 1 ? "file" : "files");
	return r;
}

/* *ret_whole: all came back that was to come back. */
static int leave(struct shell *s, const struct options *o, bool *ret_whole,
		 struct crossbpf_error *e)
{
	bool can_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO), any = false;

	int r = shell_look(s, e);
	if (r < 0 || !s->n_changes)
		return r;
	fprintf(stderr, "crossbpf: on the builder, not as it was sent:\n");
	list_changes(s);
	for (size_t i = 0; i < s->n_changes; i++)
		any = any || shell_can_bring_back(&s->changes[i]);
	if (!any)
		return 0;
	if (o->bring == BRING_YES || (o->bring == BRING_ASK && can_ask && ask()))
		return bring_all(s, ret_whole, e);
	if (o->bring == BRING_ASK && !can_ask)
		fprintf(stderr, "crossbpf: nothing is brought back; --bring-back=yes does that\n");
	return 0;
}

/* On the host's own files there is nothing to send, nor to bring back. */
static int run_here(struct session *session, const struct options *o, bool is_terminal,
		    int *ret_status, struct crossbpf_error *e)
{
	static const int streams[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
	const char *own[] = {getenv("SHELL"), NULL};
	const char *name = session->plugin.backend.name;

	if (!own[0] || !own[0][0])
		own[0] = "sh";
	int r = session_open_loaded(session, 0, e);
	if (r < 0)
		return r;
	fprintf(stderr, "crossbpf: %s: a shell on this machine, on the files themselves%s\n", name,
		o->load ? "; --load grants nothing: programs load where you may load them" : "");
	return cli_command_run_here(session, o->command[0] ? o->command : own, streams, is_terminal,
				    ret_status, e);
}

static int run_there(struct shell *s, const struct options *o, bool is_terminal, int *ret_status,
		     struct crossbpf_error *e)
{
	cleanup_strv struct strv env = {0};
	bool whole = true;

	int r = shell_begin(s, o->load, e);
	if (r < 0)
		return r;
	cli_command_add_term(&env, is_terminal);
	if (env.error)
		return error_no_memory(e);
	if (!o->command[0])
		fprintf(stderr, "crossbpf: %s: a shell with copies of %zu files of %s\n",
			s->session->plugin.backend.name, s->n_sent, s->project->root);
	if (is_terminal)
		cli_lend_terminal();
	r = shell_run(s, o->command, is_terminal, (const char *const *)env.v, ret_status, e);
	if (is_terminal)
		cli_take_terminal();
	if (r == 0 && !cli_is_interrupted())
		r = leave(s, o, &whole, e);
	if (r == 0 && !whole && *ret_status == 0)
		*ret_status = EXIT_STATUS_OUTPUT;
	return r;
}

static int run(struct cli_project *p, const struct options *o, int *ret_status,
	       struct crossbpf_error *e)
{
	cleanup_session struct session session = {0};
	bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	int r = cli_command_load(p, &session, e);
	if (r < 0)
		return r;
	if (session_sees_host_files(&session))
		return run_here(&session, o, is_terminal, ret_status, e);
	cleanup_shell struct shell shell = {
		.session = &session,
		.project = &p->project,
		.module_dir = cli_module_dir(),
	};
	return run_there(&shell, o, is_terminal, ret_status, e);
}

int cmd_shell(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_cli_project struct cli_project project = {0};
	struct options options = {0};
	int status = EXIT_STATUS_OK;

	int r = parse_options(argc, argv, &options, &error);
	if (r == 0 && options.help)
		return print_help();
	if (r == 0)
		r = cli_command_open(&project, options.backend, false, &error);
	if (r == 0)
		r = run(&project, &options, &status, &error);
	cli_die_of_interrupt();
	return r < 0 ? cli_report(&error) : status;
}
