/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf-llvm-strip and crossbpf-bpftool by themselves, as main-clang.c is crossbpf-clang: builds
 * look for a program, and start it once a file. */
#include "config.h"

#include "cli.h"

int main(int argc, char **argv)
{
	cli_begin();
	return TOOL_COMMAND(argc, argv);
}
