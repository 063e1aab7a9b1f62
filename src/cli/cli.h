/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands share. Only the files in this directory print or exit. */
#ifndef CROSSBPF_CLI_H
#define CROSSBPF_CLI_H

#include <stdbool.h>

#include "shared/error.h"
#include "shared/strbuf.h"

struct command {
	const char *name;
	const char *arguments; /* for the synopsis */
	const char *summary;   /* one line, without a full stop */
	/* argv[0] is the command's name; returns the exit status. */
	int (*run)(int argc, char **argv);
};

int cmd_attach(int argc, char **argv);
int cmd_bpftool(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_cache(int argc, char **argv);
int cmd_clang(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_headers(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_lock(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_trust(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_gen(int argc, char **argv);
int cmd_down(int argc, char **argv);
int cmd_llvm_strip(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_test_run(int argc, char **argv);
int cmd_up(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_vmlinux(int argc, char **argv);

/* What a program of ours does first: makes sure of its standard streams and of its children. */
void cli_begin(void);

/* Prints an error and its hint on standard error; returns its exit status. */
int cli_report(const struct crossbpf_error *e);

/* What getopt_long() did not take, and has complained of: `argv` as it left that. -EINVAL (status
 * 2) with the option that may have been meant. */
struct option;
int cli_refuse_option(const char *command, const struct option *longs, char **argv,
		      struct crossbpf_error *e);

/* Prints an error that ends nothing. */
void cli_warn(const struct crossbpf_error *e);

/* Appends a text with what a terminal would obey written out. */
void cli_add_visible(struct strbuf *b, const char *text);

/* A line for those who asked for more, on standard error. */
void cli_log(const char *message);

/* CROSSBPF_NAME from the environment, or the fallback where it is unset or empty. */
const char *cli_setting(const char *name, const char *fallback);

/* The same for a directory of ours, such as that of the plugins; of no effect under setuid. */
const char *cli_directory(const char *name, const char *fallback);

/* The plugins' directory. */
const char *cli_backend_dir(void);

/* The directory of modules that are loaded on need. */
const char *cli_module_dir(void);

/* Our own headers, which clang is to look at last; NULL where memory ran out. The caller frees. */
char *cli_header_dir(void);

/* Was all written that was printed? What was asked for is worth nothing where it was not. Returns
 * the exit status. */
int cli_finish_output(void);

/* Did one of the signals below come? */
bool cli_is_interrupted(void);

/* SIGINT, SIGTERM and SIGHUP from now on close what the returned descriptor is the other end of:
 * for `control` of struct crossbpf_run. -1 where that cannot be had. */
int cli_catch_interrupts(void);

/* Between the two, the terminal is a command's that we run: its keys are no signals to us, and a
 * change of its size is told to who reads what cli_catch_interrupts() returned. */
void cli_lend_terminal(void);
void cli_take_terminal(void);

/* Ends the process by the signal that came, if one did, so that a shell sees what happened. */
void cli_die_of_interrupt(void);

#endif
