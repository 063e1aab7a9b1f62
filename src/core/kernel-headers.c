/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel-headers.h"
#include "shared/io.h"
#include "shared/strbuf.h"

enum { MAX_MAKEFILE = 1 << 20 };

/*
 * Functions in these headers have assembler of the kernel's architecture, which clang checks also
 * where nothing calls them, and refuses for BPF. Each such statement becomes one of `__asm`, the
 * spelling that the kernel does not use, and only in a function that is called the assembler
 * complains of it:
 *   asm("…" : …)           __asm __volatile__("…" : …)           __asm (WRONG)
 *   asm volatile("…" : …)  __asm __volatile__ volatile("…" : …)  __asm __volatile__ (WRONG)
 * (in the first, __volatile__ is the macro, as a parenthesis follows). A variable in a register
 * that BPF lacks becomes one that nobody defines, or a plain one.
 */
#define WRONG "(\".error \\\"this is assembler of the kernel's own architecture\\\"\")"

static const char *const common_options[] = {
	"-D__KERNEL__",
	"-D__BPF_TRACING__",
	"-DKBUILD_MODNAME=\"bpf\"",
	"-Dasm=__asm __volatile__",
	"-D__asm__=__asm __volatile__",
	"-Dvolatile(...)=" WRONG,
	"-D__volatile__(...)=" WRONG,
	"-Dgoto(...)=" WRONG,
	NULL,
};

static const struct machine {
	const char *arch;
	const char *options[5];
} machines[] = {
	{"x86", {"-D__x86_64__", "-Dregister=extern", "-D__seg_gs=", "-D__seg_fs="}},
	{"arm64",
	 {"-D__aarch64__", "-Dregister=", "-D__ASM_STACK_POINTER_H",
	  "-Dcurrent_stack_pointer=({__asm" WRONG ";0UL;})"}},
};

static const struct machine *find_machine(const char *arch)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (strcmp(machines[i].arch, arch) == 0)
			return &machines[i];
	return NULL;
}

/* Is DIR/NAME there, as seen from the root? -ENOMEM, or whether. */
static int has(const char *root, const char *dir, const char *name)
{
	cleanup_free char *path = str_printf("%s/%s", dir, name);
	cleanup_free char *absolute = path ? io_absolute(root, path) : NULL;

	return absolute ? access(absolute, R_OK) == 0 : -ENOMEM;
}

static bool is_source(const char *root, const char *dir)
{
	return dir && has(root, dir, "include/linux/kconfig.h") > 0;
}

/* The directory beside `dir` with that name. */
static char *sibling(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	while (len && dir[len - 1] != '/')
		len--;
	return str_printf("%.*s%s", (int)len, dir, name);
}

/* What the build tree's Makefile includes: "include
 * /usr/src/linux-headers-6.1.0-25-common/Makefile"
 */
static char *read_makefile(const char *root, const char *dir)
{
	cleanup_free char *name = str_printf("%s/Makefile", dir);
	cleanup_free char *path = name ? io_absolute(root, name) : NULL;
	cleanup_strbuf struct strbuf text = {0};
	static const char include[] = "include ", makefile[] = "/Makefile";

	if (!path || io_read_file(path, MAX_MAKEFILE, &text) < 0 || !text.data)
		return NULL;
	for (const char *line = text.data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t len = strcspn(line, "\n");
		size_t around = strlen(include) + strlen(makefile);
		if (len > around && strncmp(line, include, strlen(include)) == 0 &&
		    strncmp(line + len - strlen(makefile), makefile, strlen(makefile)) == 0)
			return strndup(line + strlen(include), len - around);
		if (!*line)
			break;
	}
	return NULL;
}

/*
 * Where the headers are that are the same for all of a kernel's builds. Debian has them in a
 * package of their own, which the Makefile names where it is installed; unpacked elsewhere it lies
 * beside this one. NULL where it is not found.
 */
static char *find_source(const char *root, const char *dir)
{
	cleanup_free char *named = read_makefile(root, dir), *beside = NULL, *really = NULL;
	cleanup_free char *absolute = io_absolute(root, dir), *real = NULL;

	if (is_source(root, dir))
		return strdup(dir);
	if (!named || !absolute)
		return NULL;
	beside = sibling(dir, io_basename(named));
	if (is_source(root, beside))
		return TAKE_PTR(beside);
	if (is_source(root, named))
		return TAKE_PTR(named);
	real = realpath(absolute, NULL);
	really = real ? sibling(real, io_basename(named)) : NULL;
	return is_source(root, really) ? TAKE_PTR(really) : NULL;
}

static void add_includes(const char *build, const char *source, const char *arch, struct strv *argv)
{
	/* As in the kernel's own Makefile, LINUXINCLUDE. */
	static const struct {
		bool is_build;
		const char *before, *behind;
	} dirs[] = {
		{false, "arch", "include"},      {true, "arch", "include/generated"},
		{false, NULL, "include"},        {true, NULL, "include"},
		{false, "arch", "include/uapi"}, {true, "arch", "include/generated/uapi"},
		{false, NULL, "include/uapi"},   {true, NULL, "include/generated/uapi"},
	};
	static const char *const first[] = {"compiler-version.h", "kconfig.h", "compiler_types.h"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		strv_add(argv, "-isystem");
		strv_take(argv, str_printf("%s%s%s/%s", dirs[i].is_build ? build : source,
					   dirs[i].before ? "/arch/" : "",
					   dirs[i].before ? arch : "", dirs[i].behind));
	}
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		strv_add(argv, "-include");
		strv_take(argv, str_printf("%s/include/linux/%s", source, first[i]));
	}
}

static int check(const char *root, const char *dir, const char *arch, struct crossbpf_error *e)
{
	cleanup_free char *generated = str_printf("arch/%s/include/generated", arch);

	if (!generated)
		return error_no_memory(e);
	if (has(root, dir, "include/generated/autoconf.h") <= 0)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE,
				 "name one such as /usr/src/linux-headers-$(uname -r), or "
				 "/lib/modules/$(uname -r)/build",
				 "%s is no build tree of a kernel: it has no "
				 "include/generated/autoconf.h",
				 dir);
	if (has(root, dir, generated) <= 0)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "name one of that architecture, or build for its own with --arch",
				 "the kernel headers in %s are not of %s", dir, arch);
	return 0;
}

int kernel_headers_options(const char *root, const char *dir, const char *arch, struct strv *argv,
			   struct strv *dirs, struct crossbpf_error *e)
{
	const struct machine *machine = find_machine(arch);
	cleanup_free char *source = NULL;

	if (!machine)
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE,
				 "include vmlinux.h, which crossbpf vmlinux makes",
				 "kernel headers of %s cannot be compiled for BPF", arch);
	int r = check(root, dir, arch, e);
	if (r < 0)
		return r;
	source = find_source(root, dir);
	if (!source)
		return error_set(
			e, -ENOENT, EXIT_STATUS_USAGE,
			"it is in another package, whose directory is to lie beside it "
			"(Debian: linux-headers-*-common)",
			"%s has only half of a kernel's headers: its Makefile names the rest", dir);
	strv_add_all(argv, common_options);
	strv_add_all(argv, machine->options);
	add_includes(dir, source, arch, argv);
	strv_add_once(dirs, dir);
	strv_add_once(dirs, source);
	return argv->error || dirs->error ? error_no_memory(e) : 0;
}
