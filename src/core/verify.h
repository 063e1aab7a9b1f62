/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernels make of objects: each kernel boots in a virtual machine, or is that of a machine
 * that a session reaches, and crossbpf-guest loads the objects there as libbpf would.
 */
#ifndef CROSSBPF_VERIFY_H
#define CROSSBPF_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/error.h"

enum verify_verdict {
	VERIFY_NO_ANSWER, /* the kernel was lost before */
	VERIFY_LOADED,
	VERIFY_REFUSED,
	VERIFY_NOT_LOADED, /* libbpf leaves it out: SEC("?..."), or the object fell before it */
};

/* Why it was refused: see verify_explain(). */
struct verify_reason {
	char *file; /* owned; of the source; NULL: not known */
	uint32_t line;
	char *text;        /* owned; in a sentence, on a line; NULL: nothing is known */
	char *explanation; /* owned; the lines that `crossbpf load` shows; or NULL */
};

void verify_reason_free(struct verify_reason *r);

/* What one kernel made of one program. */
struct verify_program {
	char *name, *section; /* owned */
	enum verify_verdict verdict;
	int error;               /* a negative errno, of VERIFY_REFUSED */
	uint64_t instructions;   /* that the verifier went through; 0: the kernel does not say */
	uint32_t n_instructions; /* as it was given to the kernel, with all that it calls; else 0 */
	double seconds;          /* that loading it took */
	char *log;               /* owned; of VERIFY_REFUSED: what the verifier said, or libbpf */
	bool is_libbpf;          /* libbpf said it: the program did not get to the verifier */
	struct verify_reason reason; /* by verify_explain(): of VERIFY_REFUSED, and of
				      * what would have been */
	bool attached;               /* it was asked for, and done */
	bool attach_failed;          /* where to is known, and the kernel did not let it */
	char *attach_message; /* owned; why it was not; NULL: it was not asked for, or done */
	bool counted;         /* the kernel told how often it ran */
	uint64_t runs;        /* since it was attached */
	/* Packets run through it; 0: none. */
	uint64_t packets, packets_failed;
	struct verify_tally {
		char name[32]; /* "XDP_DROP" */
		uint64_t n;
	} * tallies; /* owned */
	size_t n_tallies;
};

void verify_program_free(struct verify_program *p);

/* What one kernel made of one object: loaded is all of it, as by `bpftool prog loadall`. */
struct verify_object {
	enum verify_verdict verdict;
	int error;                   /* a negative errno */
	char *message;               /* owned; where no program is to blame: what libbpf said */
	struct verify_reason reason; /* of VERIFY_REFUSED, where no program has one */
	struct verify_program *programs;
	size_t n_programs;
};

struct verify_kernel {
	char *name;    /* owned; as it was asked for: "6.1", a path, that of here */
	char *release; /* owned; as uname has it; NULL: it did not say */
	char *machine; /* owned; as uname has it */
	bool has_btf;
	int error;     /* 0, or a negative errno: it did not answer to its end */
	char *failure; /* owned; a line that says why: "panicked: ...", "no answer for 60 s" */
	char *console; /* owned; the end of what it printed; NULL: nothing */
	double seconds;
	int command_status;   /* of the command that was to be run; -1: none was, or it was ended */
	char *command_output; /* owned */
	struct verify_object *objects; /* as many as were given */
};

struct verify_report {
	char **objects; /* owned; their paths, as they were given */
	size_t n_objects;
	struct verify_kernel *kernels;
	size_t n_kernels;
};

/* Reads the objects, and says of each program and object that was refused why. 0 or -ENOMEM: an
 * object that cannot be read any more has reasons without source lines. */
int verify_explain(struct verify_report *r);

/* Room for the answers of a kernel about so many objects: none of them has answered. */
int verify_kernel_init(struct verify_kernel *k, const char *name, size_t n_objects);
void verify_kernel_free(struct verify_kernel *k, size_t n_objects);
void verify_report_free(struct verify_report *r);
#define cleanup_verify_report CLEANUP(verify_report_free)

#endif
