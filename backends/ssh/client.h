/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's own ssh as a command line, so that aliases, keys, agents, certificates, jump hosts and
 * all else that it knows work as they do for the user. */
#ifndef CROSSBPF_SSH_CLIENT_H
#define CROSSBPF_SSH_CLIENT_H

#include "connection.h"

#define CLIENT_PROGRAM "ssh"

/* Is there one in PATH? */
bool client_is_there(void);

/* May ssh ask for a passphrase? It does so itself, on the terminal. */
bool client_may_ask(void);

/* Appends the option that names the configuration. */
void client_add_config(struct strv *words, const struct connection *c);

/* Appends ssh and the options that each connection is made with. */
void client_add_options(struct strv *words, const struct connection *c);

/* Appends the option that names its socket; NULL: there is none. */
void client_add_control(struct strv *words, const char *control);

#endif
