/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "shared/nearest.h"
#include "shared/strbuf.h"
#include "variant.h"

const char *variant_arch_of_machine(const char *machine)
{
	/* Beginnings; the first that fits. */
	static const struct {
		const char *machine, *arch;
	} table[] = {
		{"x86_64", "x86"},
		{"amd64", "x86"},
		{"i386", "x86"},
		{"i486", "x86"},
		{"i586", "x86"},
		{"i686", "x86"},
		{"arm64", "arm64"},
		{"aarch64", "arm64"},
		{"arm", "arm"},
		{"s390", "s390"},
		{"riscv", "riscv"},
		{"ppc", "powerpc"},
		{"loongarch", "loongarch"},
		{"mips", "mips"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(machine, table[i].machine, strlen(table[i].machine)) == 0)
			return table[i].arch;
	return NULL;
}

const char *variant_host_arch(void)
{
	struct utsname name;

	return uname(&name) < 0 ? NULL : variant_arch_of_machine(name.machine);
}

char *variant_expand(const char *text, const char *arch)
{
	static const char mark[] = "{arch}";
	cleanup_strbuf struct strbuf b = {0};
	char *expanded = NULL;

	for (const char *at; (at = strstr(text, mark)); text = at + strlen(mark)) {
		strbuf_add(&b, text, (size_t)(at - text));
		strbuf_puts(&b, arch);
	}
	strbuf_puts(&b, text);
	return strbuf_finish(&b, &expanded) < 0 ? NULL : expanded;
}

static const char *const targets[] = {"bpfel", "bpfeb", NULL};
/* Of equally near ones the first is named in the hint: armv7l is arm. */
static const char *const archs[] = {"x86",     "arm",       "arm64", "s390", "riscv",
				    "powerpc", "loongarch", "mips",  NULL};
static const char *const cpus[] = {"v1", "v2", "v3", "v4", NULL};
static const char *const outputs[] = {"object", "skeleton", "go", "c", "dep", NULL};

const char *const *variant_names(const char *option)
{
	return strcmp(option, "target") == 0 ? targets
	       : strcmp(option, "arch") == 0 ? archs
	       : strcmp(option, "cpu") == 0  ? cpus
	       : strcmp(option, "emit") == 0 ? outputs
					     : NULL;
}

/* `names` ends with NULL. */
static int check_name(const char *what, const char *name, const char *const *names,
		      struct crossbpf_error *e)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return 0;

	cleanup_free char *hint = nearest_hint(name, names);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint, "'%s' is no %s", name, what);
}

int variant_check_target(const char *name, struct crossbpf_error *e)
{
	return check_name("target", name, targets, e);
}

int variant_check_arch(const char *name, struct crossbpf_error *e)
{
	/* What `uname -m` says can be near to another: amd64. */
	const char *meant = variant_arch_of_machine(name);
	if (!meant || strncmp(name, meant, strlen(meant)) == 0)
		return check_name("arch", name, archs, e);

	cleanup_free char *hint = str_printf("did you mean '%s'?", meant);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint, "'%s' is no arch", name);
}

int variant_check_cpu(const char *name, struct crossbpf_error *e)
{
	return check_name("instruction set", name, cpus, e);
}

int variant_check_emit(const char *name, struct crossbpf_error *e)
{
	return check_name("output to emit", name, outputs, e);
}

int variant_check_type(const char *name, struct crossbpf_error *e)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	if (*name && !name[strspn(name, letters)])
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "name it without struct, enum or union",
			 "'%s' is no name of a type", name);
}
