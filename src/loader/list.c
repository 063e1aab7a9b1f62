/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf list: what is loaded and attached, and by which object. */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "cli/cli.h"
#include "links.h"
#include "loader.h"
#include "pins.h"

enum { LINK_TCX = 11 }; /* linux/bpf.h of Linux 6.6: BPF_LINK_TYPE_TCX */

/* Is what it was attached to no longer there? All of them begin with its number. */
static bool is_gone(const struct bpf_link_info *info)
{
	switch ((unsigned)info->type) {
	case BPF_LINK_TYPE_XDP:
	case LINK_TCX:
		return !info->xdp.ifindex;
	case BPF_LINK_TYPE_CGROUP:
		return !info->cgroup.cgroup_id;
	case BPF_LINK_TYPE_NETNS:
		return !info->netns.netns_ino;
	default:
		return false;
	}
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
	return json_pack("{s:s, s:i, s:s}", "name", name, "id", info.id, "tag", tag);
}

static json_t *link_json(const char *dir, const char *name)
{
	cleanup_links struct links l = {0};
	struct bpf_link_info info = {0};
	unsigned len = sizeof(info);
	const char *equals = strchr(name, '=');

	if (!equals || links_open(dir, name, &l) < 0)
		return NULL;
	json_t *json = json_pack("{s:s%, s:s}", "program", name, (size_t)(equals - name), "where",
				 equals + 1);
	if (l.clsact) {
		cleanup_close int program = attach_tc_program(l.clsact);
		struct bpf_prog_info program_info = {0};
		len = sizeof(program_info);
		json_object_set_new(json, "by", json_string("clsact"));
		if (program >= 0 && bpf_obj_get_info_by_fd(program, &program_info, &len) == 0)
			json_object_set_new(json, "program_id", json_integer(program_info.id));
		else
			json_object_set_new(json, "gone", json_true());
		return json;
	}
	json_object_set_new(json, "by", json_string("link"));
	if (l.n && bpf_obj_get_info_by_fd(l.fds[0], &info, &len) == 0) {
		json_object_set_new(json, "program_id", json_integer(info.prog_id));
		json_object_set_new(json, "link_id", json_integer(info.id));
		if (is_gone(&info))
			json_object_set_new(json, "gone", json_true());
	}
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
		json_array_append_new(all, json_string(names.v[i]));
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
		cleanup_free char *where =
			str_printf("%s%s", json_string_value(json_object_get(link, "where")),
				   json_object_get(link, "gone") ? " (gone)" : "");
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
		json_t *line = json_pack("{s:s, s:s, s:s, s:o, s:o, s:O}", "name", name, "dir", dir,
					 "object", object, "programs", programs_json(dir), "maps",
					 maps_json(dir), "links", links);
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(line);
	} else {
		print_text(name, object, links);
	}
	json_decref(links);
	return 0;
}

static int list_all(bool json)
{
	cleanup_strv struct strv names = {0};

	if (pins_list("/sys/fs/bpf", "crossbpf", &names) < 0)
		return 0;
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
		if (list(dir, *words, json) < 0)
			return error_set(e, -ENOENT, EXIT_STATUS_FAILED,
					 "crossbpf list shows what there is",
					 "nothing is loaded in %s", dir);
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
	if ((optind < argc ? list_words(argv + optind, json, &e) : list_all(json)) < 0)
		return cli_report(&e);
	return cli_finish_output();
}
