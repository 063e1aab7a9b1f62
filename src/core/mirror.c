/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mirror.h"
#include "path-map.h"
#include "toolchain-memory.h"

void mirror_free(struct mirror *m)
{
	free(m->dir);
	free(m->root);
	toolchain_free(&m->toolchain);
	lock_file_free(&m->lock);
	*m = (struct mirror){0};
}

char *mirror_file(const struct mirror *m, const char *name)
{
	return str_printf("%s/%s", m->dir, name);
}

int mirror_at(const char *cache_dir, const struct project *project, struct mirror *ret_mirror)
{
	cleanup_mirror struct mirror m = {0};

	m.dir = str_printf("%s/headers/%s", cache_dir, project->id);
	m.root = m.dir ? mirror_file(&m, "root") : NULL;
	if (!m.root)
		return -ENOMEM;
	*ret_mirror = m;
	m = (struct mirror){0};
	return 0;
}

int mirror_open(const char *cache_dir, const struct project *project, struct mirror *ret_mirror)
{
	cleanup_error struct crossbpf_error damaged = {0};
	cleanup_mirror struct mirror m = {0};
	struct toolchain_memory memory = {.builder = true};

	int r = mirror_at(cache_dir, project, &m);
	cleanup_free char *lock = r == 0 ? mirror_file(&m, "lock") : NULL;
	cleanup_free char *toolchain = r == 0 ? mirror_file(&m, "toolchain.json") : NULL;
	if (!lock || !toolchain)
		return -ENOMEM;
	memory.file = toolchain;
	/* A damaged one is none: it is made anew. */
	if (access(lock, F_OK) < 0 || lock_file_read(lock, &m.lock, &damaged) < 0 ||
	    toolchain_memory_load(&memory, &m.toolchain) < 0 ||
	    !lock_file_get(&m.lock, MIRROR_KEY_OF))
		return -ENOENT;
	/* Clang maps each file's name once, and the project's root is mapped too. */
	if (toolchain_is_below(m.root, project->root) || strchr(m.root, '='))
		return -ENOENT;
	*ret_mirror = m;
	m = (struct mirror){0};
	return 0;
}

static bool is_of_clang(const char *key)
{
	return strncmp(key, "clang.", strlen("clang.")) == 0 ||
	       strncmp(key, "toolchain.", strlen("toolchain.")) == 0;
}

int mirror_describe(const struct mirror *m, struct lock_file *lock)
{
	int r = 0;

	for (size_t i = 0; i < m->lock.n && r == 0; i++) {
		const struct lock_entry *entry = &m->lock.entries[i];
		if (!is_of_clang(entry->key) && strncmp(entry->key, "mirror.", 7) != 0)
			r = lock_file_set(lock, entry->key, entry->value);
	}
	return r;
}

int mirror_check(const struct mirror *m, const struct lock_file *lock, const char *backend,
		 const struct toolchain *host, struct crossbpf_error *e)
{
	cleanup_lock_file struct lock_file found = {0};
	cleanup_strv struct strv keys = {0};

	int r = mirror_describe(m, &found);
	if (r == 0)
		r = lock_file_set(&found, "clang.number", host->number);
	if (r == 0)
		r = lock_file_set(&found, "toolchain.identity", host->identity);
	if (r == 0)
		lock_file_compare(lock, &found, &keys);
	if (r < 0 || keys.error)
		return error_no_memory(e);
	if (!keys.n)
		return 0;
	for (size_t i = 0; i < keys.n; i++)
		if (is_of_clang(keys.v[i]))
			return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
					 "install the clang that was locked, or take another "
					 "builder with CROSSBPF_BACKEND",
					 "%s: its %s is %s, and crossbpf.lock has %s", backend,
					 keys.v[i], lock_file_get(&found, keys.v[i]),
					 lock_file_get(lock, keys.v[i]));
	return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND, "mirror them anew: crossbpf headers",
			 "%s: of the headers mirrored from %s the %s is %s, and crossbpf.lock has "
			 "%s",
			 backend, lock_file_get(&m->lock, MIRROR_KEY_OF), keys.v[0],
			 lock_file_get(&found, keys.v[0]), lock_file_get(lock, keys.v[0]));
}

/* The builder's directories as they are here; clang's own headers come with the clang here. */
static void take_dirs(const struct mirror *m, const struct strv *dirs, const char *theirs,
		      const char *ours, struct strv *ret_dirs)
{
	for (size_t i = 0; i < dirs->n; i++)
		if (strcmp(dirs->v[i], theirs) == 0)
			strv_add(ret_dirs, ours);
		else
			strv_take(ret_dirs, str_printf("%s%s", m->root, dirs->v[i]));
}

static void take_asm_dirs(const struct mirror *m, const struct strv *dirs, struct strv *ret_dirs)
{
	for (size_t i = 0; i < dirs->n; i++) {
		size_t arch = strcspn(dirs->v[i], ":");
		if (dirs->v[i][arch])
			strv_take(ret_dirs, str_printf("%.*s:%s%s", (int)arch, dirs->v[i], m->root,
						       dirs->v[i] + arch + 1));
	}
}

int mirror_apply(const struct mirror *m, struct toolchain *t)
{
	const struct toolchain *from = &m->toolchain;
	const char *theirs = toolchain_clang_dir(from), *ours = toolchain_clang_dir(t);
	struct toolchain with = {
		.has_kernel = from->has_kernel,
		.has_libbpf = from->has_libbpf,
	};

	if (!theirs || !ours)
		return -ENOTSUP;
	take_dirs(m, &from->search, theirs, ours, &with.search);
	take_dirs(m, &from->filled, theirs, ours, &with.filled);
	take_asm_dirs(m, &from->asm_dirs, &with.asm_dirs);
	with.mirror = strdup(m->root);
	with.mirror_of = strdup(lock_file_get(&m->lock, MIRROR_KEY_OF));
	with.mirror_clang_dir = strdup(theirs);
	if (from->libbpf_dir)
		with.libbpf_dir = str_printf("%s%s", m->root, from->libbpf_dir);
	if (with.search.error || with.filled.error || with.asm_dirs.error || !with.mirror ||
	    !with.mirror_of || !with.mirror_clang_dir || (from->libbpf_dir && !with.libbpf_dir)) {
		toolchain_free(&with);
		return -ENOMEM;
	}
	with.clang = TAKE_PTR(t->clang);
	with.number = TAKE_PTR(t->number);
	with.version = TAKE_PTR(t->version);
	memcpy(with.identity, t->identity, sizeof(with.identity));
	memcpy(with.content, t->content, sizeof(with.content));
	memcpy(with.scripts, t->scripts, sizeof(with.scripts));
	toolchain_free(t);
	*t = with;
	return 0;
}

void mirror_add_maps(const struct toolchain *t, struct strv *argv)
{
	const char *ours = toolchain_clang_dir(t);

	strv_take(argv, str_printf("-ffile-prefix-map=%s/=/", t->mirror));
	/* At the first = of which clang parts the two. */
	if (ours && t->mirror_clang_dir && strcmp(ours, t->mirror_clang_dir) != 0 &&
	    !strchr(ours, '='))
		strv_take(argv, str_printf("-ffile-prefix-map=%s/=%s/", ours, t->mirror_clang_dir));
}
