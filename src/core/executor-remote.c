/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor-remote.h"
#include "host-lines.h"
#include "object/object.h"
#include "path-map.h"
#include "placement.h"
#include "project.h"
#include "shared/io.h"
#include "shared/shell.h"

enum { INPUT_LIMIT = 64 << 20 };

/* Variables of the host's that clang reads and that mean the same there. Where headers are, clang
 * is told in the host's names. */
static const char *const passed_on[] = {"CPATH", "C_INCLUDE_PATH", "SOURCE_DATE_EPOCH", "TZ"};
enum { N_PATH_LISTS = 2 }; /* of these, at the beginning */

static bool is_output(const struct action *a, const char *path)
{
	for (size_t i = 0; i < a->n_outputs; i++)
		if (strcmp(a->outputs[i].path, path) == 0)
			return true;
	return false;
}

/* Files that options name: @FILE, an object, a list for a sanitizer. */
static int add_named(struct remote *r, const struct action *a)
{
	for (size_t i = 1; i < a->argv.n; i++) {
		const char *word = a->argv.v[i], *value = strchr(word, '=');
		if (word[0] == '@')
			value = word;
		if (word[0] == '-' ? !value : !value && is_output(a, word))
			continue;
		cleanup_free char *path = io_absolute(r->project->dir, value ? value + 1 : word);
		struct stat st;
		if (!path)
			return -ENOMEM;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			remote_add_file(r, path);
	}
	return r->files.error;
}

int executor_remote_add(const struct executor_remote *x, const struct plan *plan,
			struct crossbpf_error *e)
{
	struct remote *r = x->remote;
	const struct include_environment environment = {getenv("CPATH"), getenv("C_INCLUDE_PATH")};
	int error = 0;

	for (size_t i = 0; i < plan->n && error == 0; i++) {
		cleanup_strv struct strv args = {0};
		const struct action *a = &plan->actions[i];
		strv_add_all(&args, (const char *const *)a->argv.v + 1);
		if (args.error)
			return error_no_memory(e);
		error = remote_add(r, r->project->dir, &args, &environment, e);
		if (error == 0 && add_named(r, a) < 0)
			return error_no_memory(e);
	}
	return error;
}

/* One action on its way. */
struct passage {
	const struct executor_remote *x;
	const struct action *action;
	struct placement placement;
	const struct exchange_result *result; /* during on_end() */
	bool more;                            /* it is to be run again */
	struct prefix_clang prefix;           /* precompiled, that is used, */
	bool has_prefix;                      /* if there is one */
	struct exchange_kept kept;
	/* Its object, where that has other source lines in BTF than it should, or empty; and which
	 * output that is. */
	struct strbuf unlined;
	size_t object;
	int status;
	int error;
	struct crossbpf_error *e;
};

/* A command line, and before which of its words outputs are named. */
struct command {
	struct strv argv;
	size_t insert;
};

static void command_free(struct command *c)
{
	strv_free(&c->argv);
}
#define cleanup_command CLEANUP(command_free)

static int fail_to_write(struct passage *p, const char *path, int error)
{
	return error_set(p->e, error, EXIT_STATUS_OUTPUT,
			 "check its directory's permissions and free space", "cannot write %s: %s",
			 path, strerror(-error));
}

/* What there was no temporary file for: a pipe, /dev/null, /dev/fd/3, standard output. */
static int write_in_place(struct passage *p, const char *path, const struct strbuf *content)
{
	bool standard = strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
	cleanup_close int fd =
		standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
			 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);

	int r = fd < 0 ? -errno : io_write_fd(fd, content->data, content->len);
	return r < 0 ? fail_to_write(p, path, r) : 0;
}

static int write_temporary(struct passage *p, const char *temporary, const char *path,
			   const struct strbuf *content)
{
	cleanup_close int fd = open(temporary, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);

	int r = fd < 0 ? -errno : io_write_fd(fd, content->data, content->len);
	return r < 0 ? fail_to_write(p, path, r) : 0;
}

/* For all who may read it: as a linker does, whatever the umask is. */
static void make_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		(void)chmod(path, st.st_mode | ((st.st_mode & 0444) >> 2));
}

/* Has the object other source lines in BTF than clang would have found here? Then what it names of
 * the host's files is to be there when it is compiled again. 1, 0 or -ENOMEM. */
static int has_other_lines(const struct passage *p, const struct strbuf *object)
{
	struct remote *r = p->x->remote;
	cleanup_strv struct strv files = {0};
	bool same = true;

	if (!p->action->compiles || p->status != 0 || r->project->clang.phase != PHASE_OBJECT ||
	    session_has_host_paths(&r->builder->session))
		return 0;
	int error = host_lines_check(object->data, object->len, r->project->dir, remote_is_builders,
				     &r->builder->toolchain, &files, &same);
	if (error == -ENOMEM)
		return error;
	for (size_t i = 0; i < files.n && !same; i++)
		remote_add_file(r, files.v[i]);
	return error == 0 && !same ? 1 : r->files.error;
}

/* Leaves the output as clang would have left it here: written or not touched. */
static int put_output(struct passage *p, size_t i, const struct strbuf *content)
{
	const struct output *output = &p->action->outputs[i];
	const char *temporary = p->placement.temporary[i].path;

	if (temporary) {
		int r = write_temporary(p, temporary, output->path, content);
		if (r == 0 && p->x->remote->project->clang.phase == PHASE_LINK)
			make_executable(temporary);
		return r;
	}
	return p->status == 0 || strcmp(output->option, "-MF") == 0
		       ? write_in_place(p, output->path, content)
		       : 0;
}

/* What is written for make: as the host names files, and as it is without a precompiled header. */
static int take_rules(struct passage *p, const struct exchange_data *data, struct strbuf *ret_rules)
{
	const struct strbuf told = {.data = (char *)data->data, .len = data->len};
	cleanup_strbuf struct strbuf plain = {0};
	int r = 0;

	if (p->result->first)
		r = prefix_clang_dep(&p->prefix, &told, &plain);
	if (r == 0)
		r = p->result->first
			    ? remote_localize(p->x->remote, plain.data, plain.len, ret_rules)
			    : remote_localize(p->x->remote, data->data, data->len, ret_rules);
	return r;
}

/* The same, or removed. */
static int take_output(struct passage *p, size_t i)
{
	const struct output *output = &p->action->outputs[i];
	const struct exchange_data *data = &p->result->outputs[i];
	const char *temporary = p->placement.temporary[i].path;
	cleanup_strbuf struct strbuf content = {0};
	int r = 0;

	if (!data->exists) {
		if (temporary)
			unlink(temporary);
		return 0;
	}
	if (!data->len)
		return 0;
	if (strcmp(output->option, "-MF") == 0 || p->action->makes_rules)
		r = take_rules(p, data, &content);
	else
		strbuf_add(&content, data->data, data->len);
	if (r < 0 || content.error)
		return error_no_memory(p->e);
	if (p->x->record && !temporary && strcmp(output->option, "-MF") == 0 &&
	    placement_is_pipe(output))
		clang_record_add_deps(p->x->record, content.data, content.len);
	if (strcmp(output->option, "-o") == 0 && (r = has_other_lines(p, &content)) != 0) {
		if (r < 0)
			return error_no_memory(p->e);
		p->object = i;
		p->unlined = content;
		content = (struct strbuf){0};
		return 0;
	}
	return put_output(p, i, &content);
}

static int take_printed(struct passage *p)
{
	cleanup_strbuf struct strbuf text = {0};
	int r = 0;

	if (!p->result->output.len)
		return 0;
	if (p->action->makes_rules)
		r = remote_localize(p->x->remote, p->result->output.data, p->result->output.len,
				    &text);
	else
		strbuf_add(&text, p->result->output.data, p->result->output.len);
	if (r < 0 || text.error)
		return error_no_memory(p->e);
	return write_in_place(p, "-", &text);
}

/* What is the source, among the arguments? */
static const char *source_of(const struct passage *p)
{
	const struct clang_argv *c = &p->x->remote->project->clang;

	return c->args.v[c->inputs[0].arg];
}

/* All outputs are where they are placed from. */
static int place(struct passage *p)
{
	if (p->x->record && p->status == 0)
		clang_record_take(p->x->record, &p->placement, NULL);
	return placement_end(&p->placement, p->status, p->e);
}

static void on_kept(void *ctx, size_t i, bool is_there, const char *text, size_t len)
{
	struct passage *p = ctx;
	cleanup_free char *why = NULL;

	(void)i;
	p->has_prefix = prefix_remote_end(&p->prefix.there, is_there, text, len, &why) == 0;
	if (why && p->x->log) {
		cleanup_free char *message = str_printf("no precompiled header: %s", why);
		if (message)
			p->x->log(message);
	}
}

/* Is what a precompiled header made to be believed? */
static bool is_first_fine(struct passage *p)
{
	bool fine = p->has_prefix && prefix_clang_holds(&p->prefix);

	for (size_t i = 0; i < p->action->n_outputs && fine; i++) {
		const struct exchange_data *data = &p->result->outputs[i];
		const struct strbuf dep = {.data = (char *)data->data, .len = data->len};
		cleanup_strbuf struct strbuf plain = {0};
		if (strcmp(p->action->outputs[i].option, "-MF") == 0)
			fine = prefix_clang_dep(&p->prefix, &dep, &plain) == 0;
	}
	return fine;
}

static void on_end(void *ctx, size_t i, const struct exchange_result *result)
{
	struct passage *p = ctx;

	(void)i;
	p->more = false;
	p->result = result;
	p->status = result->status;
	const struct exchange_data *list = &result->outputs[p->action->n_outputs];
	if (remote_check_list(p->x->remote, list->data, list->len, &p->more) < 0) {
		p->error = error_no_memory(p->e);
		return;
	}
	if (result->first && !is_first_fine(p)) {
		p->has_prefix = false;
		p->more = true;
	}
	if (p->more)
		return;
	if (p->x->record) {
		clang_record_add_said(p->x->record, result->error.data, result->error.len);
		clang_record_add_headers(p->x->record, source_of(p), list->data, list->len,
					 result->first ? &p->prefix : NULL);
	}
	for (size_t j = 0; j < p->action->n_outputs && p->error == 0; j++)
		p->error = take_output(p, j);
	if (p->error == 0)
		p->error = take_printed(p);
	if (p->error == 0 && !p->unlined.len)
		p->error = place(p);
}

/* With a precompiled header, or NULL. */
static int make_argv(const struct executor_remote *x, const struct action *a,
		     const struct prefix_clang *prefix, struct strv *ret_argv, size_t *ret_insert)
{
	strv_add(ret_argv, a->argv.v[0]);
	/* First, so that the user's own wins. */
	if (x->colour && a->compiles)
		strv_add(ret_argv, "-fcolor-diagnostics");
	size_t shift = ret_argv->n - 1;
	for (size_t i = 1; i <= a->argv.n; i++) {
		if (i == a->insert) {
			if (a->deps_target) {
				strv_add(ret_argv, "-MQ");
				strv_add(ret_argv, a->deps_target);
			}
			if (prefix)
				prefix_clang_options(prefix, ret_argv);
			shift = ret_argv->n - i;
			*ret_insert = i + shift;
		}
		if (i < a->argv.n)
			strv_add(ret_argv, a->argv.v[i]);
	}
	return ret_argv->error;
}

static int make_env(const struct passage *p, struct strv *ret_env)
{
	const struct builder *b = p->x->remote->builder;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		const char *value = getenv(passed_on[i]);
		if (value && i < N_PATH_LISTS && !session_has_host_paths(&b->session)) {
			cleanup_free char *list = path_map_list(&b->toolchain, value);
			strv_take(ret_env, list ? str_printf("%s=%s", passed_on[i], list) : NULL);
		} else if (value)
			strv_take(ret_env, str_printf("%s=%s", passed_on[i], value));
	}
	strv_add(ret_env, REMOTE_HEADERS_ENVIRONMENT);
	return ret_env->error;
}

/* Is there nothing that the compiler proper sees? It is told where lines come from, and the driver
 * would warn of that. */
static bool is_assembly(const struct clang_argv *c)
{
	for (size_t i = 0; i < c->n_inputs; i++) {
		const char *input = c->args.v[c->inputs[i].arg];
		size_t len = strlen(input);
		if (c->inputs[i].kind != INPUT_PREPROCESSED || len < 2 ||
		    strcmp(input + len - 2, ".s") != 0)
			return false;
	}
	return c->n_inputs > 0;
}

static int map_argv(const struct passage *p, const struct strv *argv, size_t insert,
		    struct strv *ret_argv, size_t *ret_insert)
{
	const struct remote *r = p->x->remote;
	const char *const *words = (const char *const *)argv->v;
	const struct clang_argv *c = &r->project->clang;
	enum remote_names names = p->unlined.len                   ? REMOTE_NAMES_BUILDER
				  : c->emit_llvm || is_assembly(c) ? REMOTE_NAMES_IR
								   : REMOTE_NAMES_HOST;

	if (p->action->compiles)
		return remote_map_argv(r, words, insert, names, ret_argv, ret_insert);
	*ret_insert = insert;
	if (session_has_host_paths(&r->builder->session))
		strv_add_all(ret_argv, words);
	else
		path_map_argv(&r->builder->toolchain, words, ret_argv);
	return ret_argv->error;
}

/* The second object has the lines: they come into the first. Where there is no second one, or it is
 * of something else, as with a clock in it, the first is what there is. */
static void on_lines_end(void *ctx, size_t i, const struct exchange_result *result)
{
	struct passage *p = ctx;
	const struct exchange_data *lined = &result->outputs[p->object];
	cleanup_strbuf struct strbuf object = {0};
	const char *why;

	(void)i;
	p->more = false;
	if (result->status == 0 && object_take_lines(p->unlined.data, p->unlined.len, lined->data,
						     lined->len, &object, &why) == 0) {
		strbuf_free(&p->unlined);
		p->unlined = object;
		object = (struct strbuf){0};
	}
	p->error = put_output(p, p->object, &p->unlined);
	if (p->error == 0)
		p->error = place(p);
}

/* Runs the action until it is known to have read what it should; `x` says what comes of it. */
static int run_rounds(struct passage *p, struct exchange_action *action, struct exchange *x)
{
	int error = 0;

	p->more = true;
	for (int round = 0; round < REMOTE_ROUNDS && p->more && error == 0 && p->error == 0;
	     round++) {
		if (!p->has_prefix) {
			action->first = NULL;
			x->n_kept = 0;
		}
		error = remote_run(p->x->remote, x, p->e);
	}
	if (error == 0 && p->error == 0 && p->more)
		return remote_refuse_rounds(NULL, p->e);
	return error < 0 ? error : p->error;
}

/* The command once, as `p` now needs it; `first` with a precompiled header, where there is one. */
static int run_command(struct passage *p, const struct command *here, const struct command *first,
		       struct exchange_action *action, struct exchange *x)
{
	cleanup_strv struct strv argv = {0}, first_argv = {0};

	if (map_argv(p, &here->argv, here->insert, &argv, &action->insert) < 0 ||
	    (first &&
	     map_argv(p, &first->argv, first->insert, &first_argv, &action->first_insert) < 0))
		return error_no_memory(p->e);
	action->argv = (const char *const *)argv.v;
	action->first = first ? (const char *const *)first_argv.v : NULL;
	x->n_kept = first ? 1 : 0;
	return run_rounds(p, action, x);
}

/* Looks for what its header is precompiled by. */
static int find_prefix(struct passage *p, struct command *ret_first)
{
	const struct executor_remote *x = p->x;

	if (!x->prefixes || prefix_clang_find(x->prefixes, p->action, NULL, &p->prefix) < 0)
		return 0;
	p->has_prefix = true;
	p->kept = prefix_remote_kept(&p->prefix.there);
	return make_argv(x, p->action, &p->prefix, &ret_first->argv, &ret_first->insert);
}

static int run_action(struct passage *p)
{
	const struct action *a = p->action;
	cleanup_strbuf struct strbuf input = {0};
	cleanup_strv struct strv env = {0};
	cleanup_command struct command here = {0}, first = {0};
	struct exchange_action action = {.dir = p->x->remote->project->dir,
					 .n_outputs = a->n_outputs};

	if (make_argv(p->x, a, NULL, &here.argv, &here.insert) < 0 || make_env(p, &env) < 0 ||
	    find_prefix(p, &first) < 0)
		return error_no_memory(p->e);
	if (a->reads_input) {
		int error = io_read_fd(STDIN_FILENO, INPUT_LIMIT, &input);
		if (error < 0)
			return error_set(p->e, error, EXIT_STATUS_USAGE, NULL,
					 "cannot read standard input: %s", strerror(-error));
		action.input = input.data;
	}
	for (size_t i = 0; i < a->n_outputs; i++)
		action.outputs[i].option = a->outputs[i].option;
	action.outputs[action.n_outputs++].variable = REMOTE_HEADERS_VARIABLE;
	struct exchange x = {
		.actions = &action,
		.n = 1,
		.lanes = 1,
		.live = !p->x->record,
		.env = (const char *const *)env.v,
		.ctx = p,
		.kept = &p->kept,
		.kept_limit = PREFIX_REMOTE_LIMIT,
		.on_kept = on_kept,
		.on_end = on_end,
	};
	int error = run_command(p, &here, p->has_prefix ? &first : NULL, &action, &x);
	if (error < 0 || !p->unlined.len)
		return error;
	/* What it has to say, it said. */
	x.live = false;
	x.on_end = on_lines_end;
	return run_command(p, &here, NULL, &action, &x);
}

/* What cannot be done there. */
static int refuse(const struct executor_remote *x, const struct action *a, struct crossbpf_error *e)
{
	const char *name = x->remote->builder->name;

	if (a->more_outputs)
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE,
				 "leave that option out, or set CROSSBPF_BACKEND=native",
				 "the command line asks for further files, which the %s backend "
				 "cannot bring back",
				 name);
	if (a->many_outputs)
		return error_set(e, -ENOTSUP, EXIT_STATUS_USAGE, "compile them one by one",
				 "the %s backend cannot bring back the outputs of several sources",
				 name);
	return 0;
}

static void log_command(const struct executor_remote *x, const struct strv *argv)
{
	cleanup_strbuf struct strbuf line = {0};

	shell_quote_all(&line, (const char *const *)argv->v);
	if (x->log && !line.error)
		x->log(line.data);
}

int executor_remote_run(const struct executor_remote *x, const struct plan *plan, int *ret_status,
			struct crossbpf_error *e)
{
	*ret_status = 0;
	for (size_t i = 0; i < plan->n; i++) {
		struct passage p = {.x = x, .action = &plan->actions[i], .e = e};
		int r = refuse(x, p.action, e);
		if (r == 0) {
			log_command(x, &p.action->argv);
			placement_begin(&p.placement, p.action);
			r = run_action(&p);
			placement_free(&p.placement);
			prefix_clang_free(&p.prefix);
			strbuf_free(&p.unlined);
		}
		if (r == -EINTR)
			return 0;
		if (r < 0)
			return r;
		if (*ret_status == 0)
			*ret_status = p.status;
	}
	return 0;
}
