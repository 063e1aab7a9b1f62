/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf-loader dump-btf <BTF >vmlinux.h: run by crossbpf vmlinux, for which it says on standard
 * error in one line what is wrong. */
#include "config.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "loader.h"
#include "shared/io.h"

enum {
	MAX_BTF = 64 << 20,
	MAX_SECONDS = 120,
	MAX_MEMORY_LOG2 = 31,
	MAX_OUTPUT = 256 << 20,
};

static int fail(const char *what, int code)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-code));
	return 1;
}

/* BTF that was made to be the end of who reads it shall be that of this process alone. */
static void limit(void)
{
	struct rlimit cpu = {MAX_SECONDS, MAX_SECONDS}, output = {MAX_OUTPUT, MAX_OUTPUT},
		      core = {0, 0};

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_FSIZE, &output);
	setrlimit(RLIMIT_CORE, &core);
#ifndef __SANITIZE_ADDRESS__ /* which reserves more than there is */
	struct rlimit memory = {UINT64_C(1) << MAX_MEMORY_LOG2, UINT64_C(1) << MAX_MEMORY_LOG2};
	setrlimit(RLIMIT_AS, &memory);
#endif
}

__attribute__((format(printf, 2, 0))) static void print(void *ctx, const char *format, va_list args)
{
	(void)ctx;
	vprintf(format, args);
}

static int dump_types(struct btf_dump *dump, unsigned n)
{
	int r = 0;

	/* As bpftool has it. */
	printf("#ifndef __VMLINUX_H__\n"
	       "#define __VMLINUX_H__\n"
	       "\n"
	       "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	       "#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = "
	       "record)\n"
	       "#endif\n"
	       "\n");
	for (unsigned i = 1; i < n && r == 0; i++)
		r = btf_dump__dump_type(dump, i);
	printf("#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	       "#pragma clang attribute pop\n"
	       "#endif\n"
	       "\n"
	       "#endif /* __VMLINUX_H__ */\n");
	return r;
}

int loader_dump_btf(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	limit();
	cleanup_strbuf struct strbuf data = {0};
	int r = io_read_fd(STDIN_FILENO, MAX_BTF, &data);

	if (r < 0)
		return fail("cannot read BTF", r);
	libbpf_set_print(NULL);
	struct btf *btf = btf__new(data.data, (unsigned)data.len);
	if (!btf)
		return fail("libbpf does not take this BTF", -errno);
	struct btf_dump *dump = btf_dump__new(btf, print, NULL, NULL);
	r = dump ? dump_types(dump, btf__type_cnt(btf)) : -errno;
	btf_dump__free(dump);
	btf__free(btf);
	if (r < 0)
		return fail("libbpf cannot write these types as C", r);
	return fflush(stdout) == 0 ? 0 : fail("cannot write", -errno);
}
