/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "links.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "attach.h"
#include "pins.h"

enum { LINK_TCX = 11 }; /* linux/bpf.h of Linux 6.6: BPF_LINK_TYPE_TCX */

static int add(struct links *l, int fd)
{
	int *fds = realloc(l->fds, (l->n + 1) * sizeof(*fds));

	if (!fds) {
		close(fd);
		return -ENOMEM;
	}
	l->fds = fds;
	l->fds[l->n++] = fd;
	return 0;
}

int links_open(const char *dir, const char *name, struct links *ret)
{
	cleanup_free char *path = pins_path(dir, "links", name);
	cleanup_free char *clsact = path ? str_printf("%s/clsact", path) : NULL;
	cleanup_free char *at = path ? str_printf("%s/at", path) : NULL;
	cleanup_closedir DIR *d = path ? opendir(path) : NULL;
	const struct dirent *entry;
	int r = 0;

	if (!clsact || !at)
		return -ENOMEM;
	if (!d)
		return -errno;
	ret->at = pins_text(at);
	ret->clsact = pins_text(clsact);
	if (ret->clsact)
		return 0;
	/* Of several the first may be gone, where a command was killed. */
	while (r == 0 && (entry = readdir(d))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		cleanup_free char *pin = str_printf("%s/%s", path, entry->d_name);
		int fd = pin ? bpf_obj_get(pin) : -1;
		r = !pin ? -ENOMEM : fd < 0 ? -errno : add(ret, fd);
	}
	return r;
}

void links_close(struct links *l)
{
	while (l->n)
		close(l->fds[--l->n]);
	free(l->fds);
	free(l->clsact);
	free(l->at);
}

static int read_info(int fd, struct bpf_link_info *ret)
{
	unsigned len = sizeof(*ret);

	*ret = (struct bpf_link_info){0};
	return bpf_obj_get_info_by_fd(fd, ret, &len) < 0 ? -errno : 0;
}

/* All of them begin with the number of what they are attached to. */
static bool is_gone(int fd)
{
	struct bpf_link_info info;

	if (read_info(fd, &info) < 0)
		return false;
	switch ((unsigned)info.type) {
	case BPF_LINK_TYPE_XDP:
	case LINK_TCX:
		return !info.xdp.ifindex;
	case BPF_LINK_TYPE_CGROUP:
		return !info.cgroup.cgroup_id;
	case BPF_LINK_TYPE_NETNS:
		return !info.netns.netns_ino;
	default:
		return false;
	}
}

bool links_are_gone(const struct links *l)
{
	bool gone = true;

	if (l->clsact) {
		cleanup_close int program = attach_tc_program(l->clsact);
		return program == -ENOENT;
	}
	for (size_t i = 0; gone && i < l->n; i++)
		gone = is_gone(l->fds[i]);
	return gone;
}

int links_program(int link, int *ret_fd)
{
	struct bpf_link_info info;
	int r = read_info(link, &info);

	if (r < 0)
		return r;
	*ret_fd = bpf_prog_get_fd_by_id(info.prog_id);
	return *ret_fd < 0 ? -errno : 0;
}

/* Now, and not at some time after its last descriptor is closed. Links of tracing cannot. */
static void end(const struct links *l)
{
	for (size_t i = 0; i < l->n; i++)
		(void)bpf_link_detach(l->fds[i]);
}

int links_remove(const char *dir, const char *name)
{
	cleanup_links struct links l = {0};
	cleanup_free char *path = pins_path(dir, "links", name);
	int r = path ? links_open(dir, name, &l) : -ENOMEM;

	if (r == 0 && l.clsact)
		r = attach_tc_remove(l.clsact);
	if (r < 0)
		return r;
	end(&l);
	return pins_remove(path);
}

unsigned links_id(int fd)
{
	struct bpf_link_info info;

	return read_info(fd, &info) < 0 ? 0 : info.id;
}

static bool has_link(const char *dir, const char *name, unsigned id)
{
	cleanup_links struct links l = {0};

	if (links_open(dir, name, &l) < 0)
		return false;
	for (size_t i = 0; i < l.n; i++)
		if (links_id(l.fds[i]) == id)
			return true;
	return false;
}

void links_discard(const char *dir, const char *other)
{
	cleanup_strv struct strv names = {0};

	if (pins_list(dir, "links", &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		cleanup_links struct links l = {0};
		if (links_open(dir, names.v[i], &l) == 0 && l.n &&
		    !has_link(other, names.v[i], links_id(l.fds[0])))
			end(&l);
	}
}
