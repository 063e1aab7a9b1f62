/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/digest.h"
#include "shared/io.h"
#include "toolchain-memory.h"

enum {
	FORMAT = 11,
	MAX_FILE_SIZE = 1 << 20,
};

/* Fills all but the path. */
static void look_at(const char *path, struct toolchain_witness *w)
{
	struct stat st;

	w->mtime = -1;
	w->inode = w->size = 0;
	if (stat(path, &st) == 0) {
		w->mtime = io_mtime(&st);
		w->inode = (int64_t)st.st_ino;
		w->size = (int64_t)st.st_size;
	}
}

static int add_witness(struct toolchain_memory *m, const char *path, size_t len)
{
	struct toolchain_witness *witnesses =
		realloc(m->witnesses, (m->n + 1) * sizeof(*witnesses));
	if (!witnesses)
		return -ENOMEM;
	m->witnesses = witnesses;
	witnesses[m->n].path = strndup(path, len);
	if (!witnesses[m->n].path)
		return -ENOMEM;
	look_at(witnesses[m->n].path, &witnesses[m->n]);
	m->n++;
	return 0;
}

static const struct toolchain_witness *find_witness(const struct toolchain_memory *m, size_t n,
						    const char *path, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(m->witnesses[i].path, path, len) == 0 && !m->witnesses[i].path[len])
			return &m->witnesses[i];
	return NULL;
}

static bool is_missing(const struct toolchain_witness *w)
{
	return w->mtime == -1 && w->inode == 0;
}

/* Is it another one, or below one that is missing? A directory that is there tells nothing for sure
 * of what is missing in it: tar, rsync and cp set its time back. */
static bool is_told_by_another(const struct toolchain_memory *m, size_t i)
{
	const struct toolchain_witness *w = &m->witnesses[i], *outer;
	const char *slash = strrchr(w->path, '/');

	if (find_witness(m, i, w->path, strlen(w->path)))
		return true;
	if (!is_missing(w) || !slash || slash == w->path)
		return false;
	outer = find_witness(m, m->n, w->path, (size_t)(slash - w->path));
	return outer && is_missing(outer);
}

/* From the `first` on. Most headers' directories are missing: those of other archs. */
static void leave_out_the_told(struct toolchain_memory *m, size_t first)
{
	for (size_t i = m->n; i-- > first;)
		if (is_told_by_another(m, i)) {
			free(m->witnesses[i].path);
			memmove(&m->witnesses[i], &m->witnesses[i + 1],
				(--m->n - i) * sizeof(*m->witnesses));
		}
}

static int add_path_witnesses(struct toolchain_memory *m, const char *path)
{
	int r = 0;

	for (const char *dir = path; dir && r == 0;) {
		size_t len = strcspn(dir, ":");
		r = len ? add_witness(m, dir, len) : add_witness(m, ".", 1);
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	return r;
}

/* Does a part of this PATH depend on the working directory? */
static bool has_relative(const char *path)
{
	for (const char *dir = path; dir; dir = strchr(dir, ':'), dir = dir ? dir + 1 : NULL)
		if (dir[0] != '/')
			return true;
	return false;
}

static int make_key(const char *backend, const char *clang, const char *path,
		    const char *const *env, char ret_hex[DIGEST_HEX_SIZE])
{
	struct digest digest;

	digest_init(&digest);
	digest_string(&digest, backend);
	digest_string(&digest, clang);
	digest_string(&digest, path);
	/* Where pkg-config looks for libbpf, and clang for its libraries. */
	for (const char *const *variable = env; variable && *variable; variable++)
		if (strncmp(*variable, "PKG_CONFIG_", strlen("PKG_CONFIG_")) == 0 ||
		    strncmp(*variable, "LD_LIBRARY_PATH=", strlen("LD_LIBRARY_PATH=")) == 0)
			digest_string(&digest, *variable);
	if (path ? has_relative(path) : clang[0] != '/') {
		cleanup_free char *dir = NULL;
		int r = io_working_directory(&dir);
		if (r < 0)
			return r;
		digest_string(&digest, dir);
	}
	digest_finish(&digest, ret_hex);
	return 0;
}

static const char *path_in(const char *const *env)
{
	for (; env && *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return "";
}

static char *record_file(const struct toolchain_request *request, const char *hex)
{
	return str_printf("%s/toolchain/%s.json", request->cache_dir, hex);
}

int toolchain_memory_open(const struct toolchain_request *request, const char *backend,
			  struct toolchain_memory *ret_memory)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	const char *path =
		request->clang && strchr(request->clang, '/') ? NULL : path_in(request->env);
	char hex[DIGEST_HEX_SIZE];

	int r = make_key(backend, request->clang, path, request->env, hex);
	if (r < 0)
		return r;
	m.file = record_file(request, hex);
	if (!m.file)
		return -ENOMEM;

	m.began = io_now();
	r = add_path_witnesses(&m, path);
	if (r < 0)
		return r;
	*ret_memory = m;
	m = (struct toolchain_memory){0};
	return 0;
}

int toolchain_memory_open_builder(const struct toolchain_request *request, const char *backend,
				  struct toolchain_memory *ret_memory)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;

	digest_init(&digest);
	digest_string(&digest, "builder");
	digest_string(&digest, backend);
	digest_string(&digest, request->clang);
	digest_string(&digest, request->where);
	for (const struct crossbpf_kv *kv = request->settings; kv && kv->key; kv++) {
		digest_string(&digest, kv->key);
		digest_string(&digest, kv->value);
	}
	digest_finish(&digest, hex);
	*ret_memory = (struct toolchain_memory){.file = record_file(request, hex), .builder = true};
	return ret_memory->file ? 0 : -ENOMEM;
}

void toolchain_memory_free(struct toolchain_memory *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->witnesses[i].path);
	free(m->witnesses);
	free(m->file);
	*m = (struct toolchain_memory){0};
}

/* `seen` may be it already. */
static bool witness_holds(json_t *witness, int64_t began, const struct toolchain_witness *seen)
{
	const char *path = json_string_value(json_array_get(witness, 0));
	struct toolchain_witness now;

	if (!path)
		return false;
	if (seen && strcmp(seen->path, path) == 0)
		now = *seen;
	else
		look_at(path, &now);
	return now.mtime == json_integer_value(json_array_get(witness, 1)) &&
	       now.inode == json_integer_value(json_array_get(witness, 2)) &&
	       now.size == json_integer_value(json_array_get(witness, 3)) &&
	       (now.mtime < 0 || now.mtime + io_tick(now.mtime) <= began);
}

static bool witnesses_hold(const struct toolchain_memory *m, json_t *witnesses, int64_t began)
{
	for (size_t i = 0; i < json_array_size(witnesses); i++)
		if (!witness_holds(json_array_get(witnesses, i), began,
				   i < m->n ? &m->witnesses[i] : NULL))
			return false;
	return json_array_size(witnesses) > 0;
}

/* A record names a program to be run: nobody else may have written it. */
static int read_own_file(const char *path, struct strbuf *ret_content)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	return io_read_fd(fd, MAX_FILE_SIZE, ret_content);
}

static void load_strings(json_t *array, struct strv *ret_strings)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *string = json_string_value(json_array_get(array, i));
		strv_add(ret_strings, string ? string : "");
	}
}

int toolchain_memory_load(const struct toolchain_memory *m, struct toolchain *ret_toolchain)
{
	cleanup_strbuf struct strbuf content = {0};
	cleanup_toolchain struct toolchain t = {0};
	json_error_t error;
	int r = -ENOENT;

	if (read_own_file(m->file, &content) < 0)
		return -ENOENT;
	json_t *record = json_loadb(content.data, content.len, 0, &error);
	if (!record)
		return -ENOENT; /* damaged: made anew */

	const char *clang = NULL, *number = NULL, *version = NULL, *libbpf_dir = NULL,
		   *identity = NULL, *builder = NULL, *headers = "", *made_of = "", *scripts = "",
		   *bpftool = "";
	json_t *asm_dirs = NULL, *search = NULL, *filled = NULL, *witnesses = NULL;
	json_int_t format = 0, began = 0;
	int has_kernel = 0, has_libbpf = 0;

	if (json_unpack(record,
			"{s:I, s:I, s:s, s:s, s:s, s:s, s?s, s?s, s?s, s?s, s?s, s?s, s?b, s?b, "
			"s:o, s:o, "
			"s:o, s:o}",
			"format", &format, "began", &began, "clang", &clang, "number", &number,
			"version", &version, "identity", &identity, "content", &made_of, "scripts",
			&scripts, "bpftool", &bpftool, "builder", &builder, "headers", &headers,
			"libbpf_dir", &libbpf_dir, "has_kernel", &has_kernel, "has_libbpf",
			&has_libbpf, "asm_dirs", &asm_dirs, "search", &search, "filled", &filled,
			"witnesses", &witnesses) == 0 &&
	    strlen(identity) == sizeof(t.identity) - 1 && format == FORMAT &&
	    (m->builder ? builder != NULL : witnesses_hold(m, witnesses, began))) {
		t.clang = strdup(clang);
		t.number = strdup(number);
		t.version = strdup(version);
		t.libbpf_dir = libbpf_dir ? strdup(libbpf_dir) : NULL;
		t.builder = builder ? strdup(builder) : NULL;
		t.has_kernel = has_kernel;
		t.has_libbpf = has_libbpf;
		memcpy(t.identity, identity, sizeof(t.identity));
		strncpy(t.headers, headers, sizeof(t.headers) - 1);
		strncpy(t.content, made_of, sizeof(t.content) - 1);
		strncpy(t.scripts, scripts, sizeof(t.scripts) - 1);
		strncpy(t.bpftool, bpftool, sizeof(t.bpftool) - 1);
		load_strings(asm_dirs, &t.asm_dirs);
		load_strings(search, &t.search);
		load_strings(filled, &t.filled);
		if (t.clang && t.number && t.version && !builder == !t.builder &&
		    !t.asm_dirs.error && !t.search.error && !t.filled.error) {
			*ret_toolchain = t;
			t = (struct toolchain){0};
			r = 0;
		}
	}
	json_decref(record);
	return r;
}

/* A string that is no UTF-8 is left out. */
static json_t *save_strings(const struct strv *strings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < strings->n; i++)
		json_array_append_new(array, json_string(strings->v[i]));
	return array;
}

void toolchain_memory_save(struct toolchain_memory *m, const struct toolchain *t)
{
	/* Another clang, or other headers where they would appear. */
	size_t first = m->n;
	int r = m->builder ? 0 : add_witness(m, t->clang, strlen(t->clang));
	for (size_t i = 0; i < t->looked.n && r == 0 && !m->builder; i++)
		r = add_witness(m, t->looked.v[i], strlen(t->looked.v[i]));
	if (r < 0)
		return;
	leave_out_the_told(m, first);

	json_t *asm_dirs = save_strings(&t->asm_dirs), *search = save_strings(&t->search),
	       *filled = save_strings(&t->filled), *witnesses = json_array();
	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(witnesses, json_pack("[s, I, I, I]", m->witnesses[i].path,
							   (json_int_t)m->witnesses[i].mtime,
							   (json_int_t)m->witnesses[i].inode,
							   (json_int_t)m->witnesses[i].size));

	/* A path that is no UTF-8 makes no record: probed each time, still right. */
	json_t *record = json_pack(
		"{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s*, s:s, s:b, s:b, "
		"s:o, s:o, s:o, "
		"s:o}",
		"format", (json_int_t)FORMAT, "began", (json_int_t)m->began, "clang", t->clang,
		"number", t->number, "version", t->version, "identity", t->identity, "content",
		t->content, "scripts", t->scripts, "bpftool", t->bpftool, "builder", t->builder,
		"libbpf_dir", t->libbpf_dir, "headers", t->headers, "has_kernel", t->has_kernel,
		"has_libbpf", t->has_libbpf, "asm_dirs", asm_dirs, "search", search, "filled",
		filled, "witnesses", witnesses);
	bool whole = record && json_array_size(witnesses) == m->n &&
		     json_array_size(asm_dirs) == t->asm_dirs.n &&
		     json_array_size(search) == t->search.n &&
		     json_array_size(filled) == t->filled.n;
	char *text = whole ? json_dumps(record, JSON_COMPACT) : NULL;
	if (text && io_make_parents(m->file, 0700) == 0)
		(void)io_replace_file(m->file, text, strlen(text));
	free(text);
	json_decref(record);
}
