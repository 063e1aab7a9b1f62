/* SPDX-License-Identifier: BSD-2-Clause */
/* What the section "docker" of crossbpf.conf may hold. */
#include "config.h"

#include "common/options.h"

const struct crossbpf_key option_keys[] = {
	{"engine", "docker, podman or nerdctl, by name or path; else the first of them in PATH",
	 NULL, 0},
	{"engine_options", "words between the engine's name and its command", NULL,
	 CROSSBPF_KEY_LIST},
	{"image", "an image that has clang, NAME[:TAG][@DIGEST]", NULL, 0},
	{"dockerfile", "what an image is built from in place of crossbpf's own", NULL, 0},
	{"build_options", "further words for the engine's build", NULL, CROSSBPF_KEY_LIST},
	{"run_options", "further words for the engine's run", NULL, CROSSBPF_KEY_LIST},
	{"memory", "the most that a container may use, 0 for no limit", "4g", 0},
	{"pids", "how many processes it may have, 0 for no limit", "2048", 0},
	{"idle", "minutes until an unused container stops, 0 for never; 90s for seconds", "30", 0},
	{"spare", "minutes for which a shell waits there for the next build; 0 for none", "60s", 0},
	{NULL, NULL, NULL, 0},
};
