/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "arch-headers.h"
#include "shared/io.h"
#include "shared/strbuf.h"

enum { MAX_SOURCE = 64 << 20 };

/* Below asm/: those that <linux/types.h> and <asm/byteorder.h> read. */
static const char *const plain_asm[] = {"bitsperlong.h",    "byteorder.h",      "posix_types.h",
					"posix_types_32.h", "posix_types_64.h", "posix_types_x32.h",
					"swab.h",           "types.h",          NULL};

/* Of the builder: none of them hands on what the width of a long decides, but in names that are
 * looked for below. */
static const char *const plain[] = {
	/* the kernel's */
	"asm-generic/bitsperlong.h", "asm-generic/int-l64.h", "asm-generic/int-ll64.h",
	"asm-generic/posix_types.h", "asm-generic/swab.h", "asm-generic/types.h", "linux/bpf.h",
	"linux/bpf_common.h", "linux/btf.h", "linux/byteorder/big_endian.h",
	"linux/byteorder/little_endian.h", "linux/const.h", "linux/icmpv6.h", "linux/if_ether.h",
	"linux/if_vlan.h", "linux/in.h", "linux/in6.h", "linux/ip.h", "linux/ipv6.h",
	"linux/libc-compat.h", "linux/mpls.h", "linux/pkt_cls.h", "linux/pkt_sched.h",
	"linux/posix_types.h", "linux/socket.h", "linux/stddef.h", "linux/swab.h", "linux/tcp.h",
	"linux/types.h", "linux/udp.h",
	/* libbpf's; what reads registers is seen in BTF */
	"bpf/bpf_core_read.h", "bpf/bpf_endian.h", "bpf/bpf_helper_defs.h", "bpf/bpf_helpers.h",
	"bpf/bpf_tracing.h",
	/* clang's own */
	"stdarg.h", "stdbool.h", "stddef.h", NULL};

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* What stands behind the last "asm/" in it; NULL: it is no such header. */
static const char *behind_asm(const char *path)
{
	const char *found = NULL;

	for (const char *at = path; (at = strstr(at, "asm/")); at++)
		if (at == path || at[-1] == '/')
			found = at + strlen("asm/");
	return found;
}

/* As #include names it, where that can be told. */
static const char *name_of(const char *path)
{
	const char *name = path;

	for (const char *at = path; (at = strstr(at, "/include/")); at++)
		name = at + strlen("/include/");
	return name;
}

/* Parts of them: clang 18 and later. */
static bool is_of_clang(const char *name)
{
	return strncmp(name, "__stddef_", 9) == 0 || strncmp(name, "__stdarg_", 9) == 0;
}

/* libbpf has it in this header for all architectures: what a program takes of that is seen in BTF.
 */
static bool is_of_libbpf(const char *path)
{
	return strcmp(io_basename(path), "bpf_tracing.h") == 0;
}

/* Does a file of the project's ask which machine it is for, or with `any` what the plain ones tell
 * of one? */
static bool asks(const char *root, const char *path, bool any)
{
	static const char *const words[] = {"__TARGET_ARCH_", "__BITS_PER_LONG", "__kernel_",
					    "__swab("};
	cleanup_free char *absolute = io_absolute(root, path);
	cleanup_strbuf struct strbuf text = {0};
	size_t first = is_of_libbpf(path), n = any ? sizeof(words) / sizeof(words[0]) : 1;

	if (!absolute || io_read_file(absolute, MAX_SOURCE, &text) < 0)
		return true;
	for (size_t i = first; i < n && text.len; i++)
		if (memmem(text.data, text.len, words[i], strlen(words[i])))
			return true;
	return false;
}

bool arch_headers_depend(const char *root, const struct toolchain *t, const struct strv *inputs,
			 const char *source)
{
	bool any = false;

	for (size_t i = 0; i < inputs->n; i++) {
		const char *name = behind_asm(inputs->v[i]);
		if (!name || strcmp(inputs->v[i], source) == 0)
			continue;
		if (!is_one_of(name, plain_asm))
			return true;
		any = true;
	}
	for (size_t i = 0; i < inputs->n; i++) {
		const char *path = inputs->v[i], *name = name_of(path);
		bool is_plain = behind_asm(path) || is_one_of(name, plain) || is_of_clang(name);
		bool own = path[0] != '/' || strcmp(path, source) == 0 ||
			   (t && !is_plain && !toolchain_is_builders(t, path));
		if (own ? asks(root, path, any) : any && !is_plain)
			return true;
	}
	return false;
}
