/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf exec: one command where programs are compiled, with the files that it needs. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-command.h"
#include "cli.h"
#include "core/exec-here.h"

/* Of ours, whatever failed: no command has it by itself that was told from one of its own. */
enum { STATUS_OURS = 125 };

struct options {
	const char *backend; /* NAME[:WHERE], or NULL */
	const char *const *command;
	struct strv in, out; /* as exec_name() has them */
	bool has_terminal, verbose, help;
};

static void options_free(struct options *o)
{
	strv_free(&o->in);
	strv_free(&o->out);
}

static int usage(struct crossbpf_error *e, const char *what)
{
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "see crossbpf exec --help", "%s", what);
}

static int add_name(struct strv *names, const char *option, const char *given,
		    struct crossbpf_error *e)
{
	char *name = NULL;

	int r = exec_name(given, &name);
	if (r == -EINVAL)
		return error_set(e, r, EXIT_STATUS_USAGE,
				 strcmp(option, "in") == 0
					 ? "run it in a directory that holds all files, or make a "
					   "link to it in this one"
					 : "run it in a directory that holds all files, or move "
					   "the file behind it",
				 "--%s=%s: the name must not lead out of this directory", option,
				 given);
	if (r < 0)
		return error_no_memory(e);
	strv_take(names, name);
	return names->error ? error_no_memory(e) : 0;
}

static int add_output(struct options *o, const char *given, struct crossbpf_error *e)
{
	size_t len = strlen(given);

	int r = add_name(&o->out, "out", given, e);
	if (r == 0 && (!o->out.v[o->out.n - 1][0] || given[len - 1] == '/'))
		return error_set(e, -EISDIR, EXIT_STATUS_USAGE,
				 "name its files, or have the command put them into an archive",
				 "--out=%s: a directory is not fetched", given);
	return r;
}

static int parse_options(int argc, char **argv, struct options *o, struct crossbpf_error *e)
{
	static const struct option longs[] = {
		{"on", required_argument, NULL, 'b'},
		{"in", required_argument, NULL, 'i'},
		{"out", required_argument, NULL, 'o'},
		{"tty", no_argument, NULL, 't'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int letter, r = 0;

	optind = 1;
	while (r == 0 && (letter = getopt_long(argc, argv, "+hv", longs, NULL)) != -1)
		switch (letter) {
		case 'b':
			o->backend = optarg;
			break;
		case 'i':
			r = add_name(&o->in, "in", optarg, e);
			break;
		case 'o':
			r = add_output(o, optarg, e);
			break;
		case 't':
			o->has_terminal = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'h':
			o->help = true;
			break;
		default:
			return cli_refuse_option("exec", longs, argv, e);
		}
	o->command = (const char *const *)argv + optind;
	return r;
}

static int check_options(const struct options *o, struct crossbpf_error *e)
{
	struct stat st;

	if (!o->command[0])
		return usage(e, "no command was given");
	if (o->has_terminal && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		return error_set(e, -ENOTTY, EXIT_STATUS_USAGE, "leave --tty out in scripts",
				 "--tty: standard input and output are no terminal");
	for (size_t i = 0; i < o->in.n; i++) {
		const char *name = o->in.v[i][0] ? o->in.v[i] : ".";
		if (stat(name, &st) < 0)
			return error_set(e, -errno, EXIT_STATUS_USAGE, NULL, "--in=%s: %s", name,
					 strerror(errno));
		if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
					 "--in=%s: neither a file nor a directory", name);
	}
	return 0;
}

static int print_help(void)
{
	printf("Usage: crossbpf exec [OPTION...] [--] COMMAND...\n"
	       "Runs COMMAND where programs are compiled, or on another backend.\n\n"
	       "  --on=NAME[:WHERE]  where, as docker, ssh:HOST (default: where a build would "
	       "run)\n"
	       "  --in=FILE          send this file, or directory; as often as wanted\n"
	       "  --out=FILE         fetch this file afterwards; as often as wanted\n"
	       "  --tty              give COMMAND a terminal\n"
	       "  -v, --verbose      say where it runs, by which way, and what is sent and "
	       "fetched\n"
	       "  -h, --help         this help\n\n"
	       "See crossbpf-exec(1).\n");
	return cli_finish_output();
}

/* Says what came of one; false where it did not come. */
static bool report_output(const char *name, const struct exec_output *output, int status)
{
	static const char *const reasons[] = {
		[EXEC_OUTPUT_DIRECTORY] = "it is a directory, of which files can be named",
		[EXEC_OUTPUT_SPECIAL] = "it is a link, leads through one, or is no regular file",
		[EXEC_OUTPUT_UNREADABLE] = "it cannot be read",
		[EXEC_OUTPUT_BIG] = "it has more than 4 GiB",
	};

	switch (output->result) {
	case EXEC_OUTPUT_DONE:
		return true;
	case EXEC_OUTPUT_MISSING:
		fprintf(stderr, "crossbpf: %s was not made; the command ended with status %d\n",
			name, status);
		return false;
	case EXEC_OUTPUT_DIRECTORY:
	case EXEC_OUTPUT_SPECIAL:
	case EXEC_OUTPUT_UNREADABLE:
	case EXEC_OUTPUT_BIG:
		fprintf(stderr, "crossbpf: %s is not fetched: %s\n", name, reasons[output->result]);
		return false;
	case EXEC_OUTPUT_UNKNOWN: /* one sentence says it of all of them */
		return false;
	case EXEC_OUTPUT_FAILED:
		break;
	}
	fprintf(stderr, "crossbpf: cannot write %s: %s\n", name,
		output->error == -ELOOP
			? "here that is a link, leads through one, or is no regular file"
			: strerror(-output->error));
	return false;
}

/* *ret_status becomes ours where all was well but the outputs. */
static void report_outputs(const struct options *o, const struct exec_output *outputs,
			   int *ret_status)
{
	bool whole = true;

	for (size_t i = 0; i < o->out.n; i++)
		whole = report_output(o->out.v[i], &outputs[i], *ret_status) && whole;
	if (!whole && *ret_status == 0)
		*ret_status = STATUS_OURS;
}

/* In place: there is nothing to send or to fetch. */
static int run_here(struct session *session, const struct options *o, const char *dir,
		    const int fd[3], int *ret_status, struct crossbpf_error *e)
{
	cleanup_exec_here struct exec_here here = {.dir = dir, .in = &o->in, .out = &o->out};

	if (o->verbose)
		fprintf(stderr, "crossbpf: %s: runs in place, in %s; nothing is sent\n",
			session->plugin.backend.name, dir);
	int r = exec_here_begin(&here) == 0 ? session_open_loaded(session, 0, e)
					    : error_no_memory(e);
	if (r == 0)
		r = cli_command_run_here(session, o->command, fd, o->has_terminal, ret_status, e);
	if (r == -ENOENT || r == -EACCES) { /* as a shell has it, and so it is elsewhere */
		cli_report(e);
		*ret_status = r == -ENOENT ? 127 : 126;
		r = 0;
	}
	if (r < 0 || cli_is_interrupted())
		return r;
	exec_here_look(&here);
	report_outputs(o, here.outputs, ret_status);
	return 0;
}

static int run_there(struct remote_exec *x, const struct options *o, const int fd[3],
		     int *ret_status, struct crossbpf_error *e)
{
	cleanup_strv struct strv env = {0};

	if (o->has_terminal)
		cli_command_add_term(&env, true);
	if (env.error)
		return error_no_memory(e);
	int r = exec_begin(x, e);
	if (r < 0)
		return r;
	static const char *const none[] = {NULL};
	if (o->has_terminal)
		cli_lend_terminal();
	r = exec_run(x, o->command, fd, o->has_terminal, env.n ? (const char *const *)env.v : none,
		     ret_status, e);
	if (o->has_terminal)
		cli_take_terminal();
	if (r < 0 || cli_is_interrupted() || !o->out.n)
		return r;
	if (o->verbose)
		fprintf(stderr, "crossbpf: fetches %zu %s\n", o->out.n,
			o->out.n == 1 ? "file" : "files");
	r = exec_fetch(x, e);
	if (x->outputs && !cli_is_interrupted())
		report_outputs(o, x->outputs, ret_status);
	return r;
}

static int run(struct cli_project *p, const struct options *o, int *ret_status,
	       struct crossbpf_error *e)
{
	cleanup_session struct session session = {0};
	/* A terminal that is not given to the command is not its input either: to be ended by ^C it
	 * is not in the group of processes that may read there. */
	bool has_input = o->has_terminal || !isatty(STDIN_FILENO);
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fd[] = {has_input ? STDIN_FILENO : null, STDOUT_FILENO, STDERR_FILENO};

	if (null < 0)
		return error_set(e, -errno, EXIT_STATUS_OUTPUT, NULL, "cannot open /dev/null: %s",
				 strerror(errno));
	int r = cli_command_load(p, &session, e);
	if (r < 0)
		return r;
	if (session_sees_host_files(&session))
		return run_here(&session, o, p->project.dir, fd, ret_status, e);
	cleanup_exec struct remote_exec x = {
		.place = {.session = &session, .module_dir = cli_module_dir()},
		.dir = p->project.dir,
		.in = &o->in,
		.out = &o->out,
		.warn = cli_log,
		.log = o->verbose ? cli_log : NULL,
	};
	return run_there(&x, o, fd, ret_status, e);
}

int cmd_exec(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_cli_project struct cli_project project = {0};
	CLEANUP(options_free) struct options options = {0};
	int status = EXIT_STATUS_OK;

	int r = parse_options(argc, argv, &options, &error);
	if (r == 0 && options.help)
		return print_help();
	if (r == 0)
		r = check_options(&options, &error);
	if (r == 0)
		r = cli_command_open(&project, options.backend, options.verbose, &error);
	if (r == 0)
		r = run(&project, &options, &status, &error);
	cli_die_of_interrupt();
	if (r < 0)
		cli_report(&error);
	return r < 0 && status == 0 ? STATUS_OURS : status;
}
