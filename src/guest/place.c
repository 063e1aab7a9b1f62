/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "place.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/strbuf.h"

static const char bpffs[] = "/sys/fs/bpf";
static const char cgroups[] = "/sys/fs/cgroup";

bool place_has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

void place_mount(void)
{
	static const struct {
		const char *type, *where;
	} mounts[] = {
		{"devtmpfs", "/dev"},
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"securityfs", "/sys/kernel/security"},
		{"debugfs", "/sys/kernel/debug"},
		{"tracefs", "/sys/kernel/tracing"},
		{"bpf", bpffs},
		{"cgroup2", cgroups},
		{"tmpfs", "/tmp"},
		{"tmpfs", "/run"},
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		(void)mkdir(mounts[i].where, 0755);
		/* Not every kernel has all of them. */
		(void)mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL);
	}
}

int place_own_pins(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", bpffs, "bpf", 0, NULL) < 0)
		return -errno;
	return 0;
}

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return;
	request.ifr_flags |= IFF_UP;
	(void)ioctl(fd, SIOCSIFFLAGS, &request);
}

/* A kernel before 5.11 counts the memory of maps against this. */
static void lift_limits(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY}, none = {0};

	(void)setrlimit(RLIMIT_MEMLOCK, &all);
	(void)setrlimit(RLIMIT_CORE, &none);
}

/* Linux counts by a descriptor from 5.8 on; by this file, of all programs, from 5.1 on. */
static void count(struct place *p)
{
	static const char path[] = "/proc/sys/kernel/bpf_stats_enabled";
	cleanup_close int fd = -1;
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (stats >= 0)
		p->stats = stats;
	else if (p->is_init)
		fd = open(path, O_WRONLY | O_CLOEXEC);
	p->counts = stats >= 0 || (fd >= 0 && io_write_fd(fd, "1", 1) == 0);
}

static bool is_cgroup2(const char *path)
{
	struct statfs st;

	return statfs(path, &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

static void find_cgroup(struct place *p)
{
	static const char unified[] = "/sys/fs/cgroup/unified";
	const char *root = is_cgroup2(cgroups) ? cgroups : is_cgroup2(unified) ? unified : NULL;

	if (!root)
		return;
	if (p->is_init) {
		p->cgroup = strdup(root);
		return;
	}
	p->cgroup = str_printf("%s/crossbpf-guest.%d", root, (int)getpid());
	if (p->cgroup && mkdir(p->cgroup, 0755) < 0) {
		free(p->cgroup);
		p->cgroup = NULL;
	}
}

static int refuse(int r, const char *what, struct crossbpf_error *e)
{
	return error_set(e, r, EXIT_STATUS_FAILED,
			 r == -EPERM || r == -EACCES ? "run it as root"
						     : "take a kernel with BPF, and /sys",
			 "%s: %s", what, strerror(-r));
}

/* Is there BPF, and may we? */
static int ask_kernel(struct crossbpf_error *e)
{
	cleanup_close int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 4, 1, NULL);

	return fd >= 0 ? 0 : refuse(-errno, "this kernel lets no BPF be loaded", e);
}

int place_prepare(struct place *p, bool attach, struct crossbpf_error *e)
{
	lift_limits();
	int r = ask_kernel(e);
	if (r == 0 && !p->is_init)
		r = place_own_pins();
	if (r < 0)
		return refuse(r, "cannot mount a bpffs of its own", e);
	if (attach && !p->is_init && unshare(CLONE_NEWNET) < 0)
		return refuse(-errno, "cannot make a network of its own", e);
	if (attach || p->is_init)
		raise_loopback();
	if (attach) {
		find_cgroup(p);
		count(p);
	}
	return 0;
}

void place_free(struct place *p)
{
	if (p->cgroup && !p->is_init)
		(void)rmdir(p->cgroup);
	free(p->cgroup);
	if (p->stats > 0)
		close(p->stats);
	*p = (struct place){0};
}
