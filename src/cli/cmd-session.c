/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf up, down, status: the builder itself. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli-json.h"
#include "cli-project.h"
#include "cli.h"
#include "core/mirror.h"

/* What the command line asks for. */
struct request {
	const char *command;
	bool has_json; /* the command has the option --json */
	bool json, help;
	const char *backend; /* NAME[:WHERE], or NULL */
};

/* One backend: NAME:WHERE in its two parts. */
struct place {
	char *name;
	const char *where; /* in name, or NULL */
};

static void place_free(struct place *p)
{
	free(p->name);
}
#define cleanup_place CLEANUP(place_free)

static int split_place(const char *text, struct place *ret_place, struct crossbpf_error *e)
{
	ret_place->name = strdup(text);
	if (!ret_place->name)
		return error_no_memory(e);
	char *colon = strchr(ret_place->name, ':');
	if (colon)
		*colon = '\0';
	ret_place->where = colon ? colon + 1 : NULL;
	return 0;
}

static int parse_options(int argc, char **argv, struct request *q, struct crossbpf_error *e)
{
	const struct option longs[] = {
		{"help", no_argument, NULL, 'h'},
		{"backend", required_argument, NULL, 'b'},
		{q->has_json ? "json" : NULL, no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (letter != 'h' && letter != 'b' && letter != 'j')
			return cli_refuse_option(q->command, longs, argv, e);
		if (letter == 'h')
			q->help = true;
		else if (letter == 'b')
			q->backend = optarg;
		else
			q->json = true;
	}
	int most = q->backend ? 0 : 1;
	if (argc - optind > most)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "name one backend",
				 "'%s' is one argument too many", argv[optind + most]);
	if (!q->backend)
		q->backend = argv[optind];
	return 0;
}

static int print_help(const struct request *q, const char *what)
{
	printf("Usage: crossbpf %s %s[BACKEND[:WHERE]]\n%s\n\n"
	       "  --backend=NAME[:WHERE]  the same as the argument\n",
	       q->command, q->has_json ? "[--json] " : "", what);
	if (q->has_json)
		printf("  --json                  an object a line\n");
	printf("  -h, --help              this help\n\n"
	       "See crossbpf-%s(1).\n",
	       q->command);
	return cli_finish_output();
}

/* up */

static int bring_up(struct session *s, const char *name, struct crossbpf_error *e)
{
	bool any;

	int r = session_up(s, &any, e);
	if (r == 0)
		fprintf(stderr,
			any ? "crossbpf: %s is up\n"
			    : "crossbpf: the %s backend has nothing to bring up\n",
			name);
	return r;
}

/* A backend by its name, whether or not it could build. */
static int up_named(const struct cli_project *p, struct crossbpf_error *e)
{
	cleanup_place struct place place = {0};
	cleanup_session struct session session = {0};

	int r = split_place(p->request.backend, &place, e);
	if (r == 0)
		r = cli_project_load(p, place.name, place.where, &session, e);
	session.asked_for = true;
	if (r == 0)
		r = session_probe(&session, e);
	return r < 0 ? r : bring_up(&session, place.name, e);
}

/* What a build would choose, and by the same way: it looks for a clang, too. */
static int up_chosen(struct cli_project *p, struct crossbpf_error *e)
{
	cleanup_builder struct builder builder = {0};
	cleanup_free char *why = NULL;

	int r = builder_open(&builder, &p->request, &p->project, &why, e);
	if (r < 0)
		return r;
	if (why)
		cli_log(why);
	return bring_up(&builder.session, builder.name, e);
}

static int up(struct cli_project *p, const struct request *q, struct crossbpf_error *e)
{
	(void)q;
	p->request.inform = cli_log; /* to fetch an image takes minutes */
	return strcmp(p->request.backend, "auto") == 0 ? up_chosen(p, e) : up_named(p, e);
}

/* down */

static int take_down(struct session *s, const char *name, struct crossbpf_error *e)
{
	bool any;

	int r = session_down(s, &any, e);
	if (r == 0)
		fprintf(stderr,
			any ? "crossbpf: %s is down\n"
			    : "crossbpf: the %s backend has nothing to take down\n",
			name);
	return r;
}

static int down_named(const struct cli_project *p, const char *name, struct crossbpf_error *e)
{
	cleanup_place struct place place = {0};
	cleanup_session struct session session = {0};

	int r = split_place(name, &place, e);
	if (r == 0)
		r = cli_project_load(p, place.name, place.where, &session, e);
	return r < 0 ? r : take_down(&session, place.name, e);
}

/*
 * Would a build choose it? Where the backend has something to take down, that it can be used is
 * taken for enough: to look for a clang would first bring it up.
 */
static bool would_choose(const struct cli_project *p, const char *name, bool *ret_mirror)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_session struct session session = {0};

	if (cli_project_load(p, name, NULL, &session, &e) < 0 || session_probe(&session, &e) < 0)
		return false;
	if (session.plugin.backend.down)
		return true;
	cleanup_builder struct builder builder = {0};
	cleanup_free char *why = NULL;
	struct builder_request request = p->request;
	request.backend = name;
	if (builder_open(&builder, &request, &p->project, &why, &e) < 0)
		return false;
	*ret_mirror = builder.toolchain.mirror;
	return true;
}

/* Beside mirrored headers that is up from which they came. */
static int down(struct cli_project *p, const struct request *q, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};
	const char *mirrored = NULL;

	(void)q;
	if (strcmp(p->request.backend, "auto") != 0)
		return down_named(p, p->request.backend, e);
	cli_project_backends(p, &names);
	for (size_t i = 0; i < names.n; i++) {
		bool mirror = false;
		if (!plugin_is_installed(p->request.dir, names.v[i]) ||
		    !would_choose(p, names.v[i], &mirror))
			continue;
		if (!mirror)
			return down_named(p, names.v[i], e);
		mirrored = mirrored ? mirrored : names.v[i];
	}
	if (mirrored)
		return down_named(p, mirrored, e);
	return names.error ? error_no_memory(e)
			   : error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
				       "name it: crossbpf down BACKEND; crossbpf status lists them",
				       "no backend can be used here");
}

/* status */

static void print_json(const struct place *place, bool usable, const char *text)
{
	json_t *line = json_pack("{s:o, s:b, s:o}", "backend",
				 cli_json_text(place->name, strlen(place->name)), "usable", usable,
				 "status", cli_json_text(text, strlen(text)));

	if (line && place->where)
		json_object_set_new(line, "where",
				    cli_json_text(place->where, strlen(place->where)));
	cli_json_print(line);
}

/* Each line of a text behind its backend's name. */
static void print_text(const struct place *place, const char *text)
{
	const char *name = place->name;

	while (*text) {
		size_t len = strcspn(text, "\n");
		printf("%-8s  %.*s\n", name, (int)len, text);
		text += len + (text[len] == '\n');
		name = "";
	}
}

static char *describe_idle(const struct cli_project *p, const struct session *session)
{
	cleanup_mirror struct mirror m = {0};
	static const char idle[] = "can be used; there is nothing to bring up";

	if (!session_sees_host_files(session) || !p->cache_dir ||
	    mirror_open(p->cache_dir, &p->project, &m) < 0)
		return strdup(idle);
	return str_printf("%s\nheaders of %s are mirrored in %s", idle,
			  lock_file_get(&m.lock, MIRROR_KEY_OF), m.root);
}

/* *ret_text, which the caller frees, is why not where it is not usable. */
static int ask_status(const struct cli_project *p, const struct place *place, char **ret_text,
		      struct crossbpf_error *e)
{
	cleanup_session struct session session = {0};

	int r = cli_project_load(p, place->name, place->where, &session, e);
	if (r == 0)
		r = session_probe(&session, e);
	if (r == 0)
		r = session_status(&session, ret_text, e);
	if (r == 0 && !*ret_text)
		*ret_text = describe_idle(p, &session);
	return r;
}

static int show_status(const struct cli_project *p, const char *name, bool json,
		       struct crossbpf_error *e)
{
	cleanup_place struct place place = {0};
	cleanup_free char *text = NULL;

	int r = split_place(name, &place, e);
	if (r == 0)
		r = ask_status(p, &place, &text, e);
	const char *shown = r == 0 ? text : e->message;
	if (!place.name)
		return r;
	if (json)
		print_json(&place, r == 0, shown ? shown : "out of memory");
	else
		print_text(&place, shown ? shown : "out of memory");
	return r;
}

/* Is it NAME, or NAME:WHERE? */
static bool is_of(const char *backend, const char *name)
{
	size_t len = strlen(name);

	return strncmp(backend, name, len) == 0 && (!backend[len] || backend[len] == ':');
}

/* The one of this name that builds choose, where one that they choose has it. */
static const char *complete(const char *name)
{
	const char *chosen = cli_setting("CROSSBPF_BACKEND", CROSSBPF_DEFAULT_BACKEND);

	return name && is_of(chosen, name) ? chosen : name;
}

static int status(struct cli_project *p, const struct request *q, struct crossbpf_error *e)
{
	const char *asked = q->backend ? q->backend : p->request.backend;
	cleanup_strv struct strv names = {0};

	if (q->backend)
		return show_status(p, q->backend, q->json, e);
	cli_project_backends(p, &names);
	if (strcmp(asked, "auto") != 0) {
		/* CROSSBPF_BACKEND=docker:HERE is another docker than that of the order. */
		int r = show_status(p, asked, q->json, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < names.n; i++) {
		cleanup_error struct crossbpf_error why = {0};
		if (plugin_is_installed(p->request.dir, names.v[i]) && !is_of(asked, names.v[i]))
			show_status(p, names.v[i], q->json, &why);
	}
	return names.error ? error_no_memory(e) : 0;
}

static int run(int argc, char **argv, struct request *q, const char *what,
	       int (*operation)(struct cli_project *, const struct request *,
				struct crossbpf_error *))
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_cli_project struct cli_project project = {0};

	int r = parse_options(argc, argv, q, &error);
	q->backend = complete(q->backend);
	if (r == 0 && q->help)
		return print_help(q, what);
	if (r == 0)
		r = cli_project_open(&project, q->backend, &error);
	if (r == 0)
		r = operation(&project, q, &error);
	int exit_status = r < 0 ? cli_report(&error) : EXIT_STATUS_OK;
	int written = cli_finish_output();
	return exit_status ? exit_status : written;
}

int cmd_up(int argc, char **argv)
{
	struct request q = {.command = "up"};

	return run(argc, argv, &q,
		   "Brings up the project's builder: the one named, or that a build would choose.",
		   up);
}

int cmd_down(int argc, char **argv)
{
	struct request q = {.command = "down"};

	return run(argc, argv, &q, "Stops and removes what `crossbpf up` or a build brought up.",
		   down);
}

int cmd_status(int argc, char **argv)
{
	struct request q = {.command = "status", .has_json = true};

	return run(argc, argv, &q,
		   "Says of the project's backends, or of the one named, what runs there.", status);
}
