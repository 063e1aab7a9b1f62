/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs say by bpf_printk(), from the kernel's trace_pipe. */
#ifndef CROSSBPF_PRINTK_H
#define CROSSBPF_PRINTK_H

#include "opened.h"
#include "output.h"

struct printk {
	int fd;             /* readable with lines, on most kernels; -1: there is none */
	struct strbuf line; /* whose end is not there yet */
};

/* Does any program of the object, which is loaded, use it? */
bool printk_is_used(const struct opened *o);

/* Takes what was said before out of the pipe. Where it cannot be had, a warning says so. */
void printk_open(struct printk *p);
/* Prints what is there. The pipe is everybody's: other programs' lines are in it as well. */
void printk_print(struct printk *p, struct output *to);
void printk_close(struct printk *p);
#define cleanup_printk CLEANUP(printk_close)

#endif
