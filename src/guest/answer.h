/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of guest-protocol.h. */
#ifndef CROSSBPF_ANSWER_H
#define CROSSBPF_ANSWER_H

#include <jansson.h>
#include <stddef.h>

struct answer {
	int fd;        /* borrowed */
	size_t *spent; /* bytes written so far, by all processes that write; mapped */
};

int answer_open(struct answer *ret, int fd);
void answer_close(struct answer *a);

/* Writes a line, and owns it; NULL: memory ran out. 0 or a negative errno. */
int answer_line(struct answer *a, json_t *line);

/* A text of anybody's as a string of JSON: its end, where it is longer than may be sent; of bytes
 * that are no UTF-8, and of those that a terminal acts upon, others stand there. NULL: memory ran
 * out. */
json_t *answer_text(const struct answer *a, const char *text, size_t len);

/* Gives a line a member unless the text is empty, or NULL. */
void answer_set_text(const struct answer *a, json_t *line, const char *name, const char *text);

#endif
