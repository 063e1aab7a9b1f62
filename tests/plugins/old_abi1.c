/* SPDX-License-Identifier: BSD-2-Clause */
/* old_abi1: a backend that was made for the first ABI and lacks all that is optional in it. Its
 * table is in memory, too, no longer than it says. */
#include "abi1.h"
#include "place.h"

struct short_backend {
	uint32_t size;
	uint32_t abi;
	const char *name;
	const char *summary;
	uint64_t caps;
	const struct crossbpf_key *keys;
	uint32_t key_size;
	int (*probe)(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		     char *ret_why, size_t len);
	int (*open)(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		    const struct crossbpf_project *project, struct crossbpf_session **ret_session);
	int (*run)(struct crossbpf_session *session, const struct crossbpf_run *run,
		   int *ret_status);
	void (*close)(struct crossbpf_session *session);
};

_Static_assert(offsetof(struct short_backend, caps) == offsetof(struct crossbpf_backend, caps) &&
		       offsetof(struct short_backend, close) ==
			       offsetof(struct crossbpf_backend, close) &&
		       sizeof(struct short_backend) == offsetof(struct crossbpf_backend, identity),
	       "the beginning of struct crossbpf_backend");

static const struct short_backend old_abi1 = {
	.size = sizeof(old_abi1),
	.abi = 1,
	.name = "old_abi1",
	.summary = "this machine, by a plugin of the first release",
	.caps = CROSSBPF_CAP_HOST_FILES,
	.probe = place_probe,
	.open = place_open,
	.run = place_run,
	.close = place_close,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return (const struct crossbpf_backend *)&old_abi1;
}
