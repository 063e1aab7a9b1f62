/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes to a login shell, and what comes back of it. */
#include "suite.h"

#include "shared/io.h"
#include "ssh/quote.h"
#include "ssh/start.h"

/* The backend's, which its other files want. */
const struct crossbpf_key option_keys[] = {{NULL, NULL, NULL, 0}};

static char said[256];

static void hear(void *ctx, const char *message, const char *hint)
{
	(void)ctx, (void)hint;
	snprintf(said, sizeof(said), "%s", message);
}

static const struct crossbpf_host listener = {.size = sizeof(listener), .error = hear};

/* Runs a line by sh; what it printed is in a file. */
static int run_line(const char *line, struct strbuf *output)
{
	cleanup_free char *script = str_printf("(%s) >out 2>err", line);

	ck_assert_ptr_nonnull(script);
	int status = system(script); // NOLINT(cert-env33-c): the login shell does just that
	ck_assert_int_eq(io_read_file("out", 1 << 20, output), 0);
	return WEXITSTATUS(status);
}

static void assert_line(const struct crossbpf_run *run, const char *before, const char *output,
			int status)
{
	cleanup_strbuf struct strbuf all = {0};
	cleanup_free char *line = NULL;
	cleanup_start struct start start = {0};
	const char *data;
	size_t len;

	ck_assert_int_eq(start_init(&start), 0);
	ck_assert_int_eq(quote_run(run, start.mark, &line), 0);
	ck_assert_ptr_null(strpbrk(line, "\n!`"));
	cleanup_free char *noisy = str_printf("%s%s", before, line);
	ck_assert_int_eq(run_line(noisy, &all), status);
	ck_assert_int_eq(start_take(&start, all.data, all.len, &data, &len), 0);
	ck_assert(start.began);
	ck_assert_uint_eq(len, strlen(output));
	ck_assert_mem_eq(data, output, len);
}

TEST(says_what_was_said)
{
	static const char *const argv[] = {"sh", "-c", "printf '%s' \"$0\" \"$VALUE\"; exit 3",
					   "a'\"$`!\\\\'\n\t%s\xff ~*?", NULL};
	static const char *const env[] = {"VALUE=$HOME !\n", NULL};
	struct crossbpf_run run = {.host = &listener, .argv = argv, .env = env};

	assert_line(&run, "", "a'\"$`!\\\\'\n\t%s\xff ~*?$HOME !\n", 3);
	assert_line(&run, "echo Welcome; printf 'crossbpf-12:7\\nno end';",
		    "a'\"$`!\\\\'\n\t%s\xff ~*?$HOME !\n", 3);
}

TEST(runs_scripts_of_ours)
{
	static const char *const argv[] = {
		"sh",       "-c",  "f() {\n\tprintf '%s.' \"$@\"\n}\nf \"$#\" \"$@\"; exit 4",
		"crossbpf", "a b", "",
		"it's",     NULL};
	static const char *const none[] = {"sh", "-c", "echo $#", "crossbpf", NULL};
	struct crossbpf_run run = {.host = &listener, .argv = argv};

	assert_line(&run, "", "3.a b..it's.", 4);
	run.argv = none;
	assert_line(&run, "", "0\n", 0);
}

TEST(runs_in_a_directory)
{
	static const char *const argv[] = {"pwd", NULL};
	struct crossbpf_run run = {.host = &listener, .argv = argv, .dir = "/usr"};

	assert_line(&run, "", "/usr\n", 0);
}

static int judge(const struct crossbpf_run *run)
{
	cleanup_strbuf struct strbuf all = {0};
	cleanup_free char *line = NULL;
	cleanup_start struct start start = {0};
	const char *data;
	size_t len;

	said[0] = '\0';
	ck_assert_int_eq(start_init(&start), 0);
	ck_assert_int_eq(quote_run(run, start.mark, &line), 0);
	ck_assert_int_eq(run_line(line, &all), 127);
	ck_assert_int_eq(start_take(&start, all.data, all.len, &data, &len), 0);
	return start_judge(&start, run, "there");
}

TEST(says_what_is_missing)
{
	static const char *const nothing[] = {"no-such-program", NULL}, *const yes[] = {"true",
											NULL};
	struct crossbpf_run no_program = {.host = &listener, .argv = nothing};
	struct crossbpf_run no_dir = {.host = &listener, .argv = yes, .dir = "/no/such/dir"};

	ck_assert_int_eq(judge(&no_program), -ENOENT);
	ck_assert_str_eq(said, "there is no program 'no-such-program' on there");
	ck_assert_int_eq(judge(&no_dir), -ENOENT);
	ck_assert_str_eq(said, "there is no directory /no/such/dir on there");
}

TEST(refuses_what_is_too_long)
{
	cleanup_free char *word = calloc(1, 130 << 10);
	char *line;

	ck_assert_ptr_nonnull(word);
	memset(word, 'x', (130 << 10) - 1);
	const char *const argv[] = {"true", word, NULL};
	struct crossbpf_run run = {.host = &listener, .argv = argv};
	ck_assert_int_eq(quote_run(&run, "mark", &line), -E2BIG);
}

/* In pieces of every size, with the mark cut anywhere. */
TEST(drops_noise_in_pieces)
{
	for (size_t piece = 1; piece < 40; piece++) {
		cleanup_start struct start start = {0};
		cleanup_strbuf struct strbuf kept = {0};
		ck_assert_int_eq(start_init(&start), 0);
		cleanup_free char *text =
			str_printf("hello %s:x%s:\n%s %s:4711\r\none\n%s:1\n", start.mark,
				   start.mark, start.mark, start.mark, start.mark);
		cleanup_free char *want = str_printf("one\n%s:1\n", start.mark);
		for (size_t at = 0, all = strlen(text); at < all; at += piece) {
			const char *data;
			size_t len, n = all - at < piece ? all - at : piece;
			ck_assert_int_eq(start_take(&start, text + at, n, &data, &len), 0);
			strbuf_add(&kept, data, len);
		}
		ck_assert(start.began);
		ck_assert_int_eq(start.group, 4711);
		ck_assert_str_eq(kept.data, want);
	}
}

TEST(noise_without_an_end_is_not_kept)
{
	cleanup_start struct start start = {0};
	static char noise[60000];
	const char *data;
	size_t len;

	memset(noise, 'y', sizeof(noise));
	ck_assert_int_eq(start_init(&start), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(start_take(&start, noise, sizeof(noise), &data, &len), 0);
	ck_assert_uint_lt(start.noise.len, 1 << 18);
	cleanup_free char *line = str_printf("%s:5\nx", start.mark);
	ck_assert_int_eq(start_take(&start, line, strlen(line), &data, &len), 0);
	ck_assert(start.began && len == 1 && *data == 'x');
}

TEST(ends_a_group)
{
	cleanup_free char *line = NULL;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		execlp("sh", "sh", "-c", "trap '' TERM; sleep 100; sleep 101", (char *)NULL);
		_exit(127);
	}
	ck_assert_int_gt(pid, 0);
	setpgid(pid, pid);
	ck_assert_int_eq(quote_kill(pid, &line), 0);
	cleanup_strbuf struct strbuf output = {0};
	run_line(line, &output);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, says_what_was_said);
	tcase_add_test(c, runs_scripts_of_ours);
	tcase_add_test(c, runs_in_a_directory);
	tcase_add_test(c, says_what_is_missing);
	tcase_add_test(c, refuses_what_is_too_long);
	tcase_add_test(c, drops_noise_in_pieces);
	tcase_add_test(c, noise_without_an_end_is_not_kept);
	tcase_add_test(c, ends_a_group);
}

int main(void)
{
	return suite_run("ssh_command", add_tests);
}
