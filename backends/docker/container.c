/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/options.h"
#include "container.h"
#include "load.h"
#include "mounts.h"
#include "shared/io.h"

enum {
	TRUST_SECONDS = 60, /* how long after its last use a container is taken to be there */
	CHECK_SECONDS = 60, /* how often one looks whether it is still used */
	/* Where a private one is neither removed by its session, which was killed, nor ended by its
	 * holder, which while it is there keeps it used. */
	PRIVATE_SECONDS = 10 * 60,
	END_MS = 3000,
};

enum { KNOWN_ID, KNOWN_IMAGE, KNOWN_DIRS };

/*
 * Process 1: PERIOD ROUNDS. It reaps orphans, and exits once it saw no use in so many rounds: no
 * command wrote to the file, which is emptied each time, and none runs. Told by USR1 that another
 * container replaced this one, it does so as soon as no command runs. Nothing but sleep is a
 * process of its own.
 */
static const char keeper[] = "trap 'exit 0' TERM INT\n"
			     "trap 'period=1 rounds=1; : >" CONTAINER_USED "; kill $!' USR1\n"
			     "period=$1 rounds=$2 unused=0\n"
			     ": >" CONTAINER_USED "\n"
			     "while :; do\n"
			     "	sleep $period &\n"
			     "	wait $!\n"
			     "	set -- /proc/[0-9]*\n"
			     "	if [ -s " CONTAINER_USED " ] || [ $# -gt 1 ]; then\n"
			     "		: >" CONTAINER_USED "\n"
			     "		unused=0\n"
			     "	elif [ $rounds -gt 0 ] && [ $((unused += 1)) -ge $rounds ]; then\n"
			     "		exit 0\n"
			     "	fi\n"
			     "done 2>/dev/null\n";

/* Ends what carries $1 in its environment: politely, and where that is not heeded for a few rounds
 * otherwise. */
static const char ender[] =
	"round=0\n"
	"while [ $round -lt 16 ]; do\n"
	"	found=\n"
	"	for process in /proc/[0-9]*; do\n"
	"		tr '\\0' '\\n' <$process/environ | grep -q -x \"$1\" || continue\n"
	"		found=yes\n"
	"		[ $round -gt 0 ] || kill -s TERM ${process#/proc/}\n"
	"		[ $round -lt 8 ] || kill -s KILL ${process#/proc/}\n"
	"	done\n"
	"	[ -n \"$found\" ] || exit 0\n"
	"	round=$((round + 1))\n"
	"done 2>/dev/null\n";

static int out_of_memory(const struct crossbpf_host *host)
{
	return complain(host, -ENOMEM, NULL, "out of memory");
}

static int add_mount(struct container *c, const char *dir)
{
	int r = mounts_add(&c->mounts, dir);

	return r == 0 ? 0
		      : complain(c->host, r,
				 "move the sources to a directory of their own, below /home say",
				 "no container can have a directory %s of the host's in it", dir);
}

static bool are_equal(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (i >= b->n || strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

/* Those that an earlier session of the project needed stay, lest two commands that name different
 * directories take turns in replacing one another's container. */
static int join_known_mounts(struct container *c)
{
	cleanup_free char *name = str_printf("%.12s.mounts", c->project->id);
	cleanup_free char *path = name ? memory_path("docker", name) : NULL;
	cleanup_strv struct strv known = {0};

	if (memory_read(path, &known))
		for (size_t i = 0; i < known.n; i++)
			(void)mounts_add(&c->mounts, known.v[i]);
	if (!are_equal(&c->mounts, &known))
		memory_write(path, &c->mounts);
	return c->mounts.error ? out_of_memory(c->host) : 0;
}

static int plan_mounts(struct container *c)
{
	int r = add_mount(c, c->project->root);

	for (const char *const *dir = c->project->dirs; r == 0 && *dir; dir++)
		r = add_mount(c, *dir);
	return r == 0 && !c->is_private ? join_known_mounts(c) : r;
}

/* On one engine two machines may have a project of the same path each, and so may two users. */
/* Two that know nothing of what the other sent must not share a container: another user, machine,
 * or cache, where that is remembered. */
static char *find_owner(void)
{
	cleanup_strbuf struct strbuf machine = {0};
	cleanup_free char *cache = NULL;
	char host[256] = "", hex[DIGEST_HEX_SIZE];
	struct digest d;

	(void)gethostname(host, sizeof(host) - 1);
	(void)io_read_file("/etc/machine-id", 256, &machine);
	(void)io_cache_dir(&cache);
	digest_init(&d);
	digest_string(&d, machine.data);
	digest_string(&d, cache);
	digest_finish(&d, hex);
	return str_printf("%lu@%s-%.16s", (unsigned long)getuid(), host, hex);
}

/* One that waits counts as use: it must not keep the container from its idle stop. */
static int plan_spare(struct container *c)
{
	int r = option_time(c->host, c->conf, "spare", &c->spare);

	if (r < 0)
		return r;
	if (c->is_private)
		c->spare = 0;
	if (c->idle && c->spare > c->idle)
		c->spare = c->idle;
	return 0;
}

static int plan_limits(struct container *c)
{
	c->owner = find_owner();
	c->user = c->loads ? strdup("0:0") /* others do not get capabilities */
		  : getuid() == 0
			  ? strdup("65534:65534")
			  : str_printf("%lu:%lu", (unsigned long)getuid(), (unsigned long)getgid());
	if (!c->owner || !c->user)
		return out_of_memory(c->host);
	int r = option_time(c->host, c->conf, "idle", &c->idle);
	if (r < 0)
		return r;
	if (c->is_private)
		c->idle = PRIVATE_SECONDS;
	return plan_spare(c);
}

static void digest_strings(struct digest *d, const struct strv *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		digest_string(d, strings->v[i]);
	digest_string(d, NULL);
}

static int plan_name(struct container *c)
{
	cleanup_strv struct strv run_options = {0};
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	option_list(c->conf, "run_options", &run_options);
	digest_init(&d);
	digest_string(&d, keeper); /* a release that has another needs another container */
	digest_string(&d, c->image.name);
	engine_digest(&c->engine, &d);
	digest_strings(&d, &c->mounts);
	digest_strings(&d, &run_options);
	digest_string(&d, c->user);
	digest_string(&d, c->owner);
	digest_string(&d, option(c->conf, "memory"));
	digest_string(&d, option(c->conf, "pids"));
	digest_string(&d, option(c->conf, "idle"));
	if (c->is_private) {
		const int64_t unique[] = {getpid(), io_now()};
		digest_bytes(&d, unique, sizeof(unique));
	}
	digest_finish(&d, hex);
	c->name = str_printf("crossbpf-%.12s-%.8s", c->project->id, hex);
	c->memory = c->name && !c->is_private ? memory_path("docker", c->name) : NULL;
	c->answers = engine_memory(&c->engine);
	return c->name && !run_options.error ? 0 : out_of_memory(c->host);
}

char *engine_memory(const struct engine *e)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	digest_init(&d);
	engine_digest(e, &d);
	digest_finish(&d, hex);
	cleanup_free char *name = str_printf("%.16s.answers", hex);
	return name ? memory_path("docker", name) : NULL;
}

static int find_engine(struct container *c)
{
	cleanup_free char *why = NULL;
	int r = engine_find(c->host, c->conf, &c->engine, &why);

	return r < 0 ? complain(c->host, r, "install one, or set engine in crossbpf.conf", "%s",
				why ? why : "out of memory")
		     : 0;
}

int container_plan(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		   const struct crossbpf_project *project, struct container *ret_container)
{
	struct container c = {
		.host = host,
		.conf = conf,
		.project = project,
		.is_private = option_flag(project, CROSSBPF_PROJECT_PRIVATE),
		.loads = option_flag(project, CROSSBPF_PROJECT_LOAD),
	};

	int r = find_engine(&c);
	if (r == 0)
		r = image_choose(host, conf, &c.image);
	if (r == 0)
		r = plan_mounts(&c);
	if (r == 0)
		r = plan_limits(&c);
	if (r == 0)
		r = plan_name(&c);
	if (r < 0)
		container_free(&c);
	else
		*ret_container = c;
	return r;
}

void container_free(struct container *c)
{
	engine_free(&c->engine);
	image_free(&c->image);
	strv_free(&c->mounts);
	strv_free(&c->known);
	free(c->user);
	free(c->owner);
	free(c->name);
	free(c->memory);
	free(c->answers);
	*c = (struct container){0};
}

/* What memory holds, where it is to be trusted: it was used a short time ago, and cannot have come
 * to its idle stop since. */
static bool recall(struct container *c)
{
	unsigned trust = c->idle && c->idle < TRUST_SECONDS ? c->idle : TRUST_SECONDS;

	strv_free(&c->known);
	return memory_is_fresh(c->memory, trust) && memory_read(c->memory, &c->known) &&
	       c->known.n >= KNOWN_DIRS;
}

static bool knows_dir(const struct container *c, const char *dir)
{
	for (size_t i = KNOWN_DIRS; i < c->known.n; i++)
		if (strcmp(c->known.v[i], dir) == 0)
			return true;
	return false;
}

static bool knows_all_dirs(const struct container *c)
{
	const char *const *dir = c->project->dirs;

	while (*dir && knows_dir(c, *dir))
		dir++;
	return !*dir && knows_dir(c, c->project->root);
}

enum presence { PRESENT_NOT, PRESENT_STOPPED, PRESENT_RUNNING };

/* Writes the ids of the container and of its image to `known`, where it runs. */
static enum presence inspect(const struct container *c, struct strv *known)
{
	cleanup_strbuf struct strbuf answer = {0};
	char running[8] = "", image[128] = "", id[128] = "";

	if (!engine_ask(&c->engine, &answer,
			(const char *const[]){"container", "inspect", "-f",
					      "{{.State.Running}} {{.Image}} {{.Id}}", c->name,
					      NULL}) ||
	    sscanf(answer.data, "%7s %127s %127s", running, image, id) < 3)
		return PRESENT_NOT;
	if (strcmp(running, "true") != 0)
		return PRESENT_STOPPED;
	strv_add(known, id);
	/* podman leaves the kind of the digest out. */
	strv_take(known, str_printf("%s%s", strchr(image, ':') ? "" : "sha256:", image));
	return PRESENT_RUNNING;
}

/* A command line with "NAME=VALUE" as its option's value. */
static void add_pair(struct strv *words, const char *opt, const char *name, const char *value)
{
	strv_add(words, opt);
	strv_take(words, str_printf("%s=%s", name, value));
}

static void add_limit(struct strv *words, const char *opt, const char *value)
{
	if (strcmp(value, "0") == 0)
		return;
	strv_add(words, opt);
	strv_add(words, value);
}

/*
 * Memory that belongs to the one user inside. Where the image has such a directory, runc gives it
 * that one's mode whatever is asked for, so that the owner has to be right; podman refuses the uid=
 * that says so elsewhere, and has a word of its own.
 */
static void add_tmpfs(const struct container *c, struct strv *words, const char *dir,
		      const char *use)
{
	bool is_podman = strcmp(c->engine.name, "podman") == 0;
	const char *gid = strchr(c->user, ':');

	strv_add(words, "--tmpfs");
	if (is_podman)
		strv_take(words, str_printf("%s:rw,nosuid,nodev,%s,notmpcopyup,U", dir, use));
	else
		strv_take(words, str_printf("%s:rw,nosuid,nodev,%s,uid=%.*s,gid=%s", dir, use,
					    (int)(gid - c->user), c->user, gid + 1));
}

/* Whoever is in it can write to memory, and to nothing else. */
static void add_confinement(const struct container *c, struct strv *words,
			    const struct load_rights *rights)
{
	strv_add_all(words, (const char *const[]){"--read-only", "--network", "none", "--cap-drop",
						  "ALL", "--security-opt", "no-new-privileges",
						  "--user", c->user, NULL});
	if (rights)
		load_add_rights(rights, words);
	/* What is in a private one is the user's work, programs too. */
	add_tmpfs(c, words, "/tmp", c->is_private ? "exec,mode=1777" : "noexec,mode=1777");
	for (size_t i = 0; i < c->mounts.n; i++)
		add_tmpfs(c, words, c->mounts.v[i], "exec,mode=755");
	add_limit(words, "--memory", option(c->conf, "memory"));
	add_limit(words, "--pids-limit", option(c->conf, "pids"));
}

static void add_keeper(const struct container *c, struct strv *words)
{
	/* Six looks at least, so that a stop comes soon after its time. */
	unsigned period = c->idle / 6 < CHECK_SECONDS ? c->idle / 6 : CHECK_SECONDS;

	if (!c->idle)
		period = CHECK_SECONDS;
	if (!period)
		period = 1;
	strv_add_all(words, (const char *const[]){"--entrypoint", "sh", c->image.name, "-c", keeper,
						  "crossbpf", NULL});
	strv_take(words, str_printf("%u", period));
	strv_take(words, str_printf("%u", (c->idle + period - 1) / period));
}

static int run_container(const struct container *c, const struct load_rights *rights,
			 struct call *call)
{
	cleanup_strv struct strv words = {0};

	strv_add_all(&words, (const char *const[]){"run", "-d", "--rm", "--name", c->name, NULL});
	add_pair(&words, "--label", "crossbpf.project", c->project->id);
	add_pair(&words, "--label", "crossbpf.owner", c->owner);
	/* By its image the next version of a container finds those to retire. */
	add_pair(&words, "--label", c->is_private ? "crossbpf.private" : "crossbpf.image",
		 c->image.line);
	add_pair(&words, "-e", "HOME", "/tmp");
	add_confinement(c, &words, rights);
	option_list(c->conf, "run_options", &words);
	add_keeper(c, &words);
	return engine_call(&c->engine, call, &words);
}

static int start(const struct container *c)
{
	const struct load_rights *rights = c->loads ? load_rights : NULL;
	cleanup_strv struct strv ignored = {0};

	for (;;) {
		cleanup_strbuf struct strbuf id = {0}; /* it is printed, and asked for below */
		/* That it does not know a right is no news where there is a next set. */
		cleanup_call struct call call = {
			.log = rights && rights[1].sentence ? NULL : c->host, .answer = &id};
		int r = run_container(c, rights, &call);
		if (r == 0 && call.status == 0)
			return rights ? load_check(&c->engine, c->name, rights) : 0;
		if (r == 0 && rights && load_is_unknown(rights, &call)) {
			rights++;
			continue;
		}
		/* Somebody else may have been quicker. */
		if (!c->is_private && inspect(c, &ignored) == PRESENT_RUNNING)
			return 0;
		cleanup_free char *what =
			str_printf("cannot start a container of the image %s", c->image.name);
		return engine_complain(&c->engine, &call, r, what ? what : "out of memory");
	}
}

static void add_filter(struct strv *words, const char *label, const char *value)
{
	strv_add(words, "--filter");
	strv_take(words, str_printf("label=%s=%s", label, value));
}

/* Prints a line for each of the project's containers; `image` NULL: of any image. */
static int list(const struct container *c, const char *image, const char *format,
		struct strbuf *answer)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {.answer = answer};

	strv_add_all(&words, (const char *const[]){"ps", "-a", "--format", format, NULL});
	add_filter(&words, "crossbpf.project", c->project->id);
	add_filter(&words, "crossbpf.owner", c->owner);
	if (image)
		add_filter(&words, "crossbpf.image", image);
	int r = engine_call(&c->engine, &call, &words);
	return r == 0 && call.status == 0 ? 0
					  : engine_complain(&c->engine, &call, r,
							    "cannot list the project's containers");
}

/* Appends the lines of `text`, which is cut up; but not the one that is `except`, or NULL. */
static void add_lines(struct strv *lines, char *text, const char *except)
{
	for (char *at = text, *end; *at; at = end) {
		size_t len = strcspn(at, "\n");
		end = at + len + (at[len] == '\n');
		at[len] = '\0';
		if (len && (!except || strcmp(at, except) != 0))
			strv_add(lines, at);
	}
}

/* Others of this project and image are of no use any more; whoever still works in one is let
 * finish. */
static int retire_others(const struct container *c)
{
	cleanup_strbuf struct strbuf names = {0};
	cleanup_strv struct strv words = {0};

	strv_add_all(&words, (const char *const[]){"kill", "--signal", "USR1", NULL});
	size_t fixed = words.n;
	int r = list(c, c->image.line, "{{.Names}}", &names);
	if (r < 0)
		return r;
	add_lines(&words, names.data, c->name);
	/* One that cannot be told, as it is ending, needs not be. */
	if (words.n > fixed && !words.error)
		(void)engine_ask(&c->engine, NULL, (const char *const *)words.v);
	return 0;
}

static int make_dirs(const struct container *c)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {0};

	strv_add_all(&words, (const char *const[]){"exec", c->name, "mkdir", "-p", "--",
						   c->project->root, NULL});
	strv_add_all(&words, c->project->dirs);
	int r = engine_call(&c->engine, &call, &words);
	return r == 0 && call.status == 0
		       ? 0
		       : engine_complain(&c->engine, &call, r,
					 "cannot make the project's directories in its container");
}

/* Starts it, where it is not running, and learns its ids. */
static int bring_up(struct container *c, struct strv *known)
{
	enum presence presence = inspect(c, known);

	if (presence == PRESENT_RUNNING)
		return 0;
	if (presence == PRESENT_STOPPED)
		(void)engine_ask(&c->engine, NULL,
				 (const char *const[]){"rm", "-f", c->name, NULL});
	int r = image_ensure(&c->engine, c->conf, &c->image);
	if (r == 0)
		r = start(c);
	if (r < 0)
		return r;
	if (inspect(c, known) != PRESENT_RUNNING)
		return complain(c->host, -EIO, "has the image a shell?",
				"the container %s of the image %s ended as soon as it was started",
				c->name, c->image.name);
	return c->is_private ? 0 : retire_others(c);
}

/* The directories that were made in it before are still there where it is the same container. */
static void keep_dirs(const struct container *c, struct strv *known)
{
	cleanup_strv struct strv old = {0};

	if (!memory_read(c->memory, &old) || old.n < KNOWN_DIRS || known->n < KNOWN_DIRS ||
	    strcmp(old.v[KNOWN_ID], known->v[KNOWN_ID]) != 0)
		return;
	for (size_t i = KNOWN_DIRS; i < old.n; i++)
		strv_add(known, old.v[i]);
}

static int ensure_slowly(struct container *c)
{
	strv_free(&c->known);
	int r = bring_up(c, &c->known);
	if (r < 0)
		return r;
	keep_dirs(c, &c->known);
	if (!c->known.error && !knows_all_dirs(c)) {
		r = make_dirs(c);
		if (r < 0)
			return r;
		strv_add(&c->known, c->project->root);
		strv_add_all(&c->known, c->project->dirs);
	}
	if (c->known.error)
		return out_of_memory(c->host);
	memory_write(c->memory, &c->known);
	return 0;
}

int container_ensure(struct container *c, bool *ret_asked)
{
	cleanup_free char *lock_path = c->memory ? str_printf("%s.lock", c->memory) : NULL;

	*ret_asked = false;
	if (recall(c) && knows_all_dirs(c))
		return 0;
	/* Of several that need it at once one starts it. */
	cleanup_close int lock = memory_lock(lock_path);
	(void)lock;
	if (recall(c) && knows_all_dirs(c))
		return 0;
	*ret_asked = true;
	return ensure_slowly(c);
}

bool container_runs(struct container *c)
{
	cleanup_strv struct strv known = {0};
	bool runs = inspect(c, &known) == PRESENT_RUNNING && known.n > KNOWN_ID &&
		    strcmp(known.v[KNOWN_ID], c->known.v[KNOWN_ID]) == 0;

	if (!runs)
		memory_forget(c->memory);
	return runs;
}

void container_touch(const struct container *c)
{
	memory_touch(c->memory);
	memory_touch(c->answers);
}

const char *container_image_id(const struct container *c)
{
	return c->known.v[KNOWN_IMAGE];
}

void container_end_command(const struct container *c, const char *value)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {.timeout_ms = END_MS};

	strv_add_all(&words,
		     (const char *const[]){"exec", c->name, "sh", "-c", ender, "crossbpf", NULL});
	strv_take(&words, str_printf(CONTAINER_VARIABLE "=%s", value));
	(void)engine_call(&c->engine, &call, &words);
}

void container_remove(struct container *c)
{
	(void)engine_ask(&c->engine, NULL, (const char *const[]){"rm", "-f", c->name, NULL});
}

int container_remove_all(struct container *c)
{
	cleanup_strbuf struct strbuf names = {0};
	cleanup_strv struct strv words = {0};
	cleanup_call struct call call = {0};

	strv_add_all(&words, (const char *const[]){"rm", "-f", NULL});
	size_t fixed = words.n;
	int r = list(c, NULL, "{{.Names}}", &names);
	if (r < 0)
		return r;
	memory_forget(c->memory);
	add_lines(&words, names.data, NULL);
	if (words.n == fixed)
		return 0;
	r = engine_call(&c->engine, &call, &words);
	return r == 0 && call.status == 0
		       ? 0
		       : engine_complain(&c->engine, &call, r,
					 "cannot remove the project's containers");
}

int container_describe(struct container *c, char **ret_text)
{
	cleanup_strbuf struct strbuf answer = {0};
	int r = list(c, NULL, "{{.Names}}: {{.Image}}, {{.Status}}", &answer);

	if (r < 0)
		return r;
	if (answer.len && answer.data[answer.len - 1] == '\n')
		answer.data[--answer.len] = '\0';
	*ret_text = answer.len ? TAKE_PTR(answer.data)
			       : str_printf("%s: %s, not running", c->name, c->image.name);
	return *ret_text ? 0 : out_of_memory(c->host);
}
