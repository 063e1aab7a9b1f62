/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "login.h"
#include "client.h"
#include "common/memory.h"
#include "common/options.h"
#include "shared/digest.h"
#include "shared/io.h"
#include "shared/sibling.h"

enum {
	SURE_SECONDS = 60,  /* for so long what was found out is not asked again */
	TOOK_SECONDS = 600, /* for so long a host that takes us no more is taken for crowded */
	ANSWER_LIMIT = 64 << 10,
	KNOWN_HOST = 0, /* what stands in the memory */
	KNOWN_CONTROL,
	KNOWN_FILES,     /* what the files of ssh's configuration were like */
	KNOWN_OVERRIDES, /* how many of the words that follow are those; the rest are files */
	KNOWN_COUNT,
};

static int out_of_memory(const struct crossbpf_host *host)
{
	return complain(host, -ENOMEM, NULL, "out of memory");
}

void builder_free(struct builder *b)
{
	connection_free(&b->connection);
	strv_free(&b->hosts);
	free(b->config);
	free(b->memory);
	free(b->took);
	free(b->identity);
}

static void list_hosts(const struct crossbpf_kv *conf, struct strv *hosts)
{
	cleanup_strv struct strv named = {0};

	option_list(conf, "where", &named);
	if (!named.n)
		option_list(conf, "host", &named);
#ifdef CROSSBPF_DEFAULT_SSH_HOST
	if (!named.n)
		strv_add(&named, CROSSBPF_DEFAULT_SSH_HOST);
#endif
	for (size_t i = 0; i < named.n; i++)
		strv_add_once(hosts, named.v[i]);
	if (named.error)
		hosts->error = named.error;
}

/* NULL where there is none of this release. */
static const struct transport *load_libssh(void)
{
	static const int ours;

	const struct transport *t = sibling_load(&ours, LIBSSH_MODULE, "libssh_transport");
	bool fits = t && t->size == sizeof(*t) && t->connection_size == sizeof(struct connection);
	return fits ? t : NULL;
}

/* *ret_transport is NULL where it cannot be had, and *ret_reason says why. */
static void choose_transport(const char *asked, const struct transport **ret_transport,
			     const char **ret_reason)
{
	const struct transport *openssh = client_is_there() ? &openssh_transport : NULL;
	const struct transport *libssh =
		openssh && strcmp(asked, "libssh") != 0 ? NULL : load_libssh();

	*ret_transport = NULL;
	if (strcmp(asked, "openssh") == 0) {
		*ret_transport = openssh;
		*ret_reason = openssh ? "as asked for" : "there is no ssh in PATH";
	} else if (strcmp(asked, "libssh") == 0) {
		*ret_transport = libssh;
		*ret_reason = libssh ? "as asked for"
				     : "this crossbpf is without libssh, or has " LIBSSH_MODULE
				       " of another release";
	} else if (strcmp(asked, "auto") != 0) {
		*ret_reason = "transport is none of auto, openssh and libssh";
	} else if (openssh) {
		*ret_transport = openssh;
		*ret_reason = "auto: the user's ssh knows all of the user's configuration, and "
			      "keeps a connection from one command to the next";
	} else {
		*ret_transport = libssh;
		*ret_reason = libssh ? "auto: there is no ssh in PATH"
				     : "there is no ssh in PATH, and this crossbpf is "
				       "without libssh";
	}
}

/* A change of the configuration is seen at once. */
static void digest_file(struct digest *d, const char *path)
{
	struct stat st;
	int64_t when[2] = {-1, -1};

	if (path && stat(path, &st) == 0) {
		when[0] = io_mtime(&st);
		when[1] = (int64_t)st.st_size;
	}
	digest_string(d, path);
	digest_bytes(d, when, sizeof(when));
}

/* Also one that appears beside them, as Include takes all of a directory. */
static void digest_files(const struct strv *files, char ret_hex[DIGEST_HEX_SIZE])
{
	struct digest d;

	digest_init(&d);
	for (size_t i = 0; i < files->n; i++) {
		cleanup_free char *dir =
			strndup(files->v[i], (size_t)(io_basename(files->v[i]) - files->v[i]));
		digest_file(&d, files->v[i]);
		digest_file(&d, dir);
	}
	digest_finish(&d, ret_hex);
}

static char *users_config(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user ? str_printf("%s/.ssh/config", user->pw_dir) : NULL;
}

static int name_memory(struct builder *b)
{
	cleanup_free char *users = b->config ? NULL : users_config();
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	digest_init(&d);
	for (size_t i = 0; i < b->hosts.n; i++)
		digest_string(&d, b->hosts.v[i]);
	digest_string(&d, b->transport->name);
	digest_file(&d, b->config ? b->config : users);
	digest_finish(&d, hex);
	hex[16] = '\0';
	cleanup_free char *name = str_printf("%s.identity", hex);
	cleanup_free char *took = str_printf("%s.took", hex);
	if (!name || !took)
		return -ENOMEM;
	b->memory = memory_path("ssh", hex);
	b->identity = memory_path("ssh", name);
	b->took = memory_path("ssh", took);
	return 0;
}

/* ssh takes what begins with "-" for an option. */
static const char *bad_host(const struct strv *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->v[i][0] == '-' || !hosts->v[i][0])
			return hosts->v[i];
	return NULL;
}

static int check_hosts(const struct crossbpf_host *host, const struct strv *hosts)
{
	const char *bad = bad_host(hosts);

	if (!hosts->n)
		return complain(host, -ENOENT,
				"say CROSSBPF_BACKEND=ssh:HOST, or host = {\"HOST\"} in section "
				"backend ssh of crossbpf.conf",
				"no host is named");
	if (bad)
		return complain(host, -EINVAL, NULL, "'%s' is no host's name", bad);
	return 0;
}

int builder_plan(const struct crossbpf_host *host, const struct crossbpf_kv *conf, const char *root,
		 struct builder *ret_builder)
{
	cleanup_builder struct builder b = {.host = host, .conf = conf};
	const char *config = option(conf, "config");
	const char *persist = option(conf, "persist");

	list_hosts(conf, &b.hosts);
	if (b.hosts.error)
		return out_of_memory(host);
	int r = check_hosts(host, &b.hosts);
	if (r < 0)
		return r;
	if (option_seconds(persist, &b.persist) < 0)
		return complain(host, -EINVAL, "write 10 for minutes, 90s for seconds",
				"persist '%s' is no time", persist);
	choose_transport(option(conf, "transport"), &b.transport, &b.reason);
	if (!b.transport)
		return complain(host, -ENOENT, NULL, "transport '%s': %s",
				option(conf, "transport"), b.reason);
	b.config = config ? io_absolute(root, config) : NULL;
	if ((config && !b.config) || name_memory(&b) < 0)
		return out_of_memory(host);
	*ret_builder = b;
	b = (struct builder){0};
	return 0;
}

static void log_choice(const struct builder *b)
{
	cleanup_free char *line =
		str_printf("ssh: %s by %s (%s)", b->connection.name, b->transport->name, b->reason);

	b->host->log(b->host->ctx, CROSSBPF_LOG_DEBUG, line ? line : "out of memory");
}

static void prepare(const struct builder *b, const struct crossbpf_host *host, const char *name,
		    struct connection *ret_connection)
{
	*ret_connection = (struct connection){
		.host = host,
		.name = name,
		.config = b->config,
		.persist = b->persist,
	};
}

/* Takes apart what is remembered. False where it does not hold any more. */
static bool read_memory(const struct builder *b, struct strv *known, struct strv *overrides)
{
	cleanup_strv struct strv files = {0};
	char hex[DIGEST_HEX_SIZE];

	if (!memory_is_fresh(b->memory, SURE_SECONDS) || !memory_read(b->memory, known) ||
	    known->n < KNOWN_COUNT || access(known->v[KNOWN_CONTROL], F_OK) < 0)
		return false;
	size_t n = strtoul(known->v[KNOWN_OVERRIDES], NULL, 10);
	for (size_t i = KNOWN_COUNT; i < known->n; i++)
		strv_add(i < KNOWN_COUNT + n ? overrides : &files, known->v[i]);
	digest_files(&files, hex);
	return !files.error && !overrides->error && strcmp(hex, known->v[KNOWN_FILES]) == 0;
}

/* One of the hosts took us a short while ago, and its socket is there. */
static bool recall(struct builder *b)
{
	cleanup_strv struct strv known = {0}, overrides = {0};

	if (!b->transport->stays || !read_memory(b, &known, &overrides))
		return false;
	for (size_t i = 0; i < b->hosts.n; i++) {
		if (strcmp(b->hosts.v[i], known.v[KNOWN_HOST]) != 0)
			continue;
		prepare(b, b->host, b->hosts.v[i], &b->connection);
		b->connection.control = strdup(known.v[KNOWN_CONTROL]);
		b->connection.overrides = overrides;
		overrides = (struct strv){0};
		return b->connection.control;
	}
	return false;
}

static void remember(const struct builder *b)
{
	const struct connection *c = &b->connection;
	cleanup_strv struct strv known = {0};
	char hex[DIGEST_HEX_SIZE];

	if (!c->control)
		return;
	digest_files(&c->files, hex);
	strv_add(&known, c->name);
	strv_add(&known, c->control);
	strv_add(&known, hex);
	strv_take(&known, str_printf("%zu", c->overrides.n));
	if (c->overrides.n)
		strv_add_all(&known, (const char *const *)c->overrides.v);
	if (c->files.n)
		strv_add_all(&known, (const char *const *)c->files.v);
	memory_write(b->memory, &known);
}

/* What was said of one host of several. */
struct hearing {
	const struct crossbpf_host *host;
	char *message, *hint;
};

static void hear_error(void *ctx, const char *message, const char *hint)
{
	struct hearing *h = ctx;

	if (!h->message) {
		h->message = strdup(message);
		h->hint = hint ? strdup(hint) : NULL;
	}
}

static void hear_log(void *ctx, int level, const char *message)
{
	const struct hearing *h = ctx;

	h->host->log(h->host->ctx, level, message);
}

static int hear_ask(void *ctx, const char *prompt, int echo, char *buf, size_t len)
{
	const struct hearing *h = ctx;

	return h->host->ask(h->host->ctx, prompt, echo, buf, len);
}

static struct crossbpf_host listen_with(struct hearing *h)
{
	return (struct crossbpf_host){
		.size = sizeof(struct crossbpf_host),
		.abi = CROSSBPF_BACKEND_ABI,
		.ctx = h,
		.error = hear_error,
		.log = hear_log,
		.ask = hear_ask,
	};
}

/* Tries one host; what went wrong is added to `why`, and *hint becomes what the first says. */
static int try_host(struct builder *b, const char *name, struct strbuf *why, char **hint)
{
	struct hearing hearing = {.host = b->host};
	struct crossbpf_host host = listen_with(&hearing);

	prepare(b, &host, name, &b->connection);
	int r = b->transport->connect(&b->connection);
	b->connection.host = b->host;
	if (r < 0) {
		const char *message = hearing.message ? hearing.message : strerror(-r);
		strbuf_printf(why, "%s%s", why->len ? "; " : "", message);
		if (!*hint)
			*hint = TAKE_PTR(hearing.hint);
		connection_free(&b->connection);
	}
	free(hearing.message);
	free(hearing.hint);
	return r;
}

/* Who is asked for several hosts is told why one was not taken: it may be another's by now. */
static void tell_passed_over(const struct builder *b, const struct strbuf *why)
{
	cleanup_free char *line = NULL;

	if (!why->len || why->error)
		return;
	line = str_printf("ssh: not taken: %s", why->data);
	b->host->log(b->host->ctx, CROSSBPF_LOG_INFO, line ? line : "out of memory");
}

static void remember_taken(const struct builder *b)
{
	const struct strv none = {0};

	if (!memory_is_fresh(b->took, TOOK_SECONDS / 2))
		memory_write(b->took, &none);
}

/* The first from the `i`th on. -EAGAIN where one is crowded: it drops us now, and took somebody a
 * while ago. Of one that never did, it is not known that it ever will. */
static int connect_from(struct builder *b, size_t i, struct strbuf *why, char **hint)
{
	bool crowded = false;
	int r = -ENOENT;

	for (; i < b->hosts.n; i++) {
		r = try_host(b, b->hosts.v[i], why, hint);
		crowded = crowded || (r == -EAGAIN && memory_is_fresh(b->took, TOOK_SECONDS));
		if (r == 0) {
			tell_passed_over(b, why);
			log_choice(b);
			remember(b);
			remember_taken(b);
			return 0;
		}
	}
	return crowded ? -EAGAIN : r == -EAGAIN ? -ECONNREFUSED : r;
}

/* It was lost. */
static void builder_forget(const struct builder *b)
{
	memory_forget(b->memory);
	memory_forget(b->identity);
}

int builder_next(struct builder *b)
{
	cleanup_strbuf struct strbuf why = {0};
	cleanup_free char *hint = NULL;
	size_t i = 0;

	while (i < b->hosts.n && strcmp(b->hosts.v[i], b->connection.name) != 0)
		i++;
	if (i + 1 >= b->hosts.n)
		return -ENOENT;
	cleanup_free char *line = str_printf(
		"ssh: %s has no clang that will do: the next host is tried", b->hosts.v[i]);
	b->host->log(b->host->ctx, CROSSBPF_LOG_INFO, line ? line : "out of memory");
	builder_forget(b);
	connection_free(&b->connection);
	if (connect_from(b, i + 1, &why, &hint) == 0)
		return 0;
	tell_passed_over(b, &why);
	return -ENOENT;
}

int builder_connect(struct builder *b)
{
	cleanup_strbuf struct strbuf why = {0};
	cleanup_free char *hint = NULL;
	cleanup_close int lock = -1;

	if (recall(b)) {
		log_choice(b);
		return 0;
	}
	/* Of several at once one makes the connection. */
	if (b->transport->stays) {
		cleanup_free char *path = b->memory ? str_printf("%s.lock", b->memory) : NULL;
		lock = memory_lock(path);
	}
	if (recall(b)) {
		log_choice(b);
		return 0;
	}
	int r = connect_from(b, 0, &why, &hint);
	return r == 0 ? 0
		      : complain(b->host, r, hint, "%s", why.error ? "out of memory" : why.data);
}

int builder_run(struct builder *b, const struct crossbpf_run *run, int *ret_status)
{
	int r = b->transport->run(&b->connection, run, ret_status);

	if (r == 0 && b->connection.control)
		memory_touch(b->memory);
	else if (r < 0 && r != -ENOENT)
		builder_forget(b);
	return r;
}

/* Of what may change the compiler, its headers or the machine: names, times and sizes. */
static const char identity_script[] =
	"uname -srm; cat /etc/machine-id 2>/dev/null; echo \"$PATH\"\n"
	"set -- /usr/bin /usr/local/bin /opt/homebrew/bin /usr/lib/llvm* /usr/lib/llvm*/bin "
	"/usr/lib/clang /usr/include /usr/include/linux /usr/include/bpf /usr/include/asm-generic "
	"/usr/include/*-linux-gnu /usr/local/include /usr/local/include/bpf "
	"/var/lib/dpkg/status /var/lib/rpm/rpmdb.sqlite /usr/lib/sysimage/rpm/rpmdb.sqlite "
	"/var/lib/pacman/local /lib/apk/db/installed /nix/var/nix/db/db.sqlite\n"
	"IFS=:; for d in $PATH; do set -- \"$@\" \"$d\"/clang \"$d\"/clang-[0-9]*; done; unset "
	"IFS\n"
	"for f do shift; [ ! -e \"$f\" ] || set -- \"$@\" \"$f\"; done\n"
	"stat -Lc '%n %Y %i %s' \"$@\" 2>/dev/null || stat -Lf '%N %m %i %z' \"$@\" 2>/dev/null || "
	"ls -ldLin \"$@\"\n";

static int ask_identity(struct builder *b, struct strbuf *answer)
{
	static const char *const argv[] = {"sh", "-c", identity_script, NULL};
	static const char *const no_env[] = {NULL};
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC), out = -1;
	int status = 0, r = null < 0 ? -errno : io_temporary(&out);

	if (r < 0)
		return complain(b->host, r, NULL, "no temporary file can be made: %s",
				strerror(-r));
	struct crossbpf_run run = {
		.size = sizeof(run),
		.host = b->host,
		.argv = argv,
		.env = no_env,
		.fd = {null, out, null},
		.control = -1,
	};
	r = b->transport->run(&b->connection, &run, &status);
	if (r < 0)
		return r;
	r = lseek(out, 0, SEEK_SET) < 0 ? -errno : io_read_fd(out, ANSWER_LIMIT, answer);
	return r < 0 ? complain(b->host, r, NULL, "%s cannot be named: %s", b->connection.name,
				strerror(-r))
		     : 0;
}

static int find_identity(struct builder *b, char ret_hex[DIGEST_HEX_SIZE])
{
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_strv struct strv known = {0};
	struct digest d;

	if (memory_is_fresh(b->identity, SURE_SECONDS) && memory_read(b->identity, &known) &&
	    known.n == 2 && strcmp(known.v[0], b->connection.name) == 0 &&
	    strlen(known.v[1]) == DIGEST_HEX_SIZE - 1) {
		memcpy(ret_hex, known.v[1], DIGEST_HEX_SIZE);
		return 0;
	}
	int r = ask_identity(b, &answer);
	if (r < 0)
		return r;
	digest_init(&d);
	digest_bytes(&d, answer.data ? answer.data : "", answer.len);
	digest_finish(&d, ret_hex);
	strv_free(&known);
	strv_add(&known, b->connection.name);
	strv_add(&known, ret_hex);
	memory_write(b->identity, &known);
	return 0;
}

int builder_identity(struct builder *b, char *buf, size_t len)
{
	char hex[DIGEST_HEX_SIZE];

	int r = find_identity(b, hex);
	return r < 0 ? r : answer(b->host, hex, buf, len);
}

int builder_end(struct builder *b)
{
	for (size_t i = 0; i < b->hosts.n; i++) {
		cleanup_connection struct connection c;
		prepare(b, b->host, b->hosts.v[i], &c);
		int r = b->transport->end ? b->transport->end(&c) : 0;
		if (r < 0)
			return r;
	}
	builder_forget(b);
	return 0;
}

int builder_describe(struct builder *b, char **ret_text)
{
	cleanup_strbuf struct strbuf text = {0};

	for (size_t i = 0; i < b->hosts.n; i++) {
		cleanup_connection struct connection c;
		prepare(b, b->host, b->hosts.v[i], &c);
		bool connected = b->transport->connected && b->transport->connected(&c);
		strbuf_printf(&text, "%s%s by %s: %s", i ? "\n" : "", b->hosts.v[i],
			      b->transport->name, connected ? "connected" : "not connected");
	}
	return strbuf_finish(&text, ret_text) < 0 ? out_of_memory(b->host) : 0;
}

int builder_probe(const struct crossbpf_host *host, const struct crossbpf_kv *conf, char **ret_why)
{
	cleanup_builder struct builder b = {0};
	struct hearing hearing = {.host = host};
	struct crossbpf_host listener = listen_with(&hearing);

	int r = builder_plan(&listener, conf, "/", &b); /* no file of it is read */
	if (r < 0)
		*ret_why = hearing.message && hearing.hint
				   ? str_printf("%s; %s", hearing.message, hearing.hint)
				   : TAKE_PTR(hearing.message);
	free(hearing.message);
	free(hearing.hint);
	return r;
}
