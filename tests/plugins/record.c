/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: this machine, and a record of what was run on it. The file that CROSSBPF_RECORD names in
 * the environment of a command gets a line for it: its words, quoted for a shell. A newline within
 * a word is written as a blank.
 */
#include <errno.h>
#include <fcntl.h>

#include "crossbpf-backend.h"
#include "place.h"
#include "shared/io.h"
#include "shared/shell.h"

static const char *record_file(const char *const *env)
{
	static const char name[] = "CROSSBPF_RECORD=";

	for (; env && *env; env++)
		if (strncmp(*env, name, sizeof(name) - 1) == 0)
			return *env + sizeof(name) - 1;
	return NULL;
}

static int append(const char *path, const char *const *argv)
{
	cleanup_strbuf struct strbuf line = {0};

	shell_quote_all(&line, argv);
	if (line.error)
		return line.error;
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\n')
			line.data[i] = ' ';
	strbuf_putc(&line, '\n');

	cleanup_close int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : line.error ? line.error : io_write_fd(fd, line.data, line.len);
}

static int record_run(struct crossbpf_session *session, const struct crossbpf_run *run,
		      int *ret_status)
{
	const char *path = record_file(run->env);
	int r = path ? append(path, run->argv) : 0;

	if (r < 0) {
		cleanup_free char *message = str_printf("cannot write %s: %s", path, strerror(-r));
		run->host->error(run->host->ctx, message ? message : "out of memory", NULL);
		return r;
	}
	return place_run(session, run, ret_status);
}

static const struct crossbpf_backend record = {
	.size = sizeof(record),
	.abi = CROSSBPF_BACKEND_ABI,
	.name = "record",
	.summary = "this machine, with a record of what was run",
	.caps = CROSSBPF_CAP_HOST_FILES,
	.probe = place_probe,
	.open = place_open,
	.run = record_run,
	.close = place_close,
};

const struct crossbpf_backend *crossbpf_backend_init(void)
{
	return &record;
}
