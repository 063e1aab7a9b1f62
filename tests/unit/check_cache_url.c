/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "core/cache-url.h"

TEST(takes_addresses)
{
	static const char *const good[] = {
		"http://h",
		"https://h",
		"HTTPS://h.example:8443/a/b/",
		"http://127.0.0.1",
		"http://[::1]:8080/cas",
		"https://h/a@b",
	};

	for (size_t i = 0; i < LENGTH(good); i++) {
		cleanup_error struct crossbpf_error e = {0};
		ck_assert_msg(cache_url_check(good[i], &e) == 0, "%s", good[i]);
		ck_assert_ptr_eq(e.message, NULL);
	}
}

TEST(refuses_the_rest_and_shows_none_of_it)
{
	static const char *const bad[] = {
		"",
		"h",
		"file:///secret",
		"https://",
		"https:///h",
		"https://:8080/",
		"https://u:secret@h/",
		"https://secret@h",
		"https://h?a=secret",
		"https://h/#secret",
		"https://h/sec ret",
		"https://h/\nsecret",
		"https://h/\x80secret",
		"https:/h",
		"ftp://h",
		"https://h/{secret}",
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		cleanup_error struct crossbpf_error e = {0};
		ck_assert_msg(cache_url_check(bad[i], &e) == -EINVAL, "%s", bad[i]);
		ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
		ck_assert_ptr_eq(strstr(e.message, "secret"), NULL);
	}
}

TEST(is_private)
{
	static const char *const yes[] = {
		"https://h",         "HTTPS://h/",      "http://localhost", "http://LOCALHOST:80/",
		"http://127.0.0.1/", "http://[::1]:80",
	};
	static const char *const no[] = {
		"http://h",          "http://localhost.example", "http://127.0.0.1.example/",
		"http://127.0.0.12", "http://h/localhost",       "http://[::12]",
	};

	for (size_t i = 0; i < LENGTH(yes); i++)
		ck_assert_msg(cache_url_is_private(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < LENGTH(no); i++)
		ck_assert_msg(!cache_url_is_private(no[i]), "%s", no[i]);
	ck_assert(cache_url_is_here("https://localhost:1/"));
	ck_assert(!cache_url_is_here("https://h/"));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, takes_addresses);
	tcase_add_test(c, refuses_the_rest_and_shows_none_of_it);
	tcase_add_test(c, is_private);
}

int main(void)
{
	return suite_run("cache_url", add_tests);
}
