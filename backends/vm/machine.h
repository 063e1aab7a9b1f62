/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's command line. */
#ifndef CROSSBPF_VM_MACHINE_H
#define CROSSBPF_VM_MACHINE_H

#include "vm.h"

/* What is run for a machine like this one; NULL where there is none. */
const char *machine_program(void);

/* The way of acceleration that this system may have: "kvm", "hvf" or NULL. */
const char *machine_accel(void);

struct machine {
	const char *image;  /* directory */
	const char *disk;   /* in it */
	const char *format; /* of a disk with a boot loader; NULL: a raw one, a kernel beside it */
	const char *accel;  /* kvm, hvf or tcg */
	unsigned short port;
	bool confined; /* QEMU denies itself what it has no need of */
};

/* Appends all words. Files are those of `vm`: host_key, login_key.pub, console, pid. */
void machine_words(const struct vm *vm, const struct machine *m, struct strv *words);

/* The same for one that fills the disk of `image`, with the way out that it fetches packages by and
 * a further disk of the files in `seed`. It stays in the foreground; its console lies with the
 * disk. */
void machine_making_words(const struct vm *vm, const struct machine *m, const char *seed,
			  struct strv *words);

/* How many processors. */
unsigned machine_cpus(const struct vm *vm);

#endif
