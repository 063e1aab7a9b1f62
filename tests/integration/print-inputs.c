/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints what clang_argv_parse() takes for inputs of its command line, a line each. */
#include <stdio.h>

#include "core/clang-argv.h"

int main(int argc, char **argv)
{
	struct clang_argv c;

	if (argc < 1 || clang_argv_parse((const char *const *)argv + 1, &c) < 0)
		return 1;
	for (size_t i = 0; i < c.n_inputs; i++)
		puts(c.args.v[c.inputs[i].arg]);
	clang_argv_free(&c);
	return 0;
}
