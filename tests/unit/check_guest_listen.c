/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <pthread.h>

#include "core/guest-listen.h"
#include "shared/io.h"
#include "shared/strbuf.h"

static const char hello[] = "{\"event\": \"guest\", \"version\": 1, \"release\": \"6.1\", "
			    "\"machine\": \"x86_64\"}\n";

/* What a guest says, and prints; `stays`: it does not end. */
struct guest {
	const char *says, *prints;
	bool stays;
	struct verify_kernel kernel;
	struct guest_answers answers;
};

static void guest_free(struct guest *g)
{
	guest_answers_free(&g->answers);
	verify_kernel_free(&g->kernel, 0);
}
#define cleanup_guest CLEANUP(guest_free)

static int hear(struct guest *g, int control)
{
	int from[2], console[2];

	g->kernel = (struct verify_kernel){.command_status = -1};
	g->answers.kernel = &g->kernel;
	ck_assert_int_eq(io_pipe(from), 0);
	ck_assert_int_eq(io_pipe(console), 0);
	ck_assert_int_eq(io_write_fd(from[1], g->says, strlen(g->says)), 0);
	ck_assert_int_eq(io_write_fd(console[1], g->prints, strlen(g->prints)), 0);
	if (!g->stays) {
		close(from[1]);
		close(console[1]);
	}
	const struct guest_listen l = {.answers = &g->answers,
				       .from = from[0],
				       .console = console[0],
				       .control = control,
				       .timeout = 1,
				       .boot_timeout = 2};
	int r = guest_listen(&l);
	close(from[0]);
	close(console[0]);
	if (g->stays) {
		close(from[1]);
		close(console[1]);
	}
	return r;
}

TEST(it_answers)
{
	cleanup_strbuf struct strbuf says = {0};
	cleanup_guest struct guest g = {.prints = "booting\n", .stays = true};

	strbuf_printf(&says, "%s{\"event\": \"done\"}\n", hello);
	g.says = says.data;
	ck_assert_int_eq(hear(&g, -1), 0);
	ck_assert(g.answers.done);
	ck_assert_int_eq(g.kernel.error, 0);
}

TEST(it_panics)
{
	cleanup_guest struct guest g = {
		.says = hello,
		.prints = "[1] Kernel panic - not syncing: sysrq triggered crash\r\n[1] CPU: 0\n",
	};

	ck_assert_int_eq(hear(&g, -1), -EIO);
	ck_assert_int_eq(g.kernel.error, -EIO);
	ck_assert_str_eq(g.kernel.failure, "panicked: sysrq triggered crash");
	ck_assert_ptr_nonnull(strstr(g.kernel.console, "CPU: 0"));
}

TEST(it_ends)
{
	cleanup_guest struct guest early = {.says = "", .prints = ""};
	cleanup_guest struct guest late = {.says = hello, .prints = "x"};

	ck_assert_int_eq(hear(&early, -1), -EIO);
	ck_assert_str_eq(early.kernel.failure, "ended before it could answer");
	ck_assert_ptr_null(early.kernel.console);
	ck_assert_int_eq(hear(&late, -1), -EIO);
	ck_assert_str_eq(late.kernel.failure, "ended before all was answered");
}

TEST(it_hangs)
{
	cleanup_guest struct guest mute = {.says = "", .prints = "", .stays = true};
	cleanup_guest struct guest hung = {.says = hello, .prints = "", .stays = true};

	ck_assert_int_eq(hear(&mute, -1), -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(mute.kernel.failure, "no answer for "));
	ck_assert_int_eq(hear(&hung, -1), -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(hung.kernel.failure, "no answer for "));
}

TEST(it_cannot_be_trusted)
{
	cleanup_guest struct guest g = {.says = "\033[2J\n", .prints = "", .stays = true};

	ck_assert_int_eq(hear(&g, -1), -EPROTO);
	ck_assert_ptr_nonnull(strstr(g.kernel.failure, "cannot be trusted: "));
}

TEST(it_is_ended)
{
	cleanup_guest struct guest g = {.says = hello, .prints = "", .stays = true};
	int control[2];

	ck_assert_int_eq(io_pipe(control), 0);
	close(control[1]);
	ck_assert_int_eq(hear(&g, control[0]), -ECANCELED);
	ck_assert_int_eq(g.kernel.error, 0);
	close(control[0]);
}

/* Something that writes for as long as it is read. */
struct writer {
	int fd;
	const char *block;
};

static void *write_on(void *arg)
{
	const struct writer *w = arg;

	while (io_write_fd(w->fd, w->block, strlen(w->block)) == 0)
		;
	close(w->fd);
	return NULL;
}

TEST(of_a_console_the_end_is_kept)
{
	static char block[4096];
	cleanup_guest struct guest g = {0};
	pthread_t thread;
	int from[2], console[2];

	signal(SIGPIPE, SIG_IGN);
	memset(block, 'x', sizeof(block) - 1);
	g.answers.kernel = &g.kernel;
	ck_assert_int_eq(io_pipe(from), 0);
	ck_assert_int_eq(io_pipe(console), 0);
	struct writer w = {console[1], block};
	ck_assert_int_eq(pthread_create(&thread, NULL, write_on, &w), 0);
	const struct guest_listen l = {.answers = &g.answers,
				       .from = from[0],
				       .console = console[0],
				       .control = -1,
				       .timeout = 1,
				       .boot_timeout = 1};
	ck_assert_int_eq(guest_listen(&l), -ETIMEDOUT);
	ck_assert_uint_eq(strlen(g.kernel.console), 64 << 10);
	close(console[0]);
	pthread_join(thread, NULL);
	close(from[0]);
	close(from[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, it_answers);
	tcase_add_test(c, it_panics);
	tcase_add_test(c, it_ends);
	tcase_add_test(c, it_hangs);
	tcase_add_test(c, it_cannot_be_trusted);
	tcase_add_test(c, it_is_ended);
	tcase_add_test(c, of_a_console_the_end_is_kept);
}

int main(void)
{
	return suite_run("guest_listen", add_tests);
}
