/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CROSSBPF_SSH_AUTH_H
#define CROSSBPF_SSH_AUTH_H

#include "link.h"

/* Logs in: with the keys that the configuration names, then with those of the agent. Complains
 * where none is taken. */
int auth_log_in(const struct connection *c, const struct resolved *resolved, struct link *l);

#endif
