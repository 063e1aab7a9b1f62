/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pairs [-f] [-a NAME] [-b NAME] [-c COUNT] [-p MS] [-t TITLE] N -- COMMAND_A... -- COMMAND_B...
 *
 * Runs two commands in turn, N times each after one round that does not count (-f: it does), each
 * after MS milliseconds in which what the other left behind may end, and prints the median of each
 * wall time, of their differences and of their ratios, pair by pair: that holds where the machine's
 * speed drifts. Beside them the processor time of each, which holds where others use the machine
 * too, and the memory of its largest process.
 *
 * With BENCH_RESULTS in the environment it appends what it prints to that file too, a line of JSON,
 * under the title, the names and the count of actions that it is told: report.py reads it.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct side {
	const char *name;
	char **argv;
	double *ms;  /* of each run */
	double *cpu; /* milliseconds of processor time, of all its processes */
	long memory; /* KiB resident in the largest process of any run */
};

struct bench {
	const char *title;
	long actions; /* of each command; 0: that is no matter */
	size_t n;
	bool first; /* does that round count? */
	long pause; /* milliseconds before each */
	struct side a, b;
	double *difference, *ratio, *cpu_ratio;
};

struct spread {
	double min, median, max;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static double run(struct side *s, double *ret_cpu, long pause,
		  const posix_spawn_file_actions_t *quiet)
{
	nanosleep(&(struct timespec){pause / 1000, pause % 1000 * 1000000}, NULL);
	double began = now_ms();
	struct rusage usage;
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, s->argv[0], quiet, NULL, s->argv, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) < 0 || status != 0) {
		fprintf(stderr, "pairs: %s failed\n", s->argv[0]);
		exit(1);
	}
#ifdef __APPLE__
	usage.ru_maxrss /= 1024; /* bytes there */
#endif
	if (usage.ru_maxrss > s->memory)
		s->memory = usage.ru_maxrss;
	*ret_cpu = ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
	return now_ms() - began;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spread spread_of(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return (struct spread){values[0], (values[(n - 1) / 2] + values[n / 2]) / 2, values[n - 1]};
}

static void print(const char *what, struct spread s)
{
	printf("%-16s %10.3f %10.3f %10.3f\n", what, s.min, s.median, s.max);
}

static void put_json(FILE *to, const char *name, struct spread s)
{
	fprintf(to, ", \"%s\": [%.6f, %.6f, %.6f]", name, s.min, s.median, s.max);
}

static int report(struct bench *b)
{
	const char *results = getenv("BENCH_RESULTS");
	struct spread ms_a = spread_of(b->a.ms, b->n), ms_b = spread_of(b->b.ms, b->n),
		      cpu_a = spread_of(b->a.cpu, b->n), cpu_b = spread_of(b->b.cpu, b->n),
		      cpu_ratio = spread_of(b->cpu_ratio, b->n),
		      difference = spread_of(b->difference, b->n),
		      ratio = spread_of(b->ratio, b->n);

	printf("%-16s %10s %10s %10s\n", "", "min", "median", "max");
	print("A ms", ms_a);
	print("B ms", ms_b);
	print("A - B ms", difference);
	print("A / B", ratio);
	print("A cpu ms", cpu_a);
	print("B cpu ms", cpu_b);
	print("A / B cpu", cpu_ratio);
	printf("%-16s %10ld %10ld\n", "A, B MiB", b->a.memory / 1024, b->b.memory / 1024);
	if (!results || !*results)
		return 0;
	FILE *to = fopen(results, "a");
	if (!to) {
		fprintf(stderr, "pairs: %s: %s\n", results, strerror(errno));
		return 1;
	}
	/* Names and titles are those of the scripts here: without a quote in them. */
	fprintf(to,
		"{\"title\": \"%s\", \"a\": \"%s\", \"b\": \"%s\", \"actions\": %ld, \"pairs\": "
		"%zu",
		b->title, b->a.name, b->b.name, b->actions, b->n);
	put_json(to, "a_ms", ms_a);
	put_json(to, "b_ms", ms_b);
	put_json(to, "ratio", ratio);
	put_json(to, "a_cpu_ms", cpu_a);
	put_json(to, "b_cpu_ms", cpu_b);
	put_json(to, "cpu_ratio", cpu_ratio);
	fprintf(to, ", \"a_kib\": %ld, \"b_kib\": %ld}\n", b->a.memory, b->b.memory);
	return fclose(to) == 0 ? 0 : 1;
}

static int measure(struct bench *b)
{
	posix_spawn_file_actions_t quiet;
	double *values = calloc(b->n * 7, sizeof(*values));

	if (!values || posix_spawn_file_actions_init(&quiet) != 0 ||
	    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) != 0)
		return 1;
	b->a.ms = values;
	b->b.ms = values + b->n;
	b->difference = values + 2 * b->n;
	b->ratio = values + 3 * b->n;
	b->a.cpu = values + 4 * b->n;
	b->b.cpu = values + 5 * b->n;
	b->cpu_ratio = values + 6 * b->n;
	for (size_t i = b->first; i <= b->n; i++) {
		double cpu_a, cpu_b;
		double ms_a = run(&b->a, &cpu_a, b->pause, &quiet);
		double ms_b = run(&b->b, &cpu_b, b->pause, &quiet);
		if (i == 0)
			continue;
		b->a.ms[i - 1] = ms_a;
		b->b.ms[i - 1] = ms_b;
		b->difference[i - 1] = ms_a - ms_b;
		b->ratio[i - 1] = ms_a / ms_b;
		b->a.cpu[i - 1] = cpu_a;
		b->b.cpu[i - 1] = cpu_b;
		b->cpu_ratio[i - 1] = cpu_a / cpu_b;
	}
	int status = report(b);
	posix_spawn_file_actions_destroy(&quiet);
	free(values);
	return status;
}

int main(int argc, char **argv)
{
	struct bench b = {.title = "", .a.name = "A", .b.name = "B"};
	long n;

	for (int c; (c = getopt(argc, argv, "+a:b:c:fp:t:")) != -1;) {
		switch (c) {
		case 'a':
			b.a.name = optarg;
			break;
		case 'b':
			b.b.name = optarg;
			break;
		case 'c':
			b.actions = strtol(optarg, NULL, 10);
			break;
		case 'f':
			b.first = true;
			break;
		case 'p':
			b.pause = strtol(optarg, NULL, 10);
			break;
		case 't':
			b.title = optarg;
			break;
		default:
			return 2;
		}
	}
	n = optind < argc ? strtol(argv[optind], NULL, 10) : 0;
	if (optind + 3 < argc && strcmp(argv[optind + 1], "--") == 0)
		b.a.argv = argv + optind + 2;
	for (int i = optind + 3; i < argc - 1 && !b.b.argv; i++) {
		if (strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			b.b.argv = argv + i + 1;
		}
	}
	if (n < 1 || n > 100000 || !b.a.argv || !b.b.argv) {
		fprintf(stderr, "usage: pairs [-f] [-a NAME] [-b NAME] [-c COUNT] [-t TITLE] N -- "
				"COMMAND_A... -- COMMAND_B...\n");
		return 2;
	}
	b.n = (size_t)n;
	return measure(&b);
}
