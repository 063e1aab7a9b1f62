/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CROSSBPF_SSH_KNOWN_HOSTS_H
#define CROSSBPF_SSH_KNOWN_HOSTS_H

#include <libssh/libssh.h>

#include "resolved.h"

/* Before it is connected: has libssh look where the host is known, for its kind of key is asked for
 * then. 0, or complain(). */
int known_hosts_prepare(const struct connection *c, const struct resolved *resolved,
			ssh_session session);

/* Is the host's key the one that the user knows? Complains where it is not. */
int known_hosts_check(const struct connection *c, const struct resolved *resolved,
		      ssh_session session);

#endif
