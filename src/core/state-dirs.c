/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "shared/io.h"
#include "state-dirs.h"
#include "state-stat.h"

/* Its inode says whether it is the same directory, its mtime which names are in it. */
static bool has_changed(const struct fingerprint *then, const struct fingerprint *now)
{
	return then->mtime != now->mtime || then->ctime != now->ctime ||
	       then->inode != now->inode || then->device != now->device ||
	       (now->mtime >= 0 && then->mtime + io_tick(now->mtime) > then->seen);
}

void state_dir_look(int root, struct state_dir *dir)
{
	struct fingerprint now = {.mtime = -1, .seen = io_now()};
	struct stat st;

	if (dir->looked)
		return;
	dir->looked = true;
	if (fstatat(root, dir->path, &st, 0) == 0)
		now = fingerprint_of(&st, now.seen);
	dir->changed = has_changed(&dir->seen, &now);
	if (dir->changed) {
		dir->seen = now;
		dir->dirty = true;
	}
}

static struct state_place *find_place(struct state_store *s, int root, const char *dir);

/* Of what leads to a name, without "/." at its end, where a source includes "./x.h": it is the same
 * directory. */
static char *outer_dir(const char *path, size_t len)
{
	while (len > 2 && path[len - 1] == '.' && path[len - 2] == '/')
		len -= 2;
	return strndup(path, len);
}

/* The nearest directory above a path; *ret_dangles: a link that leads nowhere is on the way to it.
 * NULL where memory ran out. */
static struct state_dir *nearest_dir(struct state_store *s, int root, const char *path,
				     bool *ret_dangles)
{
	const char *slash = strrchr(path, '/');

	*ret_dangles = false;
	if (!slash || slash == path)
		return state_store_dir(s, slash ? "/" : ".");
	cleanup_free char *outer = outer_dir(path, (size_t)(slash - path));
	const struct state_place *place = outer ? find_place(s, root, outer) : NULL;
	*ret_dangles = place && place->dangles;
	return place ? place->dir : NULL;
}

/* A link to nothing, as the name or on the way to it, dangles: what it leads to may appear where
 * nobody looks. Each directory is looked at once a build: in most, many headers are looked for. */
static struct state_place *find_place(struct state_store *s, int root, const char *dir)
{
	struct state_place *place = state_list_find(&s->places, dir);
	bool is_there, dangles = false;
	struct stat st;

	if (place)
		return place;
	is_there = fstatat(root, dir, &st, 0) == 0;
	struct state_dir *nearest = is_there && S_ISDIR(st.st_mode)
					    ? state_store_dir(s, dir)
					    : nearest_dir(s, root, dir, &dangles);
	place = nearest ? state_list_add(&s->places, dir, strlen(dir), sizeof(*place)) : NULL;
	if (!place)
		return NULL;
	place->dir = nearest;
	place->dangles =
		!is_there && (dangles || fstatat(root, dir, &st, AT_SYMLINK_NOFOLLOW) == 0);
	return place;
}

/* The directory in which the file would appear, or the nearest to it that there is. */
struct state_dir *state_dir_of(struct state_store *s, int root, const char *path)
{
	bool dangles;

	return nearest_dir(s, root, path, &dangles);
}

/* Finds out whether something is there that a compiler would read, and since when. Mostly nothing
 * is, not even a link. */
void state_look_for_file(struct state_store *s, int root, struct state_absent *absent)
{
	bool is_there, outer = false;
	struct stat st;

	absent->looked = true;
	absent->present = false;
	bool is_named = fstatat(root, absent->path, &st, AT_SYMLINK_NOFOLLOW) == 0;
	is_there = is_named && (!S_ISLNK(st.st_mode) || fstatat(root, absent->path, &st, 0) == 0);
	if (is_there && !S_ISDIR(st.st_mode)) {
		struct fingerprint f = fingerprint_of(&st, io_now());
		int64_t changed = fingerprint_changed(&f),
			moved = fingerprint_moved_at(root, absent->path);
		absent->present = true;
		absent->changed = changed > moved ? changed : moved;
	} else if (!is_there &&
		   (is_named || !nearest_dir(s, root, absent->path, &outer) || outer)) {
		absent->present = true; /* and never old enough */
		absent->changed = INT64_MAX / 2;
	}
}

/* Looks again for what was looked for in vain, in a directory that changed. */
static int look_again(struct state_store *s, int root, struct state_absent *absent)
{
	/* A directory may have come on the way to it, and is to be watched from now on. */
	struct state_dir *dir = state_dir_of(s, root, absent->path);
	if (!dir)
		return -ENOMEM;
	if (dir != absent->dir) {
		state_dir_look(root, dir);
		absent->dir = dir;
		absent->dirty = true;
	}
	state_look_for_file(s, root, absent);
	return 0;
}

/* Of an action that would read what has appeared nothing is known any more; this is remembered, for
 * the directory is then no longer new. */
static void forget_row(struct state_row *row)
{
	for (uint32_t i = 0; i < row->absents.n; i++)
		if (row->absents.v[i]->present) {
			struct state_absent *appeared = row->absents.v[i];
			state_row_clear(row);
			row->appeared = appeared;
			row->dirty = true;
			return;
		}
}

/* Where every directory is as it was, nothing has appeared in any. */
int state_dirs_look(struct state_store *s, int root)
{
	bool changed = false;

	for (size_t i = 0; i < s->dirs.n; i++) {
		struct state_dir *dir = s->dirs.v[i];
		state_dir_look(root, dir);
		changed = changed || dir->changed;
	}
	int r = changed ? state_store_load_lookups(s) : 0;
	for (size_t i = 0; i < s->absents.n && r == 0; i++) {
		struct state_absent *absent = s->absents.v[i];
		if (absent->dir->changed)
			r = look_again(s, root, absent);
	}
	for (size_t i = 0; changed && i < s->rows.n && r == 0; i++)
		forget_row(s->rows.v[i]);
	return r;
}
