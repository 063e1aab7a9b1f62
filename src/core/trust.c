/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cflags.h"
#include "clang-constraint.h"
#include "shared/io.h"
#include "shared/shell.h"
#include "trust.h"
#include "words.h"

enum {
	FILE_LIMIT = 1 << 20, /* of a file that is named, such as a Dockerfile */
	PATH_LIMIT = 1 << 16,
};

void trust_free(struct trust *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->choices[i].what);
		free(t->choices[i].value);
		free(t->choices[i].file);
	}
	free(t->choices);
	free(t->path);
	*t = (struct trust){0};
}

/* The directory of an absolute path: "/" for "/x". */
static char *directory(const char *path)
{
	size_t len = (size_t)(io_basename(path) - path);

	return strndup(path, len > 1 ? len - 1 : len);
}

char *trust_path(const char *path)
{
	cleanup_free char *here = NULL, *absolute = NULL, *dir = NULL;

	if (path[0] != '/' && io_working_directory(&here) < 0)
		return NULL;
	absolute = io_absolute(here ? here : "/", path);
	dir = absolute ? directory(absolute) : NULL;
	if (!dir)
		return NULL;
	/* A project is one by all its names. The file itself may be a link out of it. */
	cleanup_free char *real = realpath(dir, NULL);
	const char *parent = real ? real : dir;
	return str_printf("%s/%s", strcmp(parent, "/") == 0 ? "" : parent, io_basename(absolute));
}

/* Flags. */

/* Without its dashes: clang and its parts take many options with one or with two. */
static bool is_loader(const char *word)
{
	static const char *const begins[] = {
		"B",
		"add-plugin",
		"ccc-gcc-name",
		"cc1",
		"config",
		"driver-mode",
		"fpass-plugin",
		"fplugin",
		"fcas-plugin",
		"fuse-ld",
		"ld-path",
		"load",
		"plugin",
		"prefix",
		"fno-integrated-cc1",
		"no-integrated-as",
		"fno-integrated-as",
		"via-file-asm",
	};

	if (word[0] == '@')
		return true;
	if (word[0] != '-')
		return false;
	word += strspn(word, "-");
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(word, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* What hands the rest of itself on to a part of clang: -Xclang=-load. */
static const char *handed_on(const char *word)
{
	static const char *const begins[] = {"-Xclang=", "-mllvm=", "-Wa,", "-Wp,", "-Wl,"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(word, begins[i], strlen(begins[i])) == 0)
			return word + strlen(begins[i]);
	return word;
}

/* All words are looked at, those that are values too: to ask once too often does no harm. */
int trust_find_flag(const struct strv *flags, char **ret_flag)
{
	*ret_flag = NULL;
	for (size_t i = 0; i < flags->n; i++) {
		if (is_loader(flags->v[i]) || is_loader(handed_on(flags->v[i]))) {
			*ret_flag = strdup(flags->v[i]);
			return *ret_flag ? 0 : -ENOMEM;
		}
	}
	return 0;
}

/* Choices. */

/* Takes `what` over. */
static int add_choice(struct trust *t, const struct conf *conf, char *what, const char *value)
{
	struct trust_choice *choices = realloc(t->choices, (t->n + 1) * sizeof(*choices));

	if (choices)
		t->choices = choices;
	if (!choices || !what) {
		free(what);
		return -ENOMEM;
	}
	struct trust_choice *choice = &choices[t->n++];
	*choice = (struct trust_choice){
		.what = what, .value = strdup(value), .line = conf_line(conf, what)};
	return choice->value ? 0 : -ENOMEM;
}

static int add_backends(struct trust *t, const struct conf *conf)
{
	int r = 0;

	for (size_t i = 0; i < conf->n_backends; i++) {
		const struct conf_backend *b = &conf->backends[i];
		for (size_t j = 0; j < b->n && r == 0; j++)
			r = add_choice(t, conf, str_printf("backend %s: %s", b->name, b->kv[j].key),
				       b->kv[j].value);
	}
	return r;
}

static int add_flags(struct trust *t, const struct conf *conf)
{
	cleanup_error struct crossbpf_error wrong = {0};
	cleanup_strv struct strv words = {0};
	cleanup_free char *flag = NULL;
	bool no_system = false;

	if (!conf->cflags)
		return 0;
	/* conf_read() took them; what cannot be parted is trusted by nobody. */
	int r = cflags_split("cflags", conf->cflags, &words, &no_system, &wrong);
	if (r == -ENOMEM || trust_find_flag(&words, &flag) < 0)
		return -ENOMEM;
	return r < 0 || flag ? add_choice(t, conf, strdup("build: cflags"), conf->cflags) : 0;
}

/* A cache of whose objects? And with less room, all that is in the user's own would go. */
static int add_cache(struct trust *t, const struct conf *conf)
{
	cleanup_free char *size = str_printf("%ju", (uintmax_t)conf->cache_size);
	int r = size ? 0 : -ENOMEM;

	if (r == 0 && conf->cache_dir)
		r = add_choice(t, conf, strdup("cache: dir"), conf->cache_dir);
	if (r == 0 && conf->cache_size)
		r = add_choice(t, conf, strdup("cache: size"), size);
	return r;
}

/* With whom objects are shared, and by which secret. */
static int add_shared_cache(struct trust *t, const struct conf *conf)
{
	const struct {
		const char *what, *value;
	} keys[] = {
		{"cache: remote", conf->cache_remote},
		{"cache: remote_write", conf->cache_write},
		{"cache: remote_token_file", conf->cache_token_file},
		{"cache: remote_timeout", conf->cache_timeout},
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && r == 0; i++)
		if (keys[i].value)
			r = add_choice(t, conf, strdup(keys[i].what), keys[i].value);
	return r;
}

/* Each word by itself, as any of them may name a file of the project. */
static int add_launcher(struct trust *t, const struct conf *conf)
{
	cleanup_error struct crossbpf_error wrong = {0};
	cleanup_strv struct strv words = {0};
	int r = 0;

	if (!conf->launcher)
		return 0;
	/* conf_read() took them. */
	if (words_split("launcher", conf->launcher, &words, &wrong) < 0)
		return add_choice(t, conf, strdup("launcher"), conf->launcher);
	for (size_t i = 0; i < words.n && r == 0; i++)
		r = add_choice(t, conf, strdup("launcher"), words.v[i]);
	return r;
}

static int add_all(struct trust *t, const struct conf *conf)
{
	int r = add_flags(t, conf);

	if (r == 0)
		r = add_cache(t, conf);
	if (r == 0)
		r = add_shared_cache(t, conf);
	if (r == 0 && conf->clang && !clang_constraint_is(conf->clang))
		r = add_choice(t, conf, strdup("build: clang"), conf->clang);
	if (r == 0)
		r = add_launcher(t, conf);
	return r < 0 ? r : add_backends(t, conf);
}

static int by_line(const void *a, const void *b)
{
	const struct trust_choice *left = a, *right = b;

	return (left->line > right->line) - (left->line < right->line);
}

/* Does the path lead into `dir`, as it is written? */
static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '/' || strcmp(dir, "/") == 0);
}

/* The regular file that a value names: one of the project's, for what is elsewhere by an absolute
 * name (/usr/bin/podman) the project cannot change. A descriptor, -ENOENT or another error. */
static int open_named(const char *root, const char *value, char **ret_file)
{
	cleanup_free char *path = io_absolute(root, value);
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (value[0] == '/' && !is_below(value, root))
		return -ENOENT;
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	*ret_file = TAKE_PTR(path);
	return TAKE_FD(fd);
}

/* A program of the project's may be large: then it is told by its inode, with the time of its last
 * change, which no program can set back. */
static void digest_large(struct digest *digest, int fd)
{
	cleanup_free char *text = NULL;
	struct stat st;

	if (fstat(fd, &st) == 0)
		text = str_printf("%ju %jd %jd", (uintmax_t)st.st_ino, (intmax_t)st.st_size,
				  (intmax_t)io_ctime(&st));
	digest_string(digest, text);
}

static int digest_choice(struct digest *digest, const char *root, struct trust_choice *choice)
{
	cleanup_strbuf struct strbuf content = {0};
	/* Flags name none by a value alone. */
	cleanup_close int fd = open_named(root, choice->value, &choice->file);

	digest_string(digest, choice->file);
	if (fd == -ENOENT)
		return 0;
	int r = fd < 0 ? fd : io_read_fd(fd, FILE_LIMIT, &content);
	if (r == -EFBIG) {
		digest_large(digest, fd);
		return 0;
	}
	if (r == 0) {
		/* Its length first, so that no two files are as one. */
		cleanup_free char *len = str_printf("%zu", content.len);
		digest_string(digest, len);
		digest_bytes(digest, content.data, content.len);
	}
	return r;
}

/* In the order of the lines, which the content of the conf says. */
static int make_digest(struct trust *t, const struct conf *conf, struct crossbpf_error *e)
{
	cleanup_free char *root = directory(t->path);
	struct digest digest;

	if (!root)
		return error_no_memory(e);
	digest_init(&digest);
	digest_string(&digest, "crossbpf trust 1");
	digest_string(&digest, t->path);
	digest_string(&digest, conf->digest);
	for (size_t i = 0; i < t->n; i++) {
		struct trust_choice *choice = &t->choices[i];
		/* The environment may be in it: ${NAME}. */
		digest_string(&digest, choice->value);
		int r = digest_choice(&digest, root, choice);
		if (r < 0)
			return error_set(e, r, EXIT_STATUS_USAGE, NULL, "%s:%u: %s: %s: %s",
					 t->path, choice->line, choice->what, choice->value,
					 strerror(-r));
	}
	digest_finish(&digest, t->digest);
	return 0;
}

int trust_find(const char *path, const struct conf *conf, struct trust *ret_trust,
	       struct crossbpf_error *e)
{
	cleanup_trust struct trust t = {.path = trust_path(path)};

	if (!t.path || add_all(&t, conf) < 0)
		return error_no_memory(e);
	if (t.n) {
		qsort(t.choices, t.n, sizeof(*t.choices), by_line);
		int r = make_digest(&t, conf, e);
		if (r < 0)
			return r;
	}
	*ret_trust = t;
	t = (struct trust){0};
	return 0;
}

/* The list. */

static int refuse_list(const char *path, struct crossbpf_error *e)
{
	return error_set(e, -EPERM, EXIT_STATUS_USAGE,
			 "what it holds may be another's: remove it, and trust again",
			 "%s belongs to another user, or others may write it", path);
}

/* Where the list is; it may not be there yet. */
static int list_dir(char **ret_dir, struct crossbpf_error *e)
{
	cleanup_free char *config = NULL;

	int r = io_config_dir(&config);
	if (r == -ENOENT)
		return error_set(e, r, EXIT_STATUS_USAGE, "set HOME, or CROSSBPF_TRUST=all",
				 "there is no directory for the list of what is trusted");
	char *dir = r == 0 ? str_printf("%s/trusted", config) : NULL;
	if (!dir)
		return error_no_memory(e);
	*ret_dir = dir;
	return 0;
}

/* An open descriptor of the directory; -ENOENT, with `e` untouched, where there is none. */
static int open_list(const char *dir, struct crossbpf_error *e)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(e, -errno, EXIT_STATUS_USAGE, NULL, "cannot read %s: %s", dir,
				 strerror(errno));
	return io_is_own(&st) ? TAKE_FD(fd) : refuse_list(dir, e);
}

/* The path in the record `name`, up to the end of its line. */
static int read_record(int dir, const char *name, char **ret_path)
{
	cleanup_close int fd =
		openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	cleanup_strbuf struct strbuf content = {0};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !io_is_own(&st))
		return -EPERM;
	int r = io_read_fd(fd, PATH_LIMIT, &content);
	if (r == 0 && (content.len < 2 || content.data[content.len - 1] != '\n'))
		r = -EINVAL; /* cut off */
	if (r < 0)
		return r;
	*ret_path = strndup(content.data, content.len - 1);
	return *ret_path ? 0 : -ENOMEM;
}

static int find_record(const struct trust *t, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL, *path = NULL;

	int r = list_dir(&dir, e);
	if (r < 0)
		return r;
	cleanup_close int fd = open_list(dir, e);
	if (fd < 0)
		return fd;
	r = read_record(fd, t->digest, &path);
	if (r == -EPERM) {
		cleanup_free char *file = str_printf("%s/%s", dir, t->digest);
		return refuse_list(file ? file : dir, e);
	}
	return r == 0 && strcmp(path, t->path) == 0 ? 0 : -ENOENT;
}

const char *trust_chosen(const struct trust *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (strncmp(t->choices[i].what, "cache: ", 7) != 0)
			return "what is run";
	return "the cache of objects";
}

static int refuse(const struct trust *t, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf hint = {0}, all = {0};

	strbuf_puts(&hint, "look at it, then: crossbpf trust ");
	shell_quote(&hint, t->path);
	for (size_t i = 0; i < t->n; i++) {
		/* A list has one choice a value. */
		if (i == 0 || strcmp(t->choices[i].what, t->choices[i - 1].what) != 0)
			strbuf_printf(&all, "%s%s", i ? ", " : "", t->choices[i].what);
	}
	if (hint.error || all.error)
		return error_no_memory(e);
	return error_set(e, -EACCES, EXIT_STATUS_USAGE, hint.data, "%s:%u chooses %s (%s)", t->path,
			 t->choices[0].line, trust_chosen(t), all.data);
}

int trust_check(const struct trust *t, struct crossbpf_error *e)
{
	const char *all = getenv("CROSSBPF_TRUST");

	if (!t->n || (all && strcmp(all, "all") == 0))
		return 0;
	int r = find_record(t, e);
	return r == -ENOENT && !e->message ? refuse(t, e) : r;
}

int trust_record(const struct trust *t, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL, *file = NULL, *line = NULL;

	int r = list_dir(&dir, e);
	if (r < 0)
		return r;
	file = str_printf("%s/%s", dir, t->digest);
	line = str_printf("%s\n", t->path);
	if (!file || !line)
		return error_no_memory(e);
	r = io_make_parents(file, 0700);
	cleanup_close int fd = r < 0 ? r : open_list(dir, e);
	if (e->message)
		return fd;
	if (fd >= 0)
		r = io_replace_file(file, line, strlen(line));
	return r == 0 ? 0
		      : error_set(e, r, EXIT_STATUS_OUTPUT, NULL, "cannot write %s: %s", file,
				  strerror(-r));
}

void trust_list_free(struct trust_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->records[i].path);
	free(list->records);
	*list = (struct trust_list){0};
}

static bool is_digest(const char *name)
{
	return strlen(name) == DIGEST_HEX_SIZE - 1 &&
	       strspn(name, "0123456789abcdef") == DIGEST_HEX_SIZE - 1;
}

static int add_record(struct trust_list *list, int dir, const char *name)
{
	cleanup_free char *path = NULL;

	int r = read_record(dir, name, &path);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0; /* none that counts */
	struct trust_record *records = realloc(list->records, (list->n + 1) * sizeof(*records));
	if (!records)
		return -ENOMEM;
	list->records = records;
	records[list->n].path = TAKE_PTR(path);
	memcpy(records[list->n].digest, name, DIGEST_HEX_SIZE);
	list->n++;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct trust_record *left = a, *right = b;
	int paths = strcmp(left->path, right->path);

	return paths ? paths : strcmp(left->digest, right->digest);
}

int trust_list(struct trust_list *ret_list, struct crossbpf_error *e)
{
	cleanup_trust_list struct trust_list list = {0};
	cleanup_free char *dir = NULL;

	int r = list_dir(&dir, e);
	if (r < 0)
		return r;
	cleanup_close int fd = open_list(dir, e);
	if (fd < 0 && e->message)
		return fd;
	cleanup_closedir DIR *entries = fd < 0 ? NULL : opendir(dir);
	for (struct dirent *entry; entries && (entry = readdir(entries));)
		if (is_digest(entry->d_name) && add_record(&list, fd, entry->d_name) < 0)
			return error_no_memory(e);
	if (list.n)
		qsort(list.records, list.n, sizeof(*list.records), by_path);
	*ret_list = list;
	list = (struct trust_list){0};
	return 0;
}

int trust_revoke(const char *path, size_t *ret_n, struct crossbpf_error *e)
{
	cleanup_trust_list struct trust_list list = {0};
	cleanup_free char *dir = NULL, *own = trust_path(path);
	size_t n = 0;

	if (!own)
		return error_no_memory(e);
	int r = list_dir(&dir, e);
	if (r == 0)
		r = trust_list(&list, e);
	for (size_t i = 0; i < list.n && r == 0; i++) {
		cleanup_free char *file = str_printf("%s/%s", dir, list.records[i].digest);
		if (!file)
			return error_no_memory(e);
		/* As it was given too: its directory may be gone, and a link with it. */
		if (strcmp(list.records[i].path, own) != 0 &&
		    strcmp(list.records[i].path, path) != 0)
			continue;
		if (unlink(file) < 0)
			return error_set(e, -errno, EXIT_STATUS_OUTPUT, NULL,
					 "cannot remove %s: %s", file, strerror(errno));
		n++;
	}
	if (r == 0)
		*ret_n = n;
	return r;
}
