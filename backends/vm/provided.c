/* SPDX-License-Identifier: BSD-2-Clause */
/* Machines that are the user's already, by Vagrant or Lima: those know how to bring one up, and say
 * how ssh gets in. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "common/call.h"
#include "common/find.h"
#include "common/options.h"
#include "shared/io.h"
#include "ssh-config.h"
#include "vm.h"

enum { ASK_MS = 60000, CONFIG_LIMIT = 64 << 10 };

/* Runs PROGRAM WORD…, in the directory of the Vagrantfile. */
static int run_words(const struct vm *vm, const char *const *words, struct strbuf *answer,
		     int timeout_ms)
{
	cleanup_call struct call call = {
		.argv = words,
		.dir = vm->files,
		.log = answer ? NULL : vm->host,
		.outlives = true,
		.answer = answer,
		.timeout_ms = timeout_ms,
	};

	return vm_call(vm, &call);
}

static int find_program(const struct vm *vm, const char *program)
{
	return find_in_path(program)
		       ? 0
		       : complain(vm->host, -ENOENT, "install it, or take provider = \"qemu\"",
				  "there is no %s in PATH", program);
}

/* It becomes an argument. */
static int plan_machine(struct vm *vm)
{
	vm->machine = option(vm->conf, "machine");
	return vm->machine && vm->machine[0] == '-'
		       ? complain(vm->host, -EINVAL, NULL, "'%s' is no machine's name", vm->machine)
		       : 0;
}

/* What is up takes logins, at the address that it had. */
static bool is_up(const struct vm *vm)
{
	cleanup_strbuf struct strbuf text = {0};
	cleanup_ssh_config struct ssh_config c = {0};

	return io_read_file(vm->config, CONFIG_LIMIT, &text) == 0 &&
	       ssh_config_read(text.data, &c) == 0 && answers(c.host, c.port);
}

/* Its key is the one that it showed the first time, until `crossbpf down`. */
static int take_config(const struct vm *vm, const char *const *words)
{
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_ssh_config struct ssh_config c = {0};
	cleanup_free char *known_hosts = vm_file(vm, "known_hosts");

	int r = known_hosts ? run_words(vm, words, &answer, ASK_MS) : vm_out_of_memory(vm);
	if (r < 0)
		return r;
	if (!answer.data || ssh_config_read(answer.data, &c) < 0)
		return complain(vm->host, -EINVAL, NULL,
				"%s %s does not say how ssh gets in: HostName, Port, User and "
				"IdentityFile are asked for",
				words[0], words[1]);
	r = ssh_config_write(&c, VM_HOST, known_hosts, true, vm->config);
	return r < 0 ? complain(vm->host, r, NULL, "cannot write %s: %s", vm->config, strerror(-r))
		     : 0;
}

static int bring_up(const struct vm *vm, const char *const *start, const char *const *ask)
{
	int64_t began = io_clock();

	vm_say(vm, "%s %s", start[0], start[1]);
	int r = run_words(vm, start, NULL, 0);
	if (r == 0)
		r = take_config(vm, ask);
	if (r == 0)
		vm_say(vm, "it takes logins after %.1f s", vm_seconds_since(began));
	return r;
}

static int take_down(const struct vm *vm, const char *const *words)
{
	cleanup_free char *known_hosts = vm_file(vm, "known_hosts");

	int r = run_words(vm, words, NULL, 0);
	if (r == 0 && known_hosts)
		unlink(known_hosts);
	return r;
}

static void describe(const struct vm *vm, struct strbuf *text)
{
	cleanup_strbuf struct strbuf config = {0};
	cleanup_ssh_config struct ssh_config c = {0};

	if (io_read_file(vm->config, CONFIG_LIMIT, &config) == 0 &&
	    ssh_config_read(config.data, &c) == 0)
		strbuf_printf(text, "%s up, at %s:%s", vm->machine ? vm->machine : "default",
			      c.host, c.port);
}

/* vagrant */

static int vagrant_plan(struct vm *vm)
{
	const char *dir = option(vm->conf, "dir");

	int r = find_program(vm, "vagrant");
	if (r == 0)
		r = plan_machine(vm);
	if (r < 0)
		return r;
	vm->files = dir ? io_absolute(vm->root, dir) : strdup(vm->root);
	return vm->files ? 0 : vm_out_of_memory(vm);
}

static int vagrant_start(const struct vm *vm)
{
	return bring_up(vm, (const char *const[]){"vagrant", "up", "--no-color", vm->machine, NULL},
			(const char *const[]){"vagrant", "ssh-config", vm->machine, NULL});
}

static int vagrant_stop(const struct vm *vm)
{
	return take_down(vm,
			 (const char *const[]){"vagrant", "halt", "--no-color", vm->machine, NULL});
}

const struct provider vagrant_provider = {
	.name = "vagrant",
	.plan = vagrant_plan,
	.is_up = is_up,
	.start = vagrant_start,
	.stop = vagrant_stop,
	.describe = describe,
};

/* lima */

static const char *instance(const struct vm *vm)
{
	return vm->machine ? vm->machine : "default";
}

static int lima_plan(struct vm *vm)
{
	int r = find_program(vm, "limactl");

	return r < 0 ? r : plan_machine(vm);
}

static int lima_start(const struct vm *vm)
{
	return bring_up(
		vm, (const char *const[]){"limactl", "start", "--tty=false", instance(vm), NULL},
		(const char *const[]){"limactl", "show-ssh", "--format=config", instance(vm),
				      NULL});
}

static int lima_stop(const struct vm *vm)
{
	return take_down(vm, (const char *const[]){"limactl", "stop", instance(vm), NULL});
}

const struct provider lima_provider = {
	.name = "lima",
	.plan = lima_plan,
	.is_up = is_up,
	.start = lima_start,
	.stop = lima_stop,
	.describe = describe,
};
