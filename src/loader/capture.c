/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "capture.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "shared/strbuf.h"

enum { WHY_SIZE = 256 };

/* It runs with all rights of root: nobody else may have put it there. */
static int check_module(const char *dir, const char *path, struct crossbpf_error *e)
{
	struct stat of_dir, of_file;

	if (stat(path, &of_file) < 0 || stat(dir, &of_dir) < 0)
		return error_set(e, -errno, EXIT_STATUS_FAILED,
				 errno == ENOENT ? "install libpcap (Debian: libpcap0.8 and the "
						   "package crossbpf-loader; to build it, "
						   "libpcap-dev before ./configure)"
						 : NULL,
				 "captures are read by %s: %s", path, strerror(errno));
	if (dir[0] == '/' && S_ISREG(of_file.st_mode) &&
	    !((of_file.st_mode | of_dir.st_mode) & S_IWOTH) &&
	    (!of_file.st_uid || of_file.st_uid == geteuid()) &&
	    (!of_dir.st_uid || of_dir.st_uid == geteuid()))
		return 0;
	return error_set(e, -EPERM, EXIT_STATUS_FAILED,
			 "it, and its directory, must belong to root or to you, and to nobody else",
			 "%s is not loaded: others may have written it", path);
}

static int load(const struct packets_module **ret, struct crossbpf_error *e)
{
	const char *dir = cli_module_dir();
	cleanup_free char *path = str_printf("%s/packets.so", dir);
	const struct packets_module *(*init)(void);

	if (!path)
		return error_no_memory(e);
	int r = check_module(dir, path, e);
	if (r < 0)
		return r;
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = module ? dlsym(module, "crossbpf_packets_init") : NULL;
	const char *why = symbol ? NULL : dlerror();
	memcpy(&init, &symbol, sizeof(init)); /* C has no cast for it */
	*ret = symbol ? init() : NULL;
	if (*ret && (*ret)->size == sizeof(**ret))
		return 0;
	return error_set(e, -ENOEXEC, EXIT_STATUS_FAILED,
			 "install libpcap (Debian: libpcap0.8), or crossbpf again",
			 "cannot load %s: %s", path, why ? why : "it is of another release");
}

int capture_open(struct capture *ret, const char *path, struct crossbpf_error *e)
{
	char why[WHY_SIZE] = "";
	int r = load(&ret->module, e);

	if (r < 0)
		return r;
	bool is_input = strcmp(path, "-") == 0;
	int fd = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		r = -errno;
		closep(&fd);
		return error_set(e, r, EXIT_STATUS_USAGE, "name a capture that is there",
				 "cannot read %s: %s", path, strerror(-r));
	}
	ret->path = path;
	ret->packets = ret->module->open(file, why, sizeof(why));
	if (!ret->packets)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "what 'tcpdump -w FILE' writes is taken, and pcapng",
				 "%s is no capture: %s", path, why);
	ret->begins = ret->module->link(ret->packets, &ret->link);
	return 0;
}

int capture_next(struct capture *c, struct packet *ret, struct crossbpf_error *e)
{
	char why[WHY_SIZE] = "";
	int r = c->module->next(c->packets, ret, why, sizeof(why));

	return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, NULL, "%s is damaged: %s", c->path, why)
		     : r;
}

void capture_close(struct capture *c)
{
	if (c->packets)
		c->module->close(c->packets);
}
