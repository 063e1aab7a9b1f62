/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "find.h"
#include "shared/io.h"
#include "shared/strbuf.h"

bool find_in_path(const char *program)
{
	cleanup_free char *file = io_find_program(NULL, program, NULL);

	return file;
}

char *find_installed(const char *variable, const char *dir, const char *name)
{
	bool is_setuid = geteuid() != getuid() || getegid() != getgid();
	const char *other = is_setuid ? NULL : getenv(variable);

	return str_printf("%s/%s", other && other[0] ? other : dir, name);
}
