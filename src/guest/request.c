/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "request.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "guest-protocol.h"
#include "shared/io.h"
#include "shared/strbuf.h"

enum { REQUEST_MAX = 16 << 20, SECONDS_MAX = 1 << 20 };

static int refuse(struct crossbpf_error *e, const char *what)
{
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			 "crossbpf and crossbpf-guest are to be of the same release",
			 "request.json is none that this crossbpf-guest knows: %s", what);
}

/* A file of the request's directory, and nowhere else. */
static bool is_inside(const char *name)
{
	size_t len = strlen(name);

	return len && name[0] != '/' && strcmp(name, "..") != 0 && !str_begins(name, "../") &&
	       !strstr(name, "/../") && (len < 3 || strcmp(name + len - 3, "/..") != 0);
}

static int add_objects(struct request *r, const char *directory, const json_t *objects,
		       struct crossbpf_error *e)
{
	if (!json_is_array(objects))
		return refuse(e, "\"objects\" is no list");
	for (size_t i = 0; i < json_array_size(objects); i++) {
		const char *name = json_string_value(json_array_get(objects, i));
		if (!name || !is_inside(name))
			return refuse(e, "\"objects\" names no file of its directory");
		strv_take(&r->objects, str_printf("%s/%s", directory, name));
	}
	return r->objects.error ? error_no_memory(e) : 0;
}

static int take_file(char **ret, const char *directory, const json_t *root, const char *member,
		     struct crossbpf_error *e)
{
	const json_t *value = json_object_get(root, member);
	const char *name = json_string_value(value);

	if (!value)
		return 0;
	if (!name || !is_inside(name))
		return refuse(e, "\"btf\" or \"packets\" names no file of its directory");
	*ret = str_printf("%s/%s", directory, name);
	return *ret ? 0 : error_no_memory(e);
}

static int take_seconds(struct request *r, const json_t *value, struct crossbpf_error *e)
{
	json_int_t seconds = json_integer_value(value);

	if (!value)
		return 0;
	if (seconds < 1 || seconds > SECONDS_MAX)
		return refuse(e, "\"command_seconds\" is no number of them");
	r->command_seconds = (int)seconds;
	return 0;
}

static int take_command(struct request *r, const json_t *root, struct crossbpf_error *e)
{
	const json_t *value = json_object_get(root, "command");

	if (!value)
		return 0;
	if (!json_is_string(value))
		return refuse(e, "\"command\" is no text");
	r->command = strdup(json_string_value(value));
	return r->command ? take_seconds(r, json_object_get(root, "command_seconds"), e)
			  : error_no_memory(e);
}

int request_parse(struct request *ret, const char *directory, const char *text, size_t len,
		  struct crossbpf_error *e)
{
	json_error_t at;
	json_auto_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);

	if (!json_is_object(root))
		return refuse(e, root ? "it is no object of JSON" : at.text);
	if (json_integer_value(json_object_get(root, "version")) != GUEST_PROTOCOL)
		return refuse(e, "it is of another version");
	int r = add_objects(ret, directory, json_object_get(root, "objects"), e);
	if (r == 0)
		r = take_file(&ret->btf, directory, root, "btf", e);
	if (r == 0)
		r = take_file(&ret->packets, directory, root, "packets", e);
	if (r == 0)
		r = take_command(ret, root, e);
	ret->attach = json_is_true(json_object_get(root, "attach"));
	return r;
}

int request_read(struct request *ret, const char *directory, struct crossbpf_error *e)
{
	cleanup_free char *path = str_printf("%s/request.json", directory);
	cleanup_strbuf struct strbuf text = {0};
	int r = path ? io_read_file(path, REQUEST_MAX, &text) : -ENOMEM;

	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "name a directory that has one",
				 "cannot read %s/request.json: %s", directory, strerror(-r));
	return request_parse(ret, directory, text.data ? text.data : "", text.len, e);
}

void request_free(struct request *r)
{
	strv_free(&r->objects);
	free(r->btf);
	free(r->packets);
	free(r->command);
}
