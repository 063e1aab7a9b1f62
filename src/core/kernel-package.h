/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernels as Debian packages them, downloaded by apt, which also checks that they are Debian's. */
#ifndef CROSSBPF_KERNEL_PACKAGE_H
#define CROSSBPF_KERNEL_PACKAGE_H

#include <stdbool.h>

#include "shared/error.h"
#include "shared/strv.h"

struct kernel_package_request {
	const char *version;   /* "6.1", "6.1.0-54", "6.1.0-54-cloud-amd64" */
	const char *arch;      /* as in variant.h */
	const char *cache_dir; /* where apt's lists of other architectures are kept */
	bool small;            /* rather one for virtual machines alone, where there is one */
	void (*log)(const char *message); /* or NULL */
	int control;
};

/* What apt has: the newest of that version. */
struct kernel_package {
	char *name;      /* "linux-image-6.1.0-54-amd64" */
	char *file;      /* "linux-image-6.1.0-54-amd64_6.1.190-1_amd64.deb" */
	char *hash;      /* of its content, in hexadecimal digits; "" where apt does not say it */
	struct strv apt; /* the options of apt by which it was found */
	bool own;        /* in lists of our own, not in the system's */
};

/* Is the text a version, or the end of a package's name? -EINVAL (status 2). */
int kernel_package_check(const char *version, struct crossbpf_error *e);

/* Finds it. -ENOENT where there is no apt, or apt has none. */
int kernel_package_find(const struct kernel_package_request *request, struct kernel_package *ret,
			struct crossbpf_error *e);
/* Finds it once more, of one that was found in lists of our own, when these are new: the servers
 * have no packages but the newest. */
int kernel_package_renew(const struct kernel_package_request *request, struct kernel_package *p,
			 struct crossbpf_error *e);
/* Downloads it to `dir`/file. -EIO where apt cannot. */
int kernel_package_fetch(const struct kernel_package_request *request,
			 const struct kernel_package *package, const char *dir,
			 struct crossbpf_error *e);

/* Who needs one. Both functions return 0 or a negative errno. */
struct kernel_package_user {
	void *ctx;
	/* Takes what it needs: from where it kept that, else by kernel_package_download(). */
	int (*take)(void *ctx, const struct kernel_package *p, struct crossbpf_error *e);
	/* Reads the package's file, which is gone afterwards. */
	int (*read)(void *ctx, const struct kernel_package *p, const char *file,
		    struct crossbpf_error *e);
};

/* Finds it and has it taken; once more, where it was of our own lists and cannot be had any more.
 */
int kernel_package_use(const struct kernel_package_request *request,
		       const struct kernel_package_user *user, struct crossbpf_error *e);
/* Downloads it to a temporary directory, and has it read there. */
int kernel_package_download(const struct kernel_package_request *request,
			    const struct kernel_package *p, const struct kernel_package_user *user,
			    struct crossbpf_error *e);

void kernel_package_free(struct kernel_package *p);
#define cleanup_kernel_package CLEANUP(kernel_package_free)

#endif
