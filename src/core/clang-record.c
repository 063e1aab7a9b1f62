/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clang-record.h"
#include "depfile.h"
#include "fingerprint.h"
#include "prefix-text.h"
#include "shared/io.h"

enum { MAX_OUTPUT = 1 << 28, MAX_LIST = 1 << 24 };

static const struct output *find_deps(const struct action *a, size_t *ret_i)
{
	for (size_t i = 0; i < a->n_outputs; i++)
		if (strcmp(a->outputs[i].option, "-MF") == 0) {
			*ret_i = i;
			return &a->outputs[i];
		}
	return NULL;
}

/* Does the dependency file leave out what is the system's? */
static bool has_user_deps(const struct action *a)
{
	for (size_t i = 1; i < a->argv.n; i++)
		if (strcmp(a->argv.v[i], "-MMD") == 0 || strncmp(a->argv.v[i], "-Wp,-MMD,", 9) == 0)
			return true;
	return false;
}

/* A source that was written a moment ago is told from one that is written while clang reads it: 10
 * ms are waited at most. */
static void settle(const struct action *a)
{
	int64_t now = io_now(), latest = 0;
	struct stat st;

	for (size_t i = 1; i < a->argv.n; i++)
		if (a->argv.v[i][0] != '-' && stat(a->argv.v[i], &st) == 0 && S_ISREG(st.st_mode) &&
		    io_ctime(&st) > latest && io_ctime(&st) <= now)
			latest = io_ctime(&st);
	int64_t left = latest + io_tick(1) - now + 1;
	if (latest && left > 0)
		io_sleep(left);
}

int clang_record_begin(struct clang_record *r)
{
	size_t i;
	int error = 0;

	const struct output *deps = find_deps(r->action, &i);
	r->said_fd = -1;
	r->graph = deps && has_user_deps(r->action);
	if (!r->elsewhere && (!deps || r->graph))
		error = io_temporary_file(&r->list);
	if (!r->elsewhere && error == 0 && deps && placement_is_pipe(deps))
		error = io_temporary_file(&r->deps_file);
	if (!r->elsewhere && error == 0)
		error = io_temporary(&r->said_fd);
	if (error < 0)
		return error;
	settle(r->action);
	r->began = io_now();
	return 0;
}

void clang_record_first_options(const struct clang_record *r, struct strv *argv)
{
	if (r->colour)
		strv_add(argv, "-fcolor-diagnostics");
}

void clang_record_options(const struct clang_record *r, struct strv *argv)
{
	if (r->deps_file) { /* the last one is taken */
		strv_add(argv, "-MF");
		strv_add(argv, r->deps_file);
	}
	if (!r->list)
		return;
	if (!r->graph) {
		strv_add(argv, "-MD");
		strv_add(argv, "-MF");
		strv_add(argv, r->list);
		return;
	}
	strv_add(argv, "-Xclang");
	strv_add(argv, "-dependency-dot");
	strv_add(argv, "-Xclang");
	strv_add(argv, r->list);
}

/* The first rule alone: -MP adds others. */
static size_t rule_length(const struct strbuf *text)
{
	size_t len = 0;

	while (len < text->len && (text->data[len] != '\n' || (len && text->data[len - 1] == '\\')))
		len++;
	return len;
}

static int add_rule(const struct strbuf *text, const struct prefix_clang *prefix, struct strv *read)
{
	struct strbuf rule = {.data = text->data, .len = rule_length(text)};

	if (!text->len)
		return -EINVAL;
	return prefix ? prefix_clang_inputs(prefix, &rule, read)
		      : depfile_parse(rule.data, rule.len, read);
}

/* The graph has names without the root's slash. */
static int add_label(const char *label, struct strv *read)
{
	cleanup_free char *absolute = str_printf("/%s", label);
	const char *relative = prefix_without_dot(label);

	if (!absolute)
		return -ENOMEM;
	bool is_relative = access(relative, F_OK) == 0;
	if (is_relative == (access(absolute, F_OK) == 0))
		return -EINVAL;
	strv_add_once(read, is_relative ? relative : absolute);
	return read->error;
}

/* Lines `header_N [ shape="box", label="NAME"];`, and others.
 * Source: DependencyGraphCallback in clang/lib/Frontend/DependencyGraph.cpp. */
static int add_graph(struct strbuf *text, struct strv *read)
{
	static const char before[] = "label=\"", behind[] = "\"];";
	char *rest = NULL;
	int r = text->len ? 0 : -EINVAL;

	for (char *line = text->len ? strtok_r(text->data, "\n", &rest) : NULL; line && r == 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *label = strstr(line, before), *end;
		if (!label)
			continue;
		label += strlen(before);
		end = strstr(label, behind);
		if (!end || end[strlen(behind)] || strchr(label, '\\'))
			return -EINVAL;
		*end = '\0';
		r = add_label(label, read);
	}
	return r;
}

static int add_read(struct clang_record *r, const struct prefix_clang *prefix)
{
	cleanup_strbuf struct strbuf list = {0};
	int error = r->list ? io_read_file(r->list, MAX_LIST, &list) : 0;

	/* prefix_clang_end() has made the dependency file what it is without. */
	if (error == 0 && r->deps.len)
		error = add_rule(&r->deps, NULL, &r->read);
	if (error == 0 && r->list)
		error = r->graph ? add_graph(&list, &r->read) : add_rule(&list, prefix, &r->read);
	/* The graph has nothing of it. */
	if (error == 0 && r->graph && prefix)
		error = prefix_clang_names(prefix, &r->read);
	return error;
}

void clang_record_take(struct clang_record *r, const struct placement *placement,
		       const struct prefix_clang *prefix)
{
	const struct action *a = r->action;
	int error = 0;

	for (size_t i = 0; i < a->n_outputs && error == 0; i++) {
		bool is_deps = strcmp(a->outputs[i].option, "-MF") == 0;
		const char *path = placement->temporary[i].path;
		if (is_deps && !path && r->deps.len) /* it was added */
			continue;
		if (is_deps && !path)
			path = r->deps_file;
		error = path ? io_read_file(path, MAX_OUTPUT, is_deps ? &r->deps : &r->object)
			     : -ENOENT;
	}
	if (error == 0 && !r->elsewhere)
		error = add_read(r, prefix);
	r->whole = error == 0 && !r->deps.error && r->object.len && r->read.n && !r->read.error &&
		   !r->said.error;
}

void clang_record_add_said(struct clang_record *r, const char *said, size_t len)
{
	strbuf_add(&r->said, said, len);
	if (len)
		(void)io_write_fd(STDERR_FILENO, said, len);
}

void clang_record_add_headers(struct clang_record *r, const char *source, const char *list,
			      size_t len, const struct prefix_clang *prefix)
{
	const char *end = list + len;

	strv_add(&r->read, source);
	if (prefix)
		(void)prefix_clang_names(prefix, &r->read);
	while (list < end) {
		const char *newline = memchr(list, '\n', (size_t)(end - list));
		size_t line = newline ? (size_t)(newline - list) : (size_t)(end - list);
		cleanup_free char *name = strndup(list, line);
		size_t dots = name ? strspn(name, ".") : 0;
		/* "DOTS PATH", or without depth the path alone. */
		const char *path = name && name[dots] == ' ' ? name + dots + 1 : name;
		if (!path)
			r->read.error = -ENOMEM;
		else if (*path)
			strv_add_once(&r->read, prefix_without_dot(path));
		list += line + 1;
	}
}

void clang_record_add_deps(struct clang_record *r, const char *text, size_t len)
{
	strbuf_add(&r->deps, text, len);
}

void clang_record_pass_on(const struct clang_record *r)
{
	cleanup_strbuf struct strbuf text = {0};
	const struct output *deps;
	size_t i;

	if (!r->deps_file || io_read_file(r->deps_file, MAX_OUTPUT, &text) < 0 || !text.len)
		return;
	deps = find_deps(r->action, &i);
	cleanup_close int fd = open(deps->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0) /* as with clang, nobody need read it */
		(void)io_write_fd(fd, text.data, text.len);
}

void clang_record_say(struct clang_record *r)
{
	if (lseek(r->said_fd, 0, SEEK_SET) < 0 || io_read_fd(r->said_fd, MAX_OUTPUT, &r->said) < 0)
		r->whole = false;
	if (r->said.len) /* who does not listen does not want to hear, as with clang */
		(void)io_write_fd(STDERR_FILENO, r->said.data, r->said.len);
}

void clang_record_free(struct clang_record *r)
{
	if (r->list)
		unlink(r->list);
	if (r->deps_file)
		unlink(r->deps_file);
	free(r->deps_file);
	free(r->list);
	if (r->said_fd > 0)
		close(r->said_fd);
	strbuf_free(&r->said);
	strbuf_free(&r->object);
	strbuf_free(&r->deps);
	strv_free(&r->read);
	*r = (struct clang_record){0};
}
