/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside.h"
#include "packer.h"
#include "remote-exec.h"
#include "shared/io.h"

enum {
	MAX_DEPTH = 64, /* of directories */
	MAX_NOISE = 64 << 10,
	MAX_LINE = 64,
};

int exec_name(const char *given, char **ret_name)
{
	cleanup_strbuf struct strbuf name = {0};

	if (!given[0] || given[0] == '/')
		return -EINVAL;
	for (const char *part = given; *part;) {
		size_t len = strcspn(part, "/");
		if (len == 2 && strncmp(part, "..", 2) == 0)
			return -EINVAL;
		if (len && !(len == 1 && part[0] == '.'))
			strbuf_printf(&name, "%s%.*s", name.len ? "/" : "", (int)len, part);
		part += len;
		part += strspn(part, "/");
	}
	strbuf_puts(&name, "");
	return strbuf_finish(&name, ret_name);
}

/* What is sent. */

/* "" is the directory. */
static char *join(const char *dir, const char *name)
{
	return str_printf("%s%s%s", dir, dir[0] && name[0] ? "/" : "", name);
}

/* A sentence for the user. */
__attribute__((format(printf, 2, 3))) static void say(void (*to)(const char *), const char *format,
						      ...)
{
	cleanup_strbuf struct strbuf sentence = {0};
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&sentence, format, args);
	va_end(args);
	if (to && !sentence.error)
		to(sentence.data);
}

static int add(struct remote_exec *x, struct packer *p, const char *name, int depth);

static int add_tree(struct remote_exec *x, struct packer *p, const char *path, const char *name,
		    int depth)
{
	cleanup_closedir DIR *dir = depth < MAX_DEPTH ? opendir(path) : NULL;
	int r = 0;

	if (!dir)
		return error_set(p->e, depth < MAX_DEPTH ? -errno : -ELOOP, EXIT_STATUS_USAGE, NULL,
				 "cannot read the directory %s", path);
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		cleanup_free char *inner = join(name, entry->d_name);
		r = inner ? add(x, p, inner, depth + 1) : error_no_memory(p->e);
	}
	return r;
}

/* A link is sent as what it leads to where it was named, and else as a link. */
static int add(struct remote_exec *x, struct packer *p, const char *name, int depth)
{
	cleanup_free char *path = join(x->dir, name), *as = join(x->place.root, name);
	struct stat st;

	if (!path || !as)
		return error_no_memory(p->e);
	if ((depth ? lstat(path, &st) : stat(path, &st)) < 0)
		return depth && errno == ENOENT /* it went meanwhile */
			       ? 0
			       : error_set(p->e, -errno, EXIT_STATUS_USAGE,
					   "--in names what is sent, from this directory on",
					   "cannot send %s: %s", name, strerror(errno));
	p->follows = depth == 0;
	if (S_ISDIR(st.st_mode)) {
		int r = as[0] ? packer_add_directory(p, path, as, name) : 0;
		return r < 0 ? r : add_tree(x, p, path, name, depth);
	}
	if (depth && !S_ISLNK(st.st_mode) && !S_ISREG(st.st_mode)) {
		say(x->warn, "%s is not sent: it is no file, directory or link", name);
		return 0;
	}
	x->n_sent++;
	if (S_ISLNK(st.st_mode))
		return packer_add_link(p, path, as, name);
	return packer_add_file(p, path, as, name, &st, NULL);
}

static int pack(struct remote_exec *x, int *ret_tar, struct crossbpf_error *e)
{
	struct packer p = {.module = place_module(&x->place, e), .session = x->place.session};

	if (!p.module)
		return -ENOEXEC;
	int r = packer_begin(&p, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < x->in->n && r == 0; i++)
		r = add(x, &p, x->in->v[i], 0);
	return packer_end(&p, r, ret_tar);
}

static int put(struct remote_exec *x, int tar, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_strv struct strv argv = {0};
	int status = 0;

	place_argv(&x->place, "put", &argv);
	int r = place_call(&x->place, &argv, tar, MAX_NOISE, &answer, &status, e);
	if (r == 0 && status != 0)
		r = error_set(e, -ENOSPC, EXIT_STATUS_LOST, "has it room, and a tar?",
			      "the builder could not take the files (status %d)", status);
	return r;
}

static void say_plan(const struct remote_exec *x, int tar)
{
	struct stat st = {0};

	say(x->log, "%s: runs in %s", x->place.session->plugin.backend.name,
	    x->place.token[0] ? "a directory of its own" : x->place.root);
	if (!x->in->n || fstat(tar, &st) < 0)
		say(x->log, "sends nothing");
	else
		say(x->log, "sends %zu %s, %lld bytes in all", x->n_sent,
		    x->n_sent == 1 ? "file" : "files", (long long)st.st_size);
}

int exec_begin(struct remote_exec *x, struct crossbpf_error *e)
{
	cleanup_close int tar = -1;

	int r = place_plan(&x->place, e);
	if (r < 0)
		return r;
	/* Where the host's paths are not, neither need the path that leads here. */
	x->place.root = x->place.token[0] ? "" : x->dir;
	if (x->in->n)
		r = pack(x, &tar, e);
	if (r == 0 && session_is_interrupted(x->place.session))
		r = error_set(e, -EINTR, EXIT_STATUS_LOST, NULL, "interrupted");
	if (r == 0)
		r = place_open(&x->place, e);
	if (r < 0)
		return r;
	say_plan(x, tar);
	return x->in->n ? put(x, tar, e) : 0;
}

int exec_run(struct remote_exec *x, const char *const *command, const int fd[3], bool is_terminal,
	     const char *const *env, int *ret_status, struct crossbpf_error *e)
{
	return place_run(&x->place, x->place.root, command, fd, is_terminal, env, ret_status, e);
}

/* What is fetched. */

struct fetcher {
	struct remote_exec *x;
	struct session_stream stream;
	char buffer[64 << 10]; /* what came, from `at` on not taken yet */
	size_t at, len;
	bool ended; /* nothing more comes */
	struct crossbpf_error *e;
};

static int distrust(const struct fetcher *f, const char *what)
{
	return error_set(f->e, -EPROTO, EXIT_STATUS_LOST,
			 "what came of it is not to be used; choose another builder",
			 "the builder cannot be trusted: it sent %s, which it was not asked for",
			 what);
}

/* Makes sure that there is something to be taken; -ENODATA at the end. */
static int await(struct fetcher *f)
{
	if (f->at < f->len)
		return 0;
	ssize_t n = f->ended ? 0 : session_stream_read(&f->stream, f->buffer, sizeof(f->buffer));
	if (n <= 0)
		f->ended = true;
	f->at = 0;
	f->len = n > 0 ? (size_t)n : 0;
	return n < 0 ? (int)n : n == 0 ? -ENODATA : 0;
}

/* Takes a line of less than `size` bytes; of a longer one the end. */
static int take_line(struct fetcher *f, char *line, size_t size, size_t *taken)
{
	size_t len = 0;

	for (;;) {
		int r = await(f);
		if (r < 0)
			return r;
		(*taken)++;
		char c = f->buffer[f->at++];
		if (*taken > MAX_NOISE)
			return distrust(f, "lines without an end");
		if (c == '\n')
			break;
		if (len == size - 1)
			memmove(line, line + 1, --len);
		line[len++] = c;
	}
	line[len] = '\0';
	return 0;
}

/* Past what a login shell printed. */
static int take_hello(struct fetcher *f)
{
	static const char hello[] = "crossbpf-shell 1";
	char line[sizeof(hello)];
	size_t taken = 0;

	do {
		int r = take_line(f, line, sizeof(line), &taken);
		if (r < 0)
			return r;
	} while (strcmp(line, hello) != 0);
	return 0;
}

struct header {
	enum exec_output_result result; /* EXEC_OUTPUT_DONE: there are bytes */
	bool is_program;
	uint64_t size;
};

static int read_size(const char *text, uint64_t *ret_size)
{
	char *end;

	errno = 0;
	*ret_size = strtoull(text, &end, 10);
	return text[0] < '0' || text[0] > '9' || *end || errno ? -EPROTO : 0;
}

static int take_header(struct fetcher *f, struct header *ret_header)
{
	static const struct {
		const char *word;
		enum exec_output_result result;
	} words[] = {
		{"missing", EXEC_OUTPUT_MISSING}, {"directory", EXEC_OUTPUT_DIRECTORY},
		{"special", EXEC_OUTPUT_SPECIAL}, {"unreadable", EXEC_OUTPUT_UNREADABLE},
		{"big", EXEC_OUTPUT_BIG},
	};
	char line[MAX_LINE];
	size_t taken = 0;

	int r = take_line(f, line, sizeof(line), &taken);
	if (r < 0)
		return r;
	*ret_header = (struct header){.result = EXEC_OUTPUT_DONE};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line, words[i].word) == 0) {
			ret_header->result = words[i].result;
			return 0;
		}
	bool is_program = strncmp(line, "program ", 8) == 0;
	if (!is_program && strncmp(line, "file ", 5) != 0)
		return distrust(f, "what is no file");
	ret_header->is_program = is_program;
	if (read_size(line + (is_program ? 8 : 5), &ret_header->size) < 0 ||
	    ret_header->size > (uint64_t)EXEC_OUTPUT_MAX_GIB << 30)
		return distrust(f, "what is no file");
	return 0;
}

/* A file that is being written. */
struct target {
	int dir, fd;
	const char *base;
	char *temporary;
};

static void target_free(struct target *t)
{
	if (t->temporary)
		unlinkat(t->dir, t->temporary, 0);
	free(t->temporary);
	closep(&t->fd);
	closep(&t->dir);
}

static int open_target(const char *root, const char *name, bool is_program, struct target *t)
{
	struct stat st;

	t->dir = inside_open_parent(root, name, &t->base);
	if (t->dir < 0)
		return t->dir;
	bool exists = fstatat(t->dir, t->base, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (exists && !S_ISREG(st.st_mode))
		return -ELOOP;
	t->fd = inside_open_temporary(t->dir, t->base, is_program, &t->temporary);
	if (t->fd < 0)
		return t->fd;
	return exists ? inside_take_mode(t->fd, &st, is_program) : 0;
}

static int name_target(struct target *t)
{
	int r = inside_check_written(t->fd);

	if (r < 0 || renameat(t->dir, t->temporary, t->dir, t->base) < 0)
		return r < 0 ? r : -errno;
	free(TAKE_PTR(t->temporary));
	return 0;
}

/* Takes an output's bytes, also where they cannot be written: *failure is why. */
static int take_content(struct fetcher *f, uint64_t left, const struct target *t, int *failure)
{
	while (left) {
		int r = await(f);
		if (r < 0)
			return r;
		size_t n = f->len - f->at < left ? f->len - f->at : (size_t)left;
		if (*failure == 0)
			*failure = io_write_fd(t->fd, f->buffer + f->at, n);
		f->at += n;
		left -= n;
	}
	return 0;
}

static int take_output(struct fetcher *f, size_t number)
{
	CLEANUP(target_free) struct target target = {.dir = -1, .fd = -1};
	struct exec_output *output = &f->x->outputs[number];
	struct header header;

	int r = take_header(f, &header);
	if (r < 0)
		return r;
	output->result = header.result;
	if (header.result != EXEC_OUTPUT_DONE)
		return 0;
	int failure = open_target(f->x->dir, f->x->out->v[number], header.is_program, &target);
	output->result = EXEC_OUTPUT_UNKNOWN;
	r = take_content(f, header.size, &target, &failure);
	if (r == 0 && failure == 0)
		failure = name_target(&target);
	if (r == 0)
		output->result = failure < 0 ? EXEC_OUTPUT_FAILED : EXEC_OUTPUT_DONE;
	output->error = failure;
	return r;
}

/* What a login shell prints at its end. */
static int take_rest(struct fetcher *f)
{
	size_t taken = 0;
	int r;

	do {
		taken += f->len - f->at;
		f->at = f->len;
		r = taken > MAX_NOISE ? distrust(f, "bytes without an end") : await(f);
	} while (r == 0);
	return r == -ENODATA ? 0 : r;
}

static int take_all(struct fetcher *f)
{
	char line[MAX_LINE];
	size_t taken = 0;

	int r = take_hello(f);
	for (size_t i = 0; i < f->x->out->n && r == 0; i++)
		r = take_output(f, i);
	if (r == 0)
		r = take_line(f, line, sizeof(line), &taken);
	if (r < 0)
		return r;
	return strcmp(line, "end") == 0 ? take_rest(f) : distrust(f, "more than the files");
}

/* Takes what the script says, and ends it. */
static int fetch(struct fetcher *f, const struct strv *argv, int names)
{
	cleanup_error struct crossbpf_error why = {0};
	struct place *place = &f->x->place;
	int status = 0;

	int r = place_start(place, argv, names, &f->stream, f->e);
	if (r < 0)
		return r;
	int taken = take_all(f);
	r = session_stream_finish(&f->stream, &status, &why);
	if (taken == -EPROTO)
		return taken;
	if (r < 0) {
		*f->e = why;
		why = (struct crossbpf_error){0};
		return r;
	}
	if (taken < 0)
		return error_set(f->e, taken == -ENODATA ? -EPIPE : taken, EXIT_STATUS_LOST, NULL,
				 taken == -EINTR ? "interrupted"
						 : "the builder did not hand out the files (status "
						   "%d)",
				 status);
	if (status == 0)
		place->token[0] = '\0'; /* it is removed */
	return 0;
}

/* As the script reads them: there may be more than a command line has room for. */
static int write_names(const struct strv *names, int *ret_fd)
{
	cleanup_strbuf struct strbuf lines = {0};
	cleanup_close int fd = -1;

	for (size_t i = 0; i < names->n; i++) {
		const char *at = names->v[i], *newline;
		for (; (newline = strchr(at, '\n')); at = newline + 1)
			strbuf_printf(&lines, "+%.*s\n", (int)(newline - at), at);
		strbuf_printf(&lines, ".%s\n", at);
	}
	int r = lines.error ? lines.error : io_temporary(&fd);
	if (r == 0)
		r = io_write_fd(fd, lines.data, lines.len);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int exec_fetch(struct remote_exec *x, struct crossbpf_error *e)
{
	cleanup_free struct fetcher *f = calloc(1, sizeof(*f));
	cleanup_strv struct strv argv = {0};
	cleanup_close int names = -1;

	x->outputs = calloc(x->out->n + 1, sizeof(*x->outputs));
	if (!f || !x->outputs)
		return error_no_memory(e);
	f->x = x;
	f->e = e;
	int r = x->out->n ? write_names(x->out, &names) : 0;
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "no temporary file can be written: %s", strerror(-r));
	place_argv(&x->place, "hand", &argv);
	return fetch(f, &argv, names);
}

void exec_free(struct remote_exec *x)
{
	place_free(&x->place);
	free(x->outputs);
	*x = (struct remote_exec){0};
}
