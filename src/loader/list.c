/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf list: what is loaded and attached, and by which object. */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "cli/cli.h"
#include "links.h"
#include "loader.h"
#include "output.h"
#include "pinned.h"

static json_t *text(const char *string)
{
	return output_text_json(string, strlen(string));
}

static json_t *program_json(const char *name, int fd)
{
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);
	char tag[2 * sizeof(info.tag) + 1];

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(info.tag); i++)
		snprintf(tag + 2 * i, 3, "%02x", info.tag[i]);
	return json_pack("{s:o, s:i, s:s}", "name", text(name), "id", info.id, "tag", tag);
}

/* The device that this is attached to has another name now; NULL: it has not, or is no device. The
 * caller frees. */
static char *new_name(const struct links *l, const char *where)
{
	char name[IF_NAMESIZE], *end = NULL;
	unsigned index = l->at ? (unsigned)strtoul(l->at, &end, 10) : 0;
	uint64_t netns = end ? strtoull(end, NULL, 10) : 0;
	size_t len = strcspn(where, ":");

	if (!netns || netns != attachment_netns() || !if_indextoname(index, name) ||
	    (strlen(name) == len && strncmp(name, where, len) == 0))
		return NULL;
	return strdup(name);
}

static void add_program(json_t *json, const struct links *l)
{
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);
	cleanup_close int program = -1;

	if (l->clsact)
		program = attach_tc_program(l->clsact);
	else if (!l->n || links_program(l->fds[0], &program) < 0)
		return;
	if (program >= 0 && bpf_obj_get_info_by_fd(program, &info, &len) == 0)
		json_object_set_new(json, "program_id", json_integer(info.id));
}

static json_t *link_json(const char *dir, const char *name)
{
	cleanup_links struct links l = {0};
	const char *equals = strchr(name, '=');

	if (!equals || links_open(dir, name, &l) < 0)
		return NULL;
	cleanup_free char *now = new_name(&l, equals + 1);
	const char *mode = l.at ? strrchr(l.at, ' ') : NULL;
	json_t *json = json_object();
	json_object_set_new(json, "program", output_text_json(name, (size_t)(equals - name)));
	json_object_set_new(json, "where", text(equals + 1));
	json_object_set_new(json, "by", json_string(l.clsact ? "clsact" : "link"));
	if (mode)
		json_object_set_new(json, "mode", text(mode + 1));
	add_program(json, &l);
	if (l.n && links_id(l.fds[0]))
		json_object_set_new(json, "link_id", json_integer(links_id(l.fds[0])));
	if (links_are_gone(&l))
		json_object_set_new(json, "gone", json_true());
	else if (now)
		json_object_set_new(json, "device", text(now));
	return json;
}

static json_t *programs_json(const char *dir)
{
	cleanup_strv struct strv names = {0};
	json_t *all = json_array();

	if (pins_list(dir, "programs", &names) < 0)
		return all;
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *path = pins_path(dir, "programs", names.v[i]);
		cleanup_close int fd = path ? bpf_obj_get(path) : -1;
		json_t *json = fd >= 0 ? program_json(names.v[i], fd) : NULL;
		if (json)
			json_array_append_new(all, json);
	}
	return all;
}

static json_t *links_json(const char *dir)
{
	cleanup_strv struct strv names = {0};
	json_t *all = json_array();

	if (pins_list(dir, "links", &names) < 0)
		return all;
	for (size_t i = 0; i < names.n; i++) {
		json_t *json = link_json(dir, names.v[i]);
		if (json)
			json_array_append_new(all, json);
	}
	return all;
}

static json_t *maps_json(const char *dir)
{
	cleanup_strv struct strv names = {0};
	json_t *all = json_array();

	if (pins_list(dir, "maps", &names) < 0)
		return all;
	for (size_t i = 0; i < names.n; i++)
		json_array_append_new(all, text(names.v[i]));
	return all;
}

static void print_line(const char *const columns[5])
{
	printf("%-20s %-20s %-24s %8s  %s\n", columns[0], columns[1], columns[2], columns[3],
	       columns[4]);
}

static void print_text(const char *name, const char *object, const json_t *links)
{
	size_t i;
	const json_t *link;

	if (!json_array_size(links))
		print_line((const char *const[]){name, "-", "-", "-", object});
	json_array_foreach(links, i, link) {
		const json_t *id = json_object_get(link, "program_id");
		char number[24] = "-";
		if (id)
			snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(id));
		const char *now = json_string_value(json_object_get(link, "device"));
		cleanup_free char *where =
			str_printf("%s%s%s%s", json_string_value(json_object_get(link, "where")),
				   json_object_get(link, "gone") ? " (gone)" : "",
				   now ? ", now " : "", now ? now : "");
		print_line((const char *const[]){
			name, json_string_value(json_object_get(link, "program")),
			where ? where : "", number, object});
	}
}

/* 0, or -ENOENT where it is no directory of ours. */
static int list(const char *dir, const char *name, bool json)
{
	cleanup_free char *object = pins_object(dir);

	if (!object)
		return -ENOENT;
	json_t *links = links_json(dir);
	if (json) {
		json_t *line =
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:O}", "name", text(name), "dir",
				  text(dir), "object", text(object), "programs", programs_json(dir),
				  "maps", maps_json(dir), "links", links);
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(line);
	} else {
		print_text(name, object, links);
	}
	json_decref(links);
	return 0;
}

/* What a killed command left is brought to an end: a NAME~new is no name of an object's. */
static void recover(const struct strv *names)
{
	static const char *const ends[] = {"~new", "~old"};

	for (size_t i = 0; i < names->n; i++)
		for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
			cleanup_error struct crossbpf_error e = {0};
			cleanup_pins struct pins pins = {.lock = -1};
			const char *end = strstr(names->v[i], ends[k]);
			cleanup_free char *name =
				end ? strndup(names->v[i], (size_t)(end - names->v[i])) : NULL;
			if (name)
				(void)pinned_open(&pins, pins_dir(name, NULL), &e);
		}
}

static int list_all(bool json, struct crossbpf_error *e)
{
	cleanup_strv struct strv left = {0}, names = {0};
	int r = pins_list(PINS_PARENT, PINS_NAME, &left);

	if (r == 0)
		recover(&left);
	if (r == 0)
		r = pins_list(PINS_PARENT, PINS_NAME, &names);
	if (r < 0 && r != -ENOENT)
		return error_set(e, r, EXIT_STATUS_FAILED, r == -EACCES ? "run it as root" : NULL,
				 "cannot read " PINS_ROOT ": %s", strerror(-r));
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *dir = pins_dir(names.v[i], NULL);
		if (dir)
			list(dir, names.v[i], json);
	}
	return 0;
}

static int list_words(char *const *words, bool json, struct crossbpf_error *e)
{
	for (; *words; words++) {
		cleanup_free char *dir = pins_dir(*words, NULL);
		if (!dir)
			return error_no_memory(e);
		if (list(dir, *words, json) == 0)
			continue;
		bool hidden = access(dir, F_OK) < 0 && errno == EACCES;
		return error_set(e, -ENOENT, EXIT_STATUS_FAILED,
				 hidden ? "run it as root" : "crossbpf list shows what there is",
				 hidden ? "cannot read %s: Permission denied"
					: "nothing is loaded in %s",
				 dir);
	}
	return 0;
}

int loader_list(int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {0}};
	cleanup_error struct crossbpf_error e = {0};
	bool json = false;
	int letter;

	while ((letter = getopt_long(argc, argv, "j", longs, NULL)) != -1) {
		if (letter == '?') {
			cli_refuse_option("list", longs, argv, &e);
			return cli_report(&e);
		}
		json = true;
	}
	if (!json)
		print_line((const char *const[]){"NAME", "PROGRAM", "WHERE", "ID", "OBJECT"});
	if ((optind < argc ? list_words(argv + optind, json, &e) : list_all(json, &e)) < 0)
		return cli_report(&e);
	return cli_finish_output();
}
