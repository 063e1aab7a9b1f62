/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pairs N -- COMMAND_A... -- COMMAND_B...
 *
 * Runs two commands in turn, N times each after one round that does not count, and prints the
 * median of each wall time, of their differences and of their ratios, pair by pair: that holds
 * where the machine's speed drifts.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double run(char **argv, const posix_spawn_file_actions_t *quiet)
{
	double began = now_ms();
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], quiet, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "pairs: %s failed\n", argv[0]);
		exit(1);
	}
	return now_ms() - began;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *name, double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	printf("%-16s %10.3f %10.3f %10.3f\n", name, values[0], values[n / 2], values[n - 1]);
}

int main(int argc, char **argv)
{
	char **second = NULL;
	posix_spawn_file_actions_t quiet;

	for (int i = 4; i < argc - 1 && !second; i++) {
		if (strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			second = argv + i + 1;
		}
	}
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	if (n < 1 || n > 100000 || !second || strcmp(argv[2], "--") != 0) {
		fprintf(stderr, "usage: pairs N -- COMMAND_A... -- COMMAND_B...\n");
		return 2;
	}

	size_t count = (size_t)n;
	double *values = calloc(count * 4, sizeof(*values));
	if (!values || posix_spawn_file_actions_init(&quiet) != 0 ||
	    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) != 0)
		return 1;
	double *a = values, *b = a + count, *difference = b + count, *ratio = difference + count;

	for (size_t i = 0; i <= count; i++) {
		double ms_a = run(argv + 3, &quiet), ms_b = run(second, &quiet);
		if (i == 0)
			continue;
		a[i - 1] = ms_a;
		b[i - 1] = ms_b;
		difference[i - 1] = ms_a - ms_b;
		ratio[i - 1] = ms_a / ms_b;
	}
	printf("%-16s %10s %10s %10s\n", "", "min", "median", "max");
	print("A ms", a, count);
	print("B ms", b, count);
	print("A - B ms", difference, count);
	print("A / B", ratio, count);
	posix_spawn_file_actions_destroy(&quiet);
	free(values);
	return 0;
}
