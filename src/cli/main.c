/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf COMMAND, and crossbpf-COMMAND as a link to it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli-complete.h"
#include "cli.h"
#include "shared/io.h"
#include "shared/nearest.h"

static const struct command commands[] = {
	{"build", "[OPTION...] [SOURCE...]", "compile a project's sources, only what changed",
	 cmd_build},
	{"clang", "ARGUMENT...", "take clang's place in any build; also as crossbpf-clang",
	 cmd_clang},
	{"gen", "skeleton|go|c [OPTION...] OBJECT...", "code that carries an object", cmd_gen},
	{"headers", "[OPTION...] [SOURCE...]",
	 "mirror the builder's headers, so that a clang without any compiles here", cmd_headers},
	{"inspect", "[--json] OBJECT...",
	 "say what is in objects, and the oldest kernel that loads them", cmd_inspect},
	{"vmlinux", "[OPTION...] [FILE]", "write vmlinux.h, the types of a kernel", cmd_vmlinux},
	{"load", "[OPTION...] OBJECT", "load an object into the kernel", cmd_load},
	{"attach", "[OPTION...] OBJECT [PROGRAM[=WHERE]...]", "load it, and attach its programs",
	 cmd_attach},
	{"detach", "NAME[/PROGRAM[=WHERE]]...", "undo that", cmd_detach},
	{"list", "[--json] [NAME...]", "say what is loaded and attached, where and by what",
	 cmd_list},
	{"map", "get|set|delete|list|import [--json] MAP [KEY [VALUE]]",
	 "read and change a loaded program's maps", cmd_map},
	{"run", "[OPTION...] OBJECT [PROGRAM[=WHERE]...]",
	 "load it, attach it, print its events; all is undone at the end", cmd_run},
	{"test-run", "[OPTION...] OBJECT --pcap=FILE", "run a program on the packets of a capture",
	 cmd_test_run},
	{"verify", "[OPTION...] [OBJECT...]",
	 "say which kernels load objects, and why one does not", cmd_verify},
	{"lock", "[--check]", "pin the builder, so that another one is refused", cmd_lock},
	{"trust", "[--list|--revoke] [DIR|FILE]", "accept what a project's crossbpf.conf starts",
	 cmd_trust},
	{"cache", "stats|prune|clear", "the object cache", cmd_cache},
	{"llvm-strip", "ARGUMENT...", "the builder's llvm-strip; also as crossbpf-llvm-strip",
	 cmd_llvm_strip},
	{"bpftool", "ARGUMENT...", "the builder's bpftool; also as crossbpf-bpftool", cmd_bpftool},
	{"up", "[BACKEND[:WHERE]]", "bring up the project's builder", cmd_up},
	{"down", "[BACKEND[:WHERE]]", "stop and remove it", cmd_down},
	{"status", "[--json] [BACKEND[:WHERE]]", "say what runs", cmd_status},
	{"shell", "[OPTION...] [-- COMMAND...]", "a shell on the builder, with the project's files",
	 cmd_shell},
	{"exec", "[OPTION...] [--] COMMAND...",
	 "a command on a builder, with files sent and fetched", cmd_exec},
	{"doctor", "[--json]", "say what is there, what is not, and what mends it", cmd_doctor},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static const char *nearest_command(const char *word)
{
	const char *names[sizeof(commands) / sizeof(commands[0]) + 1] = {NULL};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		names[i] = commands[i].name;
	return nearest(word, names);
}

static int print_help(void)
{
	printf("Usage: crossbpf COMMAND [ARGUMENT...]\n"
	       "Compiles eBPF programs from any host, to the same bytes wherever clang ran.\n\n"
	       "Commands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
		       commands[i].summary);
	printf("\nOptions:\n"
	       "  --help     print this and exit\n"
	       "  --version  print the version and exit\n\n"
	       "See crossbpf(1). Report bugs to <" PACKAGE_BUGREPORT ">.\n");
	return cli_finish_output();
}

static int print_version(void)
{
	printf("crossbpf " PACKAGE_VERSION "\n"
	       "backend: " CROSSBPF_DEFAULT_BACKEND " (order: " CROSSBPF_BACKEND_ORDER ")\n"
	       "plugins: %s\n",
	       cli_backend_dir());
	return cli_finish_output();
}

int main(int argc, char **argv)
{
	static const char prefix[] = "crossbpf-";
	const char *name = argc > 0 ? io_basename(argv[0]) : "crossbpf";

	cli_begin();
	/* Something may stand before it: configure --program-prefix. */
	const char *own_name = strstr(name, prefix);
	if (own_name) {
		const struct command *command = find_command(own_name + strlen(prefix));
		if (command)
			return command->run(argc, argv);
	}

	if (argc < 2) {
		fprintf(stderr, "crossbpf: no command was given\n"
				"crossbpf: hint: crossbpf --help lists them\n");
		return EXIT_STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return print_help();
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	if (strcmp(argv[1], "--complete") == 0)
		return cli_complete(commands, sizeof(commands) / sizeof(commands[0]), print_help,
				    (const char *const *)argv + 2);

	const struct command *command = find_command(argv[1]);
	if (!command) {
		const char *near = nearest_command(argv[1]);
		fprintf(stderr, "crossbpf: '%s' is no command\n", argv[1]);
		if (near)
			fprintf(stderr, "crossbpf: hint: did you mean 'crossbpf %s'?\n", near);
		else
			fprintf(stderr, "crossbpf: hint: crossbpf --help lists them\n");
		return EXIT_STATUS_USAGE;
	}
	return command->run(argc - 1, argv + 1);
}
