/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Manifests are those of manifest.h. An object is a line "USES-ARCH COLOUR DURATION SAID", of which
 * the last is how many bytes the compiler said that follow, and the object itself.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "build-cache.h"
#include "cache.h"
#include "depfile.h"
#include "diag.h"
#include "emit.h"
#include "manifest.h"
#include "shared/io.h"

/* What is believed of a server: that a compile reads so many files, and that so much is looked at
 * for all candidates of one manifest. */
enum {
	MAX_NAMES = 4096,
	MAX_LOOKUPS = 1 << 20, /* a name in a directory each */
	MAX_READ = 256 << 20,  /* bytes of files */
};

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
	int r = state_look(k->build->state, &record->done, take_input, take_present, &l, NULL);
	manifest_others(&l.others.names, others);
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
	return manifest_add(cache, command, key, others, &names);
}

int build_cache_key_now(const struct build *b, const struct build_result *result,
			const struct build_record *record, const struct strv *read,
			uint8_t ret_key[DIGEST_SIZE])
{
	cleanup_build_key struct build_key k = {0};
	struct looked l = {&k, {.request = &k.request}};

	int r = build_key_init(&k, b, result->action);
	k.request.asm_is_clean = true;
	if (r == 0)
		r = state_look(b->state, &record->done, take_input, take_present, &l, NULL);
	strv_free(&l.others.names);
	return r < 0 ? r : build_key_finish(&k, read, ret_key);
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
	int r = state_look(k->build->state, &record->done, take_input, take_present, &l,
			   &record->done.looked);
	manifest_others(&l.others.names, others);
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
	if (!manifest_number(&at, ' ', &uses_arch) || !manifest_number(&at, ' ', &coloured) ||
	    !manifest_number(&at, ' ', &ret_entry->duration) ||
	    !manifest_number(&at, '\n', &said_len) || said_len > end - at)
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

static void tell_entry(struct entry *entry, const uint8_t key[DIGEST_SIZE],
		       struct build_result *ret_result, struct strbuf *ret_said)
{
	ret_result->cached = true;
	ret_result->uses_arch = entry->uses_arch;
	ret_result->duration = entry->duration;
	digest_hex(key, ret_result->key);
	*ret_said = entry->said;
	entry->said = (struct strbuf){0};
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
	tell_entry(&entry, c->key, ret_result, ret_said);
	r = build_record_end(&record, b, outputs, ret_result);
	if (r == 0)
		state_keep_key(b->state, ret_result->action->object, c->key);
	return r;
}

static int take_name(void *ctx, const char *path, const uint8_t digest[DIGEST_SIZE],
		     const char *asks)
{
	struct strv *names = ctx;

	(void)digest;
	(void)asks;
	strv_add(names, path);
	return names->error;
}

/* Writes outputs that were there, once it is sure that they are the same. -ENOENT: they are not. */
static int emit_wanted(const struct build *b, const struct build_action *a,
		       const struct state_wanted *wanted, const struct entry *entry,
		       struct state_output ret_outputs[2])
{
	cleanup_strbuf struct strbuf dep = {0}, text = {0};
	cleanup_strv struct strv read = {0};
	uint8_t digest[DIGEST_SIZE];
	int r = 0;

	digest_of(entry->object.data, entry->object.len, digest);
	if (memcmp(digest, wanted->digests[0], DIGEST_SIZE) != 0 ||
	    wanted->n_outputs != (a->dep ? 2 : 1))
		return -ENOENT;
	if (a->dep) {
		r = state_inputs(b->state, a->object, take_name, &read);
		if (r == 0)
			r = depfile_write(a->object, &read, &dep);
		if (r == 0)
			r = build_dep_text(b, a, &dep, &text);
		if (r < 0)
			return r;
		digest_of(text.data, text.len, digest);
		if (memcmp(digest, wanted->digests[1], DIGEST_SIZE) != 0)
			return -ENOENT;
	}
	return emit(b, a, entry, &read, ret_outputs);
}

/* What it was done with is all there, and as it was; only what it wrote is not. Then that is known
 * by its digests: no key is to be worked out. -ENOENT where it is not so. */
static int restore_wanted(const struct build *b, struct build_result *ret_result,
			  struct strbuf *ret_said)
{
	const struct build_action *a = ret_result->action;
	cleanup_entry struct entry entry = {0};
	struct state_output outputs[2];
	struct state_wanted wanted;

	int r = state_wants_outputs(b->state, a->object, a->command, &wanted) ? 0 : -ENOENT;
	if (r == 0)
		r = read_entry(b, wanted.key, &entry);
	if (r == 0)
		r = emit_wanted(b, a, &wanted, &entry, outputs);
	if (r < 0)
		return r;
	state_restored(b->state, outputs, wanted.n_outputs);
	build_tell_outputs(outputs, ret_result);
	tell_entry(&entry, wanted.key, ret_result, ret_said);
	return 0;
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

	*ret_result = (struct build_result){.action = a};
	int r = restore_wanted(b, ret_result, ret_said);
	*ret_hit = r == 0;
	if (r == 0) {
		ret_result->said = ret_said->data ? ret_said->data : "";
		ret_result->said_len = ret_said->len;
	}
	if (r != -ENOENT)
		return r == -ENOMEM ? r : 0;
	r = build_key_init(&command, b, a);
	if (r == 0)
		r = action_key_why_not(&command.request, &why);
	if (r < 0 || why)
		return r;
	action_key_command(&command.request, digest);
	r = cache_get(b->cache, CACHE_MANIFEST, digest, &manifest);
	for (size_t at = 0; r == 0 && !*ret_hit && manifest_next(&manifest, &at, &c);) {
		cleanup_build_key struct build_key k = {0};
		r = build_key_init(&k, b, a);
		k.request.asm_is_clean = true;
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

/* What it takes to look at candidates. */
struct effort {
	const struct build_key *key;
	uint64_t lookups, bytes;
	int64_t time; /* nanoseconds, to find out */
};

static int add_dir(struct strv *dirs, const char *path)
{
	cleanup_free char *dir = strndup(path, (size_t)(io_basename(path) - path));

	if (!dir)
		return -ENOMEM;
	strv_add_once(dirs, dir);
	return dirs->error;
}

/* Adds what is read of the host's files, and the directories that they are in. -ENOENT where one is
 * not there: then the candidate is of no use. */
static int add_effort(const struct build_key *k, const struct candidate *c, struct strv *dirs,
		      struct effort *effort)
{
	const char *name = c->names;
	int r = 0;

	for (size_t i = 0; i < c->n && r == 0; i++, name += strlen(name) + 1) {
		cleanup_free char *path = action_key_path(&k->request, name);
		cleanup_free char *absolute = path ? io_absolute(k->build->root, path) : NULL;
		struct stat st;
		if (!absolute)
			return -ENOMEM;
		if (i == 0 && strcmp(path, k->request.action->source) != 0)
			return -ENOENT;
		r = add_dir(dirs, path);
		if (r < 0 || (k->headers && toolchain_is_builders(k->build->toolchain, path)))
			continue;
		if (stat(absolute, &st) < 0 || !S_ISREG(st.st_mode))
			return -ENOENT;
		effort->bytes += (uint64_t)st.st_size;
	}
	return r;
}

static int check_effort(const struct candidate *c, struct effort *effort)
{
	const struct build_key *k = effort->key;
	cleanup_strv struct strv dirs = {0};
	struct effort more = *effort;

	if (!c->n || c->n > MAX_NAMES)
		return -ENOENT;
	int r = add_effort(k, c, &dirs, &more);
	if (r < 0)
		return r;
	more.lookups += (uint64_t)c->n * (dirs.n + k->build->plan->search.n + 1);
	if (more.lookups > MAX_LOOKUPS || more.bytes > MAX_READ)
		return -ENOENT;
	*effort = more;
	return 0;
}

/* May a candidate be looked at that a server sent? It costs what the server likes else: there are
 * as many lookups as names times directories. 0, -ENOENT or -ENOMEM. */
static int judge(void *ctx, const struct candidate *c)
{
	struct effort *effort = ctx;
	int64_t began = io_clock();

	int r = check_effort(c, effort);
	effort->time += io_clock() - began;
	return r;
}

int build_cache_fetch(const struct build *b, const struct build_action *a, int64_t *ret_looked)
{
	cleanup_build_key struct build_key k = {0};
	cleanup_free char *why = NULL;
	uint8_t command[DIGEST_SIZE];
	struct effort effort = {.key = &k};

	*ret_looked = 0;
	int r = build_key_init(&k, b, a);
	if (r == 0)
		r = action_key_why_not(&k.request, &why);
	if (r < 0 || why)
		return r < 0 ? r : -ENOENT;
	action_key_command(&k.request, command);
	r = manifest_fetch(b->cache, command, judge, &effort);
	*ret_looked = effort.time;
	return r;
}
