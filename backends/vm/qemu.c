/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine of QEMU's own, without a daemon of anybody's. It runs on a snapshot that ends with it,
 * has a key of its own each time, and no network but the way in. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"
#include "common/call.h"
#include "common/find.h"
#include "common/memory.h"
#include "common/options.h"
#include "console.h"
#include "given.h"
#include "image.h"
#include "machine.h"
#include "shared/io.h"
#include "ssh-config.h"

enum {
	START_MS = 30000,     /* for QEMU itself */
	FIRST_WORD_MS = 5000, /* for an accelerated machine's kernel to say something */
	LOGIN_SECONDS = 300,  /* for an emulated one on a busy host to take logins */
	TERM_MS = 5000,
	KILL_MS = 5000,
	LOOK_MS = 50,
	PORT_TRIES = 4,
	REFUSED_SECONDS = 7 * 24 * 3600, /* for so long what hung is not tried again */
	LEAST_MEMORY = 512,
	MOST_MEMORY = 1 << 20,
	MOST_CPUS = 255,
};

/* What is remembered of one that is up. */
enum { KNOWN_ACCEL, KNOWN_PORT, KNOWN_SINCE, KNOWN_COUNT };

static void look_again(void)
{
	io_sleep((int64_t)LOOK_MS * 1000000);
}

/* The process of QEMU, which keeps its file locked; 0 where there is none. */
static pid_t find_process(const struct vm *vm)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	cleanup_free char *path = vm_file(vm, "pid");
	cleanup_close int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	cleanup_strbuf struct strbuf text = {0};

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK ||
	    io_read_fd(fd, 64, &text) < 0)
		return 0;
	long pid = strtol(text.data, NULL, 10);
	return pid > 1 ? (pid_t)pid : 0;
}

static bool await_end(const struct vm *vm, int ms)
{
	for (; find_process(vm); ms -= LOOK_MS) {
		if (ms <= 0)
			return false;
		look_again();
	}
	return true;
}

/* Its disk goes with it: there is nothing that a shutdown could save. */
static int end_process(const struct vm *vm)
{
	pid_t pid = find_process(vm);

	if (pid)
		kill(pid, SIGTERM);
	if (await_end(vm, TERM_MS))
		return 0;
	pid = find_process(vm);
	if (pid)
		kill(pid, SIGKILL);
	return await_end(vm, KILL_MS) ? 0
				      : complain(vm->host, -ETIMEDOUT, NULL,
						 "process %ld of QEMU does not end", (long)pid);
}

static int read_number(const struct vm *vm, const char *key, unsigned least, unsigned most,
		       unsigned *ret_number)
{
	const char *text = option(vm->conf, key);
	char *end;

	unsigned long n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || n < least || n > most)
		return complain(vm->host, -EINVAL, NULL, "%s '%s' is no number from %u to %u", key,
				text, least, most);
	*ret_number = (unsigned)n;
	return 0;
}

static int plan_accel(struct vm *vm)
{
	static const char *const known[] = {"auto", "kvm", "hvf", "tcg", NULL};

	vm->accel = option(vm->conf, "accel");
	for (size_t i = 0; known[i]; i++)
		if (strcmp(vm->accel, known[i]) == 0)
			return 0;
	return complain(vm->host, -EINVAL, NULL, "accel '%s' is none of auto, kvm, hvf and tcg",
			vm->accel);
}

static int find_programs(const struct vm *vm)
{
	const char *program = machine_program();
	const char *const all[] = {program, "ssh-keygen", NULL};

	if (!program)
		return complain(vm->host, -ENOENT, NULL, "there is no image for such a machine");
	for (size_t i = 0; all[i]; i++)
		if (!find_in_path(all[i]))
			return complain(vm->host, -ENOENT, "install QEMU and OpenSSH's client",
					"there is no %s in PATH", all[i]);
	return 0;
}

static int plan_image(struct vm *vm)
{
	const char *file = option(vm->conf, "image");

	if (file && !(vm->image = io_absolute(vm->root, file)))
		return vm_out_of_memory(vm);
	return 0;
}

static int qemu_plan(struct vm *vm)
{
	int r = find_programs(vm);
	if (r == 0)
		r = plan_accel(vm);
	if (r == 0)
		r = plan_image(vm);
	if (r == 0)
		r = read_number(vm, "memory", LEAST_MEMORY, MOST_MEMORY, &vm->memory);
	if (r == 0)
		r = read_number(vm, "cpus", 0, MOST_CPUS, &vm->cpus);
	return r < 0 ? r : option_time(vm->host, vm->conf, "idle", &vm->idle);
}

/* One whose image is of an earlier release, or of the disk as it was, goes when nobody uses it. */
static int qemu_identify(const struct vm *vm, struct digest *d)
{
	cleanup_free char *image = NULL;

	/* A probe knows no project, in which its name is relative; who needs it says so. */
	if (vm->image && access(vm->image, R_OK) < 0)
		return 0;
	int r = image_dir(vm, &image);
	if (r == 0)
		digest_string(d, image);
	return r;
}

static bool qemu_is_up(const struct vm *vm)
{
	return find_process(vm);
}

/* A key pair, NAME and NAME.pub. */
static int make_key(const struct vm *vm, const char *name)
{
	cleanup_free char *path = vm_file(vm, name);
	const char *const argv[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "",
				    "-C",         name, "-f", path,      NULL};
	cleanup_call struct call call = {.argv = argv, .timeout_ms = START_MS};
	cleanup_free char *public = path ? str_printf("%s.pub", path) : NULL;

	if (!public)
		return vm_out_of_memory(vm);
	unlink(path);
	unlink(public);
	int r = call_run(&call);
	if (r == 0 && call.status == 0 && !call.late)
		return 0;
	cleanup_free char *why = r < 0 ? str_printf("%s", strerror(-r)) : call_reason(&call);
	return complain(vm->host, r < 0 ? r : -EIO, NULL, "ssh-keygen cannot make %s: %s", path,
			why ? why : "out of memory");
}

/* The only key that a host on that port may have. */
static int know_host(const struct vm *vm, const char *known_hosts, unsigned short port)
{
	cleanup_free char *path = vm_file(vm, "host_key.pub");
	cleanup_strbuf struct strbuf key = {0};

	int r = path ? io_read_file(path, 4096, &key) : -ENOMEM;
	cleanup_free char *line = r == 0 ? str_printf("[127.0.0.1]:%hu %s", port, key.data) : NULL;
	if (r == 0)
		r = line ? io_replace_file(known_hosts, line, strlen(line)) : -ENOMEM;
	return r < 0 ? complain(vm->host, r, NULL, "cannot write %s: %s", known_hosts, strerror(-r))
		     : 0;
}

static int write_config(const struct vm *vm, const struct machine *m)
{
	cleanup_free char *known_hosts = vm_file(vm, "known_hosts");
	char host[] = "127.0.0.1", user[] = "builder", port[8];
	const struct ssh_config config = {host, port, user, vm_file(vm, "login_key")};

	snprintf(port, sizeof(port), "%hu", m->port);
	int r = known_hosts && config.key ? know_host(vm, known_hosts, m->port)
					  : vm_out_of_memory(vm);
	if (r == 0) {
		r = ssh_config_write(&config, VM_HOST, known_hosts, false, vm->config);
		if (r < 0)
			r = complain(vm->host, r, NULL, "cannot write %s: %s", vm->config,
				     strerror(-r));
	}
	free(config.key);
	return r;
}

/* -EBUSY: somebody took the port meanwhile; -EOPNOTSUPP: this QEMU cannot confine itself. */
static int judge_start(const struct vm *vm, const struct machine *m, const struct call *call, int r)
{
	cleanup_free char *why = r < 0        ? str_printf("%s", strerror(-r))
				 : call->late ? call_reason(call)
					      : call_tail(call);

	if (r == 0 && call->status == 0 && !call->late)
		return 0;
	if (r == 0 && why && strstr(why, "host forwarding"))
		return -EBUSY;
	/* It is killed in the background, and who waited for it there says nothing. */
	if (r == 0 && why && m->confined && !call->late &&
	    (strstr(why, "sandbox") || !call->last[0]))
		return -EOPNOTSUPP;
	/* It becomes part of a sentence. */
	for (char *at = why ? strchr(why, '\n') : NULL; at; at = strchr(at, '\n'))
		*at = ' ';
	return complain(vm->host, r < 0 ? r : -EIO, NULL, "QEMU cannot start by %s: %s", m->accel,
			why ? why : "out of memory");
}

static int spawn(const struct vm *vm, struct machine *m)
{
	cleanup_strv struct strv words = {0};
	cleanup_free char *console = vm_file(vm, IMAGE_CONSOLE);
	cleanup_call struct call call = {.timeout_ms = START_MS, .outlives = true};

	m->port = answers_free_port();
	machine_words(vm, m, &words);
	if (words.error || !console)
		return vm_out_of_memory(vm);
	unlink(console);
	call.argv = (const char *const *)words.v;
	int r = call_run(&call);
	return judge_start(vm, m, &call, r);
}

static int start_process(const struct vm *vm, struct machine *m)
{
	int r = -EBUSY;

	for (int tries = 0; tries < PORT_TRIES && (r == -EBUSY || r == -EOPNOTSUPP); tries++) {
		if (r == -EOPNOTSUPP)
			m->confined = false;
		r = spawn(vm, m);
	}
	return r == -EBUSY ? complain(vm->host, r, NULL, "QEMU finds no free port") : r;
}

/* A kernel that says nothing hangs: /dev/kvm may be there and not work. */
static bool await_first_word(const struct vm *vm)
{
	cleanup_free char *console = vm_file(vm, IMAGE_CONSOLE);

	for (int ms = 0; ms < FIRST_WORD_MS && find_process(vm); ms += LOOK_MS) {
		if (console_has_spoken(console))
			return true;
		look_again();
	}
	return console_has_spoken(console);
}

static int await_login(const struct vm *vm, const struct machine *m)
{
	cleanup_free char *console = vm_file(vm, IMAGE_CONSOLE);
	int64_t began = io_clock();
	char port[8];

	snprintf(port, sizeof(port), "%hu", m->port);
	while (find_process(vm)) {
		if (answers("127.0.0.1", port))
			return 0;
		if (vm_seconds_since(began) > LOGIN_SECONDS)
			break;
		look_again();
	}
	cleanup_free char *said = console_tail(console);
	return complain(vm->host, -ETIMEDOUT, NULL,
			"the machine %s; its console, %s, ends with:\n%s",
			find_process(vm) ? "takes no login" : "ended before it took a login",
			console, said ? said : "out of memory");
}

static void remember(const struct vm *vm, const struct machine *m)
{
	cleanup_free char *path = vm_file(vm, "known");
	cleanup_strv struct strv known = {0};

	strv_add(&known, m->accel);
	strv_take(&known, str_printf("%hu", m->port));
	strv_take(&known, str_printf("%lld", (long long)time(NULL)));
	memory_write(path, &known);
}

static int boot(const struct vm *vm, struct machine *m)
{
	int64_t began = io_clock();

	vm_say(vm, "starting a machine by %s, with %u processors and %u MiB", m->accel,
	       machine_cpus(vm), vm->memory);
	int r = start_process(vm, m);
	if (r == 0)
		r = await_login(vm, m);
	if (r == 0)
		r = write_config(vm, m);
	if (r < 0) {
		(void)end_process(vm);
		return r;
	}
	remember(vm, m);
	vm_say(vm, "it takes logins after %.1f s", vm_seconds_since(began));
	return 0;
}

/* Does a machine get on with it? Tried by a start, which is ended again. -ETIMEDOUT where it says
 * nothing; else why QEMU does not start, which the caller frees. */
static int try_accel(const struct vm *vm, const struct machine *wanted, char **ret_why)
{
	struct machine m = *wanted;
	struct vm quiet = *vm;
	const struct crossbpf_host nobody = vm_silent_host(ret_why);

	quiet.host = &nobody;
	int r = start_process(&quiet, &m);
	if (r == 0 && !await_first_word(&quiet))
		r = -ETIMEDOUT;
	(void)end_process(&quiet);
	return r;
}

/* auto: what this host has, unless it is known to hang. */
static void choose_accel(const struct vm *vm, struct machine *m)
{
	const char *here = machine_accel();
	cleanup_free char *memory = str_printf("%s/%s.refused", vm->shared, here ? here : "");
	cleanup_free char *why = NULL;
	cleanup_strv struct strv line = {0};

	if (strcmp(vm->accel, "auto") != 0) {
		m->accel = vm->accel;
		return;
	}
	m->accel = "tcg";
	if (!here || memory_is_fresh(memory, REFUSED_SECONDS))
		return;
	m->accel = here;
	int r = try_accel(vm, m, &why);
	if (r == 0)
		return;
	vm_say(vm, "no machine runs by %s here%s%s: it is emulated, which is slower by far", here,
	       why ? ", " : "", why ? why : "");
	m->accel = "tcg";
	if (r != -ETIMEDOUT)
		return; /* it takes no time to learn, and may be another thing's fault */
	strv_add(&line, here);
	memory_write(memory, &line);
}

/* What makes an image of a disk that was given is a machine, too: what runs it is tried on that. */
static int choose_maker(const struct vm *vm, struct machine *m)
{
	struct machine maker = *m;

	if (!vm->image || !vm->makes || image_is_there(m->image))
		return 0;
	maker.disk = vm->image;
	int r = given_format(vm, &maker.format);
	if (r == 0)
		choose_accel(vm, &maker);
	m->accel = maker.accel;
	return r;
}

static int prepare(const struct vm *vm, struct machine *m)
{
	int r = make_key(vm, "host_key");

	if (r == 0)
		r = make_key(vm, "login_key");
	if (r == 0)
		r = choose_maker(vm, m);
	if (r == 0)
		r = image_ensure(vm, m->accel, m->image);
	if (r == 0 && !m->accel)
		choose_accel(vm, m);
	return r;
}

static int qemu_start(const struct vm *vm)
{
	cleanup_free char *image = NULL, *disk = NULL;
	struct machine m = {.format = vm->image ? "qcow2" : NULL};

#ifdef __linux__
	m.confined = true;
#endif
	int r = end_process(vm); /* one that never came so far as to take logins */
	if (r == 0)
		r = image_dir(vm, &image);
	if (r < 0)
		return r;
	disk = str_printf("%s/%s", image, IMAGE_DISK);
	if (!disk)
		return vm_out_of_memory(vm);
	m.image = image;
	m.disk = disk;
	r = prepare(vm, &m);
	return r < 0 ? r : boot(vm, &m);
}

/* Keys and all: the next one has others. */
static int qemu_stop(const struct vm *vm)
{
	static const char *const all[] = {"host_key",      "host_key.pub", "login_key",
					  "login_key.pub", "known_hosts",  "known",
					  "console",       "pid",          NULL};

	int r = end_process(vm);
	for (size_t i = 0; r == 0 && all[i]; i++) {
		cleanup_free char *path = vm_file(vm, all[i]);
		if (path)
			unlink(path);
	}
	return r;
}

static void qemu_describe(const struct vm *vm, struct strbuf *text)
{
	cleanup_free char *path = vm_file(vm, "known"), *image = NULL;
	cleanup_strv struct strv known = {0};
	char since[32] = "";
	struct tm tm;

	if (!memory_read(path, &known) || known.n != KNOWN_COUNT) {
		strbuf_puts(text, "up");
		return;
	}
	time_t when = (time_t)strtoll(known.v[KNOWN_SINCE], NULL, 10);
	if (localtime_r(&when, &tm))
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	strbuf_printf(text, "up by %s since %s, at 127.0.0.1:%s, with %u processors and %u MiB",
		      known.v[KNOWN_ACCEL], since, known.v[KNOWN_PORT], machine_cpus(vm),
		      vm->memory);
	if (image_dir(vm, &image) == 0)
		strbuf_printf(text, "\nimage %s", image);
}

const struct provider qemu_provider = {
	.name = "qemu",
	.takes_root = true,
	.plan = qemu_plan,
	.identify = qemu_identify,
	.is_up = qemu_is_up,
	.start = qemu_start,
	.stop = qemu_stop,
	.describe = qemu_describe,
};
