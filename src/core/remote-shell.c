/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "project-files.h"
#include "project.h"
#include "shared/io.h"
#include "shell-list.h"
#include "shell-script.h" /* made from shell.sh */
#include "remote-shell.h"

enum {
	LIST_LIMIT = 64 << 20,
	MAX_FILE = 256 << 20,
	FETCH_LIMIT = 1 << 30,
};

static const char *const no_env[] = {NULL};

/* What the script is told: whose place, and what to do there. */
static void begin_argv(const struct shell *s, const char *mode, struct strv *argv)
{
	const char *const words[] = {"sh", "-c",     shell_script,     "shell",
				     mode, s->token, s->project->root, NULL};

	strv_add_all(argv, words);
}

/* Has the script do something that takes what is in the file `in`, or nothing (-1). */
static int call(struct shell *s, const char *mode, int in, size_t limit, struct strbuf *ret_answer,
		int *ret_status, struct crossbpf_error *e)
{
	cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC), out = -1;
	cleanup_strv struct strv argv = {0};

	begin_argv(s, mode, &argv);
	int r = argv.error ? argv.error : null < 0 ? -errno : io_temporary(&out);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "no temporary file can be made: %s", strerror(-r));
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = (const char *const *)argv.v,
		.env = no_env,
		.fd = {in < 0 ? null : in, out, STDERR_FILENO},
		.control = s->session->control,
	};
	r = session_run(s->session, &run, ret_status, e);
	if (r < 0)
		return r;
	r = lseek(out, 0, SEEK_SET) < 0 ? -errno : io_read_fd(out, limit, ret_answer);
	return r < 0 ? error_set(e, r, EXIT_STATUS_LOST, NULL,
				 "cannot read what the builder answered: %s", strerror(-r))
		     : 0;
}

static int distrust(struct crossbpf_error *e)
{
	return error_set(e, -EPROTO, EXIT_STATUS_LOST, "has it sh, tar and find?",
			 "the builder did not list the project's files");
}

static int read_list(struct strbuf *answer, int status, struct shell_list **ret_list,
		     struct crossbpf_error *e)
{
	char *text = NULL;

	if (status != 0)
		return distrust(e);
	int r = strbuf_finish(answer, &text);
	if (r == 0)
		r = shell_list_read(text, ret_list);
	return r == -ENOMEM ? error_no_memory(e) : r < 0 ? distrust(e) : 0;
}

/* What is sent. */

struct packing {
	struct shell *shell;
	const struct exchange_module *module;
	struct archive_maker *archive;
	struct strbuf tar; /* what was not written yet */
	int fd;
	struct crossbpf_error *e;
};

static int fail_to_send(struct packing *p, const char *name, int error)
{
	return error_set(p->e, error, EXIT_STATUS_USAGE, "make it readable, or have git ignore it",
			 "cannot send %s: %s", name, strerror(-error));
}

static int write_out(struct packing *p)
{
	int r = p->tar.error;

	if (r == 0 && p->tar.len)
		r = io_write_fd(p->fd, p->tar.data, p->tar.len);
	p->tar.len = 0;
	return r < 0 ? error_set(p->e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "cannot write a temporary file: %s", strerror(-r))
		     : 0;
}

static int pack_link(struct packing *p, const char *path, const char *name)
{
	char target[4096];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return fail_to_send(p, name, -errno);
	target[len] = '\0';
	p->module->archive_add_link(p->archive, path, target);
	return 0;
}

static int pack_file(struct packing *p, const char *path, const char *name)
{
	struct sent_file *sent = &p->shell->sent[p->shell->n_sent];
	cleanup_strbuf struct strbuf content = {0};
	cleanup_close int fd =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &sent->st) < 0)
		return fail_to_send(p, name, -errno);
	int r = io_read_fd(fd, MAX_FILE, &content);
	if (r < 0)
		return fail_to_send(p, name, r);
	digest_of(content.data, content.len, sent->digest);
	sent->name = strdup(name);
	if (!sent->name)
		return error_no_memory(p->e);
	p->shell->n_sent++;
	p->module->archive_add_file_as(p->archive, path, &sent->st, content.data, content.len);
	return write_out(p);
}

static int pack_all(struct packing *p, const struct strv *names)
{
	int r = 0;

	for (size_t i = 0; i < names->n && r == 0; i++) {
		cleanup_free char *path = io_absolute(p->shell->project->root, names->v[i]);
		struct stat st;
		if (!path)
			return error_no_memory(p->e);
		if (lstat(path, &st) < 0)
			continue;
		r = S_ISLNK(st.st_mode) ? pack_link(p, path, names->v[i])
					: pack_file(p, path, names->v[i]);
	}
	return r;
}

static int pack(struct shell *s, const struct strv *names, int fd, struct crossbpf_error *e)
{
	struct packing p = {.shell = s, .fd = fd, .e = e};

	p.module = remote_module(&s->remote, e);
	if (!p.module)
		return -ENOEXEC;
	s->sent = calloc(names->n + 1, sizeof(*s->sent));
	p.archive = s->sent ? p.module->archive_begin(&p.tar) : NULL;
	if (!p.archive)
		return error_no_memory(e);
	int r = pack_all(&p, names);
	int ended = p.module->archive_end(p.archive);
	if (r == 0 && ended < 0)
		r = error_set(e, ended, EXIT_STATUS_USAGE, NULL,
			      "the project's files cannot be put into an archive: %s",
			      strerror(-ended));
	if (r == 0)
		r = write_out(&p);
	strbuf_free(&p.tar);
	return r;
}

/* Puts the project's files into an archive without a name. */
static int collect(struct shell *s, int *ret_tar, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};
	cleanup_close int tar = -1;

	int r = project_files_list(s->project->root, &names, e);
	if (r < 0)
		return r;
	r = io_temporary(&tar);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "no temporary file can be made: %s", strerror(-r));
	r = pack(s, &names, tar, e);
	if (r < 0)
		return r;
	(void)lseek(tar, 0, SEEK_SET);
	*ret_tar = TAKE_FD(tar);
	return 0;
}

static int fill(struct shell *s, int tar, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf answer = {0};
	int status = 0;

	int r = call(s, "fill", tar, LIST_LIMIT, &answer, &status, e);
	if (r == 0 && status != 0)
		return error_set(e, -ENOSPC, EXIT_STATUS_NO_BACKEND, "has it room, and a tar?",
				 "the builder could not take the project's files (status %d)",
				 status);
	return r < 0 ? r : read_list(&answer, status, &s->before, e);
}

static int make_token(struct shell *s, struct crossbpf_error *e)
{
	uint8_t bytes[16];

	if (io_random(bytes, sizeof(bytes)) < 0)
		return error_set(e, -EIO, EXIT_STATUS_OUTPUT, NULL, "cannot read /dev/urandom");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(s->token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int shell_begin(struct shell *s, bool loads, struct crossbpf_error *e)
{
	const struct session *session = s->session;
	bool is_private = session_can(session, CROSSBPF_CAP_PRIVATE);
	cleanup_close int tar = -1;
	uint32_t flags = 0;

	if (loads && !session_can(session, CROSSBPF_CAP_PRIVATE | CROSSBPF_CAP_LOAD))
		return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
				 "leave --load out, or choose another with --backend",
				 "the %s backend cannot grant what loading BPF programs needs",
				 session->plugin.backend.name);
	if (is_private)
		flags |= CROSSBPF_PROJECT_PRIVATE;
	if (loads)
		flags |= CROSSBPF_PROJECT_LOAD;
	s->began = io_now();
	s->remote.module_dir = s->module_dir;
	/* In the project's own place are what builds have sent. */
	int r = is_private && session_has_host_paths(session) ? 0 : make_token(s, e);
	if (r == 0)
		r = collect(s, &tar, e);
	if (r == 0)
		r = session_open_loaded(s->session, flags, e);
	return r < 0 ? r : fill(s, tar, e);
}

int shell_run(struct shell *s, const char *const *command, bool is_terminal, const char *const *env,
	      int *ret_status, struct crossbpf_error *e)
{
	cleanup_strv struct strv argv = {0};

	begin_argv(s, "run", &argv);
	strv_add(&argv, s->project->dir);
	strv_add_all(&argv, command);
	if (argv.error)
		return error_no_memory(e);
	struct crossbpf_run run = {
		.size = sizeof(run),
		.flags = is_terminal ? CROSSBPF_RUN_TTY : 0,
		.argv = (const char *const *)argv.v,
		.env = env,
		.fd = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO},
		.control = s->session->control,
	};
	return session_run(s->session, &run, ret_status, e);
}

/* What became of it. */

static int compare_sent(const void *a, const void *b)
{
	return strcmp(((const struct sent_file *)a)->name, ((const struct sent_file *)b)->name);
}

static const struct sent_file *find_sent(const struct shell *s, const char *name)
{
	struct sent_file wanted = {.name = (char *)name};

	return s->n_sent ? bsearch(&wanted, s->sent, s->n_sent, sizeof(s->sent[0]), compare_sent)
			 : NULL;
}

static bool is_on_host(const struct shell *s, const char *name)
{
	cleanup_free char *path = io_absolute(s->project->root, name);
	struct stat st;

	return path && lstat(path, &st) == 0;
}

static void add_change(struct shell *s, enum shell_change_kind kind, const char *name,
		       bool is_program)
{
	const struct sent_file *sent = find_sent(s, name);

	if (!bring_back_is_name(name) || strchr(name, '\n'))
		kind = SHELL_FOREIGN;
	else if (kind == SHELL_NEW && !sent && is_on_host(s, name))
		kind = SHELL_REPLACES;
	s->changes[s->n_changes++] = (struct shell_change){
		.kind = kind, .name = name, .is_program = is_program, .sent = sent};
}

static void compare_entry(struct shell *s, const struct shell_entry *now)
{
	const struct shell_entry *was = shell_list_find(s->before, now->name);

	if (!now->content) {
		if (!was || was->content)
			add_change(s, SHELL_SPECIAL, now->name, false);
	} else if (!was || !was->content) {
		add_change(s, SHELL_NEW, now->name, now->is_program);
	} else if (strcmp(was->content, now->content) != 0 || was->is_program != now->is_program) {
		add_change(s, SHELL_CHANGED, now->name, now->is_program);
	}
}

static int compare_changes(const void *a, const void *b)
{
	return strcmp(((const struct shell_change *)a)->name,
		      ((const struct shell_change *)b)->name);
}

int shell_look(struct shell *s, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf answer = {0};
	int status = 0;

	int r = call(s, "list", -1, LIST_LIMIT, &answer, &status, e);
	if (r == 0)
		r = read_list(&answer, status, &s->after, e);
	if (r < 0)
		return r;
	s->changes = calloc(s->before->n + s->after->n + 1, sizeof(*s->changes));
	if (!s->changes)
		return error_no_memory(e);
	for (size_t i = 0; i < s->after->n; i++)
		compare_entry(s, &s->after->entries[i]);
	for (size_t i = 0; i < s->before->n; i++)
		if (!shell_list_find(s->after, s->before->entries[i].name))
			add_change(s, SHELL_REMOVED, s->before->entries[i].name, false);
	qsort(s->changes, s->n_changes, sizeof(s->changes[0]), compare_changes);
	return 0;
}

bool shell_can_bring_back(const struct shell_change *c)
{
	return c->kind == SHELL_CHANGED || c->kind == SHELL_NEW || c->kind == SHELL_REPLACES;
}

/* "SIZE\n" or "-\n" at *at, and as many bytes: *at moves behind them. */
static int take_content(const char **at, const char *end, struct bring_back *b, bool *ret_exists)
{
	const char *line = *at, *newline = memchr(line, '\n', (size_t)(end - line));
	char *rest;

	if (!newline)
		return -EPROTO;
	*ret_exists = line[0] != '-';
	unsigned long len = *ret_exists ? strtoul(line, &rest, 10) : 0;
	if (*ret_exists && (line[0] < '0' || line[0] > '9' || rest != newline))
		return -EPROTO;
	if (len > (size_t)(end - newline - 1))
		return -EPROTO;
	b->data = newline + 1;
	b->len = len;
	*at = b->data + len;
	return 0;
}

/* Some of the changes: n from the first on. */
struct part {
	size_t first, n;
};

static int take_part(struct shell *s, const struct part *part, const struct strbuf *answer)
{
	static const char hello[] = "crossbpf-shell 1\n";
	const char *end = answer->data + answer->len;
	const char *at = strstr(answer->data, hello);

	if (!at)
		return -EPROTO;
	at += strlen(hello);
	for (size_t i = part->first; i < part->first + part->n; i++) {
		struct shell_change *c = &s->changes[i];
		struct bring_back b = {
			.root = s->project->root,
			.name = c->name,
			.sent = c->sent,
			.began = s->began,
			.is_program = c->is_program,
		};
		if (!shell_can_bring_back(c))
			continue;
		int r = take_content(&at, end, &b, &c->was_there);
		if (r < 0)
			return r;
		if (c->was_there)
			c->error = bring_back(&b, &c->result);
	}
	return 0;
}

/* The names of what is to be fetched, as the script reads them. */
static int write_names(const struct shell *s, const struct part *part, int fd)
{
	cleanup_strbuf struct strbuf names = {0};

	for (size_t i = part->first; i < part->first + part->n; i++)
		if (shell_can_bring_back(&s->changes[i]))
			strbuf_printf(&names, "./%s\n", s->changes[i].name);
	int r = names.error;
	if (r == 0 && names.len)
		r = io_write_fd(fd, names.data, names.len);
	return r == 0 && lseek(fd, 0, SEEK_SET) < 0 ? -errno : r;
}

static int bring_part_back(struct shell *s, const struct part *part, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_close int names = -1;
	int status = 0;

	int r = io_temporary(&names);
	if (r == 0)
		r = write_names(s, part, names);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to a directory with room",
				 "no temporary file can be written: %s", strerror(-r));
	r = call(s, "fetch", names, FETCH_LIMIT, &answer, &status, e);
	if (r < 0)
		return r;
	if (status != 0 || take_part(s, part, &answer) < 0)
		return error_set(e, -EPROTO, EXIT_STATUS_LOST, NULL,
				 "the builder did not hand out the project's files");
	return 0;
}

/* What is too much at once comes in halves, and of one file that is, the others still come. */
static int bring_back_by_halves(struct shell *s, const struct part *part, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error too_much = {0};
	struct part first = {part->first, part->n / 2};
	struct part second = {part->first + first.n, part->n - first.n};

	int r = bring_part_back(s, part, &too_much);
	if (r == -EFBIG && part->n == 1) {
		s->changes[part->first].was_there = true;
		s->changes[part->first].error = r;
		return 0;
	}
	if (r == -EFBIG) {
		r = bring_back_by_halves(s, &first, e);
		return r < 0 ? r : bring_back_by_halves(s, &second, e);
	}
	if (r < 0) {
		*e = too_much;
		too_much = (struct crossbpf_error){0};
	}
	return r;
}

int shell_bring_back(struct shell *s, struct crossbpf_error *e)
{
	struct part all = {0, s->n_changes};

	return all.n ? bring_back_by_halves(s, &all, e) : 0;
}

void shell_free(struct shell *s)
{
	cleanup_error struct crossbpf_error ignored = {0};
	cleanup_strbuf struct strbuf answer = {0};
	int status;

	if (s->token[0] && s->session->handle) {
		s->session->control = -1; /* whatever ended the rest */
		(void)call(s, "clean", -1, LIST_LIMIT, &answer, &status, &ignored);
	}
	for (size_t i = 0; i < s->n_sent; i++)
		free(s->sent[i].name);
	free(s->sent);
	shell_list_free(s->before);
	shell_list_free(s->after);
	free(s->changes);
	remote_free(&s->remote);
	*s = (struct shell){0};
}
