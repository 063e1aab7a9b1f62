/* SPDX-License-Identifier: BSD-2-Clause */
/* What the section "ssh" of crossbpf.conf may hold. */
#include "config.h"

#include "common/options.h"

const struct crossbpf_key option_keys[] = {
	{"host", "hosts as ssh knows them; the first that can be reached is taken", NULL,
	 CROSSBPF_KEY_LIST},
	{"transport",
	 "openssh (the user's ssh, by a control connection), libssh, or auto: openssh where there "
	 "is an ssh",
	 "auto", 0},
	{"config", "ssh's configuration in place of ~/.ssh/config", NULL, 0},
	{"persist", "minutes for which a control connection is kept unused; 90s for seconds", "10",
	 0},
	{NULL, NULL, NULL, 0},
};
