/* SPDX-License-Identifier: BSD-2-Clause */
/* An entry is a line "SAID OBJECT DEPS", the lengths of the three, and these. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cache-options.h"
#include "clang-cache.h"
#include "include-options.h"
#include "manifest.h"
#include "shared/io.h"

/* All directories in which clang looks, each as it would put it together. */
static int find_search(struct clang_cache *c)
{
	const struct clang_key_request *q = &c->request;
	const char *const *args = (const char *const *)c->action->argv.v + 1;
	cleanup_include_options struct include_options o = {0};
	cleanup_strv struct strv words = {0};

	strv_add_all(&words, args);
	int r = words.error ? words.error
			    : include_options_read(&words, &(struct include_environment){0}, &o);
	const struct strv *const lists[] = {&o.quote, &o.angle, &o.system, &o.after};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && r == 0; i++)
		for (size_t j = 0; j < lists[i]->n; j++)
			strv_add_once(&c->search, lists[i]->v[j]);
	toolchain_builder_dirs(q->toolchain, &c->system);
	if (q->header_dir)
		strv_add(&c->system, q->header_dir);
	for (size_t i = 0; i < q->toolchain->search.n; i++)
		strv_add_once(&c->search, q->toolchain->search.v[i]);
	return r < 0 ? r : c->search.error ? c->search.error : c->system.error;
}

/* What else of the outputs cannot be had from here. */
static const char *find_why(const struct clang_cache *c)
{
	const struct clang_argv *argv = c->request.argv;
	const struct action *a = c->action;
	bool has_deps = a->n_outputs == 2, user_deps = false, includes = false;

	if (!a->compiles || a->n_outputs == 0 || strcmp(a->outputs[0].option, "-o") != 0)
		return "its object is no file";
	if (has_deps != argv->deps || (!argv->deps && (argv->deps_output || argv->deps_target)))
		return "its dependency file is no file";
	if (has_deps && strcmp(a->outputs[0].path, a->outputs[1].path) == 0)
		return "it writes two outputs to one file";
	for (size_t i = 0; i < argv->args.n; i++) {
		const char *arg = argv->args.v[i];
		if (!argv->deps && strcmp(arg, "-MP") == 0)
			return "it asks for no dependency file and says how it is to be";
		user_deps =
			user_deps || strcmp(arg, "-MMD") == 0 || strncmp(arg, "-Wp,-MMD,", 9) == 0;
		includes = includes || strncmp(arg, "-include", 8) == 0 ||
			   strncmp(arg, "-imacros", 8) == 0;
	}
	/* The graph has no place for it. */
	if (user_deps && includes && !c->request.builder)
		return "not all is listed that -include reads with -MMD";
	return c->request.toolchain->mirror ? "its headers are copies of a builder's" : NULL;
}

int clang_cache_begin(struct clang_cache *c, char **ret_why)
{
	const struct strv *args = &c->request.argv->args;

	int r = clang_key_why_not(&c->request, ret_why);
	if (r < 0 || *ret_why)
		return r;
	const char *why = find_why(c);
	if (why) {
		*ret_why = strdup(why);
		return *ret_why ? 0 : -ENOMEM;
	}
	clang_key_command(&c->request, c->command);
	r = cache_options_asks((const char *const *)args->v, args->n, &c->asks);
	return r < 0 ? r : find_search(c);
}

void clang_cache_free(struct clang_cache *c)
{
	strv_free(&c->search);
	strv_free(&c->system);
	free(c->asks);
}

static struct clang_reads reads_of(const struct clang_cache *c)
{
	return (struct clang_reads){
		.cache = c->cache,
		.command = c->command,
		.dir = c->request.dir,
		.toolchain = c->request.toolchain,
		.search = &c->search,
		.system = &c->system,
		.asks = c->asks,
		.elsewhere = c->request.builder,
	};
}

/* Of what the command reads, as clang_reads_look() found it. */
static int make_key(const struct clang_cache *c, struct clang_reads *reads,
		    uint8_t ret_key[DIGEST_SIZE], uint8_t ret_others[DIGEST_SIZE])
{
	struct digest d;

	digest_init(&d);
	digest_bytes(&d, c->command, DIGEST_SIZE);
	int r = clang_reads_digest(reads, &d);
	if (r < 0)
		return r;
	/* Which the key of the command may lack: it may be mapped away of that name too. */
	for (size_t i = 0; i < reads->n; i++)
		if (toolchain_is_below(reads->files[i].name, c->request.dir)) {
			digest_string(&d, c->request.dir);
			break;
		}
	manifest_others(&reads->others, ret_others);
	digest_bytes(&d, ret_others, DIGEST_SIZE);
	digest_finish_bytes(&d, ret_key);
	return 0;
}

/* Is all that the candidate read as it was? 0 for yes, or a negative errno. */
static int check(const struct clang_cache *c, struct clang_reads *reads,
		 const struct candidate *candidate)
{
	uint8_t key[DIGEST_SIZE], others[DIGEST_SIZE];
	const char *name = candidate->names;
	cleanup_strv struct strv names = {0};

	for (size_t i = 0; i < candidate->n; i++, name += strlen(name) + 1)
		strv_add(&names, name);
	if (names.error)
		return names.error;
	clang_reads_clear(reads);
	int r = clang_reads_look(reads, &names);
	if (r == 0)
		r = make_key(c, reads, key, others);
	if (r < 0)
		return r;
	return memcmp(key, candidate->key, DIGEST_SIZE) == 0 &&
			       memcmp(others, candidate->others, DIGEST_SIZE) == 0
		       ? 0
		       : -ENOENT;
}

/* The three parts of an entry, in its text. */
struct entry {
	struct strbuf text;
	const char *parts[3];
	size_t lengths[3];
};

enum { PART_SAID, PART_OBJECT, PART_DEPS };

static int read_entry(const struct clang_cache *c, const uint8_t key[DIGEST_SIZE], struct entry *e)
{
	int64_t lengths[3];

	int r = cache_get(c->cache, CACHE_OBJECT, key, &e->text);
	if (r < 0)
		return r;
	const char *at = e->text.data ? e->text.data : "", *end = at + e->text.len;
	for (size_t i = 0; i < 3; i++)
		if (!manifest_number(&at, i < 2 ? ' ' : '\n', &lengths[i]))
			return -ENOENT;
	for (size_t i = 0; i < 3; i++) {
		if (at > end || lengths[i] > end - at)
			return -ENOENT;
		e->parts[i] = at;
		e->lengths[i] = (size_t)lengths[i];
		at += lengths[i];
	}
	return at == end && e->lengths[PART_OBJECT] &&
			       (e->lengths[PART_DEPS] != 0) == (c->action->n_outputs == 2)
		       ? 0
		       : -ENOENT;
}

static int write_part(const char *path, int flags, const struct entry *e, size_t part)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags);

	return fd < 0 ? -errno : io_write_fd(fd, e->parts[part], e->lengths[part]);
}

/* What cannot be written is left to clang, which says so. */
static int place(const struct clang_cache *c, const struct entry *e)
{
	cleanup_placement struct placement placement = {0};
	cleanup_error struct crossbpf_error none = {0};
	int r = 0;

	placement_begin(&placement, c->action);
	for (size_t i = 0; i < c->action->n_outputs && r == 0; i++) {
		const struct output *output = &c->action->outputs[i];
		const char *path = placement.temporary[i].path;
		if (path)
			r = write_part(path, O_TRUNC, e, i == 0 ? PART_OBJECT : PART_DEPS);
		else /* the object comes first, as what went into a pipe went */
			r = i > 0 && placement_is_pipe(output)
				    ? write_part(output->path, 0, e, PART_DEPS)
				    : -ENOENT;
	}
	return r < 0 ? r : placement_end(&placement, 0, &none);
}

static int restore(const struct clang_cache *c, struct clang_reads *reads,
		   const struct candidate *candidate, struct strbuf *ret_said)
{
	cleanup_strbuf struct strbuf said = {0};
	struct entry e = {0};

	int r = check(c, reads, candidate);
	if (r == 0)
		r = read_entry(c, candidate->key, &e);
	if (r == 0)
		strbuf_add(&said, e.parts[PART_SAID], e.lengths[PART_SAID]);
	if (r == 0)
		r = said.error ? said.error : place(c, &e);
	strbuf_free(&e.text);
	if (r < 0)
		return r;
	*ret_said = said;
	said = (struct strbuf){0};
	return clang_reads_keep(reads);
}

int clang_cache_restore(struct clang_cache *c, struct strbuf *ret_said, bool *ret_hit)
{
	cleanup_clang_reads struct clang_reads reads = reads_of(c);
	cleanup_strbuf struct strbuf manifest = {0};
	struct candidate candidate;

	*ret_hit = false;
	int r = cache_get(c->cache, CACHE_MANIFEST, c->command, &manifest);
	for (size_t at = 0;
	     r != -ENOMEM && !*ret_hit && manifest_next(&manifest, &at, &candidate);) {
		r = restore(c, &reads, &candidate, ret_said);
		*ret_hit = r == 0;
	}
	if (*ret_hit)
		cache_count_hit(c->cache);
	else
		cache_count_miss(c->cache);
	return r == -ENOMEM ? r : 0;
}

static int add_entry(const struct clang_cache *c, const struct clang_record *record,
		     const uint8_t key[DIGEST_SIZE])
{
	cleanup_strbuf struct strbuf entry = {0};

	strbuf_printf(&entry, "%zu %zu %zu\n", record->said.len, record->object.len,
		      record->deps.len);
	strbuf_add(&entry, record->said.data, record->said.len);
	strbuf_add(&entry, record->object.data, record->object.len);
	strbuf_add(&entry, record->deps.data, record->deps.len);
	if (!entry.error)
		cache_put(c->cache, CACHE_OBJECT, key, entry.data, entry.len);
	return entry.error;
}

/* May a name stand in a dependency file as it is? Versions of clang differ in how they write a
 * backslash for make. */
static bool are_plain(const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (strpbrk(names->v[i], "\\\n\r"))
			return false;
	return true;
}

/* Does it hold the name of a directory that its key does not? */
static bool holds_dir(const struct clang_cache *c, const struct clang_record *record)
{
	const struct strbuf *const parts[] = {&record->said, &record->object, &record->deps};
	const char *dir = c->request.dir;
	size_t len = strlen(dir);

	if (clang_key_names_dir(&c->request))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *at = parts[i]->data, *end = at + parts[i]->len;
		while (at && (size_t)(end - at) >= len && memcmp(at, dir, len) != 0)
			at = memchr(at + 1, dir[0], (size_t)(end - at - 1));
		if (at && (size_t)(end - at) >= len)
			return true;
	}
	return false;
}

int clang_cache_store(struct clang_cache *c, const struct clang_record *record)
{
	cleanup_clang_reads struct clang_reads reads = reads_of(c);
	uint8_t key[DIGEST_SIZE], others[DIGEST_SIZE];

	if (!record->whole || !are_plain(&record->read) || holds_dir(c, record))
		return 0;
	int r = clang_reads_look(&reads, &record->read);
	if (r == 0 && clang_reads_changed(&reads, record->began))
		r = -EAGAIN;
	if (r == 0)
		r = make_key(c, &reads, key, others);
	/* The entry first: what a manifest names is there. */
	if (r == 0)
		r = add_entry(c, record, key);
	if (r == 0)
		r = manifest_add(c->cache, c->command, key, others, &record->read);
	if (r == 0)
		r = clang_reads_keep(&reads);
	return r == -ENOMEM ? r : 0;
}
