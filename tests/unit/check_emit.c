/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/emit.h"
#include "make-object.h"
#include "object/object.h"
#include "shared/io.h"

static struct strbuf compiled;
static struct state_output output;
static struct crossbpf_error error;
static struct strv inputs;
static bool uses_arch;

static void begin(void)
{
	strbuf_free(&compiled);
	strv_free(&inputs);
	error_free(&error);
	error = (struct crossbpf_error){0};
	output = (struct state_output){0};
	uses_arch = false;
}

static void end_begun(int *unused)
{
	(void)unused;
	begin();
}

#define BENCH()                                                     \
	__attribute__((cleanup(end_begun), unused)) int bench_ = 0; \
	begin()

static char *search[] = {(char *)"/usr/include"};
static const struct toolchain toolchain = {.search = {.v = search, .n = LENGTH(search)}};

/* What a compiler would write, with a structure of that name in its BTF. */
static void compile(const char *type, bool big)
{
	struct made m;

	made_object_with(&m, big, type);
	strbuf_free(&compiled);
	strbuf_add(&compiled, (const char *)m.data, m.len);
}

static int emit_to(char *object, bool keep_debug, const char *target)
{
	static char source[] = "a.bpf.c";
	const struct build_variant variant = {.target = target, .arch = "arm64"};
	const struct build_action action = {
		.source = source, .object = object, .variant = &variant};
	const struct emit emit = {
		.keep_debug = keep_debug,
		.action = &action,
		.root = ".",
		.toolchain = &toolchain,
		.inputs = &inputs,
	};
	cleanup_strbuf struct strbuf made = {0};

	int r = emit_object(&emit, &compiled, &made, &uses_arch, &error);
	return r < 0 ? r : emit_file(".", object, &made, &output, &error);
}

/* It must become a.o; the caller frees it. */
static void emitted(bool keep_debug, const char *target, struct strbuf *ret_object)
{
	char object[] = "a.o";

	int r = emit_to(object, keep_debug, target);
	ck_assert_msg(r == 0, "%s", error.message);
	ck_assert_int_eq(error.status, EXIT_STATUS_OK);
	ck_assert_int_eq(io_read_file("a.o", 1 << 20, ret_object), 0);
}

static void assert_stamp(const struct strbuf *object, const char *target, const char *arch)
{
	struct object_stamp stamp;
	const char *why;

	ck_assert_int_eq(object_read_stamp(object->data, object->len, &stamp, &why), 0);
	ck_assert_str_eq(stamp.target, target);
	ck_assert_str_eq(stamp.arch, arch);
}

static void assert_arch(const char *type, const char *input, const char *arch)
{
	cleanup_strbuf struct strbuf object = {0};
	BENCH();

	compile(type, false);
	strv_add(&inputs, "a.bpf.c");
	if (input)
		strv_add(&inputs, input);
	strv_add(&inputs, "/usr/include/linux/bpf.h");
	emitted(false, "bpfel", &object);
	assert_stamp(&object, "bpfel", arch);
	ck_assert_int_eq(uses_arch, strcmp(arch, "any") != 0);
}

TEST(depends_on_no_architecture)
{
	ck_assert_int_eq(mkdir("wasm", 0700), 0);
	write_text("wasm/types.h", "int x;\n");
	write_text("asm.h", "int x;\n");
	write_text("a.bpf.c", "int x;\n");
	assert_arch("some", NULL, "any");
	assert_arch("pt_regs_not", "/usr/include/asm-generic/types.h", "any");
	assert_arch("some", "asm.h", "any");
	assert_arch("some", "/usr/include/asm", "any");
	assert_arch("some", "wasm/types.h", "any");
}

TEST(depends_on_registers)
{
	assert_arch("pt_regs", NULL, "arm64");
	assert_arch("user_pt_regs", NULL, "arm64");
	assert_arch("user_regs_struct", NULL, "arm64");
}

TEST(depends_on_headers_of_the_architecture)
{
	write_text("a.bpf.c", "int x;\n");
	assert_arch("some", "/usr/include/x86_64-linux-gnu/asm/ptrace.h", "arm64");
	assert_arch("some", "/usr/include/x86_64-linux-gnu/asm/types.h", "any");
	assert_arch("some", "asm/types.h", "arm64"); /* which is not there to be read */
	assert_arch("some", "./asm/types.h", "arm64");
	assert_arch("some", "arch/arm64/include/asm/uapi/x.h", "arm64");
}

TEST(big_endian)
{
	cleanup_strbuf struct strbuf object = {0};
	BENCH();

	compile("pt_regs", true);
	emitted(false, "bpfeb", &object);
	assert_stamp(&object, "bpfeb", "arm64");
}

/* What is told of the output is true. */
TEST(output_is_described)
{
	cleanup_strbuf struct strbuf object = {0};
	uint8_t digest[DIGEST_SIZE];
	struct digest d;
	struct stat st;
	BENCH();

	compile("some", false);
	emitted(false, "bpfel", &object);
	ck_assert_str_eq(output.path, "a.o");
	ck_assert_int_eq(stat("a.o", &st), 0);
	ck_assert_uint_eq(output.st.st_ino, st.st_ino);
	ck_assert_uint_eq((size_t)output.st.st_size, object.len);
	ck_assert(io_mtime(&output.st) == io_mtime(&st));
	digest_init(&d);
	digest_bytes(&d, object.data, object.len);
	digest_finish_bytes(&d, digest);
	ck_assert_mem_eq(output.digest, digest, DIGEST_SIZE);
}

static bool holds(const struct strbuf *object, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i + len <= object->len; i++)
		if (memcmp(object->data + i, name, len) == 0)
			return true;
	return false;
}

TEST(debug_information_is_kept_where_asked_for)
{
	cleanup_strbuf struct strbuf with = {0}, without = {0};
	BENCH();

	compile("some", false);
	emitted(true, "bpfel", &with);
	emitted(false, "bpfel", &without);
	ck_assert(holds(&with, ".debug_info"));
	ck_assert(!holds(&without, ".debug_info"));
	assert_stamp(&with, "bpfel", "any");
}

static void refused(const char *content, size_t len)
{
	char object[] = "a.o";
	BENCH();

	write_text("a.o", "old");
	strbuf_add(&compiled, content, len);
	ck_assert_int_eq(emit_to(object, false, "bpfel"), -ENOEXEC);
	ck_assert_int_eq(error.status, EXIT_STATUS_FAILED);
	assert_contains(error.message,
			"what the compiler wrote for a.bpf.c is no sound BPF object");
	assert_contains(error.hint, "clang for BPF");
	assert_text("a.o", "old");
	ck_assert_uint_eq(count_entries("."), 1);
}

TEST(no_objects)
{
	struct made m;

	refused("", 0);
	refused("garbage", 7);
	made_object(&m, false);
	refused((const char *)m.data, 64);
	refused((const char *)m.data, m.len - 1);
	made_put(&m, m.data + 18, 2, 62); /* a machine's own */
	refused((const char *)m.data, m.len);
	/* Sound but for its BTF. */
	m = (struct made){0};
	made_init(&m);
	m.sections[MADE_BTF].data[0] = 0;
	made_finish(&m);
	refused((const char *)m.data, m.len);
}

/* What is found while it is rewritten. */
TEST(symbols_of_no_section)
{
	struct made m = {0};

	made_init(&m);
	made_symbol(&m, "lost", 0x10, 200, 0);
	made_finish(&m);
	refused((const char *)m.data, m.len);
}

TEST(no_stamp_can_be_written)
{
	char object[] = "a.o";
	BENCH();

	compile("some", false);
	ck_assert_int_eq(emit_to(object, false, "BPF EL"), -EINVAL);
	ck_assert_int_eq(error.status, EXIT_STATUS_FAILED);
	assert_contains(error.message, strerror(EINVAL));
	ck_assert(!is_there("a.o"));
}

static int put(const char *root, const char *path, const char *text)
{
	cleanup_strbuf struct strbuf content = {0};

	error_free(&error);
	error = (struct crossbpf_error){0};
	strbuf_puts(&content, text);
	return emit_file(root, path, &content, &output, &error);
}

TEST(files_are_put_in_the_root)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *absolute = str_printf("%s/abs/x", here);
	BENCH();

	ck_assert_int_eq(mkdir("root", 0700), 0);
	ck_assert_int_eq(put("root", "x", "one"), 0);
	ck_assert_int_eq(put("root", "d/e/x", "two"), 0);
	ck_assert_int_eq(put("root", "../beside", "three"), 0);
	ck_assert_int_eq(put("root", absolute, "four"), 0);
	ck_assert_str_eq(output.path, absolute);
	assert_text("root/x", "one");
	assert_text("root/d/e/x", "two");
	assert_text("beside", "three");
	assert_text("abs/x", "four");
	ck_assert_uint_eq(count_entries("root"), 2);
	ck_assert_int_eq(put("root", "x", ""), 0);
	assert_text("root/x", "");
}

TEST(files_have_the_modes_of_new_ones)
{
	struct stat st;
	BENCH();

	mode_t old = umask(027);
	ck_assert_int_eq(put(".", "d/x", "one"), 0);
	umask(old);
	ck_assert_int_eq(stat("d/x", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(stat("d", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0750);
}

static void unwritable(const char *path)
{
	ck_assert_int_lt(put(".", path, "new"), 0);
	ck_assert_int_eq(error.status, EXIT_STATUS_OUTPUT);
	assert_contains(error.message, "cannot write ");
	assert_contains(error.message, path);
	ck_assert_ptr_ne(error.hint, NULL);
}

TEST(files_that_cannot_be_put)
{
	BENCH();

	write_text("file", "old");
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	unwritable("file/x");
	unwritable("file/d/x");
	unwritable("dir");
	unwritable("dir/");
	assert_text("file", "old");
	ck_assert_uint_eq(count_entries("."), 2);
	ck_assert_uint_eq(count_entries("dir"), 0);
}

/* Written where they are. */
TEST(devices)
{
	char object[] = "/dev/null";
	BENCH();

	compile("some", false);
	ck_assert_int_eq(emit_to(object, false, "bpfel"), 0);
	ck_assert(S_ISCHR(output.st.st_mode));
	ck_assert_str_eq(output.path, "/dev/null");
}

TEST(named_pipes)
{
	struct stat st;
	BENCH();

	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "cat pipe >copy", (char *)NULL);
		_exit(127);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(put(".", "pipe", "through\n"), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	assert_text("copy", "through\n");
	ck_assert_int_eq(lstat("pipe", &st), 0);
	ck_assert(S_ISFIFO(st.st_mode));
	ck_assert(S_ISFIFO(output.st.st_mode));
}

/* The link stays, and what it leads to is written. */
TEST(links)
{
	struct stat st;
	BENCH();

	write_text("target", "old and longer");
	ck_assert_int_eq(symlink("target", "link"), 0);
	ck_assert_int_eq(put(".", "link", "new"), 0);
	assert_text("target", "new");
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert(S_ISREG(output.st.st_mode));
	ck_assert_uint_eq((size_t)output.st.st_size, 3);
}

/* Where the source itself lies says nothing. */
TEST(source_in_a_directory_asm)
{
	cleanup_strbuf struct strbuf object = {0};
	char name[] = "a.o", source[] = "asm/a.bpf.c";
	const struct build_variant variant = {.target = "bpfel", .arch = "arm64"};
	const struct build_action action = {.source = source, .object = name, .variant = &variant};
	const struct emit emit = {
		.action = &action, .root = ".", .toolchain = &toolchain, .inputs = &inputs};
	BENCH();

	ck_assert_int_eq(mkdir("asm", 0700), 0);
	write_text(source, "int x;\n");

	compile("some", false);
	strv_add(&inputs, source);
	ck_assert_int_eq(emit_object(&emit, &compiled, &object, &uses_arch, &error), 0);
	ck_assert(!uses_arch);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, depends_on_no_architecture);
	tcase_add_test(c, depends_on_registers);
	tcase_add_test(c, depends_on_headers_of_the_architecture);
	tcase_add_test(c, big_endian);
	tcase_add_test(c, output_is_described);
	tcase_add_test(c, debug_information_is_kept_where_asked_for);
	tcase_add_test(c, no_objects);
	tcase_add_test(c, symbols_of_no_section);
	tcase_add_test(c, no_stamp_can_be_written);
	tcase_add_test(c, files_are_put_in_the_root);
	tcase_add_test(c, files_have_the_modes_of_new_ones);
	tcase_add_test(c, files_that_cannot_be_put);
	tcase_add_test(c, devices);
	tcase_add_test(c, named_pipes);
	tcase_add_test(c, links);
	tcase_add_test(c, source_in_a_directory_asm);
}

int main(void)
{
	return suite_run("emit", add_tests);
}
