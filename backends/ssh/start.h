/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command prints, without what its login shell printed before. */
#ifndef CROSSBPF_SSH_START_H
#define CROSSBPF_SSH_START_H

#include <stdbool.h>

#include "crossbpf-backend.h"
#include "shared/strbuf.h"

enum { MARK_SIZE = 32 };

struct start {
	char mark[MARK_SIZE]; /* nobody can guess it */
	bool began;           /* what comes from now on is the command's */
	long group;           /* its process group over there */
	bool no_dir, no_program;
	struct strbuf noise;
};

int start_init(struct start *s);
void start_free(struct start *s);
#define cleanup_start CLEANUP(start_free)

/* Takes what comes next; *ret_data, within `data`, is what of it is the command's. 0 or -ENOMEM. */
int start_take(struct start *s, const char *data, size_t len, const char **ret_data,
	       size_t *ret_len);

/* complain() where the command could not be started: -ENOENT; 0 where that is not why. */
int start_judge(const struct start *s, const struct crossbpf_run *run, const char *builder);
/* complain() of a login shell that ended with `status` and began no command: -ENOEXEC. */
int start_refuse(const struct start *s, const struct crossbpf_run *run, const char *builder,
		 int status);

#endif
