/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "gen/go-types.h"
#include "object/bytes.h"

/* BTF, made by hand; kinds are those of object/types.h. */
static struct {
	uint8_t types[4096];
	char strings[1024];
	uint32_t types_len, strings_len, n;
	bool big;
	uint8_t data[8192];
} made;

static void begin(bool big)
{
	memset(&made, 0, sizeof(made));
	made.strings_len = 1;
	made.big = big;
}

static void put(uint32_t value)
{
	ck_assert_uint_le(made.types_len + 4, sizeof(made.types));
	bytes_put32(made.types + made.types_len, value, made.big);
	made.types_len += 4;
}

static uint32_t name_of(const char *name)
{
	uint32_t at = made.strings_len;

	if (!*name)
		return 0;
	ck_assert_uint_le(at + strlen(name) + 1, sizeof(made.strings));
	memcpy(made.strings + at, name, strlen(name) + 1);
	made.strings_len += (uint32_t)strlen(name) + 1;
	return at;
}

/* A type, whose members the caller puts; its number. */
static uint32_t add(enum type_kind kind, const char *name, uint32_t n, bool flag, uint32_t size)
{
	put(name_of(name));
	put((uint32_t)kind << 24 | n | (flag ? 1U << 31 : 0));
	put(size);
	return ++made.n;
}

static uint32_t add_int(const char *name, uint32_t size, uint32_t encoding)
{
	uint32_t id = add(TYPE_INT, name, 0, false, size);

	put(encoding << 24 | 8 * size);
	return id;
}

static uint32_t add_array(uint32_t of, uint32_t n)
{
	uint32_t id = add(TYPE_ARRAY, "", 0, false, 0);

	put(of);
	put(1);
	put(n);
	return id;
}

static void member(const char *name, uint32_t type, uint32_t bits)
{
	put(name_of(name));
	put(type);
	put(bits);
}

static struct types types;
static struct go_dialect dialect;
static struct go_types go;
static char *why;

static void finish(unsigned version)
{
	const char *reason = "";
	uint8_t *d = made.data;

	memset(d, 0, 24);
	bytes_put16(d, 0xeb9f, made.big);
	d[2] = 1;
	bytes_put32(d + 4, 24, made.big);
	bytes_put32(d + 12, made.types_len, made.big);
	bytes_put32(d + 16, made.types_len, made.big);
	bytes_put32(d + 20, made.strings_len, made.big);
	memcpy(d + 24, made.types, made.types_len);
	memcpy(d + 24 + made.types_len, made.strings, made.strings_len);
	int r = types_open(&types, d, 24 + made.types_len + made.strings_len, made.big, &reason);
	ck_assert_msg(r == 0, "%s", reason);
	go_dialect_of(version, &dialect);
	go = (struct go_types){.types = &types, .dialect = &dialect, .ident = "p"};
}

static void end(void)
{
	go_types_free(&go);
	types_close(&types);
	types = (struct types){0};
	free(why);
	why = NULL;
}

static void assert_written(const char *want)
{
	cleanup_strbuf struct strbuf text = {0};

	strbuf_puts(&text, "");
	int r = go_types_write(&go, &text, &why);
	ck_assert_msg(r == 0, "%s", why ? why : "");
	ck_assert_str_eq(text.data, want);
}

static void assert_refused(const char *part)
{
	cleanup_strbuf struct strbuf text = {0};

	ck_assert_int_eq(go_types_write(&go, &text, &why), -EINVAL);
	ck_assert_msg(strstr(why, part), "%s", why);
}

static bool has(const char *name)
{
	for (size_t i = 0; i < go.n; i++)
		if (strcmp(go.named[i].name, name) == 0)
			return true;
	return false;
}

TEST(fields)
{
	for (int order = 0; order < 2; order++) {
		begin(order);
		uint32_t u8 = add_int("u8", 1, 0), u64 = add_int("u64", 8, 0);
		uint32_t s16 = add_int("s16", 2, TYPE_INT_SIGNED);
		uint32_t boolean = add_int("_Bool", 1, TYPE_INT_BOOL);
		uint32_t bytes = add_array(u8, 6);
		uint32_t pointer = add(TYPE_PTR, "", 0, false, u8);
		uint32_t inner = add(TYPE_UNION, "", 2, false, 8);
		member("small", s16, 0);
		member("large", u64, 0);
		uint32_t flow = add(TYPE_STRUCT, "flow", 8, true, 64);
		member("type", u8, 0);
		member("last_seen", u64, 64);
		member("three", u8, 3U << 24 | 128);
		member("mac", bytes, 136);
		member("", inner, 192);
		member("_", boolean, 256);
		member("_at", inner, 320);
		member("to", pointer, 384);
		finish(9001);
		ck_assert_int_eq(go_types_add(&go, flow, &why), 0);
		assert_written("\ntype pFlow struct {\n"
			       "\tType     uint8\n"
			       "\t_        [7]byte\n"
			       "\tLastSeen uint64\n"
			       "\t_        [1]byte /* bit fields */\n"
			       "\tMac      [6]uint8\n"
			       "\t_        [1]byte\n"
			       "\tSmall    int16\n"
			       "\t_        [6]byte\n"
			       "\tX        bool\n"
			       "\t_        [7]byte\n"
			       "\tAt       struct {\n"
			       "\t\tSmall int16\n"
			       "\t\t_     [6]byte\n"
			       "\t}\n"
			       "\tTo uint64\n"
			       "\t_  [8]byte\n"
			       "}\n");
		end();
	}
}

TEST(enums)
{
	begin(false);
	uint32_t kind = add(TYPE_ENUM, "kind", 2, false, 4);
	put(name_of("KIND_first"));
	put(1);
	put(name_of("KIND_LAST"));
	put(0xffffffff);
	uint32_t wide = add(TYPE_ENUM64, "wide", 1, true, 8);
	put(name_of("LOW"));
	put(0xfffffffe);
	put(0xffffffff);
	finish(9001);
	ck_assert_int_eq(go_types_add(&go, kind, &why), 0);
	ck_assert_int_eq(go_types_add(&go, wide, &why), 0);
	assert_written("\ntype pKind int32\n"
		       "\nconst (\n"
		       "\tpKindKIND_first pKind = 1\n"
		       "\tpKindKIND_LAST  pKind = -1\n"
		       ")\n"
		       "\ntype pWide int64\n"
		       "\nconst (\n"
		       "\tpWideLOW pWide = -2\n"
		       ")\n");
	go_types_free(&go);
	go_dialect_of(9002, &dialect);
	go = (struct go_types){.types = &types, .dialect = &dialect, .ident = "p"};
	ck_assert_int_eq(go_types_add(&go, kind, &why), 0);
	assert_written("\ntype pKind uint32\n"
		       "\nconst (\n"
		       "\tpKindKIND_first pKind = 1\n"
		       "\tpKindKIND_LAST  pKind = 4294967295\n"
		       ")\n");
	end();
}

/* What has a name is called by it, and two names of one type are one where they are alike. */
TEST(names)
{
	begin(false);
	uint32_t u32 = add_int("u32", 4, 0);
	uint32_t flow = add(TYPE_STRUCT, "flow", 2, false, 8);
	member("at_b", u32, 0);
	member("atB", u32, 32);
	uint32_t same = add(TYPE_TYPEDEF, "flow", 0, false, flow);
	uint32_t qualified = add(TYPE_CONST, "", 0, false, same);
	uint32_t pair = add_array(qualified, 2);
	uint32_t holder = add(TYPE_STRUCT, "holder", 1, false, 16);
	member("both", pair, 0);
	uint32_t number = add(TYPE_TYPEDEF, "number", 0, false, u32);
	uint32_t list = add(TYPE_TYPEDEF, "list", 0, false, pair);
	finish(17000);
	ck_assert_int_eq(go_types_add(&go, qualified, &why), 0);
	ck_assert_int_eq(go_types_add(&go, flow, &why), 0);
	ck_assert_int_eq(go_types_add(&go, holder, &why), 0);
	ck_assert_int_eq(go_types_add(&go, number, &why), 0); /* no type of its own */
	ck_assert_int_eq(go_types_add(&go, list, &why), 0);   /* its elements have one */
	ck_assert_int_eq(go_types_add(&go, 0, &why), 0);
	ck_assert(has("pFlow") && !has("pNumber"));
	assert_written("\ntype pFlow struct {\n"
		       "\tAtB   uint32\n"
		       "\tAtB_2 uint32\n"
		       "}\n"
		       "\ntype pHolder struct {\n"
		       "\tBoth [2]pFlow\n"
		       "}\n");
	ck_assert_int_eq(go_types_ask(&go, "number", &why), 0);
	ck_assert(has("pNumber"));
	ck_assert_int_eq(go_types_ask(&go, "nosuch", &why), -ENOENT);
	assert_contains(why, "nosuch");
	end();

	begin(false);
	u32 = add_int("u32", 4, 0);
	uint32_t first = add(TYPE_STRUCT, "at_b", 1, false, 4);
	member("x", u32, 0);
	uint32_t second = add(TYPE_STRUCT, "atB", 1, false, 4);
	member("x", u32, 0);
	finish(17000);
	ck_assert_int_eq(go_types_add(&go, first, &why), 0);
	ck_assert_int_eq(go_types_add(&go, second, &why), 0);
	assert_refused("two types would be called pAtB");
	end();
}

TEST(newer_versions)
{
	begin(false);
	uint32_t u32 = add_int("u32", 4, 0);
	uint32_t flow = add(TYPE_STRUCT, "flow", 1, false, 4);
	member("a", u32, 0);
	uint32_t empty = add(TYPE_STRUCT, "empty", 0, false, 0);
	finish(19000);
	ck_assert_int_eq(go_types_add(&go, flow, &why), 0);
	assert_written("\ntype pFlow struct {\n\t_ structs.HostLayout\n\tA uint32\n}\n");
	ck_assert(go.has_structs);
	go_types_free(&go);
	go_dialect_of(9001, &dialect);
	go = (struct go_types){.types = &types, .dialect = &dialect, .ident = "p"};
	ck_assert_int_eq(go_types_add(&go, empty, &why), 0);
	assert_written("\ntype pEmpty struct{}\n");
	end();
}

TEST(floats)
{
	static const char *const want[] = {[2] = "uint16",
					   [4] = "float32",
					   [8] = "float64",
					   [12] = "[12]byte",
					   [16] = "[16]byte"};

	for (uint32_t size = 0; size < LENGTH(want); size++) {
		begin(false);
		uint32_t real = add(TYPE_FLOAT, "real", 0, false, size);
		uint32_t holder = add(TYPE_STRUCT, "holder", 1, false, size);
		member("x", real, 0);
		finish(9001);
		ck_assert_int_eq(go_types_add(&go, holder, &why), 0);
		cleanup_free char *text = str_printf("\ntype pHolder struct {\n\tX %s\n}\n",
						     want[size] ? want[size] : "");
		if (want[size])
			assert_written(text);
		else if (!size)
			assert_refused("a float of 0 bytes");
		end();
	}
}

/* Names that stand in one package. */
TEST(twins)
{
	begin(false);
	uint32_t kind = add(TYPE_ENUM, "kind", 2, false, 4);
	put(name_of("key_x"));
	put(1);
	put(name_of("other"));
	put(2);
	uint32_t other = add(TYPE_ENUM, "kind_key", 1, false, 4);
	put(name_of("X"));
	put(1);
	finish(9002);
	ck_assert_int_eq(go_types_add(&go, kind, &why), 0);
	cleanup_strbuf struct strbuf text = {0};
	ck_assert_int_eq(go_types_write(&go, &text, &why), 0);
	ck_assert_uint_eq(go.declared.n, 3);
	ck_assert_ptr_eq(go_fields_find_twins(&go.declared), NULL);
	go_types_free(&go);
	go = (struct go_types){.types = &types, .dialect = &dialect, .ident = "p"};
	ck_assert_int_eq(go_types_add(&go, kind, &why), 0);
	ck_assert_int_eq(go_types_add(&go, other, &why), 0);
	ck_assert_int_eq(go_types_write(&go, &text, &why), 0);
	const struct go_field *found = go_fields_find_twins(&go.declared);
	ck_assert_ptr_ne(found, NULL);
	ck_assert_str_eq(found[0].name, "pKindKeyX");
	ck_assert_str_eq(found[0].text, "a value of its enum kind");
	ck_assert_str_eq(found[1].text, "a value of its enum kind_key");
	end();
}

/* Objects may be made by anybody. */
TEST(hostile)
{
	begin(false); /* a structure that is in itself, twice */
	uint32_t self = add(TYPE_STRUCT, "self", 2, false, 16);
	member("a", 1, 0);
	member("b", 1, 64);
	finish(9001);
	ck_assert_int_eq(go_types_ask(&go, "self", &why), 0);
	(void)self;
	/* By its name that is no circle here, and Go's own to refuse; without, it is. */
	end();

	begin(false);
	uint32_t outer = add(TYPE_STRUCT, "outer", 1, false, 16);
	member("a", 2, 0);
	add(TYPE_STRUCT, "", 2, false, 8);
	member("a", 2, 0);
	member("b", 2, 0);
	finish(9001);
	ck_assert_int_eq(go_types_add(&go, outer, &why), 0);
	assert_refused("pOuter");
	end();

	begin(false); /* an array of itself, a typedef of itself */
	outer = add(TYPE_STRUCT, "outer", 1, false, 16);
	member("a", 2, 0);
	add_array(2, 2);
	uint32_t alias = add(TYPE_TYPEDEF, "alias", 0, false, 3);
	finish(9001);
	ck_assert_int_eq(go_types_add(&go, outer, &why), 0);
	ck_assert_int_eq(go_types_add(&go, alias, &why), 0);
	assert_refused("pOuter");
	end();

	begin(false); /* members that lie over each other, or behind it */
	uint32_t u32 = add_int("u32", 4, 0);
	outer = add(TYPE_STRUCT, "outer", 2, false, 8);
	member("a", u32, 16);
	member("b", u32, 0);
	uint32_t behind = add(TYPE_STRUCT, "behind", 1, false, 2);
	member("a", u32, 0);
	finish(9001);
	ck_assert_int_eq(go_types_add(&go, outer, &why), 0);
	assert_refused("its member b");
	go_types_free(&go);
	go = (struct go_types){.types = &types, .dialect = &dialect, .ident = "p"};
	free(why);
	why = NULL;
	ck_assert_int_eq(go_types_add(&go, behind, &why), 0);
	assert_refused("pBehind");
	end();

	begin(false); /* an enum that is no number */
	uint32_t kind = add(TYPE_ENUM, "kind", 1, false, 0);
	put(name_of("K"));
	put(7);
	finish(9001);
	ck_assert_int_eq(go_types_add(&go, kind, &why), 0);
	assert_refused("an enum of 0 bytes");
	end();

	begin(false); /* what has no size */
	outer = add(TYPE_STRUCT, "outer", 1, false, 8);
	member("a\"b", 2, 0);
	add(TYPE_FWD, "gone", 0, false, 0);
	finish(9001);
	ck_assert_int_eq(go_types_add(&go, outer, &why), 0);
	assert_refused("its member without a name");
	end();

	begin(false); /* names that are code */
	add_int("u32", 4, 0);
	outer = add(TYPE_STRUCT, "a`; import", 1, false, 4);
	member("x; import \"os\"", 1, 0);
	finish(9001);
	ck_assert_int_eq(go_types_add(&go, outer, &why), -EINVAL);
	end();
}

TEST(any_byte)
{
	unsigned accepted = 0;

	for (uint32_t i = 0; i < 400; i++)
		for (int bit = 0; bit < 8; bit++) {
			const char *reason;
			cleanup_strbuf struct strbuf text = {0};
			begin(false);
			uint32_t u32 = add_int("u32", 4, 0);
			uint32_t array = add_array(u32, 3);
			uint32_t un = add(TYPE_UNION, "", 2, false, 12);
			member("m", array, 0);
			member("n", u32, 0);
			add(TYPE_STRUCT, "flow", 4, true, 28);
			member("a", u32, 0);
			member("b", un, 32);
			member("c", u32, 3U << 24 | 128);
			member("", un, 160);
			uint32_t kind = add(TYPE_ENUM, "kind", 1, false, 4);
			put(name_of("K"));
			put(7);
			add(TYPE_TYPEDEF, "kind_t", 0, false, kind);
			finish(17000);
			end();
			uint32_t len = 24 + made.types_len + made.strings_len;
			if (i >= len)
				continue;
			made.data[i] ^= (uint8_t)(1 << bit);
			if (types_open(&types, made.data, len, false, &reason) < 0)
				continue;
			accepted++;
			go = (struct go_types){.types = &types, .dialect = &dialect, .ident = "p"};
			for (uint32_t id = 0; id <= made.n; id++) {
				free(why);
				why = NULL;
				(void)go_types_add(&go, id, &why);
			}
			free(why);
			why = NULL;
			int r = go_types_write(&go, &text, &why);
			ck_assert(r == 0 || (r == -EINVAL && why));
			end();
		}
	ck_assert_uint_gt(accepted, 100);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, fields);
	tcase_add_test(c, enums);
	tcase_add_test(c, names);
	tcase_add_test(c, newer_versions);
	tcase_add_test(c, floats);
	tcase_add_test(c, twins);
	tcase_add_test(c, hostile);
	tcase_add_test(c, any_byte);
}

int main(void)
{
	return suite_run("gen_go_types", add_tests);
}
