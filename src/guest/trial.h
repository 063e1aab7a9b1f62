/* SPDX-License-Identifier: BSD-2-Clause */
/* One attempt to have the kernel load an object, or one of its programs. */
#ifndef CROSSBPF_TRIAL_H
#define CROSSBPF_TRIAL_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/strbuf.h"

struct trial_request {
	const char *path, *btf; /* btf: of the kernel; NULL: it tells itself */
	const char *only; /* the function of the one that is loaded; NULL: as the object says */
	bool no_program;  /* only what they have in common: maps, types */
	bool whole_log;   /* all that the verifier says, and not the figures alone */
};

struct trial {
	struct bpf_object *object; /* NULL: it was not opened */
	int error;                 /* of opening or loading it: 0 or a negative errno */
	char *said;                /* owned; what libbpf warned of, a line each; NULL: nothing */
	bool refused;              /* the kernel did not take a program */
	double seconds;            /* that loading took */
	char *logs;                /* of the verifier, one behind the other; mapped */
	size_t log_size, logs_size;
};

/* Opens it and has it loaded. False: it was not even opened. */
bool trial_make(struct trial *ret, const struct trial_request *request);
void trial_free(struct trial *t);
#define cleanup_trial CLEANUP(trial_free)

/* What the verifier said of this program; "": nothing, or it was not asked. */
const char *trial_log(const struct trial *t, const struct bpf_program *program);

/* Did it fail for the programs alone that were left out, which a map of programs is to hold? All
 * else was loaded then. */
bool trial_lacks_others(const struct trial *t);

/* What a log has at its end. */
struct trial_figures {
	bool verified;         /* it has such an end */
	uint64_t instructions; /* that the verifier went through */
	double seconds;        /* that it took; negative: it does not say */
};

void trial_figures_read(const char *log, struct trial_figures *ret);

/* Has what libbpf warns of kept from now on. */
void trial_listen(void);
/* What it was since then, less its "libbpf: " and last newline; the caller frees. NULL: nothing. */
char *trial_heard(void);

/* Is it one of what bpftool looks at? A function without a SEC() of its own is none to it, nor to
 * its libbpf, though later ones take the only one of an object for a program. */
bool trial_is_program(const struct bpf_program *program);

/* The type that bpftool gives a program, by its section. 0, or -ESRCH where it does not know it. */
int trial_guess_type(const struct bpf_program *program);

#endif
