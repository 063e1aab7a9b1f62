/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf inspect --json OBJECT… | compare-inspection: are the programs, maps and variables of
 * each the same to libbpf? Prints how many objects were compared, and how many libbpf does not
 * open.
 */
#include "config.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file;  /* of the object at hand */
static unsigned failures; /* of it */

__attribute__((format(printf, 3, 4))) static void expect(bool same, const char *name,
							 const char *format, ...)
{
	va_list args;

	if (same)
		return;
	failures++;
	fprintf(stderr, "%s: %s: ", file, name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static json_t *find(json_t *array, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0)
			return item;
	}
	return NULL;
}

/* What is too large for a number is text. */
static void expect_number(json_t *item, const char *name, const char *key, uint64_t want)
{
	json_t *value = json_object_get(item, key);
	uint64_t got = json_is_string(value) ? strtoull(json_string_value(value), NULL, 10)
					     : (uint64_t)json_integer_value(value);

	expect(json_is_string(value) == (want > INT64_MAX), name, "%s is of the wrong type", key);
	expect(got == want, name, "%s is %llu, to libbpf %llu", key, (unsigned long long)got,
	       (unsigned long long)want);
}

/* `want` may be NULL, as what stands there may be null. */
static void expect_string(json_t *item, const char *name, const char *key, const char *want)
{
	const char *got = json_string_value(json_object_get(item, key));

	expect(got && want ? strcmp(got, want) == 0 : !got && !want, name, "%s is %s, to libbpf %s",
	       key, got ? got : "(none)", want ? want : "(none)");
}

static void compare_program(json_t *programs, const struct bpf_program *p)
{
	const char *name = bpf_program__name(p);
	json_t *found = find(programs, name);
	bool has_attach_type = json_is_string(json_object_get(found, "attach_type"));
	enum bpf_prog_type type = bpf_program__type(p);
	enum bpf_attach_type attach = bpf_program__expected_attach_type(p);

	expect(found, name, "the program is not there");
	if (!found)
		return;
	expect_string(found, name, "section", bpf_program__section_name(p));
	expect_number(found, name, "instructions", bpf_program__insn_cnt(p));
	expect_string(found, name, "type",
		      type == BPF_PROG_TYPE_UNSPEC ? NULL : libbpf_bpf_prog_type_str(type));
	expect(json_is_true(json_object_get(found, "autoload")) == bpf_program__autoload(p), name,
	       "autoload differs");
	if (has_attach_type)
		expect_string(found, name, "attach_type", libbpf_bpf_attach_type_str(attach));
	else /* of struct_ops it is the number of a member */
		expect(attach == 0 || type == BPF_PROG_TYPE_STRUCT_OPS, name,
		       "to libbpf it has attach type %d", attach);
}

static size_t compare_programs(json_t *programs, const struct bpf_object *o)
{
	struct bpf_program *p;
	size_t n = 0;

	bpf_object__for_each_program(p, o) {
		compare_program(programs, p);
		n++;
	}
	return n;
}

static void compare_map(json_t *found, const char *name, const struct bpf_map *m)
{
	enum bpf_map_type type = bpf_map__type(m);

	expect_string(found, name, "type", libbpf_bpf_map_type_str(type));
	expect_number(found, name, "type_number", type);
	expect_number(found, name, "key_size", bpf_map__key_size(m));
	expect_number(found, name, "value_size", bpf_map__value_size(m));
	/* A ring's number libbpf rounds up to what the kernel here takes. */
	if (type != BPF_MAP_TYPE_RINGBUF && type != BPF_MAP_TYPE_USER_RINGBUF)
		expect_number(found, name, "max_entries", bpf_map__max_entries(m));
	expect_number(found, name, "flags", bpf_map__map_flags(m));
	expect_number(found, name, "numa_node", bpf_map__numa_node(m));
	expect_number(found, name, "extra", bpf_map__map_extra(m));
}

/* A type of the object's, in the words that both have for it. */
static void compare_type(json_t *found, const char *name, const char *key, const struct btf *btf,
			 uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	const char *got = json_string_value(json_object_get(found, key));
	const char *want = id && t ? btf__name_by_offset(btf, t->name_off) : "";

	expect(!got == !id, name, "%s is %s, to libbpf it is type %u", key, got ? got : "(none)",
	       id);
	if (got && want && want[0])
		expect(strstr(got, want), name, "%s is %s, to libbpf %s", key, got, want);
}

static void compare_inner(json_t *found, const char *name, struct bpf_map *m)
{
	const struct bpf_map *inner = bpf_map__inner_map(m);
	json_t *ours = json_object_get(found, "inner");

	expect(json_is_object(ours) == !!inner, name, "an inner map is not there for both");
	if (inner && json_is_object(ours))
		compare_map(ours, name, inner);
}

static size_t compare_maps(json_t *maps, const struct bpf_object *o)
{
	struct bpf_map *m;
	size_t n = 0;

	bpf_object__for_each_map(m, o) {
		const char *name = bpf_map__name(m), *pinning;
		/* Before the section's name libbpf has some of the object's. */
		const char *section = bpf_map__is_internal(m) ? strchr(name, '.') : NULL;
		json_t *found = find(maps, section ? section : name);

		n++;
		expect(found, name, "the map is not there");
		if (!found)
			continue;
		compare_map(found, name, m);
		compare_type(found, name, "key", bpf_object__btf(o), bpf_map__btf_key_type_id(m));
		/* Of these libbpf 1.1 asks the kernel. */
		if (bpf_map__type(m) != BPF_MAP_TYPE_STRUCT_OPS)
			compare_type(found, name, "value", bpf_object__btf(o),
				     bpf_map__btf_value_type_id(m));
		compare_inner(found, name, m);
		pinning = json_string_value(json_object_get(found, "pinning"));
		expect((strcmp(pinning, "by_name") == 0) == !!bpf_map__pin_path(m), name,
		       "pinning is %s", pinning);
	}
	return n;
}

static bool has_variable(json_t *variables, const char *section, const char *name,
			 const struct btf_var_secinfo *place)
{
	json_t *v;
	size_t i;

	json_array_foreach(variables, i, v) {
		if (strcmp(json_string_value(json_object_get(v, "section")), section) == 0 &&
		    strcmp(json_string_value(json_object_get(v, "name")), name) == 0 &&
		    json_integer_value(json_object_get(v, "offset")) == place->offset &&
		    json_integer_value(json_object_get(v, "size")) == place->size)
			return true;
	}
	return false;
}

static bool holds_variables(const char *section)
{
	return strncmp(section, ".data", 5) == 0 || strncmp(section, ".rodata", 7) == 0 ||
	       strncmp(section, ".bss", 4) == 0 || strcmp(section, ".kconfig") == 0;
}

static size_t count_variables(json_t *variables)
{
	json_t *v;
	size_t i, n = 0;

	json_array_foreach(variables, i, v) {
		n += holds_variables(json_string_value(json_object_get(v, "section")));
	}
	return n;
}

/* Where variables lie libbpf writes into BTF when it opens an object. */
static void compare_variables(json_t *variables, const struct btf *btf)
{
	size_t n = 0;

	for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
		const struct btf_type *section = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, section->name_off);

		if (!btf_is_datasec(section) || !holds_variables(name))
			continue;
		n += btf_vlen(section);
		for (uint32_t i = 0; i < btf_vlen(section); i++) {
			const struct btf_var_secinfo *place = btf_var_secinfos(section) + i;
			const struct btf_type *v = btf__type_by_id(btf, place->type);
			const char *variable = btf__name_by_offset(btf, v->name_off);
			expect(has_variable(variables, name, variable, place), variable,
			       "no variable at %u in %s, of %u bytes", place->offset, name,
			       place->size);
		}
	}
	expect(count_variables(variables) == n, "variables", "%zu, to libbpf %zu",
	       count_variables(variables), n);
}

/* false: libbpf does not open it. */
static bool compare(json_t *inspection)
{
	json_t *programs = json_object_get(inspection, "programs");
	json_t *maps = json_object_get(inspection, "maps");
	struct bpf_object *o;

	file = json_string_value(json_object_get(inspection, "file"));
	failures = 0;
	o = bpf_object__open_file(file, NULL);
	if (!o)
		return false;
	size_t n = compare_programs(programs, o);
	expect(n == json_array_size(programs), "programs", "%zu, to libbpf %zu",
	       json_array_size(programs), n);
	n = compare_maps(maps, o);
	expect(n == json_array_size(maps), "maps", "%zu, to libbpf %zu", json_array_size(maps), n);
	compare_variables(json_object_get(inspection, "variables"), bpf_object__btf(o));
	bpf_object__close(o);
	return true;
}

static int say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* Is there more than white space? */
static bool is_more(FILE *f)
{
	int c;

	while ((c = getc(f)) == ' ' || c == '\n')
		;
	return c != EOF && ungetc(c, f) != EOF;
}

int main(void)
{
	unsigned compared = 0, refused = 0, differ = 0;
	json_error_t error;
	json_t *inspection;

	libbpf_set_print(say_nothing);
	while (is_more(stdin)) {
		inspection = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error);
		if (!inspection) {
			fprintf(stderr, "object %u is no JSON: %s\n", compared + refused + 1,
				error.text);
			return 1;
		}
		if (compare(inspection))
			compared++;
		else
			refused++, printf("libbpf does not open %s\n", file);
		differ += failures != 0;
		json_decref(inspection);
	}
	printf("%u %u\n", compared, refused);
	return differ != 0;
}
