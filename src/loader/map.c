/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf map: what is in a map, by the types of its keys and values. */
#include "config.h"

#include "map.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "loader.h"
#include "shared/nearest.h"
#include "stored.h"
#include "value.h"

struct job {
	bool json;
	const char **words; /* what are no options, up to a NULL; owned */
	int n;
};

static void job_free(struct job *j)
{
	free(j->words);
}
#define cleanup_job CLEANUP(job_free)

/* Room for a key and the values of all processors, with text of both for errors. */
struct entry {
	struct map map;
	unsigned char *key, *values;
};

static void entry_free(struct entry *n)
{
	map_close(&n->map);
	free(n->key);
	free(n->values);
}
#define cleanup_entry CLEANUP(entry_free)

static int open_entry(struct entry *n, const char *word, unsigned flags, struct crossbpf_error *e)
{
	int r = map_open(&n->map, word, flags, e);

	if (r < 0)
		return r;
	n->key = calloc(1, (size_t)n->map.info.key_size + 8);
	n->values = calloc(1, n->map.value_bytes + 8);
	return n->key && n->values ? 0 : error_no_memory(e);
}

static int wrong_words(const char *verb, const char *words, struct crossbpf_error *e)
{
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf map --help tells more",
			 "map %s takes %s", verb, words);
}

/* Of this map it takes other words than of most. */
static int wrong_for(const struct map *m, const char *verb, const char *words,
		     struct crossbpf_error *e)
{
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL, "map %s of %s takes %s", verb,
			 m->word, words);
}

/* Names what was wrong. */
static int wrap(int r, const char *what, const struct crossbpf_error *wrong,
		struct crossbpf_error *e)
{
	return r == 0 ? 0
		      : error_set(e, r, wrong->status, wrong->hint, "%s: %s", what,
				  wrong->message ? wrong->message : "out of memory");
}

static int read_key(struct entry *n, const char *text, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error wrong = {0};

	return wrap(map_read_key(&n->map, text, n->key, &wrong), "key", &wrong, e);
}

static int no_entry(const struct map *m, const char *key, struct crossbpf_error *e)
{
	if (m->is & MAP_IS_KEYLESS && !(m->is & MAP_IS_SET))
		return error_set(e, -ENOENT, EXIT_STATUS_FAILED, NULL, "%s is empty", m->word);
	return error_set(e, -ENOENT, EXIT_STATUS_FAILED, "crossbpf map list shows what there is",
			 "%s has no %s", m->word, key);
}

static int tell_values(const struct entry *n, bool json, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf text = {0};

	if (json) {
		json_t *line = map_entry_json(&n->map, n->map.is & MAP_IS_KEYLESS ? NULL : n->key,
					      n->values);
		int r = line ? json_dumpf(line, stdout, JSON_COMPACT) : -1;
		json_decref(line);
		putchar('\n');
		return r < 0 && !ferror(stdout) ? error_no_memory(e) : 0;
	}
	map_values_text(&n->map, n->values, &text);
	if (text.error)
		return error_no_memory(e);
	puts(text.data);
	return 0;
}

/* The head of a queue; is a value in a bloom filter? */
static int get_keyless(struct entry *n, const struct job *j, struct crossbpf_error *e)
{
	bool is_set = n->map.is & MAP_IS_SET;
	cleanup_error struct crossbpf_error wrong = {0};

	if (j->n != 1 + is_set)
		return wrong_for(&n->map, "get", is_set ? "a VALUE" : "no KEY", e);
	if (is_set) {
		int r = wrap(map_read_value(&n->map, j->words[1], n->values, &wrong), "value",
			     &wrong, e);
		if (r < 0)
			return r;
	}
	if (bpf_map_lookup_elem(n->map.fd, NULL, n->values) == 0)
		return tell_values(n, j->json, e);
	return errno == ENOENT ? no_entry(&n->map, is_set ? j->words[1] : "", e)
			       : map_error(&n->map, -errno, "read", e);
}

static int get(const struct job *j, struct crossbpf_error *e)
{
	cleanup_entry struct entry n = {.map.fd = -1};
	int r = j->n == 1 || j->n == 2 ? 0 : wrong_words("get", "MAP KEY", e);

	r = r < 0 ? r : open_entry(&n, j->words[0], BPF_F_RDONLY, e);
	if (r < 0)
		return r;
	if (n.map.is & MAP_IS_KEYLESS)
		return get_keyless(&n, j, e);
	/* Variables, a counter: there is no choice. */
	bool is_only = n.map.is & MAP_IS_ARRAY && n.map.info.max_entries == 1;
	if (j->n == 1 && !is_only)
		return wrong_for(&n.map, "get", "a KEY", e);
	const char *key = j->n == 2 ? j->words[1] : "0";
	r = read_key(&n, key, e);
	if (r < 0)
		return r;
	if (bpf_map_lookup_elem(n.map.fd, n.key, n.values) == 0)
		return tell_values(&n, j->json, e);
	return errno == ENOENT ? no_entry(&n.map, key, e) : map_error(&n.map, -errno, "read", e);
}

/* Where a section cannot be mapped, all of it is written: what is not named as it was read before.
 * What a program counts in between is lost. */
static int read_variables(struct entry *n, const char *text, struct crossbpf_error *e)
{
	if (bpf_map_lookup_elem(n->map.fd, n->key, n->values) < 0)
		return map_error(&n->map, -errno, "read", e);
	return value_parse_over(n->map.btf, n->map.info.btf_value_type_id, text, n->values,
				n->map.info.value_size, e);
}

static bool has_variables(const struct map *m)
{
	const struct btf_type *t =
		m->btf ? btf__type_by_id(m->btf, m->info.btf_value_type_id) : NULL;

	return t && btf_is_datasec(t);
}

static int update(struct entry *n, struct crossbpf_error *e)
{
	const void *key = n->map.is & MAP_IS_KEYLESS ? NULL : n->key;

	return bpf_map_update_elem(n->map.fd, key, n->values, BPF_ANY) == 0
		       ? 0
		       : map_error(&n->map, -errno, "changed", e);
}

static int set_variables(struct entry *n, const char *text, struct crossbpf_error *e)
{
	cleanup_error struct crossbpf_error wrong = {0};
	int r = stored_set(&n->map, text, &wrong);

	if (r <= 0)
		return wrap(r, "value", &wrong, e);
	r = read_variables(n, text, &wrong);
	return r < 0 ? wrap(r, "value", &wrong, e) : update(n, e);
}

static int write_value(struct entry *n, const char *text, struct crossbpf_error *e)
{
	cleanup_free unsigned char *value = calloc(1, (size_t)n->map.info.value_size + 8);
	cleanup_error struct crossbpf_error wrong = {0};
	const struct map *m = &n->map;
	int r = value ? map_read_value(m, text, value, &wrong) : error_no_memory(e);

	if (r < 0)
		return wrap(r, "value", &wrong, e);
	map_spread_value(m, value, n->values);
	r = update(n, e);
	if (m->is & (MAP_HAS_MAPS | MAP_HAS_PROGRAMS)) {
		int fd;
		memcpy(&fd, value, sizeof(fd));
		close(fd);
	}
	return r;
}

static int set(const struct job *j, struct crossbpf_error *e)
{
	cleanup_entry struct entry n = {.map.fd = -1};
	int r = j->n >= 2 && j->n <= 3 ? 0 : wrong_words("set", "MAP KEY [VALUE]", e);

	r = r < 0 ? r : open_entry(&n, j->words[0], 0, e);
	if (r < 0)
		return r;
	bool has_key = !(n.map.is & MAP_IS_KEYLESS);
	if (!has_key && j->n != 2)
		return wrong_for(&n.map, "set", "a VALUE and no KEY", e);
	r = has_key ? read_key(&n, j->words[1], e) : 0;
	if (r < 0)
		return r;
	const char *text = j->words[1 + has_key];
	return text && has_variables(&n.map) ? set_variables(&n, text, e)
					     : write_value(&n, text, e);
}

static int delete_entry(const struct job *j, struct crossbpf_error *e)
{
	cleanup_entry struct entry n = {.map.fd = -1};
	int r = j->n == 1 || j->n == 2 ? 0 : wrong_words("delete", "MAP KEY", e);

	r = r < 0 ? r : open_entry(&n, j->words[0], 0, e);
	if (r < 0)
		return r;
	bool has_key = !(n.map.is & MAP_IS_KEYLESS);
	if (j->n != 1 + has_key)
		return wrong_for(&n.map, "delete", has_key ? "a KEY" : "no KEY", e);
	r = has_key ? read_key(&n, j->words[1], e) : 0;
	if (r < 0)
		return r;
	r = has_key ? bpf_map_delete_elem(n.map.fd, n.key)
		    : bpf_map_lookup_and_delete_elem(n.map.fd, NULL, n.values);
	if (r == 0)
		return 0;
	if (errno == EINVAL && n.map.is & MAP_IS_ARRAY)
		return error_set(e, -EINVAL, EXIT_STATUS_FAILED, "crossbpf map set makes one 0",
				 "%s is an array: nothing is deleted from it", n.map.word);
	return errno == ENOENT ? no_entry(&n.map, has_key ? j->words[1] : "", e)
			       : map_error(&n.map, -errno, "changed", e);
}

static int list(const struct job *j, struct crossbpf_error *e)
{
	cleanup_map struct map m = {.fd = -1};
	int r = j->n == 1 ? 0 : wrong_words("list", "a MAP", e);

	r = r < 0 ? r : map_open(&m, j->words[0], BPF_F_RDONLY, e);
	return r < 0 ? r : map_list(&m, j->json, e);
}

static int import(const struct job *j, struct crossbpf_error *e)
{
	cleanup_map struct map m = {.fd = -1};
	int r = j->n == 2 ? 0 : wrong_words("import", "MAP FILE", e);

	r = r < 0 ? r : map_open(&m, j->words[0], 0, e);
	return r < 0 ? r : map_import(&m, j->words[1], e);
}

static const struct {
	const char *name;
	int (*run)(const struct job *j, struct crossbpf_error *e);
} verbs[] = {
	{"delete", delete_entry}, {"get", get}, {"import", import}, {"list", list}, {"set", set},
};

static int run(struct job *j, struct crossbpf_error *e)
{
	const char *names[sizeof(verbs) / sizeof(verbs[0]) + 1] = {NULL};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		names[i] = verbs[i].name;
		if (j->n && strcmp(names[i], j->words[0]) == 0) {
			/* What follows the verb. */
			memmove(j->words, j->words + 1, (size_t)j->n * sizeof(*j->words));
			j->n--;
			return verbs[i].run(j, e);
		}
	}
	cleanup_free char *hint = nearest_hint(j->n ? j->words[0] : "", names);
	return j->n ? error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint,
				"'%s' is none of map's commands", j->words[0])
		    : error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint, "map takes a command");
}

/* Options may stand anywhere; "-5" is a number. */
static int parse_options(struct job *j, int argc, char **argv, struct crossbpf_error *e)
{
	static const char letters[] = "-j0::1::2::3::4::5::6::7::8::9::";
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {0}};
	int letter;

	j->words = calloc((size_t)argc + 1, sizeof(*j->words));
	if (!j->words)
		return error_no_memory(e);
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1)
		if (letter == 'j')
			j->json = true;
		else if (letter == 1 || isdigit(letter))
			j->words[j->n++] = argv[optind - 1];
		else
			return cli_refuse_option("map", longs, argv, e);
	for (; optind < argc; optind++)
		j->words[j->n++] = argv[optind];
	return 0;
}

int loader_map(int argc, char **argv)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_job struct job j = {0};

	if (parse_options(&j, argc, argv, &e) < 0)
		return cli_report(&e);
	int r = run(&j, &e);
	int status = cli_finish_output();
	return r < 0 ? cli_report(&e) : status;
}
