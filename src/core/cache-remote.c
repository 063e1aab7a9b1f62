/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "action-result.h"
#include "cache-remote.h"
#include "cache-url.h"
#include "shared/error.h"
#include "http/http.h"
#include "plugin.h"
#include "shared/io.h"
#include "shared/thread.h"

enum {
	MAX_RESULT = 64 << 10,
	MAX_OBJECT = 256 << 20,
	MAX_MANIFEST = 4 << 20,
	MAX_WAITING = 256 << 20, /* bytes that are to be sent and held in memory */
	MAX_WRONG = 3,           /* answers; then nothing more is asked for */
	N_SENDERS = 4,
};

#define SECOND INT64_C(1000000000)
#define ANSWER (SECOND / 10) /* that each may take */

/* A file that is to be sent. */
struct parcel {
	struct parcel *next;
	enum cache_kind kind;
	uint8_t key[DIGEST_SIZE];
	size_t len;
	char content[];
};

struct cache_remote {
	struct cache_remote_settings settings;
	char *url, *token, *module_dir;
	/* Nothing more at all; to be asked for; to be sent. By atomic operations. */
	bool left, mistrusted, refused;
	uint64_t taken, sent;

	pthread_mutex_t lock; /* guards what follows */
	void *handle;
	const struct http_module *module;
	struct http *http;
	unsigned wrong;
	/* Those who wait: since when any of them, how long there was one before, and for how many
	 * answers. */
	unsigned waiting;
	int64_t since, waited, answers;

	struct parcel *first, **last;
	size_t n_parcels, bytes;
	pthread_t senders[N_SENDERS];
	unsigned n_senders, n_idle;
	pthread_cond_t more;
	bool closing;
	int64_t deadline; /* where closing */
};

static const char *const kind_names[CACHE_KINDS] = {
	[CACHE_OBJECT] = "object", [CACHE_MANIFEST] = "manifest"};
static const size_t kind_limits[CACHE_KINDS] = {
	[CACHE_OBJECT] = MAX_OBJECT, [CACHE_MANIFEST] = MAX_MANIFEST};

bool cache_remote_is_token(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return *text;
}

struct cache_remote *cache_remote_new(const struct cache_remote_settings *settings)
{
	struct cache_remote *r = calloc(1, sizeof(*r));
	size_t len = strlen(settings->url);

	if (!r)
		return NULL;
	while (len && settings->url[len - 1] == '/')
		len--;
	r->settings = *settings;
	r->url = strndup(settings->url, len);
	r->token = settings->token ? strdup(settings->token) : NULL;
	r->module_dir = strdup(settings->module_dir);
	r->last = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	if (r->url && r->module_dir && (r->token || !settings->token))
		return r;
	cache_remote_close(r);
	return NULL;
}

const char *cache_remote_url(const struct cache_remote *r)
{
	return r->url;
}

void cache_remote_count(const struct cache_remote *r, uint64_t *ret_taken, uint64_t *ret_sent)
{
	*ret_taken = __atomic_load_n(&r->taken, __ATOMIC_RELAXED);
	*ret_sent = __atomic_load_n(&r->sent, __ATOMIC_RELAXED);
}

bool cache_remote_is_left(const struct cache_remote *r)
{
	return __atomic_load_n(&r->left, __ATOMIC_RELAXED);
}

void cache_remote_leave(struct cache_remote *r)
{
	__atomic_store_n(&r->left, true, __ATOMIC_RELAXED);
}

static bool takes_more(const struct cache_remote *r)
{
	return r->settings.write && !__atomic_load_n(&r->refused, __ATOMIC_RELAXED) &&
	       !cache_remote_is_left(r);
}

/* Sets `what`, and says why, once. */
__attribute__((format(printf, 5, 6))) static void give_up(struct cache_remote *r, bool *what,
							  const char *how, const char *hint,
							  const char *format, ...)
{
	cleanup_strbuf struct strbuf message = {0};
	va_list args;

	strbuf_printf(&message, "the shared cache %s %s: ", r->url, how);
	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	pthread_mutex_lock(&r->lock);
	if (!__atomic_exchange_n(what, true, __ATOMIC_RELAXED) && r->settings.warn)
		r->settings.warn(r->settings.ctx, message.error ? "out of memory" : message.data,
				 hint);
	pthread_mutex_unlock(&r->lock);
}

#define LEAVE(r, hint, ...) give_up(r, &(r)->left, "is left alone", hint, __VA_ARGS__)
#define MISTRUST(r, hint, ...) \
	give_up(r, &(r)->mistrusted, "is not asked any more", hint, __VA_ARGS__)
#define REFUSE(r, hint, ...) give_up(r, &(r)->refused, "is not written to", hint, __VA_ARGS__)

void cache_remote_leave_for(struct cache_remote *r, const char *why)
{
	LEAVE(r, NULL, "%s", why);
}

static bool should_stop(void *ctx)
{
	struct cache_remote *r = ctx;

	if (r->settings.stop && r->settings.stop(r->settings.ctx))
		cache_remote_leave(r);
	return cache_remote_is_left(r);
}

/* Under the lock. */
static int load(struct cache_remote *r, struct crossbpf_error *e)
{
	const struct http_server server = {
		.url = r->url,
		.token = r->token,
		.netrc = cache_url_is_private(r->url),
		.direct = cache_url_is_here(r->url), /* a proxy would see what is sent */
		.agent = PACKAGE_NAME "/" PACKAGE_VERSION,
		.stop = should_stop,
		.ctx = r,
	};

	r->module = plugin_load_module(r->module_dir, "http.so", "crossbpf_http_init",
				       sizeof(*r->module), "the module for HTTP", &r->handle, e);
	if (!r->module)
		return -ENOEXEC;
	r->http = r->module->open(&server);
	return r->http ? 0 : error_no_memory(e);
}

/* With the first use of it, libcurl is loaded. */
static bool is_ready(struct cache_remote *r)
{
	cleanup_error struct crossbpf_error e = {0};
	int error = 0;

	if (should_stop(r))
		return false;
	pthread_mutex_lock(&r->lock);
	if (!r->http)
		error = load(r, &e);
	pthread_mutex_unlock(&r->lock);
	if (error < 0)
		LEAVE(r, NULL, "%s", e.message ? e.message : "out of memory");
	return error == 0;
}

/* For how many milliseconds the next answer may be waited for; 0: no longer. */
static unsigned begin_waiting(struct cache_remote *r)
{
	int64_t time = io_clock();

	pthread_mutex_lock(&r->lock);
	if (r->waiting++ == 0)
		r->since = time;
	int64_t left =
		r->settings.timeout * SECOND + r->answers * ANSWER - r->waited - (time - r->since);
	pthread_mutex_unlock(&r->lock);
	return left > 0 ? (unsigned)(left / 1000000) + 1 : 0;
}

static void end_waiting(struct cache_remote *r, bool answered)
{
	pthread_mutex_lock(&r->lock);
	r->answers += answered;
	if (--r->waiting == 0)
		r->waited += io_clock() - r->since;
	pthread_mutex_unlock(&r->lock);
}

/* Not what was asked for: somebody else's fault, perhaps, and once is no matter. */
static int tell_wrong(struct cache_remote *r)
{
	pthread_mutex_lock(&r->lock);
	bool enough = ++r->wrong >= MAX_WRONG;
	pthread_mutex_unlock(&r->lock);
	if (enough) /* it is still written to, which mends what was damaged */
		MISTRUST(r, "a build that may write puts right what is damaged there",
			 "it sends something else than what was asked for");
	return -ENOENT;
}

/* There was no answer. Returns -ENOENT or -ENOMEM. */
static int tell_failure(struct cache_remote *r, int error, const struct http_answer *answer)
{
	if (error == -ENOMEM)
		return error;
	if (error == -EFBIG)
		return tell_wrong(r);
	if (error == -ETIMEDOUT)
		LEAVE(r, NULL, "it did not answer in time");
	else if (error != -ECANCELED)
		LEAVE(r, NULL, "%s", answer->why);
	return -ENOENT;
}

static const char *hint_at(const struct cache_remote *r, const struct http_answer *answer)
{
	if (answer->status >= 300 && answer->status < 400)
		return "redirections are not followed: name the address where it is";
	if (answer->status != 401 && answer->status != 403)
		return NULL;
	if (!cache_url_is_private(r->url))
		return "without TLS no token or password is sent: use https";
	return r->token ? "is CROSSBPF_CACHE_TOKEN right, and does it hold still?"
			: "set CROSSBPF_CACHE_TOKEN, or name the host in ~/.netrc";
}

/* "status 302, to https://…" */
static void tell_status(struct strbuf *b, const struct http_answer *answer)
{
	strbuf_printf(b, "status %ld%s%s", answer->status, answer->why[0] ? ", to " : "",
		      answer->why);
}

/* 0, -ENOENT where it is not there or cannot be had, or -ENOMEM. */
static int fetch(struct cache_remote *r, const char *name, size_t limit, struct strbuf *ret_body)
{
	cleanup_strbuf struct strbuf status = {0};
	struct http_answer answer = {0};
	unsigned milliseconds = begin_waiting(r);
	int error = -ECANCELED;

	if (milliseconds)
		error = r->module->get(r->http, name, milliseconds, limit, ret_body, &answer);
	else
		LEAVE(r, NULL, "it is too slow");
	end_waiting(r, error == 0);
	if (error < 0)
		return tell_failure(r, error, &answer);
	if (answer.status == 200)
		return 0;
	if (answer.status != 404 && answer.status != 410) {
		tell_status(&status, &answer);
		LEAVE(r, hint_at(r, &answer), "it answers with %s",
		      status.data ? status.data : "an error");
	}
	return -ENOENT;
}

/* Of "/ac/" or "/cas/". */
static char *name_of(const char *store, const uint8_t digest[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	return str_printf("/%s/%s", store, hex);
}

/* What the result calls the file: another key's is not taken for it. */
static char *path_of(enum cache_kind kind, const uint8_t key[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(key, hex);
	return str_printf("crossbpf/1/%s/%s", kind_names[kind], hex);
}

static int find_blob(struct cache_remote *r, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		     uint8_t ret_digest[DIGEST_SIZE], uint64_t *ret_size)
{
	cleanup_free char *name = name_of("ac", key), *path = path_of(kind, key);
	cleanup_strbuf struct strbuf body = {0};

	if (!name || !path)
		return -ENOMEM;
	int error = fetch(r, name, MAX_RESULT, &body);
	if (error < 0)
		return error;
	error = action_result_find(body.data, body.len, path, ret_digest, ret_size);
	if (error == -ENOENT) /* another's, with whom we have the key in common */
		return error;
	return error < 0 || !*ret_size || *ret_size > kind_limits[kind] ? tell_wrong(r) : 0;
}

static int get_blob(struct cache_remote *r, const uint8_t digest[DIGEST_SIZE], size_t size,
		    struct strbuf *ret_content)
{
	cleanup_free char *name = name_of("cas", digest);
	cleanup_strbuf struct strbuf body = {0};
	uint8_t got[DIGEST_SIZE];

	if (!name)
		return -ENOMEM;
	int error = fetch(r, name, size, &body);
	if (error < 0)
		return error;
	digest_of(body.data ? body.data : "", body.len, got);
	if (body.len != size || memcmp(got, digest, DIGEST_SIZE) != 0)
		return tell_wrong(r);
	strbuf_add(ret_content, body.data ? body.data : "", body.len);
	return ret_content->error;
}

static int get(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
	       struct strbuf *ret_content)
{
	struct cache_remote *r = ctx;
	uint8_t digest[DIGEST_SIZE];
	uint64_t size;

	if (__atomic_load_n(&r->mistrusted, __ATOMIC_RELAXED) || !is_ready(r))
		return -ENOENT;
	int error = find_blob(r, kind, key, digest, &size);
	if (error == 0)
		error = get_blob(r, digest, (size_t)size, ret_content);
	if (error == 0)
		__atomic_fetch_add(&r->taken, 1, __ATOMIC_RELAXED);
	return error;
}

/* For how many milliseconds a sender may wait; 0: no longer. */
static unsigned sending_time(struct cache_remote *r)
{
	int64_t left = r->settings.timeout * SECOND;

	pthread_mutex_lock(&r->lock);
	if (r->closing && r->deadline - io_clock() < left)
		left = r->deadline - io_clock();
	pthread_mutex_unlock(&r->lock);
	return left > 0 ? (unsigned)(left / 1000000) + 1 : 0;
}

static bool put_blob(struct cache_remote *r, const char *name, const void *data, size_t len)
{
	cleanup_strbuf struct strbuf status = {0};
	unsigned milliseconds = sending_time(r);
	struct http_answer answer = {0};

	int error = milliseconds ? r->module->put(r->http, name, milliseconds, data, len, &answer)
				 : -ETIMEDOUT;
	if (error < 0) {
		tell_failure(r, error, &answer);
		return false;
	}
	if (answer.status < 300)
		return true;
	tell_status(&status, &answer);
	const char *text = status.data ? status.data : "an error";
	if (answer.status >= 500 && answer.status != 507) /* 507: it is full */
		LEAVE(r, NULL, "it answers with %s", text);
	else if (answer.status != 413) /* of this one alone: too large */
		REFUSE(r, hint_at(r, &answer), "it answers with %s", text);
	return false;
}

/* The blob first: bazel-remote has no use for a result whose blob it has not. */
static void send_parcel(struct cache_remote *r, const struct parcel *p)
{
	cleanup_free char *path = path_of(p->kind, p->key), *key_name = name_of("ac", p->key);
	cleanup_strbuf struct strbuf result = {0};
	uint8_t digest[DIGEST_SIZE];

	digest_of(p->content, p->len, digest);
	cleanup_free char *blob_name = name_of("cas", digest);
	if (path)
		action_result_write(&result, path, digest, p->len);
	if (!path || !key_name || !blob_name || result.error)
		return;
	if (put_blob(r, blob_name, p->content, p->len) &&
	    put_blob(r, key_name, result.data, result.len))
		__atomic_fetch_add(&r->sent, 1, __ATOMIC_RELAXED);
}

/* The next, or NULL where there will be no more; the caller frees. */
static struct parcel *take_parcel(struct cache_remote *r)
{
	pthread_mutex_lock(&r->lock);
	r->n_idle++;
	while (!r->first && !r->closing)
		pthread_cond_wait(&r->more, &r->lock);
	r->n_idle--;
	struct parcel *p = r->first;
	if (p) {
		r->first = p->next;
		r->n_parcels--;
		r->bytes -= p->len;
		if (!r->first)
			r->last = &r->first;
	}
	pthread_mutex_unlock(&r->lock);
	return p;
}

static void *sender_main(void *arg)
{
	struct cache_remote *r = arg;

	for (struct parcel *p; (p = take_parcel(r)); free(p))
		if (takes_more(r) && is_ready(r))
			send_parcel(r, p);
	return NULL;
}

/* One with the same key that was not sent yet gives way: under the lock. */
static void drop_older(struct cache_remote *r, const struct parcel *p)
{
	for (struct parcel **at = &r->first; *at; at = &(*at)->next) {
		struct parcel *old = *at;
		if (old->kind != p->kind || memcmp(old->key, p->key, DIGEST_SIZE) != 0)
			continue;
		*at = old->next;
		if (r->last == &old->next)
			r->last = at;
		r->n_parcels--;
		r->bytes -= old->len;
		free(old);
		return;
	}
}

static void put(void *ctx, enum cache_kind kind, const uint8_t key[DIGEST_SIZE],
		const void *content, size_t len)
{
	struct cache_remote *r = ctx;

	if (!takes_more(r) || len > kind_limits[kind])
		return;
	struct parcel *p = malloc(sizeof(*p) + len);
	if (!p)
		return;
	*p = (struct parcel){.kind = kind, .len = len};
	memcpy(p->key, key, DIGEST_SIZE);
	memcpy(p->content, content, len);
	pthread_mutex_lock(&r->lock);
	if (r->bytes + len <= MAX_WAITING) {
		drop_older(r, p);
		*r->last = p;
		r->last = &p->next;
		r->n_parcels++;
		r->bytes += len;
		if (!r->n_idle && r->n_senders < N_SENDERS &&
		    thread_start(&r->senders[r->n_senders], sender_main, r) == 0)
			r->n_senders++;
		pthread_cond_signal(&r->more);
		p = NULL;
	}
	pthread_mutex_unlock(&r->lock);
	free(p);
}

void cache_remote_attach(struct cache_remote *r, struct cache *c)
{
	static const struct cache_shared shared = {.get = get, .put = put};
	struct cache_shared with = shared;

	with.ctx = r;
	cache_share(c, &with);
}

void cache_remote_finish(struct cache_remote *r)
{
	pthread_mutex_lock(&r->lock);
	r->closing = true;
	r->deadline = io_clock() + r->settings.timeout * SECOND + (int64_t)r->n_parcels * ANSWER;
	pthread_cond_broadcast(&r->more);
	pthread_mutex_unlock(&r->lock);
	for (unsigned i = 0; i < r->n_senders; i++)
		pthread_join(r->senders[i], NULL);
	r->n_senders = 0;
}

void cache_remote_close(struct cache_remote *r)
{
	if (!r)
		return;
	cache_remote_finish(r);
	for (struct parcel *p = r->first, *next; p; p = next) { /* no thread could be had */
		next = p->next;
		free(p);
	}
	if (r->http)
		r->module->close(r->http);
	pthread_cond_destroy(&r->more);
	pthread_mutex_destroy(&r->lock);
	free(r->url);
	free(r->token);
	free(r->module_dir);
	free(r);
}
