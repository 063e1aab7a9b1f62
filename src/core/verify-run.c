/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest-here.h"
#include "object/bytes.h"
#include "object/object.h"
#include "shared/io.h"
#include "shared/thread.h"
#include "variant.h"
#include "verify-run.h"

enum {
	MEMORY_LEAST = 512,  /* MiB */
	MEMORY_BESIDE = 128, /* what QEMU itself takes */
	MAX_JOBS = 64,
	COMMAND_GRACE = 10, /* seconds */
	PT_INTERPRETER = 3,
};

/* One kernel's turn. */
struct turn {
	const struct verify_request *request;
	const char *arch; /* of the objects that it can load; NULL: nobody knows */
	struct guest_kernel kernel;
	char *guest; /* the program */
	struct verify_kernel *report;
};

struct turns {
	const struct verify_request *request;
	struct verify_report *report;
	struct turn *turns;
	size_t n;
	unsigned memory;
	char *shell;          /* a program, or NULL */
	pthread_mutex_t lock; /* guards what follows */
	size_t next;
	int r;
	struct crossbpf_error *e;
};

static void turns_free(struct turns *t)
{
	for (size_t i = 0; i < t->n; i++) {
		guest_kernel_free(&t->turns[i].kernel);
		free(t->turns[i].guest);
	}
	free(t->turns);
	free(t->shell);
}
#define cleanup_turns CLEANUP(turns_free)

int verify_find_guest(const char *dir, const char *arch, char **ret_path, struct crossbpf_error *e)
{
	cleanup_free char *named = str_printf("%s/crossbpf-guest-%s", dir, arch);
	cleanup_free char *path = str_printf("%s/crossbpf-guest", dir);
	bool is_host = false;

#ifdef __linux__
	const char *host = variant_host_arch();
	is_host = host && strcmp(host, arch) == 0;
#endif
	if (!named || !path)
		return error_no_memory(e);
	if (access(named, X_OK) == 0)
		*ret_path = TAKE_PTR(named);
	else if (is_host && access(path, X_OK) == 0)
		*ret_path = TAKE_PTR(path);
	else
		return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
				 "install a crossbpf that was built with libbpf, for that machine",
				 "there is no %s, which loads programs in kernels of %s", named,
				 arch);
	return 0;
}

/* What is linked with libraries does not run in a guest, which has none. */
static bool is_static(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char block[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, block, sizeof(block));

	if (n < 64 || memcmp(block, "\177ELF\2\1", 6) != 0)
		return false;
	const uint8_t *elf = (const uint8_t *)block;
	uint64_t at = bytes_get64(elf + 32, false);
	uint16_t size = bytes_get16(elf + 54, false), headers = bytes_get16(elf + 56, false);
	for (unsigned i = 0; i < headers && at <= (uint64_t)n - 4; i++, at += size)
		if (bytes_get32(elf + at, false) == PT_INTERPRETER)
			return false;
	return true;
}

char *verify_find_shell(void)
{
	return io_find_program(NULL, "busybox", is_static);
}

/* A command needs a shell, which guests have none of by themselves. */
static int find_shell(const struct verify_request *request, char **ret_shell,
		      struct crossbpf_error *e)
{
	const struct guest_load *load = &request->load;

	for (size_t i = 0; i < load->n_files; i++)
		if (strcmp(load->files[i].to, "/bin/sh") == 0)
			return 0;
	*ret_shell = verify_find_shell();
	if (*ret_shell)
		return 0;
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
			 "apt install busybox-static, or give it a shell: --file PROGRAM=/bin/sh",
			 "there is no static busybox to be a virtual machine's shell, which "
			 "--command needs");
}

/* What this kernel cannot have is said, and not tried. */

static int read_arch(const char *path, const char *arch, char **ret_message)
{
	cleanup_strbuf struct strbuf object = {0};
	struct object_arch of;
	const char *why, *where, *found;

	int r = io_read_file(path, OBJECT_SIZE_MAX, &object);
	if (r < 0)
		return r;
	if (object_read_arch(object.data, object.len, &of, &why) < 0 ||
	    object_fits(&of, arch, NULL, &where, &found))
		return 0; /* what it is, libbpf says */
	*ret_message = str_printf("this object is not for %s: %s %s", arch, where, found);
	return *ret_message ? 0 : -ENOMEM;
}

/* The objects that are given to it, and which ones of the report these are. */
struct choice {
	const char **objects;
	size_t *indexes;
	size_t n;
};

static void choice_free(struct choice *c)
{
	free(c->objects);
	free(c->indexes);
}
#define cleanup_choice CLEANUP(choice_free)

static int choose(const struct turn *t, struct choice *c, struct crossbpf_error *e)
{
	const struct guest_load *load = &t->request->load;

	c->objects = calloc(load->n_objects + 1, sizeof(*c->objects));
	c->indexes = calloc(load->n_objects + 1, sizeof(*c->indexes));
	if (!c->objects || !c->indexes)
		return error_no_memory(e);
	for (size_t i = 0; i < load->n_objects; i++) {
		struct verify_object *o = &t->report->objects[i];
		int r = t->arch ? read_arch(load->objects[i], t->arch, &o->message) : 0;
		if (r == -ENOMEM)
			return error_no_memory(e);
		if (r < 0)
			return error_set(e, r, EXIT_STATUS_USAGE, "name an object that is there",
					 "cannot read %s: %s", load->objects[i], strerror(-r));
		if (o->message) {
			o->verdict = t->request->skips_foreign ? VERIFY_NOT_LOADED : VERIFY_REFUSED;
			o->error = t->request->skips_foreign ? 0 : -ENOEXEC;
			continue;
		}
		c->objects[c->n] = load->objects[i];
		c->indexes[c->n++] = i;
	}
	return 0;
}

/* The guest ends a command that takes too long itself, and then says so. */
static unsigned choose_timeout(const struct verify_request *request)
{
	return request->timeout + (request->load.command ? COMMAND_GRACE : 0);
}

static int run_turn(const struct turns *all, struct turn *t, struct crossbpf_error *e)
{
	const struct verify_request *request = t->request;
	cleanup_choice struct choice c = {0};
	struct guest_load load = request->load;

	int r = choose(t, &c, e);
	if (r < 0)
		return r;
	load.guest = t->guest;
	load.objects = c.objects;
	load.n_objects = c.n;
	load.shell = all->shell;
	cleanup_guest_answers struct guest_answers a = {.kernel = t->report,
							.objects = c.indexes,
							.n_objects = c.n,
							.attach = load.attach,
							.has_command = load.command};
	if (!t->kernel.image) {
		const struct guest_here here = {.load = &load,
						.session = request->session,
						.module_dir = request->module_dir,
						.timeout = choose_timeout(request),
						.control = request->control};
		return guest_here(&here, &a, e);
	}
	const struct guest_run run = {.kernel = &t->kernel,
				      .load = &load,
				      .module_dir = request->module_dir,
				      .cache_dir = request->cache_dir,
				      .accel = request->accel,
				      .memory = all->memory,
				      .timeout = choose_timeout(request),
				      .control = request->control};
	return guest_run(&run, &a, e);
}

/* Several at once. The first error is that of all, and no more are begun behind it. */

static void *take_turns(void *arg)
{
	struct turns *t = arg;

	pthread_mutex_lock(&t->lock);
	while (t->next < t->n && t->r == 0) {
		cleanup_error struct crossbpf_error own = {0};
		struct turn *turn = &t->turns[t->next++];
		pthread_mutex_unlock(&t->lock);
		int r = run_turn(t, turn, &own);
		pthread_mutex_lock(&t->lock);
		if (r < 0 && t->r == 0) {
			t->r = r;
			*t->e = own;
			own = (struct crossbpf_error){0};
		}
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* In MiB; 0: nobody says. */
static unsigned long available_memory(void)
{
	cleanup_strbuf struct strbuf text = {0};
	const char *line;

	if (io_read_file("/proc/meminfo", 1 << 16, &text) < 0)
		return 0;
	line = strstr(text.data, "MemAvailable:");
	return line ? strtoul(line + strlen("MemAvailable:"), NULL, 10) >> 10 : 0;
}

static size_t choose_jobs(const struct turns *t)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t jobs = t->request->jobs ? t->request->jobs : processors > 0 ? (size_t)processors : 1;
	unsigned long available = available_memory();

	if (!t->request->jobs && available && available / (t->memory + MEMORY_BESIDE) < jobs)
		jobs = available / (t->memory + MEMORY_BESIDE);
	jobs = jobs < t->n ? jobs : t->n;
	return jobs > MAX_JOBS ? MAX_JOBS : jobs ? jobs : 1;
}

static int run_all(struct turns *t)
{
	pthread_t threads[MAX_JOBS];
	size_t jobs = choose_jobs(t), started = 0;

	pthread_mutex_init(&t->lock, NULL);
	while (started + 1 < jobs && thread_start(&threads[started], take_turns, t) == 0)
		started++;
	take_turns(t);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&t->lock);
	return t->r;
}

/* What each kernel needs, before any of them boots. */

static int prepare(struct turn *t, const char *name, struct crossbpf_error *e)
{
	const struct verify_request *request = t->request;
	const char *host = variant_host_arch();
	const struct guest_kernel_request wanted = {.word = name,
						    .arch = host ? host : "x86",
						    .cache_dir = request->cache_dir,
						    .module_dir = request->module_dir,
						    .log = request->log,
						    .control = request->control};

	int r;
	if (request->session) {
		r = guest_here_arch(request->session, request->module_dir, &t->arch, e);
		return r < 0 ? r : verify_find_guest(request->guest_dir, t->arch, &t->guest, e);
	}
	if (strcmp(name, request->here) == 0) {
		t->arch = host;
		if (geteuid() != 0)
			return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
					 "run it as root, or have another kernel load them in a "
					 "virtual machine, as in --kernel 6.1",
					 "only root may have this machine's kernel load programs");
		return verify_find_guest(request->guest_dir, host ? host : "any", &t->guest, e);
	}
	r = guest_kernel_find(&wanted, &t->kernel, e);
	if (r < 0)
		return r;
	t->arch = t->kernel.arch;
	return verify_find_guest(request->guest_dir, t->arch, &t->guest, e);
}

static int prepare_all(struct turns *t, struct verify_report *report, struct crossbpf_error *e)
{
	const struct verify_request *request = t->request;
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		const char *name = request->session ? request->where : request->kernels->v[i];
		t->turns[i] = (struct turn){.request = request, .report = &report->kernels[i]};
		r = verify_kernel_init(&report->kernels[i], name, report->n_objects) < 0
			    ? error_no_memory(e)
			    : prepare(&t->turns[i], name, e);
	}
	return r;
}

static int make_report(const struct verify_request *request, size_t n_kernels,
		       struct verify_report *r)
{
	r->objects = calloc(request->load.n_objects + 1, sizeof(*r->objects));
	r->kernels = calloc(n_kernels, sizeof(*r->kernels));
	if (!r->objects || !r->kernels)
		return -ENOMEM;
	r->n_kernels = n_kernels;
	for (size_t i = 0; i < request->load.n_objects; i++) {
		r->objects[i] = strdup(request->load.objects[i]);
		if (!r->objects[i])
			return -ENOMEM;
		r->n_objects++;
	}
	return 0;
}

int verify_run(const struct verify_request *request, struct verify_report *ret,
	       struct crossbpf_error *e)
{
	cleanup_verify_report struct verify_report report = {0};
	size_t n = request->session ? 1 : request->kernels->n;
	cleanup_turns struct turns turns = {
		.request = request,
		.turns = calloc(n, sizeof(*turns.turns)),
		.memory = request->memory ? request->memory : MEMORY_LEAST,
		.e = e,
	};

	turns.n = turns.turns ? n : 0;
	if (!turns.turns || make_report(request, n, &report) < 0)
		return error_no_memory(e);
	int r = prepare_all(&turns, &report, e);
	bool boots = false;
	for (size_t i = 0; i < turns.n; i++)
		boots = boots || turns.turns[i].kernel.image;
	if (r == 0 && boots && request->load.command)
		r = find_shell(request, &turns.shell, e);
	if (r == 0)
		r = run_all(&turns);
	if (r < 0)
		return r;
	*ret = report;
	report = (struct verify_report){0};
	return 0;
}
