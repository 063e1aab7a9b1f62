/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/thread.h"
#include "state-stat.h"

enum {
	AT_ONCE = 64,    /* files that a thread takes */
	EACH = 2048,     /* files that take longer than to start a thread, on any machine seen */
	MAX_FURTHER = 3, /* threads beside the first */
	DIRS = 8,        /* in which a thread looks by turns */
	NOT_OPENED = -1,
	CANNOT_OPEN = -2,
	AHEAD = 1, /* in state_path.ahead; a negative errno stands for itself */
};

/* To look into a directory it need not be readable. */
#ifdef O_PATH
#define SEARCH_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
#else
#define SEARCH_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

/* `name` is in the directory `dir`. */
static int look(int dir, const char *name, struct state_path *path, int64_t seen)
{
	struct stat st;

	if (fstatat(dir, name, &st, 0) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	path->now = fingerprint_of(&st, seen);
	return 0;
}

int state_stat(int root, struct state_path *path)
{
	int ahead = path->ahead;

	path->ahead = 0;
	if (ahead)
		return ahead == AHEAD ? 0 : ahead;
	return look(root, path->path, path, io_now());
}

/* What all threads share. */
struct looking {
	int root;
	struct state_path *const *paths;
	size_t n;
	size_t next; /* by atomic operations */
};

/* A directory of which more than one file is looked at: the way to it need not be gone each time.
 */
struct dir {
	const char *path; /* of a file in it; NULL: of none yet */
	size_t len;       /* of what leads to that, with the slash; 0: nothing does */
	int fd;           /* NOT_OPENED, or CANNOT_OPEN */
};

/* The last ones: files are looked at in the order in which sources include them. */
struct dirs {
	struct dir v[DIRS];
	size_t last, oldest;
};

static struct dir *dirs_find(struct dirs *dirs, const char *path, size_t len)
{
	for (size_t n = 0, i = dirs->last; n < DIRS; n++, i = (i + 1) % DIRS)
		if (dirs->v[i].path && dirs->v[i].len == len &&
		    memcmp(dirs->v[i].path, path, len) == 0) {
			dirs->last = i;
			return &dirs->v[i];
		}
	return NULL;
}

/* The directory of this file: opened, if another file's was the same. */
static struct dir *dirs_enter(struct dirs *dirs, int root, const char *path)
{
	size_t len = (size_t)(io_basename(path) - path);
	struct dir *d = dirs_find(dirs, path, len);

	if (!d) {
		d = &dirs->v[dirs->oldest];
		dirs->last = dirs->oldest;
		dirs->oldest = (dirs->oldest + 1) % DIRS;
		closep(&d->fd);
		*d = (struct dir){path, len, NOT_OPENED};
	} else if (d->fd == NOT_OPENED && len > 1) {
		cleanup_free char *name = strndup(path, len - 1);
		int fd = name ? openat(root, name, SEARCH_FLAGS) : -1;
		d->fd = fd < 0 ? CANNOT_OPEN : fd;
	}
	return d;
}

static int look_in(struct dirs *dirs, int root, struct state_path *path, int64_t seen)
{
	const struct dir *d = dirs_enter(dirs, root, path->path);

	return d->fd < 0 ? look(root, path->path, path, seen)
			 : look(d->fd, path->path + d->len, path, seen);
}

static void *look_main(void *arg)
{
	struct looking *l = arg;
	struct dirs dirs = {0};

	for (size_t i = 0; i < DIRS; i++)
		dirs.v[i].fd = NOT_OPENED;
	for (size_t i; (i = __atomic_fetch_add(&l->next, AT_ONCE, __ATOMIC_RELAXED)) < l->n;) {
		size_t end = l->n - i < AT_ONCE ? l->n : i + AT_ONCE;
		int64_t seen = io_now();
		for (; i < end; i++) {
			int r = look_in(&dirs, l->root, l->paths[i], seen);
			l->paths[i]->ahead = r == 0 ? AHEAD : r;
		}
	}
	for (size_t i = 0; i < DIRS; i++)
		closep(&dirs.v[i].fd);
	return NULL;
}

void state_stat_ahead(int root, struct state_path *const *paths, size_t n)
{
	struct looking l = {.root = root, .paths = paths, .n = n};
	long cpus = n / 2 < EACH ? 1 : sysconf(_SC_NPROCESSORS_ONLN); /* it opens a file */
	pthread_t further[MAX_FURTHER];
	size_t threads = 0;

	while (threads < MAX_FURTHER && threads + 1 < (size_t)cpus && (threads + 2) * EACH <= n &&
	       thread_start(&further[threads], look_main, &l) == 0)
		threads++;
	look_main(&l);
	for (size_t i = 0; i < threads; i++)
		pthread_join(further[i], NULL);
}
