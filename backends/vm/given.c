/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/call.h"
#include "common/find.h"
#include "common/options.h"
#include "console.h"
#include "given.h"
#include "image.h"
#include "machine.h"
#include "shared/io.h"

enum {
	SECTOR = 512,
	DISK_MS = 60000,
	MAKE_MS = 3600 * 1000, /* emulated, over a slow line */
};

/* How much larger than what was given the disk is: mostly zeros, which take no room. */
#define MORE_SIZE "+6G"
/* What data/vm/user-data says last, where all went well. */
#define READY "crossbpf: the image is ready"

static int cannot_read(const struct vm *vm, int r)
{
	return complain(vm->host, r, "image, in the section vm of crossbpf.conf, names a disk",
			"cannot read %s: %s", vm->image, strerror(-r));
}

int given_digest(const struct vm *vm, struct digest *d)
{
	struct stat st;

	if (stat(vm->image, &st) < 0)
		return cannot_read(vm, -errno);
	const int64_t numbers[] = {st.st_size, io_mtime(&st)};
	digest_string(d, vm->image);
	digest_bytes(d, numbers, sizeof(numbers));
	return 0;
}

int given_format(const struct vm *vm, const char **ret_format)
{
	cleanup_close int fd = open(vm->image, O_RDONLY | O_CLOEXEC);
	unsigned char sector[SECTOR] = {0};

	if (fd < 0 || read(fd, sector, sizeof(sector)) < 0)
		return cannot_read(vm, -errno);
	if (memcmp(sector, "QFI\xfb", 4) == 0)
		*ret_format = "qcow2";
	else if (sector[SECTOR - 2] == 0x55 && sector[SECTOR - 1] == 0xaa)
		*ret_format = "raw";
	else
		return complain(vm->host, -EINVAL,
				"give a cloud image, such as Debian's genericcloud: qcow2, or raw",
				"%s is no disk that a machine boots from", vm->image);
	return 0;
}

static int run_words(const struct vm *vm, const char *const *words)
{
	cleanup_call struct call call = {.argv = words, .timeout_ms = DISK_MS};

	return vm_call(vm, &call);
}

static int make_disk(const struct vm *vm, const char *dir)
{
	cleanup_free char *disk = str_printf("%s/%s", dir, IMAGE_DISK);
	const char *format;

	if (!disk)
		return vm_out_of_memory(vm);
	int r = given_format(vm, &format);
	if (r == 0)
		r = run_words(vm, (const char *const[]){"qemu-img", "create", "-q", "-f", "qcow2",
							"-F", format, "-b", vm->image, disk, NULL});
	if (r == 0)
		r = run_words(vm, (const char *const[]){"qemu-img", "resize", "-q", "-f", "qcow2",
							disk, MORE_SIZE, NULL});
	return r;
}

/* It ends when what is in the seed switches the machine off. */
static int run_machine(const struct vm *vm, const struct machine *m, const char *seed,
		       struct call *call)
{
	cleanup_strv struct strv words = {0};

	machine_making_words(vm, m, seed, &words);
	if (words.error)
		return -ENOMEM;
	call->argv = (const char *const *)words.v;
	return call_run(call);
}

static int judge(const struct vm *vm, const char *console, const struct call *call, int r)
{
	cleanup_free char *why = NULL;

	if (r < 0 || (call->status && !call->late)) {
		why = r < 0 ? str_printf("%s", strerror(-r)) : call_tail(call);
		return complain(vm->host, r < 0 ? r : -EIO, NULL, "QEMU: %s",
				why ? why : "out of memory");
	}
	if (!call->late && console_has(console, READY))
		return 0;
	why = console_tail(console);
	return complain(vm->host, call->late ? -ETIMEDOUT : -EIO,
			"it takes cloud-init, Debian's packages and a network to fetch them by",
			"%s cannot be made a builder%s; its console ended with:\n%s", vm->image,
			call->late ? " within an hour" : "", why ? why : "out of memory");
}

static int fill_disk(const struct vm *vm, const char *accel, const char *seed, const char *dir)
{
	cleanup_free char *disk = str_printf("%s/%s", dir, IMAGE_DISK);
	cleanup_free char *console = str_printf("%s/%s", dir, IMAGE_CONSOLE);
	const struct machine m = {.image = dir, .disk = disk, .format = "qcow2", .accel = accel};
	cleanup_call struct call call = {.timeout_ms = MAKE_MS, .stays = true};

	if (!disk || !console)
		return vm_out_of_memory(vm);
	vm_say(vm, "the packages go into a disk above it, by %s: see %s", accel, console);
	int r = run_machine(vm, &m, seed, &call);
	return judge(vm, console, &call, r);
}

int given_make(const struct vm *vm, const char *accel, const char *seed, const char *dir)
{
	if (!find_in_path("qemu-img"))
		return complain(vm->host, -ENOENT, "install QEMU whole",
				"there is no qemu-img in PATH");
	int r = make_disk(vm, dir);
	return r < 0 ? r : fill_disk(vm, accel, seed, dir);
}
