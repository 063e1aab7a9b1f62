/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "clang-options.h"
#include "depfile.h"
#include "prefix-clang.h"
#include "shared/io.h"

enum { MAX_DEPS = 1 << 24 };

void prefix_clang_free(struct prefix_clang *c)
{
	prefix_free(&c->prefix);
	prefix_remote_free(&c->there);
	prefix_source_free(&c->source);
}

/* Variables that have clang look elsewhere, or do something else. */
static const char *refuse_environment(const char *const *env)
{
	static const char *const names[] = {"CPATH=",    "C_INCLUDE_PATH=", "CCC_",
					    "CC_PRINT_", "CC_LOG_",         "SOURCE_DATE_EPOCH="};

	for (; *env; env++)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strncmp(*env, names[i], strlen(names[i])) == 0)
				return *env;
	return NULL;
}

/* A command line that was read. */
struct command {
	struct strv options; /* clang, and all but the source and what names outputs */
	struct strv search, system;
	const char *source; /* or NULL: none, or several */
	bool object, user;
};

static void command_free(struct command *c)
{
	strv_free(&c->options);
	strv_free(&c->search);
	strv_free(&c->system);
}
#define cleanup_command CLEANUP(command_free)

static void add_directory(struct command *c, const char *arg, const char *dir)
{
	strv_add(&c->search, dir);
	if (strncmp(arg, "-isystem", strlen("-isystem")) == 0 ||
	    strncmp(arg, "-idirafter", strlen("-idirafter")) == 0 ||
	    strncmp(arg, "--include-directory-after", strlen("--include-directory-after")) == 0)
		strv_add(&c->system, dir);
}

/* It adds to the dependency file. */
static bool is_phony(const char *arg)
{
	return strcmp(arg, "-MP") == 0;
}

static int read_command(const struct strv *argv, const struct toolchain *t, struct command *c)
{
	size_t sources = 0;

	strv_add(&c->options, argv->v[0]);
	for (size_t i = 1; i < argv->n; i++) {
		const char *arg = argv->v[i];
		if (arg[0] != '-' || !arg[1]) {
			sources++;
			c->source = arg;
			continue;
		}
		struct clang_option option = clang_option_find(arg);
		const char *value = option.value ? option.value : argv->v[i + 1];
		bool names_output = option.id == OPT_OUTPUT || option.id == OPT_DEPS ||
				    option.id == OPT_DEPS_FILE || option.id == OPT_DEPS_TARGET ||
				    is_phony(arg);
		c->object = c->object || option.id == OPT_OBJECT;
		c->user = c->user || strcmp(arg, "-MMD") == 0 ||
			  strcmp(arg, "--write-user-dependencies") == 0;
		if (option.id == OPT_INCLUDE_DIR && value)
			add_directory(c, arg, value);
		for (size_t end = i + option.more; !names_output && i < end && i + 1 < argv->n; i++)
			strv_add(&c->options, argv->v[i]);
		if (names_output)
			i += option.more;
		else
			strv_add(&c->options, argv->v[i]);
	}
	c->source = sources == 1 ? c->source : NULL;
	if (t->search.n) {
		strv_add_all(&c->search, (const char *const *)t->search.v);
		strv_add_all(&c->system, (const char *const *)t->search.v);
	}
	return c->options.error  ? c->options.error
	       : c->search.error ? c->search.error
				 : c->system.error;
}

static int say(char **ret_why, const char *why)
{
	*ret_why = strdup(why);
	return *ret_why ? -ENOENT : -ENOMEM;
}

/* Which of its files -MMD leaves out nobody asks clang there: there are to be none. */
static bool has_system(const struct prefix_clang *c, const struct command *command)
{
	const struct prefix_record *files = &c->there.files;

	for (size_t i = 0; i < files->n; i++)
		for (size_t j = 0; j < command->system.n; j++) {
			const char *dir = command->system.v[j];
			cleanup_free char *path = io_absolute(c->place->dir, dir);
			if (!path || dir[0] == '.' ||
			    toolchain_is_below(files->files[i].name, path))
				return true;
		}
	return false;
}

static int map_there(const struct remote *r, const struct strv *argv, struct strv *ret_argv)
{
	size_t insert;

	return remote_map_argv(r, (const char *const *)argv->v, argv->n, REMOTE_NAMES_HOST,
			       ret_argv, &insert);
}

static int find_there(struct prefix_clang *c, const struct command *command,
		      struct prefix_request *request, char **ret_why)
{
	struct remote *r = c->place->remote;

	/* Maps are there already, and clang may take any that fits. */
	if (!session_has_host_paths(&r->builder->session))
		request->dots = PREFIX_DOTS_REFUSED;
	int error = prefix_remote_find(request, r, map_there, &c->there, ret_why);
	return error == 0 && command->user && has_system(c, command)
		       ? say(ret_why, "it is a system's")
		       : error;
}

static int find(struct prefix_clang *c, const struct command *command, struct session *session,
		char **ret_why)
{
	const struct prefix_clang_place *place = c->place;
	const char *why = NULL;

	int r = prefix_source_read(place->dir, command->source, &command->options, &c->source,
				   &why);
	if (r < 0)
		return r;
	if (why)
		return say(ret_why, why);
	struct prefix_request request = {
		.cache_dir = place->cache_dir,
		.dir = place->dir,
		.source = command->source,
		.include = &c->source.include,
		.argv = &command->options,
		.n_own = command->options.n,
		.version = place->toolchain->version,
		.content = place->toolchain->content,
		.search = &command->search,
		.system = &command->system,
		.session = session,
		.env = place->env,
		.dots = PREFIX_DOTS_EACH,
		.uses = 1,
	};
	return place->remote ? find_there(c, command, &request, ret_why)
			     : prefix_get(&request, &c->prefix, ret_why);
}

static int try_find(const struct prefix_clang_place *place, const struct action *action,
		    struct session *session, struct prefix_clang *ret_clang, char **ret_why)
{
	cleanup_prefix_clang struct prefix_clang c = {.place = place, .action = action};
	cleanup_command struct command command = {0};

	if (!action->compiles || !action->n_outputs || place->toolchain->mirror)
		return say(ret_why, "this is no compile of one source to one object");
	if (strcmp(place->dir, "/") == 0) /* clang would name what is there otherwise */
		return say(ret_why, "the working directory is /");
	const char *variable = refuse_environment(place->env);
	if (variable)
		return say(ret_why, variable);
	if (read_command(&action->argv, place->toolchain, &command) < 0)
		return -ENOMEM;
	if (!command.source || !command.object)
		return say(ret_why, "this is no compile of one source to one object");
	c.user = command.user;
	int r = find(&c, &command, session, ret_why);
	if (r < 0)
		return r;
	*ret_clang = c;
	c = (struct prefix_clang){0};
	return 0;
}

int prefix_clang_find(const struct prefix_clang_place *place, const struct action *action,
		      struct session *session, struct prefix_clang *ret_clang)
{
	cleanup_free char *why = NULL;

	int r = try_find(place, action, session, ret_clang, &why);
	if (r < 0 && why && place->log) {
		cleanup_free char *message = str_printf("no precompiled header: %s", why);
		if (message)
			place->log(message);
	}
	return r;
}

static const struct prefix *prefix_of(const struct prefix_clang *c)
{
	return c->place->remote ? &c->there.prefix : &c->prefix;
}

void prefix_clang_options(const struct prefix_clang *c, struct strv *argv)
{
	prefix_options(prefix_of(c), c->source.include.end, argv);
}

/* What is the source, among the arguments? */
static const char *source_of(const struct action *a)
{
	const char *source = NULL;

	for (size_t i = 1; i < a->argv.n; i++) {
		if (a->argv.v[i][0] != '-')
			source = a->argv.v[i];
		else
			i += clang_option_find(a->argv.v[i]).more;
	}
	return source;
}

bool prefix_clang_holds(const struct prefix_clang *c)
{
	return prefix_source_holds(c->place->dir, source_of(c->action), &c->source) &&
	       (c->place->remote ? prefix_remote_holds(&c->there) : prefix_holds(&c->prefix));
}

int prefix_clang_dep(const struct prefix_clang *c, const struct strbuf *dep, struct strbuf *ret_dep)
{
	cleanup_strv struct strv inputs = {0};

	int r = prefix_inputs(prefix_of(c), source_of(c->action), dep, c->user, &inputs);
	return r < 0 ? r : depfile_rewrite(dep, &inputs, ret_dep);
}

int prefix_clang_end(const struct prefix_clang *c, const struct placement *placement)
{
	if (!prefix_clang_holds(c))
		return -ESTALE;
	for (size_t i = 0; i < c->action->n_outputs; i++) {
		cleanup_strbuf struct strbuf dep = {0}, plain = {0};
		const char *path = placement->temporary[i].path;
		if (!path)
			return -ESTALE;
		if (strcmp(c->action->outputs[i].option, "-MF") != 0)
			continue;
		int r = io_read_file(path, MAX_DEPS, &dep);
		if (r == 0)
			r = prefix_clang_dep(c, &dep, &plain);
		if (r == 0)
			r = io_write_output(path, plain.data, plain.len, &(struct stat){0});
		if (r < 0)
			return r;
	}
	return 0;
}

int prefix_clang_inputs(const struct prefix_clang *c, const struct strbuf *dep,
			struct strv *ret_inputs)
{
	return prefix_inputs(prefix_of(c), source_of(c->action), dep, false, ret_inputs);
}

int prefix_clang_names(const struct prefix_clang *c, struct strv *ret_names)
{
	return prefix_names(prefix_of(c), ret_names);
}
