/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/call.h"
#include "common/find.h"
#include "common/memory.h"
#include "common/options.h"
#include "given.h"
#include "image.h"
#include "shared/io.h"

enum { PART_LIMIT = 1 << 20 };
#define DISK_SIZE "4G" /* mostly of zeros, which take no room */

/* What a directory has that an image was made in, whole or not. */
static const char *const files[] = {IMAGE_DISK, IMAGE_KERNEL, IMAGE_INITRD, IMAGE_CONSOLE, NULL};
/* What it is made by, and where a disk is given what cloud-init reads from another one. */
static const char *const parts[] = {"make-image", "init", "initramfs-hook", NULL};
static const char *const seed_parts[] = {"user-data", "meta-data", "init", NULL};

static char *shipped(const char *name)
{
	cleanup_free char *below = str_printf("vm/%s", name);

	return below ? find_installed("CROSSBPF_DATADIR", CROSSBPF_DATADIR, below) : NULL;
}

static int digest_part(const struct vm *vm, const char *name, struct digest *d)
{
	cleanup_free char *path = shipped(name);
	cleanup_strbuf struct strbuf content = {0};

	if (!path)
		return vm_out_of_memory(vm);
	int r = io_read_file(path, PART_LIMIT, &content);
	if (r < 0)
		return complain(vm->host, r, "install crossbpf whole",
				"cannot read what the image is made by, %s: %s", path,
				strerror(-r));
	digest_bytes(d, content.data, content.len);
	return 0;
}

int image_dir(const struct vm *vm, char **ret_dir)
{
	const char *const *all = vm->image ? seed_parts : parts;
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	digest_init(&d);
	digest_string(&d, DISK_SIZE);
	int r = vm->image ? given_digest(vm, &d) : 0;
	for (size_t i = 0; all[i] && r == 0; i++)
		r = digest_part(vm, all[i], &d);
	digest_finish(&d, hex);
	if (r < 0)
		return r;
	*ret_dir = str_printf("%s/image-%.16s", vm->shared, hex);
	return *ret_dir ? 0 : vm_out_of_memory(vm);
}

bool image_is_there(const char *dir)
{
	return access(dir, F_OK) == 0;
}

/* A directory that nobody else can enter, without what an earlier attempt left. */
static int begin(const char *dir)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	for (size_t i = 0; files[i]; i++) {
		cleanup_free char *path = str_printf("%s/%s", dir, files[i]);
		if (!path)
			return -ENOMEM;
		if (unlink(path) < 0 && errno != ENOENT)
			return -errno;
	}
	return chmod(dir, 0700) < 0 ? -errno : 0;
}

static int run_maker(const struct vm *vm, const char *dir)
{
	cleanup_free char *maker = shipped("make-image");
	const char *const argv[] = {"sh", maker, dir, DISK_SIZE, NULL};
	cleanup_call struct call call = {.argv = argv, .log = vm->host};

	if (!maker)
		return vm_out_of_memory(vm);
	int r = call_run(&call);
	if (r == 0 && call.status == 0)
		return 0;
	cleanup_free char *tail = r < 0 ? str_printf("%s", strerror(-r)) : call_tail(&call);
	return complain(vm->host, r < 0 ? r : -EIO,
			"mmdebstrap takes a mirror of Debian, and as an ordinary user a range in "
			"/etc/subuid",
			"the image cannot be made: %s", tail ? tail : "out of memory");
}

static int fill(const struct vm *vm, const char *accel, const char *dir)
{
	cleanup_free char *seed = vm->image ? shipped("") : NULL;

	if (!vm->image)
		return run_maker(vm, dir);
	return seed ? given_make(vm, accel, seed, dir) : vm_out_of_memory(vm);
}

static int make(const struct vm *vm, const char *accel, const char *dir)
{
	cleanup_free char *beside = str_printf("%s.making", dir);
	int64_t began = io_clock();

	if (!beside)
		return vm_out_of_memory(vm);
	vm_say(vm, "making the image %s %s%s", dir, vm->image ? "of " : "by mmdebstrap",
	       vm->image ? vm->image : "");
	int r = begin(beside);
	if (r < 0)
		return complain(vm->host, r, NULL, "cannot make %s: %s", beside, strerror(-r));
	r = fill(vm, accel, beside);
	if (r < 0) {
		begin(beside);
		rmdir(beside);
		return r;
	}
	if (rename(beside, dir) < 0)
		return complain(vm->host, -errno, NULL, "cannot rename %s: %s", beside,
				strerror(errno));
	vm_say(vm, "the image was made in %.1f s", vm_seconds_since(began));
	return 0;
}

int image_ensure(const struct vm *vm, const char *accel, const char *dir)
{
	cleanup_free char *lock_file = str_printf("%s.lock", dir);

	if (image_is_there(dir))
		return 0;
	if (!vm->makes)
		return complain(
			vm->host, -ENOENT,
			"crossbpf up vm makes it, of Debian's packages, in a minute or more",
			"there is no image of a machine yet");
	if (!vm->image && !find_in_path("mmdebstrap"))
		return complain(
			vm->host, -ENOENT,
			"install mmdebstrap, or give a cloud image of Debian's, image = FILE, "
			"or take provider = \"lima\" or \"vagrant\"",
			"there is no image of a machine yet, and no mmdebstrap to make it");
	cleanup_close int lock = memory_lock(lock_file);
	if (lock < 0)
		return complain(vm->host, -EIO, "is the file system full, or read-only?",
				"cannot lock %s", lock_file);
	return image_is_there(dir) ? 0 : make(vm, accel, dir);
}
