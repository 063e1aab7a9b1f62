/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machines that an object is for: by its stamp, its byte order, and the registers that its BTF
 * describes, each architecture's by a member that no other one's have (kernel: arch/ARCH/include:
 * asm/ptrace.h and uapi/asm/ptrace.h).
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "arch.h"
#include "registers.h"
#include "stamp.h"

static const struct {
	const char *member, *arch;
} members[] = {
	{"orig_ax", "x86"},       {"orig_rax", "x86"}, {"orig_eax", "x86"}, {"pstate", "arm64"},
	{"orig_x0", "arm64"},     {"uregs", "arm"},    {"gprs", "s390"},    {"orig_gpr2", "s390"},
	{"csr_era", "loongarch"}, {"cp0_epc", "mips"}, {"nip", "powerpc"},  {"gpr", "powerpc"},
	{"gp", "riscv"},
};

/* What is not here may be of either byte order. */
static const struct {
	const char *arch;
	bool big;
} orders[] = {
	{"x86", false},
	{"riscv", false},
	{"loongarch", false},
	{"s390", true},
};

enum {
	NESTED_MAX = 4,           /* registers within an unnamed union within … */
	MEMBERS_MAX_SEEN = 10000, /* of all of them, for a hostile object has many */
};

struct search {
	const struct types *types;
	const char *arch;
	bool is_ambiguous;
	unsigned left;
};

static void see_member(struct search *s, const char *name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(members[i].member, name) != 0)
			continue;
		if (s->arch && strcmp(s->arch, members[i].arch) != 0)
			s->is_ambiguous = true;
		s->arch = members[i].arch;
	}
}

static void see_type(struct search *s, uint32_t id, int depth)
{
	struct type type;
	struct type_member m;

	types_get(s->types, types_resolve(s->types, id), &type);
	if ((type.kind != TYPE_STRUCT && type.kind != TYPE_UNION) || depth >= NESTED_MAX)
		return;
	for (uint32_t i = 0; i < type.n_members && s->left; i++) {
		s->left--;
		types_member(s->types, &type, i, &m);
		see_member(s, m.name);
		if (!m.name[0])
			see_type(s, m.type, depth + 1);
	}
}

/* NULL: nobody's, or those of more than one. */
static const char *find_registers(const struct types *t)
{
	struct search s = {.types = t, .left = MEMBERS_MAX_SEEN};
	struct type type;

	for (uint32_t id = 1; id < t->n; id++) {
		types_get(t, id, &type);
		if (registers_is_type(type.name))
			see_type(&s, id, 0);
	}
	return s.is_ambiguous ? NULL : s.arch;
}

int arch_read(const struct elf_object *e, const struct types *types, struct object_arch *ret,
	      const char **why)
{
	struct object_stamp stamp = {0};
	int stamped = stamp_find(e, &stamp, why);

	if (stamped < 0 && stamped != -ENOENT && stamped != -ENOTSUP)
		return stamped;
	if (stamped == 0 && strcmp(stamp.target, e->big ? "bpfeb" : "bpfel") != 0)
		return elf_malformed(why, "its stamp is for the other byte order");
	*ret = (struct object_arch){
		.big = e->big,
		.is_stamped = stamped == 0,
		.target = stamp.target,
		.arch = stamp.arch,
		.registers = find_registers(types),
	};
	return 0;
}

int object_read_arch(const void *data, size_t len, struct object_arch *ret, const char **why)
{
	cleanup_elf_object struct elf_object e = {0};
	cleanup_types struct types types = {0};

	int r = elf_object_open(&e, data, len, why);
	if (r < 0)
		return r;
	const struct elf_section *btf = elf_object_find(&e, ".BTF");
	if (btf && btf->data && (r = types_open(&types, btf->data, btf->size, e.big, why)) < 0)
		return r;
	return arch_read(&e, &types, ret, why);
}

static bool refuse(const char *where, const char *found, const char **ret_where,
		   const char **ret_found)
{
	*ret_where = where;
	*ret_found = found;
	return false;
}

static bool has_order_of(const struct object_arch *object, const char *arch)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(orders[i].arch, arch) == 0)
			return orders[i].big == object->big;
	return true;
}

bool object_fits(const struct object_arch *object, const char *arch, const char *target,
		 const char **ret_where, const char **ret_found)
{
	const char *order = object->big ? "big-endian" : "little-endian";

	if (target && strcmp(target, object->big ? "bpfeb" : "bpfel") != 0)
		return refuse("its byte order is", order, ret_where, ret_found);
	if (!arch || strcmp(arch, "any") == 0)
		return true;
	bool is_any = object->arch && strcmp(object->arch, "any") == 0;
	if (object->arch && !is_any && strcmp(object->arch, arch) != 0)
		return refuse("its stamp says", object->arch, ret_where, ret_found);
	if (!has_order_of(object, arch))
		return refuse("its byte order is", order, ret_where, ret_found);
	if (!is_any && object->registers && strcmp(object->registers, arch) != 0)
		return refuse("the registers in its BTF are those of", object->registers, ret_where,
			      ret_found);
	return true;
}
