/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of an object's ring buffers and perf buffers, printed as they come. */
#ifndef CROSSBPF_EVENTS_H
#define CROSSBPF_EVENTS_H

#include "opened.h"
#include "output.h"
#include "record-type.h"

struct source;

struct events {
	struct record_types types;
	struct output *output;  /* borrowed */
	bool is_last;           /* all that is there is to be printed, whatever signal came */
	struct source *sources; /* owned */
	size_t n;
};

/* Of an object that is loaded. `words` are MAP=TYPE. What is in a buffer from here on is heard. */
int events_open(struct events *ret, const struct opened *o, const struct strv *words,
		struct output *output, struct crossbpf_error *e);
void events_close(struct events *v);
#define cleanup_events CLEANUP(events_close)

/* A descriptor that is readable once the nth buffer, from 0, has records. */
int events_fd(const struct events *v, size_t n);
/* Prints what is there of it, but no more than a few hundred of a ring buffer's, or until a signal
 * came. */
void events_print(struct events *v, size_t n);
/* Prints all that is there, of all: what no program adds to any more. */
void events_print_rest(struct events *v);

#endif
