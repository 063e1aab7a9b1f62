/* SPDX-License-Identifier: BSD-2-Clause */
/* Has kernels load objects, several at once. */
#ifndef CROSSBPF_VERIFY_RUN_H
#define CROSSBPF_VERIFY_RUN_H

#include "guest-run.h"
#include "session.h"
#include "verify.h"

struct verify_request {
	const struct strv *kernels; /* as guest_kernel_find() has them, or, */
	const char *here;           /* so called, that of this machine */
	/* Or that of the machine behind a session, which is loaded, and `where` says what it is. */
	struct session *session;
	const char *where;

	/* Objects for another architecture are left out, as a project that builds for several has
	 * them; else they are refused. */
	bool skips_foreign;

	struct guest_load load; /* all of it but the program, */
	const char *guest_dir;  /* which is here */
	const char *module_dir, *cache_dir;
	enum guest_accel accel;
	unsigned memory; /* MiB; 0: as much as most need */
	unsigned timeout;
	unsigned jobs; /* 0: as many guests at once as there are processors, and room */
	void (*log)(const char *message);
	int control;
};

/* -ECANCELED where the control descriptor ended it. */
int verify_run(const struct verify_request *request, struct verify_report *ret,
	       struct crossbpf_error *e);

/* The guest program of an arch: -ENOENT where there is none. The caller frees. */
int verify_find_guest(const char *dir, const char *arch, char **ret_path, struct crossbpf_error *e);
/* The static busybox of this machine, which is the shell of virtual machines. The caller frees;
 * NULL where there is none, or memory ran out. */
char *verify_find_shell(void);

#endif
