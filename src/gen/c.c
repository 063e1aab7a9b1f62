/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "gen.h"
#include "shared/strv.h"

/* What a compiler for machines of an arch defines. */
static const char *find_macros(const char *arch)
{
	static const struct {
		const char *arch, *macros;
	} table[] = {
		{"x86", "defined(__x86_64__) || defined(__i386__)"},
		{"arm", "defined(__arm__)"},
		{"arm64", "defined(__aarch64__)"},
		{"s390", "defined(__s390__)"},
		{"riscv", "defined(__riscv)"},
		{"powerpc", "defined(__powerpc__)"},
		{"loongarch", "defined(__loongarch__)"},
		{"mips", "defined(__mips__)"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].arch, arch) == 0)
			return table[i].macros;
	return NULL;
}

static void write_guard(const struct gen_c *g, struct strbuf *text)
{
	const char *macros = g->arch ? find_macros(g->arch) : NULL;

	strbuf_printf(text,
		      "#if __BYTE_ORDER__ != __ORDER_%s_ENDIAN__\n"
		      "#error \"this BPF object is for %s-endian machines\"\n"
		      "#endif\n",
		      strcmp(g->target, "bpfeb") == 0 ? "BIG" : "LITTLE",
		      strcmp(g->target, "bpfeb") == 0 ? "big" : "little");
	if (macros)
		strbuf_printf(text, "#if !(%s)\n#error \"this BPF object is for %s\"\n#endif\n",
			      macros, g->arch);
}

static void write_bytes(const unsigned char *data, size_t len, struct strbuf *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		char byte[] = {'0', 'x', digits[data[i] >> 4], digits[data[i] & 15], ','};
		strbuf_puts(text, i % 16 == 0 ? "\t" : "");
		strbuf_add(text, byte, sizeof(byte));
		strbuf_puts(text, i % 16 == 15 || i + 1 == len ? "\n" : "");
	}
}

/* The text with each '@' as the name. */
static void write_template(const char *template, const char *ident, struct strbuf *text)
{
	for (; *template; template ++)
		if (*template == '@')
			strbuf_puts(text, ident);
		else
			strbuf_putc(text, *template);
}

int gen_c(const struct gen_c *g, const void *data, size_t len, struct strbuf *text)
{
	static const char begin[] = "/* Made by crossbpf gen c: do not edit. */\n"
				    "#ifndef CROSSBPF_EMBED_@_H\n"
				    "#define CROSSBPF_EMBED_@_H\n\n"
				    "#include <errno.h>\n"
				    "#include <stddef.h>\n"
				    "#include <string.h>\n\n"
				    "#include <bpf/libbpf.h>\n\n";
	static const char bytes[] = "\n/* The object, as bpf_object__open_mem() takes it. */\n"
				    "static const unsigned char @_bytes[] "
				    "__attribute__((aligned(8))) = {\n";
	static const char end[] =
		"};\n"
		"static const size_t @_size = sizeof(@_bytes);\n\n"
		"/* Opens it; NULL with errno where that fails. bpf_object__close() closes it. The "
		"options\n"
		" * may be NULL. */\n"
		"static inline struct bpf_object *@_open_opts(const struct bpf_object_open_opts "
		"*options)\n"
		"{\n"
		"\tstruct bpf_object *object = bpf_object__open_mem(@_bytes, @_size, options);\n"
		"\tlong error = libbpf_get_error(object);\n\n"
		"\tif (!error)\n"
		"\t\treturn object;\n"
		"\terrno = (int)-error;\n"
		"\treturn NULL;\n"
		"}\n\n"
		"/* The same by its name, which its maps of variables bear too. */\n"
		"static inline struct bpf_object *@_open(void)\n"
		"{\n"
		"\tstruct bpf_object_open_opts options;\n\n"
		"\tmemset(&options, 0, sizeof(options));\n"
		"\toptions.sz = sizeof(options);\n"
		"\toptions.object_name = \"@\";\n"
		"\treturn @_open_opts(&options);\n"
		"}\n\n"
		"/* And loads it into the kernel. */\n"
		"static inline struct bpf_object *@_load(void)\n"
		"{\n"
		"\tstruct bpf_object *object = @_open();\n"
		"\tint error = object ? bpf_object__load(object) : 0;\n\n"
		"\tif (!error)\n"
		"\t\treturn object;\n"
		"\tbpf_object__close(object);\n"
		"\terrno = -error;\n"
		"\treturn NULL;\n"
		"}\n\n"
		"#endif\n";

	write_template(begin, g->ident, text);
	write_guard(g, text);
	write_template(bytes, g->ident, text);
	write_bytes(data, len, text);
	write_template(end, g->ident, text);
	return text->error;
}
