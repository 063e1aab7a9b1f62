/* SPDX-License-Identifier: BSD-2-Clause */
/* Boots a kernel in a virtual machine of QEMU, and has its guest answer. */
#ifndef CROSSBPF_GUEST_RUN_H
#define CROSSBPF_GUEST_RUN_H

#include "guest-answers.h"
#include "guest-kernel.h"
#include "guest-load.h"

enum guest_accel { GUEST_ACCEL_AUTO, GUEST_ACCEL_KVM, GUEST_ACCEL_HVF, GUEST_ACCEL_TCG };

struct guest_run {
	const struct guest_kernel *kernel;
	const struct guest_load *load;
	const char *module_dir;
	const char *cache_dir; /* where it is kept what accelerates here; or NULL */
	enum guest_accel accel;
	unsigned memory;  /* MiB */
	unsigned timeout; /* as in struct guest_listen */
	int control;
};

/* "auto", "kvm", "hvf" or "tcg". -EINVAL (status 2). */
int guest_accel_parse(const char *name, enum guest_accel *ret, struct crossbpf_error *e);

/*
 * 0: it answered, or was lost, as a->kernel says. -ECANCELED where the control descriptor ended it;
 * or another negative errno with `e` where it could not be started. Nothing is left of it.
 */
int guest_run(const struct guest_run *run, struct guest_answers *a, struct crossbpf_error *e);

/* QEMU for kernels of this arch, as a program's name; NULL: there is none. */
const char *guest_qemu(const char *arch);
/* The command that installs it here. The caller frees; NULL where there is none, or memory ran out.
 */
char *guest_qemu_install(const char *arch);

#endif
