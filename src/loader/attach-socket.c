/* SPDX-License-Identifier: BSD-2-Clause */
/* Socket filters, on a packet socket of ours: what the device sees passes there. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "attach.h"

static bool is_socket(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_SOCKET_FILTER;
}

static int check(struct attachment *a, struct crossbpf_error *e)
{
	const char *rest;
	int index = attachment_device(a, &a->place, &rest, e);

	if (index < 0)
		return index;
	return !*rest ? 0
		      : error_set(e, -EINVAL, EXIT_STATUS_USAGE, a->family->where,
				  "'%s' says nothing to a socket filter", rest);
}

static int attach(struct attachment *a, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL;
	const char *rest;
	int program = bpf_program__fd(a->program), index = attachment_device(a, &name, &rest, e);

	if (index < 0)
		return index;
	/* Nothing is received before the filter is there: of no protocol until then. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return attachment_fail(a, -errno, "a packet socket takes CAP_NET_RAW", e);
	int r = attachment_add(a, fd, e);
	if (r < 0)
		return r;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index,
	};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return attachment_fail(a, -errno, NULL, e);
	return 0;
}

const struct attach_family attach_socket = {
	.name = "socket",
	.where = "DEVICE",
	.needs_where = true,
	.dies = true,
	.is = is_socket,
	.check = check,
	.target = attachment_device_target,
	.attach = attach,
};
