/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/call.h"
#include "common/memory.h"
#include "common/options.h"
#include "shared/io.h"
#include "vm.h"

static const struct provider *const providers[] = {&qemu_provider, &vagrant_provider,
						   &lima_provider, NULL};

int vm_out_of_memory(const struct vm *vm)
{
	return complain(vm->host, -ENOMEM, NULL, "out of memory");
}

void vm_free(struct vm *vm)
{
	free(TAKE_PTR(vm->shared));
	free(TAKE_PTR(vm->dir));
	free(TAKE_PTR(vm->config));
	free(TAKE_PTR(vm->files));
	free(TAKE_PTR(vm->image));
}

char *vm_file(const struct vm *vm, const char *name)
{
	return str_printf("%s/%s", vm->dir, name);
}

void vm_say(const struct vm *vm, const char *format, ...)
{
	cleanup_strbuf struct strbuf line = {0};
	va_list args;

	va_start(args, format);
	strbuf_puts(&line, "vm: ");
	strbuf_vprintf(&line, format, args);
	va_end(args);
	vm->host->log(vm->host->ctx, CROSSBPF_LOG_INFO, line.error ? "out of memory" : line.data);
}

int vm_call(const struct vm *vm, struct call *call)
{
	int r = call_run(call);

	if (r == 0 && call->status == 0 && !call->late)
		return 0;
	cleanup_free char *why = r < 0        ? str_printf("%s", strerror(-r))
				 : call->late ? call_reason(call)
					      : call_tail(call);
	return complain(vm->host, r < 0 ? r : -EIO, NULL, "%s %s: %s", call->argv[0], call->argv[1],
			why ? why : "out of memory");
}

double vm_seconds_since(int64_t began)
{
	return (double)(io_clock() - began) / 1e9;
}

static int choose_provider(struct vm *vm)
{
	const char *name = option(vm->conf, "where");

	if (!name)
		name = option(vm->conf, "provider");
	for (size_t i = 0; providers[i]; i++)
		if (strcmp(providers[i]->name, name) == 0)
			vm->provider = providers[i];
	return vm->provider ? 0
			    : complain(vm->host, -EINVAL, NULL,
				       "provider '%s' is none of qemu, vagrant and lima", name);
}

/* ssh would put its own words for these, whatever the quotes. */
static int check_path(const struct vm *vm)
{
	return !strpbrk(vm->dir, "\"\\\n") && !strstr(vm->dir, "${")
		       ? 0
		       : complain(vm->host, -EINVAL, "set XDG_CACHE_HOME to another directory",
				  "ssh's configuration cannot name %s", vm->dir);
}

/* All that makes it another machine. */
static int name_files(struct vm *vm)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d;
	const unsigned numbers[] = {vm->memory, vm->cpus, vm->idle};

	digest_init(&d);
	digest_string(&d, vm->provider->name);
	digest_bytes(&d, numbers, sizeof(numbers));
	digest_string(&d, vm->accel);
	digest_string(&d, vm->image);
	digest_string(&d, vm->machine);
	digest_string(&d, vm->files);
	cleanup_free char *cache = NULL;
	int r = io_cache_dir(&cache);
	if (r < 0)
		return complain(vm->host, r, "set HOME", "a machine has no directory to lie in");
	vm->shared = str_printf("%s/vm", cache);
	if (!vm->shared)
		return vm_out_of_memory(vm);
	r = vm->provider->identify ? vm->provider->identify(vm, &d) : 0;
	digest_finish(&d, hex);
	if (r < 0)
		return r;
	vm->dir = str_printf("%s/%s-%.16s", vm->shared, vm->provider->name, hex);
	vm->config = vm->dir ? vm_file(vm, "config") : NULL;
	return vm->config ? check_path(vm) : vm_out_of_memory(vm);
}

int vm_plan(const struct crossbpf_host *host, const struct crossbpf_kv *conf, const char *root,
	    struct vm *vm)
{
	*vm = (struct vm){.host = host, .conf = conf, .root = root};
	int r = choose_provider(vm);
	if (r == 0)
		r = vm->provider->plan(vm);
	return r < 0 ? r : name_files(vm);
}

/* Nobody else is to write to what is run, or to read a key. */
static int make_dir(const struct vm *vm)
{
	struct stat st;

	int r = io_make_parents(vm->config, 0700);
	if (r == 0 && lstat(vm->dir, &st) < 0)
		r = -errno;
	if (r == 0 && !(S_ISDIR(st.st_mode) && io_is_own(&st)))
		return complain(vm->host, -EPERM, "remove it, or chmod go-w",
				"others than you may write to %s", vm->dir);
	if (r == 0 && chmod(vm->dir, 0700) < 0)
		r = -errno;
	return r < 0 ? complain(vm->host, r, NULL, "cannot make %s: %s", vm->dir, strerror(-r)) : 0;
}

static int lock_vm(const struct vm *vm, int *ret_lock)
{
	cleanup_free char *path = vm_file(vm, "lock");
	int r = make_dir(vm);

	if (r < 0)
		return r;
	*ret_lock = memory_lock(path);
	return *ret_lock < 0 ? complain(vm->host, -EIO, "is the file system full, or read-only?",
					"cannot lock %s", vm->dir)
			     : 0;
}

static bool is_up(const struct vm *vm)
{
	return access(vm->config, F_OK) == 0 && vm->provider->is_up(vm);
}

int vm_ensure(const struct vm *vm)
{
	cleanup_close int lock = -1;

	if (is_up(vm))
		return 0;
	int r = lock_vm(vm, &lock);
	if (r < 0 || is_up(vm))
		return r;
	unlink(vm->config);
	return vm->provider->start(vm);
}

int vm_end(const struct vm *vm)
{
	cleanup_close int lock = -1;

	if (access(vm->dir, F_OK) < 0)
		return 0;
	int r = lock_vm(vm, &lock);
	if (r == 0)
		r = vm->provider->stop(vm);
	if (r == 0)
		unlink(vm->config);
	return r;
}

int vm_describe(const struct vm *vm, char **ret_text)
{
	cleanup_strbuf struct strbuf text = {0};

	strbuf_printf(&text, "%s: ", vm->provider->name);
	if (is_up(vm))
		vm->provider->describe(vm, &text);
	else
		strbuf_puts(&text, "not up");
	return strbuf_finish(&text, ret_text) < 0 ? vm_out_of_memory(vm) : 0;
}

/* What plan() complains of is the reason. */
static void hear_error(void *ctx, const char *message, const char *hint)
{
	char **why = ctx;

	if (!*why)
		*why = hint ? str_printf("%s; %s", message, hint) : strdup(message);
}

static void hear_log(void *ctx, int level, const char *message)
{
	(void)ctx, (void)level, (void)message;
}

static int ask_nobody(void *ctx, const char *prompt, int echo, char *buf, size_t len)
{
	(void)ctx, (void)prompt, (void)echo, (void)buf, (void)len;
	return -ENOTTY;
}

struct crossbpf_host vm_silent_host(char **ret_why)
{
	return (struct crossbpf_host){
		.size = sizeof(struct crossbpf_host),
		.abi = CROSSBPF_BACKEND_ABI,
		.ctx = ret_why,
		.error = hear_error,
		.log = hear_log,
		.ask = ask_nobody,
	};
}

int vm_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf, char **ret_why)
{
	const struct crossbpf_host listener = vm_silent_host(ret_why);
	cleanup_vm struct vm vm = {0};

	(void)host;
	return vm_plan(&listener, conf, "/", &vm);
}
