/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "guest-packets.h"
#include "object/bytes.h"
#include "packets/packets.h"
#include "plugin.h"

enum {
	PACKETS_MAX = 256 << 20, /* of all of them */
	FRAME_HEADER = 14,
	WHY_SIZE = 256,
};

/* A program is given frames: what was captured where IP begins is put into one without addresses.
 */
static void add_packet(struct strbuf *to, const struct packet *packet, bool is_frame)
{
	uint8_t len[4], header[FRAME_HEADER] = {0};
	unsigned version = packet->len ? packet->data[0] >> 4 : 0;
	size_t before = is_frame ? 0 : FRAME_HEADER;

	header[12] = version == 6 ? 0x86 : 0x08;
	header[13] = version == 6 ? 0xdd : 0x00;
	bytes_put32(len, (uint32_t)(before + packet->len), false);
	strbuf_add(to, (const char *)len, sizeof(len));
	strbuf_add(to, (const char *)header, before);
	strbuf_add(to, (const char *)packet->data, packet->len);
}

static int add_all(const struct packets_module *module, struct packets *packets, const char *path,
		   struct strbuf *to, struct crossbpf_error *e)
{
	const char *name = NULL;
	enum packets_link link = module->link(packets, &name);
	char why[WHY_SIZE] = "";
	struct packet packet;
	int r;

	if (link == PACKETS_OTHER)
		return error_set(e, -EPROTONOSUPPORT, EXIT_STATUS_USAGE,
				 "capture on an Ethernet device, or where IP begins",
				 "packets of %s are of link type %s", path, name);
	while ((r = module->next(packets, &packet, why, sizeof(why))) > 0) {
		if (to->len + packet.len > PACKETS_MAX)
			return error_set(e, -EFBIG, EXIT_STATUS_USAGE, "take fewer of them",
					 "%s has more than %d MiB of packets", path,
					 PACKETS_MAX >> 20);
		add_packet(to, &packet, link == PACKETS_ETHERNET);
	}
	return r < 0 ? error_set(e, r, EXIT_STATUS_USAGE, NULL, "%s is damaged: %s", path, why)
	       : to->error ? error_no_memory(e)
	       : to->len
		       ? 0
		       : error_set(e, -ENODATA, EXIT_STATUS_USAGE, NULL, "%s has no packets", path);
}

int guest_packets_read(const char *path, const char *module_dir, struct strbuf *ret,
		       struct crossbpf_error *e)
{
	const struct packets_module *module;
	void *handle = NULL;
	char why[WHY_SIZE] = "";

	module = plugin_load_module(module_dir, "packets.so", "crossbpf_packets_init",
				    sizeof(*module), "what reads captures", &handle, e);
	if (!module)
		return -ENOEXEC;
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file)
		return error_set(e, -errno, EXIT_STATUS_USAGE, "name a capture that is there",
				 "cannot read %s: %s", path, strerror(errno));
	fd = -1;
	struct packets *packets = module->open(file, why, sizeof(why));
	if (!packets)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "what 'tcpdump -w FILE' writes is taken, and pcapng",
				 "%s is no capture: %s", path, why);
	int r = add_all(module, packets, path, ret, e);
	module->close(packets);
	return r;
}
