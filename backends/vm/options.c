/* SPDX-License-Identifier: BSD-2-Clause */
/* What the section "vm" of crossbpf.conf may hold. */
#include "config.h"

#include "common/options.h"

const struct crossbpf_key option_keys[] = {
	{"provider", "qemu, vagrant or lima: whose machine it is", "qemu", 0},
	{"accel", "qemu: kvm, hvf, tcg, or auto: the first of them that a machine gets on with",
	 "auto", 0},
	{"image", "qemu: a disk that it begins with, a cloud image; else one is made by mmdebstrap",
	 NULL, 0},
	{"memory", "qemu: its memory in MiB", "2048", 0},
	{"cpus", "qemu: how many processors it has, 0 for as many as the host", "0", 0},
	{"idle",
	 "qemu: minutes until an unused machine switches itself off, 0 for never; 90s for "
	 "seconds",
	 "30", 0},
	{"machine", "vagrant, lima: the name of the machine; else their default", NULL, 0},
	{"dir", "vagrant: where the Vagrantfile is; else the project's directory", NULL, 0},
	{"transport", "the way there: openssh, libssh or auto, as of the ssh backend", "auto", 0},
	{"persist", "minutes for which a control connection is kept unused; 90s for seconds", "10",
	 0},
	{NULL, NULL, NULL, 0},
};
