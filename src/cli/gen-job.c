/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "core/go-siblings.h"
#include "gen-job.h"
#include "shared/io.h"

static int read_input(struct gen_input *in, const char *dir, const char *file,
		      struct crossbpf_error *e)
{
	in->path = io_absolute(dir, file);
	if (!in->path)
		return error_no_memory(e);
	int r = io_read_file(in->path, OBJECT_SIZE_MAX, &in->content);
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, NULL, "cannot read %s: %s", file,
				 strerror(-r));
	in->object = (struct binding_object){
		.file = file,
		.data = in->content.data ? in->content.data : "",
		.len = in->content.len,
	};
	return binding_open(&in->object, e);
}

int gen_job_open(struct gen_job *j, const char *outdir, const char *const *objects,
		 struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL;
	size_t n = 0;

	int r = io_working_directory(&dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	while (objects[n])
		n++;
	j->outdir = io_absolute(dir, outdir ? outdir : ".");
	j->inputs = calloc(n + 1, sizeof(*j->inputs));
	if (!j->outdir || !j->inputs)
		return error_no_memory(e);
	for (; j->n_inputs < n && r == 0; j->n_inputs++)
		r = read_input(&j->inputs[j->n_inputs], dir, objects[j->n_inputs], e);
	return r;
}

static int grow(struct gen_job *j)
{
	size_t room = j->room ? 2 * j->room : 8;

	if (j->n_outputs < j->room)
		return 0;
	struct gen_output *outputs = realloc(j->outputs, room * sizeof(*outputs));
	if (!outputs)
		return -ENOMEM;
	j->outputs = outputs;
	j->room = room;
	return 0;
}

static struct gen_output *find(const struct gen_job *j, const char *path)
{
	for (size_t i = 0; i < j->n_outputs; i++)
		if (strcmp(j->outputs[i].path, path) == 0)
			return &j->outputs[i];
	return NULL;
}

static bool is_equal(const struct strbuf *a, const struct strbuf *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

int gen_job_take(struct gen_job *j, char *name, struct strbuf *content, const char *of,
		 struct crossbpf_error *e)
{
	cleanup_free char *path = name ? str_printf("%s/%s", j->outdir, name) : NULL;

	free(name);
	if (!path || content->error || grow(j) < 0)
		return error_no_memory(e);
	const struct gen_output *other = find(j, path);
	if (other && !is_equal(&other->content, content))
		return error_set(
			e, -EEXIST, EXIT_STATUS_USAGE, "give each a directory of its own with -d",
			"%s and %s would both become %s", other->of, of, io_basename(path));
	if (other)
		return 0;
	j->outputs[j->n_outputs++] =
		(struct gen_output){.path = TAKE_PTR(path), .content = *content, .of = of};
	*content = (struct strbuf){0};
	return 0;
}

/* What is there already stays as it is, with its time: builds look at that. */
static bool is_there(const struct gen_output *out)
{
	cleanup_strbuf struct strbuf before = {0};
	struct stat st;

	return lstat(out->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (size_t)st.st_size == out->content.len &&
	       io_read_file(out->path, out->content.len + 1, &before) == 0 &&
	       is_equal(&before, &out->content);
}

static void remove_obsolete(const struct gen_job *j)
{
	for (size_t i = 0; i < j->obsolete.n; i++) {
		if (find(j, j->obsolete.v[i]))
			continue;
		go_siblings_remove(j->obsolete.v[i]);
		cleanup_free char *message =
			str_printf("removed %s, which declares the same", j->obsolete.v[i]);
		if (message)
			cli_log(message);
	}
}

int gen_job_write(const struct gen_job *j, void (*say)(const char *message),
		  struct crossbpf_error *e)
{
	for (size_t i = 0; i < j->n_outputs; i++) {
		const struct gen_output *out = &j->outputs[i];
		struct stat st;
		int r = is_there(out) ? 0 : io_make_parents(out->path, 0777);
		if (r == 0 && !is_there(out))
			r = io_write_output(out->path, out->content.data, out->content.len, &st);
		if (r < 0)
			return error_set(e, r, EXIT_STATUS_OUTPUT,
					 "check its directory's permissions and free space",
					 "cannot write %s: %s", out->path, strerror(-r));
		cleanup_free char *message = say ? str_printf("wrote %s", out->path) : NULL;
		if (message)
			say(message);
	}
	remove_obsolete(j);
	return 0;
}

void gen_job_free(struct gen_job *j)
{
	for (size_t i = 0; j->inputs && i < j->n_inputs; i++) {
		free(j->inputs[i].path);
		strbuf_free(&j->inputs[i].content);
	}
	for (size_t i = 0; i < j->n_outputs; i++) {
		free(j->outputs[i].path);
		strbuf_free(&j->outputs[i].content);
	}
	strv_free(&j->obsolete);
	free(j->inputs);
	free(j->outputs);
	free(j->outdir);
	*j = (struct gen_job){0};
}
