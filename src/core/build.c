/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "build-cache.h"
#include "build-finish.h"
#include "build-prefix.h"
#include "build-remote.h"
#include "build-shared.h"
#include "build.h"
#include "cache.h"
#include "diag.h"
#include "launcher.h"
#include "remote.h"
#include "shared/io.h"
#include "shared/thread.h"

enum {
	MAX_OUTPUT = 1 << 30,
	MAX_SAID = 64 << 20,
	MAX_LANES = 1024,
};

/* What all lanes share. */
struct run {
	const struct build *build;
	const struct build_action **actions;
	size_t n;
	char *scratch;        /* a directory for what compilers write */
	pthread_mutex_t lock; /* guards what follows, and the callbacks */
	struct build_prefixes prefixes;
	bool *taken; /* each action */
	size_t n_taken;
	size_t first; /* that is not taken */
	bool stop;
};

struct lane {
	struct run *run;
	char *object, *dep; /* in the scratch directory */
	int said, told;     /* files without a name: what was said, and by a launch, or -1 */
	pthread_t thread;
};

static void lane_free(struct lane *l)
{
	if (l->object)
		unlink(l->object);
	if (l->dep)
		unlink(l->dep);
	free(l->object);
	free(l->dep);
	closep(&l->said);
	closep(&l->told);
}

/* The command with where its outputs go; with a precompiled header, or NULL. */
static int make_argv(const struct lane *l, const struct build_action *a,
		     const struct build_prefix_use *use, struct strv *ret_argv)
{
	build_plan_argv(a, ret_argv);
	if (use) {
		prefix_options(&use->of->prefix, use->source.include.end, ret_argv);
		build_prefix_cheapen(l->run->build, a, ret_argv);
	}
	if (build_colours(l->run->build))
		strv_add(ret_argv, "-fcolor-diagnostics");
	strv_add(ret_argv, "-o");
	strv_add(ret_argv, l->object);
	strv_add(ret_argv, "-MD");
	strv_add(ret_argv, "-MF");
	strv_add(ret_argv, l->dep);
	strv_add(ret_argv, "-MQ");
	strv_add(ret_argv, a->object);
	return ret_argv->error;
}

/* By way of the launcher. */
static int make_launch(const struct lane *l, const struct build_action *a, struct strv *ret_argv)
{
	cleanup_strv struct strv command = {0}, argv = {0};
	const char *const outputs[] = {"-o", l->object, "-MF", l->dep, NULL};
	size_t source, insert;

	build_plan_argv(a, &command);
	source = command.n - 1;
	if (build_colours(l->run->build))
		strv_add(&command, "-fcolor-diagnostics");
	if (command.error ||
	    launcher_argv(l->run->build->launcher, a, &command, source, &argv, &insert) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < argv.n; i++) {
		if (i == insert)
			strv_add_all(ret_argv, outputs);
		strv_add(ret_argv, argv.v[i]);
	}
	return ret_argv->error;
}

/* Empties a file in which what the last compiler said is. */
static int rewind_file(int fd)
{
	return lseek(fd, 0, SEEK_SET) < 0 || ftruncate(fd, 0) < 0 ? -errno : 0;
}

/* `out` is where its standard output goes. */
static int compile(struct lane *l, const struct strv *argv, int out, struct build_result *result,
		   struct strbuf *said, struct crossbpf_error *e)
{
	const struct build *b = l->run->build;
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = (const char *const *)argv->v,
		.env = b->env,
		.dir = b->root,
		.fd = {null, out, l->said},
		.control = b->session->control,
	};

	/* Nothing of the lane's last action may pass for this one's. */
	unlink(l->object);
	unlink(l->dep);
	int r = null < 0 ? -errno : rewind_file(l->said);
	if (r == 0 && out != l->said)
		r = rewind_file(out);
	int64_t began = io_now();
	if (r == 0)
		r = session_run(b->session, &run, &result->status, e);
	result->duration = io_now() - began;
	if (r == 0)
		r = lseek(l->said, 0, SEEK_SET) < 0 ? -errno : io_read_fd(l->said, MAX_SAID, said);
	if (r == -EFBIG) {
		strbuf_puts(said, "\n(the compiler said more)\n");
		r = said->error;
	}
	if (r < 0)
		return error_set(
			e, r, EXIT_STATUS_NO_BACKEND, "set TMPDIR to a directory with room",
			"cannot run the compiler for %s: %s", result->action->source, strerror(-r));
	return 0;
}

/* Reads what the compiler wrote, which is to be there. */
static int read_output(const char *path, const struct build_action *a, struct strbuf *ret_content,
		       struct crossbpf_error *e)
{
	int r = io_read_file(path, MAX_OUTPUT, ret_content);

	return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, NULL,
				 "the compiler wrote no object for %s: %s", a->source, strerror(-r))
		     : 0;
}

static bool preprocess(void *ctx, const struct build_action *a, struct strbuf *ret_text)
{
	struct lane *l = ctx;
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf said = {0};
	cleanup_strv struct strv argv = {0};
	struct build_result result = {.action = a};

	build_plan_argv(a, &argv);
	strv_add_all(&argv, (const char *const[]){"-E", "-P", "-w", "-o", l->object, NULL});
	return !argv.error && compile(l, &argv, l->said, &result, &said, &e) == 0 &&
	       result.status == 0 && io_read_file(l->object, MAX_OUTPUT, ret_text) == 0;
}

/* Makes the outputs of what was compiled. */
static int finish(struct lane *l, int64_t began, const struct build_prefix_use *use,
		  struct build_result *result, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf object = {0}, dep = {0}, plain = {0};
	struct build_made made = {
		.object = &object,
		.dep = use ? &plain : &dep,
		.began = began,
		.preprocess = preprocess,
		.ctx = l,
	};
	const struct build *b = l->run->build;

	int r = read_output(l->object, result->action, &object, e);
	if (r == 0)
		r = read_output(l->dep, result->action, &dep, e);
	if (r == 0 && use && (r = build_prefix_dep(b, use, result->action, &dep, &plain)) < 0)
		return r;
	return r < 0 ? r : build_finish(b, &made, result, e);
}

int build_tell_said(const struct build *b, const struct strbuf *said, struct strbuf *plain,
		    struct build_result *ret_result)
{
	if (build_colours(b) == b->colour || !said->len)
		return 0;
	diag_add_plain(plain, said->data, said->len);
	ret_result->said = plain->data ? plain->data : "";
	ret_result->said_len = plain->len;
	return plain->error;
}

/* Compiles with a precompiled header. What that says is not told: it may be said otherwise, or of
 * the precompiled header. False: it is to be done without. */
static bool do_with_prefix(struct lane *l, const struct strv *argv,
			   const struct build_prefix_use *use, struct build_result *result)
{
	const struct build *b = l->run->build;
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf said = {0};
	struct build_result with = *result;
	int64_t began = io_now();

	if (!build_prefix_holds(b, use, with.action) ||
	    compile(l, argv, l->said, &with, &said, &e) < 0 || with.status != 0 || said.len ||
	    session_is_interrupted(b->session) || !build_prefix_holds(b, use, with.action))
		return false;
	with.said = "";
	if (finish(l, began, use, &with, &e) < 0)
		return false;
	*result = with;
	return true;
}

/* What there is of the compiler's own. */
static int end_without(struct lane *l, int64_t began, struct build_result *result,
		       const struct strbuf *said, struct crossbpf_error *e)
{
	result->said = said->data ? said->data : "";
	result->said_len = said->len;
	return result->status == 0 && !session_is_interrupted(l->run->build->session)
		       ? finish(l, began, NULL, result, e)
		       : 0;
}

static int do_without(struct lane *l, const struct strv *argv, struct build_result *result,
		      struct strbuf *said, struct crossbpf_error *e)
{
	int64_t began = io_now();

	int r = compile(l, argv, l->said, result, said, e);
	return r < 0 ? r : end_without(l, began, result, said, e);
}

/* Takes the object that was made elsewhere. 1; 0: it is to be made here, and `note` says why; or a
 * negative errno. */
static int take_launched(struct lane *l, int64_t began, struct build_result *result,
			 struct launch_note *note, struct crossbpf_error *e)
{
	const struct build *b = l->run->build;
	const struct launch_place place = {.root = b->root, .version = b->toolchain->version};
	cleanup_strbuf struct strbuf compiled = {0}, object = {0}, dep = {0};
	struct build_made made = {.object = &object, .dep = &dep, .began = began};

	/* What is not there is no object that can be taken. */
	int r = io_read_file(l->object, MAX_OUTPUT, &compiled);
	if (r == 0)
		r = io_read_file(l->dep, MAX_OUTPUT, &dep);
	if (r == -ENOMEM)
		return error_no_memory(e);
	r = launcher_take(b->launcher, &place, result->action, &compiled, &dep, &object, note);
	if (r <= 0)
		return r < 0 ? error_no_memory(e) : 0;
	result->said = "";
	r = build_finish(b, &made, result, e);
	return r < 0 ? r : 1;
}

/* 1: it is done, or failed; 0: it is to be done without; or a negative errno. */
static int launch(struct lane *l, struct build_result *result, struct launch_note *note,
		  struct strbuf *told, struct strbuf *said, struct crossbpf_error *e)
{
	const struct build *b = l->run->build;
	cleanup_strv struct strv argv = {0};
	int64_t began = io_now();

	int r = make_launch(l, result->action, &argv);
	if (r < 0)
		return error_no_memory(e);
	r = compile(l, &argv, l->told, result, said, e);
	if (r < 0 || session_is_interrupted(b->session))
		return r < 0 ? r : 1;
	r = lseek(l->told, 0, SEEK_SET) < 0 ? -errno : io_read_fd(l->told, MAX_SAID, told);
	if (r < 0 || launch_note_read(told->data ? told->data : "", note) < 0)
		return error_no_memory(e);
	if (note->end == LAUNCH_MISSING)
		return launcher_refuse_missing(b->launcher, result->action, e);
	if (note->end == LAUNCH_DONE && result->status == 0)
		return take_launched(l, began, result, note, e);
	r = end_without(l, began, result, said, e);
	return r < 0 ? r : 1;
}

/* The same, where there is a launcher for it. */
static int do_launched(struct lane *l, struct build_result *result, struct strbuf *said,
		       struct crossbpf_error *e)
{
	const struct build *b = l->run->build;
	cleanup_launch_note struct launch_note note = {.end = LAUNCH_PLAIN, .said = ""};
	cleanup_strbuf struct strbuf told = {0};

	int r = launcher_why_not(b->launcher, b->plan, b->root, result->action, &note.why);
	if (r < 0)
		return error_no_memory(e);
	if (!note.why)
		r = launch(l, result, &note, &told, said, e);
	if (r == 0) {
		strbuf_free(said);
		*said = (struct strbuf){0};
	}
	/* Where clang fails too, it is the source. */
	bool told_by_clang = note.end == LAUNCH_FAILED && result->status != 0;
	if (r >= 0 && b->on_launch && !told_by_clang && !session_is_interrupted(b->session)) {
		pthread_mutex_lock(&l->run->lock);
		b->on_launch(b->ctx, result->action, &note);
		pthread_mutex_unlock(&l->run->lock);
	}
	return r;
}

static void do_action(struct lane *l, size_t i)
{
	const struct build *b = l->run->build;
	const struct build_action *a = l->run->actions[i];
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf said = {0}, plain = {0};
	cleanup_strv struct strv argv = {0}, with = {0};
	struct build_result result = {.action = a, .said = ""};

	pthread_mutex_lock(&l->run->lock);
	const struct build_prefix_use *use = build_prefix_of(b, &l->run->prefixes, i, a);
	int r = make_argv(l, a, NULL, &argv) < 0 || (use && make_argv(l, a, use, &with) < 0)
			? error_no_memory(&e)
			: 0;
	if (r == 0 && b->on_start)
		b->on_start(b->ctx, a, use ? &with : &argv);
	pthread_mutex_unlock(&l->run->lock);
	if (r == 0 && b->launcher)
		r = do_launched(l, &result, &said, &e);
	if (r == 0 && !(use && do_with_prefix(l, &with, use, &result)) &&
	    !session_is_interrupted(b->session))
		r = do_without(l, &argv, &result, &said, &e);
	if (build_tell_said(b, &said, &plain, &result) < 0)
		r = error_no_memory(&e);
	bool interrupted = session_is_interrupted(b->session);

	pthread_mutex_lock(&l->run->lock);
	if (interrupted || (!result.done && !b->keep_going) || e.status == EXIT_STATUS_LOST)
		l->run->stop = true;
	if (!interrupted) {
		result.error = r < 0 ? &e : NULL;
		b->on_end(b->ctx, &result);
	}
	pthread_mutex_unlock(&l->run->lock);
}

static struct build_prefix *prefix_of(const struct run *r, size_t i)
{
	return r->prefixes.uses ? r->prefixes.uses[i].of : NULL;
}

/* The first action that nobody has taken, one whose header is being precompiled only where there is
 * no other: it is compiled without, which ends before the header and a compile with it would. r->n:
 * none. */
static size_t find_next(struct run *r)
{
	size_t other = r->n;

	while (r->first < r->n && r->taken[r->first])
		r->first++;
	for (size_t i = r->first; i < r->n; i++) {
		const struct build_prefix *of = prefix_of(r, i);
		if (r->taken[i])
			continue;
		if (!of || of->state != PREFIX_MAKING)
			return i;
		if (other == r->n)
			other = i;
	}
	return other;
}

/* Takes an action, and has its header precompiled where it is the first that asks for that. False:
 * there is none. */
static bool take_action(struct run *r, size_t *ret_i)
{
	size_t i = r->n;

	pthread_mutex_lock(&r->lock);
	if (!r->stop && !session_is_interrupted(r->build->session))
		i = find_next(r);
	if (i < r->n) {
		r->taken[i] = true;
		r->n_taken++;
	}
	struct build_prefix *of = i < r->n ? prefix_of(r, i) : NULL;
	if (of && of->state == PREFIX_WANTED) {
		of->state = PREFIX_MAKING;
		pthread_mutex_unlock(&r->lock);
		enum build_prefix_state state = build_prefix_make(of);
		pthread_mutex_lock(&r->lock);
		of->state = state;
	}
	pthread_mutex_unlock(&r->lock);
	*ret_i = i;
	return i < r->n;
}

static void *lane_main(void *arg)
{
	struct lane *l = arg;

	for (size_t i; take_action(l->run, &i);)
		do_action(l, i);
	return NULL;
}

static int lane_init(struct lane *l, struct run *r, size_t i)
{
	*l = (struct lane){.run = r, .said = -1, .told = -1};
	l->object = str_printf("%s/%zu.o", r->scratch, i);
	l->dep = str_printf("%s/%zu.d", r->scratch, i);
	if (!l->object || !l->dep)
		return -ENOMEM;
	int error = io_temporary(&l->said);
	return error == 0 && r->build->launcher ? io_temporary(&l->told) : error;
}

static int run_lanes(struct run *r, struct lane *lanes, size_t n)
{
	size_t ready = 0, threads = 0;
	int error = 0;

	for (; ready < n && error == 0; ready++)
		error = lane_init(&lanes[ready], r, ready);
	if (error == 0) {
		/* The first lane is this thread; fewer than asked for will do. */
		for (threads = 1; threads < n && thread_start(&lanes[threads].thread, lane_main,
							      &lanes[threads]) == 0;
		     threads++)
			;
		lane_main(&lanes[0]);
		for (size_t i = 1; i < threads; i++)
			pthread_join(lanes[i].thread, NULL);
	}
	for (size_t i = 0; i < ready; i++)
		lane_free(&lanes[i]);
	return error;
}

static int run_all(struct run *r, struct lane *lanes, size_t n)
{
	cleanup_free bool *taken = calloc(r->n, sizeof(*taken));
	int error = taken ? 0 : -ENOMEM;

	r->taken = taken;
	if (error == 0 && r->build->pch_dir)
		error = build_prefixes_find(r->build, r->actions, r->n, &r->prefixes);
	pthread_mutex_init(&r->lock, NULL);
	if (error == 0)
		error = run_lanes(r, lanes, n);
	pthread_mutex_destroy(&r->lock);
	build_prefixes_free(&r->prefixes);
	return error;
}

struct timed {
	const struct build_action *action;
	int64_t duration;
	size_t place;
};

static int compare_timed(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->duration != y->duration)
		return x->duration < y->duration ? 1 : -1;
	return x->place < y->place ? -1 : 1;
}

/* The longest first, so that none is left to run alone in the end. What was never run comes before
 * that, in its order: it may be long. */
static int order_actions(const struct build *b, const struct build_action **actions, size_t n)
{
	cleanup_free struct timed *timed = calloc(n + 1, sizeof(*timed));

	if (!timed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int64_t duration = state_duration(b->state, actions[i]->object);
		timed[i] = (struct timed){actions[i], duration ? duration : INT64_MAX, i};
	}
	qsort(timed, n, sizeof(*timed), compare_timed);
	for (size_t i = 0; i < n; i++)
		actions[i] = timed[i].action;
	return 0;
}

/* What all threads share that take objects from the cache. */
struct restoring {
	const struct build *build;
	const struct build_action **actions;
	size_t n;
	bool *hits;
	pthread_mutex_t lock; /* guards what follows, and the callback */
	size_t next;
	bool stop;
	int error;
};

static bool take_index(struct restoring *r, size_t *ret_index)
{
	pthread_mutex_lock(&r->lock);
	r->stop = r->stop || session_is_interrupted(r->build->session);
	bool taken = !r->stop && r->next < r->n;
	if (taken)
		*ret_index = r->next++;
	pthread_mutex_unlock(&r->lock);
	return taken;
}

static void *restore_main(void *arg)
{
	struct restoring *r = arg;
	const struct build *b = r->build;

	for (size_t i; take_index(r, &i);) {
		cleanup_strbuf struct strbuf said = {0};
		struct build_result result;
		int error = build_cache_restore(b, r->actions[i], &result, &said, &r->hits[i]);
		pthread_mutex_lock(&r->lock);
		if (error < 0) {
			r->error = error;
			r->stop = true;
		} else if (r->hits[i]) {
			cache_count_hit(b->cache);
			b->on_end(b->ctx, &result);
		}
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

/* A thread for some few is not worth while. */
static size_t count_restorers(const struct build *b, size_t n)
{
	enum { ACTIONS_EACH = 16, MAX_RESTORERS = 8 };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = cpus > 0 && cpus < MAX_RESTORERS ? (size_t)cpus : MAX_RESTORERS;

	if (b->lanes && b->lanes < most)
		most = b->lanes;
	return n / ACTIONS_EACH < most ? n / ACTIONS_EACH + 1 : most;
}

int build_restore(const struct build *b, const struct build_action **actions, size_t *ret_n,
		  struct crossbpf_error *e)
{
	enum { MAX_FURTHER = 7 };
	cleanup_free bool *hits = calloc(*ret_n + 1, sizeof(*hits));
	struct restoring r = {.build = b, .actions = actions, .n = *ret_n, .hits = hits};
	pthread_t further[MAX_FURTHER];
	size_t threads = 0, left = 0, wanted = count_restorers(b, *ret_n);

	/* Of a builder that is elsewhere, all look into the same list: it is read before. */
	if (!hits || (b->remote && !remote_headers(b->remote)))
		return error_no_memory(e);
	pthread_mutex_init(&r.lock, NULL);
	while (threads < MAX_FURTHER && threads + 1 < wanted &&
	       thread_start(&further[threads], restore_main, &r) == 0)
		threads++;
	restore_main(&r);
	for (size_t i = 0; i < threads; i++)
		pthread_join(further[i], NULL);
	pthread_mutex_destroy(&r.lock);
	if (r.error < 0)
		return error_no_memory(e);
	for (size_t i = 0; i < *ret_n; i++)
		if (!hits[i])
			actions[left++] = actions[i];
	if (r.stop) {
		*ret_n = left;
		return 0;
	}
	if (left && b->shared && build_restore_shared(b, actions, &left) < 0)
		return error_no_memory(e);
	for (size_t i = 0; i < left; i++)
		cache_count_miss(b->cache);
	*ret_n = left;
	return 0;
}

/* With all that is in it: a compiler that was killed leaves files of its own there. */
static void remove_scratch(const char *path)
{
	cleanup_closedir DIR *entries = opendir(path);

	for (struct dirent *entry; entries && (entry = readdir(entries));)
		unlinkat(dirfd(entries), entry->d_name, 0);
	rmdir(path);
}

int build_run(const struct build *b, const struct build_action **actions, size_t n,
	      size_t *ret_left, struct crossbpf_error *e)
{
	size_t n_lanes = b->lanes < 1 ? 1 : b->lanes > MAX_LANES ? MAX_LANES : b->lanes;
	cleanup_free struct lane *lanes = NULL;
	cleanup_free char *scratch = NULL;
	struct run run = {.build = b, .actions = actions, .n = n};

	*ret_left = n;
	if (!n)
		return 0;
	if (b->remote)
		return order_actions(b, actions, n) < 0
			       ? error_no_memory(e)
			       : build_run_remote(b, actions, n, ret_left, e);
	if (n_lanes > n)
		n_lanes = n;
	lanes = calloc(n_lanes + 1, sizeof(*lanes));
	if (!lanes || order_actions(b, actions, n) < 0)
		return error_no_memory(e);
	int r = io_temporary_dir(&scratch);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "no temporary directory can be made: %s", strerror(-r));
	run.scratch = scratch;
	state_settle(b->state);
	r = run_all(&run, lanes, n_lanes);
	remove_scratch(scratch);
	*ret_left = n - run.n_taken;
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "no temporary file can be made: %s", strerror(-r));
	return 0;
}
