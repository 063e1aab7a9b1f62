/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes to a login shell, and what comes back of it. */
#include "suite.h"

#include <signal.h>

#include "shared/io.h"
#include "ssh/ending.h"
#include "ssh/quote.h"
#include "ssh/retry.h"
#include "ssh/start.h"

/* The backend's, which its other files want. */
const struct crossbpf_key option_keys[] = {{NULL, NULL, NULL, 0}};

static char said[256];

static void hear(void *ctx, const char *message, const char *hint)
{
	(void)ctx, (void)hint;
	snprintf(said, sizeof(said), "%s", message);
}

static void ignore_log(void *ctx, int level, const char *message)
{
	(void)ctx, (void)level, (void)message;
}

static const struct crossbpf_host listener = {
	.size = sizeof(listener), .error = hear, .log = ignore_log};

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
	ck_assert_int_eq(quote_run(run, start.mark, true, &line), 0);
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
	ck_assert_int_eq(quote_run(run, start.mark, true, &line), 0);
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
	ck_assert_int_eq(quote_run(&run, "mark", true, &line), -E2BIG);
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

/* A status of 255 is confirmed, whatever the command wrote; and no other. */
TEST(confirms_what_ssh_itself_ends_with)
{
	static const char *const statuses[] = {"255", "254", "0"};

	for (size_t i = 0; i < LENGTH(statuses); i++) {
		cleanup_free char *script =
			str_printf("printf no-newline >&2; exit %s", statuses[i]);
		const char *const argv[] = {"sh", "-c", script, NULL};
		struct crossbpf_run run = {.host = &listener, .argv = argv};
		cleanup_strbuf struct strbuf said_there = {0};
		struct ending ending;
		char kept[256];

		assert_line(&run, "", "", atoi(statuses[i]));
		ck_assert_int_eq(io_read_file("err", sizeof(kept) - ENDING_SIZE, &said_there), 0);
		const char *mark = memchr(said_there.data, '\036', said_there.len);
		ck_assert_int_eq(mark != NULL, i == 0);
		cleanup_free char *copy = mark ? strndup(mark + 1, strcspn(mark, ":") - 1) : NULL;
		ending_init(&ending, copy ? copy : "crossbpf-0");
		size_t n = ending_take(&ending, said_there.data, said_there.len, kept);
		ck_assert_uint_eq(n, strlen("no-newline"));
		ck_assert_mem_eq(kept, "no-newline", n);
		ck_assert_int_eq(ending.said, i == 0);
	}
}

/* In pieces of every size, with what only begins like the line before, behind and within. */
TEST(drops_the_confirmation_in_pieces)
{
	static const char mark[] = "crossbpf-0123456789abcdef";

	for (size_t piece = 1; piece < 60; piece++) {
		struct ending ending;
		char buffer[2 * ENDING_SIZE + 60];
		cleanup_strbuf struct strbuf kept = {0};
		ending_init(&ending, mark);
		cleanup_free char *text = str_printf(
			"a\036\036%s:254\n\036cross\036%s:255\nb\036%s:255", mark, mark, mark);
		cleanup_free char *want =
			str_printf("a\036\036%s:254\n\036crossb\036%s:255", mark, mark);
		for (size_t at = 0, all = strlen(text); at < all; at += piece) {
			size_t n = all - at < piece ? all - at : piece;
			memcpy(buffer + ENDING_SIZE, text + at, n);
			n = ending_take(&ending, buffer + ENDING_SIZE, n, buffer);
			strbuf_add(&kept, buffer, n);
		}
		ck_assert(ending.said);
		/* What waits for the rest of the line is the command's after all. */
		ck_assert_uint_lt(kept.len, strlen(want));
		strbuf_add(&kept, buffer, ending_finish(&ending, buffer));
		ck_assert_str_eq(kept.data, want);
	}
}

TEST(another_attempt_where_nothing_began)
{
	static const char *const dropped[] = {
		"kex_exchange_identification: Connection closed by remote host\r\n"
		"Connection closed by 127.0.0.1 port 22",
		"mux_client_request_session: session request failed: Session open refused by peer\n"
		"kex_exchange_identification: read: Connection reset by peer",
		"Socket error: disconnected",
		"Socket error: Connection reset by peer",
	};
	static const char *const others[] = {
		"",
		"Connection closed by 127.0.0.1 port 22",
		"client_loop: send disconnect: Broken pipe",
		"Connection to there closed by remote host.",
		"Connection timed out during banner exchange",
		"ssh: connect to host there port 22: Connection refused",
		"Permission denied (publickey).",
	};

	for (size_t i = 0; i < LENGTH(dropped); i++)
		ck_assert_msg(retry_is_worth(dropped[i]), "%s", dropped[i]);
	for (size_t i = 0; i < LENGTH(others); i++)
		ck_assert_msg(!retry_is_worth(others[i]), "%s", others[i]);
}

TEST(a_pause_heeds_the_order_to_end)
{
	struct retry retry = {.left_ms = RETRY_COMMAND_MS};
	int fds[2];

	ck_assert_int_eq(io_pipe(fds), 0);
	ck_assert_int_eq(retry_wait(&retry, &listener, fds[0]), RETRY_NOW);
	ck_assert_int_eq(write(fds[1], "w", 1), 1);
	ck_assert_int_eq(retry_wait(&retry, &listener, fds[0]), RETRY_NOW);
	ck_assert_int_eq(write(fds[1], "k", 1), 1);
	ck_assert_int_eq(retry_wait(&retry, &listener, fds[0]), RETRY_ENDED);
	close(fds[1]);
	ck_assert_int_eq(retry_wait(&retry, &listener, fds[0]), RETRY_ENDED);
	close(fds[0]);
}

/* The pauses become longer, up to what they may last together. */
TEST(attempts_come_to_an_end)
{
	struct retry retry = {.left_ms = 700};
	int pauses = 0;

	while (retry_wait(&retry, &listener, -1) == RETRY_NOW)
		pauses++;
	ck_assert_int_ge(pauses, 3);
	ck_assert_int_le(pauses, 6);
	ck_assert_int_eq(retry_wait(&retry, &listener, -1), RETRY_NO_MORE);
}

TEST(what_was_said_last_is_said)
{
	static const struct connection there = {.name = "there"};

	ck_assert_int_eq(retry_give_up(&there, &listener,
				       "mux_client: no\nkex_exchange_identification: read: "
				       "Connection reset by peer\r\nConnection reset"),
			 -EAGAIN);
	ck_assert_ptr_nonnull(strstr(said, "kex_exchange_identification: read: Connection reset by "
					   "peer"));
	ck_assert_str_eq(strrchr(said, ' '), " peer");
}

/* By each shell that may be sh there. (setsid: the group is the line's own, as sshd has it.) */
TEST(says_the_status_of_who_signals_its_group)
{
	static const char *const shells[] = {"dash", "bash", "busybox sh"};
	static const struct {
		const char *script;
		int status;
	} all[] = {{"kill -TERM 0", 143},
		   {"kill -INT 0; sleep 100", 130},
		   {"kill -HUP 0; sleep 100", 129},
		   {"trap 'kill 0' EXIT; exit 3", 143},
		   {"trap 'exit 7' TERM; kill -TERM 0; sleep 100", 7}};

	(void)signal(SIGHUP, SIG_DFL); /* nohup make check */
	for (size_t i = 0; i < LENGTH(shells) * LENGTH(all) * 2; i++) {
		const char *shell = shells[i / LENGTH(all) / 2];
		bool ours = i % 2; /* which the wrapping shell runs itself */
		const char *const argv[] = {"sh", "-c", all[i / 2 % LENGTH(all)].script,
					    ours ? "crossbpf" : NULL, NULL};
		struct crossbpf_run run = {.host = &listener, .argv = argv};
		cleanup_free char *line = NULL;
		cleanup_strbuf struct strbuf output = {0};

		cleanup_free char *is_there =
			str_printf("command -v setsid && command -v %s", shell);
		if (run_line(is_there, &output) != 0)
			continue;
		ck_assert_int_eq(quote_run(&run, "mark", true, &line), 0);
		ck_assert_int_eq(strncmp(line, "exec sh -c ", 11), 0);
		cleanup_free char *own = str_printf("setsid -w %s -c %s", shell, line + 11);
		ck_assert_msg(run_line(own, &output) == all[i / 2 % LENGTH(all)].status,
			      "%s: %s: not %d", shell, argv[2], all[i / 2 % LENGTH(all)].status);
	}
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
	tcase_add_test(c, confirms_what_ssh_itself_ends_with);
	tcase_add_test(c, drops_the_confirmation_in_pieces);
	tcase_add_test(c, another_attempt_where_nothing_began);
	tcase_add_test(c, a_pause_heeds_the_order_to_end);
	tcase_add_test(c, attempts_come_to_an_end);
	tcase_add_test(c, what_was_said_last_is_said);
	tcase_add_test(c, says_the_status_of_who_signals_its_group);
	tcase_add_test(c, ends_a_group);
}

int main(void)
{
	return suite_run("ssh_command", add_tests);
}
