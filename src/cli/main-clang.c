/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf-clang by itself: what `crossbpf clang` does. Builds start it once a file, and the
 * libraries that the other commands need would be a good part of what that costs.
 */
#include "config.h"

#include "cli.h"

int main(int argc, char **argv)
{
	cli_begin();
	return cmd_clang(argc, argv);
}
