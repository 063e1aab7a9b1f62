/* SPDX-License-Identifier: BSD-2-Clause */
/* spawn COMMAND...: runs it and waits. The least that a stand-in for another program can cost. */
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	pid_t pid;
	int status;

	if (argc < 2 || posix_spawnp(&pid, argv[1], NULL, NULL, argv + 1, environ) ||
	    waitpid(pid, &status, 0) < 0)
		return 1;
	return status != 0;
}
