/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "exchange/unpack.h"
#include "guest-package.h"
#include "kernel-package.h"
#include "plugin.h"
#include "shared/digest.h"
#include "shared/io.h"

enum {
	MAX_MODULES = 16,
	HASH_LEN = 32,
	FORMAT = 1, /* of what is unpacked: goes up where guest_modules change */
};

/* Of a package, and of all that is unpacked of it. */
#define PACKAGE_MAX ((size_t)1 << 30)

static int fail_to_write(const char *path, int r, struct crossbpf_error *e)
{
	if (r == -ENOMEM)
		return error_no_memory(e);
	return error_set(e, r, EXIT_STATUS_OUTPUT, "set XDG_CACHE_HOME to another directory",
			 "cannot write to %s: %s", path, strerror(-r));
}

/* Where it is, once it is there: the name of its file without ".deb", and a digest of its content,
 * as one version may have been built twice. */
static char *place_of(const struct guest_kernel_request *request, const char *file,
		      const char *hash)
{
	size_t len = strlen(file);

	len -= len > 4 && strcmp(file + len - 4, ".deb") == 0 ? 4 : 0;
	return str_printf("%s/kernels/%.*s-%.*s.%d", request->cache_dir, (int)len, file, HASH_LEN,
			  hash, FORMAT);
}

static char *image_in(const char *place)
{
	return str_printf("%s/vmlinuz", place);
}

/* What is unpacked, one file each. */
struct unpacking {
	struct unpack_wanted wanted[MAX_MODULES + 1]; /* the first is the kernel */
	char names[MAX_MODULES + 1][64];
	size_t n;
};

static void close_all(struct unpacking *u)
{
	for (size_t i = 0; i < u->n; i++)
		closep(&u->wanted[i].to);
}

static int open_wanted(struct unpacking *u, const char *dir, const char *name)
{
	struct unpack_wanted *w = &u->wanted[u->n];
	cleanup_free char *path = NULL;

	if (u->n > MAX_MODULES)
		return -ENOSPC;
	snprintf(u->names[u->n], sizeof(u->names[u->n]), "%s", name);
	path = str_printf("%s/%s", dir, name);
	w->to = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644) : -1;
	if (w->to < 0)
		return path ? -errno : -ENOMEM;
	w->name = u->n ? u->names[u->n] : NULL;
	u->n++;
	return 0;
}

static int open_all(struct unpacking *u, const char *dir)
{
	int r = open_wanted(u, dir, "vmlinuz");

	for (const struct guest_module *m = guest_modules; m->name && r == 0; m++) {
		char name[64];
		snprintf(name, sizeof(name), "%s.ko", m->name);
		r = open_wanted(u, dir, name);
	}
	return r;
}

/* What was not found is removed, and the rest named by how it is compressed. */
static int name_all(const struct unpacking *u, const char *dir)
{
	int r = 0;

	for (size_t i = 0; i < u->n && r == 0; i++) {
		const struct unpack_wanted *w = &u->wanted[i];
		cleanup_free char *from = str_printf("%s/%s", dir, u->names[i]);
		cleanup_free char *to = str_printf("%s/%s%s", dir, u->names[i], w->end);
		if (!from || !to)
			return -ENOMEM;
		if (w->found ? rename(from, to) < 0 : unlink(from) < 0)
			r = -errno;
	}
	return r;
}

static void remove_directory(const char *dir)
{
	cleanup_closedir DIR *d = opendir(dir);
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		cleanup_free char *path = str_printf("%s/%s", dir, entry->d_name);
		if (path)
			unlink(path);
	}
	rmdir(dir);
}

static int unpack_to(const struct guest_kernel_request *request, const char *package, int fd,
		     off_t len, const char *dir, struct crossbpf_error *e)
{
	struct unpacking u = {.n = 0};
	struct unpack from = {.from = fd,
			      .len = (uint64_t)len,
			      .to = -1,
			      .limit = PACKAGE_MAX,
			      .control = request->control};
	void *handle = NULL;
	const struct unpack_module *module =
		plugin_load_module(request->module_dir, "archive.so", "crossbpf_unpack_init",
				   sizeof(*module), "what unpacks kernels", &handle, e);

	if (!module)
		return -ENOEXEC;
	int opened = open_all(&u, dir);
	int r = opened < 0 ? opened : module->package_files(&from, u.wanted, u.n);
	bool has_kernel = u.n && u.wanted[0].found;
	if (r == 0 && has_kernel)
		opened = name_all(&u, dir);
	close_all(&u);
	if (opened < 0 || r == -ENOSPC || r == -EDQUOT)
		return fail_to_write(dir, opened < 0 ? opened : r, e);
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r < 0 || !has_kernel)
		return error_set(e, r < 0 ? r : -ENOENT, EXIT_STATUS_NO_BACKEND,
				 "name another kernel", "cannot unpack %s: %s", package,
				 r == 0 || r == -ENOENT ? "there is no kernel in it"
				 : from.why[0]          ? from.why
							: strerror(-r));
	return 0;
}

/* Whole or not at all: under a name of its own first. */
static int unpack_at(const struct guest_kernel_request *request, const char *package, int fd,
		     off_t len, const char *place, struct crossbpf_error *e)
{
	cleanup_free char *dir = str_printf("%s.XXXXXX", place);

	int r = dir ? io_make_parents(place, 0755) : -ENOMEM;
	if (r == 0 && !mkdtemp(dir))
		r = -errno;
	if (r < 0)
		return fail_to_write(place, r, e);
	r = unpack_to(request, package, fd, len, dir, e);
	if (r == 0 && rename(dir, place) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		r = fail_to_write(place, -errno, e);
	if (access(dir, F_OK) == 0)
		remove_directory(dir);
	return r;
}

/* 1: it is there, else 0. */
static int look(const char *place, char **ret_image)
{
	cleanup_free char *image = image_in(place);

	if (!image)
		return -ENOMEM;
	if (access(image, R_OK) < 0)
		return 0;
	*ret_image = TAKE_PTR(image);
	return 1;
}

static int check_cache(const struct guest_kernel_request *request, struct crossbpf_error *e)
{
	return request->cache_dir
		       ? 0
		       : error_set(e, -ENOENT, EXIT_STATUS_USAGE, "set HOME or XDG_CACHE_HOME",
				   "there is no cache directory to unpack kernels to");
}

/* `hash`: what apt says it is, or "". */
static int unpack(const struct guest_kernel_request *request, const char *package, const char *hash,
		  char **ret_image, struct crossbpf_error *e)
{
	cleanup_close int fd = open(package, O_RDONLY | O_CLOEXEC);
	cleanup_strbuf struct strbuf content = {0};
	char own[DIGEST_HEX_SIZE];
	struct stat st;

	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && !*hash) {
		uint8_t digest[DIGEST_SIZE];
		r = io_read_fd(fd, PACKAGE_MAX, &content);
		if (r == 0) {
			digest_of(content.data, content.len, digest);
			digest_hex(digest, own);
			hash = own;
		}
	}
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_NO_BACKEND, NULL, "cannot read %s: %s", package,
				 strerror(-r));
	cleanup_free char *place = place_of(request, io_basename(package), hash);
	int found = place ? look(place, ret_image) : -ENOMEM;
	if (found)
		return found < 0 ? error_no_memory(e) : 0;
	r = unpack_at(request, package, fd, st.st_size, place, e);
	if (r < 0)
		return r;
	*ret_image = image_in(place);
	return *ret_image ? 0 : error_no_memory(e);
}

int guest_package_unpack(const struct guest_kernel_request *request, const char *package,
			 char **ret_image, struct crossbpf_error *e)
{
	int r = check_cache(request, e);

	return r < 0 ? r : unpack(request, package, "", ret_image, e);
}

struct job {
	const struct kernel_package_request *asked;
	const struct guest_kernel_request *request;
	char *image; /* NULL until it is there */
};

static int read_package(void *ctx, const struct kernel_package *p, const char *file,
			struct crossbpf_error *e)
{
	struct job *j = ctx;

	return unpack(j->request, file, p->hash, &j->image, e);
}

/* What is unpacked already, else what is in the package. */
static int take(void *ctx, const struct kernel_package *p, struct crossbpf_error *e)
{
	struct job *j = ctx;
	const struct kernel_package_user user = {j, take, read_package};
	cleanup_free char *place = place_of(j->request, p->file, p->hash);
	int found = !place ? -ENOMEM : *p->hash ? look(place, &j->image) : 0;

	if (found)
		return found < 0 ? error_no_memory(e) : 0;
	return kernel_package_download(j->asked, p, &user, e);
}

/* apt takes a second to say which package is the newest. What it said is good for a day, and for
 * longer where it says nothing any more, as without a network. */

enum { MEMORY_AGE = 24 * 3600 };

static char *memory_of(const struct guest_kernel_request *request)
{
	return str_printf("%s/kernels/newest-%s-%s.%d", request->cache_dir, request->word,
			  request->arch, FORMAT);
}

static bool is_recent(const char *memory)
{
	struct stat st;
	time_t now = time(NULL);

	return stat(memory, &st) == 0 && st.st_mtime <= now && now - st.st_mtime < MEMORY_AGE;
}

/* 1: that package is unpacked, else 0. */
static int recall(const char *memory, char **ret_image)
{
	cleanup_strbuf struct strbuf image = {0};

	if (io_read_file(memory, PATH_MAX, &image) < 0 || access(image.data, R_OK) < 0)
		return 0;
	return strbuf_finish(&image, ret_image) < 0 ? -ENOMEM : 1;
}

static int find(const struct guest_kernel_request *request, char **ret_image,
		struct crossbpf_error *e)
{
	const struct kernel_package_request asked = {.version = request->word,
						     .arch = request->arch,
						     .cache_dir = request->cache_dir,
						     .small = true,
						     .log = request->log,
						     .control = request->control};
	struct job j = {&asked, request, NULL};
	const struct kernel_package_user user = {&j, take, read_package};

	int r = kernel_package_use(&asked, &user, e);
	if (r == 0)
		*ret_image = j.image;
	return r;
}

int guest_package_get(const struct guest_kernel_request *request, char **ret_image,
		      struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error own = {0};
	cleanup_free char *memory = NULL;

	int r = kernel_package_check(request->word, e);
	if (r == 0)
		r = check_cache(request, e);
	if (r < 0)
		return r;
	memory = memory_of(request);
	int known = !memory ? -ENOMEM : is_recent(memory) ? recall(memory, ret_image) : 0;
	if (known)
		return known < 0 ? error_no_memory(e) : 0;
	r = find(request, ret_image, &own);
	if (r == 0) { /* what cannot be remembered is looked for again */
		(void)io_replace_file(memory, *ret_image, strlen(*ret_image));
		return 0;
	}
	known = r == -EINTR || r == -ENOMEM ? 0 : recall(memory, ret_image);
	if (known)
		return known < 0 ? error_no_memory(e) : 0;
	if (r == -ENOENT || own.status == EXIT_STATUS_FAILED)
		own.status = EXIT_STATUS_NO_BACKEND;
	*e = own;
	own = (struct crossbpf_error){0};
	return r;
}
