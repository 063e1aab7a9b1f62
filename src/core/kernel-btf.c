/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "exchange/unpack.h"
#include "kernel-btf.h"
#include "object/btf.h"
#include "object/bytes.h"
#include "object/kernel-image.h"
#include "plugin.h"
#include "shared/io.h"

enum {
	MAX_DEPTH = 4, /* a package, an image in it, the compressed kernel in that, vmlinux */
	MAX_TRIED = 8, /* of what looks compressed in an image */
};

/* Of what is unpacked, on disk. Of what may be no kernel less. */
#define UNPACKED_MAX (UINT64_C(2) << 30)
#define TRIED_MAX (UINT64_C(256) << 20)

void kernel_btf_free(struct kernel_btf *k)
{
	strbuf_free(&k->data);
	*k = (struct kernel_btf){0};
}

struct reading {
	const struct kernel_btf_request *request;
	const struct unpack_module *module;
	void *handle;
	bool known; /* it was found to be a kernel, or to hold one */
	struct crossbpf_error *e;
};

/* The first thing that is wrong with it says what the file is: what none of ours is was named by
 * mistake. */
static int fail(const struct reading *r, int code, const char *why)
{
	if (code == -ENOMEM)
		return error_no_memory(r->e);
	return error_set(r->e, code, r->known ? EXIT_STATUS_FAILED : EXIT_STATUS_USAGE,
			 r->known ? "name another kernel, or a file with BTF of it"
				  : "name a vmlinux, bzImage or Image, BTF, or a Debian package "
				    "linux-image-*.deb",
			 "%s: %s", r->request->path, why && *why ? why : strerror(-code));
}

/* Names become text of a header that is compiled. */
static bool is_harmless(const char *name)
{
	static const char allowed[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"_.$ :,<>()&*-+=[]@";

	return !name[strspn(name, allowed)];
}

static int check_name(void *ctx, uint32_t type, uint32_t at)
{
	const struct btf *btf = ctx;

	(void)type;
	uint32_t offset = bytes_get32(btf->types + at, btf->big);

	return offset >= btf->strings_len || !is_harmless(btf->strings + offset);
}

/* Who reads it next trusts more than we do. */
static int check(const struct reading *r, const struct strbuf *data, bool big)
{
	const char *why = NULL;
	struct btf btf;

	int ret = btf_open(&btf, (const uint8_t *)data->data, data->len, big, &why);
	if (ret == 0)
		ret = btf_each_name(&btf, check_name, &btf, &why);
	return ret == 0 ? 0
			: fail(r, ret < 0 ? ret : -ENOEXEC,
			       ret < 0 ? why : "a name in its BTF is none that C has");
}

static int take(const struct reading *r, int fd, const struct kernel_image *image,
		struct kernel_btf *ret)
{
	cleanup_strbuf struct strbuf data = {0};

	for (uint64_t done = 0; done < image->len;) {
		char block[1 << 16];
		uint64_t left = image->len - done;
		ssize_t n = pread(fd, block, left < sizeof(block) ? left : sizeof(block),
				  (off_t)(image->offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(r, n < 0 ? -errno : -ENOEXEC, n < 0 ? NULL : "it is cut off");
		strbuf_add(&data, block, (size_t)n);
		done += (uint64_t)n;
	}
	if (data.error)
		return error_no_memory(r->e);
	int checked = check(r, &data, image->big);
	if (checked < 0)
		return checked;
	ret->data = data;
	data = (struct strbuf){0};
	return 0;
}

static int load_module(struct reading *r)
{
	if (!r->module)
		r->module = plugin_load_module(r->request->module_dir, "archive.so",
					       "crossbpf_unpack_init", sizeof(*r->module),
					       "what unpacks kernels", &r->handle, r->e);
	return r->module ? 0 : -ENOEXEC;
}

/* On disk, as it may be large; without a name, as nobody else is to have it. */
static int unpack(struct reading *r, const struct kernel_image *image, int from, int *ret_fd)
{
	bool is_boot = image->kind == KERNEL_BOOT;
	struct unpack u = {.from = from,
			   .offset = image->offset,
			   .len = image->len,
			   .limit = is_boot ? TRIED_MAX : UNPACKED_MAX,
			   .control = r->request->control};
	cleanup_close int to = -1;

	if (load_module(r) < 0)
		return -ENOEXEC;
	int ret = io_temporary(&to);
	if (ret < 0)
		return error_set(r->e, ret, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot make a temporary file: %s", strerror(-ret));
	u.to = to;
	ret = image->kind == KERNEL_PACKAGE ? r->module->package(&u) : r->module->stream(&u);
	/* It is not known where it ends, and what follows is nothing. Of what was unpacked last
	 * some may be lacking; a kernel's BTF has much behind it. */
	if (ret == -ENOEXEC && is_boot && lseek(to, 0, SEEK_CUR) > 0)
		ret = 0;
	if (ret == -ENOENT)
		return fail(r, ret, "there is no kernel in this package");
	if (ret == -EFBIG)
		return fail(r, ret, "it unpacks to more than any kernel is");
	if (ret == -ENOSPC)
		return error_set(r->e, ret, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot unpack %s: %s", r->request->path, strerror(-ret));
	if (ret < 0)
		return fail(r, ret, u.why);
	*ret_fd = TAKE_FD(to);
	return 0;
}

/* Not all that begins as if it were compressed is the kernel: the code that unpacks it does too. */
static int read_boot_image(struct reading *r, int fd, struct kernel_image *image,
			   struct kernel_btf *ret)
{
	const char *why = NULL;

	if (load_module(r) < 0)
		return -ENOEXEC;
	for (int i = 0; i < MAX_TRIED && kernel_image_next(fd, image) == 0; i++) {
		cleanup_error struct crossbpf_error ignored = {0};
		struct reading trial = *r;
		struct kernel_image memory;
		cleanup_close int unpacked = -1;
		trial.e = &ignored;
		int found = unpack(&trial, image, fd, &unpacked);
		if (found == 0)
			found = kernel_image_find_memory(unpacked, image->arch, &memory, &why);
		if (found == 0)
			return take(r, unpacked, &memory, ret);
		if (found != -ENOEXEC && found != -ENOENT && found != -EFBIG)
			return fail(r, found, NULL);
	}
	return why ? fail(r, -ENOENT, why)
		   : fail(r, -ENOEXEC, "there is no compressed kernel in it");
}

static int read_image(struct reading *r, int fd, struct kernel_btf *ret)
{
	cleanup_close int inner = -1;

	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		struct kernel_image image = {0};
		const char *why = NULL;
		int next = -1;
		int found = kernel_image_find(inner < 0 ? fd : inner, &image, &why);
		r->known = r->known || found == 0 || found == -ENOENT;
		if (found < 0)
			return fail(r, found, why);
		if (image.arch)
			ret->arch = image.arch;
		if (image.kind == KERNEL_BOOT)
			return read_boot_image(r, inner < 0 ? fd : inner, &image, ret);
		if (image.kind != KERNEL_PACKED && image.kind != KERNEL_STREAM &&
		    image.kind != KERNEL_PACKAGE)
			return take(r, inner < 0 ? fd : inner, &image, ret);
		found = unpack(r, &image, inner < 0 ? fd : inner, &next);
		if (found < 0)
			return found;
		if (inner >= 0)
			close(inner);
		inner = next;
	}
	return fail(r, -ENOEXEC, "it is packed too often to be a kernel");
}

int kernel_btf_read(const struct kernel_btf_request *request, struct kernel_btf *ret,
		    struct crossbpf_error *e)
{
	struct reading r = {.request = request, .e = e};
	cleanup_kernel_btf struct kernel_btf k = {0};
	/* A pipe that nobody writes to is no file, rather than waited for. */
	cleanup_close int fd = open(request->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return error_set(e, -errno, EXIT_STATUS_USAGE, NULL, "cannot read %s: %s",
				 request->path, strerror(errno));
	int ret_code = read_image(&r, fd, &k);
	if (ret_code < 0)
		return ret_code;
	*ret = k;
	k = (struct kernel_btf){0};
	return 0;
}
