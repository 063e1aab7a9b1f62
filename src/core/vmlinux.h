/* SPDX-License-Identifier: BSD-2-Clause */
/* vmlinux.h: the types of a kernel, out of its BTF, as C; as `bpftool btf dump file … format c`
 * writes them. */
#ifndef CROSSBPF_VMLINUX_H
#define CROSSBPF_VMLINUX_H

#include "tool.h"

/* By libbpf, in a process of its own: `loader` is that program. */
int vmlinux_by_loader(const char *loader, const char *of, const struct strbuf *btf, int control,
		      struct strbuf *ret_header, struct crossbpf_error *e);
/* By the bpftool of a builder, which is opened. -ESTALE as builder_connect(). */
int vmlinux_by_builder(struct remote *remote, const char *of, const struct strbuf *btf,
		       struct strbuf *ret_header, struct crossbpf_error *e);

#endif
