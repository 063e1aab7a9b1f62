/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "attach.h"

static const char hint[] = "name a directory of cgroup v2, as /sys/fs/cgroup/NAME";

static bool is_cgroup(const struct bpf_program *program)
{
	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_SOCK_OPS:
		return true;
	default:
		return false;
	}
}

/* A relative path is of the directory that the command is run in. */
static int check(struct attachment *a, struct crossbpf_error *e)
{
	a->place = realpath(a->where, NULL);
	return a->place ? 0
			: error_set(e, -errno, EXIT_STATUS_USAGE, hint, "there is no cgroup %s: %s",
				    a->where, strerror(errno));
}

/* The number of a cgroup is that of its inode. */
static int target(const struct attachment *a, uint64_t *ret_target)
{
	struct stat st;

	if (stat(a->place, &st) < 0)
		return -errno;
	*ret_target = st.st_ino;
	return 0;
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	cleanup_close int cgroup = open(a->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup < 0)
		return attachment_fail(a, -errno, hint, e);
	int link = bpf_link_create(bpf_program__fd(a->program), cgroup,
				   bpf_program__expected_attach_type(a->program), NULL);
	if (link < 0)
		return attachment_fail(a, -errno, errno == EBADF ? hint : NULL, e);
	return attachment_add(a, link, e);
}

const struct attach_family attach_cgroup = {
	.name = "cgroup",
	.where = "/sys/fs/cgroup/NAME",
	.needs_where = true,
	.swaps = true,
	.is = is_cgroup,
	.check = check,
	.target = target,
	.attach = attach,
};
