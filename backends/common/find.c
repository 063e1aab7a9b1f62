/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "find.h"
#include "shared/strbuf.h"

bool find_in_path(const char *program)
{
	const char *path = getenv("PATH");

	while (path) {
		size_t len = strcspn(path, ":");
		cleanup_free char *file = str_printf("%.*s/%s", (int)len, path, program);
		if (len && file && access(file, X_OK) == 0)
			return true;
		path = path[len] ? path + len + 1 : NULL;
	}
	return false;
}

char *find_installed(const char *variable, const char *dir, const char *name)
{
	bool is_setuid = geteuid() != getuid() || getegid() != getgid();
	const char *other = is_setuid ? NULL : getenv(variable);

	return str_printf("%s/%s", other && other[0] ? other : dir, name);
}
