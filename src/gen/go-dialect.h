/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between versions of github.com/cilium/ebpf, and so between what their bpf2go writes:
 * its types, the names of its files, and on which machines these are built.
 */
#ifndef CROSSBPF_GEN_GO_DIALECT_H
#define CROSSBPF_GEN_GO_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/strbuf.h"
#include "shared/strv.h"

struct go_dialect {
	unsigned version;    /* 1000 * minor + patch of v0.MINOR.PATCH */
	bool unsigned_enums; /* as BTF says; before all are signed */
	bool build_only;     /* Go versions of today read //go:build alone */
	bool assumed;        /* nobody said which version */
	bool arch_first;     /* NAME_ARCH_TARGET.go: Go itself takes NAME_arm64.go for arm64's */
	bool variables;      /* ebpf.Variable; types of variables */
	bool host_layout;    /* structs.HostLayout */
	bool struct_ops;     /* what is in .struct_ops.link are maps */
	bool constants;      /* names of programs and maps */
};

enum { GO_DIALECT_OLDEST = 9001 }; /* where nobody says which: what all versions compile */

void go_dialect_of(unsigned version, struct go_dialect *ret);
/* Of "v0.17.3" or "0.17", and of the pseudo-versions and pre-releases of go.mod. False: that is no
 * version. */
bool go_dialect_parse(const char *version, struct go_dialect *ret);
/* Of what the text of a go.mod requires. False: it does not require it. */
bool go_dialect_of_module(const char *text, size_t len, struct go_dialect *ret);

/* What stands behind the lower-case name in file names: "_bpfel", "_bpfel_x86". `arch` is NULL for
 * an object of every arch. NULL where memory ran out; the caller frees. */
char *go_dialect_suffix(const struct go_dialect *d, const char *target, const char *arch);

/* Appends the suffixes of files that would be built for a machine which one with this target and
 * arch is for, this one's among them. Errors are sticky. */
void go_dialect_siblings(const char *target, const char *arch, struct strv *suffixes);

/* Has Go a machine of this byte order and arch (or NULL), in this version? */
bool go_dialect_has(const struct go_dialect *d, const char *target, const char *arch);

/* The arch of a machine by Go's name for it, "x86" of "amd64"; NULL for what is none. */
const char *go_dialect_arch(const char *goarch);

/* May this stand beside other build tags: "linux", "!cgo"? */
bool go_dialect_is_tag(const char *tag);

/* Appends the lines that say for which of Go's machines a file is, and which tags must hold too
 * (NULL-terminated, or NULL), each with its end. False: Go has no such machine. */
bool go_dialect_constraint(const struct go_dialect *d, const char *target, const char *arch,
			   const char *const *tags, struct strbuf *text);

#endif
