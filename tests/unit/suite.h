/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every suite shares; the first include of each. A test is TEST(name) { … } and runs in an
 * empty directory of its own. libcheck itself honours CK_FORK=no, where all tests run in this
 * process: a test leaves the environment, the streams and signals as it found them, or sets in
 * suite_begin() what it needs.
 */
#ifndef CROSSBPF_TESTS_SUITE_H
#define CROSSBPF_TESTS_SUITE_H

#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/cleanup.h"

#define TEST(name)                     \
	static void name##_body(void); \
	START_TEST(name)               \
	{                              \
		name##_body();         \
	}                              \
	END_TEST                       \
	static void name##_body(void)

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { SUITE_TIMEOUT = 60 }; /* seconds; for a test that hangs */

static char suite_dir[256];

/* Each test begins here. */
static inline void suite_begin(void)
{
	char dir[sizeof(suite_dir) + 8], path[256];

	/* With a directory in PATH that may not be searched a missing program is -EACCES. */
	if (confstr(_CS_PATH, path, sizeof(path)) > 0)
		setenv("PATH", path, 1);
	snprintf(dir, sizeof(dir), "%s/XXXXXX", suite_dir);
	if (!mkdtemp(dir) || chdir(dir) < 0)
		ck_abort_msg("cannot enter %s: %s", dir, strerror(errno));
	alarm(SUITE_TIMEOUT + 5); /* libcheck's own is of no effect without fork() */
}

/* Removes `name` in `parent` with all that is in it. */
static inline void suite_remove(int parent, const char *name)
{
	if (unlinkat(parent, name, 0) == 0)
		return;
	fchmodat(parent, name, 0700, 0);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_closedir DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *entry; entries && (entry = readdir(entries));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			suite_remove(fd, entry->d_name);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static inline int suite_run(const char *name, void (*add_tests)(TCase *))
{
	const char *tmp = getenv("TMPDIR");
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create(name);
	SRunner *runner = srunner_create(suite);

	snprintf(suite_dir, sizeof(suite_dir), "%s/check-%s-XXXXXX",
		 tmp && tmp[0] == '/' ? tmp : "/tmp", name);
	if (!mkdtemp(suite_dir)) {
		perror(suite_dir);
		return EXIT_FAILURE;
	}
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, suite_begin, NULL);
	tcase_set_timeout(tests, SUITE_TIMEOUT);
	add_tests(tests);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (chdir("/") == 0)
		suite_remove(AT_FDCWD, suite_dir);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Files, by the shortest way. */
static inline void write_text(const char *path, const char *text)
{
	cleanup_fclose FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fflush(f) != 0)
		ck_abort_msg("cannot write %s: %s", path, strerror(errno));
}

/* NULL where there is no such file; the caller frees. */
static inline char *read_text(const char *path)
{
	cleanup_fclose FILE *f = fopen(path, "r");
	char *text = f ? calloc(1, 65536) : NULL;

	if (text && fread(text, 1, 65535, f) == 65535)
		ck_abort_msg("%s is too long", path);
	return text;
}

static inline bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* A shell script that can be run by name. */
static inline void write_program(const char *path, const char *script)
{
	cleanup_fclose FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "#!/bin/sh\n%s\n", script) < 0 || fflush(f) != 0 ||
	    chmod(path, 0755) < 0)
		ck_abort_msg("cannot write %s: %s", path, strerror(errno));
}

/* Makes a named pipe and a process that waits for somebody to read `text` from it. */
static inline pid_t make_pipe(const char *path, const char *text)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	pid_t pid = fork();
	if (pid == 0) {
		cleanup_close int fd = open(path, O_WRONLY);
		_exit(write(fd, text, strlen(text)) < 0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

static inline void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static inline unsigned count_entries(const char *path)
{
	cleanup_closedir DIR *entries = opendir(path);
	unsigned n = 0;

	ck_assert_ptr_ne(entries, NULL);
	for (struct dirent *entry; (entry = readdir(entries));)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	return n;
}

#define assert_text(path, text)                                \
	do {                                                   \
		cleanup_free char *content_ = read_text(path); \
		ck_assert_ptr_ne(content_, NULL);              \
		ck_assert_str_eq(content_, text);              \
	} while (0)

#define assert_contains(string, part)                                                  \
	do {                                                                           \
		const char *string_ = (string), *part_ = (part);                       \
		ck_assert_msg(string_ &&strstr(string_, part_), "\"%s\" lacks \"%s\"", \
			      string_ ? string_ : "(none)", part_);                    \
	} while (0)

#endif
