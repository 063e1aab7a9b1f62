/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "attach.h"

static bool is_xdp(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_XDP;
}

static int read_mode(struct attachment *a, const char *mode, unsigned *ret_flags,
		     struct crossbpf_error *e)
{
	static const struct {
		const char *name;
		unsigned flags;
	} modes[] = {
		{"auto", 0}, /* the driver's, where it has one */
		{"native", XDP_FLAGS_DRV_MODE},
		{"generic", XDP_FLAGS_SKB_MODE},
	};

	*ret_flags = 0;
	if (!mode[0])
		return 0;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(mode, modes[i].name) == 0) {
			a->mode = modes[i].name;
			*ret_flags = modes[i].flags;
			return 0;
		}
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "native, generic or auto",
			 "there is no mode '%s' of XDP", mode);
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	const char *mode;
	unsigned flags;
	int index = attachment_device(a, &a->place, &mode, e);

	return index < 0 ? index : read_mode(a, mode, &flags, e);
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL;
	const char *mode;
	unsigned flags = 0;
	int index = attachment_device(a, &name, &mode, e);
	int r = index < 0 ? index : read_mode(a, mode, &flags, e);

	if (r < 0)
		return r;
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int link = bpf_link_create(bpf_program__fd(a->program), index, BPF_XDP, &opts);
	if (link >= 0)
		return attachment_add(a, link, e);
	const char *hint = NULL;
	if (errno == EBUSY)
		hint = "another program is there: crossbpf list tells of ours, 'ip link show' of "
		       "any";
	else if (errno == EOPNOTSUPP || errno == EINVAL)
		hint = "DEVICE:generic works with any driver; links of XDP are there from Linux "
		       "5.9 on";
	return attachment_fail(a, -errno, hint, e);
}

const struct attach_family attach_xdp = {
	.name = "XDP",
	.where = "DEVICE[:native|generic|auto]",
	.needs_where = true,
	.swaps = true,
	.is = is_xdp,
	.check = check,
	.target = attachment_device_target,
	.attach = attach,
};
