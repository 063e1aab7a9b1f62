/* SPDX-License-Identifier: BSD-2-Clause */
/* Each request has a handle of libcurl's of its own; one that is done with keeps its connection for
 * the next request. */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "http.h"
#include "shared/strbuf.h"

enum { CONNECT_MILLISECONDS = 2000 };

struct connection {
	CURL *curl;
	struct connection *next;
};

struct http {
	struct http_server server;
	char *url, *token, *agent;
	struct curl_slist *headers; /* of a PUT */
	pthread_mutex_t lock;       /* guards what follows */
	struct connection *idle;
};

/* One request. */
struct request {
	const struct http *http;
	CURL *curl;
	struct strbuf *body; /* or NULL: it is not wanted */
	size_t limit;
	const void *data; /* what is put; NULL: it is a GET */
	size_t len;
	bool stopped, too_large;
	char error[CURL_ERROR_SIZE];
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void http_close(struct http *h)
{
	for (struct connection *c = h->idle, *next; c; c = next) {
		next = c->next;
		curl_easy_cleanup(c->curl);
		free(c);
	}
	curl_slist_free_all(h->headers);
	curl_global_cleanup();
	pthread_mutex_destroy(&h->lock);
	free(h->url);
	free(h->token);
	free(h->agent);
	free(h);
}

static struct http *http_open(const struct http_server *server)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return NULL;
	}
	h->server = *server;
	h->url = copy(server->url);
	h->token = copy(server->token);
	h->agent = copy(server->agent);
	pthread_mutex_init(&h->lock, NULL);
	/* It would else be said to be a form's. */
	h->headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");
	/* Without it nothing waits for a server that does not know of 100-continue. */
	struct curl_slist *more = h->headers ? curl_slist_append(h->headers, "Expect:") : NULL;
	if (h->url && (h->token || !server->token) && h->agent && more)
		return h;
	http_close(h);
	return NULL;
}

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct request *r = ctx;
	size_t len = size * n;
	long status = 0;

	curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
	if (!r->body || status != 200) /* a page for people */
		return len;
	if (len > r->limit - r->body->len) {
		r->too_large = true;
		return 0;
	}
	strbuf_add(r->body, data, len);
	return r->body->error ? 0 : len;
}

static int tell_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct request *r = ctx;

	(void)a, (void)b, (void)c, (void)d;
	r->stopped = r->http->server.stop && r->http->server.stop(r->http->server.ctx);
	return r->stopped;
}

static struct connection *take_connection(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	struct connection *c = h->idle;
	if (c)
		h->idle = c->next;
	pthread_mutex_unlock(&h->lock);
	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (c)
		c->curl = curl_easy_init();
	if (c && c->curl)
		return c;
	free(c);
	return NULL;
}

static void give_back(struct http *h, struct connection *c)
{
	curl_easy_reset(c->curl); /* it keeps the connection */
	pthread_mutex_lock(&h->lock);
	c->next = h->idle;
	h->idle = c;
	pthread_mutex_unlock(&h->lock);
}

/* Only these two: no file://, whatever the url says. */
static CURLcode set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static CURLcode set_credentials(CURL *curl, const struct http *h)
{
	const char *file = getenv("NETRC");
	CURLcode r = CURLE_OK;

	if (h->token) {
		r = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		return r ? r : curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, h->token);
	}
	if (!h->server.netrc)
		return r;
	r = curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	return r || !file || !*file ? r : curl_easy_setopt(curl, CURLOPT_NETRC_FILE, file);
}

/* Whose certificates are believed, where it is not whom the system believes; as curl(1) has it. */
static CURLcode set_authorities(CURL *curl)
{
	const char *file = getenv("CURL_CA_BUNDLE");

	if (!file || !*file)
		file = getenv("SSL_CERT_FILE");
	return file && *file ? curl_easy_setopt(curl, CURLOPT_CAINFO, file) : CURLE_OK;
}

static CURLcode set_times(CURL *curl, unsigned milliseconds)
{
	unsigned connect =
		milliseconds < CONNECT_MILLISECONDS ? milliseconds : CONNECT_MILLISECONDS;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)milliseconds);

	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	return code;
}

/* What both methods have in common. */
static CURLcode prepare(struct request *r, const char *url, unsigned milliseconds)
{
	CURL *curl = r->curl;
	CURLcode code = set_protocols(curl);

	if (code == CURLE_OK)
		code = set_credentials(curl, r->http);
	if (code == CURLE_OK)
		code = set_authorities(curl);
	if (code == CURLE_OK && r->http->server.direct)
		code = curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (code == CURLE_OK)
		code = set_times(curl, milliseconds);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_URL, url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_USERAGENT, r->http->agent);
	if (code != CURLE_OK)
		return code;
	/* These cannot fail, but for an option that is not known; they are libcurl's defaults
	 * where that matters. */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, r);
	return CURLE_OK;
}

static int error_of(CURLcode code, const struct request *r)
{
	if (code == CURLE_OK)
		return 0;
	if (r->stopped)
		return -ECANCELED;
	if (r->too_large)
		return -EFBIG;
	if (code == CURLE_OUT_OF_MEMORY || (r->body && r->body->error))
		return -ENOMEM;
	return code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EIO;
}

/* Text of the server's: without what a terminal would obey, and a url's query, which may be a
 * secret. */
static void say(char why[256], const char *text)
{
	size_t n = 0;

	for (; *text && *text != '?' && n < 255; text++)
		if (*text >= ' ' && *text <= '~')
			why[n++] = *text;
	why[n] = '\0';
}

static int finish(CURLcode code, const struct request *r, struct http_answer *ret_answer)
{
	const char *location = NULL;

	*ret_answer = (struct http_answer){0};
	if (code != CURLE_OK) {
		say(ret_answer->why, r->error[0] ? r->error : curl_easy_strerror(code));
		return error_of(code, r);
	}
	curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
	curl_easy_getinfo(r->curl, CURLINFO_REDIRECT_URL, &location);
	if (location)
		say(ret_answer->why, location);
	return 0;
}

static CURLcode prepare_put(const struct request *r)
{
	CURL *curl = r->curl;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);

	/* As the fields of a POST libcurl can send it once more, where a connection was closed. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->data);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, r->http->headers);
	return code;
}

static int perform(struct http *h, const char *name, unsigned milliseconds, struct request *r,
		   struct http_answer *ret_answer)
{
	cleanup_free char *url = str_printf("%s%s", h->url, name);
	struct connection *c = url ? take_connection(h) : NULL;

	if (!c)
		return -ENOMEM;
	r->http = h;
	r->curl = c->curl;
	CURLcode code = prepare(r, url, milliseconds);
	if (code == CURLE_OK && r->data)
		code = prepare_put(r);
	if (code == CURLE_OK)
		code = curl_easy_perform(c->curl);
	int error = finish(code, r, ret_answer);
	give_back(h, c);
	return error;
}

static int http_get(struct http *h, const char *name, unsigned milliseconds, size_t limit,
		    struct strbuf *ret_body, struct http_answer *ret_answer)
{
	struct request r = {.body = ret_body, .limit = limit};

	return perform(h, name, milliseconds, &r, ret_answer);
}

static int http_put(struct http *h, const char *name, unsigned milliseconds, const void *data,
		    size_t len, struct http_answer *ret_answer)
{
	struct request r = {.data = len ? data : "", .len = len};

	return perform(h, name, milliseconds, &r, ret_answer);
}

const struct http_module *crossbpf_http_init(void)
{
	static const struct http_module module = {
		.size = sizeof(module),
		.open = http_open,
		.close = http_close,
		.get = http_get,
		.put = http_put,
	};

	return &module;
}
