/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "object/bytes.h"
#include "object/kernel-image.h"

enum { BTF_LEN = 24 + 12 + 5, ELF_MAX = 4096 };

static const char *why;

/* One type: an int. */
static void make_btf(uint8_t *at, bool big)
{
	memset(at, 0, BTF_LEN);
	bytes_put16(at, 0xeb9f, big);
	at[2] = 1;
	bytes_put32(at + 4, 24, big);
	bytes_put32(at + 12, 12, big);
	bytes_put32(at + 16, 12, big);
	bytes_put32(at + 20, 5, big);
	memcpy(at + 24 + 12, "\0int", 5);
}

static int find(const void *data, size_t len, struct kernel_image *ret)
{
	cleanup_close int fd = open("image", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	why = NULL;
	return kernel_image_find(fd, ret, &why);
}

static void assert_refused(const void *data, size_t len, int error, const char *expected)
{
	struct kernel_image image;

	ck_assert_int_eq(find(data, len, &image), error);
	ck_assert_msg(why && strstr(why, expected), "%s, not: %s", why ? why : "nothing", expected);
}

TEST(btf)
{
	for (int big = 0; big < 2; big++) {
		struct kernel_image image;
		uint8_t data[BTF_LEN];

		make_btf(data, big);
		ck_assert_int_eq(find(data, sizeof(data), &image), 0);
		ck_assert_int_eq(image.kind, KERNEL_BTF);
		ck_assert_uint_eq(image.offset, 0);
		ck_assert_uint_eq(image.len, BTF_LEN);
		ck_assert_int_eq(image.big, big);
		ck_assert_ptr_eq(image.arch, NULL);
		assert_refused(data, sizeof(data) - 1, -ENOEXEC, "outside of the file");
		bytes_put32(data + 4, 8, big);
		assert_refused(data, sizeof(data), -ENOEXEC, "outside of the file");
		make_btf(data, big);
		bytes_put32(data + 12, 0xfffffff0, big);
		assert_refused(data, sizeof(data), -ENOEXEC, "outside of the file");
	}
}

struct elf_kind {
	bool big, wide;
	unsigned machine;
	const char *arch;
};

static void put_word(uint8_t *at, uint64_t value, const struct elf_kind *k)
{
	if (k->wide)
		bytes_put64(at, value, k->big);
	else
		bytes_put32(at, (uint32_t)value, k->big);
}

static void put_section(uint8_t *at, uint32_t name, uint32_t type, uint64_t offset, uint64_t size,
			const struct elf_kind *k)
{
	bytes_put32(at, name, k->big);
	bytes_put32(at + 4, type, k->big);
	put_word(at + (k->wide ? 24 : 16), offset, k);
	put_word(at + (k->wide ? 32 : 20), size, k);
}

/* Sections: none, names, .text, .BTF. */
static size_t make_elf(uint8_t *e, const struct elf_kind *k)
{
	static const char names[] = "\0.shstrtab\0.text\0.BTF";
	size_t entry = k->wide ? 64 : 40, names_at = 64, btf_at = 128, sections_at = 256;

	memset(e, 0, ELF_MAX);
	memcpy(e, "\177ELF", 4);
	e[4] = k->wide ? 2 : 1;
	e[5] = k->big ? 2 : 1;
	bytes_put16(e + 18, (uint16_t)k->machine, k->big);
	put_word(e + (k->wide ? 40 : 32), sections_at, k);
	bytes_put16(e + (k->wide ? 58 : 46), (uint16_t)entry, k->big);
	bytes_put16(e + (k->wide ? 60 : 48), 4, k->big);
	bytes_put16(e + (k->wide ? 62 : 50), 1, k->big);
	memcpy(e + names_at, names, sizeof(names));
	make_btf(e + btf_at, k->big);
	put_section(e + sections_at + entry, 1, 3, names_at, sizeof(names), k);
	put_section(e + sections_at + 2 * entry, 11, 1, 64, 4, k);
	put_section(e + sections_at + 3 * entry, 17, 1, btf_at, BTF_LEN, k);
	return sections_at + 4 * entry;
}

TEST(elf)
{
	static const struct elf_kind kinds[] = {
		{false, true, 62, "x86"},    {false, true, 183, "arm64"},
		{true, true, 22, "s390"},    {true, false, 8, "mips"},
		{false, false, 40, "arm"},   {false, true, 243, "riscv"},
		{true, true, 21, "powerpc"}, {false, true, 258, "loongarch"}};

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		struct kernel_image image;
		uint8_t e[ELF_MAX];
		size_t len = make_elf(e, &kinds[i]);

		ck_assert_int_eq(find(e, len, &image), 0);
		ck_assert_int_eq(image.kind, KERNEL_ELF);
		ck_assert_str_eq(image.arch, kinds[i].arch);
		ck_assert_uint_eq(image.offset, 128);
		ck_assert_uint_eq(image.len, BTF_LEN);
		ck_assert_int_eq(image.big, kinds[i].big);
	}
}

TEST(elf_of_none)
{
	static const struct elf_kind none = {false, true, 0xf00, NULL},
				     bpf = {false, true, 247, NULL};
	struct kernel_image image;
	uint8_t e[ELF_MAX];
	size_t len = make_elf(e, &none);

	ck_assert_int_eq(find(e, len, &image), 0);
	ck_assert_ptr_eq(image.arch, NULL);
	len = make_elf(e, &bpf);
	ck_assert_int_eq(find(e, len, &image), -ENOEXEC);
}

/* More sections than the header has room for. */
TEST(elf_counts_elsewhere)
{
	static const struct elf_kind k = {false, true, 62, "x86"};
	struct kernel_image image;
	uint8_t e[ELF_MAX];
	size_t len = make_elf(e, &k);

	bytes_put16(e + 60, 0, false);
	bytes_put16(e + 62, 0xffff, false);
	bytes_put64(e + 256 + 32, 4, false);
	bytes_put32(e + 256 + 40, 1, false);
	ck_assert_int_eq(find(e, len, &image), 0);
	bytes_put64(e + 256 + 32, UINT64_C(1) << 40, false);
	assert_refused(e, len, -ENOEXEC, "section headers");
}

TEST(elf_refused)
{
	static const struct elf_kind k = {false, true, 62, "x86"};
	static const struct {
		size_t at, bytes;
		uint64_t value;
		int error;
		const char *why;
	} bad[] = {
		{4, 1, 3, -ENOEXEC, "class"},
		{5, 1, 3, -ENOEXEC, "byte order"},
		{40, 8, 0, -ENOEXEC, "no section headers"},
		{40, 8, UINT64_MAX, -ENOEXEC, "no section headers"},
		{58, 2, 63, -ENOEXEC, "no section headers"},
		{60, 2, 0xfff0, -ENOEXEC, "outside of the file"},
		{62, 2, 9, -ENOEXEC, "outside of the file"},
		{256 + 64 + 24, 8, UINT64_MAX, -ENOEXEC, "names"},
		{256 + 3 * 64 + 24, 8, 1 << 20, -ENOEXEC, "cut off"},
		{256 + 3 * 64 + 32, 8, UINT64_MAX, -ENOEXEC, "cut off"},
		{256 + 3 * 64 + 32, 8, 30, -ENOEXEC, "holds none"},
		{256 + 3 * 64 + 4, 4, 8, -ENOEXEC, "is empty"},
		{128, 2, 1, -ENOEXEC, "holds none"},
		{256 + 3 * 64, 4, 11, -ENOENT, "CONFIG_DEBUG_INFO_BTF"},
		{256 + 3 * 64, 4, 0x7fffffff, -ENOENT, "CONFIG_DEBUG_INFO_BTF"},
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		uint8_t e[ELF_MAX];
		size_t len = make_elf(e, &k);

		for (size_t j = 0; j < bad[i].bytes; j++)
			e[bad[i].at + j] = (uint8_t)(bad[i].value >> 8 * j);
		assert_refused(e, len, bad[i].error, bad[i].why);
	}
}

TEST(elf_cut_off)
{
	static const struct elf_kind k = {false, true, 62, "x86"};
	struct kernel_image image;
	uint8_t e[ELF_MAX];
	size_t len = make_elf(e, &k);

	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(find(e, i, &image), -ENOEXEC);
}

TEST(bzimage)
{
	struct kernel_image image;
	uint8_t b[4096] = {0};

	b[0x1f1] = 1;
	memcpy(b + 0x1fe, "\x55\xaa", 2);
	memcpy(b + 0x202, "HdrS", 4);
	bytes_put16(b + 0x206, 0x20f, false);
	bytes_put32(b + 0x248, 100, false);
	bytes_put32(b + 0x24c, 500, false);
	ck_assert_int_eq(find(b, sizeof(b), &image), 0);
	ck_assert_int_eq(image.kind, KERNEL_PACKED);
	ck_assert_str_eq(image.arch, "x86");
	ck_assert_uint_eq(image.offset, 1124);
	ck_assert_uint_eq(image.len, 496); /* without the size behind it, */
	memcpy(b + 1124, "\x1f\x8b", 2);   /* which gzip has itself */
	ck_assert_int_eq(find(b, sizeof(b), &image), 0);
	ck_assert_uint_eq(image.len, 500);
	assert_refused(b, 1600, -ENOEXEC, "cut off");
	bytes_put32(b + 0x24c, 4, false);
	assert_refused(b, sizeof(b), -ENOEXEC, "cut off");
	bytes_put16(b + 0x206, 0x207, false);
	assert_refused(b, sizeof(b), -ENOEXEC, "older");
}

TEST(zboot)
{
	struct kernel_image image;
	uint8_t z[256] = "MZ\0\0zimg";

	bytes_put32(z + 8, 64, false);
	bytes_put32(z + 12, 100, false);
	ck_assert_int_eq(find(z, sizeof(z), &image), 0);
	ck_assert_int_eq(image.kind, KERNEL_PACKED);
	ck_assert_uint_eq(image.offset, 64);
	ck_assert_uint_eq(image.len, 100);
	assert_refused(z, 100, -ENOEXEC, "cut off");
}

/* The largest is the kernel's, also across the blocks in which it is looked for. */
TEST(image_of_memory)
{
	size_t len = (1 << 20) + 4096, at = (1 << 20) - 12;
	cleanup_free uint8_t *data = calloc(1, len);
	struct kernel_image image;

	ck_assert_ptr_ne(data, NULL);
	memcpy(data + 0x38, "ARM\x64", 4);
	assert_refused(data, len, -ENOENT, "CONFIG_DEBUG_INFO_BTF");
	make_btf(data + 512, false);
	bytes_put32(data + 512 + 20, 1, false);
	make_btf(data + at, false);
	make_btf(data + at + 1024, false);
	bytes_put32(data + at + 1024 + 12, 1 << 24, false); /* leads out of it */
	ck_assert_int_eq(find(data, len, &image), 0);
	ck_assert_int_eq(image.kind, KERNEL_IMAGE);
	ck_assert_str_eq(image.arch, "arm64");
	ck_assert_uint_eq(image.offset, at);
	ck_assert_uint_eq(image.len, BTF_LEN);
	memset(data + 0x38, 0, 4);
	memcpy(data + 0x30, "RISCV", 5);
	ck_assert_int_eq(find(data, len, &image), 0);
	ck_assert_str_eq(image.arch, "riscv");
}

/* An image that does not say where in it the kernel is. */
TEST(boot_images)
{
	size_t len = (2 << 20) + 100, at[] = {3000, (1 << 20) - 2, 2 << 20};
	cleanup_free uint8_t *data = calloc(1, len);
	struct kernel_image image;

	memcpy(data + 1000, "\x1f\x8b\x07", 3); /* is none of gzip's */
	memcpy(data + at[0], "\x1f\x8b\x08", 3);
	memcpy(data + at[1],
	       "\xfd"
	       "7zXZ",
	       5);
	memcpy(data + at[2], "\x28\xb5\x2f\xfd", 4);
	memcpy(data + len - 3, "BZh", 3); /* with nothing behind it */
	memcpy(data + 0x10008, "S390EP", 6);
	ck_assert_int_eq(find(data, len, &image), 0);
	ck_assert_str_eq(image.arch, "s390");
	bytes_put32(data + 0x24, 0x016f2818, false);
	ck_assert_int_eq(find(data, len, &image), 0);
	ck_assert_int_eq(image.kind, KERNEL_BOOT);
	ck_assert_str_eq(image.arch, "arm");
	cleanup_close int fd = open("image", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < LENGTH(at); i++) {
		ck_assert_int_eq(kernel_image_next(fd, &image), 0);
		ck_assert_uint_eq(image.offset, at[i]);
		ck_assert_uint_eq(image.len, len - at[i]);
	}
	ck_assert_int_eq(kernel_image_next(fd, &image), -ENOENT);
	ck_assert_int_eq(kernel_image_next(fd, &image), -ENOENT);
}

/* What they unpack to. */
TEST(memory_without_a_header)
{
	for (int big = 0; big < 2; big++) {
		uint8_t data[4096] = {0};
		struct kernel_image image;

		make_btf(data + 512, big);
		(void)find(data, sizeof(data), &image);
		cleanup_close int fd = open("image", O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(kernel_image_find_memory(fd, big ? "s390" : "arm", &image, &why),
				 0);
		ck_assert_uint_eq(image.offset, 512);
		ck_assert_uint_eq(image.len, BTF_LEN);
		ck_assert_int_eq(image.big, big);
		ck_assert_int_eq(kernel_image_find_memory(fd, big ? "arm" : "s390", &image, &why),
				 -ENOENT);
		ck_assert_ptr_ne(strstr(why, "CONFIG_DEBUG_INFO_BTF"), NULL);
	}
	ck_assert_int_eq(kernel_image_find_memory(-1, "arm", &(struct kernel_image){0}, &why),
			 -EBADF);
}

TEST(others)
{
	static const struct {
		const char *text;
		size_t len;
		enum kernel_kind kind;
	} kinds[] = {{"!<arch>\ndebian-binary   ", 24, KERNEL_PACKAGE},
		     {"\x1f\x8b", 2, KERNEL_STREAM},
		     {"\xfd"
		      "7zXZ",
		      5, KERNEL_STREAM},
		     {"\x28\xb5\x2f\xfd", 4, KERNEL_STREAM},
		     {"\x02\x21\x4c\x18", 4, KERNEL_STREAM},
		     {"BZh9", 4, KERNEL_STREAM}};
	uint8_t zeroes[100] = {0};

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		struct kernel_image image;
		uint8_t data[100] = {0};

		memcpy(data, kinds[i].text, kinds[i].len);
		ck_assert_int_eq(find(data, sizeof(data), &image), 0);
		ck_assert_int_eq(image.kind, kinds[i].kind);
		ck_assert_uint_eq(image.len, sizeof(data));
	}
	assert_refused(zeroes, sizeof(zeroes), -ENOEXEC, "no kernel");
	assert_refused(zeroes, 0, -ENOEXEC, "no kernel");
}

TEST(no_file)
{
	cleanup_close int dir = open(".", O_RDONLY | O_CLOEXEC);
	struct kernel_image image;

	ck_assert_int_eq(kernel_image_find(dir, &image, &why), -EISDIR);
	ck_assert_int_eq(kernel_image_find(-1, &image, &why), -EBADF);
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	cleanup_close int pipe = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(kernel_image_find(pipe, &image, &why), -ESPIPE);
	cleanup_close int huge = open("huge", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (ftruncate(huge, (off_t)KERNEL_SIZE_MAX + 1) == 0)
		ck_assert_int_eq(kernel_image_find(huge, &image, &why), -EFBIG);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, btf);
	tcase_add_test(c, elf);
	tcase_add_test(c, elf_of_none);
	tcase_add_test(c, elf_counts_elsewhere);
	tcase_add_test(c, elf_refused);
	tcase_add_test(c, elf_cut_off);
	tcase_add_test(c, bzimage);
	tcase_add_test(c, zboot);
	tcase_add_test(c, image_of_memory);
	tcase_add_test(c, boot_images);
	tcase_add_test(c, memory_without_a_header);
	tcase_add_test(c, others);
	tcase_add_test(c, no_file);
}

int main(void)
{
	return suite_run("kernel_image", add_tests);
}
