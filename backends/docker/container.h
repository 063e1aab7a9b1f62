/* SPDX-License-Identifier: BSD-2-Clause */
/* The warm container of one project and image. */
#ifndef CROSSBPF_DOCKER_CONTAINER_H
#define CROSSBPF_DOCKER_CONTAINER_H

#include "engine.h"
#include "image.h"

struct container {
	struct engine engine;
	const struct crossbpf_host *host;
	const struct crossbpf_kv *conf;
	const struct crossbpf_project *project;
	struct image image;
	struct strv mounts;
	char *user;        /* UID:GID inside */
	char *owner;       /* who of those who share an engine */
	unsigned idle;     /* seconds; 0: for ever */
	unsigned spare;    /* seconds for which a shell waits in it for the next command */
	bool is_private;   /* of one session alone, which removes it */
	bool loads;        /* and in which BPF programs may be loaded */
	char *name;        /* follows from all above */
	char *memory;      /* file of what is known of it; NULL: nothing is kept */
	char *answers;     /* file whose age tells since when the engine answers; or NULL */
	struct strv known; /* in that file: its id, its image's id, the directories made in it */
};

/* What each command in it is told of: the file whose content keeps it from its idle stop, and the
 * variable that finds the processes of one command. */
#define CONTAINER_USED "/tmp/.crossbpf-used"
#define CONTAINER_VARIABLE "CROSSBPF_RUN"

/* Says which container it is: nothing is started, and no engine asked. */
int container_plan(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		   const struct crossbpf_project *project, struct container *ret_container);
void container_free(struct container *c);
#define cleanup_container CLEANUP(container_free)

/* Has it run, with the project's directories in it. *ret_asked: an engine said so, and not the
 * memory of a use a short while ago. */
int container_ensure(struct container *c, bool *ret_asked);

/* Does it run? Asks the engine, and forgets what is remembered where it does not. */
bool container_runs(struct container *c);

/* It was used. */
void container_touch(const struct container *c);

/* The id of its image, once it was ensured. */
const char *container_image_id(const struct container *c);

/* Ends the processes in it that carry this value of CONTAINER_VARIABLE: to end an engine's command
 * does not end what it started. */
void container_end_command(const struct container *c, const char *value);

/* Removes it: a private one, at its session's end. */
void container_remove(struct container *c);

/* Removes all containers of the project. */
int container_remove_all(struct container *c);

/* Describes them, in a line each. */
int container_describe(struct container *c, char **ret_text);

/* The file whose age says since when this engine is known to answer; NULL for none. */
char *engine_memory(const struct engine *e);

#endif
