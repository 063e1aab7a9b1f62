/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf load: an object's programs and maps, into the kernel and a directory of pins. */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "loader.h"
#include "pinned.h"

struct job {
	struct open_options options;
	const char *pin;
};

static void job_free(struct job *j)
{
	open_options_free(&j->options);
}
#define cleanup_job CLEANUP(job_free)

static int parse_options(struct job *j, int argc, char **argv, struct crossbpf_error *e)
{
	static const struct option longs[] = {
		{"pin", required_argument, NULL, 'p'}, OPEN_LONGS, {0}};
	int letter;

	while ((letter = getopt_long(argc, argv, OPEN_LETTERS "p:", longs, NULL)) != -1)
		if (letter == 'p')
			j->pin = optarg;
		else if (!open_options_take(&j->options, letter, optarg))
			return cli_refuse_option("load", longs, argv, e);
	if (argc - optind != 1)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf load --help tells more",
				 argc == optind ? "no object was named"
						: "one object is loaded at a time");
	return 0;
}

static int load(const struct job *j, const char *path, struct crossbpf_error *e)
{
	cleanup_opened struct opened o = {0};
	cleanup_pins struct pins pins = {.lock = -1};

	int r = opened_open(&o, path, &j->options, e);
	if (r == 0)
		r = pinned_open(&pins, pins_dir(j->pin, path), e);
	if (r == 0 && pins.exists)
		return error_set(e, -EEXIST, EXIT_STATUS_FAILED,
				 "crossbpf detach removes it; --pin chooses another place",
				 "%s is there already", pins.dir);
	if (r == 0)
		r = opened_load(&o, e);
	if (r == 0)
		r = pinned_stage(&pins, &o, e);
	if (r == 0)
		r = pins_commit(&pins, e);
	if (r == 0)
		printf("%s\n", pins.dir);
	return r;
}

int loader_load(int argc, char **argv)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_job struct job j = {0};

	if (parse_options(&j, argc, argv, &e) < 0 || load(&j, argv[optind], &e) < 0)
		return cli_report(&e);
	return cli_finish_output();
}
