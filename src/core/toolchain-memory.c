/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "shared/digest.h"
#include "shared/io.h"
#include "toolchain-memory.h"

enum {
	FORMAT = 1,
	MAX_FILE_SIZE = 1 << 20,
};

/* A change within a clock tick before the probe began may bear the same time as one after it. The
 * coarsest tick: two seconds on file systems that keep whole ones, else 10 ms (CONFIG_HZ=100). */
static int64_t tick(int64_t mtime)
{
	return mtime % 1000000000 == 0 ? 2000000000 : 10000000;
}

static int64_t mtime_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : io_mtime(&st);
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
	witnesses[m->n].mtime = mtime_of(witnesses[m->n].path);
	m->n++;
	return 0;
}

int toolchain_memory_open(const char *cache_dir, const char *backend, const char *clang,
			  const char *path, struct toolchain_memory *ret_memory)
{
	cleanup_toolchain_memory struct toolchain_memory m = {0};
	char hex[DIGEST_HEX_SIZE];
	struct timespec now;
	struct digest digest;

	digest_init(&digest);
	digest_string(&digest, backend);
	digest_string(&digest, clang);
	digest_string(&digest, path);
	digest_finish(&digest, hex);
	m.file = str_printf("%s/toolchain/%s.json", cache_dir, hex);
	if (!m.file)
		return -ENOMEM;

	clock_gettime(CLOCK_REALTIME, &now);
	m.began = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	for (const char *dir = path; dir;) {
		size_t len = strcspn(dir, ":");
		int r = len ? add_witness(&m, dir, len) : add_witness(&m, ".", 1);
		if (r < 0)
			return r;
		dir = dir[len] ? dir + len + 1 : NULL;
	}
	*ret_memory = m;
	m = (struct toolchain_memory){0};
	return 0;
}

void toolchain_memory_free(struct toolchain_memory *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->witnesses[i].path);
	free(m->witnesses);
	free(m->file);
	*m = (struct toolchain_memory){0};
}

static bool witnesses_hold(json_t *witnesses, int64_t began)
{
	for (size_t i = 0; i < json_array_size(witnesses); i++) {
		json_t *witness = json_array_get(witnesses, i);
		const char *path = json_string_value(json_array_get(witness, 0));
		json_int_t then = json_integer_value(json_array_get(witness, 1));
		int64_t now = path ? mtime_of(path) : -1;
		if (!path || now != then || (now >= 0 && now + tick(now) > began))
			return false;
	}
	return json_array_size(witnesses) > 0;
}

int toolchain_memory_load(const struct toolchain_memory *m, struct toolchain *ret_toolchain)
{
	cleanup_strbuf struct strbuf content = {0};
	cleanup_toolchain struct toolchain t = {0};
	json_error_t error;
	int r = -ENOENT;

	if (io_read_file(m->file, MAX_FILE_SIZE, &content) < 0)
		return -ENOENT;
	json_t *record = json_loadb(content.data, content.len, 0, &error);
	if (!record)
		return -ENOENT; /* damaged: made anew */

	const char *clang = NULL, *number = NULL, *version = NULL, *libbpf_dir = NULL;
	json_t *asm_dirs = NULL, *witnesses = NULL;
	json_int_t format = 0, began = 0;

	if (json_unpack(record, "{s:I, s:I, s:s, s:s, s:s, s?s, s:o, s:o}", "format", &format,
			"began", &began, "clang", &clang, "number", &number, "version", &version,
			"libbpf_dir", &libbpf_dir, "asm_dirs", &asm_dirs, "witnesses",
			&witnesses) == 0 &&
	    format == FORMAT && witnesses_hold(witnesses, began)) {
		t.clang = strdup(clang);
		t.number = strdup(number);
		t.version = strdup(version);
		t.libbpf_dir = libbpf_dir ? strdup(libbpf_dir) : NULL;
		for (size_t i = 0; i < json_array_size(asm_dirs); i++) {
			const char *dir = json_string_value(json_array_get(asm_dirs, i));
			strv_add(&t.asm_dirs, dir ? dir : "");
		}
		if (t.clang && t.number && t.version && !t.asm_dirs.error) {
			*ret_toolchain = t;
			t = (struct toolchain){0};
			r = 0;
		}
	}
	json_decref(record);
	return r;
}

void toolchain_memory_save(struct toolchain_memory *m, const struct toolchain *t)
{
	/* Another clang, or other headers where they would appear. */
	int r = add_witness(m, t->clang, strlen(t->clang));
	for (size_t i = 0; i < t->looked.n && r == 0; i++)
		r = add_witness(m, t->looked.v[i], strlen(t->looked.v[i]));
	if (r < 0)
		return;

	json_t *asm_dirs = json_array(), *witnesses = json_array();
	for (size_t i = 0; i < t->asm_dirs.n; i++)
		json_array_append_new(asm_dirs, json_string(t->asm_dirs.v[i]));
	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(witnesses, json_pack("[s, I]", m->witnesses[i].path,
							   (json_int_t)m->witnesses[i].mtime));

	/* A path that is no UTF-8 makes no record: probed each time, still right. */
	json_t *record = json_pack(
		"{s:I, s:I, s:s, s:s, s:s, s:s*, s:o, s:o}", "format", (json_int_t)FORMAT, "began",
		(json_int_t)m->began, "clang", t->clang, "number", t->number, "version", t->version,
		"libbpf_dir", t->libbpf_dir, "asm_dirs", asm_dirs, "witnesses", witnesses);
	bool whole = record && json_array_size(witnesses) == m->n &&
		     json_array_size(asm_dirs) == t->asm_dirs.n;
	char *text = whole ? json_dumps(record, JSON_COMPACT) : NULL;
	if (text && io_make_parents(m->file) == 0)
		(void)io_replace_file(m->file, text, strlen(text));
	free(text);
	json_decref(record);
}
