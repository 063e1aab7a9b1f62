/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <pcap.h>
#include <stdlib.h>

#include "packets.h"

struct packets {
	pcap_t *pcap;
	char link[32]; /* its name */
};

static struct packets *packets_open(FILE *file, char *why, size_t size)
{
	char text[PCAP_ERRBUF_SIZE] = "out of memory";
	struct packets *p = calloc(1, sizeof(*p));

	if (p)
		p->pcap = pcap_fopen_offline(file, text);
	if (p && p->pcap)
		return p;
	snprintf(why, size, "%s", text);
	fclose(file);
	free(p);
	return NULL;
}

static enum packets_link packets_link(struct packets *p, const char **ret_name)
{
	int link = pcap_datalink(p->pcap);
	const char *name = pcap_datalink_val_to_name(link);

	if (name)
		snprintf(p->link, sizeof(p->link), "%s", name);
	else
		snprintf(p->link, sizeof(p->link), "%d", link);
	*ret_name = p->link;
	switch (link) {
	case DLT_EN10MB:
		return PACKETS_ETHERNET;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return PACKETS_IP;
	default:
		return PACKETS_OTHER;
	}
}

static int packets_next(struct packets *p, struct packet *ret, char *why, size_t size)
{
	struct pcap_pkthdr *header;
	const unsigned char *data;

	switch (pcap_next_ex(p->pcap, &header, &data)) {
	case 1:
		*ret = (struct packet){.data = data, .len = header->caplen};
		return 1;
	case PCAP_ERROR_BREAK: /* at its end */
		return 0;
	default:
		snprintf(why, size, "%s", pcap_geterr(p->pcap));
		return -EIO;
	}
}

static void packets_close(struct packets *p)
{
	pcap_close(p->pcap); /* and the file with it */
	free(p);
}

const struct packets_module *crossbpf_packets_init(void)
{
	static const struct packets_module module = {
		.size = sizeof(module),
		.open = packets_open,
		.link = packets_link,
		.next = packets_next,
		.close = packets_close,
	};

	return &module;
}
