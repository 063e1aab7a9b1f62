/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf load: an object's programs and maps, into the kernel and a directory of pins. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "loader.h"
#include "pinned.h"

struct job {
	struct open_options options;
	struct strv programs; /* these alone; none: those that the object says */
	const char *pin;
};

static void job_free(struct job *j)
{
	open_options_free(&j->options);
	strv_free(&j->programs);
}
#define cleanup_job CLEANUP(job_free)

static int parse_options(struct job *j, int argc, char **argv, struct crossbpf_error *e)
{
	static const struct option longs[] = {{"pin", required_argument, NULL, 'p'},
					      {"program", required_argument, NULL, 'P'},
					      OPEN_LONGS,
					      {0}};
	int letter;

	while ((letter = getopt_long(argc, argv, OPEN_LETTERS "p:P:", longs, NULL)) != -1)
		if (letter == 'p')
			j->pin = optarg;
		else if (letter == 'P')
			strv_add(&j->programs, optarg);
		else if (!open_options_take(&j->options, letter, optarg))
			return cli_refuse_option("load", longs, argv, e);
	if (argc - optind != 1)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf load --help tells more",
				 argc == optind ? "no object was named"
						: "one object is loaded at a time");
	return 0;
}

/* Has others not be loaded. */
static int choose(struct opened *o, const struct strv *names, struct crossbpf_error *e)
{
	struct bpf_program *program;
	int r = 0;

	if (names->error)
		return error_no_memory(e);
	if (!names->n)
		return 0;
	bpf_object__for_each_program(program, o->object)
		if (r == 0)
			r = bpf_program__set_autoload(program, false);
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		program = opened_program(o, names->v[i], e);
		if (!program)
			return -ENOENT;
		r = bpf_program__set_autoload(program, true);
	}
	return r == 0 ? 0
		      : error_set(e, r, EXIT_STATUS_FAILED, NULL, "%s: %s", o->path, strerror(-r));
}

static int load(const struct job *j, const char *path, struct crossbpf_error *e)
{
	cleanup_opened struct opened o = {0};
	cleanup_pins struct pins pins = {.lock = -1};

	int r = opened_open(&o, path, &j->options, e);
	if (r == 0)
		r = choose(&o, &j->programs, e);
	if (r == 0)
		r = pins_open(&pins, pins_dir(j->pin, path), e);
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
