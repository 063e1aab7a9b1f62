/* SPDX-License-Identifier: BSD-2-Clause */
/* How ssh gets into a machine: what a provider says of that, and what we write for ssh. */
#ifndef CROSSBPF_VM_SSH_CONFIG_H
#define CROSSBPF_VM_SSH_CONFIG_H

#include <stdbool.h>

#include "shared/strbuf.h"

struct ssh_config {
	char *host, *port, *user, *key;
};

void ssh_config_free(struct ssh_config *c);
#define cleanup_ssh_config CLEANUP(ssh_config_free)

/* Takes what `vagrant ssh-config` or `limactl show-ssh --format config` prints: the first host's
 * address, port, user and first key, and nothing else, for all else may be a command that is run.
 * -EINVAL where one of them is missing, or holds what ssh would put something else for. */
int ssh_config_read(const char *text, struct ssh_config *ret_config);

/* Writes it for `name`: the host's key must stand in the file `known_hosts`; `learns`, or is
 * written there the first time. */
int ssh_config_write(const struct ssh_config *c, const char *name, const char *known_hosts,
		     bool learns, const char *path);

#endif
