/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "go-dialect.h"

void go_dialect_of(unsigned version, struct go_dialect *ret)
{
	*ret = (struct go_dialect){
		.version = version,
		.unsigned_enums = version >= 9002,
		.build_only = version >= 11000,
		.arch_first = version >= 13000,
		.variables = version >= 17000,
		.host_layout = version >= 19000,
		.struct_ops = version >= 21000,
		.constants = version >= 22000,
	};
}

/* The number at *at, which moves behind it. */
static bool read_number(const char **at, const char *end, unsigned *ret)
{
	const char *from = *at;

	*ret = 0;
	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
		*ret = *ret > 999 ? 999 : *ret * 10 + (unsigned)(**at - '0');
	if (*ret > 999)
		*ret = 999;
	return *at > from;
}

static bool parse(const char *at, const char *end, struct go_dialect *ret)
{
	unsigned major, minor, patch = 0;

	if (at < end && *at == 'v')
		at++;
	if (!read_number(&at, end, &major) || at == end || *at++ != '.' ||
	    !read_number(&at, end, &minor))
		return false;
	if (at < end && *at == '.') {
		at++;
		if (!read_number(&at, end, &patch))
			return false;
	}
	if (at < end && *at != '-' && *at != '+')
		return false;
	go_dialect_of(major ? 999999 : minor * 1000 + patch, ret);
	return true;
}

bool go_dialect_parse(const char *version, struct go_dialect *ret)
{
	return parse(version, version + strlen(version), ret);
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* Behind a word that stands there, and the blanks that follow it; else NULL. */
static const char *skip_word(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - at) <= len || memcmp(at, word, len) != 0)
		return NULL;
	at += len;
	return *at == ' ' || *at == '\t' ? skip_blanks(at, end) : NULL;
}

/* Within "KEYWORD (" and ")". */
enum block { BLOCK_NONE, BLOCK_REQUIRE, BLOCK_OTHER };

static bool opens_block(const char *at, const char *end)
{
	while (at < end && *at != '(' && !(*at == '/' && at + 1 < end && at[1] == '/'))
		at++;
	return at < end && *at == '(';
}

/* What a line requires begins there; NULL: it requires nothing. */
static const char *find_requirement(const char *at, const char *end, enum block *block)
{
	const char *word;

	if (at < end && *at == ')') {
		*block = BLOCK_NONE;
		return NULL;
	}
	if (*block != BLOCK_NONE)
		return *block == BLOCK_REQUIRE ? at : NULL;
	word = skip_word(at, end, "require");
	if (opens_block(word ? word : at, end)) {
		*block = word ? BLOCK_REQUIRE : BLOCK_OTHER;
		return NULL;
	}
	return word;
}

bool go_dialect_of_module(const char *text, size_t len, struct go_dialect *ret)
{
	const char *end = text + len;
	enum block block = BLOCK_NONE;

	for (const char *line = text; line < end;) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		const char *stop = next ? next : end;
		const char *word = find_requirement(skip_blanks(line, stop), stop, &block);
		word = word ? skip_word(word, stop, "github.com/cilium/ebpf") : NULL;
		if (word) {
			const char *behind = word;
			while (behind < stop && !strchr(" \t\r/", *behind))
				behind++;
			if (parse(word, behind, ret))
				return true;
		}
		line = next ? next + 1 : end;
	}
	return false;
}

/* GOARCH as bpf2go maps it, by name; `arch` is "" where only an object for every arch is for it. */
static const struct machine {
	const char *goarch, *arch;
	bool big;
	unsigned since, before; /* versions; 0: no limit */
} machines[] = {
	{"386", "x86", false, 0, 0},          {"amd64", "x86", false, 0, 0},
	{"amd64p32", "", false, 0, 13000},    {"arm", "arm", false, 0, 0},
	{"arm64", "arm64", false, 0, 0},      {"arm64be", "arm64", true, 0, 13000},
	{"armbe", "arm", true, 0, 13000},     {"loong64", "loongarch", false, 11000, 0},
	{"mips", "mips", true, 0, 0},         {"mips64", "", true, 0, 0},
	{"mips64le", "", false, 0, 0},        {"mips64p32", "", true, 0, 13000},
	{"mips64p32le", "", false, 0, 13000}, {"mipsle", "", false, 0, 0},
	{"ppc64", "powerpc", true, 0, 0},     {"ppc64le", "powerpc", false, 0, 0},
	{"riscv64", "riscv", false, 0, 0},    {"s390", "s390", true, 0, 13000},
	{"s390x", "s390", true, 0, 0},        {"sparc", "", true, 0, 13000},
	{"sparc64", "", true, 0, 13000},      {"wasm", "", false, 19000, 0},
};

static bool is_for(const struct machine *m, const struct go_dialect *d, bool big, const char *arch)
{
	return m->big == big && m->since <= d->version && (!m->before || d->version < m->before) &&
	       (!arch || strcmp(m->arch, arch) == 0);
}

char *go_dialect_suffix(const struct go_dialect *d, const char *target, const char *arch)
{
	if (!arch)
		return str_printf("_%s", target);
	/* A name that ends in that of a machine of Go's is for that one alone: 31-bit s390, which
	 * old versions are for too, and riscv, which nobody has. */
	bool lost = strcmp(arch, "riscv") == 0 || (d->assumed && strcmp(arch, "s390") == 0);

	return d->arch_first || lost ? str_printf("_%s_%s", arch, target)
				     : str_printf("_%s_%s", target, arch);
}

void go_dialect_siblings(const char *target, const char *arch, struct strv *suffixes)
{
	strv_take(suffixes, str_printf("_%s", target));
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const char *one = machines[i].arch;
		if (!one[0] || (arch && strcmp(arch, one) != 0))
			continue;
		cleanup_free char *before = str_printf("_%s_%s", one, target);
		cleanup_free char *behind = str_printf("_%s_%s", target, one);
		if (before && behind) {
			strv_add_once(suffixes, before);
			strv_add_once(suffixes, behind);
		} else {
			suffixes->error = -ENOMEM;
		}
	}
}

bool go_dialect_has(const struct go_dialect *d, const char *target, const char *arch)
{
	bool big = strcmp(target, "bpfeb") == 0;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (is_for(&machines[i], d, big, arch))
			return true;
	return false;
}

const char *go_dialect_arch(const char *goarch)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].arch[0] && strcmp(machines[i].goarch, goarch) == 0)
			return machines[i].arch;
	return NULL;
}

bool go_dialect_is_tag(const char *tag)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

	tag += *tag == '!';
	return *tag && !tag[strspn(tag, letters)];
}

bool go_dialect_constraint(const struct go_dialect *d, const char *target, const char *arch,
			   const char *const *tags, struct strbuf *text)
{
	cleanup_strbuf struct strbuf any = {0}, words = {0};
	bool big = strcmp(target, "bpfeb") == 0;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (!is_for(&machines[i], d, big, arch))
			continue;
		strbuf_printf(&any, "%s%s", n++ ? " || " : "", machines[i].goarch);
		strbuf_printf(&words, " %s", machines[i].goarch);
	}
	if (any.error || words.error)
		text->error = -ENOMEM;
	if (!n || text->error)
		return n;
	bool many = n > 1 && tags && *tags;
	strbuf_printf(text, "//go:build %s%s%s", many ? "(" : "", any.data, many ? ")" : "");
	for (size_t i = 0; tags && tags[i]; i++)
		strbuf_printf(text, " && %s", tags[i]);
	strbuf_puts(text, "\n");
	if (d->build_only)
		return true;
	/* As gofmt has it of the line above: an alternative has a line of its own. */
	strbuf_printf(text, "// +build%s", words.data);
	for (size_t i = 0; tags && tags[i]; i++)
		strbuf_printf(text, "%s%s", many ? "\n// +build " : ",", tags[i]);
	strbuf_puts(text, "\n");
	return true;
}
