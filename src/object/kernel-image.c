/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "bytes.h"
#include "elf.h"
#include "kernel-image.h"
#include "shared/cleanup.h"

enum {
	BTF_HEADER = 24,
	BTF_MAGIC = 0xeb9f,
	HEAD_SIZE = 4096,
	SCAN_SIZE = 1 << 20,
	MAX_SECTIONS = 1 << 16,
};

static const char no_btf[] = "it has no BTF: it was built without CONFIG_DEBUG_INFO_BTF";

struct file {
	int fd;
	uint64_t size;
	uint8_t head[HEAD_SIZE]; /* zeroes behind the file's end */
	const char **why;
};

static bool is_inside(uint64_t offset, uint64_t len, uint64_t limit)
{
	return offset <= limit && len <= limit - offset;
}

/* All of it, or -ENOEXEC where the file ends before. */
static int read_at(const struct file *f, uint64_t offset, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(f->fd, (char *)to + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return elf_malformed(f->why, "it is cut off");
		done += (size_t)n;
	}
	return 0;
}

/* How long is BTF that begins here, and within `room` bytes? 0: it is none. */
static uint64_t btf_length(const uint8_t *header, bool big, uint64_t room)
{
	uint64_t size = bytes_get32(header + 4, big);
	uint64_t types = bytes_get32(header + 8, big), types_len = bytes_get32(header + 12, big);
	uint64_t strings = bytes_get32(header + 16, big);
	uint64_t strings_len = bytes_get32(header + 20, big);
	uint64_t types_end = types + types_len, strings_end = strings + strings_len;
	uint64_t end = size + (types_end > strings_end ? types_end : strings_end);

	if (bytes_get16(header, big) != BTF_MAGIC || header[2] != 1 || size < BTF_HEADER ||
	    size > HEAD_SIZE || !types_len || !strings_len || end > room || end > KERNEL_BTF_MAX)
		return 0;
	return end;
}

static bool looks_like_btf(const uint8_t *data)
{
	return bytes_get16(data, false) == BTF_MAGIC || bytes_get16(data, true) == BTF_MAGIC;
}

static int find_raw(const struct file *f, struct kernel_image *ret)
{
	*ret = (struct kernel_image){.kind = KERNEL_BTF,
				     .big = bytes_get16(f->head, true) == BTF_MAGIC};
	ret->len = btf_length(f->head, ret->big, f->size);
	return ret->len ? 0 : elf_malformed(f->why, "parts of its BTF lie outside of the file");
}

/* ELF of either class. */

static const char *arch_of_machine(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *arch;
	} table[] = {{3, "x86"},  {62, "x86"},       {183, "arm64"},  {22, "s390"},
		     {40, "arm"}, {243, "riscv"},    {20, "powerpc"}, {21, "powerpc"},
		     {8, "mips"}, {258, "loongarch"}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].machine == machine)
			return table[i].arch;
	return NULL;
}

struct elf {
	bool big, wide; /* 64 bits */
	uint64_t sections;
	uint32_t n, names, entry;
};

struct section {
	uint32_t name, type, link;
	uint64_t flags, offset, size;
};

static uint64_t get_word(const struct elf *e, const uint8_t *at)
{
	return e->wide ? bytes_get64(at, e->big) : bytes_get32(at, e->big);
}

static int read_section(const struct file *f, const struct elf *e, uint32_t i, struct section *ret)
{
	uint8_t h[ELF_SECTION_SIZE];

	int r = read_at(f, e->sections + (uint64_t)i * e->entry, h, e->entry);
	if (r < 0)
		return r;
	*ret = (struct section){
		.name = bytes_get32(h, e->big),
		.type = bytes_get32(h + 4, e->big),
		.flags = get_word(e, h + 8),
		.offset = get_word(e, h + (e->wide ? 24 : 16)),
		.size = get_word(e, h + (e->wide ? 32 : 20)),
		.link = bytes_get32(h + (e->wide ? 40 : 24), e->big),
	};
	return 0;
}

static int read_elf_header(const struct file *f, struct elf *ret)
{
	const uint8_t *h = f->head;
	uint8_t order = h[ELF_E_DATA];
	struct elf e = {.big = order == ELF_DATA_BIG, .wide = h[ELF_E_CLASS] == ELF_CLASS_64};
	struct section first;

	if ((!e.wide && h[ELF_E_CLASS] != 1) || (!e.big && order != ELF_DATA_LITTLE))
		return elf_malformed(f->why, "its class or byte order is unknown");
	e.entry = e.wide ? ELF_SECTION_SIZE : 40;
	e.sections = get_word(&e, h + (e.wide ? ELF_E_SHOFF : 32));
	e.n = bytes_get16(h + (e.wide ? ELF_E_SHNUM : 48), e.big);
	e.names = bytes_get16(h + (e.wide ? ELF_E_SHSTRNDX : 50), e.big);
	if (bytes_get16(h + (e.wide ? ELF_E_SHENTSIZE : 46), e.big) != e.entry || !e.sections ||
	    !is_inside(e.sections, e.entry, f->size))
		return elf_malformed(f->why, "it has no section headers, or is cut off");
	/* Numbers that are too large for the header are in the first section. */
	int r = read_section(f, &e, 0, &first);
	if (r < 0)
		return r;
	if (!e.n && first.size <= MAX_SECTIONS)
		e.n = (uint32_t)first.size;
	if (e.names == ELF_SHN_XINDEX)
		e.names = first.link;
	if (!e.n || e.names >= e.n || !is_inside(e.sections, (uint64_t)e.n * e.entry, f->size))
		return elf_malformed(f->why, "its section headers lie outside of the file");
	*ret = e;
	return 0;
}

static bool is_named(const struct file *f, const struct section *names, uint32_t at,
		     const char *name)
{
	char text[8];
	size_t len = strlen(name) + 1;

	return is_inside(at, len, names->size) && read_at(f, names->offset + at, text, len) == 0 &&
	       memcmp(text, name, len) == 0;
}

static int take_section(const struct file *f, const struct elf *e, const struct section *s,
			struct kernel_image *ret)
{
	uint8_t header[BTF_HEADER];

	if (s->type == ELF_SHT_NOBITS)
		return elf_malformed(f->why, "its section .BTF is empty");
	if (!is_inside(s->offset, s->size, f->size) || s->size < BTF_HEADER ||
	    s->size > KERNEL_BTF_MAX)
		return elf_malformed(f->why, "its section .BTF is cut off, or too large");
	int r = read_at(f, s->offset, header, sizeof(header));
	if (r < 0)
		return r;
	ret->offset = s->offset;
	ret->len = btf_length(header, e->big, s->size);
	ret->big = e->big;
	return ret->len ? 0 : elf_malformed(f->why, "its section .BTF holds none");
}

static int find_elf(const struct file *f, struct kernel_image *ret)
{
	struct elf e;
	struct section names, s;

	int r = read_elf_header(f, &e);
	if (r == 0)
		r = read_section(f, &e, e.names, &names);
	if (r < 0)
		return r;
	unsigned machine = bytes_get16(f->head + ELF_E_MACHINE, e.big);
	if (machine == ELF_MACHINE_BPF)
		return elf_malformed(f->why, "it is a BPF object, and no kernel");
	if (!is_inside(names.offset, names.size, f->size))
		return elf_malformed(f->why, "the names of its sections lie outside of the file");
	*ret = (struct kernel_image){
		.kind = KERNEL_ELF,
		.arch = arch_of_machine(machine),
	};
	for (uint32_t i = 1; i < e.n; i++) {
		r = read_section(f, &e, i, &s);
		if (r < 0)
			return r;
		if (is_named(f, &names, s.name, ".BTF"))
			return take_section(f, &e, &s, ret);
	}
	return -ENOENT;
}

/* Images that hold a compressed one: Documentation/x86/boot.rst, and the kernel's
 * drivers/firmware/efi/libstub/zboot-header.S. */

static int find_bzimage(const struct file *f, struct kernel_image *ret)
{
	uint64_t setup = f->head[0x1f1] ? f->head[0x1f1] : 4;
	uint64_t offset = bytes_get32(f->head + 0x248, false);

	*ret = (struct kernel_image){.kind = KERNEL_PACKED, .arch = "x86"};
	if (bytes_get16(f->head + 0x206, false) < 0x208)
		return elf_malformed(f->why, "it is older than Linux 2.6.24");
	ret->offset = (setup + 1) * 512 + offset;
	ret->len = bytes_get32(f->head + 0x24c, false);
	if (!is_inside(ret->offset, ret->len, f->size) || ret->len < 16)
		return elf_malformed(f->why, "its compressed kernel is cut off");
	uint8_t magic[2];
	int r = read_at(f, ret->offset, magic, sizeof(magic));
	/* But for gzip, whose own it is, the kernel's build adds the size. */
	if (r == 0 && memcmp(magic, "\x1f\x8b", 2) != 0)
		ret->len -= 4;
	return r;
}

static int find_zboot(const struct file *f, struct kernel_image *ret)
{
	*ret = (struct kernel_image){
		.kind = KERNEL_PACKED,
		.offset = bytes_get32(f->head + 8, false),
		.len = bytes_get32(f->head + 12, false),
	};
	if (!is_inside(ret->offset, ret->len, f->size) || ret->len < 16)
		return elf_malformed(f->why, "its compressed kernel is cut off");
	return 0;
}

/* Images of memory, in which BTF is somewhere, by the header that the kernel's build gives it. */

static uint64_t image_btf_length(const uint8_t *header, bool big, uint64_t room)
{
	if (bytes_get16(header, big) != BTF_MAGIC || header[2] != 1 || header[3] != 0 ||
	    bytes_get32(header + 4, big) != BTF_HEADER || bytes_get32(header + 8, big) != 0 ||
	    bytes_get32(header + 16, big) != bytes_get32(header + 12, big))
		return 0;
	return btf_length(header, big, room);
}

/* The largest. Blocks overlap, so that each header is whole in one. */
static int find_in_image(const struct file *f, const char *arch, struct kernel_image *ret)
{
	cleanup_free uint8_t *block = malloc(SCAN_SIZE + BTF_HEADER);

	if (!block)
		return -ENOMEM;
	*ret = (struct kernel_image){
		.kind = KERNEL_IMAGE, .arch = arch, .big = strcmp(arch, "s390") == 0};
	for (uint64_t at = 0; at < f->size; at += SCAN_SIZE) {
		uint64_t left = f->size - at;
		size_t len = left < SCAN_SIZE + BTF_HEADER ? (size_t)left : SCAN_SIZE + BTF_HEADER;
		int r = read_at(f, at, block, len);
		if (r < 0)
			return r;
		for (size_t i = 0; i + BTF_HEADER <= len; i += 4) {
			uint64_t size = image_btf_length(block + i, ret->big, left - i);
			if (size > ret->len) {
				ret->offset = at + i;
				ret->len = size;
			}
		}
	}
	return ret->len ? 0 : -ENOENT;
}

static bool is_compressed(const uint8_t *head)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magics[] = {{"\x1f\x8b", 2},
		      {"\xfd"
		       "7zXZ",
		       5},
		      {"\x28\xb5\x2f\xfd", 4},
		      {"\x02\x21\x4c\x18", 4},
		      {"\x04\x22\x4d\x18", 4},
		      {"BZh", 3}};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (memcmp(head, magics[i].bytes, magics[i].len) == 0)
			return true;
	return false;
}

/* Images of arm and s390, which do not say where in them the compressed kernel is: the kernel's
 * head.S of both. */

static bool is_boot(const struct file *f, const char **ret_arch)
{
	enum { ARM_MAGIC = 0x016f2818 };
	uint8_t entry[6];

	if (bytes_get32(f->head + 0x24, false) == ARM_MAGIC)
		*ret_arch = "arm";
	else if (f->size > 0x10010 && read_at(f, 0x10008, entry, sizeof(entry)) == 0 &&
		 memcmp(entry, "S390EP", sizeof(entry)) == 0)
		*ret_arch = "s390";
	else
		return false;
	return true;
}

/* The two bytes of gzip alone are found by chance. */
static bool begins_packed(const uint8_t *data)
{
	return is_compressed(data) && (data[0] != 0x1f || data[2] == 8);
}

int kernel_image_next(int fd, struct kernel_image *image)
{
	enum { LONGEST = 5 };
	cleanup_free uint8_t *block = malloc(SCAN_SIZE);
	const char *why;
	struct file f = {.fd = fd, .why = &why};

	if (!block)
		return -ENOMEM;
	while (image->len > LONGEST) {
		size_t len = image->len < SCAN_SIZE ? (size_t)image->len : SCAN_SIZE;
		size_t i = 1;
		int r = read_at(&f, image->offset, block, len);
		if (r < 0)
			return r;
		while (i + LONGEST <= len && !begins_packed(block + i))
			i++;
		bool found = i + LONGEST <= len;
		/* Blocks overlap, so that each beginning is whole in one. */
		i -= found ? 0 : 1;
		image->offset += i;
		image->len -= i;
		if (found)
			return 0;
		if (len < SCAN_SIZE)
			break;
	}
	return -ENOENT;
}

int kernel_image_find_memory(int fd, const char *arch, struct kernel_image *ret, const char **why)
{
	struct file f = {.fd = fd, .why = why};
	struct stat st;

	*why = NULL;
	if (fstat(fd, &st) < 0)
		return -errno;
	f.size = (uint64_t)st.st_size;
	int r = find_in_image(&f, arch, ret);
	if (r == -ENOENT)
		*why = no_btf;
	return r;
}

static bool is_at(const struct file *f, size_t at, const char *magic)
{
	return memcmp(f->head + at, magic, strlen(magic)) == 0;
}

static int find(const struct file *f, struct kernel_image *ret)
{
	const char *arch;

	if (looks_like_btf(f->head))
		return find_raw(f, ret);
	if (is_at(f, 0, "\177ELF"))
		return find_elf(f, ret);
	if (is_at(f, 0, "MZ") && is_at(f, 4, "zimg"))
		return find_zboot(f, ret);
	if (is_at(f, 0x202, "HdrS") && bytes_get16(f->head + 0x1fe, false) == 0xaa55)
		return find_bzimage(f, ret);
	if (is_at(f, 0x38, "ARM\x64"))
		return find_in_image(f, "arm64", ret);
	if (is_at(f, 0x30, "RISCV") || is_at(f, 0x38, "RSC\x05"))
		return find_in_image(f, "riscv", ret);
	if (is_boot(f, &arch)) {
		*ret = (struct kernel_image){.kind = KERNEL_BOOT, .arch = arch, .len = f->size};
		return 0;
	}
	*ret = (struct kernel_image){.kind = KERNEL_PACKAGE, .len = f->size};
	if (is_at(f, 0, "!<arch>\ndebian-binary"))
		return 0;
	ret->kind = KERNEL_STREAM;
	if (is_compressed(f->head))
		return 0;
	return elf_malformed(f->why, "it is no kernel, and holds no BTF");
}

int kernel_image_find(int fd, struct kernel_image *ret, const char **why)
{
	struct file f = {.fd = fd, .why = why};
	struct kernel_image image;
	struct stat st;

	*why = NULL;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -ESPIPE;
	f.size = (uint64_t)st.st_size;
	if (f.size < BTF_HEADER)
		return elf_malformed(why, "it is no kernel, and holds no BTF");
	if (f.size > KERNEL_SIZE_MAX)
		return -EFBIG;
	int r = read_at(&f, 0, f.head, f.size < HEAD_SIZE ? (size_t)f.size : HEAD_SIZE);
	if (r == 0)
		r = find(&f, &image);
	if (r == -ENOENT)
		*why = no_btf;
	if (r < 0)
		return r;
	*ret = image;
	return 0;
}
