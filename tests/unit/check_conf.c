/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/conf.h"
#include "shared/strbuf.h"

/* Three backends are installed, one of them without keys, and one is broken. */
static int installed_keys(void *ctx, const char *name, const struct crossbpf_key **ret_keys,
			  struct crossbpf_error *e)
{
	static const struct crossbpf_key boxes[] = {
		{"engine", "", NULL, 0}, {"image", "", NULL, 0}, {"mounts", "", NULL, 1}, {0}};
	static const struct crossbpf_key wires[] = {
		{"host", "", NULL, 1}, {"image", "", NULL, 1}, {"transport", "", NULL, 0}, {0}};

	(*(int *)ctx)++;
	if (strcmp(name, "broken") == 0)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, NULL, "it is broken");
	if (strcmp(name, "box") == 0)
		*ret_keys = boxes;
	else if (strcmp(name, "wire") == 0)
		*ret_keys = wires;
	else if (strcmp(name, "bare") != 0)
		return -ENOENT;
	return 0;
}

static int asked; /* how often, in the last read */

static int read_conf(const char *text, struct conf *ret_conf, struct crossbpf_error *e)
{
	asked = 0;
	write_text("crossbpf.conf", text);
	return conf_read("crossbpf.conf", installed_keys, &asked, ret_conf, e);
}

static void assert_read(const char *text, struct conf *ret_conf)
{
	cleanup_error struct crossbpf_error e = {0};

	int r = read_conf(text, ret_conf, &e);
	ck_assert_msg(r == 0, "%s: %d %s", text, r, e.message ? e.message : "");
	ck_assert_int_eq(e.status, EXIT_STATUS_OK);
}

static void assert_accepted(const char *text)
{
	cleanup_conf struct conf c = {0};

	assert_read(text, &c);
}

/* `hint` "" for none. */
static void assert_refused(const char *text, const char *message, const char *hint)
{
	cleanup_conf struct conf c = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_msg(read_conf(text, &c, &e) == -EINVAL, "accepted: %s", text);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_str_eq(e.message, message);
	ck_assert_str_eq(e.hint ? e.hint : "", hint);
	ck_assert_ptr_eq(c.backends, NULL);
}

static void assert_list(const struct strv *list, const char *joined)
{
	char got[256] = "";

	for (size_t i = 0; i < list->n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "|" : "",
			 list->v[i]);
	ck_assert_str_eq(got, joined);
}

/* Settings as KEY=VALUE|…; NULL for a backend without a section. */
static void assert_backend(const struct conf *c, const char *name, const char *joined)
{
	const struct conf_backend *b = conf_find_backend(c, name);
	char got[256] = "";

	ck_assert_ptr_ne(b, NULL);
	ck_assert_ptr_ne(b->kv, NULL);
	for (size_t i = 0; i < b->n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s=%s", i ? "|" : "",
			 b->kv[i].key, b->kv[i].value);
	ck_assert_ptr_eq(b->kv[b->n].key, NULL);
	ck_assert_str_eq(got, joined);
}

static const char full[] = "# A comment\n"
			   "build {\n"
			   "    sources = {\"bpf/*.bpf.c\", /* another */\n"
			   "               'x.c',}\n"
			   "    outdir  = \"build/bpf\"\n"
			   "    include = {\"include\"}\n"
			   "    cflags  = \"-O2 -g -DA=\\\"b c\\\"\"\n"
			   "    target  = {\"bpfel\", bpfeb}\n"
			   "    arch    = {\"x86\", \"arm64\"} // two\n"
			   "    cpu     = \"v1\"\n"
			   "    emit    = {\"object\", \"skeleton\", \"go\", \"c\", \"dep\"}\n"
			   "    vmlinux = \"vmlinux/{arch}/vmlinux.h\" kernel_headers = \"linux\"\n"
			   "    clang   = \">=14\"\n"
			   "}\n"
			   "order = {\"native\", \"docker\"}\n"
			   "order += {\"ssh\"}\n"
			   "backend box { engine = \"e\"  image = \"i@sha256:0\" }\n"
			   "backend absent { any = {\"a\", \"b\"} thing += \"${X}\" { } }\n"
			   "backend wire { host = {\"h1\", \"h2\"} transport = \"auto\" }\n"
			   "backend bare { }\n"
			   "launcher = \"distcc\"\n"
			   "cache  { dir = \"~/c\"  size = \"5G\"  remote = \"http://c:8080\"\n"
			   "         remote_write = true  remote_token_file = \"t\"  "
			   "remote_timeout = 7 }\n"
			   "verify { kernels = {\"6.1\", \"6.12\"} }\n";

TEST(all_of_it)
{
	cleanup_conf struct conf c = {0};

	assert_read(full, &c);
	assert_list(&c.sources, "bpf/*.bpf.c|x.c");
	ck_assert_str_eq(c.outdir, "build/bpf");
	assert_list(&c.include, "include");
	ck_assert_str_eq(c.cflags, "-O2 -g -DA=\"b c\"");
	assert_list(&c.target, "bpfel|bpfeb");
	assert_list(&c.arch, "x86|arm64");
	ck_assert_str_eq(c.cpu, "v1");
	assert_list(&c.emit, "object|skeleton|go|c|dep");
	ck_assert_str_eq(c.vmlinux, "vmlinux/{arch}/vmlinux.h");
	ck_assert_str_eq(c.kernel_headers, "linux");
	ck_assert_str_eq(c.clang, ">=14");
	assert_list(&c.order, "native|docker|ssh");
	ck_assert_uint_eq(c.n_backends, 4);
	assert_backend(&c, "box", "engine=e|image=i@sha256:0");
	assert_backend(&c, "wire", "host=h1|host=h2|transport=auto");
	assert_backend(&c, "absent", "");
	assert_backend(&c, "bare", "");
	ck_assert(!conf_find_backend(&c, "absent")->installed);
	ck_assert(conf_find_backend(&c, "bare")->installed);
	ck_assert_uint_eq(conf_find_backend(&c, "wire")->line, 19);
	ck_assert_ptr_eq(conf_find_backend(&c, "vm"), NULL);
	ck_assert_int_eq(asked, 4);
	ck_assert_str_eq(c.launcher, "distcc");
	ck_assert_str_eq(c.cache_dir, "~/c");
	ck_assert_uint_eq(c.cache_size, UINT64_C(5) << 30);
	ck_assert_str_eq(c.cache_remote, "http://c:8080");
	ck_assert_str_eq(c.cache_write, "true");
	ck_assert_str_eq(c.cache_token_file, "t");
	ck_assert_str_eq(c.cache_timeout, "7");
	assert_list(&c.kernels, "6.1|6.12");
	ck_assert_uint_eq(conf_line(&c, "build: sources"), 3);
	ck_assert_uint_eq(conf_line(&c, "build: clang"), 13);
	ck_assert_uint_eq(conf_line(&c, "order"), 15); /* where it is first set */
	ck_assert_uint_eq(conf_line(&c, "backend box: engine"), 17);
	ck_assert_uint_eq(conf_line(&c, "backend absent: any"), 0);
	ck_assert_uint_eq(conf_line(&c, "launcher"), 21);
	ck_assert_uint_eq(conf_line(&c, "clang"), 0);
}

/* Of the bytes, not of what they mean. */
TEST(digest_of_bytes)
{
	cleanup_conf struct conf c = {0}, same = {0}, other = {0};

	assert_read("build { }\n", &c);
	assert_read("build { }\n", &same);
	assert_read("build {  }\n", &other);
	ck_assert_str_eq(c.digest, same.digest);
	ck_assert_str_ne(c.digest, other.digest);
}

static void assert_nothing_set(const char *text)
{
	cleanup_conf struct conf c = {0};
	static const struct conf none;

	assert_read(text, &c);
	ck_assert_str_ne(c.digest, ""); /* of the file, which is there */
	/* What follows says where keys stand: one with an empty list does. */
	ck_assert_mem_eq(&c, &none, offsetof(struct conf, marks));
}

TEST(nothing_set)
{
	assert_nothing_set("");
	assert_nothing_set(" \n# nothing\n");
	assert_nothing_set("build { }\ncache { }\nverify { }");
	assert_nothing_set("build { sources = {} arch = { } }");
}

TEST(forms_of_values)
{
	cleanup_conf struct conf c = {0};

	assert_read("order=one\n\"build\"{'sources'='a.c' sources+=\"b.c\" sources+={c.c}\n"
		    "outdir=a/b//c cflags=\"-DX \\\n-DY\\x41\\102\\t-DZ'\\\\$'\" }\n"
		    "backend \"box\" { mounts = m }",
		    &c);
	assert_list(&c.order, "one");
	assert_list(&c.sources, "a.c|b.c|c.c");
	ck_assert_str_eq(c.outdir, "a/b//c");
	ck_assert_str_eq(c.cflags, "-DX -DYAB\t-DZ'\\$'");
	assert_backend(&c, "box", "mounts=m");
}

TEST(environment)
{
	cleanup_conf struct conf c = {0};

	setenv("CONF_TEST", "a \"b", 1);
	unsetenv("CONF_TEST_UNSET");
	assert_read("build { include = {\"${CONF_TEST}/c\", ${CONF_TEST}, '${CONF_TEST}',\n"
		    "\"\\${CONF_TEST}\", \"x${CONF_TEST_UNSET}\", \"${CONF_TEST_UNSET:-d e}\"} }",
		    &c);
	assert_list(&c.include, "a \"b/c|a \"b|${CONF_TEST}|${CONF_TEST}|x|d e");
	/* What a variable holds is checked like any other value. */
	assert_refused("build { cpu = \"${CONF_TEST_UNSET}\" }",
		       "crossbpf.conf:1: cpu: '' is no instruction set", "it takes v1, v2, v3, v4");
	unsetenv("CONF_TEST");
}

TEST(unknown_names)
{
	assert_refused("biuld { a = b }\nbackend box { }", "crossbpf.conf:1: 'biuld' is no section",
		       "did you mean 'build'?");
	assert_refused("\n\nordre = {a}", "crossbpf.conf:3: 'ordre' is no key",
		       "did you mean 'order'?");
	assert_refused("backends box { }", "crossbpf.conf:1: 'backends' is no section",
		       "did you mean 'backend'?");
	assert_refused("zzz += a", "crossbpf.conf:1: 'zzz' is no key",
		       "it takes backend, build, cache, verify, order, launcher");
	assert_refused("build {\nsorces = {a}\n}", "crossbpf.conf:2: 'sorces' is no key of build",
		       "did you mean 'sources'?");
	assert_refused("cache { sice = a }", "crossbpf.conf:1: 'sice' is no key of cache",
		       "did you mean 'size'?");
	assert_refused("verify { build { } }", "crossbpf.conf:1: 'build' is no key of verify",
		       "it takes kernels");
	assert_refused("root { order = {a} }", "crossbpf.conf:1: 'root' is no section",
		       "it takes backend, build, cache, verify, order, launcher");
	/* Not names of libConfuse's own, nor paths into a section. */
	assert_refused("include = \"x\"", "crossbpf.conf:1: 'include' is no key",
		       "it belongs in build { }");
	assert_refused("build|cflags = x", "crossbpf.conf:1: 'build|cflags' is no key",
		       "it takes backend, build, cache, verify, order, launcher");
	assert_refused("\"\" = x", "crossbpf.conf:1: '' is no key",
		       "it takes backend, build, cache, verify, order, launcher");
}

TEST(misplaced)
{
	assert_refused("cflags = a", "crossbpf.conf:1: 'cflags' is no key",
		       "it belongs in build { }");
	assert_refused("build { order = {a} }", "crossbpf.conf:1: 'order' is no key of build",
		       "it stands outside of all sections");
	assert_refused("build { kernels = {a} }", "crossbpf.conf:1: 'kernels' is no key of build",
		       "it belongs in verify { }");
}

TEST(backend_keys)
{
	assert_refused("backend box { engin = a }",
		       "crossbpf.conf:1: 'engin' is no key of backend box",
		       "did you mean 'engine'?");
	/* It is another's. */
	assert_refused("backend wire { host = a }\nbackend box { host = a }",
		       "crossbpf.conf:2: 'host' is no key of backend box",
		       "it takes engine, image, mounts");
	assert_refused("backend bare { a = b }", "crossbpf.conf:1: 'a' is no key of backend bare",
		       "it takes none");
	assert_refused("backend box {\n mounts = {a}\n engine = {a}\n}",
		       "crossbpf.conf:3: 'engine' takes one value, not a list", "");
	assert_refused("backend box { engine += a }",
		       "crossbpf.conf:1: 'engine' takes one value, not a list", "");

	/* The same name is a list for the one and not for the other. */
	cleanup_conf struct conf c = {0};
	assert_read("backend wire { image = {a, b} }\nbackend box { image = c engine = \"\" }", &c);
	assert_backend(&c, "wire", "image=a|image=b");
	assert_backend(&c, "box", "image=c|engine=");
	assert_refused("backend wire { image = {a} }\nbackend box { image = {c} }",
		       "crossbpf.conf:2: 'image' takes one value, not a list", "");
}

/* Whatever it is made of, as long as its end can be found. */
TEST(backends_that_are_not_installed)
{
	cleanup_conf struct conf c = {0};

	assert_read("backend far { a = 1 b += {1, 2} sub { c = {} } t x { d = } = , e f\n"
		    "include = \"}\" '{' # }\n"
		    "}\nbackend box { engine = a }\nbackend away { }\nbuild { cpu = v2 }",
		    &c);
	ck_assert_uint_eq(c.n_backends, 3);
	assert_backend(&c, "far", "");
	assert_backend(&c, "box", "engine=a");
	assert_backend(&c, "away", "");
	ck_assert_str_eq(c.cpu, "v2");
	assert_refused("backend far {\n a = { }\n",
		       "crossbpf.conf:3: the file ends where '}' should follow", "");
	/* Lines stay right behind it. */
	assert_refused("backend far {\n a = 1\n\n}\nbuild { cpu = v9 }",
		       "crossbpf.conf:5: cpu: 'v9' is no instruction set", "did you mean 'v1'?");
}

TEST(backend_sections)
{
	assert_refused("backend box { }\n\nbackend box { }",
		       "crossbpf.conf:3: 'backend box' is there twice",
		       "it is there in line 1 already");
	assert_refused("backend far { }\nbackend wire { }\nbackend far { }",
		       "crossbpf.conf:3: 'backend far' is there twice",
		       "it is there in line 1 already");
	assert_refused("backend { }", "crossbpf.conf:1: '{' stands where a backend's name should",
		       "");
	assert_refused("backend = box", "crossbpf.conf:1: '=' stands where a backend's name should",
		       "");
	assert_refused("backend Box { }", "crossbpf.conf:1: 'Box' is no backend's name",
		       "a name has lower-case letters, digits, '_' and '-'");
	assert_refused("backend \"b\\x6fx\" { }", "crossbpf.conf:1: 'b\\x6fx' is no backend's name",
		       "a name has lower-case letters, digits, '_' and '-'");
	assert_refused("backend box = a", "crossbpf.conf:1: '=' stands where '{' should", "");
	assert_refused("backend box {\nengine = a\n",
		       "crossbpf.conf:3: the file ends where a key or '}' should follow", "");

	cleanup_conf struct conf c = {0};
	cleanup_error struct crossbpf_error e = {0};
	ck_assert_int_eq(read_conf("backend broken { }", &c, &e), -ENOEXEC);
	ck_assert_int_eq(e.status, EXIT_STATUS_NO_BACKEND);
	ck_assert_str_eq(e.message, "it is broken");
}

TEST(twice)
{
	assert_refused("build { }\nbuild { }", "crossbpf.conf:2: 'build' is there twice",
		       "it is there in line 1 already");
	assert_refused("build {\ncpu = v1\narch = {x86}\ncpu = v1 }",
		       "crossbpf.conf:4: 'cpu' is there twice", "it is there in line 2 already");
	assert_refused("order = {a}\norder = {b}", "crossbpf.conf:2: 'order' is there twice",
		       "it is there in line 1 already");
	assert_refused("backend box { engine = a\nengine = b }",
		       "crossbpf.conf:2: 'engine' is there twice", "it is there in line 1 already");
	assert_accepted("build { cpu = v1 }\nbackend box { engine = a }\ncache { dir = a }");
}

TEST(shapes)
{
	assert_refused("build = 1", "crossbpf.conf:1: 'build' is a section, not a key",
		       "write NAME { KEY = VALUE }");
	assert_refused("build x { }", "crossbpf.conf:1: 'x' stands where '{' should", "");
	assert_refused("order { }", "crossbpf.conf:1: 'order' is a key, not a section",
		       "write NAME = VALUE");
	assert_refused("build { cflags { } }", "crossbpf.conf:1: 'cflags' is a key, not a section",
		       "write NAME = VALUE");
	assert_refused("build { cflags = {a} }",
		       "crossbpf.conf:1: 'cflags' takes one value, not a list", "");
	assert_refused("launcher += a", "crossbpf.conf:1: 'launcher' takes one value, not a list",
		       "");
	assert_refused("build { arch = \"x86\", \"arm\" }",
		       "crossbpf.conf:1: a list of 'arch' has no braces",
		       "put the values in braces: {\"a\", \"b\"}");
	assert_refused("build { arch = {x86 arm} }",
		       "crossbpf.conf:1: 'arm' stands where ',' or '}' should", "");
	assert_refused("build { arch = {,} }",
		       "crossbpf.conf:1: ',' stands where a value or '}' should", "");
	assert_refused("build { arch = {{x86}} }",
		       "crossbpf.conf:1: '{' stands where a value or '}' should", "");
	assert_refused("build { arch = }",
		       "crossbpf.conf:1: '}' stands where a value or '{' should", "");
	assert_refused("build { cpu = = }", "crossbpf.conf:1: '=' stands where a value should", "");
	assert_refused("build { cpu v1 }", "crossbpf.conf:1: 'v1' stands where '=' should", "");
	assert_refused("build { = }", "crossbpf.conf:1: '=' stands where a key or '}' should", "");
	assert_refused("}", "crossbpf.conf:1: '}' stands where a section or a key should", "");
	assert_refused("build { } }", "crossbpf.conf:1: '}' stands where a section or a key should",
		       "");
	assert_refused("build { cpu = v1,\narch = {x86} }",
		       "crossbpf.conf:1: ',' stands where a key or '}' should", "");
}

TEST(ends_too_soon)
{
	assert_refused("build", "crossbpf.conf:1: the file ends where '{' should follow", "");
	assert_refused("build {\n",
		       "crossbpf.conf:2: the file ends where a key or '}' should follow", "");
	assert_refused("order = {",
		       "crossbpf.conf:1: the file ends where a value or '}' should follow", "");
	assert_refused("order = {a",
		       "crossbpf.conf:1: the file ends where ',' or '}' should follow", "");
	assert_refused("launcher", "crossbpf.conf:1: the file ends where '=' should follow", "");
	assert_refused("backend",
		       "crossbpf.conf:1: the file ends where a backend's name should follow", "");
}

TEST(missing_quotes)
{
	assert_refused("build {\n outdir = \"a\n include = {\"b\"}\n}",
		       "crossbpf.conf:3: the quote that begins here has no end",
		       "is a quote missing here, or in a line before?");
	assert_refused("build {\n outdir = \"a\n include = {\"b\", \"c}\n}",
		       "crossbpf.conf:3: 'b' is no key of build", "is a quote missing in line 2?");
}

TEST(values)
{
	assert_refused("build {\n # a comment\n arch = {\n  \"x86\", # one\n  /* two\n  */\n"
		       "  \"arm65\"\n }\n}",
		       "crossbpf.conf:7: arch: 'arm65' is no arch", "did you mean 'arm64'?");
	assert_refused("build { target = bpf }", "crossbpf.conf:1: target: 'bpf' is no target",
		       "did you mean 'bpfel'?");
	assert_refused("build { emit = {object, skeletn} }",
		       "crossbpf.conf:1: emit: 'skeletn' is no output to emit",
		       "did you mean 'skeleton'?");
	assert_refused("build { cpu = 3 }", "crossbpf.conf:1: cpu: '3' is no instruction set",
		       "did you mean 'v3'?");
	assert_refused("build { clang = \">=x\" }",
		       "crossbpf.conf:1: clang: '>=x' is no constraint on clang's version",
		       "write \">=14\", \"==16.0.6\" or \">=14, <17\"");
	assert_refused("build { cflags = \"-DX='a\" }",
		       "crossbpf.conf:1: cflags: a ' in the value has no other to end it", "");
	assert_refused("order = {native, \"ssh:me\"}",
		       "crossbpf.conf:1: order: 'ssh:me' is no backend's name",
		       "a name has lower-case letters, digits, '_' and '-'");
	assert_refused("launcher = \"distcc 'a\"",
		       "crossbpf.conf:1: launcher: a ' in the value has no other to end it", "");
	assert_accepted("launcher = \"env A='b c' distcc\"");
	assert_accepted("build { clang = \"clang-14\" }");
	assert_accepted("build { clang = \">=14, <17\" cflags = \"\" }");
}

TEST(empty_values)
{
	static const char *const texts[][2] = {
		{"build { sources = {\"a\", \"\"} }", "sources"},
		{"build { outdir = \"\" }", "outdir"},
		{"build { include = \"\" }", "include"},
		{"build { vmlinux = \"\" }", "vmlinux"},
		{"build { clang = \"\" }", "clang"},
		{"launcher = \"\"", "launcher"},
		{"cache { dir = \"\" }", "dir"},
		{"cache { remote_token_file = \"\" }", "remote_token_file"},
		{"verify { kernels = \"\" }", "kernels"},
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		cleanup_free char *message =
			str_printf("crossbpf.conf:1: %s: the value is empty", texts[i][1]);
		assert_refused(texts[i][0], message, "");
	}
}

TEST(sizes)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{"1", 1},
		{"4096", 4096},
		{"1K", 1 << 10},
		{"20M", 20 << 20},
		{"5G", UINT64_C(5) << 30},
		{"2T", UINT64_C(2) << 40},
		{"16777215T", UINT64_C(16777215) << 40},
		{"007", 7},
	};
	static const char *const bad[] = {"",
					  "0",
					  "0G",
					  "G",
					  "5g",
					  "5GB",
					  "5 G",
					  "-1",
					  "1.5G",
					  "x",
					  " 1",
					  "16777216T",
					  "99999999999999999999",
					  "18446744073709551616"};

	for (size_t i = 0; i < LENGTH(good); i++) {
		cleanup_free char *text = str_printf("cache { size = \"%s\" }", good[i].text);
		cleanup_conf struct conf c = {0};
		assert_read(text, &c);
		ck_assert_uint_eq(c.cache_size, good[i].size);
	}
	for (size_t i = 0; i < LENGTH(bad); i++) {
		cleanup_free char *text = str_printf("cache { size = \"%s\" }", bad[i]);
		cleanup_free char *message =
			str_printf("crossbpf.conf:1: size: '%s' is no size", bad[i]);
		assert_refused(text, message,
			       "write a number of bytes, or one with K, M, G or T: \"5G\"");
	}
}

/* Neither the text before nor a failure leaves anything for the next. */
TEST(again_and_again)
{
	assert_refused("build { cflags = \"a",
		       "crossbpf.conf:1: the quote that begins here has no end",
		       "is a quote missing here, or in a line before?");
	assert_accepted(full);
	assert_refused("build { cpu = v9 }", "crossbpf.conf:1: cpu: 'v9' is no instruction set",
		       "did you mean 'v1'?");
	assert_accepted(full);
}

TEST(unreadable)
{
	cleanup_conf struct conf c = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_eq(conf_read("none", installed_keys, &asked, &c, &e), -ENOENT);
	ck_assert_str_eq(e.message, "cannot read none: No such file or directory");
}

/* What is printed would be libConfuse's. */
static int read_in_silence(const char *text)
{
	cleanup_conf struct conf c = {0};
	cleanup_error struct crossbpf_error e = {0};

	int r = read_conf(text, &c, &e);
	if (r < 0) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
		ck_assert_ptr_ne(e.message, NULL);
		ck_assert_int_eq(strncmp(e.message, "crossbpf.conf:", 14), 0);
	}
	return r;
}

/* Sends both streams to a file while `damage` reads. */
static void assert_silent(void (*damage)(void))
{
	cleanup_close int out = dup(1), err = dup(2),
			  fd = open("printed", O_CREAT | O_WRONLY, 0600);

	fflush(NULL);
	ck_assert(out >= 0 && err >= 0 && fd >= 0);
	dup2(fd, 1);
	dup2(fd, 2);
	damage();
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	assert_text("printed", "");
}

static void read_beginnings(void)
{
	unsigned good = 0;

	for (size_t len = 0; len < sizeof(full); len++) {
		cleanup_free char *text = strndup(full, len);
		good += read_in_silence(text) == 0;
	}
	/* Between two sections, and within two comments. */
	ck_assert_uint_gt(good, 10);
	ck_assert_uint_lt(good, 60);
}

TEST(every_beginning)
{
	assert_silent(read_beginnings);
}

/* Each character in turn left out, and replaced by what has a meaning. */
static void read_damaged(void)
{
	static const char signs[] = "{}=+,\"'\\#/*$(|\n\0x\xff";

	for (size_t at = 0; at + 1 < sizeof(full); at++) {
		cleanup_free char *text = strdup(full);
		text[at] = signs[at % (sizeof(signs) - 1)];
		read_in_silence(text);
		memmove(text + at, full + at + 1, sizeof(full) - at - 1);
		read_in_silence(text);
	}
}

TEST(damaged)
{
	assert_silent(read_damaged);
}

/* Words of the language in any order; the seed is fixed. */
static void read_random_words(void)
{
	static const char *const words[] = {
		"build", "backend", "box",  "far", "wire", "order", "cache", "cflags",  "arch",
		"x86",   "engine",  "host", "{",   "}",    "{",     "}",     "=",       "+=",
		",",     "\"a\"",   "'",    "\"",  "#",    "\n",    "/*",    "${HOME}", "*",
	};
	uint32_t seed = 1;

	for (int round = 0; round < 2000; round++) {
		char text[512] = "";
		for (int n = 0; n < 40; n++) {
			seed = seed * 1664525 + 1013904223;
			strcat(text, words[(seed >> 16) % LENGTH(words)]);
			strcat(text, " ");
		}
		read_in_silence(text);
	}
}

TEST(random_words)
{
	assert_silent(read_random_words);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, all_of_it);
	tcase_add_test(c, digest_of_bytes);
	tcase_add_test(c, nothing_set);
	tcase_add_test(c, forms_of_values);
	tcase_add_test(c, environment);
	tcase_add_test(c, unknown_names);
	tcase_add_test(c, misplaced);
	tcase_add_test(c, backend_keys);
	tcase_add_test(c, backends_that_are_not_installed);
	tcase_add_test(c, backend_sections);
	tcase_add_test(c, twice);
	tcase_add_test(c, shapes);
	tcase_add_test(c, ends_too_soon);
	tcase_add_test(c, missing_quotes);
	tcase_add_test(c, values);
	tcase_add_test(c, empty_values);
	tcase_add_test(c, sizes);
	tcase_add_test(c, again_and_again);
	tcase_add_test(c, unreadable);
	tcase_add_test(c, every_beginning);
	tcase_add_test(c, damaged);
	tcase_add_test(c, random_words);
}

int main(void)
{
	return suite_run("conf", add_tests);
}
