/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes that a program's author left in it, of which libbpf makes an uprobe for each place. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "attach.h"

static bool is_usdt(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE &&
	       str_begins(bpf_program__section_name(program), "usdt");
}

static struct bpf_link *attach_where(const struct attachment *a)
{
	const char *name = strrchr(a->where, ':');
	const char *provider = name ? memrchr(a->where, ':', (size_t)(name - a->where)) : NULL;
	cleanup_free char *file = NULL, *word = NULL;

	errno = EINVAL;
	if (!provider)
		return NULL;
	file = strndup(a->where, (size_t)(provider - a->where));
	word = strndup(provider + 1, (size_t)(name - provider) - 1);
	return file && word ? bpf_program__attach_usdt(a->program, -1, file, word, name + 1, NULL)
			    : NULL;
}

/* What libbpf has of it lives as long as this process: it is no link of the kernel's. */
static int attach(struct attachment *a, struct crossbpf_error *e)
{
	const struct bpf_link *link = a->where ? attach_where(a) : bpf_program__attach(a->program);

	return link ? 0 : attachment_fail(a, -errno, a->family->where, e);
}

const struct attach_family attach_usdt = {
	.name = "usdt",
	.where = "FILE:PROVIDER:NAME",
	.dies = true,
	.is = is_usdt,
	.attach = attach,
};
