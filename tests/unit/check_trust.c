/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/trust.h"
#include "core/words.h"
#include "shared/strbuf.h"

static int keys(void *ctx, const char *name, const struct crossbpf_key **ret_keys,
		struct crossbpf_error *e)
{
	static const struct crossbpf_key box[] = {
		{"engine", "", NULL, 0}, {"dockerfile", "", NULL, 0}, {"hosts", "", NULL, 1}, {0}};

	(void)ctx, (void)e;
	if (strcmp(name, "box") != 0)
		return -ENOENT;
	*ret_keys = box;
	return 0;
}

/* The list is in the test's own directory. */
static void use_config(void)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *config = str_printf("%s/config", here);

	setenv("XDG_CONFIG_HOME", config, 1);
	unsetenv("CROSSBPF_TRUST");
}

static void find(const char *text, struct trust *ret_trust)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_conf struct conf conf = {0};

	use_config();
	write_text("crossbpf.conf", text);
	ck_assert_msg(conf_read("crossbpf.conf", keys, NULL, &conf, &e) == 0, "%s: %s", text,
		      e.message ? e.message : "");
	ck_assert_int_eq(trust_find("crossbpf.conf", &conf, ret_trust, &e), 0);
}

/* What a conf with this content chooses: "LINE WHAT=VALUE|…". */
static void assert_choices(const char *text, const char *expected)
{
	cleanup_trust struct trust t = {0};
	char got[512] = "";

	find(text, &t);
	for (size_t i = 0; i < t.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u %s=%s", i ? "|" : "",
			 t.choices[i].line, t.choices[i].what, t.choices[i].value);
	ck_assert_str_eq(got, expected);
}

static int check(const char *text, struct crossbpf_error *e)
{
	cleanup_trust struct trust t = {0};

	find(text, &t);
	return trust_check(&t, e);
}

static void assert_trusted(const char *text)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_msg(check(text, &e) == 0, "%s: %s", text, e.message ? e.message : "");
}

static void assert_untrusted(const char *text, int code, const char *message)
{
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(check(text, &e), code);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	assert_contains(e.message, message);
}

TEST(says_what_is_chosen)
{
	assert_untrusted("cache {\n dir = \"c\" }\n", -EACCES,
			 "crossbpf.conf:2 chooses the cache of objects (cache: dir)");
	assert_untrusted("cache { dir = \"c\" }\nlauncher = \"l\"\n", -EACCES,
			 "crossbpf.conf:1 chooses what is run (cache: dir, launcher)");
}

static void record(const char *text)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_trust struct trust t = {0};

	find(text, &t);
	ck_assert_msg(trust_record(&t, &e) == 0, "%s", e.message ? e.message : "");
}

static const char engine[] = "\nbackend box {\n\tengine = \"podman\"\n}\n";
static const char dockerfile[] = "backend box { dockerfile = \"box/Dockerfile\" }\n";

TEST(chooses_nothing)
{
	assert_choices("", "");
	assert_choices("build {\n sources = {\"a.c\"} outdir = \"o\" include = {\"i\"}\n"
		       "cflags = \"-O2 -Wall -DX=1 -Xclang -fno-validate-pch\" arch = {\"x86\"}\n"
		       "clang = \">=14, <17\" vmlinux = \"v\" cpu = \"v1\" }\norder = {\"box\"}\n"
		       "cache { }\nverify { kernels = {\"6.1\"} }\n",
		       "");
	assert_choices("backend box { }\nbackend none { engine = \"x\" }\n", "");
}

TEST(chooses)
{
	assert_choices(engine, "3 backend box: engine=podman");
	assert_choices("launcher = \"distcc\"\n", "1 launcher=distcc");
	assert_choices("launcher = \"env A='b c' distcc\"\n",
		       "1 launcher=env|1 launcher=A=b c|1 launcher=distcc");
	assert_choices("cache {\n dir = \"c\"\n size = \"5G\"\n remote = \"http://x\" }\n",
		       "2 cache: dir=c|3 cache: size=5368709120|4 cache: remote=http://x");
	assert_choices("cache {\n remote = \"https://h/\"\n remote_write = true\n"
		       "remote_token_file = \"t\"\n remote_timeout = 9 }\n",
		       "2 cache: remote=https://h/|3 cache: remote_write=true|"
		       "4 cache: remote_token_file=t|5 cache: remote_timeout=9");
	assert_choices("build {\n\n clang = \"clang-14\" }\n", "3 build: clang=clang-14");
	assert_choices("build {\n cflags = \"-O2 -fplugin=./x.so\" }\n",
		       "2 build: cflags=-O2 -fplugin=./x.so");
	assert_choices("backend box {\n hosts = {\"b\", \"a\"}\n engine = \"e\" }\nlauncher = l\n"
		       "build {\n clang = \"c\" }\n",
		       "2 backend box: hosts=b|2 backend box: hosts=a|3 backend box: engine=e|"
		       "4 launcher=l|6 build: clang=c");
}

static void assert_flag(const char *text, const char *expected)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strv struct strv words = {0};
	cleanup_free char *flag = NULL;

	ck_assert_int_eq(words_split("flags", text, &words, &e), 0);
	ck_assert_int_eq(trust_find_flag(&words, &flag), 0);
	ck_assert_str_eq(flag ? flag : "(none)", expected);
}

TEST(flags)
{
	assert_flag("", "(none)");
	assert_flag("-O2 -g -Wall -Werror -Iinclude -DB=1 -I b -mllvm -bpf-stack-size=512",
		    "(none)");
	assert_flag("-fno-builtin -Wno-unused -include x.h -std=gnu11 -fcolor-diagnostics",
		    "(none)");
	assert_flag("-O2 -fplugin=x.so", "-fplugin=x.so");
	assert_flag("-fpass-plugin=x.so", "-fpass-plugin=x.so");
	assert_flag("-Xclang -load -Xclang x.so", "-load");
	assert_flag("-Xclang=-load -Xclang=x.so", "-Xclang=-load");
	assert_flag("-mllvm -load=x.so", "-load=x.so");
	assert_flag("-mllvm=-load=x.so", "-mllvm=-load=x.so");
	assert_flag("-mllvm --load=x.so", "--load=x.so");
	assert_flag("-B bin", "-B");
	assert_flag("-Bbin", "-Bbin");
	assert_flag("--prefix=bin", "--prefix=bin");
	assert_flag("--config x.cfg", "--config");
	assert_flag("--config=x.cfg", "--config=x.cfg");
	assert_flag("-fuse-ld=./ld", "-fuse-ld=./ld");
	assert_flag("--ld-path=./ld", "--ld-path=./ld");
	assert_flag("-fno-integrated-as", "-fno-integrated-as");
	/* Clang reads it wherever it stands. */
	assert_flag("-I @flags", "@flags");
}

TEST(trusted_once)
{
	cleanup_error struct crossbpf_error e = {0};

	assert_untrusted(engine, -EACCES,
			 "crossbpf.conf:3 chooses what is run (backend box: engine)");
	ck_assert_int_eq(check(engine, &e), -EACCES);
	assert_contains(e.hint, "look at it, then: crossbpf trust /");
	record(engine);
	assert_trusted(engine);
	assert_untrusted("\n\nbackend box {\n\tengine = \"podman\"\n}\n", -EACCES, "conf:4 ");
	assert_trusted(engine); /* changed back */
}

TEST(nothing_needs_no_list)
{
	assert_trusted("build { arch = {\"x86\"} }\n");
	ck_assert(!is_there("config"));
}

TEST(all_in_ci)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_trust struct trust t = {0};

	find(engine, &t);
	setenv("CROSSBPF_TRUST", "1", 1);
	ck_assert_int_eq(trust_check(&t, &e), -EACCES);
	setenv("CROSSBPF_TRUST", "all", 1);
	ck_assert_int_eq(trust_check(&t, &e), 0);
	unsetenv("CROSSBPF_TRUST");
}

TEST(content_of_a_file)
{
	ck_assert_int_eq(mkdir("box", 0700), 0);
	record(dockerfile); /* there is none yet */
	assert_trusted(dockerfile);
	write_text("box/Dockerfile", "FROM a\n");
	assert_untrusted(dockerfile, -EACCES, "backend box: dockerfile");
	record(dockerfile);
	assert_trusted(dockerfile);
	write_text("box/Dockerfile", "FROM b\n");
	assert_untrusted(dockerfile, -EACCES, "backend box: dockerfile");
	write_text("box/Dockerfile", "FROM a\n");
	assert_trusted(dockerfile);
}

/* Whichever word of a launcher names it. */
TEST(content_of_a_launcher)
{
	static const char conf[] = "launcher = \"env A=b ./tool --fast\"\n";

	write_text("tool", "first\n");
	record(conf);
	assert_trusted(conf);
	write_text("tool", "second\n");
	assert_untrusted(conf, -EACCES, "launcher");
}

/* What is too large to be read each time is told by its inode. */
TEST(large_file)
{
	static const char conf[] = "build { clang = \"./clang\" }\n";

	write_text("clang", "");
	ck_assert_int_eq(truncate("clang", 3 << 20), 0);
	record(conf);
	assert_trusted(conf);
	ck_assert_int_eq(truncate("clang", (3 << 20) + 1), 0);
	assert_untrusted(conf, -EACCES, "build: clang");
}

/* A pipe is not waited for. */
TEST(no_regular_file)
{
	static const char conf[] = "launcher = \"pipe\"\n";

	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	record(conf);
	assert_trusted(conf);
}

TEST(value_from_the_environment)
{
	static const char conf[] = "launcher = \"${TEST_LAUNCHER}\"\n";

	setenv("TEST_LAUNCHER", "a", 1);
	record(conf);
	assert_trusted(conf);
	setenv("TEST_LAUNCHER", "b", 1);
	assert_untrusted(conf, -EACCES, "launcher");
	unsetenv("TEST_LAUNCHER");
}

/* The same content elsewhere is another project. */
TEST(another_directory)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_trust struct trust t = {0};
	cleanup_conf struct conf conf = {0};

	record(engine);
	ck_assert_int_eq(mkdir("other", 0700), 0);
	ck_assert_int_eq(symlink(".", "here"), 0);
	write_text("other/crossbpf.conf", engine);
	ck_assert_int_eq(conf_read("other/crossbpf.conf", keys, NULL, &conf, &e), 0);
	ck_assert_int_eq(trust_find("other/crossbpf.conf", &conf, &t, &e), 0);
	ck_assert_int_eq(trust_check(&t, &e), -EACCES);
	trust_free(&t);
	error_free(&e);
	/* By another name it is the same one. */
	ck_assert_int_eq(trust_find("here/crossbpf.conf", &conf, &t, &e), 0);
	ck_assert_int_eq(trust_check(&t, &e), 0);
}

static char *record_of(const char *text)
{
	cleanup_trust struct trust t = {0};

	find(text, &t);
	return str_printf("config/crossbpf/trusted/%s", t.digest);
}

TEST(list_that_others_may_write)
{
	record(engine);
	cleanup_free char *file = record_of(engine);

	ck_assert_int_eq(chmod(file, 0666), 0);
	assert_untrusted(engine, -EPERM, "others may write it");
	ck_assert_int_eq(chmod(file, 0600), 0);
	assert_trusted(engine);
	ck_assert_int_eq(chmod("config/crossbpf/trusted", 0770), 0);
	assert_untrusted(engine, -EPERM, "others may write it");
	ck_assert_int_eq(chmod("config/crossbpf/trusted", 0700), 0);
	assert_trusted(engine);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(file, 65534, 0), 0);
		assert_untrusted(engine, -EPERM, "belongs to another user");
	}
}

TEST(damaged_record)
{
	record(engine);
	cleanup_free char *file = record_of(engine);

	write_text(file, "");
	assert_untrusted(engine, -EACCES, "chooses");
	write_text(file, "/somewhere/else\n");
	assert_untrusted(engine, -EACCES, "chooses");
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(symlink("../../../crossbpf.conf", file), 0);
	assert_untrusted(engine, -EACCES, "chooses");
}

static size_t count(void)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_trust_list struct trust_list list = {0};

	ck_assert_int_eq(trust_list(&list, &e), 0);
	for (size_t i = 0; i < list.n; i++)
		assert_contains(list.records[i].path, "/crossbpf.conf");
	return list.n;
}

TEST(listed_and_revoked)
{
	cleanup_error struct crossbpf_error e = {0};
	size_t n = 0;

	use_config();
	ck_assert_uint_eq(count(), 0);
	record(engine);
	record("launcher = \"l\"\n");
	record(engine);
	ck_assert_uint_eq(count(), 2);
	write_text("config/crossbpf/trusted/README", "/crossbpf.conf\n");
	ck_assert_uint_eq(count(), 2);
	ck_assert_int_eq(trust_revoke("other.conf", &n, &e), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(unlink("crossbpf.conf"), 0);
	ck_assert_int_eq(trust_revoke("crossbpf.conf", &n, &e), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(count(), 0);
	assert_untrusted(engine, -EACCES, "chooses");
}

TEST(nowhere_to_list)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_trust struct trust t = {0};
	cleanup_free char *home = strdup(getenv("HOME") ? getenv("HOME") : "/");

	find(engine, &t);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
	ck_assert_int_eq(trust_check(&t, &e), -ENOENT);
	assert_contains(e.hint, "CROSSBPF_TRUST=all");
	error_free(&e);
	write_text("file", "");
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *config = str_printf("%s/file", here);
	setenv("XDG_CONFIG_HOME", config, 1);
	ck_assert_int_lt(trust_record(&t, &e), 0);
	ck_assert_int_eq(e.status, EXIT_STATUS_OUTPUT);
	setenv("HOME", home, 1);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, chooses_nothing);
	tcase_add_test(c, chooses);
	tcase_add_test(c, says_what_is_chosen);
	tcase_add_test(c, flags);
	tcase_add_test(c, trusted_once);
	tcase_add_test(c, nothing_needs_no_list);
	tcase_add_test(c, all_in_ci);
	tcase_add_test(c, content_of_a_file);
	tcase_add_test(c, content_of_a_launcher);
	tcase_add_test(c, large_file);
	tcase_add_test(c, no_regular_file);
	tcase_add_test(c, value_from_the_environment);
	tcase_add_test(c, another_directory);
	tcase_add_test(c, list_that_others_may_write);
	tcase_add_test(c, damaged_record);
	tcase_add_test(c, listed_and_revoked);
	tcase_add_test(c, nowhere_to_list);
}

int main(void)
{
	return suite_run("trust", add_tests);
}
