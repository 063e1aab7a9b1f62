/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "exchange/unpack.h"
#include "guest-kernel.h"
#include "guest-package.h"
#include "object/kernel-image.h"
#include "plugin.h"
#include "shared/io.h"

/* Of a module, unpacked. */
#define MODULE_MAX ((uint64_t)64 << 20)

void guest_kernel_free(struct guest_kernel *k)
{
	free(k->image);
	strv_free(&k->modules);
	*k = (struct guest_kernel){0};
}

/* What a kernel may have as modules of all that stands between a guest and its host, and of what
 * programs are attached to; each behind those that it needs. */
const struct guest_module guest_modules[] = {
	{"virtio_ring", "kernel/drivers/virtio"},
	{"virtio", "kernel/drivers/virtio"},
	{"virtio_pci_modern_dev", "kernel/drivers/virtio"},
	{"virtio_pci_legacy_dev", "kernel/drivers/virtio"},
	{"virtio_pci", "kernel/drivers/virtio"},
	{"virtio_console", "kernel/drivers/char"},
	{"sch_ingress", "kernel/net/sched"},
	{"cls_bpf", "kernel/net/sched"},
	{NULL, NULL},
};

/* Adds those that are in a directory of modules, or all in one. */
static int find_modules(const char *dir, struct strv *modules)
{
	static const char *const ends[] = {"", ".xz", ".zst", ".gz"};

	for (const struct guest_module *m = guest_modules; m->name; m++) {
		bool found = false;
		for (size_t i = 0; i < 2 * sizeof(ends) / sizeof(ends[0]) && !found; i++) {
			cleanup_free char *path =
				i % 2 ? str_printf("%s/%s.ko%s", dir, m->name, ends[i / 2])
				      : str_printf("%s/%s/%s.ko%s", dir, m->dir, m->name,
						   ends[i / 2]);
			if (!path)
				return -ENOMEM;
			found = access(path, R_OK) == 0;
			if (found)
				strv_take(modules, TAKE_PTR(path));
		}
	}
	return modules->error;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "6.1.0-9" of "/boot/vmlinuz-6.1.0-9"; NULL where the name has none. */
static const char *release_of(const char *image)
{
	static const char *const begins[] = {"vmlinuz-", "vmlinux-", "bzImage-", "Image-"};
	const char *name = io_basename(image);

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (str_begins(name, begins[i]))
			return name + strlen(begins[i]);
	return NULL;
}

/* Modules lie beside the image, or where systems have them, from the directory above its own on. A
 * kernel without any may well have all built in. */
static int find_modules_of(const char *image, struct strv *modules)
{
	static const char *const places[] = {"/../lib/modules/", "/../usr/lib/modules/",
					     "/lib/modules/"};
	const char *release = release_of(image);
	cleanup_free char *dir = strndup(image, (size_t)(io_basename(image) - image));

	if (!dir)
		return -ENOMEM;
	if (!dir[0]) {
		free(dir);
		dir = strdup("./");
	}
	int r = dir ? find_modules(dir, modules) : -ENOMEM;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && r == 0 && !modules->n; i++) {
		cleanup_free char *place =
			release ? str_printf("%s%s%s", dir, places[i], release) : NULL;
		r = is_directory(place) ? find_modules(place, modules) : 0;
	}
	return r;
}

/* Which machine boots it? */
static int find_arch(const char *image, enum kernel_kind *ret_kind, const char **ret_arch,
		     struct crossbpf_error *e)
{
	cleanup_close int fd = open(image, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct kernel_image found = {0};
	const char *why = NULL;

	if (fd < 0)
		return error_set(e, -errno, EXIT_STATUS_NO_BACKEND,
				 errno == EACCES ? "make it readable, or name the version of a "
						   "package, as in --kernel 6.1"
						 : "name one that is there, or a version, as in "
						   "--kernel 6.1",
				 "cannot read the kernel %s: %s", image, strerror(errno));
	int r = kernel_image_find(fd, &found, &why);
	bool boots = found.kind != KERNEL_BTF && found.kind != KERNEL_UNKNOWN;
	/* One without BTF boots too. */
	if ((r == 0 || r == -ENOENT) && boots && (found.arch || found.kind == KERNEL_PACKAGE)) {
		*ret_kind = found.kind;
		*ret_arch = found.arch;
		return 0;
	}
	return error_set(e, r < 0 ? r : -ENOEXEC, EXIT_STATUS_NO_BACKEND,
			 "name a bzImage, an Image or a Debian package, or a version, as in "
			 "--kernel 6.1",
			 "%s is no kernel that boots%s%s", image, why ? ": " : "", why ? why : "");
}

static int take_image(const struct guest_kernel_request *request, const char *image,
		      struct guest_kernel *k, struct crossbpf_error *e)
{
	enum kernel_kind kind = KERNEL_UNKNOWN;

	int r = find_arch(image, &kind, &k->arch, e);
	if (r < 0)
		return r;
	if (kind == KERNEL_PACKAGE) {
		cleanup_free char *unpacked = NULL;
		r = guest_package_unpack(request, image, &unpacked, e);
		return r < 0 ? r : take_image(request, unpacked, k, e);
	}
	k->image = strdup(image);
	return !k->image || find_modules_of(image, &k->modules) < 0 ? error_no_memory(e) : 0;
}

/* With numbers by their values. */
static int compare_releases(const char *x, const char *y)
{
	while (*x && *y) {
		if (isdigit((unsigned char)*x) && isdigit((unsigned char)*y)) {
			char *x_end, *y_end;
			unsigned long long m = strtoull(x, &x_end, 10), n = strtoull(y, &y_end, 10);
			if (m != n)
				return m < n ? -1 : 1;
			x = x_end;
			y = y_end;
		} else if (*x != *y) {
			return *x < *y ? -1 : 1;
		} else {
			x++;
			y++;
		}
	}
	return *x == *y ? 0 : *x ? 1 : -1;
}

/* Is it that version, as 6.1.0-9 is 6.1, and 6.12 is not? */
static bool is_version(const char *release, const char *version)
{
	size_t len = strlen(version);

	return strncmp(release, version, len) == 0 && !isdigit((unsigned char)release[len]);
}

/* The newest image of a directory that may be read, of that version or, NULL, of any. -ENOENT. */
static int find_newest(const char *dir, const char *version, char **ret_image)
{
	cleanup_closedir DIR *d = opendir(dir);
	cleanup_free char *best = NULL;
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		const char *release = release_of(entry->d_name);
		bool is_plain = strcmp(entry->d_name, "vmlinuz") == 0 ||
				strcmp(entry->d_name, "bzImage") == 0 ||
				strcmp(entry->d_name, "Image") == 0;
		if (!release && !is_plain)
			continue;
		if (version ? !release || !is_version(release, version) : false)
			continue;
		const char *known = best ? release_of(best) : NULL;
		if (best && (!release || (known && compare_releases(release, known) < 0)))
			continue;
		cleanup_free char *path = str_printf("%s/%s", dir, entry->d_name);
		if (!path)
			return -ENOMEM;
		if (access(path, R_OK) == 0) {
			free(best);
			best = TAKE_PTR(path);
		}
	}
	*ret_image = TAKE_PTR(best);
	return *ret_image ? 0 : -ENOENT;
}

static int find_in_directory(const struct guest_kernel_request *request, struct guest_kernel *k,
			     struct crossbpf_error *e)
{
	cleanup_free char *boot = str_printf("%s/boot", request->word);
	cleanup_free char *image = NULL;

	int r = find_newest(request->word, NULL, &image);
	if (r == -ENOENT)
		r = boot ? find_newest(boot, NULL, &image) : -ENOMEM;
	if (r == -ENOENT)
		return error_set(e, r, EXIT_STATUS_NO_BACKEND,
				 "name the file itself, or a version, as in --kernel 6.1",
				 "there is no kernel in %s that may be read: vmlinuz* or "
				 "boot/vmlinuz*",
				 request->word);
	return r < 0 ? error_no_memory(e) : take_image(request, image, k, e);
}

static int find_version(const struct guest_kernel_request *request, struct guest_kernel *k,
			struct crossbpf_error *e)
{
	cleanup_free char *image = NULL;

	int r = find_newest("/boot", request->word, &image);
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r < 0)
		r = guest_package_get(request, &image, e);
	return r < 0 ? r : take_image(request, image, k, e);
}

int guest_kernel_find(const struct guest_kernel_request *request, struct guest_kernel *ret,
		      struct crossbpf_error *e)
{
	cleanup_guest_kernel struct guest_kernel k = {0};
	struct stat st;
	bool is_file = stat(request->word, &st) == 0;
	int r;

	if (is_file && S_ISDIR(st.st_mode))
		r = find_in_directory(request, &k, e);
	else if (is_file || strchr(request->word, '/'))
		r = take_image(request, request->word, &k, e);
	else
		r = find_version(request, &k, e);
	if (r < 0)
		return r;
	*ret = k;
	k = (struct guest_kernel){0};
	return 0;
}

/* Modules. */

static int fail_to_read(const char *path, int r, const char *why, struct crossbpf_error *e)
{
	if (r == -ENOMEM)
		return error_no_memory(e);
	return error_set(e, r, EXIT_STATUS_NO_BACKEND, NULL, "cannot read %s: %s", path,
			 why && *why ? why : strerror(-r));
}

static int unpack_module(const char *path, const char *module_dir, int from, off_t len, int to,
			 struct crossbpf_error *e)
{
	struct unpack u = {
		.from = from, .len = (uint64_t)len, .to = to, .limit = MODULE_MAX, .control = -1};
	void *handle = NULL;
	const struct unpack_module *module =
		plugin_load_module(module_dir, "archive.so", "crossbpf_unpack_init",
				   sizeof(*module), "what unpacks modules", &handle, e);

	if (!module)
		return -ENOEXEC;
	int r = module->stream(&u);
	return r < 0 ? fail_to_read(path, r, u.why, e) : 0;
}

int guest_kernel_read_module(const char *path, const char *module_dir, struct strbuf *ret,
			     struct crossbpf_error *e)
{
	cleanup_close int from = open(path, O_RDONLY | O_CLOEXEC), to = -1;
	size_t len = strlen(path);
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		return fail_to_read(path, -errno, NULL, e);
	bool is_plain = len > 3 && strcmp(path + len - 3, ".ko") == 0;
	int r = is_plain ? 0 : io_temporary(&to);
	if (r == 0 && !is_plain) {
		r = unpack_module(path, module_dir, from, st.st_size, to, e);
		if (r < 0)
			return r;
		r = lseek(to, 0, SEEK_SET) < 0 ? -errno : 0;
	}
	if (r == 0)
		r = io_read_fd(is_plain ? from : to, MODULE_MAX, ret);
	return r < 0 ? fail_to_read(path, r, NULL, e) : 0;
}
