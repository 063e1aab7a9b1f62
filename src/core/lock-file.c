/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lock-file.h"
#include "shared/io.h"

enum { MAX_FILE_SIZE = 1 << 16 };

static const char backend_prefix[] = "backend.";
static const char writer_key[] = "crossbpf.version"; /* of no effect on an object */

char *lock_file_path(const char *root)
{
	return str_printf("%s/crossbpf.lock", strcmp(root, "/") == 0 ? "" : root);
}

void lock_file_free(struct lock_file *lock)
{
	for (size_t i = 0; i < lock->n; i++) {
		free(lock->entries[i].key);
		free(lock->entries[i].value);
	}
	free(lock->entries);
	*lock = (struct lock_file){0};
}

static struct lock_entry *find(const struct lock_file *lock, const char *key)
{
	for (size_t i = 0; i < lock->n; i++)
		if (strcmp(lock->entries[i].key, key) == 0)
			return &lock->entries[i];
	return NULL;
}

const char *lock_file_get(const struct lock_file *lock, const char *key)
{
	const struct lock_entry *entry = find(lock, key);

	return entry ? entry->value : NULL;
}

/* One line that is read as it was written. */
static bool is_value(const char *value)
{
	if (!value || !value[0] || value[0] == ' ' || value[strlen(value) - 1] == ' ')
		return false;
	for (; *value; value++)
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			return false;
	return true;
}

static int add(struct lock_file *lock, const char *key, const char *value)
{
	struct lock_entry *entries = realloc(lock->entries, (lock->n + 1) * sizeof(*entries));
	struct lock_entry entry = {.key = strdup(key), .value = strdup(value)};
	size_t at = lock->n;

	if (entries)
		lock->entries = entries;
	if (!entries || !entry.key || !entry.value) {
		free(entry.key);
		free(entry.value);
		return -ENOMEM;
	}
	for (; at > 0 && strcmp(entries[at - 1].key, key) > 0; at--)
		entries[at] = entries[at - 1];
	entries[at] = entry;
	lock->n++;
	return 0;
}

int lock_file_set(struct lock_file *lock, const char *key, const char *value)
{
	struct lock_entry *entry = find(lock, key);

	if (!is_value(value))
		return 0;
	if (!entry)
		return add(lock, key, value);
	char *copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(entry->value);
	entry->value = copy;
	return 0;
}

/* `line` is cut into pieces. -EINVAL for one that is no entry. */
static int read_line(struct lock_file *lock, char *line)
{
	static const char equals[] = " = ";
	char *value = strstr(line, equals);

	if (!line[0] || line[0] == '#')
		return 0;
	if (!value || value == line)
		return -EINVAL;
	*value = '\0';
	value += strlen(equals);
	if (!is_value(value) || strchr(line, ' ') || find(lock, line))
		return -EINVAL;
	return add(lock, line, value);
}

static int parse(const char *path, char *text, struct lock_file *lock, struct crossbpf_error *e)
{
	unsigned number = 0;

	for (char *line = text; line && *line;) {
		char *end = strchr(line, '\n');
		number++;
		if (end)
			*end++ = '\0';
		int r = read_line(lock, line);
		if (r == -ENOMEM)
			return error_no_memory(e);
		if (r < 0)
			return error_set(e, r, EXIT_STATUS_USAGE,
					 "remove the file, and write it anew: crossbpf lock",
					 "%s:%u: this is no KEY = VALUE, or is there twice", path,
					 number);
		line = end;
	}
	return 0;
}

int lock_file_read(const char *path, struct lock_file *ret_lock, struct crossbpf_error *e)
{
	cleanup_lock_file struct lock_file lock = {0};
	cleanup_strbuf struct strbuf content = {0};

	int r = io_read_file(path, MAX_FILE_SIZE, &content);
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, NULL, "cannot read %s: %s", path,
				 strerror(-r));
	r = parse(path, content.data, &lock, e);
	if (r < 0)
		return r;
	*ret_lock = lock;
	lock = (struct lock_file){0};
	return 0;
}

int lock_file_text(const struct lock_file *lock, char **ret_text)
{
	cleanup_strbuf struct strbuf text = {0};

	strbuf_puts(&text, "# Written by crossbpf lock: the builder of this project.\n");
	for (size_t i = 0; i < lock->n; i++)
		strbuf_printf(&text, "%s = %s\n", lock->entries[i].key, lock->entries[i].value);
	return strbuf_finish(&text, ret_text);
}

static int set_of_backend(struct lock_file *lock, const char *backend, const char *name,
			  const char *value)
{
	cleanup_free char *key = str_printf("%s%s.%s", backend_prefix, backend, name);

	return key ? lock_file_set(lock, key, value) : -ENOMEM;
}

int lock_file_describe(struct lock_file *lock, const char *backend, const struct toolchain *t,
		       const char *image)
{
	if (lock_file_set(lock, writer_key, PACKAGE_VERSION) < 0 ||
	    lock_file_set(lock, "clang.number", t->number) < 0 ||
	    lock_file_set(lock, "clang.version", t->version) < 0 ||
	    lock_file_set(lock, "toolchain.identity", t->identity) < 0)
		return -ENOMEM;
	/* It lists paths, which differ from one kind of machine to another where clang's own
	 * identity does not. */
	if (set_of_backend(lock, backend, "headers", t->headers) < 0)
		return -ENOMEM;
	return set_of_backend(lock, backend, "image", image);
}

/* "393271" as "6.1.55". */
static int set_linux(struct lock_file *lock, const char *line)
{
	cleanup_free char *version = NULL;
	char *end;

	if (strncmp(line, "linux ", 6) != 0)
		return 0;
	unsigned long code = strtoul(line + 6, &end, 10);
	if (end == line + 6)
		return 0;
	version = str_printf("%lu.%lu.%lu", code >> 16, code >> 8 & 0xff, code & 0xff);
	return version ? lock_file_set(lock, "headers.linux", version) : -ENOMEM;
}

static int set_libbpf(struct lock_file *lock, const char *line)
{
	cleanup_free char *version = NULL;
	char *end;

	if (strncmp(line, "libbpf ", 7) != 0)
		return 0;
	unsigned long major = strtoul(line + 7, &end, 10);
	const char *rest = end;
	unsigned long minor = strtoul(rest, &end, 10);
	if (rest == line + 7 || end == rest)
		return 0;
	version = str_printf("%lu.%lu", major, minor);
	return version ? lock_file_set(lock, "headers.libbpf", version) : -ENOMEM;
}

int lock_file_ask_headers(struct lock_file *lock, struct session *s, const struct toolchain *t,
			  const char *const *env, struct crossbpf_error *e)
{
	/* The first of each, as clang finds it. libbpf tells major and minor in two lines. */
	static const char script[] =
		"define='^#[[:space:]]*define[[:space:]]*' number='[[:space:]]*\\([0-9]*\\).*'\n"
		"linux= libbpf=\n"
		"for dir do\n"
		"	[ -n \"$linux\" ] || linux=$(sed -n \"s/${define}LINUX_VERSION_CODE$number/"
		"\\1/p\" \"$dir/linux/version.h\" 2>/dev/null)\n"
		"	[ -n \"$libbpf\" ] || libbpf=$(sed -n \"s/${define}LIBBPF_M[A-Z]*_VERSION"
		"$number/\\1/p\" \"$dir/bpf/libbpf_version.h\" 2>/dev/null)\n"
		"done\n"
		"echo linux $linux\n"
		"echo libbpf $libbpf\n";
	static const char *const nothing[] = {NULL};
	cleanup_strbuf struct strbuf answer = {0};
	cleanup_strv struct strv argv = {0};
	char *rest = NULL;
	int status;

	strv_add_all(&argv, (const char *const[]){"sh", "-c", script, "headers", NULL});
	toolchain_builder_dirs(t, &argv);
	int r = argv.error ? error_no_memory(e)
			   : session_capture(s, (const char *const *)argv.v,
					     session_sees_host_files(s) ? env : nothing, &answer,
					     &status, e);
	if (r < 0)
		return r;
	for (char *line = strtok_r(answer.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (set_linux(lock, line) < 0 || set_libbpf(lock, line) < 0)
			return error_no_memory(e);
	return 0;
}

void lock_file_compare(const struct lock_file *lock, const struct lock_file *builder,
		       struct strv *keys)
{
	for (size_t i = 0; i < builder->n; i++) {
		const struct lock_entry *entry = &builder->entries[i];
		const char *locked = lock_file_get(lock, entry->key);
		if (locked && strcmp(locked, entry->value) != 0 &&
		    strcmp(entry->key, writer_key) != 0)
			strv_add(keys, entry->key);
	}
}

/* A clang of another number differs in all else too: that is what to say. */
static const char *telling(const struct strv *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strncmp(keys->v[i], "clang.", strlen("clang.")) == 0)
			return keys->v[i];
	return keys->v[0];
}

int lock_file_check(const struct lock_file *lock, const char *backend, const char *where,
		    const struct toolchain *t, const char *image, struct crossbpf_error *e)
{
	cleanup_lock_file struct lock_file builder = {0};
	cleanup_strv struct strv keys = {0};
	cleanup_free char *hint = NULL;

	if (lock_file_describe(&builder, backend, t, image) < 0)
		return error_no_memory(e);
	lock_file_compare(lock, &builder, &keys);
	if (keys.error)
		return error_no_memory(e);
	if (!keys.n)
		return 0;
	const char *key = telling(&keys);
	hint = str_printf("take the builder that was locked, or accept this one: "
			  "crossbpf lock --backend %s%s%s",
			  backend, where ? ":" : "", where ? where : "");
	return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND, hint,
			 "%s: its %s is %s, and crossbpf.lock has %s", backend, key,
			 lock_file_get(&builder, key), lock_file_get(lock, key));
}

bool lock_file_is_of_other_backend(const char *key, const char *backend)
{
	size_t len = strlen(backend);

	if (strncmp(key, backend_prefix, strlen(backend_prefix)) != 0)
		return false;
	key += strlen(backend_prefix);
	return strncmp(key, backend, len) != 0 || key[len] != '.';
}
