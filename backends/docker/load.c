/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "load.h"
#include "common/options.h"

#define GRANTED "granted, in a container of its own and for as long as this runs: root with "
#define BPFFS                                                                                  \
	", and /sys/fs/bpf of the engine's machine, whose kernel the programs are loaded into" \
	"; what is pinned there stays"

/* Engines from before Linux 5.8's CAP_BPF, or built without it (Debian 12's docker), know only what
 * contains it. */
const struct load_rights load_rights[] = {
	{{"BPF", "PERFMON", "NET_ADMIN"}, GRANTED "CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN" BPFFS},
	{{"SYS_ADMIN", "NET_ADMIN"},
	 GRANTED "CAP_SYS_ADMIN, as this engine does not know CAP_BPF, and CAP_NET_ADMIN" BPFFS},
	{{NULL}, NULL},
};

/* Is the file system there one of BPF, or only the directory for it? */
static const char mount_checker[] = "while read -r _ dir type _; do\n"
				    "	[ \"$dir $type\" != '/sys/fs/bpf bpf' ] || exit 0\n"
				    "done </proc/mounts\n"
				    "exit 3\n";
enum { NO_BPFFS = 3 };

void load_add_rights(const struct load_rights *rights, struct strv *words)
{
	for (size_t i = 0; rights->caps[i]; i++) {
		strv_add(words, "--cap-add");
		strv_add(words, rights->caps[i]);
	}
	strv_add(words, "--mount");
	strv_add(words, "type=bind,source=/sys/fs/bpf,target=/sys/fs/bpf");
}

bool load_is_unknown(const struct load_rights *rights, const struct call *call)
{
	if (!rights[1].sentence)
		return false;
	for (size_t i = 0; i < CALL_LINES && call->last[i]; i++)
		if (strstr(call->last[i], "unknown capability"))
			return true;
	return false;
}

int load_check(const struct engine *e, const char *container, const struct load_rights *rights)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {0};

	strv_add_all(&words,
		     (const char *const[]){"exec", container, "sh", "-c", mount_checker, NULL});
	int r = engine_call(e, &call, &words);
	if (r == 0 && call.status == 0) {
		e->host->log(e->host->ctx, CROSSBPF_LOG_INFO, rights->sentence);
		return 0;
	}
	(void)engine_ask(e, NULL, (const char *const[]){"rm", "-f", container, NULL});
	if (r == 0 && call.status == NO_BPFFS)
		return complain(e->host, -ENODEV, "there, as root: mount -t bpf bpf /sys/fs/bpf",
				"the engine's machine has no BPF file system at /sys/fs/bpf");
	return engine_complain(e, &call, r, "cannot look into the container");
}
