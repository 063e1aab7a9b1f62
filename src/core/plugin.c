/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin.h"
#include "shared/nearest.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

/* What a table must reach: all up to the last mandatory operation. */
#define MANDATORY_SIZE \
	(offsetof(struct crossbpf_backend, close) + sizeof(((struct crossbpf_backend *)0)->close))

bool plugin_is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return len > 0 && name[len] == '\0';
}

/* What everyone may write, or a stranger owns, could be exchanged by others; where a group may
 * write is the group's affair, as with a shared checkout. In a sticky directory names are safe. */
static int check_owner(const char *path, const struct stat *st, const char *what,
		       struct crossbpf_error *e)
{
	if ((st->st_mode & S_IWOTH) && !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
		return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
				 "chmod o-w it once you know what it holds",
				 "%s refused: everyone may write %s", what, path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
				 "it must belong to root or to you",
				 "%s refused: %s belongs to user %lu", what, path,
				 (unsigned long)st->st_uid);
	return 0;
}

/* A module runs with all our rights: nobody else may have put it there. */
int plugin_check_file(const char *dir, const char *path, const char *what, struct crossbpf_error *e)
{
	struct stat st;

	if (dir[0] != '/')
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "give the directory from / on",
				 "the directory of %s is no absolute path: %s", what, dir);
	if (stat(path, &st) < 0)
		return error_set(e, -errno, EXIT_STATUS_NO_BACKEND,
				 "choose another with CROSSBPF_BACKEND",
				 "%s is not installed: %s: %s", what, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND, NULL,
				 "%s refused: %s is not a regular file", what, path);
	int r = check_owner(path, &st, what, e);
	if (r == 0 && stat(dir, &st) == 0)
		r = check_owner(dir, &st, what, e);
	return r;
}

/* To look into a module is to load it: others of ours lie there too. */
void plugin_list(const char *dir, struct strv *names)
{
	static const char end[] = ".so";
	cleanup_closedir DIR *entries = opendir(dir);

	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		cleanup_error struct crossbpf_error ignored = {0};
		size_t len = strlen(entry->d_name);
		if (len <= strlen(end) || strcmp(entry->d_name + len - strlen(end), end) != 0)
			continue;
		cleanup_free char *name = strndup(entry->d_name, len - strlen(end));
		cleanup_free char *path = str_printf("%s/%s", dir, entry->d_name);
		if (!name || !path || !plugin_is_name(name) ||
		    plugin_check_file(dir, path, name, &ignored) < 0)
			continue;
		void *module = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
		if (module && dlsym(module, "crossbpf_backend_init"))
			strv_add(names, name);
		if (module)
			dlclose(module);
	}
	strv_sort(names);
}

static int refuse_missing(const char *dir, const char *name, struct crossbpf_error *e)
{
	static const char choose[] = "choose another with CROSSBPF_BACKEND";
	cleanup_strbuf struct strbuf list = {0};
	cleanup_strv struct strv names = {0};

	plugin_list(dir, &names);
	for (size_t i = 0; i < names.n; i++)
		strbuf_printf(&list, "%s %s", i ? "," : "", names.v[i]);
	if (names.error || list.error)
		return error_no_memory(e);
	if (!names.n)
		return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, choose,
				 "backend '%s' is not installed, and no other is in %s", name, dir);
	const char *near = nearest(name, (const char *const *)names.v);
	cleanup_free char *hint = near ? str_printf("did you mean '%s'?", near) : strdup(choose);
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, hint,
			 "backend '%s' is not installed; there %s%s", name,
			 names.n > 1 ? "are" : "is", list.data);
}

/* What a key must reach: all that the first release had. */
#define MANDATORY_KEY_SIZE \
	(offsetof(struct crossbpf_key, flags) + sizeof(((struct crossbpf_key *)0)->flags))

/* Copies the keys, which may be shorter or longer than ours, one by one. */
static int copy_keys(struct plugin *p, struct crossbpf_error *e)
{
	const char *from = (const char *)p->backend.keys;
	size_t size = p->backend.key_size, n = 0;
	const char *name;

	if (!from)
		return 0;
	do {
		struct crossbpf_key *keys = realloc(p->keys, (n + 1) * sizeof(*keys));
		if (!keys)
			return error_no_memory(e);
		p->keys = keys;
		keys[n] = (struct crossbpf_key){0};
		memcpy(&keys[n], from + n * size, size < sizeof(*keys) ? size : sizeof(*keys));
		name = keys[n++].name;
	} while (name);
	p->backend.keys = p->keys;
	return 0;
}

static int check_table(const struct crossbpf_backend *table, const char *path, const char *name,
		       struct crossbpf_error *e)
{
	static const char rebuild[] = "rebuild it against this crossbpf's crossbpf-backend.h";

	if (!table)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, NULL,
				 "backend '%s' refused: %s says it cannot work here", name, path);
	if (table->abi != CROSSBPF_BACKEND_ABI)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, rebuild,
				 "backend '%s' refused: %s was made for ABI %lu, this crossbpf "
				 "speaks ABI %lu",
				 name, path, (unsigned long)table->abi,
				 (unsigned long)CROSSBPF_BACKEND_ABI);
	if (table->size < MANDATORY_SIZE)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, rebuild,
				 "backend '%s' refused: the table in %s has %lu bytes, at least "
				 "%lu are needed",
				 name, path, (unsigned long)table->size,
				 (unsigned long)MANDATORY_SIZE);

	const char *missing = !table->probe   ? "probe"
			      : !table->open  ? "open"
			      : !table->run   ? "run"
			      : !table->close ? "close"
					      : NULL;
	if (missing)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, rebuild,
				 "backend '%s' refused: %s lacks the operation '%s'", name, path,
				 missing);
	if (table->keys && table->key_size < MANDATORY_KEY_SIZE)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, rebuild,
				 "backend '%s' refused: the keys in %s have %lu bytes each, at "
				 "least %lu are needed",
				 name, path, (unsigned long)table->key_size,
				 (unsigned long)MANDATORY_KEY_SIZE);
	if (!table->name || strcmp(table->name, name) != 0)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, rebuild,
				 "backend '%s' refused: %s calls itself '%s'", name, path,
				 table->name ? table->name : "");
	return 0;
}

int plugin_load(const char *dir, const char *name, struct plugin *ret_plugin,
		struct crossbpf_error *e)
{
	if (!plugin_is_name(name))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "a name has lower-case letters, digits, '_' and '-'; its place "
				 "follows a colon, as in ssh:HOST",
				 "'%s' is no backend's name", name);

	cleanup_free char *path = str_printf("%s/%s.so", dir, name);
	cleanup_free char *what = str_printf("backend '%s'", name);
	if (!path || !what)
		return error_no_memory(e);
	if (dir[0] == '/' && access(path, F_OK) < 0 && errno == ENOENT)
		return refuse_missing(dir, name, e);
	int r = plugin_check_file(dir, path, what, e);
	if (r < 0)
		return r;

	struct plugin p = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
	if (!p.handle)
		return error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, NULL,
				 "backend '%s' cannot be loaded: %s", name, dlerror());

	const struct crossbpf_backend *(*init)(void);
	*(void **)&init = dlsym(p.handle, "crossbpf_backend_init");
	if (!init) {
		r = error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, NULL,
			      "backend '%s' refused: %s has no crossbpf_backend_init", name, path);
	} else {
		const struct crossbpf_backend *table = init();
		r = check_table(table, path, name, e);
		if (r == 0) {
			memcpy(&p.backend, table,
			       table->size < sizeof(p.backend) ? table->size : sizeof(p.backend));
			r = copy_keys(&p, e);
		}
	}
	if (r < 0)
		plugin_unload(&p);
	else
		*ret_plugin = p;
	return r;
}

const void *plugin_load_module(const char *dir, const char *file, const char *symbol, size_t size,
			       const char *what, void **handle, struct crossbpf_error *e)
{
	cleanup_free char *path = str_printf("%s/%s", dir, file);
	const void *(*init)(void);

	if (!path) {
		error_no_memory(e);
		return NULL;
	}
	if (!*handle) {
		if (plugin_check_file(dir, path, what, e) < 0)
			return NULL;
		*handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	}
	void *found = *handle ? dlsym(*handle, symbol) : NULL;
	memcpy(&init, &found, sizeof(init)); /* C has no cast for it */
	const uint32_t *table = found ? init() : NULL;
	if (table && *table == size)
		return table;
	error_set(e, -ENOEXEC, EXIT_STATUS_NO_BACKEND, "install crossbpf again",
		  "cannot load %s: %s", path, table ? "it is of another release" : dlerror());
	return NULL;
}

void plugin_unload(struct plugin *p)
{
	free(p->keys);
	*p = (struct plugin){0};
}

bool plugin_is_installed(const char *dir, const char *name)
{
	cleanup_free char *path = str_printf("%s/%s.so", dir, name);

	return path && access(path, F_OK) == 0;
}
