/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rewrite-object [--keep-debug] [--times=N] TARGET ARCH IN OUT [IN OUT]...: objects stripped and
 * stamped, as a build leaves them. N times each, with the time that one took on standard output.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "object/object.h"
#include "shared/io.h"

struct options {
	bool keep_debug;
	long times; /* 0: do not measure */
	struct object_stamp stamp;
};

static int rewrite(const struct options *o, const char *in, const char *out)
{
	cleanup_strbuf struct strbuf object = {0}, result = {0};
	const char *why;
	struct timespec begin, end;

	int r = io_read_file(in, OBJECT_SIZE_MAX, &object);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (long i = 0; r == 0 && i < (o->times ? o->times : 1); i++) {
		strbuf_free(&result);
		r = object_rewrite(object.data, object.len, o->keep_debug, &o->stamp, &result,
				   &why);
		if (r < 0 && why)
			fprintf(stderr, "%s: %s\n", in, why);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (r == 0 && o->times)
		printf("%s: %zu bytes, %.1f us\n", in, object.len,
		       ((double)(end.tv_sec - begin.tv_sec) * 1e6 +
			(double)(end.tv_nsec - begin.tv_nsec) / 1e3) /
			       (double)o->times);
	if (r == 0)
		r = io_replace_file(out, result.data, result.len);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", in, strerror(-r));
	return r;
}

int main(int argc, char **argv)
{
	struct options o = {0};

	for (; argc > 1 && strncmp(argv[1], "--", 2) == 0; argc--, argv++) {
		if (strcmp(argv[1], "--keep-debug") == 0)
			o.keep_debug = true;
		else if (strncmp(argv[1], "--times=", 8) == 0)
			o.times = strtol(argv[1] + 8, NULL, 10);
	}
	if (argc < 5 || argc % 2 != 1)
		return 2;
	o.stamp = (struct object_stamp){.target = argv[1], .arch = argv[2]};
	int failed = 0;
	for (int i = 3; i + 1 < argc; i += 2)
		failed |= rewrite(&o, argv[i], argv[i + 1]) < 0;
	return failed;
}
