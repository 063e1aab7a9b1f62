/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/guest-kernel.h"
#include "shared/io.h"

/* Kernels by path; tests/integration/verify.test has those of packages. */

/* As much of a bzImage as says what it is; it has no kernel to unpack. */
static void make_image(const char *path)
{
	static unsigned char b[4096];

	memset(b, 0, sizeof(b));
	b[0x1f1] = 1;
	memcpy(b + 0x1fe, "\x55\xaa", 2);
	memcpy(b + 0x202, "HdrS", 4);
	b[0x206] = 0x0f;
	b[0x207] = 0x02;
	b[0x248] = 0; /* payload_offset */
	b[0x24c] = 64;
	memcpy(b + 1024, "\x1f\x8b\x08", 3);
	ck_assert_int_eq(io_make_parents(path, 0755), 0);
	ck_assert_int_eq(io_replace_file(path, b, sizeof(b)), 0);
}

static void make_file(const char *path)
{
	ck_assert_int_eq(io_make_parents(path, 0755), 0);
	ck_assert_int_eq(io_replace_file(path, path, strlen(path)), 0);
}

static int find(const char *word, struct guest_kernel *ret, struct crossbpf_error *e)
{
	const struct guest_kernel_request request = {
		.word = word, .arch = "x86", .module_dir = MODULE_DIR, .control = -1};

	return guest_kernel_find(&request, ret, e);
}

static void expect(const char *word, const char *image, size_t n_modules)
{
	cleanup_guest_kernel struct guest_kernel k = {0};
	cleanup_error struct crossbpf_error e = {0};

	int r = find(word, &k, &e);
	ck_assert_msg(r == 0, "%s: %s", word, e.message);
	ck_assert_str_eq(k.image, image);
	ck_assert_str_eq(k.arch, "x86");
	ck_assert_uint_eq(k.modules.n, n_modules);
}

TEST(files_and_directories)
{
	make_image("root/boot/vmlinuz-6.1.0-9");
	make_image("root/boot/vmlinuz-6.1.0-10");
	make_image("flat/vmlinuz");
	make_file("root/lib/modules/6.1.0-10/kernel/drivers/virtio/virtio.ko.xz");
	make_file("root/lib/modules/6.1.0-10/kernel/drivers/virtio/virtio_ring.ko");
	make_file("root/lib/modules/6.1.0-10/kernel/drivers/char/virtio_console.ko.zst");
	make_file("flat/virtio_pci.ko");
	expect("root", "root/boot/vmlinuz-6.1.0-10", 3);
	expect("root/boot/vmlinuz-6.1.0-10", "root/boot/vmlinuz-6.1.0-10", 3);
	expect("root/boot/vmlinuz-6.1.0-9", "root/boot/vmlinuz-6.1.0-9", 0);
	expect("./flat", "./flat/vmlinuz", 1);

	cleanup_guest_kernel struct guest_kernel k = {0};
	cleanup_error struct crossbpf_error e = {0};
	ck_assert_int_eq(find("root", &k, &e), 0);
	/* Each behind those that it needs. */
	ck_assert_ptr_nonnull(strstr(k.modules.v[0], "virtio_ring.ko"));
	ck_assert_ptr_nonnull(strstr(k.modules.v[1], "virtio.ko.xz"));
}

static void expect_failure(const char *word, const char *message)
{
	cleanup_guest_kernel struct guest_kernel k = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_lt(find(word, &k, &e), 0);
	ck_assert_msg(strstr(e.message, message), "%s: %s", word, e.message);
}

TEST(what_is_no_kernel)
{
	make_file("text");
	ck_assert_int_eq(mkdir("empty", 0755), 0);
	expect_failure("./missing", "cannot read the kernel ./missing: ");
	expect_failure("text", "text is no kernel that boots");
	expect_failure("empty", "there is no kernel in empty");
	expect_failure("latest", "'latest' is no version of a kernel package");
	expect_failure("6.1", "there is no cache directory");
}

TEST(modules_are_unpacked)
{
	static const unsigned char packed[] = {
		/* gzip -n of "module\n" */
		0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0xcd, 0x4f, 0x29,
		0xcd, 0x49, 0xe5, 0x02, 0x00, 0x4f, 0x8a, 0x6e, 0x07, 0x07, 0x00, 0x00, 0x00};
	cleanup_strbuf struct strbuf plain = {0}, unpacked = {0}, damaged = {0};
	cleanup_error struct crossbpf_error e = {0};

	make_file("a.ko");
	make_file("bad.ko.gz");
	ck_assert_int_eq(io_replace_file("b.ko.gz", packed, sizeof(packed)), 0);
	ck_assert_int_eq(guest_kernel_read_module("a.ko", MODULE_DIR, &plain, &e), 0);
	ck_assert_str_eq(plain.data, "a.ko");
	ck_assert_int_eq(guest_kernel_read_module("b.ko.gz", MODULE_DIR, &unpacked, &e), 0);
	ck_assert_str_eq(unpacked.data, "module\n");
	ck_assert_int_lt(guest_kernel_read_module("bad.ko.gz", MODULE_DIR, &damaged, &e), 0);
	ck_assert_ptr_nonnull(strstr(e.message, "cannot read bad.ko.gz"));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, files_and_directories);
	tcase_add_test(c, what_is_no_kernel);
	tcase_add_test(c, modules_are_unpacked);
}

int main(void)
{
	return suite_run("guest_kernel", add_tests);
}
