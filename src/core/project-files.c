/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "project-files.h"
#include "shared/io.h"
#include "shared/process.h"

enum {
	LIST_LIMIT = 64 << 20,
	MAX_DEPTH = 64, /* of directories, and of trees within trees */
};

struct lister {
	const char *root;
	struct strv *names;
	uint64_t bytes;
	struct crossbpf_error *e;
};

static int list_tree(struct lister *l, const char *dir, int depth);
static int walk(struct lister *l, const char *dir, int depth);

static int refuse_size(const struct lister *l)
{
	return error_set(l->e, -EFBIG, EXIT_STATUS_USAGE,
			 "a crossbpf.conf in a directory of it makes that the project; what git "
			 "ignores is left out",
			 "the project %s has more than %d files or %d MiB, too much to be copied",
			 l->root, PROJECT_FILES_MAX, PROJECT_FILES_MAX_MIB);
}

/* Where a directory became a link, git's index still has what was in it; what is behind the link is
 * not the project's. */
static bool is_behind_link(const struct lister *l, char *path)
{
	bool found = false;
	struct stat st;

	for (char *at = path + strlen(l->root) + 1; !found && (at = strchr(at, '/')); at++) {
		*at = '\0';
		found = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
		*at = '/';
	}
	return found;
}

/* `name` is from the root on. */
static int add(struct lister *l, const char *name, bool by_git, int depth)
{
	cleanup_free char *path = io_absolute(l->root, name);
	struct stat st;

	if (!path)
		return error_no_memory(l->e);
	if (strchr(name, '\n') || lstat(path, &st) < 0)
		return 0; /* deleted, and git does not know it yet */
	if (by_git && is_behind_link(l, path))
		return 0;
	if (S_ISDIR(st.st_mode)) /* to git, a tree of its own */
		return by_git ? list_tree(l, name, depth + 1) : walk(l, name, depth + 1);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return 0;
	l->bytes += (uint64_t)st.st_size;
	if (l->names->n >= PROJECT_FILES_MAX || l->bytes > (uint64_t)PROJECT_FILES_MAX_MIB << 20)
		return refuse_size(l);
	strv_add(l->names, name);
	return l->names->error ? error_no_memory(l->e) : 0;
}

/* "" is the root. */
static char *join(const char *dir, const char *name)
{
	return str_printf("%s%s%s", dir, dir[0] ? "/" : "", name);
}

static int walk(struct lister *l, const char *dir, int depth)
{
	cleanup_free char *path = io_absolute(l->root, dir);
	int r = 0;

	if (!path)
		return error_no_memory(l->e);
	cleanup_closedir DIR *open_dir = depth < MAX_DEPTH ? opendir(path) : NULL;
	if (!open_dir)
		return error_set(l->e, depth < MAX_DEPTH ? -errno : -ELOOP, EXIT_STATUS_USAGE, NULL,
				 "cannot read the directory %s", path);
	for (struct dirent *entry; r == 0 && (entry = readdir(open_dir));) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0)
			continue;
		cleanup_free char *inner = join(dir, name);
		r = inner ? add(l, inner, false, depth) : error_no_memory(l->e);
	}
	return r;
}

/* What git says of this directory; -ENOENT where it is no tree of git's, or there is no git. A
 * tree's configuration could have it run programs to find what changed. */
static int ask_git(const char *path, struct strbuf *ret_answer)
{
	const char *const argv[] = {"git",      "-c",  "core.fsmonitor=false", "-C", path,
				    "ls-files", "-co", "--exclude-standard",   "-z", NULL};
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC), out = -1;
	int status = 0;

	int r = null < 0 ? -errno : io_temporary(&out);
	if (r < 0)
		return r;
	struct process git = {
		.argv = argv,
		.env = process_environment(),
		.fd = {null, out, null},
		.control = -1,
	};
	if (process_run(&git, &status) < 0 || status != 0)
		return -ENOENT;
	return lseek(out, 0, SEEK_SET) < 0 ? -errno : io_read_fd(out, LIST_LIMIT, ret_answer);
}

static int list_tree(struct lister *l, const char *dir, int depth)
{
	cleanup_free char *path = io_absolute(l->root, dir);
	cleanup_free char *git = path ? str_printf("%s/.git", path) : NULL;
	cleanup_strbuf struct strbuf answer = {0};

	if (!git)
		return error_no_memory(l->e);
	/* Below the root, git would answer for the tree around what is not one. */
	int r = depth > MAX_DEPTH || (dir[0] && access(git, F_OK) < 0) ? -ENOENT
								       : ask_git(path, &answer);
	if (r == -ENOENT)
		return walk(l, dir, depth);
	if (r < 0)
		return error_set(l->e, r, EXIT_STATUS_USAGE, NULL,
				 "cannot list what git has in %s: %s", path, strerror(-r));
	for (const char *at = answer.data, *end = at + answer.len; r == 0 && at < end;
	     at += strlen(at) + 1) {
		cleanup_free char *name = join(dir, at);
		size_t len = name ? strlen(name) : 0;
		if (len && name[len - 1] == '/') /* a tree that git does not track */
			name[len - 1] = '\0';
		r = name ? add(l, name, true, depth) : error_no_memory(l->e);
	}
	return r;
}

int project_files_list(const char *root, struct strv *ret_names, struct crossbpf_error *e)
{
	struct lister l = {.root = root, .names = ret_names, .e = e};
	size_t kept = 0;

	int r = list_tree(&l, "", 0);
	if (r < 0 || !ret_names->n)
		return r;
	strv_sort(ret_names);
	/* What is in conflict git has several of. */
	for (size_t i = 1; i < ret_names->n; i++) {
		if (strcmp(ret_names->v[i], ret_names->v[kept]) == 0)
			free(ret_names->v[i]);
		else
			ret_names->v[++kept] = ret_names->v[i];
	}
	ret_names->n = kept + 1;
	ret_names->v[ret_names->n] = NULL;
	return 0;
}
