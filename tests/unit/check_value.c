/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <math.h>
#include <stdint.h>

#include "loader/value.h"

static struct btf *btf;
/* The types of the tests. */
static struct {
	int u8, s8, u16, u32, s32, u64, s64, u128, c, boolean, f, d;
	int be16, be32, be64;
} types;

static int typedef_of(const char *name, int type)
{
	return btf__add_typedef(btf, name, type);
}

static int array_of(int type, unsigned n)
{
	return btf__add_array(btf, types.u32, type, n);
}

static int begin_struct(const char *name, unsigned size)
{
	return btf__add_struct(btf, name, size);
}

static void field(const char *name, int type, unsigned offset)
{
	ck_assert_int_eq(btf__add_field(btf, name, type, 8 * offset, 0), 0);
}

static int only(const char *name, const char *member, int type, unsigned size)
{
	int id = begin_struct(name, size);

	field(member, type, 0);
	return id;
}

static int prefix_of(const char *length, const char *name, int type, unsigned size)
{
	int id = begin_struct("key", 4 + size);

	field(length, types.u32, 0);
	field(name, type, 4);
	return id;
}

static void begin(void)
{
	btf = btf__new_empty();
	ck_assert_ptr_ne(btf, NULL);
	types.u8 = typedef_of("__u8", btf__add_int(btf, "unsigned char", 1, 0));
	types.s8 = btf__add_int(btf, "signed char", 1, BTF_INT_SIGNED);
	types.u16 = btf__add_int(btf, "unsigned short", 2, 0);
	types.u32 = typedef_of("__u32", btf__add_int(btf, "unsigned int", 4, 0));
	types.s32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	types.u64 = btf__add_int(btf, "unsigned long long", 8, 0);
	types.s64 = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	types.u128 = btf__add_int(btf, "__int128", 16, 0);
	types.c = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	types.boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	types.f = btf__add_float(btf, "float", 4);
	types.d = btf__add_float(btf, "double", 8);
	types.be16 = typedef_of("__be16", types.u16);
	types.be32 = typedef_of("__be32", types.u32);
	types.be64 = typedef_of("__be64", types.u64);
}

static void end(void)
{
	btf__free(btf);
	btf = NULL;
}

static void assert_text_of(int type, const void *data, size_t size, const char *expected)
{
	cleanup_strbuf struct strbuf b = {0};

	value_text(btf, (unsigned)type, data, size, &b);
	ck_assert_int_eq(b.error, 0);
	ck_assert_str_eq(b.data, expected);
}

static char *json_of(int type, const void *data, size_t size)
{
	json_t *json = value_json(btf, (unsigned)type, data, size);
	ck_assert_ptr_ne(json, NULL);
	char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
	json_decref(json);
	return text;
}

static void assert_json_of(int type, const void *data, size_t size, const char *expected)
{
	cleanup_free char *text = json_of(type, data, size);

	ck_assert_str_eq(text, expected);
}

/* Reads a text, and prints the same; and its JSON is read as the same bytes. */
static void assert_same(int type, size_t size, const char *text, const char *printed)
{
	unsigned char bytes[4096], again[4096];
	cleanup_error struct crossbpf_error e = {0};

	ck_assert(size <= sizeof(bytes));
	memset(bytes, 0xee, sizeof(bytes));
	int r = value_parse(btf, (unsigned)type, text, bytes, size, &e);
	ck_assert_msg(r == 0, "%s: %s", text, e.message);
	ck_assert_msg(size == sizeof(bytes) || bytes[size] == 0xee, "written past the end");
	assert_text_of(type, bytes, size, printed);
	cleanup_free char *json = json_of(type, bytes, size);
	r = value_parse(btf, (unsigned)type, json, again, size, &e);
	ck_assert_msg(r == 0, "%s: %s", json, e.message);
	ck_assert_mem_eq(bytes, again, size);
}

static void assert_bytes(int type, const char *text, const void *bytes, size_t size)
{
	unsigned char read[64];
	cleanup_error struct crossbpf_error e = {0};

	int r = value_parse(btf, (unsigned)type, text, read, size, &e);
	ck_assert_msg(r == 0, "%s: %s", text, e.message);
	ck_assert_mem_eq(read, bytes, size);
}

static void assert_refused(int type, size_t size, const char *text, const char *message,
			   const char *hint)
{
	unsigned char bytes[64], before[64];
	cleanup_error struct crossbpf_error e = {0};

	memset(bytes, 0xee, sizeof(bytes));
	memset(before, 0xee, sizeof(before));
	int r = value_parse(btf, (unsigned)type, text, bytes, size, &e);
	ck_assert_msg(r < 0, "%s was taken", text);
	assert_contains(e.message, message);
	if (hint)
		assert_contains(e.hint, hint);
	ck_assert_mem_eq(bytes, before, sizeof(bytes));
}

TEST(numbers)
{
	begin();
	assert_same(types.u8, 1, "255", "255");
	assert_same(types.u8, 1, "0xff", "255");
	assert_same(types.s8, 1, "-128", "-128");
	assert_same(types.s8, 1, "0xff", "-1"); /* all bits */
	assert_same(types.u16, 2, "+7", "7");
	assert_same(types.u32, 4, "010", "10"); /* never octal */
	assert_same(types.s32, 4, "-2147483648", "-2147483648");
	assert_same(types.u64, 8, "18446744073709551615", "18446744073709551615");
	assert_same(types.s64, 8, "-9223372036854775808", "-9223372036854775808");
	assert_same(types.s64, 8, "9223372036854775807", "9223372036854775807");
	assert_same(types.u128, 16, "0x0102030405060708090a0b0c0d0e0f10",
		    "0x0102030405060708090a0b0c0d0e0f10");
	assert_same(types.u128, 16, "5", "0x00000000000000000000000000000005");
	assert_same(types.boolean, 1, "true", "true");
	assert_same(types.boolean, 1, "0", "false");
	assert_same(types.c, 1, "x", "x");
	assert_same(types.c, 1, "7", "7");
	assert_same(types.c, 1, "55", "55"); /* '7' */
	assert_same(types.c, 1, "-1", "-1");
	assert_same(types.f, 4, "0.1", "0.1");
	assert_same(types.d, 8, "-2.5e-3", "-0.0025");
	assert_same(types.d, 8, "inf", "inf");
	assert_same(types.d, 8, "nan", "nan");
	assert_same(btf__add_ptr(btf, 0), 8, "0xdeadbeef", "0x00000000deadbeef");
	assert_same(btf__add_const(btf, btf__add_volatile(btf, types.u32)), 4, "5", "5");
	end();
}

TEST(ranges)
{
	begin();
	assert_refused(types.u8, 1, "256", "'256' is out of range: 0 to 255", NULL);
	assert_refused(types.u8, 1, "-1", "0 to 255", NULL);
	assert_refused(types.s8, 1, "128", "-128 to 127", NULL);
	assert_refused(types.s8, 1, "-129", "-128 to 127", NULL);
	assert_refused(types.s8, 1, "0x100", "-128 to 127", NULL);
	assert_refused(types.be16, 2, "65536", "0 to 65535", NULL);
	assert_refused(types.u64, 8, "18446744073709551616", "0 to 18446744073709551615", NULL);
	assert_refused(types.s64, 8, "9223372036854775808",
		       "-9223372036854775808 to 9223372036854775807", NULL);
	assert_refused(types.boolean, 1, "2", "true or false", NULL);
	static const char *const none[] = {"",   "-",  "0x",  "1x",  "x",
					   " 1", "1 ", "--1", "1.5", "0b1"};
	for (size_t i = 0; i < LENGTH(none); i++)
		assert_refused(types.u32, 4, none[i], "is no number", NULL);
	assert_refused(types.u64, 8, "{\"a\": 1}", "it is no structure", NULL);
	assert_refused(types.u64, 8, "[1]", "it is no array", NULL);
	assert_refused(types.u64, 8, "{", "it is no JSON", NULL);
	assert_refused(types.f, 4, "1x", "is no number", NULL);
	/* A type that is longer than what there is. */
	assert_refused(types.u64, 4, "1", "its type has 8 bytes, and there are 4", NULL);
	end();
}

TEST(names)
{
	begin();
	int e = btf__add_enum(btf, "verdict", 4);
	btf__add_enum_value(btf, "PASS", 0);
	btf__add_enum_value(btf, "DROP", 1);
	int e64 = btf__add_enum64(btf, "wide", 8, false);
	btf__add_enum64_value(btf, "ALL", UINT64_MAX);
	int s64 = btf__add_enum64(btf, "negative", 8, true);
	btf__add_enum64_value(btf, "LOW", (uint64_t)-5);

	assert_same(e, 4, "DROP", "DROP");
	assert_same(e, 4, "1", "DROP");
	assert_same(e, 4, "77", "77");
	assert_refused(e, 4, "DRIP", "'DRIP' is no number and no name of it",
		       "did you mean 'DROP'?");
	assert_same(e64, 8, "ALL", "ALL");
	assert_same(e64, 8, "18446744073709551614", "18446744073709551614");
	assert_same(s64, 8, "LOW", "LOW");
	assert_same(s64, 8, "-6", "-6");
	end();
}

TEST(network_order)
{
	begin();
	assert_bytes(types.be16, "53", "\0\65", 2);
	assert_same(types.be16, 2, "0x0102", "258");
	assert_bytes(types.be64, "1", "\0\0\0\0\0\0\0\1", 8);
	assert_same(types.be64, 8, "18446744073709551615", "18446744073709551615");
	assert_bytes(types.be32, "192.0.2.1", "\xc0\0\2\1", 4);
	assert_same(types.be32, 4, "0.0.0.0", "0.0.0.0");
	assert_refused(types.be32, 4, "192.0.2", "'192.0.2' is no IPv4 address", NULL);
	assert_refused(types.be32, 4, "2001:db8::1", "is no IPv4 address", NULL);
	/* An alias of an alias. */
	assert_same(typedef_of("address", types.be32), 4, "192.0.2.1", "192.0.2.1");
	assert_same(only("a", "word", types.be32, 4), 4, "192.0.2.1", "192.0.2.1");
	assert_same(only("a", "word", types.be32, 4), 4, "{\"word\": \"192.0.2.1\"}", "192.0.2.1");
	end();
}

TEST(addresses_of_16_bytes)
{
	begin();
	int in6_bytes = array_of(types.u8, 16), in6_words = array_of(types.be32, 4);
	int in6 = begin_struct("in6_addr", 16);
	field("bytes", in6_bytes, 0);
	field("words", in6_words, 0);
	int all[] = {array_of(types.be32, 4), in6, only("a", "word", array_of(types.be32, 4), 16),
		     only("host", "addr", array_of(types.u8, 16), 16)};
	for (size_t i = 0; i < LENGTH(all); i++) {
		assert_same(all[i], 16, "2001:db8::1", "2001:db8::1");
		assert_same(all[i], 16, "192.0.2.1", "192.0.2.1");
		assert_bytes(all[i], "192.0.2.1", "\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
		assert_same(all[i], 16, "::", "::");
		assert_same(all[i], 16, "0.0.0.0", "::");
		assert_same(all[i], 16, "::1", "::1");
		assert_refused(all[i], 16, "2001:db8", "is no IP address", NULL);
	}
	/* Bytes that are called nothing of the kind, and an array of addresses. */
	assert_same(only("a", "digest", array_of(types.u8, 4), 4), 4, "hex 01 02 03 04",
		    "hex 01 02 03 04");
	assert_same(array_of(types.be32, 3), 12, "[\"192.0.2.1\", \"192.0.2.2\"]",
		    "[192.0.2.1, 192.0.2.2, 0.0.0.0]");
	assert_same(only("a", "saddr", array_of(types.u8, 4), 4), 4, "192.0.2.1", "192.0.2.1");
	end();
}

TEST(prefixes)
{
	begin();
	int v4 = prefix_of("len", "addr", only("a", "word", types.be32, 4), 4);
	int v6 = prefix_of("len", "addr", only("a", "word", array_of(types.be32, 4), 16), 16);
	int data = prefix_of("prefixlen", "data", array_of(types.u8, 4), 4);
	int word = prefix_of("prefixlen", "ip", types.u32, 4);

	assert_same(v4, 8, "10.0.0.0/8", "10.0.0.0/8");
	assert_same(v4, 8, "10.1.2.3", "10.1.2.3/32");
	assert_same(v4, 8, "0.0.0.0/0", "0.0.0.0/0");
	assert_same(v6, 20, "2001:db8::/32", "2001:db8::/32");
	assert_same(v6, 20, "::/0", "::/0");
	assert_same(v6, 20, "2001:db8::1", "2001:db8::1/128");
	assert_same(v6, 20, "fe80::/10", "fe80::/10");
	assert_same(data, 8, "10.0.0.0/8", "10.0.0.0/8");
	assert_same(word, 8, "10.0.0.0/8", "10.0.0.0/8");
	assert_same(v4, 8, "{\"len\": 8, \"addr\": \"10.0.0.0\"}", "10.0.0.0/8");
	assert_refused(v4, 8, "10.0.0.0/33", "the length of a prefix of IPv4 is 0 to 32", NULL);
	assert_refused(v6, 20, "2001:db8::/129", "is 0 to 128", NULL);
	assert_refused(v4, 8, "10.0.0.1/8", "has bits set behind the prefix",
		       "did you mean 10.0.0.0/8?");
	assert_refused(v6, 20, "2001:db8::1/127", "has bits set behind the prefix",
		       "did you mean 2001:db8::/127?");
	/* In 16 bytes an IPv4 prefix would be one of IPv6. */
	assert_refused(v6, 20, "10.0.0.0/8", "is no IPv6 prefix", NULL);
	static const char *const none[] = {"10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "/8",
					   "",          "10.0.0/8",   "10.0.0.0/8/8"};
	for (size_t i = 0; i < LENGTH(none); i++)
		assert_refused(v4, 8, none[i], "is no IPv4 prefix", NULL);
	/* What others wrote there. */
	assert_text_of(v4, "\50\0\0\0\1\2\3\4", 8, "{len: 40, addr: 1.2.3.4}");
	/* Neither of these is one. */
	int name = prefix_of("len", "name", array_of(types.u8, 4), 4);
	assert_text_of(name, "\4\0\0\0\1\2\3\4", 8, "{len: 4, name: hex 01 02 03 04}");
	int device = prefix_of("ifindex", "addr", types.be32, 4);
	assert_text_of(device, "\4\0\0\0\1\2\3\4", 8, "{ifindex: 4, addr: 1.2.3.4}");
	end();
}

TEST(mac_addresses)
{
	begin();
	int mac = array_of(types.u8, 6);
	assert_same(mac, 6, "02:00:00:00:aB:01", "02:00:00:00:ab:01");
	assert_same(only("m", "mac", mac, 6), 6, "02:00:00:00:00:01", "02:00:00:00:00:01");
	assert_same(mac, 6, "[2, 0, 0, 0, 0, 1]", "02:00:00:00:00:01");
	static const char *const none[] = {"02:00:00:00:00", "02:00:00:00:00:01:02",
					   "02:00:00:00:00:0g", "02-00-00-00-00-01", "2:0:0:0:0:1"};
	for (size_t i = 0; i < LENGTH(none); i++)
		assert_refused(mac, 6, none[i], "is no MAC address", NULL);
	end();
}

TEST(strings_and_bytes)
{
	begin();
	int name = array_of(types.c, 8), bytes = array_of(types.u8, 3);

	assert_same(name, 8, "bash", "bash");
	assert_same(name, 8, "", "\"\"");
	assert_same(name, 8, "12345678", "12345678");
	assert_same(name, 8, "a b", "\"a b\"");
	assert_same(name, 8, "\"a\\nb\"", "\"a\\nb\"");
	assert_same(name, 8, "{x}", "\"{x}\"");
	assert_same(name, 8, "hex 41 42 43 00 00 00 00 00", "ABC");
	assert_same(name, 8, "\xc3\xa9", "\"\xc3\xa9\"");
	assert_refused(name, 8, "123456789", "is too long: 9 bytes, with room for 8", NULL);
	/* What a terminal would obey, what is no UTF-8, what would be read as bytes. */
	assert_text_of(name, "\x1b[1m\0\0\0", 8, "hex 1b 5b 31 6d 00 00 00 00");
	assert_text_of(name, "\xff\0\0\0\0\0\0", 8, "hex ff 00 00 00 00 00 00 00");
	/* A room that is not filled ends early. */
	assert_text_of(only("a", "name", array_of(types.u8, 12), 12), "\3www\0\0\0\0\0\0\0", 12,
		       "hex 03 77 77 77 00 00 00 00 00 00 00 00");
	assert_text_of(only("a", "name", array_of(types.u8, 13), 13), "\3www\0\0\0\0\0\0\0\0", 13,
		       "hex 03 77 77 77 00 ...");
	assert_text_of(name, "\xc2\x9b\0\0\0\0\0", 8, "hex c2 9b 00 00 00 00 00 00");
	assert_text_of(name, "hex\0\0\0\0", 8, "hex 68 65 78 00 00 00 00 00");
	/* What is behind the end is left over from before. */
	assert_text_of(name, "ls\0junk", 8, "ls");

	assert_same(bytes, 3, "hex 01 02 ff", "hex 01 02 ff");
	assert_same(bytes, 3, "hex 0102ff", "hex 01 02 ff");
	assert_same(bytes, 3, "[1, 2, 255]", "hex 01 02 ff");
	assert_same(bytes, 3, "[1]", "hex 01 00 00");
	assert_refused(bytes, 3, "hex 01 02", "there are 3 bytes", NULL);
	assert_refused(bytes, 3, "hex 01 02 03 04", "there are 3 bytes", NULL);
	assert_refused(bytes, 3, "hex 01 02 0", "are no bytes", NULL);
	assert_refused(bytes, 3, "[1, 2, 256]", "[2]: '256' is out of range", NULL);
	assert_refused(bytes, 3, "[1, 2, 3, 4]", "4 elements, with room for 3", NULL);
	/* Without a type. */
	assert_same(0, 3, "hex 01 02 ff", "hex 01 02 ff");
	assert_refused(0, 3, "1", "there is no type", "hex 01 02");
	assert_refused(0, 3, "hex 01", "there are 3 bytes", NULL);
	/* Bytes for anything. */
	assert_same(types.u32, 4, "hex 00 00 00 00", "0");
	end();
}

/* struct { __be32 saddr; __be16 dport; __u8 pad[2]; struct { __s8 t; char name[3]; } in[2]; } */
static int make_rule(void)
{
	int name = array_of(types.c, 3);
	int in = begin_struct("in", 4);
	field("t", types.s8, 0);
	field("name", name, 1);
	int ins = array_of(in, 2), pad = array_of(types.u8, 2);
	int rule = begin_struct("rule", 16);
	field("saddr", types.be32, 0);
	field("dport", types.be16, 4);
	field("pad", pad, 6);
	field("in", ins, 8);
	return rule;
}

TEST(structures)
{
	begin();
	int rule = make_rule();

	assert_same(rule, 16, "{\"saddr\": \"192.0.2.1\", \"dport\": 53}",
		    "{saddr: 192.0.2.1, dport: 53, in: [{t: 0, name: \"\"}, {t: 0, name: \"\"}]}");
	assert_same(rule, 16, " {\"in\": [{\"t\": -1, \"name\": \"ab\"}, {\"t\": 5}]}",
		    "{saddr: 0.0.0.0, dport: 0, in: [{t: -1, name: ab}, {t: 5, name: \"\"}]}");
	assert_same(rule, 16, "{}",
		    "{saddr: 0.0.0.0, dport: 0, in: [{t: 0, name: \"\"}, {t: 0, name: \"\"}]}");
	assert_json_of(rule, "\xc0\0\2\1\0\65\0\0\0\0\0\0\0\0\0\0", 16,
		       "{\"saddr\":\"192.0.2.1\",\"dport\":53,\"pad\":\"hex 00 00\","
		       "\"in\":[{\"t\":0,\"name\":\"\"},{\"t\":0,\"name\":\"\"}]}");
	/* Padding that holds something is seen. */
	assert_text_of(rule, "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0", 16,
		       "{saddr: 0.0.0.0, dport: 0, pad: hex 00 01, in: [{t: 0, name: \"\"}, {t: 0, "
		       "name: \"\"}]}");
	assert_refused(rule, 16, "{\"dprt\": 53}", "there is no member 'dprt'",
		       "did you mean 'dport'?");
	assert_refused(rule, 16, "{\"in\": [{\"t\": 1}, {\"t\": 128}]}",
		       "in[1].t: '128' is out of range", NULL);
	assert_refused(rule, 16, "{\"in\": [{\"name\": \"abcd\"}]}",
		       "in[0].name: 'abcd' is too long", NULL);
	assert_refused(rule, 16, "192.0.2.1", "is no JSON object", "write it as {\"saddr\": …");
	assert_refused(rule, 16, "{\"dport\": 1, \"dport\": 2}", "it is no JSON: duplicate", NULL);
	assert_refused(rule, 16, "{\"dport\": 1.5}", "dport: '1.5' is no number", NULL);
	assert_refused(rule, 16, "{\"dport\": true}", "dport: 'true' is no number", NULL);
	/* What is left out stays. */
	unsigned char bytes[16];
	cleanup_error struct crossbpf_error e = {0};
	memset(bytes, 1, sizeof(bytes));
	ck_assert_int_eq(value_parse_over(btf, (unsigned)rule, "{\"dport\": 0}", bytes, 16, &e), 0);
	ck_assert_mem_eq(bytes, "\1\1\1\1\0\0\1\1\1\1\1\1\1\1\1\1", 16);
	ck_assert_int_lt(
		value_parse_over(btf, (unsigned)rule, "{\"saddr\": \"::\"}", bytes, 16, &e), 0);
	ck_assert_mem_eq(bytes, "\1\1\1\1\0\0\1\1\1\1\1\1\1\1\1\1", 16);
	end();
}

TEST(unions)
{
	begin();
	int u = btf__add_union(btf, "u", 4);
	field("word", types.u32, 0);
	field("port", types.u16, 0);
	int outer = begin_struct("outer", 8);
	field("", u, 0);
	field("rest", types.u32, 4);

	assert_same(u, 4, "{\"port\": 5}", "{word: 5, port: 5}");
	assert_same(outer, 8, "{\"word\": 65537, \"rest\": 2}", "{word: 65537, port: 1, rest: 2}");
	assert_refused(outer, 8, "{\"word\": 65537, \"port\": 2}",
		       "port: it says other than another member of its union", NULL);
	assert_refused(outer, 8, "{\"prt\": 2}", "there is no member 'prt'",
		       "did you mean 'port'?");
	end();
}

TEST(bit_fields)
{
	begin();
	int e = btf__add_enum(btf, "verdict", 4);
	btf__add_enum_value(btf, "PASS", 0);
	btf__add_enum_value(btf, "DROP", 1);
	int s = begin_struct("s", 8);
	ck_assert_int_eq(btf__add_field(btf, "a", types.u32, 0, 3), 0);
	ck_assert_int_eq(btf__add_field(btf, "b", types.s32, 3, 7), 0);
	ck_assert_int_eq(btf__add_field(btf, "", types.u32, 10, 6), 0);
	ck_assert_int_eq(btf__add_field(btf, "c", e, 16, 1), 0);
	ck_assert_int_eq(btf__add_field(btf, "d", types.u64, 17, 40), 0);

	assert_same(s, 8, "{\"a\": 7, \"b\": -64, \"c\": \"DROP\", \"d\": 1099511627775}",
		    "{a: 7, b: -64, c: DROP, d: 1099511627775}");
	assert_same(s, 8, "{\"b\": 63}", "{a: 0, b: 63, c: PASS, d: 0}");
	assert_refused(s, 8, "{\"a\": 8}", "a: '8' is out of range: 0 to 7", NULL);
	assert_refused(s, 8, "{\"b\": 64}", "b: '64' is out of range: -64 to 63", NULL);
	assert_refused(s, 8, "{\"b\": [1]}", "b: it is no array", NULL);
	end();
}

TEST(sections)
{
	begin();
	int port = btf__add_var(btf, "port", BTF_VAR_GLOBAL_ALLOCATED, types.u16);
	int name = btf__add_var(btf, "name", BTF_VAR_STATIC, array_of(types.c, 4));
	int section = btf__add_datasec(btf, ".data", 8);
	btf__add_datasec_var_info(btf, port, 0, 2);
	btf__add_datasec_var_info(btf, name, 4, 4);

	assert_same(section, 8, "{\"port\": 80, \"name\": \"ab\"}", "{port: 80, name: ab}");
	assert_refused(section, 8, "{\"prt\": 80}", "there is no variable 'prt'",
		       "did you mean 'port'?");
	assert_same(port, 2, "80", "80");
	end();
}

TEST(the_kernels_own)
{
	begin();
	int lock = only("bpf_spin_lock", "val", types.u32, 4);
	int kptr = btf__add_ptr(btf, btf__add_type_tag(btf, "kptr", types.u32));
	int s = begin_struct("s", 16);
	field("lock", lock, 0);
	field("n", types.u32, 4);
	field("task", kptr, 8);

	assert_same(s, 16, "{\"n\": 5}", "{n: 5}");
	assert_refused(s, 16, "{\"lock\": 1}", "lock: the kernel alone sets it", NULL);
	assert_refused(s, 16, "{\"lock\": {\"val\": 1}}", "lock: the kernel alone sets it", NULL);
	assert_refused(s, 16, "{\"task\": 1}", "task: the kernel alone sets it", NULL);
	assert_refused(s, 16, "{\"task\": \"hex 01 00 00 00 00 00 00 00\"}", "the kernel alone",
		       NULL);
	end();
}

TEST(sums)
{
	begin();
	int two = array_of(types.u32, 2);
	int counter = begin_struct("counter", 16);
	field("packets", types.u64, 0);
	field("bytes", two, 8);
	int gauge = begin_struct("gauge", 8);
	field("n", types.u32, 0);
	field("when", types.s32, 4);
	uint64_t sum[2] = {UINT64_C(0xffffffff), 1}, one[2] = {1, 1 | UINT64_C(2) << 32};

	ck_assert(value_add(btf, (unsigned)counter, sum, one, 16));
	assert_text_of(counter, sum, 16, "{packets: 4294967296, bytes: [2, 2]}");
	ck_assert(!value_add(btf, (unsigned)counter, sum, one, 12));
	int three = array_of(types.u8, 3);
	int padded = begin_struct("padded", 8);
	field("n", types.u32, 0);
	field("__pad", three, 5);
	ck_assert(value_add(btf, (unsigned)padded, sum, one, 8));
	ck_assert(!value_add(btf, (unsigned)gauge, sum, one, 8));
	ck_assert(!value_add(btf, (unsigned)types.be32, sum, one, 4));
	ck_assert(!value_add(btf, 0, sum, one, 8));
	end();
}

/* What is not there is null, and nothing behind the data is read (see under a sanitizer). */
TEST(short_data)
{
	begin();
	int rule = make_rule();
	unsigned char *bytes = calloc(1, 16);

	for (size_t size = 0; size <= 16; size++) {
		unsigned char *exact = malloc(size);
		ck_assert_ptr_ne(exact, NULL);
		memcpy(exact, bytes, size);
		cleanup_free char *json = json_of(rule, exact, size);
		assert_contains(json, "{\"saddr\":");
		free(exact);
	}
	assert_json_of(rule, bytes, 5,
		       "{\"saddr\":\"0.0.0.0\",\"dport\":null,\"pad\":null,\"in\":[]}");
	assert_json_of(types.u32, bytes, 3, "null");
	free(bytes);
	end();
}

TEST(hostile_types)
{
	begin();
	unsigned char data[64] = {0};
	cleanup_error struct crossbpf_error e = {0};
	/* Types that hold themselves: as only, as one of many members, as a prefix, as an alias, as
	 * an anonymous member, as an element. */
	int next = (int)btf__type_cnt(btf);
	int self = only("self", "self", next, 8);
	int twice = begin_struct("twice", 8);
	for (int i = 0; i < 50; i++) {
		char name[16];
		snprintf(name, sizeof(name), "m%d", i);
		field(name, twice, 0);
	}
	int prefix = begin_struct("prefix", 8);
	field("prefixlen", prefix, 0);
	field("addr", prefix, 4);
	int inside = begin_struct("inside", 8);
	field("len", types.u32, 0);
	field("addr", inside, 4);
	int alias = btf__add_typedef(btf, "alias", (int)btf__type_cnt(btf));
	int hidden = begin_struct("hidden", 8);
	for (int i = 0; i < 50; i++)
		field("", hidden, 0);
	int element = btf__add_array(btf, types.u32, (int)btf__type_cnt(btf), 2);
	/* Far too many elements, of a size and of none; behind the end; ids that are none. */
	int many = array_of(types.u8, 1U << 31), words = array_of(types.u32, 1U << 31);
	int nothing = begin_struct("nothing", 0);
	int none = array_of(nothing, UINT32_MAX);
	int beyond = begin_struct("beyond", 8);
	field("far", types.u32, 0xffffff);
	field("x", 12345678, 0);
	field("negative", types.u64, 4);
	int wide = begin_struct("wide", 4);
	btf__add_field(btf, "wide", types.u32, 24, 31);
	btf__add_field(btf, "huge", types.u128, 0, 200);
	btf__add_field(btf, "struct", wide, 24, 40);
	int section = btf__add_datasec(btf, ".bss", 8);
	btf__add_datasec_var_info(btf, types.u32, 0x7fffffff, 4);
	int forward = btf__add_fwd(btf, "forward", BTF_FWD_STRUCT);
	int all[] = {self, twice,   prefix, inside, alias,   hidden,  element,  many,    words,
		     none, nothing, beyond, wide,   section, forward, 12345678, next + 1};

	for (size_t i = 0; i < LENGTH(all); i++) {
		static const char *const texts[] = {"1",
						    "hex 00",
						    "{\"m1\": {\"m2\": 1}, \"self\": 1}",
						    "[1, [2]]",
						    "",
						    "{\"far\": 1}",
						    "{\"x\": 1}",
						    "{\"negative\": 1}",
						    "{\"wide\": 1}",
						    "{\"struct\": 1}",
						    "{\"huge\": 1}",
						    "{\"zzz\": 1}",
						    "10.0.0.0/8"};
		cleanup_strbuf struct strbuf b = {0};
		value_text(btf, (unsigned)all[i], data, 8, &b);
		ck_assert_int_eq(b.error, 0);
		value_add(btf, (unsigned)all[i], data, data + 8, 8);
		for (size_t j = 0; j < LENGTH(texts); j++) {
			unsigned char *bytes = malloc(8);
			cleanup_error struct crossbpf_error ignored = {0};
			(void)value_parse(btf, (unsigned)all[i], texts[j], bytes, 8, &ignored);
			free(bytes);
		}
	}
	assert_json_of(many, data, 8, "null");
	assert_json_of(words, data, 8, "[0,0]");
	assert_json_of(beyond, data, 8, "{\"far\":null,\"x\":null,\"negative\":null}");
	assert_refused(beyond, 8, "{\"far\": 1}", "far: it does not lie within the value", NULL);
	assert_refused(wide, 4, "{\"wide\": 1}", "wide: it does not lie within the value", NULL);
	assert_json_of(forward, data, 8, "null");
	/* JSON that is too deep. */
	char deep[5000];
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	ck_assert_int_lt(value_parse(btf, (unsigned)element, deep, data, 8, &e), 0);
	end();
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, numbers);
	tcase_add_test(tests, ranges);
	tcase_add_test(tests, names);
	tcase_add_test(tests, network_order);
	tcase_add_test(tests, addresses_of_16_bytes);
	tcase_add_test(tests, prefixes);
	tcase_add_test(tests, mac_addresses);
	tcase_add_test(tests, strings_and_bytes);
	tcase_add_test(tests, structures);
	tcase_add_test(tests, unions);
	tcase_add_test(tests, bit_fields);
	tcase_add_test(tests, sections);
	tcase_add_test(tests, the_kernels_own);
	tcase_add_test(tests, sums);
	tcase_add_test(tests, short_data);
	tcase_add_test(tests, hostile_types);
}

int main(void)
{
	return suite_run("value", add_tests);
}
