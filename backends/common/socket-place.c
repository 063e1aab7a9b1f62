/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/io.h"
#include "socket-place.h"

/* A socket's name has 104 bytes on macOS; ssh first makes it with 17 more. */
enum { LONGEST_NAME = 104 - 17 - 1 };

/* Nobody else may put a socket there in place of ours. */
static bool is_private(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == getuid() &&
	       (st.st_mode & 077) == 0;
}

static char *place_in(const char *dir, const char *key)
{
	cleanup_free char *path = dir ? str_printf("%s/%s", dir, key) : NULL;

	/* ssh would put the environment's word for it, which nothing keeps it from. */
	if (!path || path[0] != '/' || strlen(path) > LONGEST_NAME || strstr(path, "${"))
		return NULL;
	if (io_make_parents(path, 0700) < 0 || !is_private(dir))
		return NULL;
	return TAKE_PTR(path);
}

char *socket_place(const char *key)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	cleanup_free char *cache = NULL;
	bool has_runtime = runtime && runtime[0], has_cache = io_cache_dir(&cache) == 0;
	cleanup_free char *in_runtime = has_runtime ? str_printf("%s/crossbpf", runtime) : NULL;
	cleanup_free char *in_cache = has_cache ? str_printf("%s/sockets", cache) : NULL;
	cleanup_free char *in_tmp = str_printf("/tmp/crossbpf-%ld", (long)getuid());
	char *place = place_in(in_runtime, key);

	if (!place)
		place = place_in(in_cache, key);
	return place ? place : place_in(in_tmp, key);
}
