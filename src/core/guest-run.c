/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest-run.h"
#include "guest-streams.h"
#include "guest/guest-protocol.h"
#include "shared/io.h"
#include "variant.h"

enum {
	BOOT_SECONDS = 60,  /* emulated, on a machine that has other things to do */
	TRIAL_SECONDS = 10, /* accelerated: many times what a boot takes then */
	MEMORY_BESIDE = 96, /* MiB that a kernel takes by itself */
};

/* By what a kernel is for: QEMU's program, the package that has it, and its machine. */
static const struct machine {
	const char *arch, *qemu, *package, *machine, *console;
} machines[] = {
	{"x86", "qemu-system-x86_64", "qemu-system-x86", "pc", "ttyS0"},
	{"arm64", "qemu-system-aarch64", "qemu-system-arm", "virt", "ttyAMA0"},
	{"riscv", "qemu-system-riscv64", "qemu-system-misc", "virt", "ttyS0"},
};

static const struct machine *find_machine(const char *arch)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (strcmp(machines[i].arch, arch) == 0)
			return &machines[i];
	return NULL;
}

const char *guest_qemu(const char *arch)
{
	const struct machine *m = find_machine(arch);

	return m ? m->qemu : NULL;
}

char *guest_qemu_install(const char *arch)
{
	const struct machine *m = find_machine(arch);

#ifdef __APPLE__
	return m ? strdup("brew install qemu") : NULL;
#else
	return m ? str_printf("apt install %s", m->package) : NULL;
#endif
}

static const char *const accel_names[] = {[GUEST_ACCEL_AUTO] = "auto",
					  [GUEST_ACCEL_KVM] = "kvm",
					  [GUEST_ACCEL_HVF] = "hvf",
					  [GUEST_ACCEL_TCG] = "tcg"};

int guest_accel_parse(const char *name, enum guest_accel *ret, struct crossbpf_error *e)
{
	for (size_t i = 0; i < sizeof(accel_names) / sizeof(accel_names[0]); i++)
		if (strcmp(name, accel_names[i]) == 0) {
			*ret = (enum guest_accel)i;
			return 0;
		}
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "they are auto, kvm, hvf and tcg",
			 "'%s' is nothing that accelerates a virtual machine", name);
}

/* One boot. */
struct boot {
	const struct guest_run *run;
	const struct machine *machine;
	enum guest_accel accel;
	bool sandboxed;
	unsigned boot_timeout;
	char *initramfs; /* a file, as long as it runs */
};

/* What a virtual machine of no use to anybody else has: a processor, memory, a console, and the
 * port by which it answers. What it prints, and QEMU, come by standard error. */
static int make_argv(const struct boot *b, struct strv *argv)
{
	static const char port[] = "virtserialport,chardev=answers,name=" GUEST_PORT;
	const struct machine *m = b->machine;
	const char *const words[] = {m->qemu,
				     "-nodefaults",
				     "-no-user-config",
				     "-no-reboot",
				     "-display",
				     "none",
				     "-nic",
				     "none",
				     "-smp",
				     "1",
				     "-cpu",
				     "max",
				     "-machine",
				     m->machine,
				     "-accel",
				     accel_names[b->accel],
				     "-kernel",
				     b->run->kernel->image,
				     "-initrd",
				     b->initramfs,
				     "-chardev",
				     "file,id=console,path=/dev/fd/2",
				     "-serial",
				     "chardev:console",
				     "-chardev",
				     "file,id=answers,path=/dev/fd/1",
				     "-device",
				     "virtio-serial-pci",
				     "-device",
				     port,
				     NULL};

	strv_add_all(argv, words);
	strv_add(argv, "-m");
	strv_take(argv, str_printf("%uM", b->run->memory));
	strv_add(argv, "-append");
	/* A panic ends it. Whatever list of security modules the kernel was built with, programs
	 * of them are to load; no timer of an emulated machine is checked for being punctual. */
	strv_take(argv, str_printf("console=%s quiet loglevel=4 panic=-1 lsm=bpf no_timer_check",
				   m->console));
	if (b->sandboxed) {
		strv_add(argv, "-sandbox");
		strv_add(argv, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
			       "resourcecontrol=deny");
	}
	return argv->error;
}

static int fail_to_start(const struct boot *b, int r, struct crossbpf_error *e)
{
	cleanup_free char *install = guest_qemu_install(b->machine->arch);
	cleanup_free char *hint = str_printf("%s; or see --on, for a machine that has a kernel",
					     install ? install : "install it");

	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r != -ENOENT)
		return error_set(e, r, EXIT_STATUS_NO_BACKEND, NULL, "cannot start %s: %s",
				 b->machine->qemu, strerror(-r));
	return error_set(e, r, EXIT_STATUS_NO_BACKEND, hint, "there is no %s to boot a kernel in",
			 b->machine->qemu);
}

static int start(const struct boot *b, struct guest_answers *a, struct crossbpf_error *e)
{
	cleanup_guest_streams struct guest_streams s = GUEST_STREAMS_NONE;
	cleanup_strv struct strv argv = {0};
	pid_t pid;

	int r = guest_streams_open(&s);
	if (r == 0)
		r = make_argv(b, &argv);
	if (r < 0)
		return fail_to_start(b, r == -ENOENT ? -EIO : r, e);
	r = guest_streams_start(&s, (const char *const *)argv.v, &pid);
	if (r < 0)
		return fail_to_start(b, r, e);
	r = guest_streams_listen(&s, (struct guest_listen){.answers = a,
							   .control = b->run->control,
							   .timeout = b->run->timeout,
							   .boot_timeout = b->boot_timeout});
	guest_streams_end(pid);
	return r == -ENOMEM ? error_no_memory(e) : r;
}

static int write_initramfs(const struct strbuf *content, char **ret_path, struct crossbpf_error *e)
{
	cleanup_free char *path = NULL;

	int r = io_temporary_file(&path);
	cleanup_close int fd = r < 0 ? -1 : open(path, O_WRONLY | O_CLOEXEC);
	if (r == 0)
		r = fd < 0 ? -errno : io_write_fd(fd, content->data, content->len);
	if (r < 0) {
		if (path)
			unlink(path);
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot write a guest's files: %s", strerror(-r));
	}
	*ret_path = TAKE_PTR(path);
	return 0;
}

/* A kernel that has no room for its files goes on without them. They are there packed and, in what
 * may take half of the memory, unpacked. */
static int check_memory(const struct guest_run *run, size_t len, struct crossbpf_error *e)
{
	size_t needed = 3 * ((len >> 20) + 1) + MEMORY_BESIDE;
	cleanup_free char *hint = str_printf("give it that, as in --memory %zu", needed);

	if (needed <= run->memory)
		return 0;
	return error_set(e, -EFBIG, EXIT_STATUS_USAGE, hint,
			 "a guest with files of %zu MiB needs %zu MiB of memory, and has %u",
			 len >> 20, needed, run->memory);
}

static int boot(struct boot *b, const struct guest_load *load, struct guest_answers *a,
		struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};

	int r = guest_load_archive(load, b->run->kernel, b->run->module_dir, &content, e);
	if (r == 0)
		r = check_memory(b->run, content.len, e);
	if (r == 0)
		r = write_initramfs(&content, &b->initramfs, e);
	if (r < 0)
		return r;
	strbuf_free(&content);
	r = start(b, a, e);
	unlink(b->initramfs);
	free(TAKE_PTR(b->initramfs));
	return r;
}

#ifdef __linux__
/* What a failed attempt left. */
static void forget(struct guest_answers *a)
{
	struct verify_kernel *k = a->kernel;

	free(TAKE_PTR(k->failure));
	free(TAKE_PTR(k->console));
	k->error = 0;
	strbuf_free(&a->line);
	a->total = 0;
}
#endif

/* Not every QEMU was built with a sandbox. */
static int boot_sandboxed(struct boot *b, const struct guest_load *load, struct guest_answers *a,
			  struct crossbpf_error *e)
{
#ifdef __linux__
	b->sandboxed = true;
	int r = boot(b, load, a, e);
	const char *failure = a->kernel->failure;
	if (r < 0 || a->greeted || !failure || !strstr(failure, b->machine->qemu) ||
	    !strstr(failure, ": -sandbox"))
		return r;
	forget(a);
	b->sandboxed = false;
#endif
	return boot(b, load, a, e);
}

/* What accelerates. */

#ifdef __linux__
/* Does a guest answer that KVM runs? Where /dev/kvm is, its guests may hang all the same, as in
 * some virtual machines. */
static int try_kvm(const struct guest_run *run, bool *ret_works, struct crossbpf_error *e)
{
	struct verify_kernel kernel = {0};
	struct boot b = {.run = run,
			 .machine = find_machine(run->kernel->arch),
			 .accel = GUEST_ACCEL_KVM,
			 .boot_timeout = TRIAL_SECONDS};
	const struct guest_load load = {.guest = run->load->guest};
	cleanup_guest_answers struct guest_answers a = {.kernel = &kernel};

	int r = boot_sandboxed(&b, &load, &a, e);
	*ret_works = r == 0 && a.done;
	verify_kernel_free(&kernel, 0);
	return r;
}

/* What was found out is good for this kernel of the host's: "6.1.0-9 yes". */
static char *memory_of(const char *answer)
{
	struct utsname host;

	return uname(&host) < 0 ? NULL : str_printf("%s %s\n", host.release, answer);
}

static bool recalls(const char *path, const char *answer)
{
	cleanup_free char *text = memory_of(answer);
	cleanup_strbuf struct strbuf known = {0};

	return path && text && io_read_file(path, 512, &known) == 0 &&
	       strcmp(known.data, text) == 0;
}

static void remember(const char *path, const char *answer)
{
	cleanup_free char *text = memory_of(answer);

	if (path && text && io_make_parents(path, 0755) == 0)
		(void)io_replace_file(path, text, strlen(text));
}

static int choose_kvm(const struct guest_run *run, enum guest_accel *ret, struct crossbpf_error *e)
{
	/* The first of several guests finds it out for all. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	cleanup_close int device = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	cleanup_free char *path =
		run->cache_dir ? str_printf("%s/guest-kvm", run->cache_dir) : NULL;
	bool works = false;
	int r = 0;

	if (device < 0)
		return 0;
	pthread_mutex_lock(&lock);
	if (recalls(path, "yes")) {
		works = true;
	} else if (!recalls(path, "no")) {
		r = try_kvm(run, &works, e);
		if (r == 0)
			remember(path, works ? "yes" : "no");
	}
	pthread_mutex_unlock(&lock);
	if (works)
		*ret = GUEST_ACCEL_KVM;
	return r;
}
#endif

static int choose_accel(const struct guest_run *run, enum guest_accel *ret,
			struct crossbpf_error *e)
{
	const char *host = variant_host_arch();

	*ret = run->accel;
	if (run->accel != GUEST_ACCEL_AUTO)
		return 0;
	*ret = GUEST_ACCEL_TCG;
	if (!host || strcmp(host, run->kernel->arch) != 0)
		return 0;
#ifdef __linux__
	return choose_kvm(run, ret, e);
#else
	(void)e;
#ifdef __APPLE__
	*ret = GUEST_ACCEL_HVF;
#endif
	return 0;
#endif
}

int guest_run(const struct guest_run *run, struct guest_answers *a, struct crossbpf_error *e)
{
	struct boot b = {.run = run,
			 .machine = find_machine(run->kernel->arch),
			 .boot_timeout = run->timeout > BOOT_SECONDS ? run->timeout : BOOT_SECONDS};
	int64_t began;

	if (!b.machine)
		return error_set(e, -ENOTSUP, EXIT_STATUS_NO_BACKEND,
				 "name one of x86, arm64 or riscv, or a machine of its own by --on",
				 "kernels of %s are not booted", run->kernel->arch);
	int r = choose_accel(run, &b.accel, e);
	if (r < 0)
		return r;
	began = io_clock();
	r = boot_sandboxed(&b, run->load, a, e);
	a->kernel->seconds = (double)(io_clock() - began) / 1e9;
	return r;
}
