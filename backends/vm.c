/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm: a virtual machine, of QEMU's own, of Vagrant's or of Lima's. It is brought up on demand, and
 * from then on a host that one can log in to.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "common/options.h"
#include "crossbpf-backend.h"
#include "ssh/login.h"
#include "vm/vm.h"

struct crossbpf_session {
	struct vm vm;
	struct crossbpf_kv login[5]; /* the section of an ssh backend */
	struct builder builder;
};

static int vm_probe_backend(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			    char *ret_why, size_t len)
{
	cleanup_free char *why = NULL;

	int r = vm_probe(host, conf, &why);
	if (r < 0)
		snprintf(ret_why, len, "%s", why ? why : "out of memory");
	return r;
}

static void vm_close(struct crossbpf_session *session)
{
	if (session) {
		builder_free(&session->builder);
		vm_free(&session->vm);
	}
	free(session);
}

/* Nobody's configuration but the machine's own is read. */
static int plan_login(struct crossbpf_session *s, bool as_root)
{
	const struct vm *vm = &s->vm;
	size_t n = 0;

	s->login[n++] = (struct crossbpf_kv){"where", as_root ? VM_ROOT : VM_HOST};
	s->login[n++] = (struct crossbpf_kv){"config", vm->config};
	s->login[n++] = (struct crossbpf_kv){"transport", option(vm->conf, "transport")};
	s->login[n++] = (struct crossbpf_kv){"persist", option(vm->conf, "persist")};
	return builder_plan(vm->host, s->login, vm->root, &s->builder);
}

/* What loads programs does so as root, and what compiles does not. */
static bool decide_root(const struct vm *vm, const struct crossbpf_project *project)
{
	bool loads = option_flag(project, CROSSBPF_PROJECT_LOAD);

	if (loads)
		vm_say(vm, "programs are loaded into the virtual machine's kernel, %s",
		       vm->provider->takes_root ? "by its root"
						: "by its user, who may need sudo for that");
	return loads && vm->provider->takes_root;
}

static int new_session(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		       const struct crossbpf_project *project,
		       struct crossbpf_session **ret_session)
{
	struct crossbpf_session *session = calloc(1, sizeof(*session));

	int r = session ? vm_plan(host, conf, project->root, &session->vm)
			: complain(host, -ENOMEM, NULL, "out of memory");
	if (r < 0)
		vm_close(session);
	else
		*ret_session = session;
	return r;
}

static int open_session(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
			const struct crossbpf_project *project, bool makes,
			struct crossbpf_session **ret_session)
{
	struct crossbpf_session *session;

	int r = new_session(host, conf, project, &session);
	if (r < 0)
		return r;
	session->vm.makes = makes;
	r = vm_ensure(&session->vm);
	if (r == 0)
		r = plan_login(session, decide_root(&session->vm, project));
	if (r == 0)
		r = builder_connect(&session->builder);
	if (r < 0)
		vm_close(session);
	else
		*ret_session = session;
	return r;
}

static int vm_open(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		   const struct crossbpf_project *project, struct crossbpf_session **ret_session)
{
	return open_session(host, conf, project, false, ret_session);
}

static int vm_run(struct crossbpf_session *session, const struct crossbpf_run *run, int *ret_status)
{
	if (run->flags & ~CROSSBPF_RUN_TTY)
		return complain(run->host, -EOPNOTSUPP, "install the two from one release",
				"this crossbpf asks for more than its vm backend knows");
	return builder_run(&session->builder, run, ret_status);
}

static int vm_identity(struct crossbpf_session *session, char *buf, size_t len)
{
	return builder_identity(&session->builder, buf, len);
}

static int vm_up(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		 const struct crossbpf_project *project)
{
	struct crossbpf_session *session;
	int r = open_session(host, conf, project, true, &session);

	if (r == 0)
		vm_close(session);
	return r;
}

static int vm_down(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		   const struct crossbpf_project *project)
{
	struct crossbpf_session *session;

	int r = new_session(host, conf, project, &session);
	if (r < 0)
		return r;
	/* The control connection would notice by itself, later. */
	if (access(session->vm.config, F_OK) == 0 && plan_login(session, false) == 0)
		(void)builder_end(&session->builder);
	r = vm_end(&session->vm);
	vm_close(session);
	return r;
}

static int vm_status(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		     const struct crossbpf_project *project, char *buf, size_t len)
{
	cleanup_vm struct vm vm = {0};
	cleanup_free char *text = NULL;

	int r = vm_plan(host, conf, project->root, &vm);
	if (r == 0)
		r = vm_describe(&vm, &text);
	return r < 0 ? r : answer(host, text, buf, len);
}

static const struct crossbpf_backend vm = {
	.size = sizeof(vm),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "vm",
	.summary = "a virtual machine of QEMU, Vagrant or Lima, brought up on demand",
	.caps = CROSSBPF_CAP_LOAD,
	.keys = option_keys,
	.key_size = sizeof(option_keys[0]),
	.probe = vm_probe_backend,
	.open = vm_open,
	.run = vm_run,
	.close = vm_close,
	.identity = vm_identity,
	.up = vm_up,
	.down = vm_down,
	.status = vm_status,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &vm;
}
