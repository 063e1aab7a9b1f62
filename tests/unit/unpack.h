/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives that this machine's tar unpacks. */
#ifndef CROSSBPF_TESTS_UNPACK_H
#define CROSSBPF_TESTS_UNPACK_H

#include "shared/strbuf.h"

/* Its status; what it says is not shown. */
static inline int run_program(const char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* As builder.sh does it. */
static inline void unpack(const struct strbuf *archive, const char *dir)
{
	char file[] = "/tmp/check-unpack-XXXXXX";
	int fd = mkstemp(file);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, archive->data, archive->len), (ssize_t)archive->len);
	close(fd);
	int r = run_program((const char *const[]){"tar", "xmf", file, "-C", dir, NULL});
	unlink(file);
	ck_assert_int_eq(r, 0);
}

#endif
