/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of archive-maker.h for exchange.so: they are archive.so's, which is loaded when the
 * first archive is begun. libarchive takes libxml2, and that ICU, along; an edit needs no archive.
 */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include "archive-maker.h"
#include "shared/sibling.h"

static const struct archive_module *module;

static void load(void)
{
	static const int ours;
	const struct archive_module *(*init)(void);

	void *symbol = sibling_load(&ours, "archive.so", "crossbpf_archive_init");
	memcpy(&init, &symbol, sizeof(init)); /* C has no cast for it */
	module = symbol ? init() : NULL;
	if (module && module->size != sizeof(*module)) /* of another release */
		module = NULL;
}

struct archive_maker *archive_begin(struct strbuf *to)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	return module ? module->begin(to) : NULL;
}

void archive_add_file(struct archive_maker *a, const char *name, const void *data, size_t len)
{
	module->add_file(a, name, data, len);
}

void archive_begin_file(struct archive_maker *a, const char *name, const struct stat *st)
{
	module->begin_file(a, name, st);
}

void archive_add_data(struct archive_maker *a, const void *data, size_t len)
{
	module->add_data(a, data, len);
}

void archive_add_directory(struct archive_maker *a, const char *name, const struct stat *st)
{
	module->add_directory(a, name, st);
}

void archive_add_link(struct archive_maker *a, const char *name, const char *target,
		      const struct stat *st)
{
	module->add_link(a, name, target, st);
}

int archive_end(struct archive_maker *a)
{
	return module->end(a);
}
