/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf inspect: what is in an object, and which kernels can load it. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli-json.h"
#include "cli.h"
#include "inspect-report.h"
#include "shared/io.h"

static void print_help(void)
{
	printf("Usage: crossbpf inspect [--json] OBJECT...\n"
	       "Says what is in BPF objects, and the oldest kernel that can load them.\n\n"
	       "  -j, --json  an object a line\n"
	       "  -h, --help  this help\n\n"
	       "See crossbpf-inspect(1).\n");
}

static int refuse(const char *path, int r, const char *why, struct crossbpf_error *e)
{
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r == -EFBIG)
		why = "it is larger than any BPF object";
	/* What cannot be understood is a failure; what has no BTF may well be an object. */
	bool lacks_btf = why && strcmp(why, "it has no BTF") == 0;
	return error_set(e, r, EXIT_STATUS_FAILED,
			 lacks_btf ? "compile it with -g" : "crossbpf build writes such objects",
			 lacks_btf ? "%s cannot be inspected: %s" : "%s is no sound BPF object: %s",
			 path, why ? why : strerror(-r));
}

static int inspect(const char *path, bool json, bool is_first, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf object = {0}, text = {0};
	cleanup_inspection struct inspection in = {0};
	const char *why = NULL;

	int r = io_read_file(path, OBJECT_SIZE_MAX, &object);
	if (r == -EFBIG || r == -ENOMEM)
		return refuse(path, r, NULL, e);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "name an object that is there",
				 "cannot read %s: %s", path, strerror(-r));
	r = inspection_open(&in, object.data, object.len, &why);
	if (r < 0)
		return refuse(path, r, why, e);
	if (json) {
		json_t *line = inspect_json(&in, path);
		if (!line)
			return error_no_memory(e);
		cli_json_print(line);
		return 0;
	}
	inspect_text(&in, path, &text);
	if (text.error)
		return error_no_memory(e);
	if (!is_first)
		putchar('\n');
	fwrite(text.data, 1, text.len, stdout);
	return 0;
}

static int parse_options(int argc, char **argv, bool *ret_json, bool *ret_help,
			 struct crossbpf_error *e)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "jh", longs, NULL)) != -1) {
		if (letter == '?') /* getopt said what is wrong */
			return cli_refuse_option("inspect", longs, argv, e);
		*(letter == 'h' ? ret_help : ret_json) = true;
	}
	if (optind == argc && !*ret_help)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "crossbpf inspect --help tells more", "no object was named");
	return 0;
}

/* Each is told of; the status is that of the first that failed. */
int cmd_inspect(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	bool json = false, help = false, is_first = true;
	int status = 0;

	if (parse_options(argc, argv, &json, &help, &error) < 0)
		return cli_report(&error);
	if (help)
		print_help();
	for (int i = optind; !help && i < argc; i++) {
		cleanup_error struct crossbpf_error e = {0};
		int failed = inspect(argv[i], json, is_first, &e) < 0 ? cli_report(&e) : 0;
		is_first = is_first && failed;
		status = status ? status : failed;
	}
	int written = cli_finish_output();
	return status ? status : written;
}
