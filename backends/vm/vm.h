/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtual machine that one can log in to once it is up. Machines are the user's, not a project's:
 * those who ask for the same share it. */
#ifndef CROSSBPF_VM_VM_H
#define CROSSBPF_VM_VM_H

#include <stdbool.h>

#include "crossbpf-backend.h"
#include "shared/digest.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

struct vm;

/* Whose machine it is. */
struct provider {
	const char *name;
	bool takes_root; /* logins of root, beside those of one who is not */

	/* Reads its keys; starts nothing. What it cannot do here it complains of. */
	int (*plan)(struct vm *vm);
	/* Adds what else makes it another machine; or NULL. */
	int (*identify)(const struct vm *vm, struct digest *d);
	/* Is it up, as far as can be told without a wait? */
	bool (*is_up)(const struct vm *vm);
	/* Brings it up until it takes logins, and writes vm->config last. */
	int (*start)(const struct vm *vm);
	/* Ends it, whatever state it is in. */
	int (*stop)(const struct vm *vm);
	/* Appends what it is like now. */
	void (*describe)(const struct vm *vm, struct strbuf *text);
};

extern const struct provider qemu_provider, vagrant_provider, lima_provider;

struct vm {
	const struct crossbpf_host *host;
	const struct crossbpf_kv *conf;
	const char *root; /* the project's, in which names of files are relative */
	const struct provider *provider;
	char *shared; /* directory of what machines share */
	char *dir;    /* what belongs to this one, below `shared` */
	char *config; /* in there: ssh's configuration, which is there while it is up */

	/* qemu */
	unsigned memory, cpus, idle;
	char *image;       /* a disk that was given, or NULL */
	bool makes;        /* an image may be made: that takes minutes, and is not begun unasked */
	const char *accel; /* as asked for */

	/* vagrant, lima */
	const char *machine; /* or NULL: the default */
	char *files;         /* where the Vagrantfile is */
};

/* The name of the host in vm->config. */
#define VM_HOST "crossbpf-vm"
#define VM_ROOT "root@" VM_HOST

/* Says which machine it is: nothing is started. `vm` is to be freed also where that fails. */
int vm_plan(const struct crossbpf_host *host, const struct crossbpf_kv *conf, const char *root,
	    struct vm *vm);
void vm_free(struct vm *vm);
#define cleanup_vm CLEANUP(vm_free)

/* Has it up. Of several at once one brings it up. */
int vm_ensure(const struct vm *vm);
int vm_end(const struct vm *vm);

/* The caller frees. */
int vm_describe(const struct vm *vm, char **ret_text);

/* Could it work here? 0, or a negative errno with the reason, which the caller frees. */
int vm_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf, char **ret_why);

struct call;
/* Runs it, and complains where it fails, by its first two words. */
int vm_call(const struct vm *vm, struct call *call);

/* Of use to providers. A file of its own; NULL where memory ran out. The caller frees. */
char *vm_file(const struct vm *vm, const char *name);
int vm_out_of_memory(const struct vm *vm);
/* host->log(), for all to see. */
__attribute__((format(printf, 2, 3))) void vm_say(const struct vm *vm, const char *format, ...);
/* One that hears the first error alone, into *ret_why, which the caller frees. */
struct crossbpf_host vm_silent_host(char **ret_why);
/* The seconds since `began`, of io_clock(). */
double vm_seconds_since(int64_t began);

#endif
