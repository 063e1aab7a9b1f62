/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest is asked to do: request.json of guest-protocol.h. */
#ifndef CROSSBPF_REQUEST_H
#define CROSSBPF_REQUEST_H

#include <stdbool.h>

#include "shared/error.h"
#include "shared/strv.h"

struct request {
	struct strv objects; /* paths, as are the next two */
	char *btf, *packets; /* owned; NULL: none */
	char *command;       /* owned; NULL: none */
	int command_seconds; /* that it may take; 0: as long as it likes */
	bool attach;
};

/* Of its text; `directory` is where its files lie. */
int request_parse(struct request *ret, const char *directory, const char *text, size_t len,
		  struct crossbpf_error *e);
int request_read(struct request *ret, const char *directory, struct crossbpf_error *e);

void request_free(struct request *r);
#define cleanup_request CLEANUP(request_free)

#endif
