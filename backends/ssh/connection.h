/* SPDX-License-Identifier: BSD-2-Clause */
/* A way to one host. */
#ifndef CROSSBPF_SSH_CONNECTION_H
#define CROSSBPF_SSH_CONNECTION_H

#include <stdbool.h>

#include "crossbpf-backend.h"
#include "shared/strv.h"

enum {
	CONNECT_SECONDS = 10,  /* for a host to answer and a key to be taken */
	ALIVE_SECONDS = 5,     /* between two signs of life that are asked for */
	ALIVE_TIMES = 2,       /* that may stay away */
	OPERATION_SECONDS = 15 /* the same for one step of libssh's */
};

struct link;

struct connection {
	const struct crossbpf_host *host; /* of open(); a run() has its own */
	const char *name;                 /* as the user names it; borrowed */
	const char *config;               /* file of ssh's configuration, or NULL: the user's own */
	unsigned persist;                 /* seconds; 0: for ever */
	char *control;                    /* openssh: the socket of the control connection */
	struct strv options;              /* openssh: further words of each command line */
	struct strv overrides;            /* the same of those that are for a command */
	struct strv files;                /* openssh: the configuration that was read */
	struct link *link;                /* libssh */
	void (*link_free)(struct link *); /* of whose module that is */
	const struct crossbpf_run *run;   /* for which it is made; NULL: for all that come */
};

void connection_free(struct connection *c);
#define cleanup_connection CLEANUP(connection_free)

/* One of the ways: the user's ssh, libssh. */
struct transport {
	uint32_t size;            /* sizeof(struct transport) as compiled */
	uint32_t connection_size; /* the same of struct connection: a module of another release may
				   * lie beside ours */
	const char *name;

	/* Makes sure that it is there, with complain() where it cannot be. */
	int (*connect)(struct connection *c);

	/* run() of the ABI; -EPIPE once the line was lost. */
	int (*run)(struct connection *c, const struct crossbpf_run *run, int *ret_status);

	/* Is there a connection that outlives a program? Without connecting. Optional. */
	bool (*connected)(struct connection *c);

	/* Ends it. Optional. */
	int (*end)(struct connection *c);

	/* Does a connection stay when this program ends? */
	bool stays;
};

extern const struct transport openssh_transport;
#define TRANSPORT_SIZES \
	.size = sizeof(struct transport), .connection_size = sizeof(struct connection)
/* In a module of its own, LIBSSH_MODULE beside ssh.so: to load libssh takes as long as a short
 * command, and most have no need of it. */
#define LIBSSH_MODULE "ssh-libssh.so"
CROSSBPF_BACKEND_EXPORT extern const struct transport libssh_transport;

#endif
