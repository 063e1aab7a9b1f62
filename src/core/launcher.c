/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cache-options.h"
#include "clang-options.h"
#include "depfile.h"
#include "host-lines.h"
#include "launcher.h"
#include "shared/io.h"

#include "launch-script.h" /* made from launch.sh */

enum { MAX_SOURCE = 64 << 20 };

const char *const launcher_variable = launch_script;

void launcher_init(struct launcher *l, const struct strv *words)
{
	*l = (struct launcher){.words = words};
	pthread_mutex_init(&l->lock, NULL);
}

void launcher_free(struct launcher *l)
{
	if (!l->words)
		return;
	pthread_mutex_destroy(&l->lock);
	strv_free(&l->plain);
	strv_free(&l->marked);
	strv_free(&l->refused);
	l->words = NULL;
}

static int say(char **ret_why, char *why)
{
	*ret_why = why;
	return why ? 0 : -ENOMEM;
}

/* Options that are known, and mean something for a source that they do not mean for its text. */
static const char *find_option(const struct build_variant *v)
{
	static const char *const options[] = {"-imacros", "-undef", "-x", "-M"};

	for (size_t i = 1; i < v->n_own; i++) {
		const char *word = v->argv.v[i];
		struct clang_option option = clang_option_find(word);
		for (size_t j = 0; j < sizeof(options) / sizeof(options[0]); j++)
			if (strncmp(word, options[j], strlen(options[j])) == 0)
				return word;
		/* The first line of what is defined is all that is defined. */
		if (strchr(option.more && i + 1 < v->n_own ? v->argv.v[i + 1] : word, '\n'))
			return word;
		i += option.more;
	}
	return NULL;
}

static bool is_refused(struct launcher *l, const struct build_action *a)
{
	pthread_mutex_lock(&l->lock);
	bool refused = l->refused.n && strv_contains(&l->refused, a->object);
	pthread_mutex_unlock(&l->lock);
	return refused;
}

int launcher_why_not(struct launcher *l, const struct build_plan *p, const char *root,
		     const struct build_action *a, char **ret_why)
{
	const struct build_variant *v = a->variant;
	const char *dot = strrchr(a->source, '.');

	*ret_why = NULL;
	if (p->keep_debug)
		return say(ret_why, strdup("DWARF is kept"));
	if (p->moved.n || v->run.n)
		return say(ret_why, strdup("objects have other names for headers"));
	if (!dot || strcmp(dot, ".c") != 0)
		return say(ret_why, strdup("it is no C"));
	if (is_refused(l, a))
		return say(ret_why, strdup("what came of it was another object"));
	int r = cache_options_check((const char *const *)v->argv.v + 1, v->n_own - 1, root,
				    ret_why);
	const char *option = r == 0 && !*ret_why ? find_option(v) : NULL;
	return option ? say(ret_why, str_printf("%s is for sources", option)) : r;
}

/* -D NAME[=VALUE] and -U NAME as clang takes them. */
static int add_macros(const struct build_variant *v, struct strbuf *text)
{
	for (size_t i = 1; i < v->n_own; i++) {
		const char *word = v->argv.v[i];
		struct clang_option option = clang_option_find(word);
		bool joined = word[0] && word[1] && word[2];
		const char *value = joined ? word + 2 : i + 1 < v->n_own ? v->argv.v[i + 1] : "";
		size_t len = strcspn(value, "=");
		if (strncmp(word, "-U", 2) == 0)
			strbuf_printf(text, "#undef %s\n", value);
		else if (option.id == OPT_DEFINE)
			strbuf_printf(text, "#define %.*s %s\n", (int)len, value,
				      value[len] ? value + len + 1 : "1");
		i += option.more;
	}
	return text->error;
}

int launcher_argv(const struct launcher *l, const struct build_action *a,
		  const struct strv *command, size_t source, struct strv *ret_argv,
		  size_t *ret_insert)
{
	static const char *const begin[] = {"sh", "-c", "eval \"$CROSSBPF_LAUNCH\"", "launch",
					    NULL};
	cleanup_strbuf struct strbuf macros = {0};

	if (add_macros(a->variant, &macros) < 0)
		return -ENOMEM;
	strv_add_all(ret_argv, begin);
	*ret_insert = ret_argv->n;
	strv_add(ret_argv, command->v[source]);
	strv_add(ret_argv, a->object);
	strv_add(ret_argv, macros.data ? macros.data : "");
	strv_take(ret_argv, str_printf("%zu", l->words->n));
	strv_add_all(ret_argv, (const char *const *)l->words->v);
	for (size_t i = 0; i < command->n; i++)
		if (i != source)
			strv_add(ret_argv, command->v[i]);
	return ret_argv->error;
}

int launch_note_read(const char *output, struct launch_note *ret_note)
{
	static const char plain[] = "plain ", failed[] = "failed ";
	size_t len = strcspn(output, "\n");
	cleanup_free char *line = strndup(output, len);

	if (!line)
		return -ENOMEM;
	*ret_note = (struct launch_note){.end = LAUNCH_PLAIN,
					 .said = output + len + (output[len] == '\n')};
	if (strcmp(line, "launched") == 0) {
		ret_note->end = LAUNCH_DONE;
	} else if (strcmp(line, "missing") == 0) {
		ret_note->end = LAUNCH_MISSING;
	} else if (strncmp(line, plain, strlen(plain)) == 0) {
		ret_note->end = LAUNCH_PLAIN;
		return say(&ret_note->why, strdup(line + strlen(plain)));
	} else if (strncmp(line, failed, strlen(failed)) == 0) {
		ret_note->end = LAUNCH_FAILED;
		return say(&ret_note->why,
			   str_printf("it failed with status %s", line + strlen(failed)));
	}
	return 0;
}

void launch_note_free(struct launch_note *n)
{
	free(n->why);
}

int launcher_refuse_missing(const struct launcher *l, const struct build_action *a,
			    struct crossbpf_error *e)
{
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
			 "install it where clang runs, or build with --launcher=",
			 "the launcher '%s' for %s is not there", l->words->v[0], a->source);
}

/* Does a source say itself where lines are from (#line, # 1 "FILE")? In one text with its headers
 * that would be told from what the text says of itself by nobody. */
static bool is_marked(const char *text, size_t len)
{
	static const char blanks[] = " \t\f\v";

	for (const char *end = text + len, *at = text; at < end;) {
		while (at < end && strchr(blanks, *at))
			at++;
		bool directive = end - at > 1 && (*at == '#' || (at[0] == '%' && at[1] == ':'));
		for (at += directive ? (*at == '#' ? 1 : 2) : 0;
		     directive && at < end && strchr(blanks, *at); at++)
			;
		if (directive && at < end &&
		    ((*at >= '0' && *at <= '9') || *at == '\\' ||
		     (end - at > 4 && memcmp(at, "line", 4) == 0)))
			return true;
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	return false;
}

/* 1, 0 or -ENOMEM. What cannot be read is marked. */
static int has_marks(struct launcher *l, const char *path)
{
	cleanup_strbuf struct strbuf text = {0};

	pthread_mutex_lock(&l->lock);
	bool plain = strv_contains(&l->plain, path), marked = strv_contains(&l->marked, path);
	pthread_mutex_unlock(&l->lock);
	if (plain || marked)
		return marked;
	int r = io_read_file(path, MAX_SOURCE, &text);
	if (r == -ENOMEM)
		return r;
	marked = r < 0 || is_marked(text.data ? text.data : "", text.len);
	pthread_mutex_lock(&l->lock);
	strv_add_once(marked ? &l->marked : &l->plain, path);
	r = l->marked.error ? l->marked.error : l->plain.error;
	pthread_mutex_unlock(&l->lock);
	return r < 0 ? r : marked;
}

/* 1, 0 or a negative errno. */
static int reads_marks(struct launcher *l, const struct launch_place *place,
		       const struct strbuf *dep)
{
	cleanup_strv struct strv read = {0};
	int r = depfile_parse(dep->data ? dep->data : "", dep->len, &read);

	for (size_t i = 0; i < read.n && r == 0; i++) {
		cleanup_free char *path = io_absolute(place->root, read.v[i]);
		if (!path)
			return -ENOMEM;
		if (!place->is_builders || !place->is_builders(place->ctx, path))
			r = has_marks(l, path);
	}
	return r;
}

static bool is_none(const void *ctx, const char *name)
{
	(void)ctx, (void)name;
	return false;
}

static int refuse(struct launcher *l, const struct build_action *a, const char *why,
		  struct launch_note *note)
{
	pthread_mutex_lock(&l->lock);
	strv_add_once(&l->refused, a->object);
	int r = l->refused.error;
	pthread_mutex_unlock(&l->lock);
	free(note->why);
	note->end = LAUNCH_PLAIN;
	note->why = strdup(why);
	return r < 0 || !note->why ? -ENOMEM : 0;
}

/* The other machine's compiler has its own name, and what another makes must not pass for clang's:
 * it would go into caches. DWARF, which is stripped later, says whose the object is. */
static bool is_of(const struct strbuf *object, const char *version)
{
	const size_t len = strlen(version) + 1;
	const char *at = object->data, *end = at + object->len;

	while (at && (at = memmem(at, (size_t)(end - at), version, len))) {
		if (at > object->data && !at[-1])
			return true;
		at++;
	}
	return false;
}

int launcher_take(struct launcher *l, const struct launch_place *place,
		  const struct build_action *a, const struct strbuf *object,
		  const struct strbuf *dep, struct strbuf *ret_object, struct launch_note *note)
{
	const char *why = NULL;

	if (place->version && !is_of(object, place->version))
		return refuse(l, a, "another compiler made it there", note);
	int r = reads_marks(l, place, dep);
	if (r == -ENOMEM)
		return r;
	if (r != 0)
		return refuse(l, a,
			      r < 0 ? "what it read is not known"
				    : "it says itself where its lines are from",
			      note);
	r = host_lines_set(object->data ? object->data : "", object->len, place->root,
			   place->is_builders ? place->is_builders : is_none, place->ctx,
			   ret_object, &why);
	if (r == 0)
		return 1;
	strbuf_free(ret_object);
	*ret_object = (struct strbuf){0};
	if (r == -ENOMEM)
		return r;
	return refuse(l, a,
		      r == -ENOTSUP ? "it has lines of the builder's headers"
		      : why         ? why
				    : "",
		      note);
}
