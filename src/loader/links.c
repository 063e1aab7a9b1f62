/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "links.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "attach.h"
#include "pins.h"

static int read_text(const char *path, char **ret)
{
	char text[PATH_MAX];
	ssize_t len = readlink(path, text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

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
	cleanup_free char *text = path ? str_printf("%s/clsact", path) : NULL;
	int r = text ? read_text(text, &ret->clsact) : -ENOMEM;

	if (r != -ENOENT)
		return r;
	for (r = 0; r == 0;) {
		cleanup_free char *pin = str_printf("%s/%zu", path, ret->n);
		int fd = pin ? bpf_obj_get(pin) : -1;
		if (!pin)
			return -ENOMEM;
		if (fd < 0)
			return errno == ENOENT && ret->n ? 0 : -errno;
		r = add(ret, fd);
	}
	return r;
}

void links_close(struct links *l)
{
	while (l->n)
		close(l->fds[--l->n]);
	free(l->fds);
	free(l->clsact);
}

int links_program(int link, int *ret_fd)
{
	struct bpf_link_info info = {0};
	unsigned len = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &len) < 0)
		return -errno;
	*ret_fd = bpf_prog_get_fd_by_id(info.prog_id);
	return *ret_fd < 0 ? -errno : 0;
}

int links_remove(const char *dir, const char *name)
{
	cleanup_links struct links l = {0};
	cleanup_free char *path = pins_path(dir, "links", name);
	int r = path ? links_open(dir, name, &l) : -ENOMEM;

	/* Now, and not at some time after its last descriptor is closed. Links of tracing cannot.
	 */
	for (size_t i = 0; r == 0 && i < l.n; i++)
		(void)bpf_link_detach(l.fds[i]);
	if (r == 0 && l.clsact)
		r = attach_tc_remove(l.clsact);
	return r == 0 ? pins_remove(path) : r;
}
