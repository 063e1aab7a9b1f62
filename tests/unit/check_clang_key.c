/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/clang-key.h"

#define MAX_ARGS 12

static const char *const usual_env[] = {"PATH=/bin", "PWD=/p", NULL};

static struct clang_key_request usual(const struct clang_argv *argv, const struct toolchain *t)
{
	return (struct clang_key_request){
		.argv = argv, .toolchain = t, .dir = "/p", .env = usual_env};
}

static char name[] = "/usr/bin/clang", version[] = "clang version 14.0.6";

static struct toolchain toolchain(void)
{
	return (struct toolchain){
		.clang = name, .version = version, .identity = "identity", .content = "content"};
}

/* Whether such a command may be kept. */
static bool may_be_kept(const char *const *args, const char *const *env)
{
	cleanup_clang_argv struct clang_argv argv = {0};
	cleanup_free char *why = NULL;
	struct toolchain t = toolchain();

	ck_assert_int_eq(clang_argv_parse(args, &argv), 0);
	struct clang_key_request q = usual(&argv, &t);
	q.env = env;
	ck_assert_int_eq(clang_key_why_not(&q, &why), 0);
	return !why;
}

TEST(which_may_be_kept)
{
	static const struct {
		bool may;
		const char *args[MAX_ARGS];
	} table[] = {
		{true, {"-target", "bpf", "-O2", "-g", "-c", "x.c", "-o", "x.o"}},
		{true, {"-target", "bpf", "-c", "x.c", "-MD", "-MF", "x.d", "-Iinc"}},
		{true, {"--target=bpfeb", "-c", "x.c", "-std=gnu99"}},
		{true, {"-target", "bpf", "-c", "x.c", "-g", "-ffile-prefix-map=/p=."}},
		{true, {"-target", "bpf", "-c", "x.c", "-g", "-fdebug-compilation-dir", "."}},
		{true, {"-target", "bpf", "-c", "x.c", "-Wp,-MMD,x.d"}},
		{false, {"-target", "bpf", "-c", "x.c", "-g", "-ffile-prefix-map=/p=/x"}},
		{false, {"-target", "bpf", "-c", "x.c", "-g", "-ffile-prefix-map=/=."}},
		{false, {"-target", "bpf", "-c", "x.c", "-g", "-fdebug-compilation-dir=/x"}},
		{false, {"-target", "bpf", "-c", "x.c", "-Wp,-DX"}},
		{false, {"-target", "bpf", "x.c"}},
		{false, {"-target", "bpf", "-S", "x.c"}},
		{false, {"-target", "bpf", "-E", "x.c"}},
		{false, {"-target", "bpf", "-c", "x.c", "y.c"}},
		{false, {"-target", "bpf", "-c", "-"}},
		{false, {"-target", "bpf", "-c", "x.S"}},
		{false, {"-target", "bpf", "-c", "x.i"}},
		{false, {"-target", "bpf", "-c", "-emit-llvm", "x.c"}},
		{false, {"-target", "bpf", "-c", "x.c", "-fplugin=p"}},
		{false, {"-target", "bpf", "-c", "x.c", "-save-temps"}},
		{false, {"-target", "bpf", "-c", "a\\b.c"}},
		{false, {"-c", "x.c"}},
		{false, {"-target", "bpf", "--version"}},
	};
	static const char *const other_env[] = {"CPATH=/x", NULL};

	for (size_t i = 0; i < LENGTH(table); i++)
		ck_assert_msg(may_be_kept(table[i].args, usual_env) == table[i].may, "row %zu", i);
	ck_assert(!may_be_kept(table[0].args, other_env));
}

TEST(commands)
{
	static const char *const args[] = {"-target", "bpf", "-g", "-c", "x.c", NULL};
	static const char *const others[] = {"-target", "bpf", "-c", "y.c", NULL};
	static const char *const env[] = {"PWD=/q", NULL};
	cleanup_clang_argv struct clang_argv argv = {0}, other = {0};
	struct toolchain t = toolchain(), content = t, number = t;
	uint8_t usual_digest[DIGEST_SIZE], digest[DIGEST_SIZE];

	ck_assert_int_eq(clang_argv_parse(args, &argv), 0);
	ck_assert_int_eq(clang_argv_parse(others, &other), 0);
	content.content[0] = 'x';
	number.identity[0] = 'x';
	struct clang_key_request q[9];
	for (size_t i = 0; i < LENGTH(q); i++)
		q[i] = usual(&argv, &t);
	q[1].argv = &other;
	q[2].toolchain = &content;
	q[3].toolchain = &number;
	q[4].dir = "/q";
	q[5].header_dir = "/h";
	q[6].env = env;
	q[7].colour = true;
	q[8].builder = "ssh:host";
	clang_key_command(&q[0], usual_digest);
	clang_key_command(&q[0], digest);
	ck_assert_mem_eq(usual_digest, digest, DIGEST_SIZE);
	for (size_t i = 1; i < LENGTH(q); i++) {
		clang_key_command(&q[i], digest);
		ck_assert_msg(memcmp(usual_digest, digest, DIGEST_SIZE) != 0, "%zu", i);
	}
}

/* Which commands are the same in two directories? */
TEST(directories)
{
	static const struct {
		bool same;
		const char *args[2][MAX_ARGS]; /* in /p and in /q */
	} table[] = {
		{true, {{"-O2"}, {"-O2"}}},
		{false, {{"-g"}, {"-g"}}},
		{true, {{"-g", "-g0"}, {"-g", "-g0"}}},
		{true, {{"-g", "-ffile-prefix-map=/p=."}, {"-g", "-ffile-prefix-map=/q=."}}},
		{true, {{"-g", "-fdebug-prefix-map=/p=."}, {"-g", "-fdebug-prefix-map=/q=."}}},
		{true, {{"-g", "-fdebug-compilation-dir=."}, {"-g", "-fdebug-compilation-dir=."}}},
		{false, {{"-g", "-fdebug-prefix-map=/p=."}, {"-g", "-ffile-prefix-map=/q=."}}},
		{false, {{"-DX=/p"}, {"-DX=/p"}}},
		{false, {{"-I/p/inc"}, {"-I/q/inc"}}},
	};
	static const char *const dirs[] = {"/p", "/q"};
	struct toolchain t = toolchain();

	for (size_t i = 0; i < LENGTH(table); i++) {
		uint8_t digests[2][DIGEST_SIZE];
		for (size_t j = 0; j < 2; j++) {
			const char *args[MAX_ARGS + 4] = {"-target", "bpf", "-c", "x.c"};
			cleanup_clang_argv struct clang_argv argv = {0};
			for (size_t k = 0; table[i].args[j][k]; k++)
				args[4 + k] = table[i].args[j][k];
			ck_assert_int_eq(clang_argv_parse(args, &argv), 0);
			struct clang_key_request q = usual(&argv, &t);
			q.dir = dirs[j];
			clang_key_command(&q, digests[j]);
		}
		ck_assert_msg((memcmp(digests[0], digests[1], DIGEST_SIZE) == 0) == table[i].same,
			      "row %zu", i);
	}
}

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, which_may_be_kept);
	tcase_add_test(tests, commands);
	tcase_add_test(tests, directories);
}

int main(void)
{
	return suite_run("clang-key", add_tests);
}
