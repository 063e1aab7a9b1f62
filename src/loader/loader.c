/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "loader.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"attach", loader_attach}, {"detach", loader_detach},     {"dump-btf", loader_dump_btf},
	{"list", loader_list},     {"load", loader_load},         {"map", loader_map},
	{"run", loader_run},       {"test-run", loader_test_run},
};

int main(int argc, char **argv)
{
	cli_begin();
	libbpf_set_print(NULL); /* opened.c hears it, where an object is */
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "crossbpf-loader is run by crossbpf\n");
	return EXIT_STATUS_USAGE;
}
