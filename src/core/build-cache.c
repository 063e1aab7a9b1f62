/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A manifest is a row of candidates, the latest first: a line "KEY OTHERS N", digests in
 * hexadecimal digits, and N names of files as keys have them, each ended by a NUL. An object is a
 * line "USES-ARCH COLOUR DURATION SAID", of which the last is how many bytes the compiler said that
 * follow, and the object itself.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "build-cache.h"
#include "cache.h"
#include "depfile.h"
#include "diag.h"
#include "emit.h"
#include "shared/io.h"

enum { MAX_CANDIDATES = 16 };

/* The names under which more was there than what was read. */
struct others {
	const struct action_key_request *request;
	struct strv names;
};

static int take_other(void *ctx, const char *path)
{
	struct others *o = ctx;
	cleanup_free char *name = action_key_name(o->request, path);

	if (!name)
		return -ENOMEM;
	strv_add(&o->names, name);
	return o->names.error;
}

static void digest_others(struct others *o, uint8_t ret_digest[DIGEST_SIZE])
{
	struct digest d;

	strv_sort(&o->names);
	digest_init(&d);
	for (size_t i = 0; i < o->names.n; i++)
		if (i == 0 || strcmp(o->names.v[i], o->names.v[i - 1]) != 0)
			digest_string(&d, o->names.v[i]);
	digest_finish_bytes(&d, ret_digest);
	strv_free(&o->names);
}

/* What state_look() finds. */
struct looked {
	struct build_key *key; /* or NULL: what is read is known */
	struct others others;
};

static int take_input(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
		      const char *asks)
{
	struct looked *l = ctx;

	return l->key ? build_key_add(l->key, path, digest, asks) : 0;
}

static int take_present(void *ctx, const char *path)
{
	struct looked *l = ctx;

	return take_other(&l->others, path);
}

struct candidate {
	uint8_t key[DIGEST_SIZE], others[DIGEST_SIZE];
	const char *names; /* in the manifest */
	size_t n, len;     /* of them, and bytes of the whole candidate */
};

/* A number and the character behind it, at *at, which moves behind both. */
static bool read_number(const char **at, char behind, int64_t *ret_number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*ret_number = strtoll(*at, &end, 10);
	*at = end + 1;
	return *end == behind;
}

/* The candidate that stands there; false at the end, or where it is no candidate. */
static bool read_candidate(const char *text, size_t len, struct candidate *ret_candidate)
{
	const size_t hex = DIGEST_HEX_SIZE - 1, digests = 2 * (hex + 1);
	const char *at = text + digests, *end = text + len;
	int64_t n;

	if (len < digests || digest_parse(text, ret_candidate->key) < 0 || text[hex] != ' ' ||
	    digest_parse(text + hex + 1, ret_candidate->others) < 0 || at[-1] != ' ' ||
	    !read_number(&at, '\n', &n))
		return false;
	ret_candidate->names = at;
	ret_candidate->n = (size_t)n;
	for (; n && at < end; n--)
		at += strlen(at) + 1; /* the buffer ends with a NUL of its own */
	ret_candidate->len = (size_t)(at - text);
	return n == 0 && at <= end;
}

static void write_candidate(struct strbuf *b, const uint8_t key[DIGEST_SIZE],
			    const uint8_t others[DIGEST_SIZE], const struct strv *names)
{
	char key_hex[DIGEST_HEX_SIZE], others_hex[DIGEST_HEX_SIZE];

	digest_hex(key, key_hex);
	digest_hex(others, others_hex);
	strbuf_printf(b, "%s %s %zu\n", key_hex, others_hex, names->n);
	for (size_t i = 0; i < names->n; i++)
		strbuf_add(b, names->v[i], strlen(names->v[i]) + 1);
}

/* Puts a candidate before those of the manifest, where others with its key are left out. */
static int add_candidate(struct cache *cache, const uint8_t command[DIGEST_SIZE],
			 const uint8_t key[DIGEST_SIZE], const uint8_t others[DIGEST_SIZE],
			 const struct strv *names)
{
	cleanup_strbuf struct strbuf old = {0}, manifest = {0};
	struct candidate c;
	size_t n = 1;

	if (cache_get(cache, CACHE_MANIFEST, command, &old) == -ENOMEM)
		return -ENOMEM;
	write_candidate(&manifest, key, others, names);
	for (size_t at = 0;
	     n < MAX_CANDIDATES && at < old.len && read_candidate(old.data + at, old.len - at, &c);
	     at += c.len) {
		if (memcmp(c.key, key, DIGEST_SIZE) == 0)
			continue;
		strbuf_add(&manifest, old.data + at, c.len);
		n++;
	}
	if (!manifest.error)
		cache_put(cache, CACHE_MANIFEST, command, manifest.data, manifest.len);
	return manifest.error;
}

/* Does it name what is called otherwise in another directory, or by another builder? */
static bool names_places(const struct build *b, const struct build_result *result)
{
	cleanup_strv struct strv dirs = {0};
	bool found = result->said_len && strstr(result->said, b->root);

	if (!result->said_len)
		return false;
	toolchain_builder_dirs(b->toolchain, &dirs);
	if (b->header_dir)
		strv_add(&dirs, b->header_dir);
	for (size_t i = 0; i < dirs.n; i++)
		found = found || strstr(result->said, dirs.v[i]);
	return found || dirs.error;
}

int build_cache_store(struct build_key *k, const struct build_result *result,
		      const struct build_record *record, const struct strv *read,
		      const uint8_t key[DIGEST_SIZE], const struct strbuf *object)
{
	struct looked l = {.others = {.request = &k->request}};
	struct cache *cache = k->build->cache;
	cleanup_strbuf struct strbuf entry = {0};
	cleanup_strv struct strv names = {0};
	uint8_t command[DIGEST_SIZE], others[DIGEST_SIZE];

	if (names_places(k->build, result))
		return 0;
	int r = state_look(k->build->state, &record->done, take_input, take_present, &l);
	digest_others(&l.others, others);
	for (size_t i = 0; i < read->n; i++) {
		/* Versions of clang differ in how they write it for make. */
		if (strchr(read->v[i], '\\'))
			r = -ENOENT;
		strv_take(&names, action_key_name(&k->request, read->v[i]));
	}
	if (r < 0 || names.error)
		return r == -ENOENT ? 0 : -ENOMEM;
	strbuf_printf(&entry, "%d %d %" PRId64 " %zu\n", result->uses_arch, build_colours(k->build),
		      result->duration, result->said_len);
	strbuf_add(&entry, result->said, result->said_len);
	strbuf_add(&entry, object->data, object->len);
	if (entry.error)
		return entry.error;
	/* The object first: what a manifest names is there. */
	cache_put(cache, CACHE_OBJECT, key, entry.data, entry.len);
	action_key_command(&k->request, command);
	return add_candidate(cache, command, key, others, &names);
}

/* Is all that the candidate read as it was? 0 for yes, -ENOENT for no, or -ENOMEM. */
static int check(struct build_key *k, const struct candidate *c, struct build_record *record,
		 struct strv *ret_read)
{
	struct looked l = {k, {.request = &k->request}};
	uint8_t key[DIGEST_SIZE], others[DIGEST_SIZE];
	const char *name = c->names;

	for (size_t i = 0; i < c->n; i++, name += strlen(name) + 1)
		strv_take(ret_read, action_key_path(&k->request, name));
	if (ret_read->error || build_record_make(record, k->build, k->request.action, ret_read) < 0)
		return -ENOMEM;
	record->done.began = io_now();
	int r = state_look(k->build->state, &record->done, take_input, take_present, &l);
	digest_others(&l.others, others);
	if (r == 0)
		r = build_key_finish(k, ret_read, key);
	if (r == 0 &&
	    (memcmp(key, c->key, DIGEST_SIZE) != 0 || memcmp(others, c->others, DIGEST_SIZE) != 0))
		r = -ENOENT;
	return r == -ENOMEM ? r : r < 0 ? -ENOENT : 0;
}

struct entry {
	struct strbuf said, object;
	bool uses_arch;
	int64_t duration;
};

static void entry_free(struct entry *e)
{
	strbuf_free(&e->said);
	strbuf_free(&e->object);
}
#define cleanup_entry CLEANUP(entry_free)

static int read_entry(const struct build *b, const uint8_t key[DIGEST_SIZE],
		      struct entry *ret_entry)
{
	cleanup_strbuf struct strbuf text = {0};
	int64_t uses_arch, coloured, said_len;

	int r = cache_get(b->cache, CACHE_OBJECT, key, &text);
	if (r < 0)
		return r;
	const char *at = text.data ? text.data : "", *end = at + text.len;
	if (!read_number(&at, ' ', &uses_arch) || !read_number(&at, ' ', &coloured) ||
	    !read_number(&at, ' ', &ret_entry->duration) || !read_number(&at, '\n', &said_len) ||
	    said_len > end - at)
		return -ENOENT;
	size_t said = (size_t)said_len;
	if (coloured && !b->colour)
		diag_add_plain(&ret_entry->said, at, said);
	else
		strbuf_add(&ret_entry->said, at, said);
	strbuf_add(&ret_entry->object, at + said, (size_t)(end - at) - said);
	ret_entry->uses_arch = uses_arch != 0;
	return ret_entry->said.error ? ret_entry->said.error : ret_entry->object.error;
}

/* Writes the outputs. What cannot be written is left to the compile, which says so. */
static int emit(const struct build *b, const struct build_action *a, const struct entry *entry,
		const struct strv *read, struct state_output ret_outputs[2])
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_strbuf struct strbuf dep = {0};

	int r = emit_file(b->root, a->object, &entry->object, &ret_outputs[0], &e);
	if (r == 0 && a->dep)
		r = depfile_write(a->object, read, &dep);
	if (r == 0 && a->dep)
		r = build_emit_dep(b, a, &dep, &ret_outputs[1], &e);
	return r;
}

static int restore(struct build_key *k, const struct candidate *c, struct build_result *ret_result,
		   struct strbuf *ret_said)
{
	cleanup_build_record struct build_record record = {0};
	cleanup_strv struct strv read = {0};
	cleanup_entry struct entry entry = {0};
	const struct build *b = k->build;
	struct state_output outputs[2];

	int r = check(k, c, &record, &read);
	if (r == 0)
		r = read_entry(b, c->key, &entry);
	if (r == 0)
		r = emit(b, ret_result->action, &entry, &read, outputs);
	if (r < 0)
		return r;
	ret_result->cached = true;
	ret_result->uses_arch = entry.uses_arch;
	ret_result->duration = entry.duration;
	digest_hex(c->key, ret_result->key);
	*ret_said = entry.said;
	entry.said = (struct strbuf){0};
	return build_record_end(&record, b, outputs, ret_result);
}

int build_cache_why_not(const struct build *b, const struct build_action *a, char **ret_why)
{
	cleanup_build_key struct build_key k = {0};

	int r = build_key_init(&k, b, a);
	return r < 0 ? r : action_key_why_not(&k.request, ret_why);
}

int build_cache_restore(const struct build *b, const struct build_action *a,
			struct build_result *ret_result, struct strbuf *ret_said, bool *ret_hit)
{
	cleanup_build_key struct build_key command = {0};
	cleanup_strbuf struct strbuf manifest = {0};
	cleanup_free char *why = NULL;
	uint8_t digest[DIGEST_SIZE];
	struct candidate c;

	*ret_hit = false;
	*ret_result = (struct build_result){.action = a};
	int r = build_key_init(&command, b, a);
	if (r == 0)
		r = action_key_why_not(&command.request, &why);
	if (r < 0 || why)
		return r;
	action_key_command(&command.request, digest);
	r = cache_get(b->cache, CACHE_MANIFEST, digest, &manifest);
	for (size_t at = 0; r == 0 && at < manifest.len && !*ret_hit &&
			    read_candidate(manifest.data + at, manifest.len - at, &c);
	     at += c.len) {
		cleanup_build_key struct build_key k = {0};
		r = build_key_init(&k, b, a);
		if (r == 0)
			r = restore(&k, &c, ret_result, ret_said);
		*ret_hit = r == 0;
		if (r != -ENOMEM)
			r = 0;
	}
	ret_result->said = ret_said->data ? ret_said->data : "";
	ret_result->said_len = ret_said->len;
	return r == -ENOMEM ? r : 0;
}

static bool has_candidate(const struct strbuf *manifest, const uint8_t key[DIGEST_SIZE])
{
	struct candidate c;

	for (size_t at = 0;
	     at < manifest->len && read_candidate(manifest->data + at, manifest->len - at, &c);
	     at += c.len)
		if (memcmp(c.key, key, DIGEST_SIZE) == 0)
			return true;
	return false;
}

/* Theirs first, as what is here was in vain, and of what is here what is not among it. */
static void merge(const struct strbuf *theirs, const struct strbuf *here, struct strbuf *ret)
{
	const struct strbuf *const both[] = {theirs, here};
	struct candidate c;
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		for (size_t at = 0; n < MAX_CANDIDATES && at < both[i]->len &&
				    read_candidate(both[i]->data + at, both[i]->len - at, &c);
		     at += c.len) {
			if (has_candidate(ret, c.key))
				continue;
			strbuf_add(ret, both[i]->data + at, c.len);
			n++;
		}
}

int build_cache_fetch(const struct build *b, const struct build_action *a)
{
	cleanup_strbuf struct strbuf theirs = {0}, here = {0}, merged = {0};
	cleanup_build_key struct build_key k = {0};
	cleanup_free char *why = NULL;
	uint8_t command[DIGEST_SIZE];

	int r = build_key_init(&k, b, a);
	if (r == 0)
		r = action_key_why_not(&k.request, &why);
	if (r < 0 || why)
		return r < 0 ? r : -ENOENT;
	action_key_command(&k.request, command);
	r = cache_fetch(b->cache, CACHE_MANIFEST, command, &theirs);
	if (r < 0)
		return r;
	if (cache_get(b->cache, CACHE_MANIFEST, command, &here) == -ENOMEM)
		return -ENOMEM;
	merge(&theirs, &here, &merged);
	if (merged.error || !merged.len)
		return merged.error ? merged.error : -ENOENT;
	cache_keep(b->cache, CACHE_MANIFEST, command, merged.data, merged.len);
	return 0;
}
