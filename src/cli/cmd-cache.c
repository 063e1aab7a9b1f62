/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf cache: the object cache, looked at and cleaned. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli-cache.h"
#include "cli-json.h"
#include "cli-project.h"
#include "cli.h"
#include "core/prefix-store.h"

struct request {
	const char *what; /* stats, prune or clear */
	bool json, help;
};

static int parse_options(int argc, char **argv, struct request *q, struct crossbpf_error *e)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
					      {"json", no_argument, NULL, 'j'},
					      {NULL, 0, NULL, 0}};
	static const char hint[] = "crossbpf cache --help lists them";
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (letter == '?') /* getopt said what is wrong */
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint, "wrong options");
		q->json = q->json || letter == 'j';
		q->help = q->help || letter == 'h';
	}
	if (q->help)
		return 0;
	q->what = optind < argc ? argv[optind] : "";
	if (optind + 1 != argc || (strcmp(q->what, "stats") != 0 && strcmp(q->what, "prune") != 0 &&
				   strcmp(q->what, "clear") != 0))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint,
				 "crossbpf cache takes stats, prune or clear");
	if (q->json && strcmp(q->what, "stats") != 0)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint, "--json is of stats");
	return 0;
}

static int print_help(void)
{
	printf("Usage: crossbpf cache stats [--json]\n"
	       "       crossbpf cache prune\n"
	       "       crossbpf cache clear\n"
	       "The cache of objects, and of precompiled headers, which all projects of a user "
	       "share.\n\n"
	       "  stats   how much is in it, and how often it had what was wanted\n"
	       "  prune   remove what was used longest ago, down to the size that it may have\n"
	       "  clear   remove all\n\n"
	       "  --json      of stats: an object of JSON\n"
	       "  -h, --help  this help\n\n"
	       "See crossbpf-cache(1).\n");
	return cli_finish_output();
}

/* The precompiled headers; `prefixes` is where they are, or NULL. */
static int count_headers(const char *prefixes, struct prefix_counts *ret_counts)
{
	*ret_counts = (struct prefix_counts){0};
	return prefixes ? prefix_store_count(prefixes, ret_counts) : 0;
}

static int print_stats(struct cache *c, const char *prefixes, bool json)
{
	cleanup_strbuf struct strbuf shown = {0};
	const char *dir = cache_dir(c);
	struct prefix_counts headers;
	struct cache_counts counts;
	uint64_t entries;

	int r = cache_stats(c, &counts, &entries);
	if (r == 0)
		r = count_headers(prefixes, &headers);
	if (r < 0)
		return r;
	if (json) {
		cli_json_print(json_pack(
			"{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "directory",
			cli_json_text(dir, strlen(dir)), "objects", (json_int_t)entries, "bytes",
			(json_int_t)counts.bytes, "limit", (json_int_t)cache_limit(c), "hits",
			(json_int_t)counts.hits, "misses", (json_int_t)counts.misses, "headers",
			(json_int_t)headers.headers, "headers_bytes", (json_int_t)headers.bytes));
		return 0;
	}
	cli_add_visible(&shown, dir);
	printf("directory  %s\n", shown.data ? shown.data : "");
	printf("objects    %" PRIu64 "\n", entries);
	printf("size       %.1f MiB of %.1f MiB\n", (double)counts.bytes / (1 << 20),
	       (double)cache_limit(c) / (1 << 20));
	printf("hits       %" PRIu64 " of %" PRIu64 "\n", counts.hits, counts.hits + counts.misses);
	printf("headers    %" PRIu64 " precompiled, %.1f MiB of %.1f MiB\n", headers.headers,
	       (double)headers.bytes / (1 << 20), (double)PREFIX_STORE_LIMIT / (1 << 20));
	return 0;
}

static int remove_files(struct cache *c, const char *prefixes, bool all)
{
	struct prefix_counts headers = {0};
	uint64_t files, bytes;

	int r = all ? cache_clear(c, &files, &bytes)
		    : cache_prune(c, cache_limit(c), &files, &bytes);
	if (r < 0)
		return r;
	if (prefixes)
		prefix_store_trim(prefixes, NULL, all ? 0 : PREFIX_STORE_LIMIT, &headers);
	files += headers.files;
	bytes += headers.bytes;
	fprintf(stderr, "crossbpf: removed %" PRIu64 " %s, %.1f MiB\n", files,
		files == 1 ? "file" : "files", (double)bytes / (1 << 20));
	return 0;
}

static int run(const struct request *q, struct crossbpf_error *e)
{
	cleanup_cli_project struct cli_project p = {0};
	cleanup_cache struct cache *c = NULL;
	cleanup_free char *prefixes = NULL;

	int r = cli_project_find(&p, e);
	if (r == 0)
		r = cli_project_read(&p, e);
	if (r == 0)
		r = cli_cache_open(p.has_conf ? &p.conf : NULL, p.project.root, p.cache_dir, &c, e);
	if (r < 0)
		return r;
	if (!c)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE, "set HOME or XDG_CACHE_HOME",
				 "there is no directory for a cache");
	prefixes = p.cache_dir ? prefix_store_find(p.cache_dir) : NULL;
	r = strcmp(q->what, "stats") == 0
		    ? print_stats(c, prefixes, q->json)
		    : remove_files(c, prefixes, strcmp(q->what, "clear") == 0);
	return r < 0 ? cli_cache_refuse(c, r, e) : 0;
}

int cmd_cache(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	struct request request = {0};

	int r = parse_options(argc, argv, &request, &error);
	if (r == 0 && request.help)
		return print_help();
	if (r == 0)
		r = run(&request, &error);
	return r < 0 ? cli_report(&error) : cli_finish_output();
}
