/* SPDX-License-Identifier: BSD-2-Clause */
/* How every command comes to its builder: by crossbpf.conf, the environment and configure's choice.
 */
#ifndef CROSSBPF_CLI_BUILDER_H
#define CROSSBPF_CLI_BUILDER_H

#include "core/builder.h"
#include "core/mirror.h"

/* Reads a crossbpf.conf, whose sections for backends are checked against what is installed. What it
 * chooses to run, the user may not trust: this is for who runs nothing. */
int cli_load_conf(const char *file, struct conf *ret_conf, struct crossbpf_error *e);

/* The same for who does run: -EACCES (status 2) where it chooses what the user does not trust. */
int cli_read_conf(const char *file, struct conf *ret_conf, struct crossbpf_error *e);

/*
 * Sets the request's backend, order and plugin directory: `named` (or NULL, or ""), else the order
 * of request->conf, else configure's. *ret_order is what the request may point to; the caller frees
 * it.
 */
int cli_choose_backend(const char *named, struct builder_request *request, char **ret_order,
		       struct crossbpf_error *e);

/*
 * Where mirrored headers do not do, another backend of auto's order may: `again` is called to open
 * that, with request->unmirrored set. 1: it was, and is elsewhere; 0: nothing is lacking; or
 * -ENOENT (status 3).
 */
int cli_leave_mirror(struct builder *b, struct builder_request *request,
		     const struct mirror_lack *lack,
		     int (*again)(void *job, struct crossbpf_error *e), void *job,
		     struct crossbpf_error *e);

#endif
