/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "project.h"
#include "shared/io.h"
#include "shared/strv.h"
#include "tool-script.h" /* made from tool.sh */
#include "tool-words.h"
#include "tool.h"

static const struct {
	const char *program, *install;
} tools[] = {
	[TOOL_LLVM_STRIP] = {"llvm-strip", "install it where the builder's clang is (Debian: apt "
					   "install llvm; Homebrew: brew install llvm)"},
	[TOOL_BPFTOOL] = {"bpftool", "install it on the builder (Debian: apt install bpftool), or "
				     "choose another with CROSSBPF_BACKEND"},
};

const char *tool_program(enum tool_name name)
{
	return tools[name].program;
}

void tool_begin_argv(struct strv *argv, const char *mode, enum tool_name name,
		     const struct toolchain *t)
{
	const char *const words[] = {"sh",     "-c", tool_script, "tool", mode, tools[name].program,
				     t->clang, NULL};

	strv_add_all(argv, words);
	strv_take(argv, strndup(t->number, strcspn(t->number, ".")));
}

int tool_fail_missing(enum tool_name name, const char *where, struct crossbpf_error *e)
{
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, tools[name].install,
			 "%s: there is no %s", where, tools[name].program);
}

static int fail_missing(const struct tool *tool, struct crossbpf_error *e)
{
	return tool_fail_missing(tool->name, tool->remote->builder->name, e);
}

int tool_find(struct session *s, const struct toolchain *t, enum tool_name name,
	      const char *const *env, char **ret_path, struct crossbpf_error *e)
{
	static const char *const nothing[] = {NULL};
	cleanup_strv struct strv argv = {0};
	cleanup_strbuf struct strbuf answer = {0};
	int status;

	*ret_path = NULL;
	tool_begin_argv(&argv, "find", name, t);
	int r = argv.error ? error_no_memory(e)
			   : session_capture(s, (const char *const *)argv.v,
					     session_sees_host_files(s) ? env : nothing, &answer,
					     &status, e);
	if (r < 0 || status != 0 || !answer.len)
		return r;
	*ret_path = strndup(answer.data, strcspn(answer.data, "\n"));
	return *ret_path ? 0 : error_no_memory(e);
}

static int run_here(const struct tool *tool, int *ret_status, struct crossbpf_error *e)
{
	struct builder *b = tool->remote->builder;
	cleanup_strv struct strv argv = {0};

	int r = builder_connect(b, tool->remote->request, tool->remote->project, e);
	if (r < 0)
		return r;
	tool_begin_argv(&argv, "run", tool->name, &b->toolchain);
	strv_add_all(&argv, tool->args);
	if (argv.error)
		return error_no_memory(e);
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = (const char *const *)argv.v,
		.env = tool->env,
		.fd = {STDIN_FILENO, tool->output, tool->error},
		.control = b->session.control,
	};
	r = session_run(&b->session, &run, ret_status, e);
	return r == 0 && *ret_status == TOOL_MISSING ? fail_missing(tool, e) : r;
}

/* On a builder that does not see the host's files. */

/* One command of the exchange: llvm-strip has one for each file that it changes in place, as an
 * exchange brings back a few outputs of a command only. */
struct errand {
	struct strv argv;
	const struct tool_word *input, *output; /* either may be NULL */
};

struct trip {
	const struct tool *tool;
	struct tool_words words;
	struct errand *errands;
	size_t n;
	int status; /* of the first that failed */
	int error;
	struct crossbpf_error *e;
};

static void trip_free(struct trip *t)
{
	for (size_t i = 0; t->errands && i < t->n; i++)
		strv_free(&t->errands[i].argv);
	free(t->errands);
	tool_words_free(&t->words);
}
#define cleanup_trip CLEANUP(trip_free)

/* Of the files that are changed in place, each has an errand of its own. */
static bool is_of(const struct tool_word *word, const struct errand *errand)
{
	return !errand->input || !word->is_input || word == errand->input;
}

static int make_argv(const struct trip *t, struct errand *errand)
{
	const struct builder *b = t->tool->remote->builder;
	struct strv *argv = &errand->argv;

	tool_begin_argv(argv, "copy", t->tool->name, &b->toolchain);
	strv_add(argv, t->tool->remote->project->dir);
	for (size_t i = 0; i < t->words.n; i++) {
		const struct tool_word *word = &t->words.v[i];
		if (word->path && !word->is_output && is_of(word, errand))
			strv_add(argv, word->path);
	}
	strv_add(argv, "--");
	strv_add(argv, errand->output ? errand->output->path : "-");
	strv_add(argv, "--");
	for (size_t i = 0; i < t->words.n; i++) {
		const struct tool_word *word = &t->words.v[i];
		if (!is_of(word, errand))
			continue;
		strv_add(argv, word->path ? "file" : "word");
		strv_add(argv, word->text);
	}
	return argv->error;
}

static int plan_errands(struct trip *t)
{
	const struct tool_word *output = NULL;
	size_t n_inputs = 0;
	int r = 0;

	for (size_t i = 0; i < t->words.n; i++) {
		if (t->words.v[i].is_output && t->words.v[i].path)
			output = &t->words.v[i];
		n_inputs += t->words.v[i].is_input;
	}
	bool each = t->words.in_place && n_inputs;
	t->n = each ? n_inputs : 1;
	t->errands = calloc(t->n, sizeof(*t->errands));
	if (!t->errands)
		return -ENOMEM;
	t->errands[0].output = output;
	size_t at = 0;
	for (size_t i = 0; each && i < t->words.n; i++)
		if (t->words.v[i].is_input) {
			t->errands[at].input = &t->words.v[i];
			t->errands[at++].output = t->words.v[i].path ? &t->words.v[i] : NULL;
		}
	for (size_t i = 0; i < t->n && r == 0; i++)
		r = make_argv(t, &t->errands[i]);
	return r;
}

/* Where `root` begins in the text, or its end. */
static const char *find_root(const char *at, const char *end, const struct exchange_data *root)
{
	for (; root->len && root->len <= (size_t)(end - at); at++)
		if (memcmp(at, root->data, root->len) == 0)
			return at;
	return end;
}

/* What it says names the copies: to the user these are the host's files. */
static int say(int fd, const struct exchange_data *data, const struct exchange_data *root)
{
	const char *at = data->data, *end = data->data + data->len;
	cleanup_strbuf struct strbuf text = {0};

	while (at < end) {
		const char *found = find_root(at, end, root);
		strbuf_add(&text, at, (size_t)(found - at));
		at = found < end ? found + root->len : end;
	}
	return text.error ? text.error : io_write_fd(fd, text.data, text.len);
}

/* With the mode that the file has which it replaces; a new one has that of the input, as far as the
 * umask lets it. */
static mode_t choose_mode(const struct trip *t, const struct stat *before, bool existed,
			  const struct stat *now)
{
	mode_t allowed = (now->st_mode | now->st_mode >> 2) & 0777;
	struct stat st;

	if (existed)
		return before->st_mode & 07777;
	for (size_t i = 0; i < t->words.n; i++)
		if (t->words.v[i].is_input && t->words.v[i].path &&
		    stat(t->words.v[i].path, &st) == 0)
			return st.st_mode & allowed;
	return now->st_mode & 07777;
}

static int write_output(const struct trip *t, const char *path, const struct exchange_data *data)
{
	struct stat before, now;

	bool existed = stat(path, &before) == 0;
	int r = io_write_output(path, data->data, data->len, &now);
	if (r < 0)
		return error_set(t->e, r, EXIT_STATUS_OUTPUT,
				 "check its directory's permissions and free space",
				 "cannot write %s: %s", path, strerror(-r));
	mode_t mode = choose_mode(t, &before, existed, &now);
	if (S_ISREG(now.st_mode) && (now.st_mode & 07777) != mode)
		(void)chmod(path, mode);
	return 0;
}

static void on_end(void *ctx, size_t i, const struct exchange_result *result)
{
	struct trip *t = ctx;
	const struct exchange_data *output = &result->outputs[0], *root = &result->outputs[1];

	if (t->error < 0)
		return;
	say(t->tool->error, &result->error, root);
	int r = say(t->tool->output, &result->output, root);
	if (r < 0)
		t->error = error_set(t->e, r, EXIT_STATUS_OUTPUT, NULL,
				     "cannot write to standard output: %s", strerror(-r));
	else if (result->status == TOOL_MISSING)
		t->error = fail_missing(t->tool, t->e);
	else if (result->status == 0 && output->exists && t->errands[i].output)
		t->error = write_output(t, t->errands[i].output->path, output);
	if (t->status == 0)
		t->status = result->status;
}

static int exchange(struct trip *t)
{
	struct remote *remote = t->tool->remote;
	struct exchange_action *actions = calloc(t->n, sizeof(*actions));

	if (!actions)
		return error_no_memory(t->e);
	for (size_t i = 0; i < t->n; i++)
		actions[i] = (struct exchange_action){
			.argv = (const char *const *)t->errands[i].argv.v,
			.dir = remote->project->dir,
			.outputs = {{.variable = "COPY_OUTPUT"}, {.variable = "COPY_ROOT"}},
			.n_outputs = 2,
		};
	struct exchange x = {
		.actions = actions,
		.n = t->n,
		.lanes = 1,
		.ctx = t,
		.on_end = on_end,
	};
	int r = remote_run(remote, &x, t->e);
	free(actions);
	return r < 0 ? r : t->error;
}

static int run_there(const struct tool *tool, int *ret_status, struct crossbpf_error *e)
{
	cleanup_trip struct trip t = {.tool = tool, .e = e};
	struct remote *remote = tool->remote;

	if (tool_words_read(tool->name, tool->args, remote->project->dir, &t.words) < 0 ||
	    plan_errands(&t) < 0)
		return error_no_memory(e);
	if (t.words.reads_stream)
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE, "name a file",
				 "the %s backend is not sent what is on standard input",
				 remote->builder->name);
	for (size_t i = 0; i < t.words.n; i++)
		if (t.words.v[i].path && !t.words.v[i].is_output)
			remote_add_file(remote, t.words.v[i].path);
	if (remote->files.error || remote->outside.error)
		return error_no_memory(e);
	int r = remote_connect(remote, e);
	if (r == 0)
		r = exchange(&t);
	*ret_status = t.status;
	return r == -EINTR ? 0 : r;
}

int tool_run(const struct tool *tool, int *ret_status, struct crossbpf_error *e)
{
	*ret_status = 0;
	return remote_is(tool->remote->builder) ? run_there(tool, ret_status, e)
						: run_here(tool, ret_status, e);
}
