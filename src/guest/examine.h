/* SPDX-License-Identifier: BSD-2-Clause */
/* One object: each program's verdict, its attachment, the packets it sees. */
#ifndef CROSSBPF_EXAMINE_H
#define CROSSBPF_EXAMINE_H

#include "answer.h"
#include "request.h"

struct examine {
	const struct request *request;
	const char *btf;    /* of the kernel, where it does not tell itself; NULL: it does */
	const char *cgroup; /* where programs of cgroups are attached; NULL: nowhere */
	bool counts;        /* the kernel counts how often programs run */
	struct answer *answer;
};

/*
 * Answers for the object of that number. Its programs stay attached until nothing can be read from
 * `control` any more, which is then told how often they ran; `ready` is closed once they are,
 * behind a byte where all was answered.
 * In a process of its own: libbpf believes what is in an object.
 */
int examine_object(const struct examine *x, size_t number, int ready, int control);

#endif
