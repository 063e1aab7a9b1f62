/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/plugin.h"

/* Loads DIR/NAME.so and unloads it: it must do. */
static void assert_loads(const char *dir, const char *name)
{
	cleanup_error struct crossbpf_error e = {0};
	struct plugin p;

	int r = plugin_load(dir, name, &p, &e);
	ck_assert_msg(r == 0, "%s: %s", name, e.message ? e.message : strerror(-r));
	ck_assert_int_eq(e.status, EXIT_STATUS_OK);
	ck_assert_ptr_ne(p.handle, NULL);
	ck_assert_str_eq(p.backend.name, name);
	ck_assert(p.backend.probe && p.backend.open && p.backend.run && p.backend.close);
	plugin_unload(&p);
	ck_assert_ptr_eq(p.handle, NULL);
	ck_assert_ptr_eq(p.backend.name, NULL);
	plugin_unload(&p);
}

/* It must fail by `code` and `status`, with `part` in the message, and write no plugin. */
static void assert_fails(const char *dir, const char *name, int code, enum exit_status status,
			 const char *part)
{
	cleanup_error struct crossbpf_error e = {0};
	struct plugin p, untouched;

	memset(&p, 0x5a, sizeof(p));
	untouched = p;
	ck_assert_int_eq(plugin_load(dir, name, &p, &e), code);
	ck_assert_int_eq(e.status, status);
	assert_contains(e.message, part);
	assert_contains(e.message, name);
	ck_assert_mem_eq(&p, &untouched, sizeof(p));
}

static void assert_refused(const char *name, const char *part)
{
	assert_fails(TEST_PLUGINDIR, name, -ENOEXEC, EXIT_STATUS_NO_BACKEND, part);
}

TEST(native_loads)
{
	assert_loads(BACKEND_DIR, "native");
}

TEST(record_loads)
{
	assert_loads(TEST_PLUGINDIR, "record");
}

/* Made for the first ABI: what came later in it is not there. */
TEST(old_plugin_loads)
{
	cleanup_error struct crossbpf_error e = {0};
	struct plugin p;

	assert_loads(TEST_PLUGINDIR, "old_abi1");
	ck_assert_int_eq(plugin_load(TEST_PLUGINDIR, "old_abi1", &p, &e), 0);
	ck_assert_uint_eq(p.backend.size, offsetof(struct crossbpf_backend, identity));
	ck_assert(p.backend.caps & CROSSBPF_CAP_HOST_FILES);
	ck_assert(!p.backend.identity);
	ck_assert(!p.backend.up && !p.backend.down && !p.backend.status);
	plugin_unload(&p);
}

/* One of a later release: what we do not know of it is not copied. */
TEST(newer_plugin_loads)
{
	cleanup_error struct crossbpf_error e = {0};
	struct plugin p;

	assert_loads(TEST_PLUGINDIR, "newer");
	ck_assert_int_eq(plugin_load(TEST_PLUGINDIR, "newer", &p, &e), 0);
	ck_assert_uint_gt(p.backend.size, sizeof(p.backend));
	plugin_unload(&p);
}

TEST(two_at_once)
{
	cleanup_error struct crossbpf_error e = {0};
	struct plugin a, b;

	ck_assert_int_eq(plugin_load(TEST_PLUGINDIR, "record", &a, &e), 0);
	ck_assert_int_eq(plugin_load(BACKEND_DIR, "native", &b, &e), 0);
	ck_assert_str_eq(a.backend.name, "record");
	ck_assert_str_eq(b.backend.name, "native");
	plugin_unload(&a);
	ck_assert_str_eq(b.backend.name, "native");
	plugin_unload(&b);
}

TEST(wrong_abi_is_refused)
{
	assert_refused("wrong_abi", "ABI 2, this crossbpf speaks ABI 1");
}

TEST(short_table_is_refused)
{
	assert_refused("short_table", "bytes");
}

TEST(missing_operation_is_refused)
{
	assert_refused("missing_operation", "lacks the operation 'run'");
	assert_refused("missing_probe", "lacks the operation 'probe'");
	assert_refused("missing_open", "lacks the operation 'open'");
	assert_refused("missing_close", "lacks the operation 'close'");
}

TEST(wrong_name_is_refused)
{
	assert_refused("wrong_name", "calls itself 'other'");
	assert_refused("nameless", "calls itself ''");
}

TEST(null_table_is_refused)
{
	assert_refused("null_table", "cannot work here");
}

TEST(no_symbol_is_refused)
{
	assert_refused("no_symbol", "has no crossbpf_backend_init");
}

TEST(missing_file)
{
	assert_fails(TEST_PLUGINDIR, "missing", -ENOENT, EXIT_STATUS_NO_BACKEND, "not installed");
	assert_fails("/missing", "native", -ENOENT, EXIT_STATUS_NO_BACKEND,
		     "no other is in /missing");
}

/* No name leads out of the directory. */
TEST(names_that_are_none)
{
	static const char *const names[] = {"",         "../native", "/native", "na/tive",
					    ".",        "native.so", "Native",  "nat ive",
					    "ssh:host", "n\xc3\xa4"};

	for (size_t i = 0; i < LENGTH(names); i++)
		assert_fails(BACKEND_DIR, names[i], -EINVAL, EXIT_STATUS_USAGE,
			     "no backend's name");
	/* These may be. */
	assert_fails(BACKEND_DIR, "a-b_9", -ENOENT, EXIT_STATUS_NO_BACKEND,
		     "'a-b_9' is not installed");
}

/* A copy of the native backend here, as native.so. */
static void copy_native(void)
{
	char chunk[65536];
	size_t n;
	cleanup_fclose FILE *from = fopen(BACKEND_DIR "/native.so", "r");
	cleanup_fclose FILE *to = fopen("native.so", "w");

	ck_assert(from && to);
	while ((n = fread(chunk, 1, sizeof(chunk), from)) > 0)
		ck_assert_uint_eq(fwrite(chunk, 1, n, to), n);
	ck_assert_int_eq(fchmod(fileno(to), 0755), 0);
}

TEST(writable_by_everyone)
{
	cleanup_free char *here = getcwd(NULL, 0);

	copy_native();
	assert_loads(here, "native");
	ck_assert_int_eq(chmod("native.so", 0757), 0);
	assert_fails(here, "native", -EPERM, EXIT_STATUS_NO_BACKEND, "everyone may write");
	ck_assert_int_eq(chmod("native.so", 0755), 0);
	assert_loads(here, "native");
}

/* Root can give a file away; another user finds one in his own directory only if root did so. */
TEST(owned_by_a_stranger)
{
	cleanup_free char *here = getcwd(NULL, 0);

	copy_native();
	if (chown("native.so", geteuid() + 1, (gid_t)-1) < 0)
		return;
	assert_fails(here, "native", -EPERM, EXIT_STATUS_NO_BACKEND, "belongs to user");
}

TEST(not_a_regular_file)
{
	cleanup_free char *here = getcwd(NULL, 0);

	ck_assert_int_eq(mkdir("dir.so", 0755), 0);
	ck_assert_int_eq(mkfifo("fifo.so", 0600), 0);
	assert_fails(here, "dir", -EPERM, EXIT_STATUS_NO_BACKEND, "not a regular file");
	assert_fails(here, "fifo", -EPERM, EXIT_STATUS_NO_BACKEND, "not a regular file");
}

/* A link counts as what it leads to. */
TEST(linked_module)
{
	cleanup_free char *here = getcwd(NULL, 0);

	ck_assert_int_eq(symlink(BACKEND_DIR "/native.so", "native.so"), 0);
	assert_loads(here, "native");
	ck_assert_int_eq(symlink("nowhere", "dangling.so"), 0);
	assert_fails(here, "dangling", -ENOENT, EXIT_STATUS_NO_BACKEND, "not installed");
}

TEST(no_module)
{
	cleanup_free char *here = getcwd(NULL, 0);

	write_text("text.so", "not a module\n");
	ck_assert_int_eq(chmod("text.so", 0755), 0);
	assert_fails(here, "text", -ENOEXEC, EXIT_STATUS_NO_BACKEND, "cannot be loaded");
	write_text("empty.so", "");
	ck_assert_int_eq(chmod("empty.so", 0755), 0);
	assert_fails(here, "empty", -ENOEXEC, EXIT_STATUS_NO_BACKEND, "cannot be loaded");
}

/* What both know of a key is copied, and nothing else. */
static void assert_keys(const char *name, bool shorter)
{
	cleanup_error struct crossbpf_error e = {0};
	struct plugin p;

	assert_loads(TEST_PLUGINDIR, name);
	ck_assert_int_eq(plugin_load(TEST_PLUGINDIR, name, &p, &e), 0);
	if (shorter)
		ck_assert_uint_le(p.backend.key_size, sizeof(struct crossbpf_key));
	else
		ck_assert_uint_gt(p.backend.key_size, sizeof(struct crossbpf_key));
	ck_assert_ptr_ne(p.keys, NULL);
	ck_assert_ptr_eq(p.backend.keys, p.keys);
	ck_assert_str_eq(p.keys[0].name, "engine");
	ck_assert_str_eq(p.keys[0].help, "which engine");
	ck_assert_str_eq(p.keys[0].fallback, "docker");
	ck_assert_uint_eq(p.keys[0].flags, 0);
	ck_assert_str_eq(p.keys[1].name, "host");
	ck_assert_str_eq(p.keys[1].help, "a machine");
	ck_assert_ptr_eq(p.keys[1].fallback, NULL);
	ck_assert_uint_eq(p.keys[1].flags, CROSSBPF_KEY_LIST);
	ck_assert_ptr_eq(p.keys[2].name, NULL);
	plugin_unload(&p);
	ck_assert_ptr_eq(p.keys, NULL);
}

TEST(keys_of_other_releases)
{
	assert_keys("long_keys", false);
	assert_keys("short_keys", true);
	assert_refused("tiny_keys", "bytes each, at least");
}

TEST(without_keys)
{
	cleanup_error struct crossbpf_error e = {0};
	struct plugin p;

	ck_assert_int_eq(plugin_load(BACKEND_DIR, "native", &p, &e), 0);
	ck_assert_ptr_eq(p.keys, NULL);
	ck_assert_ptr_eq(p.backend.keys, NULL);
	plugin_unload(&p);
}

/* Who may write there may exchange what is in it; in a sticky directory only what is his. */
TEST(directory_writable_by_everyone)
{
	cleanup_free char *here = getcwd(NULL, 0);

	copy_native();
	ck_assert_int_eq(chmod(".", 0777), 0);
	assert_fails(here, "native", -EPERM, EXIT_STATUS_NO_BACKEND, "everyone may write /");
	ck_assert_int_eq(chmod(".", 01777), 0);
	assert_loads(here, "native");
	ck_assert_int_eq(chmod("native.so", 0757), 0);
	assert_fails(here, "native", -EPERM, EXIT_STATUS_NO_BACKEND, "/native.so");
	ck_assert_int_eq(chmod("native.so", 0775), 0);
	ck_assert_int_eq(chmod(".", 0770), 0);
	assert_loads(here, "native");
}

TEST(directory_of_a_stranger)
{
	cleanup_free char *here = getcwd(NULL, 0);

	copy_native();
	if (chown(".", geteuid() + 1, (gid_t)-1) < 0)
		return;
	assert_fails(here, "native", -EPERM, EXIT_STATUS_NO_BACKEND, "belongs to user");
	ck_assert_int_eq(chown(".", geteuid(), (gid_t)-1), 0);
	assert_loads(here, "native");
}

/* It would be another one from elsewhere. */
TEST(directory_that_is_relative)
{
	ck_assert_int_eq(mkdir("native", 0700), 0);
	ck_assert_int_eq(chdir("native"), 0);
	copy_native();
	ck_assert_int_eq(chdir(".."), 0);
	assert_fails("native", "native", -EINVAL, EXIT_STATUS_USAGE, "no absolute path: native");
	assert_fails("./native", "native", -EINVAL, EXIT_STATUS_USAGE, "no absolute path");
}

TEST(what_is_installed)
{
	cleanup_free char *here = getcwd(NULL, 0);

	ck_assert(plugin_is_installed(BACKEND_DIR, "native"));
	ck_assert(!plugin_is_installed(here, "native"));
	write_text("native.so", "whatever it is");
	ck_assert(plugin_is_installed(here, "native"));
	ck_assert(!plugin_is_installed("/missing", "native"));
	ck_assert(plugin_is_name("native") && plugin_is_name("a-b_9"));
	ck_assert(!plugin_is_name("") && !plugin_is_name("a.b") && !plugin_is_name("A"));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, native_loads);
	tcase_add_test(c, record_loads);
	tcase_add_test(c, old_plugin_loads);
	tcase_add_test(c, newer_plugin_loads);
	tcase_add_test(c, two_at_once);
	tcase_add_test(c, wrong_abi_is_refused);
	tcase_add_test(c, short_table_is_refused);
	tcase_add_test(c, missing_operation_is_refused);
	tcase_add_test(c, wrong_name_is_refused);
	tcase_add_test(c, null_table_is_refused);
	tcase_add_test(c, no_symbol_is_refused);
	tcase_add_test(c, missing_file);
	tcase_add_test(c, names_that_are_none);
	tcase_add_test(c, writable_by_everyone);
	tcase_add_test(c, owned_by_a_stranger);
	tcase_add_test(c, not_a_regular_file);
	tcase_add_test(c, linked_module);
	tcase_add_test(c, no_module);
	tcase_add_test(c, keys_of_other_releases);
	tcase_add_test(c, without_keys);
	tcase_add_test(c, directory_writable_by_everyone);
	tcase_add_test(c, directory_of_a_stranger);
	tcase_add_test(c, directory_that_is_relative);
	tcase_add_test(c, what_is_installed);
}

int main(void)
{
	return suite_run("plugin", add_tests);
}
