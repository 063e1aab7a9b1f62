/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "arch-headers.h"
#include "emit.h"
#include "object/object.h"
#include "shared/io.h"

int emit_file(const char *root, const char *path, const struct strbuf *content,
	      struct state_output *ret_output, struct crossbpf_error *e)
{
	cleanup_free char *absolute = io_absolute(root, path);

	if (!absolute)
		return error_no_memory(e);
	int r = io_write_output(absolute, content->data, content->len, &ret_output->st);
	if (r == -ENOENT && (r = io_make_parents(absolute, 0777)) == 0)
		r = io_write_output(absolute, content->data, content->len, &ret_output->st);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT,
				 "check its directory's permissions and free space",
				 "cannot write %s: %s", path, strerror(-r));
	ret_output->path = path;
	digest_of(content->data, content->len, ret_output->digest);
	return 0;
}

static int refuse(const struct build_action *a, int r, const char *why, struct crossbpf_error *e)
{
	if (r == -ENOMEM)
		return error_no_memory(e);
	return error_set(e, r, EXIT_STATUS_FAILED, "is the compiler really a clang for BPF?",
			 "what the compiler wrote for %s is no sound BPF object: %s", a->source,
			 why ? why : strerror(-r));
}

int emit_object(const struct emit *emit, const struct strbuf *compiled, struct strbuf *ret_object,
		bool *ret_uses_arch, struct crossbpf_error *e)
{
	const struct build_action *a = emit->action;
	const char *why = NULL;

	int r = object_uses_registers(compiled->data, compiled->len, &why);
	if (r < 0)
		return refuse(a, r, why, e);
	*ret_uses_arch = r || !emit->inputs ||
			 arch_headers_depend(emit->root, emit->toolchain, emit->inputs, a->source);
	struct object_stamp stamp = {a->variant->target, *ret_uses_arch ? a->variant->arch : "any"};
	r = object_rewrite(compiled->data, compiled->len, emit->keep_debug, &stamp, ret_object,
			   &why);
	return r < 0 ? refuse(a, r, why, e) : 0;
}
