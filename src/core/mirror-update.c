/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "mirror-name.h"
#include "mirror-tree.h"
#include "mirror-update.h"
#include "shared/io.h"
#include "toolchain-memory.h"

enum {
	LOCK_POLL_NS = 20000000,    /* how often a lock that another has is asked for */
	MAX_FILE = 12 << 20,        /* of one header */
	MAX_ARGUMENTS = 64 << 10,   /* of one command there; ssh makes one word of them */
	MAX_GROUP = 8 << 20,        /* so much is fetched at once */
	NAME = DIGEST_HEX_SIZE + 1, /* where the name begins in a line of the stamp */
};

static const uint64_t MAX_ALL = (uint64_t)2 << 30;

void mirror_update_free(struct mirror_update *u)
{
	mirror_free(&u->mirror);
	builder_headers_free(&u->there);
	strv_free(&u->links);
	strv_free(&u->names);
	strv_free(&u->skipped);
	if (u->locked)
		close(u->lock);
	u->locked = false;
}

static const char *backend_of(const struct mirror_update *u)
{
	return u->session->plugin.backend.name;
}

static int fail_to_write(const char *path, int error, struct crossbpf_error *e)
{
	return error == -ENOMEM
		       ? error_no_memory(e)
		       : error_set(e, error, EXIT_STATUS_OUTPUT,
				   "check the cache directory's permissions and free space",
				   "cannot write %s: %s", path, strerror(-error));
}

static int distrust(const struct mirror_update *u, const char *what, const char *why,
		    struct crossbpf_error *e)
{
	return error_set(e, -EACCES, EXIT_STATUS_FAILED, NULL,
			 "%s: what it says of %s cannot be trusted: %s", backend_of(u), what, why);
}

/* Clang is to look for headers in the mirror: no directory may lead out of it. */
static int check_dirs(const struct mirror_update *u, struct crossbpf_error *e)
{
	const char *clangs = toolchain_clang_dir(u->toolchain);
	cleanup_strv struct strv dirs = {0};

	toolchain_builder_dirs(u->toolchain, &dirs);
	for (size_t i = 0; i < dirs.n; i++) {
		cleanup_free char *clean = NULL;
		if (strcmp(dirs.v[i], clangs) == 0)
			continue;
		int r = mirror_name_clean(dirs.v[i], NULL, &clean);
		if (r == -ENOMEM)
			return error_no_memory(e);
		if (r < 0 || strcmp(clean, dirs.v[i]) != 0)
			return distrust(u, dirs.v[i], "that is no directory of headers", e);
	}
	return dirs.error ? error_no_memory(e) : 0;
}

/* Runs a program there over so many names. */
static int capture(const struct mirror_update *u, const char *script, char *const *names, size_t n,
		   struct strbuf *ret_output, struct crossbpf_error *e)
{
	static const char *const nothing[] = {NULL};
	cleanup_strv struct strv argv = {0};
	int status;

	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, script);
	strv_add(&argv, "headers");
	for (size_t i = 0; i < n; i++)
		strv_add(&argv, names[i]);
	if (argv.error)
		return error_no_memory(e);
	return session_capture(u->session, (const char *const *)argv.v, nothing, ret_output,
			       &status, e);
}

/* Two at once would each remove what the other fetched. Polls, as the session can be ended. The
 * mirror's directory must be no link: what is written there is ours. */
static int lock(struct mirror_update *u, struct crossbpf_error *e)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	cleanup_free char *path = mirror_file(&u->mirror, "update");

	if (!path)
		return error_no_memory(e);
	int r = mirror_tree_open(&u->mirror);
	u->lock = r < 0 ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (u->lock < 0)
		return fail_to_write(path, r < 0 ? r : -errno, e);
	u->locked = true;
	while (fcntl(u->lock, F_SETLK, &all) < 0) {
		struct pollfd control = {.fd = u->session->control, .events = POLLIN};
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return 0; /* a file system without locks */
		if (control.fd >= 0 && poll(&control, 1, 0) > 0)
			return error_set(e, -EINTR, EXIT_STATUS_FAILED, NULL,
					 "another crossbpf headers is at work in %s",
					 u->mirror.dir);
		io_sleep(LOCK_POLL_NS);
	}
	return 0;
}

/* The directories there that are links. */
static int find_links(struct mirror_update *u, struct crossbpf_error *e)
{
	static const char script[] =
		"find -L \"$@\" -name c++ -prune -o -type d -exec sh -c "
		"'for d; do [ ! -h \"$d\" ] || printf \"%s\\n\" \"$d\"; done' sh {} +\n"
		"[ $? -gt 1 ] || echo end";
	cleanup_strv struct strv dirs = {0};
	cleanup_strbuf struct strbuf text = {0};
	char *rest = NULL;
	bool ended = false;

	toolchain_builder_dirs(u->toolchain, &dirs);
	if (dirs.error)
		return error_no_memory(e);
	int r = capture(u, script, dirs.v, dirs.n, &text, e);
	if (r < 0)
		return r;
	for (char *line = text.len ? strtok_r(text.data, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		ended = strcmp(line, "end") == 0;
		if (!ended)
			strv_add(&u->links, line);
	}
	if (!ended)
		return distrust(u, "its directories", "their list did not come to its end", e);
	mirror_names_unique(&u->links);
	return u->links.error ? error_no_memory(e) : 0;
}

int mirror_update_begin(struct mirror_update *u, const char *cache_dir,
			const struct project *project, struct crossbpf_error *e)
{
	cleanup_free char *stamp = toolchain_stamp(u->toolchain, cache_dir);

	if (mirror_at(cache_dir, project, &u->mirror) < 0)
		return error_no_memory(e);
	if (!stamp)
		return error_set(e, -ENOTSUP, EXIT_STATUS_NO_BACKEND,
				 "install findutils and coreutils there",
				 "%s: its headers cannot be listed", backend_of(u));
	if (!toolchain_clang_dir(u->toolchain))
		return error_set(e, -ENOTSUP, EXIT_STATUS_NO_BACKEND, NULL,
				 "%s: it cannot be seen where the headers of its clang are",
				 backend_of(u));
	if (strchr(u->mirror.root, '=') || toolchain_is_below(u->mirror.root, project->root))
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE,
				 "set XDG_CACHE_HOME to a directory that is not in the project and "
				 "has no = in its name",
				 "headers cannot be mirrored in %s", cache_dir);
	if (builder_headers_load(stamp, &u->there) < 0)
		return error_no_memory(e);
	int r = check_dirs(u, e);
	if (r == 0)
		r = lock(u, e);
	return r < 0 ? r : find_links(u, e);
}

/* Is it a header of the builder's that does not come with clang? */
static bool is_wanted(const struct mirror_update *u, const char *name)
{
	const char *clangs = toolchain_clang_dir(u->toolchain);

	return toolchain_is_builders(u->toolchain, name) && !toolchain_is_below(name, clangs);
}

int mirror_update_add(struct mirror_update *u, const char *name, struct crossbpf_error *e)
{
	cleanup_free char *clean = NULL;

	if (!is_wanted(u, name))
		return 0;
	int r = mirror_name_clean(name, &u->links, &clean);
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r == -ELOOP)
		return error_set(e, -ENOTSUP, EXIT_STATUS_NO_BACKEND,
				 "include the header by a name without ..",
				 "%s: %s cannot be mirrored: .. stands behind a linked directory",
				 backend_of(u), name);
	if (r < 0 || !is_wanted(u, clean))
		return distrust(u, name, "it lies in no directory of headers", e);
	if (!builder_headers_find(&u->there, clean, NULL))
		return distrust(u, clean, "it was not there when its headers were listed", e);
	strv_add(&u->names, clean);
	return u->names.error ? error_no_memory(e) : 0;
}

int mirror_update_add_all(struct mirror_update *u, struct crossbpf_error *e)
{
	for (size_t i = 0; i < u->there.n; i++) {
		cleanup_free char *clean = NULL;
		const char *name = u->there.lines[i] + NAME;
		if (!is_wanted(u, name))
			continue;
		if (mirror_name_is_odd(name)) {
			u->n_odd++;
			continue;
		}
		int r = mirror_name_clean(name, NULL, &clean);
		if (r == -ENOMEM)
			return error_no_memory(e);
		if (r < 0 || strcmp(clean, name) != 0)
			return distrust(u, name, "it lies in no directory of headers", e);
		strv_add(&u->names, name);
	}
	return u->names.error ? error_no_memory(e) : 0;
}

/* Is the right content there? */
static bool is_here(const struct mirror_update *u, const char *name)
{
	cleanup_free char *path = str_printf("%s%s", u->mirror.root, name);
	cleanup_strbuf struct strbuf content = {0};
	uint8_t want[DIGEST_SIZE], found[DIGEST_SIZE];
	struct stat st;

	if (!path || !mirror_tree_is_plain(&u->mirror, name) || lstat(path, &st) < 0 ||
	    io_read_file(path, MAX_FILE, &content) < 0 ||
	    !builder_headers_find(&u->there, name, want))
		return false;
	digest_of(content.data ? content.data : "", content.len, found);
	return memcmp(want, found, DIGEST_SIZE) == 0;
}

/* From the first change on it is no mirror until the end. */
static int invalidate(const struct mirror_update *u, struct crossbpf_error *e)
{
	cleanup_free char *lock = mirror_file(&u->mirror, "lock");

	if (!lock)
		return error_no_memory(e);
	return unlink(lock) < 0 && errno != ENOENT ? fail_to_write(lock, -errno, e) : 0;
}

/* How many names from there on one command can have. */
static size_t count_arguments(const struct strv *names, size_t from)
{
	size_t len = 0, n = 0;

	for (; from + n < names->n; n++) {
		len += strlen(names->v[from + n]) + 8;
		if (len > MAX_ARGUMENTS && n)
			break;
	}
	return n;
}

/* Reads "SIZE NAME" a line, which is what wc -c prints. */
static int read_sizes(const struct mirror_update *u, char *text, char *const *names, size_t n,
		      size_t *sizes, struct crossbpf_error *e)
{
	char *rest = NULL, *line = text ? strtok_r(text, "\n", &rest) : NULL;

	for (size_t i = 0; i < n; i++, line = strtok_r(NULL, "\n", &rest)) {
		char *end = line;
		unsigned long long size = line ? strtoull(line, &end, 10) : 0;
		if (!line || end == line || *end != ' ' || strcmp(end + 1, names[i]) != 0)
			return distrust(u, names[i], "its size is missing", e);
		if (size > MAX_FILE)
			return distrust(u, names[i], "it is too large for a header", e);
		sizes[i] = (size_t)size;
	}
	return 0;
}

static int write_header(struct mirror_update *u, const char *name, const char *data, size_t len,
			struct crossbpf_error *e)
{
	cleanup_free char *path = str_printf("%s%s", u->mirror.root, name);
	uint8_t want[DIGEST_SIZE], found[DIGEST_SIZE];

	if (!path)
		return error_no_memory(e);
	digest_of(data, len, found);
	if (!builder_headers_find(&u->there, name, want) || memcmp(want, found, DIGEST_SIZE) != 0)
		return distrust(u, name, "it is not what its headers were listed as", e);
	int r = mirror_tree_clear(&u->mirror, name, &u->n_removed);
	if (r == 0)
		r = io_make_parents(path, 0777);
	if (r == 0)
		r = io_replace_file(path, data, len);
	if (r < 0)
		return fail_to_write(path, r, e);
	u->n_fetched++;
	return 0;
}

static int fetch_group(struct mirror_update *u, char *const *names, const size_t *sizes, size_t n,
		       struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};
	size_t at = 0, size = 0;

	int r = capture(u, "cat \"$@\"", names, n, &content, e);
	for (size_t i = 0; i < n; i++)
		size += sizes[i];
	if (r == 0 && size != content.len)
		return distrust(u, names[0], "it and others are not of the sizes that they had", e);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = write_header(u, names[i], content.data ? content.data + at : "", sizes[i], e);
		at += sizes[i];
	}
	return r;
}

static int fetch_some(struct mirror_update *u, char *const *names, size_t n,
		      struct crossbpf_error *e)
{
	cleanup_free size_t *sizes = calloc(n + 1, sizeof(*sizes));
	cleanup_strbuf struct strbuf text = {0};

	if (!sizes)
		return error_no_memory(e);
	int r = capture(u, "wc -c \"$@\" | sed 's/^ *//'", names, n, &text, e);
	if (r == 0)
		r = read_sizes(u, text.data, names, n, sizes, e);
	for (size_t from = 0, group; from < n && r == 0; from += group) {
		size_t size = sizes[from];
		for (group = 1; from + group < n && size + sizes[from + group] <= MAX_GROUP;
		     group++)
			size += sizes[from + group];
		u->size += size;
		if (u->size > MAX_ALL)
			return distrust(u, "its headers", "they are too large", e);
		r = fetch_group(u, names + from, sizes + from, group, e);
	}
	return r;
}

static int write_text(const struct mirror_update *u, const char *name, const char *text, size_t len,
		      struct crossbpf_error *e)
{
	cleanup_free char *path = mirror_file(&u->mirror, name);

	if (!path)
		return error_no_memory(e);
	int r = io_replace_file(path, text, len);
	return r < 0 ? fail_to_write(path, r, e) : 0;
}

static int write_links(const struct mirror_update *u, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf text = {0};

	for (size_t i = 0; i < u->links.n; i++)
		strbuf_printf(&text, "%s\n", u->links.v[i]);
	return text.error ? error_no_memory(e)
			  : write_text(u, "links", text.data ? text.data : "", text.len, e);
}

static int write_stamp(const struct mirror_update *u, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf text = {0};

	for (size_t i = 0; i < u->there.n; i++) {
		strbuf_puts(&text, u->there.lines[i]);
		strbuf_putc(&text, '\n');
	}
	return text.error ? error_no_memory(e)
			  : write_text(u, "there", text.data ? text.data : "", text.len, e);
}

int mirror_update_fetch(struct mirror_update *u, struct crossbpf_error *e)
{
	cleanup_strv struct strv lacking = {0};
	int r = 0;

	mirror_names_unique(&u->names);
	for (size_t i = 0; i < u->names.n; i++)
		if (!is_here(u, u->names.v[i]))
			strv_add(&lacking, u->names.v[i]);
	if (lacking.error)
		return error_no_memory(e);
	/* What covers a build is asked of this list, and of no older one. */
	r = write_stamp(u, e);
	if (r == 0)
		r = write_links(u, e);
	if (r == 0 && lacking.n)
		r = invalidate(u, e);
	for (size_t from = 0, n; from < lacking.n && r == 0; from += n) {
		n = count_arguments(&lacking, from);
		r = fetch_some(u, lacking.v + from, n, e);
	}
	return r;
}

int mirror_update_toolchain(const struct mirror_update *u, struct toolchain *ret_toolchain,
			    struct crossbpf_error *e)
{
	const struct toolchain *from = u->toolchain;
	cleanup_toolchain struct toolchain t = {
		.clang = strdup(from->clang),
		.number = strdup(from->number),
		.version = strdup(from->version),
	};
	struct mirror m = {.root = u->mirror.root, .toolchain = *from};

	strv_add(&t.search, toolchain_clang_dir(from));
	memcpy(t.identity, from->identity, sizeof(t.identity));
	memcpy(t.content, from->content, sizeof(t.content));
	memcpy(t.scripts, from->scripts, sizeof(t.scripts));
	int r = t.search.error || lock_file_set(&m.lock, MIRROR_KEY_OF, "-") < 0 ? -ENOMEM : 0;
	if (r == 0)
		r = mirror_apply(&m, &t);
	lock_file_free(&m.lock);
	if (r < 0)
		return error_no_memory(e);
	*ret_toolchain = t;
	t = (struct toolchain){0};
	return 0;
}

/* Removes what is in `dir`, the root's directory `name`, and was not asked for. */
static int remove_others(struct mirror_update *u, const char *name, struct crossbpf_error *e)
{
	cleanup_free char *path = str_printf("%s%s", u->mirror.root, name);
	cleanup_closedir DIR *entries = path ? opendir(path) : NULL;
	int r = path ? 0 : error_no_memory(e);

	for (struct dirent *entry; r == 0 && entries && (entry = readdir(entries));) {
		cleanup_free char *inner = str_printf("%s/%s", name, entry->d_name);
		cleanup_free char *file = inner ? str_printf("%s%s", u->mirror.root, inner) : NULL;
		struct stat st;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!file)
			return error_no_memory(e);
		if (lstat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
			r = remove_others(u, inner, e);
			(void)rmdir(file); /* where nothing is left in it */
		} else if (!mirror_names_have(&u->names, inner)) {
			r = invalidate(u, e);
			if (r == 0 && unlink(file) < 0)
				r = fail_to_write(file, -errno, e);
			u->n_removed++;
		}
	}
	return r;
}

/* Two names are one where upper case and lower case are. */
static int check_all(struct mirror_update *u, struct crossbpf_error *e)
{
	u->size = 0;
	for (size_t i = 0; i < u->names.n; i++) {
		cleanup_free char *path = str_printf("%s%s", u->mirror.root, u->names.v[i]);
		struct stat st;
		if (!path)
			return error_no_memory(e);
		if (stat(path, &st) == 0)
			u->size += (uint64_t)st.st_size;
		if (is_here(u, u->names.v[i]))
			continue;
		if (!u->all)
			return error_set(e, -EEXIST, EXIT_STATUS_OUTPUT,
					 "set XDG_CACHE_HOME to a directory of a case-sensitive "
					 "file system",
					 "%s cannot be kept beside another header of that name",
					 path);
		strv_add(&u->skipped, u->names.v[i]);
	}
	return u->skipped.error ? error_no_memory(e) : 0;
}

static int write_toolchain(const struct mirror_update *u, struct crossbpf_error *e)
{
	cleanup_free char *path = mirror_file(&u->mirror, "toolchain.json");
	struct toolchain_memory memory = {.file = path, .builder = true};
	cleanup_toolchain struct toolchain saved = {0};

	if (!path)
		return error_no_memory(e);
	toolchain_memory_save(&memory, u->toolchain);
	int r = toolchain_memory_load(&memory, &saved);
	return r < 0 ? fail_to_write(path, r, e) : 0;
}

/* A header that has another's content. */
struct twin {
	const char *name;
	uint8_t digest[DIGEST_SIZE];
	unsigned long long there; /* its inode there, or 0 where that is not known */
	ino_t here;
};

static bool is_like(const struct twin *a, const struct twin *b)
{
	return memcmp(a->digest, b->digest, DIGEST_SIZE) == 0;
}

static int compare_twins(const void *a, const void *b)
{
	const struct twin *x = a, *y = b;
	int order = memcmp(x->digest, y->digest, DIGEST_SIZE);

	if (order == 0)
		order = (x->there > y->there) - (x->there < y->there);
	return order ? order : strcmp(x->name, y->name);
}

static int compare_twins_by_name(const void *a, const void *b)
{
	const struct twin *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Those whose content more than one has, sorted by their names. Returns how many. */
static size_t find_twins(const struct mirror_update *u, struct twin *t)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < u->names.n; i++) {
		t[n] = (struct twin){.name = u->names.v[i]};
		n += builder_headers_find(&u->there, t[n].name, t[n].digest);
	}
	qsort(t, n, sizeof(*t), compare_twins);
	for (size_t i = 0; i < n; i++)
		if ((i > 0 && is_like(&t[i], &t[i - 1])) ||
		    (i + 1 < n && is_like(&t[i], &t[i + 1])))
			t[kept++] = t[i];
	qsort(t, kept, sizeof(*t), compare_twins_by_name);
	return kept;
}

/* Asks which of them are one file there. Reads "INODE NAME" a line, which is what ls -i prints. */
static int number_twins(const struct mirror_update *u, struct twin *t, size_t n,
			struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};
	int r = 0;

	for (size_t i = 0; i < n; i++)
		strv_add(&names, t[i].name);
	if (names.error)
		return error_no_memory(e);
	for (size_t from = 0, some; from < n && r == 0; from += some) {
		cleanup_strbuf struct strbuf text = {0};
		char *rest = NULL;
		some = count_arguments(&names, from);
		r = capture(u, "ls -diL \"$@\"", names.v + from, some, &text, e);
		for (char *line = r == 0 && text.len ? strtok_r(text.data, "\n", &rest) : NULL;
		     line; line = strtok_r(NULL, "\n", &rest)) {
			struct twin key = {0}, *found;
			char *end;
			key.there = strtoull(line, &end, 10);
			key.name = *end ? end + 1 : end;
			found = bsearch(&key, t, n, sizeof(*t), compare_twins_by_name);
			if (found)
				found->there = key.there;
		}
	}
	return r;
}

/* The file of `first` under the other name too. Where there are no such links it stays a copy. */
static int make_one(struct mirror_update *u, const struct twin *first, const struct twin *other,
		    struct crossbpf_error *e)
{
	cleanup_free char *from = str_printf("%s%s", u->mirror.root, first->name);
	cleanup_free char *to = str_printf("%s%s", u->mirror.root, other->name);
	cleanup_free char *new = to ? str_printf("%s.new", u->mirror.root) : NULL;

	if (!from || !new)
		return error_no_memory(e);
	int r = invalidate(u, e);
	if (r < 0)
		return r;
	(void)unlink(new);
	if (link(from, new) < 0)
		return 0;
	return rename(new, to) < 0 ? fail_to_write(to, -errno, e) : 0;
}

/* Another file with the same content. */
static int make_two(struct mirror_update *u, const struct twin *t, struct crossbpf_error *e)
{
	cleanup_free char *path = str_printf("%s%s", u->mirror.root, t->name);
	cleanup_strbuf struct strbuf content = {0};

	if (!path)
		return error_no_memory(e);
	int r = invalidate(u, e);
	if (r < 0)
		return r;
	r = io_read_file(path, MAX_FILE, &content);
	if (r == 0)
		r = io_replace_file(path, content.data ? content.data : "", content.len);
	return r < 0 ? fail_to_write(path, r, e) : 0;
}

static ino_t number_here(const struct mirror_update *u, const struct twin *t)
{
	cleanup_free char *path = str_printf("%s%s", u->mirror.root, t->name);
	struct stat st;

	return path && lstat(path, &st) == 0 ? st.st_ino : 0;
}

/* Has what is one file there be one here, and nothing else: #pragma once counts files, not names.
 */
static int link_names(struct mirror_update *u, struct crossbpf_error *e)
{
	cleanup_free struct twin *t = calloc(u->names.n + 1, sizeof(*t));

	if (!t)
		return error_no_memory(e);
	size_t n = find_twins(u, t), like = 0, first = 0;
	int r = number_twins(u, t, n, e);
	qsort(t, n, sizeof(*t), compare_twins);
	for (size_t i = 0; i < n && r == 0; i++) {
		t[i].here = number_here(u, &t[i]);
		if (i == 0 || !is_like(&t[i], &t[i - 1]))
			like = i;
		bool is_first = i == like || !t[i].there || t[i].there != t[first].there;
		if (is_first)
			first = i;
		else if (t[i].here && t[first].here && t[i].here != t[first].here)
			r = make_one(u, &t[first], &t[i], e);
		for (size_t j = like; j < i && is_first && r == 0; j++)
			if (t[i].here && t[j].here == t[i].here) {
				r = make_two(u, &t[i], e);
				t[i].here = number_here(u, &t[i]);
			}
		if (!is_first && r == 0)
			t[i].here = number_here(u, &t[i]);
	}
	return r;
}

int mirror_update_end(struct mirror_update *u, struct lock_file *lock, const char *of,
		      struct crossbpf_error *e)
{
	cleanup_free char *text = NULL;

	mirror_names_unique(&u->names);
	int r = remove_others(u, "", e);
	if (r == 0)
		r = check_all(u, e);
	if (r == 0)
		r = link_names(u, e);
	if (r == 0)
		r = write_toolchain(u, e);
	if (r < 0)
		return r;
	if (lock_file_set(lock, MIRROR_KEY_OF, of) < 0 ||
	    (u->all && lock_file_set(lock, MIRROR_KEY_ALL, "yes") < 0) ||
	    lock_file_text(lock, &text) < 0)
		return error_no_memory(e);
	return write_text(u, "lock", text, strlen(text), e);
}
