/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan-includes DIR [-b BUILDER-DIRECTORY]… [-s SYSTEM-DIRECTORY]… -- CLANG-ARGUMENT…
 *
 * Prints what each source of the clang command line in DIR may include, "SOURCE<tab>FILE" a line:
 * a scan for each, with one memory.
 */
#include <stdio.h>
#include <string.h>

#include "core/clang-argv.h"
#include "core/include-scan.h"

struct job {
	const char *dir;
	struct strv builder, system;
	struct include_options options;
};

static int scan_source(struct include_scan *scan, struct job *job, char *source)
{
	cleanup_strv struct strv files = {0};
	struct include_options options = job->options;
	const struct include_request request = {.dir = job->dir,
						.options = &options,
						.builder = &job->builder,
						.system = &job->system};

	options.sources = (struct strv){.v = &source, .n = 1};
	int r = include_scan_files(scan, &request, &files);
	for (size_t i = 0; i < files.n && r == 0; i++)
		printf("%s\t%s\n", source, files.v[i]);
	return r;
}

static int scan_all(struct job *job)
{
	cleanup_include_scan struct include_scan *scan = include_scan_new();
	int r = scan ? 0 : -1;

	for (size_t i = 0; i < job->options.sources.n && r == 0; i++)
		r = scan_source(scan, job, job->options.sources.v[i]);
	return r;
}

int main(int argc, char **argv)
{
	cleanup_clang_argv struct clang_argv clang = {0};
	const struct include_environment environment = {getenv("CPATH"), getenv("C_INCLUDE_PATH")};
	struct job job = {.dir = argc > 1 ? argv[1] : "/"};
	int i = 2, r;

	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2)
		strv_add(strcmp(argv[i], "-b") == 0 ? &job.builder : &job.system, argv[i + 1]);
	r = i < argc ? clang_argv_parse((const char *const *)argv + i + 1, &clang) : -1;
	if (r == 0)
		r = include_options_read(&clang.args, &environment, &job.options);
	if (r == 0)
		r = scan_all(&job);
	include_options_free(&job.options);
	strv_free(&job.builder);
	strv_free(&job.system);
	return r < 0 || fflush(stdout) != 0;
}
