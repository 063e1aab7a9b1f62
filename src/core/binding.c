/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "binding.h"
#include "gen/ident.h"

static int refuse(const struct binding_object *o, int r, const char *why, struct crossbpf_error *e)
{
	if (r == -ENOMEM)
		return error_no_memory(e);
	return error_set(e, r, EXIT_STATUS_FAILED, NULL, "%s: %s", o->file,
			 why ? why : strerror(-r));
}

int binding_open(struct binding_object *o, struct crossbpf_error *e)
{
	const char *why = NULL;
	int r = object_read_arch(o->data, o->len, &o->arch, &why);

	return r < 0 ? refuse(o, r, why, e) : 0;
}

int binding_check(const struct binding_object *o, const char *arch, const char *target,
		  struct crossbpf_error *e)
{
	const char *where, *found;

	if (object_fits(&o->arch, arch, target, &where, &found))
		return 0;
	return error_set(e, -EXDEV, EXIT_STATUS_FAILED, NULL,
			 "%s: this object is not for %s: %s %s", o->file, arch ? arch : target,
			 where, found);
}

const char *binding_target(const struct binding_object *o)
{
	return o->arch.big ? "bpfeb" : "bpfel";
}

const char *binding_arch(const struct binding_object *o)
{
	if (o->arch.is_stamped)
		return strcmp(o->arch.arch, "any") == 0 ? NULL : o->arch.arch;
	return o->arch.registers;
}

int binding_go(const struct binding_object *o, const struct gen_go *gen, struct strbuf *text,
	       struct crossbpf_error *e)
{
	cleanup_free char *why = NULL;

	int r = gen_go(gen, o->data, o->len, text, &why);
	return r < 0 ? refuse(o, r, why, e) : 0;
}

int binding_c(const struct binding_object *o, const struct gen_c *gen, struct strbuf *text,
	      struct crossbpf_error *e)
{
	int r = gen_c(gen, o->data, o->len, text);

	return r < 0 ? refuse(o, r, NULL, e) : 0;
}

static int refuse_ident(const char *ident, const char *language, struct crossbpf_error *e)
{
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "name one with --ident",
			 "'%s' is no identifier in %s", ident, language);
}

int binding_check_go_ident(const char *ident, struct crossbpf_error *e)
{
	if (!ident_is_go(ident))
		return refuse_ident(ident, "Go", e);
	return ident[0] != '_'
		       ? 0
		       : error_set(e, -EINVAL, EXIT_STATUS_USAGE, "name one with --ident",
				   "Go ignores files whose names begin with '_', as those of '%s'",
				   ident);
}

int binding_check_c_ident(const char *ident, struct crossbpf_error *e)
{
	return ident_is_c(ident) ? 0 : refuse_ident(ident, "C", e);
}
