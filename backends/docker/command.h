/* SPDX-License-Identifier: BSD-2-Clause */
/* A command as words for an engine's `exec`. */
#ifndef CROSSBPF_DOCKER_COMMAND_H
#define CROSSBPF_DOCKER_COMMAND_H

#include "crossbpf-backend.h"
#include "shared/strv.h"

/*
 * Appends all behind the engine's own words: exec, its options, the container and the command, in
 * the absolute directory `dir`. `mark` is the value of CONTAINER_VARIABLE.
 */
void command_words(struct strv *words, const char *container, const struct crossbpf_run *run,
		   const char *dir, const char *mark);

/* The same for a shell that runs in the container already: a script that becomes the command, and
 * that no shell begins before it has read all of it. NULL where there can be none, or memory ran
 * out; the caller frees. */
char *command_script(const struct crossbpf_run *run, const char *dir, const char *mark);

/* One that tells, by its status, why `program` cannot be started in `dir`. */
void command_check_words(struct strv *words, const char *container, const char *program,
			 const char *dir);
enum { COMMAND_CHECK_NO_DIR = 3, COMMAND_CHECK_NO_PROGRAM = 4 };

#endif
