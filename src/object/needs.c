/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel must have to load an object. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "inspection.h"

static int add(struct inspection *in, const struct need *need)
{
	if (in->n_needs == in->needs_room) {
		size_t room = in->needs_room ? 2 * in->needs_room : 32;
		struct need *needs = realloc(in->needs, room * sizeof(*needs));
		if (!needs)
			return -ENOMEM;
		in->needs = needs;
		in->needs_room = room;
	}
	in->needs[in->n_needs++] = *need;
	return 0;
}

/* `fact` is NULL for what this release does not know. */
static int add_fact(struct inspection *in, enum need_kind kind, const struct kernel_fact *fact,
		    uint32_t number, bool is_optional, const char *user)
{
	struct need need = {
		.kind = kind,
		.name = fact ? fact->name : NULL,
		.number = number,
		.since = fact ? fact->since : 0,
		.is_optional = is_optional,
		.user = user,
	};

	/* Some are older than that a program is loaded for one. */
	uint16_t loads = kernel_feature(FEATURE_ATTACH_TYPE)->since;
	if (kind == NEED_ATTACH_TYPE && need.since && need.since < loads)
		need.since = loads;
	uint16_t replaced = kind == NEED_HELPER ? kernel_helper_replaced(number) : 0;
	if (replaced) {
		need.replaced_before = need.since;
		need.since = replaced;
	}
	return add(in, &need);
}

static int add_feature(struct inspection *in, enum kernel_feature feature, bool is_optional,
		       const char *user)
{
	const struct kernel_fact fact = kernel_feature_of(feature, inspection_arch(in));

	return add_fact(in, NEED_FEATURE, &fact, feature, is_optional, user);
}

/* The length of a name less its flavor, "___mine", which is the program's own. As libbpf finds it.
 */
static size_t essential_len(const char *name)
{
	size_t len = strlen(name);

	for (size_t end = len; end >= 5; end--) {
		const char *s = name + end - 5;
		if (s[0] != '_' && strncmp(s + 1, "___", 3) == 0 && s[4] != '_')
			return end - 4;
	}
	return len;
}

/* Since when there is what has that name, or that name less its flavor; 0: not known. */
static uint16_t since_of(const struct kernel_fact *(*find)(const char *name), const char *name)
{
	char essential[128];
	const struct kernel_fact *fact = find(name);
	size_t len = essential_len(name);

	if (!fact && len < sizeof(essential)) {
		memcpy(essential, name, len);
		essential[len] = '\0';
		fact = find(essential);
	}
	return fact ? fact->since : 0;
}

static int add_kfunc(struct inspection *in, const struct contents_variable *v, bool is_optional,
		     const char *user)
{
	const struct need need = {
		.kind = NEED_KFUNC,
		.name = v->name,
		.since = since_of(kernel_kfunc, v->name),
		.is_optional = is_optional,
		.user = user,
	};
	int r = add(in, &need);

	return r < 0 ? r : add_feature(in, FEATURE_KFUNC, is_optional, user);
}

static int add_extern(struct inspection *in, uint32_t symbol, bool is_optional, const char *user)
{
	const struct contents_variable *v = inspection_extern(in, symbol);

	if (!v)
		return 0;
	is_optional = is_optional || v->is_weak;
	if (v->is_function)
		return add_kfunc(in, v, is_optional, user);
	if (strcmp(v->section, ".kconfig") == 0)
		return add_feature(in, FEATURE_GLOBAL_DATA, is_optional, user);
	/* One without a type is a number that the loader finds in /proc/kallsyms. */
	return types_resolve(&in->contents.types, v->type)
		       ? add_feature(in, FEATURE_KSYM, is_optional, user)
		       : 0;
}

/* What this release does not know of code. */
static int add_unknown(struct inspection *in, const struct code *code, bool is_optional,
		       const char *user)
{
	const struct need instruction = {
		.kind = NEED_FEATURE,
		.name = "instructions that this release does not know",
		.is_optional = is_optional,
		.user = user,
	};
	int r = code->has_unknown ? add(in, &instruction) : 0;

	return r == 0 && code->calls_unknown
		       ? add_fact(in, NEED_HELPER, NULL, code->unknown_helper, is_optional, user)
		       : r;
}

static int add_code(struct inspection *in, const struct code *code, bool is_optional,
		    const char *user)
{
	int r = add_unknown(in, code, is_optional, user);

	for (enum kernel_feature f = 0; r == 0 && f < FEATURE_MAX; f++)
		if (code->features[f])
			r = add_feature(in, f, is_optional, user);
	for (uint32_t id = 1; r == 0 && id < CODE_HELPERS_MAX; id++)
		if (code_calls(code, id))
			r = add_fact(in, NEED_HELPER, kernel_helper(id), id,
				     is_optional || (in->guarded[id / 8] & 1 << id % 8), user);
	for (size_t i = 0; r == 0 && i < code->externs.n; i++)
		r = add_extern(in, code->externs.v[i], is_optional, user);
	return r;
}

/* Each kind of program learned to sleep by itself. */
static enum kernel_feature sleep_of(const struct section_meaning *m)
{
	switch (m->program_type) {
	case PROGRAM_KPROBE:
		return FEATURE_SLEEPABLE_UPROBE;
	case PROGRAM_STRUCT_OPS:
		return FEATURE_SLEEPABLE_STRUCT_OPS;
	case PROGRAM_TRACEPOINT:
	case PROGRAM_RAW_TRACEPOINT:
		return FEATURE_SLEEPABLE_TRACEPOINT;
	case PROGRAM_TRACING:
		if (m->attach_type == ATTACH_TRACE_ITER)
			return FEATURE_SLEEPABLE_ITER;
		return m->attach_type == ATTACH_TRACE_RAW_TP ? FEATURE_SLEEPABLE_TRACEPOINT
							     : FEATURE_SLEEPABLE;
	default:
		return FEATURE_SLEEPABLE;
	}
}

/* Is it called in the place of a function of the kernel's, or around one? */
static bool needs_trampoline(const struct section_meaning *m)
{
	switch (m->program_type) {
	case PROGRAM_TRACING:
		return m->attach_type != ATTACH_TRACE_RAW_TP && m->attach_type != ATTACH_TRACE_ITER;
	case PROGRAM_LSM:
	case PROGRAM_EXT:
	case PROGRAM_STRUCT_OPS:
		return true;
	default:
		return false;
	}
}

/* Of these programs no kernel looks at the attach type when it loads one, known or not
 * (bpf_prog_load_check_attach()): what needs it, is to attach. */
static bool loads_with_any_attach_type(uint32_t program_type)
{
	return program_type == PROGRAM_KPROBE || program_type == PROGRAM_SCHED_CLS ||
	       program_type == PROGRAM_XDP;
}

static int add_attach_type(struct inspection *in, const struct section_meaning *m, bool is_optional,
			   const char *user)
{
	uint32_t type = (uint32_t)m->attach_type;
	bool loads = loads_with_any_attach_type(m->program_type);
	int r = add_fact(in, NEED_ATTACH_TYPE, kernel_attach_type(type), type, is_optional || loads,
			 user);

	return r == 0 && loads ? add_feature(in, FEATURE_ATTACH_TYPE, is_optional, user) : r;
}

static int add_meaning(struct inspection *in, const struct section_meaning *m, bool is_optional,
		       const char *user)
{
	int r = 0;

	if (m->program_type)
		r = add_fact(in, NEED_PROGRAM_TYPE, kernel_program_type(m->program_type),
			     m->program_type, is_optional, user);
	if (r == 0 && m->attach_type != SECTION_NO_ATTACH_TYPE && !m->is_attach_type_optional)
		r = add_attach_type(in, m, is_optional, user);
	if (r == 0 && m->is_sleepable)
		r = add_feature(in, sleep_of(m), is_optional, user);
	if (r == 0 && needs_trampoline(m))
		r = add_feature(in, FEATURE_TRAMPOLINE, is_optional, user);
	if (r == 0 && m->has_fragments)
		r = add_feature(in, FEATURE_XDP_FRAGS, is_optional, user);
	return r;
}

/* Who loads it says what it is: the kernel that has that is not known. */
static int add_unknown_type(struct inspection *in, const struct contents_program *p,
			    bool is_optional)
{
	const struct need need = {.kind = NEED_PROGRAM_TYPE,
				  .name = p->section,
				  .is_optional = is_optional,
				  .user = p->name};

	return add(in, &need);
}

/* Maps */

static int add_operations(struct inspection *in, const struct contents_map *m)
{
	struct need need = {
		.kind = NEED_STRUCT_OPS, .is_optional = m->is_on_demand, .user = m->name};
	struct type type;

	types_get(&in->contents.types, m->value_type, &type);
	need.name = type.name;
	need.since = since_of(kernel_struct_ops, type.name);
	return add(in, &need);
}

static int add_map(struct inspection *in, const struct contents_map *m, const char *user)
{
	bool is_data = m->kind == CONTENTS_MAP_DATA || m->kind == CONTENTS_MAP_KCONFIG;

	/* Where the kernel knows none of these, libbpf makes none: what then fails is a program
	 * that uses one, which its instructions tell. */
	if (is_data)
		return 0;
	int r = add_fact(in, NEED_MAP_TYPE, kernel_map_type(m->type), m->type, m->is_on_demand,
			 user);
	for (uint32_t flag = 1; r == 0 && flag; flag <<= 1)
		if (m->flags & flag)
			r = add_fact(in, NEED_MAP_FLAG, kernel_map_flag(flag), flag,
				     m->is_on_demand, user);
	if (r == 0 && m->kind == CONTENTS_MAP_STRUCT_OPS)
		r = add_operations(in, m);
	return r;
}

static int add_maps(struct inspection *in)
{
	const struct contents *c = &in->contents;
	int r = 0;

	for (size_t i = 1; r == 0 && i <= c->n_maps; i++)
		r = add_map(in, &c->maps[i], c->maps[i].name);
	for (size_t i = 1; r == 0 && i <= c->n_maps; i++)
		if (c->maps[i].inner)
			r = add_map(in, &c->maps[c->maps[i].inner], c->maps[i].name);
	return r;
}

/* Each once */

static int compare_things(const struct need *x, const struct need *y)
{
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->name && y->name)
		return strcmp(x->name, y->name);
	if (x->name || y->name)
		return x->name ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* What is needed in earnest stands before what is not. */
static int compare_for_once(const void *a, const void *b)
{
	const struct need *x = a, *y = b;
	int order = compare_things(x, y);

	if (order == 0)
		order = x->is_optional - y->is_optional;
	return order ? order : strcmp(x->user, y->user);
}

static int compare_for_order(const void *a, const void *b)
{
	const struct need *x = a, *y = b;

	if (x->is_optional != y->is_optional)
		return x->is_optional ? 1 : -1;
	if (x->since != y->since) {
		if (!x->since || !y->since)
			return x->since ? 1 : -1;
		return x->since > y->since ? -1 : 1;
	}
	return compare_things(x, y);
}

static void settle(struct inspection *in)
{
	size_t n = 0;

	if (!in->n_needs)
		return;
	qsort(in->needs, in->n_needs, sizeof(*in->needs), compare_for_once);
	for (size_t i = 0; i < in->n_needs; i++)
		if (!n || compare_things(&in->needs[n - 1], &in->needs[i]) != 0)
			in->needs[n++] = in->needs[i];
	in->n_needs = n;
	qsort(in->needs, n, sizeof(*in->needs), compare_for_order);
	for (size_t i = 0; i < n; i++) {
		const struct need *need = &in->needs[i];
		if (need->is_optional)
			continue;
		in->has_unknown = in->has_unknown || !need->since;
		if (need->since > in->oldest)
			in->oldest = need->since;
	}
}

static int add_program(struct inspection *in, size_t i, bool is_optional)
{
	const struct contents_program *p = &in->contents.programs[i];
	int r = p->is_subprogram || in->programs[i].meaning.program_type
			? add_meaning(in, &in->programs[i].meaning, is_optional, p->name)
			: add_unknown_type(in, p, is_optional);

	return r < 0 ? r : add_code(in, &in->programs[i].code, is_optional, p->name);
}

int inspection_narrow(struct inspection *in, const char *program)
{
	const struct contents *c = &in->contents;
	size_t i = 0;

	while (i < c->n_programs &&
	       (c->programs[i].is_subprogram || strcmp(c->programs[i].name, program) != 0))
		i++;
	if (i == c->n_programs)
		return -ENOENT;
	in->n_needs = 0;
	in->oldest = 0;
	in->has_unknown = false;
	int r = add_program(in, i, false);
	settle(in);
	return r;
}

int inspection_find_needs(struct inspection *in)
{
	const struct contents *c = &in->contents;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_programs; i++)
		r = add_program(in, i, !in->programs[i].is_loaded);
	if (r == 0)
		r = add_maps(in);
	if (r == 0 && in->n_relocations)
		r = add_feature(in, FEATURE_KERNEL_BTF, true, "CO-RE");
	const struct kernel_fact *arch = kernel_arch(inspection_arch(in));
	if (r == 0 && arch)
		r = add_fact(in, NEED_FEATURE, arch, 0, false, "the architecture");
	settle(in);
	return r;
}
