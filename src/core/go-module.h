/* SPDX-License-Identifier: BSD-2-Clause */
/* The Go module in which generated files are: what of it they depend on. */
#ifndef CROSSBPF_GO_MODULE_H
#define CROSSBPF_GO_MODULE_H

#include "shared/error.h"
#include "gen/go-dialect.h"

/* That of the version of cilium/ebpf that was said, or else is required by the go.mod of the
 * directory, which need not be there yet, or of the nearest above it. 0, -EINVAL (status 2) for
 * what is no version, or the errno of a go.mod that cannot be read. */
int go_module_dialect(const char *dir, const char *said, struct go_dialect *ret,
		      struct crossbpf_error *e);
/* Which it is, and why, for people. NULL where memory ran out; the caller frees. */
char *go_module_tell(const struct go_dialect *dialect, const char *said);

/* The package of files in a directory: what was said, or GOPACKAGE, or the directory's own name.
 * The caller frees. -EINVAL (status 2) where that is none. */
int go_module_package(const char *dir, const char *said, char **ret_package,
		      struct crossbpf_error *e);

#endif
