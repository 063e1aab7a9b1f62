/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "build-cache.h"
#include "build-shared.h"
#include "cache-remote.h"
#include "cache.h"
#include "shared/io.h"
#include "shared/thread.h"

enum { MAX_THREADS = 8 };

/* What the server said may be looked at in vain for so long, and for so much more each time. */
#define VAIN_FIRST INT64_C(5000000000)
#define VAIN_EACH INT64_C(100000000)

/* What all threads share. */
struct taking {
	const struct build *build;
	const struct build_action **actions; /* NULL: it was restored */
	size_t n;
	pthread_mutex_t lock; /* guards what follows, and the callback */
	size_t next;
	int error;
	int64_t vain, n_vain; /* how long, and how often what the server said was of no use */
};

static bool take_next(struct taking *t, size_t *ret_i)
{
	pthread_mutex_lock(&t->lock);
	bool any = t->next < t->n && !t->error && !cache_remote_is_left(t->build->shared);
	if (any)
		*ret_i = t->next++;
	pthread_mutex_unlock(&t->lock);
	return any;
}

static void tell_vain(struct taking *t, int64_t duration)
{
	pthread_mutex_lock(&t->lock);
	t->vain += duration;
	bool enough = t->vain > VAIN_FIRST + ++t->n_vain * VAIN_EACH;
	pthread_mutex_unlock(&t->lock);
	if (enough)
		cache_remote_leave_for(t->build->shared,
				       "what it says takes long to look at, and is of no use");
}

/* Where the server has nothing for the command, nothing has changed since it was looked here. */
static int restore(struct taking *t, size_t i)
{
	cleanup_strbuf struct strbuf said = {0};
	const struct build *b = t->build;
	struct build_result result;
	bool hit = false;
	int64_t looked;

	int r = build_cache_fetch(b, t->actions[i], &looked);
	int64_t began = io_clock();
	if (r == 0)
		r = build_cache_restore(b, t->actions[i], &result, &said, &hit);
	if (!hit)
		tell_vain(t, looked + io_clock() - began);
	if (r < 0 || !hit)
		return r == -ENOMEM ? r : 0;
	t->actions[i] = NULL;
	cache_count_hit(b->cache);
	pthread_mutex_lock(&t->lock);
	b->on_end(b->ctx, &result);
	pthread_mutex_unlock(&t->lock);
	return 0;
}

static void *thread_main(void *arg)
{
	struct taking *t = arg;
	size_t i;

	while (take_next(t, &i)) {
		int r = restore(t, i);
		if (r == 0)
			continue;
		pthread_mutex_lock(&t->lock);
		t->error = r;
		pthread_mutex_unlock(&t->lock);
	}
	return NULL;
}

int build_restore_shared(const struct build *b, const struct build_action **actions, size_t *ret_n)
{
	struct taking t = {.build = b, .actions = actions, .n = *ret_n};
	pthread_t threads[MAX_THREADS];
	size_t n = 0, left = 0;

	cache_remote_attach(b->shared, b->cache);
	pthread_mutex_init(&t.lock, NULL);
	while (n < MAX_THREADS && n < t.n && thread_start(&threads[n], thread_main, &t) == 0)
		n++;
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&t.lock);
	for (size_t i = 0; i < t.n; i++)
		if (actions[i])
			actions[left++] = actions[i];
	*ret_n = left;
	return t.error;
}
