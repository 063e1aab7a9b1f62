/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "guest/answer.h"
#include "guest/guest-protocol.h"
#include "guest/request.h"
#include "guest/trial.h"
#include "shared/strbuf.h"

static void assert_refused(const char *text, const char *message)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_request struct request request = {0};

	ck_assert_msg(request_parse(&request, "/d", text, strlen(text), &e) == -EINVAL, "%s", text);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	assert_contains(e.message, message);
	ck_assert_ptr_nonnull(e.hint);
}

TEST(request_whole)
{
	static const char text[] =
		"{\"version\": 1, \"objects\": [\"0.o\", \"a/1.o\"], \"btf\": \"btf\","
		" \"attach\": true, \"packets\": \"p..\", \"command\": \"make test\","
		" \"command_seconds\": 60}";
	cleanup_error struct crossbpf_error e = {0};
	cleanup_request struct request request = {0};

	ck_assert_int_eq(request_parse(&request, "/d", text, strlen(text), &e), 0);
	ck_assert_uint_eq(request.objects.n, 2);
	ck_assert_str_eq(request.objects.v[0], "/d/0.o");
	ck_assert_str_eq(request.objects.v[1], "/d/a/1.o");
	ck_assert_str_eq(request.btf, "/d/btf");
	ck_assert_str_eq(request.packets, "/d/p..");
	ck_assert_str_eq(request.command, "make test");
	ck_assert_int_eq(request.command_seconds, 60);
	ck_assert(request.attach);
}

TEST(request_least)
{
	static const char text[] = "{\"version\": 1, \"objects\": []}";
	cleanup_error struct crossbpf_error e = {0};
	cleanup_request struct request request = {0};

	ck_assert_int_eq(request_parse(&request, "/d", text, strlen(text), &e), 0);
	ck_assert_uint_eq(request.objects.n, 0);
	ck_assert(!request.btf && !request.packets && !request.command && !request.attach);
}

TEST(request_refused)
{
	assert_refused("", "request.json");
	assert_refused("[]", "no object");
	assert_refused("{\"version\": 1, \"objects\": [\"a\"]", "request.json");
	assert_refused("{\"version\": 2, \"objects\": []}", "another version");
	assert_refused("{\"objects\": []}", "another version");
	assert_refused("{\"version\": 1}", "\"objects\"");
	assert_refused("{\"version\": 1, \"objects\": \"a\"}", "\"objects\"");
	assert_refused("{\"version\": 1, \"objects\": [1]}", "\"objects\"");
	assert_refused("{\"version\": 1, \"objects\": [], \"btf\": 1}", "\"btf\"");
	assert_refused("{\"version\": 1, \"objects\": [], \"packets\": true}", "\"packets\"");
	assert_refused("{\"version\": 1, \"objects\": [], \"command\": [\"a\"]}", "\"command\"");
	assert_refused("{\"version\": 1, \"objects\": [], \"command\": \"a\", "
		       "\"command_seconds\": 0}",
		       "\"command_seconds\"");
}

TEST(request_outside)
{
	static const char *const names[] = {"", "/etc/passwd", "..", "../a", "a/../../b", "a/.."};

	for (size_t i = 0; i < LENGTH(names); i++) {
		cleanup_free char *text =
			str_printf("{\"version\": 1, \"objects\": [\"%s\"]}", names[i]);
		assert_refused(text, "names no file of its directory");
	}
}

/* What is read back, through JSON, of a text. The caller frees. */
static char *through(struct answer *a, const char *text, size_t len)
{
	json_t *line = json_pack("{s:o}", "text", answer_text(a, text, len));

	ck_assert_int_eq(ftruncate(a->fd, 0), 0);
	ck_assert_int_eq(lseek(a->fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(answer_line(a, line), 0);
	ck_assert_int_eq(lseek(a->fd, 0, SEEK_SET), 0);
	json_t *root = json_loadfd(a->fd, 0, NULL);
	ck_assert_ptr_nonnull(root);
	char *got = strdup(json_string_value(json_object_get(root, "text")));
	json_decref(root);
	return got;
}

static void begin_answer(struct answer *a)
{
	int fd = open("answer", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(answer_open(a, fd), 0);
}

static void end_answer(struct answer *a)
{
	close(a->fd);
	answer_close(a);
}

TEST(answer_texts)
{
	static const struct {
		const char *text, *expected;
	} texts[] = {
		{"", ""},
		{"a line\n\tand another\n", "a line\n\tand another\n"},
		{"\"quoted\\\"", "\"quoted\\\""},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"\xff\xfe"
		 "a",
		 "\xef\xbf\xbd\xef\xbf\xbd"
		 "a"},
		{"\x1b[2J\x7f", "?[2J?"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* half a surrogate */
	};
	struct answer a;

	begin_answer(&a);
	for (size_t i = 0; i < LENGTH(texts); i++) {
		cleanup_free char *got = through(&a, texts[i].text, strlen(texts[i].text));
		ck_assert_str_eq(got, texts[i].expected);
	}
	cleanup_free char *nul = through(&a, "a\0b", 3);
	ck_assert_str_eq(nul, "a?b");
	end_answer(&a);
}

/* Its end is sent, from the beginning of a character on; short once much was said. */
TEST(answer_long)
{
	size_t len = GUEST_LOG_MAX + 2;
	cleanup_free char *text = malloc(len);
	struct answer a;

	begin_answer(&a);
	memset(text, '\x80', len);
	text[0] = '\xc3';
	memset(text + 3, 'x', len - 3);
	memcpy(text + len - 3, "end", 3);
	cleanup_free char *got = through(&a, text, len);
	ck_assert_uint_eq(strlen(got), GUEST_LOG_MAX - 1);
	ck_assert_str_eq(got + strlen(got) - 3, "end");
	*a.spent = GUEST_ANSWER_MAX / 2;
	cleanup_free char *less = through(&a, text, len);
	ck_assert_uint_eq(strlen(less), 4096);
	ck_assert_str_eq(less + strlen(less) - 3, "end");
	end_answer(&a);
}

/* The worst that anybody can have the guest say. */
TEST(answer_escapes_fit)
{
	cleanup_free char *text = malloc(GUEST_LOG_MAX);
	struct answer a;

	begin_answer(&a);
	memset(text, '"', GUEST_LOG_MAX);
	cleanup_free char *quotes = through(&a, text, GUEST_LOG_MAX);
	ck_assert_uint_eq(strlen(quotes), GUEST_LOG_MAX);
	memset(text, '\xff', GUEST_LOG_MAX);
	cleanup_free char *bytes = through(&a, text, GUEST_LOG_MAX);
	ck_assert_uint_eq(strlen(bytes), 3 * GUEST_LOG_MAX);
	end_answer(&a);
}

TEST(answer_empty_member)
{
	struct answer a;
	json_t *line = json_object();

	begin_answer(&a);
	answer_set_text(&a, line, "log", NULL);
	answer_set_text(&a, line, "log", "");
	ck_assert_uint_eq(json_object_size(line), 0);
	answer_set_text(&a, line, "log", "x");
	ck_assert_uint_eq(json_object_size(line), 1);
	json_decref(line);
	ck_assert_int_eq(answer_line(&a, NULL), -ENOMEM);
	end_answer(&a);
}

TEST(figures)
{
	struct trial_figures f;

	trial_figures_read("verification time 57 usec\nstack depth 8\nprocessed 40 insns (limit "
			   "1000000) max_states_per_insn 0\n",
			   &f);
	ck_assert(f.verified);
	ck_assert_uint_eq(f.instructions, 40);
	ck_assert(f.seconds > 0.0000569 && f.seconds < 0.0000571);
	trial_figures_read("processed 1 insns\nprocessed 2 insns\n", &f);
	ck_assert_uint_eq(f.instructions, 2);
	ck_assert(f.seconds < 0);
	trial_figures_read("", &f);
	ck_assert(!f.verified && f.seconds < 0);
	trial_figures_read("; it processed 5 insns\nprocessed x insns\n", &f);
	ck_assert(!f.verified);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, request_whole);
	tcase_add_test(c, request_least);
	tcase_add_test(c, request_refused);
	tcase_add_test(c, request_outside);
	tcase_add_test(c, answer_texts);
	tcase_add_test(c, answer_long);
	tcase_add_test(c, answer_escapes_fit);
	tcase_add_test(c, answer_empty_member);
	tcase_add_test(c, figures);
}

int main(void)
{
	return suite_run("guest", add_tests);
}
