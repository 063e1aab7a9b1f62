/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "packer.h"
#include "project-files.h"
#include "project.h"
#include "remote-shell.h"
#include "shared/io.h"
#include "shell-list.h"

enum {
	LIST_LIMIT = 64 << 20,
	FETCH_LIMIT = 1 << 30,
};

/* Has the script do something that takes what is in the file `in`, or nothing (-1). */
static int call(struct shell *s, const char *mode, int in, size_t limit, struct strbuf *ret_answer,
		int *ret_status, struct crossbpf_error *e)
{
	cleanup_strv struct strv argv = {0};

	place_argv(&s->place, mode, &argv);
	return place_call(&s->place, &argv, in, limit, ret_answer, ret_status, e);
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

static int pack_file(struct shell *s, struct packer *p, const char *path, const char *name)
{
	struct sent_file *sent = &s->sent[s->n_sent];

	int r = packer_add_file(p, path, path, name, &sent->st, sent->digest);
	if (r < 0)
		return r;
	sent->name = strdup(name);
	if (!sent->name)
		return error_no_memory(p->e);
	s->n_sent++;
	return 0;
}

static int pack_all(struct shell *s, struct packer *p, const struct strv *names)
{
	int r = 0;

	for (size_t i = 0; i < names->n && r == 0; i++) {
		cleanup_free char *path = io_absolute(s->project->root, names->v[i]);
		struct stat st;
		if (!path)
			return error_no_memory(p->e);
		if (lstat(path, &st) < 0)
			continue;
		r = S_ISLNK(st.st_mode) ? packer_add_link(p, path, path, names->v[i])
					: pack_file(s, p, path, names->v[i]);
	}
	return r;
}

/* Puts the project's files into an archive without a name. */
static int collect(struct shell *s, int *ret_tar, struct crossbpf_error *e)
{
	struct packer p = {.hint = "make it readable, or have git ignore it"};
	cleanup_strv struct strv names = {0};

	int r = project_files_list(s->project->root, &names, e);
	if (r < 0)
		return r;
	p.module = place_module(&s->place, e);
	if (!p.module)
		return -ENOEXEC;
	s->sent = calloc(names.n + 1, sizeof(*s->sent));
	if (!s->sent)
		return error_no_memory(e);
	r = packer_begin(&p, e);
	return r < 0 ? r : packer_end(&p, pack_all(s, &p, &names), ret_tar);
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

int shell_begin(struct shell *s, bool loads, struct crossbpf_error *e)
{
	cleanup_close int tar = -1;

	s->began = io_now();
	s->place = (struct place){
		.session = s->session,
		.root = s->project->root,
		.module_dir = s->module_dir,
		.loads = loads,
	};
	int r = place_plan(&s->place, e);
	if (r == 0)
		r = collect(s, &tar, e);
	if (r == 0)
		r = place_open(&s->place, e);
	return r < 0 ? r : fill(s, tar, e);
}

int shell_run(struct shell *s, const char *const *command, bool is_terminal, const char *const *env,
	      int *ret_status, struct crossbpf_error *e)
{
	static const int streams[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

	return place_run(&s->place, s->project->dir, command, streams, is_terminal, env, ret_status,
			 e);
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
	place_free(&s->place);
	for (size_t i = 0; i < s->n_sent; i++)
		free(s->sent[i].name);
	free(s->sent);
	shell_list_free(s->before);
	shell_list_free(s->after);
	free(s->changes);
	*s = (struct shell){0};
}
