/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "image.h"
#include "machine.h"

enum { MOST_CPUS = 16 };
#define ARM_FIRMWARE "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"

static const struct kind {
	const char *machine; /* as uname has it */
	const char *program, *board, *console;
	const char *firmware,
		*firmware_name; /* Debian's, and by the name that QEMU ships it with */
} kinds[] = {
	{"x86_64", "qemu-system-x86_64", "q35", "ttyS0", NULL, NULL},
	{"aarch64", "qemu-system-aarch64", "virt", "ttyAMA0", ARM_FIRMWARE, "edk2-aarch64-code.fd"},
	{"arm64", "qemu-system-aarch64", "virt", "ttyAMA0", ARM_FIRMWARE, "edk2-aarch64-code.fd"},
};

static const struct kind *kind_here(void)
{
	struct utsname name;

	if (uname(&name) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].machine, name.machine) == 0)
			return &kinds[i];
	return NULL;
}

const char *machine_program(void)
{
	const struct kind *kind = kind_here();

	return kind ? kind->program : NULL;
}

const char *machine_accel(void)
{
#if defined(__APPLE__)
	return "hvf";
#elif defined(__linux__)
	return access("/dev/kvm", R_OK | W_OK) == 0 ? "kvm" : NULL;
#else
	return NULL;
#endif
}

unsigned machine_cpus(const struct vm *vm)
{
	long here = sysconf(_SC_NPROCESSORS_ONLN);

	if (vm->cpus)
		return vm->cpus;
	return here < 1 ? 1 : here > MOST_CPUS ? MOST_CPUS : (unsigned)here;
}

/* A comma ends a value, two are one in it. */
static char *quote(const char *value)
{
	cleanup_strbuf struct strbuf b = {0};
	char *quoted;

	for (; *value; value++)
		strbuf_puts(&b, *value == ',' ? ",," : (const char[]){*value, '\0'});
	return strbuf_finish(&b, &quoted) < 0 ? NULL : quoted;
}

/* An option whose value has the name of a file in it: "…PATH…". */
static void add_file(struct strv *words, const char *opt, const char *before, const char *dir,
		     const char *name, const char *after)
{
	cleanup_free char *quoted = quote(dir);

	strv_add(words, opt);
	strv_take(words, quoted ? str_printf("%s%s/%s%s", before, quoted, name, after) : NULL);
}

static void add_path(struct strv *words, const char *opt, const char *dir, const char *name)
{
	strv_add(words, opt);
	strv_take(words, str_printf("%s/%s", dir, name));
}

/* A snapshot is a file without a name in TMPDIR: it ends with QEMU, however that ends. */
static void add_disk(const struct machine *m, const char *snapshot, struct strv *words)
{
	cleanup_free char *disk = m->disk ? quote(m->disk) : NULL;

	strv_add(words, "-drive");
	strv_take(words, disk ? str_printf("if=none,id=disk,format=%s,snapshot=%s,file=%s",
					   m->format ? m->format : "raw", snapshot, disk)
			      : NULL);
	strv_add_all(words, (const char *const[]){"-device", "virtio-blk-pci,drive=disk", NULL});
}

static void add_console(const char *dir, struct strv *words)
{
	add_file(words, "-chardev", "file,id=console,path=", dir, IMAGE_CONSOLE, "");
	strv_add_all(words, (const char *const[]){"-serial", "chardev:console", NULL});
}

static void add_network(struct strv *words)
{
	strv_add_all(words,
		     (const char *const[]){"-device", "virtio-net-pci,netdev=net,romfile=", NULL});
}

/* The way in, and what the machine's first process asks for. */
static void add_login(const struct vm *vm, const struct machine *m, struct strv *words)
{
	strv_add(words, "-netdev");
	strv_take(words, str_printf("user,id=net,restrict=on,"
				    "hostfwd=tcp:127.0.0.1:%hu-10.0.2.15:22",
				    m->port));
	add_network(words);
	add_file(words, "-fw_cfg", "name=opt/crossbpf/host_key,file=", vm->dir, "host_key", "");
	add_file(words, "-fw_cfg", "name=opt/crossbpf/login_key,file=", vm->dir, "login_key.pub",
		 "");
	strv_add(words, "-fw_cfg");
	strv_take(words, str_printf("name=opt/crossbpf/idle,string=%u", vm->idle));
}

static void add_board(const struct vm *vm, const struct kind *kind, const struct machine *m,
		      struct strv *words)
{
	bool emulated = strcmp(m->accel, "tcg") == 0;

	strv_add_all(words, (const char *const[]){"-nodefaults", "-no-user-config", "-no-reboot",
						  "-display", "none", "-name", "crossbpf",
						  "-machine", kind->board, "-cpu",
						  emulated ? "max" : "host", "-accel", NULL});
	strv_take(words, str_printf("%s%s", m->accel, emulated ? ",thread=multi" : ""));
	strv_add(words, "-smp");
	strv_take(words, str_printf("%u", machine_cpus(vm)));
	strv_add(words, "-m");
	strv_take(words, str_printf("%u", vm->memory));
}

static void add_kernel(const struct kind *kind, const struct machine *m, struct strv *words)
{
	add_path(words, "-kernel", m->image, IMAGE_KERNEL);
	add_path(words, "-initrd", m->image, IMAGE_INITRD);
	strv_add(words, "-append");
	strv_take(words, str_printf("root=/dev/vda rw init=/sbin/crossbpf-init console=%s panic=-1",
				    kind->console));
}

/* What looks for a boot loader; where there is none it starts again, which ends QEMU. */
static void add_firmware(const struct kind *kind, struct strv *words)
{
	strv_add_all(words, (const char *const[]){"-boot", "reboot-timeout=0", NULL});
	if (!kind->firmware)
		return;
	strv_add(words, "-bios");
	strv_add(words, access(kind->firmware, R_OK) == 0 ? kind->firmware : kind->firmware_name);
}

static void add_program(const struct vm *vm, const struct kind *kind, const struct machine *m,
			struct strv *words)
{
	strv_add(words, "env");
	strv_take(words, str_printf("TMPDIR=%s", vm->dir));
	strv_add(words, kind->program);
	add_board(vm, kind, m, words);
}

void machine_words(const struct vm *vm, const struct machine *m, struct strv *words)
{
	const struct kind *kind = kind_here();

	add_program(vm, kind, m, words);
	/* It goes into the background behind this, so that it may neither be denied setsid(), by
	 * elevateprivileges, nor fork(), by spawn. */
	if (m->confined)
		strv_add_all(words,
			     (const char *const[]){"-sandbox",
						   "on,obsolete=deny,resourcecontrol=deny", NULL});
	if (m->format)
		add_firmware(kind, words);
	else
		add_kernel(kind, m, words);
	add_disk(m, "on", words);
	add_login(vm, m, words);
	add_console(vm->dir, words);
	add_path(words, "-pidfile", vm->dir, "pid");
	strv_add(words, "-daemonize");
}

void machine_making_words(const struct vm *vm, const struct machine *m, const char *seed,
			  struct strv *words)
{
	const struct kind *kind = kind_here();
	cleanup_free char *quoted = quote(seed);

	add_program(vm, kind, m, words);
	add_firmware(kind, words);
	add_disk(m, "off", words);
	/* cloud-init looks for a file system of that label. */
	strv_add(words, "-drive");
	strv_take(words, quoted ? str_printf("if=none,id=seed,readonly=on,file.driver=vvfat,"
					     "file.label=CIDATA,file.dir=%s",
					     quoted)
				: NULL);
	strv_add_all(words, (const char *const[]){"-device", "virtio-blk-pci,drive=seed", "-netdev",
						  "user,id=net", NULL});
	add_network(words);
	add_console(m->image, words);
}
