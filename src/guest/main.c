/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf-guest: what crossbpf verify has run on a kernel; see guest-protocol.h. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"
#include "work.h"

int main(int argc, char **argv)
{
	cleanup_error struct crossbpf_error e = {0};

	if (getpid() == 1)
		init_run();
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: crossbpf-guest DIRECTORY\n"
				"crossbpf verify starts it: crossbpf-verify(1)\n");
		return EXIT_STATUS_USAGE;
	}
	if (work_do(argv[1], STDOUT_FILENO, false, &e) == 0)
		return EXIT_STATUS_OK;
	fprintf(stderr, "crossbpf-guest: %s%s%s\n", e.message ? e.message : "memory ran out",
		e.hint ? "; " : "", e.hint ? e.hint : "");
	return e.message ? (int)e.status : EXIT_STATUS_FAILED;
}
