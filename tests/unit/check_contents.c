/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "make-definition.h"
#include "object/inspection.h"

static const char *why;

static int open_object(struct contents *c, struct made *m)
{
	made_finish(m);
	return contents_open(c, m->data, m->len, &why);
}

static int open_map(struct contents *c, struct definition *d, struct made *m)
{
	put_in(d, ".maps", "map", define_end(d), TYPE_LINKAGE_GLOBAL);
	made_object_of(m, &d->b);
	return open_object(c, m);
}

static void read_map(bool big)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, big);
	define_number(&d, "type", 1);
	define_number(&d, "max_entries", 70000);
	define_number(&d, "key_size", 4);
	uint32_t key = pointer_to(&d, d.integer);
	define(&d, "key", key);
	define_number(&d, "value_size", 100);
	uint32_t extra = btf_type(&d.b, "", 19, 1, 8);
	btf_member(&d.b, "EXTRA", 3);
	btf_number(&d.b, 1);
	define(&d, "map_extra", extra);
	define_number(&d, "unknown", 7);
	ck_assert_int_eq(open_map(&c, &d, &m), 0);

	ck_assert_uint_eq(c.n_maps, 2); /* .bss is the other */
	const struct contents_map *map = &c.maps[1];
	ck_assert_str_eq(map->name, "map");
	ck_assert(map->type == 1 && map->max_entries == 70000 && map->key_size == 4);
	ck_assert(map->value_size == 100 && map->value_type == 0 && map->key_type == d.integer);
	ck_assert(map->extra == ((uint64_t)1 << 32 | 3) && map->inner == 0);
	ck_assert_str_eq(c.maps[2].name, ".bss");
	ck_assert(c.maps[2].kind == CONTENTS_MAP_DATA && c.maps[2].value_size == 16);

	ck_assert_uint_eq(c.n_programs, 1);
	ck_assert_str_eq(c.programs[0].name, "prog");
	ck_assert_str_eq(c.programs[0].section, "xdp");
	ck_assert(c.programs[0].n_instructions == 2 && c.programs[0].is_global);
}

TEST(reads_maps)
{
	read_map(false);
	read_map(true);
}

TEST(reads_inner_maps)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	define_number(&d, "type", 2);
	define_number(&d, "max_entries", 3);
	uint32_t inner = pointer_to(&d, define_end(&d));
	define_number(&d, "type", 12);
	define(&d, "values", btf_array(&d.b, inner, 0));
	ck_assert_int_eq(open_map(&c, &d, &m), 0);
	ck_assert(c.n_maps == 2 && c.n_inner == 1 && c.maps[1].inner == 3);
	ck_assert(c.maps[1].value_size == 4 && c.maps[3].max_entries == 3);
	ck_assert_str_eq(c.maps[3].name, "");
}

/* What define() gave so far is refused. */
static void expect_refused(struct definition *d)
{
	static struct made m;
	cleanup_contents struct contents c = {0};

	ck_assert_int_eq(open_map(&c, d, &m), -ENOEXEC);
	assert_contains(why, "map");
}

TEST(refuses_maps)
{
	static struct definition d;

	define_begin(&d, false);
	define_number(&d, "max_entries", 1); /* and no type */
	expect_refused(&d);

	define_begin(&d, false);
	define_number(&d, "type", 1);
	define_number(&d, "key_size", 8);
	uint32_t key = pointer_to(&d, d.integer);
	define(&d, "key", key); /* of another size */
	expect_refused(&d);

	define_begin(&d, false);
	define_number(&d, "type", 1);
	define(&d, "value", d.integer); /* no pointer */
	expect_refused(&d);

	define_begin(&d, false);
	define(&d, "type", d.integer); /* no number */
	expect_refused(&d);

	define_begin(&d, false);
	define_number(&d, "type", 12);
	define(&d, "values", d.integer); /* no array of maps */
	expect_refused(&d);

	define_begin(&d, false);
	define_number(&d, "type", 1);
	define(&d, "values", btf_array(&d.b, d.integer, 0)); /* not of a hash */
	expect_refused(&d);

	/* Before it is known what they are, it would lack its inner map. */
	define_begin(&d, false);
	uint32_t early = pointer_to(&d, d.integer);
	define(&d, "values", btf_array(&d.b, early, 0));
	define_number(&d, "type", 12);
	expect_refused(&d);
	define_begin(&d, false);
	define_number(&d, "type", 3);
	early = pointer_to(&d, d.integer);
	define(&d, "values", btf_array(&d.b, early, 0));
	define_number(&d, "max_entries", 1);
	expect_refused(&d);

	/* A map of maps of maps. */
	define_begin(&d, false);
	define_number(&d, "type", 2);
	uint32_t last = pointer_to(&d, define_end(&d));
	define_number(&d, "type", 12);
	define(&d, "values", btf_array(&d.b, last, 0));
	uint32_t middle = pointer_to(&d, define_end(&d));
	define_number(&d, "type", 12);
	define(&d, "values", btf_array(&d.b, middle, 0));
	expect_refused(&d);
}

TEST(refuses_what_is_no_map)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	put_in(&d, ".maps", "map", d.integer, TYPE_LINKAGE_GLOBAL);
	made_object_of(&m, &d.b);
	ck_assert_int_eq(open_object(&c, &m), -ENOEXEC);
	assert_contains(why, "map");

	define_begin(&d, false);
	btf_type(&d.b, ".maps", 15, 1, 0);
	for (uint32_t i = 0; i < 3; i++) /* a type where a variable should be */
		btf_number(&d.b, i == 0 ? d.integer : 0);
	made_object_of(&m, &d.b);
	ck_assert_int_eq(open_object(&c, &m), -ENOEXEC);
	assert_contains(why, "map");
}

TEST(reads_variables)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, true);
	put_in(&d, ".bss", "inside", d.integer, TYPE_LINKAGE_STATIC);
	put_in(&d, ".other", "elsewhere", d.integer, TYPE_LINKAGE_STATIC);
	made_object_of(&m, &d.b);
	ck_assert_int_eq(open_object(&c, &m), 0);
	ck_assert_uint_eq(c.n_variables, 1);
	ck_assert_str_eq(c.variables[0].name, "inside");
	ck_assert(c.variables[0].size == 4 && c.variables[0].type == d.integer);
}

TEST(refuses_variables)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	put_in(&d, ".bss", "nowhere", d.integer, TYPE_LINKAGE_GLOBAL); /* without a symbol */
	made_object_of(&m, &d.b);
	ck_assert_int_eq(open_object(&c, &m), -ENOEXEC);
	assert_contains(why, "symbol");

	define_begin(&d, false);
	uint32_t large = btf_array(&d.b, d.integer, 5);
	put_in(&d, ".bss", "large", large, TYPE_LINKAGE_STATIC);
	made_object_of(&m, &d.b);
	ck_assert_int_eq(open_object(&c, &m), -ENOEXEC);
	assert_contains(why, "outside");

	define_begin(&d, false);
	btf_type(&d.b, ".bss", 15, 1, 0);
	for (uint32_t i = 0; i < 3; i++)
		btf_number(&d.b, i == 0 ? d.integer : 0);
	made_object_of(&m, &d.b);
	ck_assert_int_eq(open_object(&c, &m), -ENOEXEC);
	assert_contains(why, "no variable");
}

/* By alignment, the largest first; then by size, the smallest first; then by name. */
TEST(lays_out_kconfig)
{
	static struct definition d;
	static struct made m;
	static const char *const order[] = {"long", "b", "a", "c"};
	static const uint32_t offsets[] = {0, 8, 12, 13};
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	uint32_t byte = btf_int(&d.b, "char", 1), wide = btf_int(&d.b, "long", 8);
	put_in(&d, ".kconfig", "c", byte, TYPE_LINKAGE_EXTERN);
	put_in(&d, ".kconfig", "a", byte, TYPE_LINKAGE_EXTERN);
	put_in(&d, ".kconfig", "long", wide, TYPE_LINKAGE_EXTERN);
	put_in(&d, ".kconfig", "b", d.integer, TYPE_LINKAGE_EXTERN);
	made_object_of(&m, &d.b);
	for (unsigned i = 0; i < LENGTH(order); i++)
		made_symbol(&m, order[i], 0x10, 0, 0);
	m.sections[MADE_SYMTAB].info = 5;
	ck_assert_int_eq(open_object(&c, &m), 0);
	ck_assert_uint_eq(c.n_variables, 4);
	for (size_t i = 0; i < c.n_variables; i++)
		for (unsigned k = 0; k < LENGTH(order); k++)
			if (strcmp(c.variables[i].name, order[k]) == 0)
				ck_assert_uint_eq(c.variables[i].offset, offsets[k]);
	ck_assert_str_eq(c.maps[2].name, ".kconfig");
	ck_assert_uint_eq(c.maps[2].value_size, 14);
}

/* Many sections of one name: the variables of its DATASEC are there once all the same. */
TEST(reads_struct_ops_once)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	define(&d, "init", d.integer);
	put_in(&d, ".struct_ops", "ops", define_end(&d), TYPE_LINKAGE_STATIC);
	made_object_of(&m, &d.b);
	for (int i = 0; i < 3; i++)
		made_section(&m, ".struct_ops", 1, 3);
	ck_assert_int_eq(open_object(&c, &m), 0);
	ck_assert_uint_eq(c.n_maps, 2);
	ck_assert_str_eq(c.maps[2].name, "ops");
	ck_assert(c.maps[2].kind == CONTENTS_MAP_STRUCT_OPS && c.maps[2].value_size == 8);
}

/* What its values are is known of both, whichever is asked first. */
TEST(reads_sections_of_one_name)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};
	enum { MMAPABLE = 1 << 10 };

	define_begin(&d, false);
	put_in(&d, ".bss", "seen", d.integer, TYPE_LINKAGE_GLOBAL);
	put_in(&d, ".data", "hidden", d.integer, TYPE_LINKAGE_STATIC);
	made_object_of(&m, &d.b);
	made_symbol(&m, "seen", 0x11, MADE_BSS, 0);
	m.sections[made_section(&m, ".bss", 8, 3)].size = 16;
	m.sections[made_section(&m, ".data", 1, 3)].size = 4;
	ck_assert_int_eq(open_object(&c, &m), 0);
	ck_assert_uint_eq(c.n_maps, 3);
	for (int i = 1; i <= 2; i++) {
		ck_assert_str_eq(c.maps[i].name, ".bss");
		ck_assert(c.maps[i].flags == MMAPABLE && c.maps[i].value_type);
	}
	ck_assert_str_eq(c.maps[3].name, ".data");
	ck_assert_uint_eq(c.maps[3].flags, 0);
}

/* As libbpf, which makes a map of what has a size. */
TEST(passes_over_empty_sections)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	made_object_of(&m, &d.b);
	m.sections[MADE_BSS].size = 0;
	made_section(&m, ".data", 1, 3);
	ck_assert_int_eq(open_object(&c, &m), 0);
	ck_assert_uint_eq(c.n_maps, 0);
}

/* Names may be longer than those of the kernel, and differ at their ends. */
TEST(tells_long_names_apart)
{
	static struct definition d;
	static struct made m;
	static char one[700], other[700];
	cleanup_contents struct contents c = {0};

	memset(one, 'a', sizeof(one) - 1);
	memcpy(one, ".bss.", 5);
	memcpy(other, one, sizeof(other));
	other[sizeof(other) - 2] = 'b';
	define_begin(&d, false);
	put_in(&d, one, "inside", d.integer, TYPE_LINKAGE_STATIC);
	made_object_of(&m, &d.b);
	m.sections[MADE_BSS].name = other;
	ck_assert_int_eq(open_object(&c, &m), 0);
	ck_assert(c.n_maps == 1 && c.maps[1].value_type == 0 && c.n_variables == 0);
}

TEST(refuses_long_names)
{
	static struct definition d;
	static struct made m;
	static char name[TYPES_NAME_MAX + 2];
	cleanup_contents struct contents c = {0};

	memset(name, 'a', TYPES_NAME_MAX + 1);
	define_begin(&d, false);
	made_object_of(&m, &d.b);
	made_section(&m, name, 8, 0);
	ck_assert_int_eq(open_object(&c, &m), -ENOEXEC);
	assert_contains(why, "section's name");

	define_begin(&d, false);
	made_object_of(&m, &d.b);
	made_section(&m, name + 1, 8, 0);
	ck_assert_int_eq(open_object(&c, &m), 0);
}

static int open_kconfig(uint32_t (*type)(struct definition *d))
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	put_in(&d, ".kconfig", "CONFIG_X", type(&d), TYPE_LINKAGE_EXTERN);
	made_object_of(&m, &d.b);
	made_symbol(&m, "CONFIG_X", 0x10, 0, 0);
	why = NULL;
	return open_object(&c, &m);
}

static uint32_t tristate(struct definition *d)
{
	return btf_type(&d->b, "libbpf_tristate", 6, 0, 4);
}

static uint32_t other_enum(struct definition *d)
{
	return btf_type(&d->b, "other", 6, 0, 4);
}

static uint32_t text(struct definition *d)
{
	uint32_t byte = btf_int(&d->b, "char", 1);

	return btf_array(&d->b, byte, 16);
}

static uint32_t numbers(struct definition *d)
{
	return btf_array(&d->b, d->integer, 16);
}

static uint32_t nothing(struct definition *d)
{
	return btf_array(&d->b, btf_int(&d->b, "char", 1), 0);
}

static uint32_t structures(struct definition *d)
{
	define(d, "member", d->integer);
	uint32_t structure = define_end(d);
	return btf_array(&d->b, structure, 16);
}

static uint32_t wide(struct definition *d)
{
	return btf_int(&d->b, "__int128", 16);
}

static uint32_t pointer(struct definition *d)
{
	return pointer_to(d, d->integer);
}

/* As libbpf, which has no value for others; a structure could take for ever to be looked at. */
TEST(refuses_what_no_configuration_has)
{
	static uint32_t (*const others[])(struct definition *) = {other_enum, numbers, nothing,
								  structures, wide,    pointer};

	ck_assert_int_eq(open_kconfig(tristate), 0);
	ck_assert_int_eq(open_kconfig(text), 0);
	for (size_t i = 0; i < LENGTH(others); i++) {
		ck_assert_msg(open_kconfig(others[i]) == -ENOEXEC, "%zu", i);
		assert_contains(why, ".kconfig");
	}
}

static int open_with_program(uint64_t value, uint64_t size)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};

	define_begin(&d, false);
	made_object_of(&m, &d.b);
	made_put(&m, m.sections[MADE_SYMTAB].data + SYM_PROG * 24 + 8, 8, value);
	made_put(&m, m.sections[MADE_SYMTAB].data + SYM_PROG * 24 + 16, 8, size);
	return open_object(&c, &m);
}

TEST(refuses_programs)
{
	ck_assert_int_eq(open_with_program(8, 8), 0);
	ck_assert_int_eq(open_with_program(0, 0), -ENOEXEC);
	assert_contains(why, "whole");
	ck_assert_int_eq(open_with_program(0, 12), -ENOEXEC);
	ck_assert_int_eq(open_with_program(4, 8), -ENOEXEC);
	ck_assert_int_eq(open_with_program(0, 24), -ENOEXEC);
	assert_contains(why, "outside");
	ck_assert_int_eq(open_with_program(8, UINT64_MAX - 7), -ENOEXEC);
	ck_assert_int_eq(open_with_program(UINT64_MAX - 7, 8), -ENOEXEC);
}

static int open_with_aliases(struct contents *c, int n)
{
	static struct definition d;
	static struct made m;

	define_begin(&d, false);
	made_object_of(&m, &d.b);
	while (m.sections[MADE_TEXT].size < 1024)
		made_number(&m, MADE_TEXT, 8, 0x95);
	for (int i = 0; i < n; i++) {
		struct made_section *symtab = &m.sections[MADE_SYMTAB];
		made_symbol(&m, "alias", 0x12, MADE_TEXT, 0);
		made_put(&m, symtab->data + symtab->size - 8, 8, 1024);
	}
	return open_object(c, &m);
}

/* A function may have two names; where all share all instructions, each would be read as often. */
TEST(reads_aliases)
{
	cleanup_contents struct contents c = {0};

	ck_assert_int_eq(open_with_aliases(&c, 1), 0);
	ck_assert_uint_eq(c.n_programs, 2);
	ck_assert_str_eq(c.programs[0].name, "alias");
	ck_assert_str_eq(c.programs[1].name, "prog");
	contents_close(&c);
	ck_assert_int_eq(open_with_aliases(&c, 64), -ENOEXEC);
	assert_contains(why, "overlap");
}

TEST(needs_symbols_and_btf)
{
	static struct definition d;
	static struct made m;
	cleanup_contents struct contents c = {0};
	cleanup_inspection struct inspection in = {0};

	define_begin(&d, false);
	made_object_of(&m, &d.b);
	m.sections[MADE_BTF].name = ".BTX";
	ck_assert_int_eq(open_object(&c, &m), 0);
	ck_assert(!c.has_btf && c.n_programs == 1);
	ck_assert_int_eq(inspection_open(&in, m.data, m.len, &why), -ENOEXEC);
	assert_contains(why, "no BTF");
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, reads_maps);
	tcase_add_test(c, reads_inner_maps);
	tcase_add_test(c, refuses_maps);
	tcase_add_test(c, refuses_what_is_no_map);
	tcase_add_test(c, reads_variables);
	tcase_add_test(c, refuses_variables);
	tcase_add_test(c, lays_out_kconfig);
	tcase_add_test(c, reads_struct_ops_once);
	tcase_add_test(c, reads_sections_of_one_name);
	tcase_add_test(c, passes_over_empty_sections);
	tcase_add_test(c, tells_long_names_apart);
	tcase_add_test(c, refuses_long_names);
	tcase_add_test(c, refuses_what_no_configuration_has);
	tcase_add_test(c, refuses_programs);
	tcase_add_test(c, reads_aliases);
	tcase_add_test(c, needs_symbols_and_btf);
}

int main(void)
{
	return suite_run("contents", add_tests);
}
