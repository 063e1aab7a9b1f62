/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads a backend's module and refuses what must not be trusted. */
#ifndef CROSSBPF_PLUGIN_H
#define CROSSBPF_PLUGIN_H

#include <stdbool.h>

#include "crossbpf-backend.h"
#include "shared/error.h"
#include "shared/strv.h"

struct plugin {
	void *handle;                    /* of dlopen() */
	struct crossbpf_backend backend; /* our copy: what an older plugin lacks is zero */
	struct crossbpf_key *keys;       /* the same of its keys; NULL where it has none */
};

/*
 * Loads DIR/NAME.so. -ENOENT where there is no such file, -EINVAL for a name that is none, -EPERM
 * for a file that everyone may write or a stranger owns, -ENOEXEC for a module that is no backend
 * for this program. `e` is filled for each.
 */
int plugin_load(const char *dir, const char *name, struct plugin *ret_plugin,
		struct crossbpf_error *e);

/* Is DIR/… a module that may be loaded? -ENOENT, or -EPERM as above. `what` begins the message. */
int plugin_check_file(const char *dir, const char *path, const char *what,
		      struct crossbpf_error *e);

/*
 * Loads a module of ours, DIR/FILE, whose function `symbol` takes nothing and returns a table that
 * begins with its size, a uint32_t: `size`. *handle is dlopen()'s, NULL before the first time. NULL
 * with `e` where it cannot be had, which `what` begins.
 */
const void *plugin_load_module(const char *dir, const char *file, const char *symbol, size_t size,
			       const char *what, void **handle, struct crossbpf_error *e);

/* Its module stays loaded: most commands have use of it twice, for its keys and for itself, and to
 * load it is what costs. */
void plugin_unload(struct plugin *p);

/* Could it be a backend's name: lower-case letters, digits, '_' and '-'? */
bool plugin_is_name(const char *name);

/* Adds the names of the backends in a directory, sorted. Errors are sticky. */
void plugin_list(const char *dir, struct strv *names);

/* Is there a file DIR/NAME.so? */
bool plugin_is_installed(const char *dir, const char *name);

#endif
