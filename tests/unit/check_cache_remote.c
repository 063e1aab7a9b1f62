/* SPDX-License-Identifier: BSD-2-Clause */
/* How it fails; cache-http.test has what it does on a real server. */
#include "suite.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "core/cache-remote.h"

struct bench {
	struct cache *cache;
	unsigned warnings;
	char warning[512];
	bool stop;
};

static void warn(void *ctx, const char *message, const char *hint)
{
	struct bench *b = ctx;

	(void)hint;
	b->warnings++;
	snprintf(b->warning, sizeof(b->warning), "%s", message);
}

static bool is_stopped(void *ctx)
{
	const struct bench *b = ctx;

	return b->stop;
}

static struct cache_remote *begin(struct bench *b, unsigned port, const char *module_dir)
{
	cleanup_free char *url = str_printf("http://127.0.0.1:%u//", port);
	const struct cache_remote_settings settings = {
		.url = url,
		.token = "t",
		.write = true,
		.timeout = 1,
		.module_dir = module_dir,
		.stop = is_stopped,
		.warn = warn,
		.ctx = b,
	};

	struct cache_remote *r = cache_remote_new(&settings);
	ck_assert_ptr_ne(r, NULL);
	b->cache = cache_new("dir", 1 << 20);
	cache_remote_attach(r, b->cache);
	return r;
}

static void get(struct bench *b, uint8_t first)
{
	uint8_t key[DIGEST_SIZE] = {first};
	cleanup_strbuf struct strbuf content = {0};

	ck_assert_int_eq(cache_get(b->cache, CACHE_OBJECT, key, &content), -ENOENT);
	ck_assert_uint_eq(content.len, 0);
	ck_assert_int_eq(cache_fetch(b->cache, CACHE_MANIFEST, key, &content), -ENOENT);
}

static void put(struct bench *b, uint8_t first)
{
	uint8_t key[DIGEST_SIZE] = {first};

	cache_put(b->cache, CACHE_OBJECT, key, "content", 7);
}

static void end(struct bench *b, struct cache_remote *r)
{
	uint64_t taken, sent;

	cache_remote_finish(r);
	cache_remote_count(r, &taken, &sent);
	ck_assert_uint_eq(taken + sent, 0);
	cache_remote_close(r);
	cache_close(b->cache);
}

/* A port of ours; nobody answers there, and where `listens` is false nobody listens. */
static int make_port(bool listens, unsigned *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listens ? listen(fd, 16) : 0, 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

TEST(nobody_listens)
{
	struct bench b = {0};
	unsigned port;
	cleanup_close int fd = make_port(false, &port);
	struct cache_remote *r = begin(&b, port, MODULE_DIR);

	ck_assert_str_eq(cache_remote_url(r) + strlen("http://127.0.0.1:"),
			 strrchr(cache_remote_url(r), ':') + 1);
	ck_assert(!strchr(cache_remote_url(r) + strlen("http://"), '/'));
	ck_assert(!cache_remote_is_left(r));
	get(&b, 1);
	ck_assert(cache_remote_is_left(r));
	get(&b, 2);
	put(&b, 3);
	end(&b, r);
	ck_assert_uint_eq(b.warnings, 1);
	assert_contains(b.warning, "is left alone: ");
}

TEST(nobody_takes_what_is_put)
{
	struct bench b = {0};
	unsigned port;
	cleanup_close int fd = make_port(false, &port);
	struct cache_remote *r = begin(&b, port, MODULE_DIR);

	for (uint8_t i = 0; i < 100; i++)
		put(&b, i % 10);
	end(&b, r);
	ck_assert_uint_eq(b.warnings, 1);
}

TEST(nobody_answers)
{
	struct bench b = {0};
	unsigned port;
	cleanup_close int fd = make_port(true, &port);
	struct cache_remote *r = begin(&b, port, MODULE_DIR);

	for (uint8_t i = 0; i < 100; i++) /* that would be long */
		get(&b, i);
	put(&b, 1);
	end(&b, r);
	ck_assert_uint_eq(b.warnings, 1);
	assert_contains(b.warning, "it did not answer in time");
}

TEST(nobody_answers_what_is_put)
{
	struct bench b = {0};
	unsigned port;
	cleanup_close int fd = make_port(true, &port);
	struct cache_remote *r = begin(&b, port, MODULE_DIR);

	for (uint8_t i = 0; i < 100; i++)
		put(&b, i);
	end(&b, r);
	ck_assert_uint_eq(b.warnings, 1);
}

TEST(the_build_ends)
{
	struct bench b = {.stop = true};
	unsigned port;
	cleanup_close int fd = make_port(true, &port);
	struct cache_remote *r = begin(&b, port, "/nowhere");

	get(&b, 1); /* the module is not even loaded */
	put(&b, 1);
	end(&b, r);
	ck_assert_uint_eq(b.warnings, 0);
}

TEST(no_module)
{
	struct bench b = {0};
	struct cache_remote *r = begin(&b, 1, "/nowhere");

	get(&b, 1);
	get(&b, 2);
	end(&b, r);
	ck_assert_uint_eq(b.warnings, 1);
	assert_contains(b.warning, "the module for HTTP is not installed");
}

TEST(tokens)
{
	ck_assert(cache_remote_is_token("aB1._~+/-="));
	ck_assert(!cache_remote_is_token(""));
	ck_assert(!cache_remote_is_token("a b"));
	ck_assert(!cache_remote_is_token("a\r\nHost: b"));
	ck_assert(!cache_remote_is_token("a\x80"));
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, nobody_listens);
	tcase_add_test(c, nobody_takes_what_is_put);
	tcase_add_test(c, nobody_answers);
	tcase_add_test(c, nobody_answers_what_is_put);
	tcase_add_test(c, the_build_ends);
	tcase_add_test(c, no_module);
	tcase_add_test(c, tokens);
}

int main(void)
{
	return suite_run("cache_remote", add_tests);
}
