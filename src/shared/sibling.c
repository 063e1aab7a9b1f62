/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include "io.h"
#include "sibling.h"

char *sibling_path(const void *ours, const char *name)
{
	Dl_info info;

	if (!dladdr(ours, &info) || !info.dli_fname)
		return NULL;
	int len = (int)(io_basename(info.dli_fname) - info.dli_fname);
	return str_printf("%.*s%s", len, info.dli_fname, name);
}

void *sibling_load(const void *ours, const char *name, const char *symbol)
{
	cleanup_free char *path = sibling_path(ours, name);
	void *module = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;

	return module ? dlsym(module, symbol) : NULL;
}
