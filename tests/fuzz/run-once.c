/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fuzz target without libFuzzer: run-TARGET CHANGES FILE…: each file as it is, cut off, and with
 * bytes changed, so many times each, always in the same way.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "shared/io.h"
#include "target.h"

static uint64_t state = 1;

static uint32_t next_number(void)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 32);
}

/* On the heap, and no longer than it says: a read past its end is seen. */
static int run(const char *data, size_t len, unsigned changes)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	cleanup_free uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return -1;
	if (len)
		memcpy(copy, data, len);
	for (unsigned i = 0; len && i < changes; i++) {
		/* Half of them where the header or the section headers are. */
		size_t window = len < 2048 ? len : 2048, at = next_number() % window;
		size_t place = i % 4 == 0 ? at : i % 4 == 1 ? len - 1 - at : next_number() % len;

		copy[place] = values[next_number() % sizeof(values)];
	}
	LLVMFuzzerTestOneInput(copy, len);
	return 0;
}

static int run_file(const char *path, unsigned times)
{
	cleanup_strbuf struct strbuf file = {0};
	int r = io_read_file(path, (size_t)1 << 28, &file);

	if (r == 0)
		r = run(file.data, file.len, 0);
	for (unsigned i = 0; r == 0 && i < times; i++) {
		r = run(file.data, file.len ? next_number() % file.len : 0, 0);
		if (r == 0)
			r = run(file.data, file.len, 1 + i % 4);
	}
	if (r < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
	return r;
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (run_file(argv[i], (unsigned)strtoul(argv[1], NULL, 10)) < 0)
			return 1;
	printf("%d files\n", argc - 2);
	return argc < 3;
}
