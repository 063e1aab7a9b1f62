/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a host does not take us, and what to do about it. */
#ifndef CROSSBPF_SSH_REFUSAL_H
#define CROSSBPF_SSH_REFUSAL_H

#include "resolved.h"

/* complain() of a host key that is not known, or (`changed`) is another than the one that is in
 * `file`, or NULL: the first of the user's. The fingerprint may be "". -EACCES. */
int refuse_key(const struct connection *c, const struct resolved *resolved, bool changed,
	       const char *file, const char *fingerprint);

/* complain() of a key of ours that is not taken. -EACCES. */
int refuse_user(const struct connection *c, const struct resolved *resolved, const char *said);

/* complain() of a host that does not answer. -EHOSTUNREACH. */
int refuse_host(const struct connection *c, const char *said);

/* One of them, by the last that ssh said, in one line or more. */
int refuse_as_said(const struct connection *c, const struct resolved *resolved, const char *said);

#endif
