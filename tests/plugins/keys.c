/* SPDX-License-Identifier: BSD-2-Clause */
/* Backends of other releases, whose keys are shorter or longer than ours: KEY_SIZE bytes each. */
#include "crossbpf-backend.h"
#include "place.h"

static const struct crossbpf_key known[] = {
	{"engine", "which engine", "docker", 0},
	{"host", "a machine", NULL, CROSSBPF_KEY_LIST},
	{NULL, NULL, NULL, 0},
};

enum { N_KEYS = sizeof(known) / sizeof(known[0]) };

/* Where each is as long as KEY_SIZE says. What is not known of it yet is all ones. */
static unsigned char keys[N_KEYS * (KEY_SIZE)];

static struct crossbpf_backend backend = {
	.size = sizeof(backend),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = KEYS_NAME,
	.summary = "this machine, with keys",
	.key_size = KEY_SIZE,
	.probe = place_probe,
	.open = place_open,
	.run = place_run,
	.close = place_close,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	const size_t size = KEY_SIZE, ours = sizeof(known[0]);

	memset(keys, 0xff, sizeof(keys));
	for (size_t i = 0; i < N_KEYS; i++)
		memcpy(keys + i * size, &known[i], size < ours ? size : ours);
	backend.keys = (const struct crossbpf_key *)(const void *)keys;
	return &backend;
}
