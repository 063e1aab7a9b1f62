/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "depfile.h"
#include "include-files.h"
#include "prefix-files.h"
#include "prefix-remote.h"
#include "shared/io.h"

/* Stands for a word that is not to be mapped, until that is done. */
#define REMAPPED "\001remapped"

void prefix_remote_free(struct prefix_remote *p)
{
	prefix_free(&p->prefix);
	prefix_record_free(&p->files);
	free(p->store);
	free(p->header);
	free(p->text);
	strv_free(&p->list);
	strv_free(&p->make);
	if (p->lock > 0)
		close(p->lock);
	*p = (struct prefix_remote){0};
}

static const uint8_t nothing[DIGEST_SIZE];
static const struct prefix_stamp never;

/* One that is looked for. */
struct finding {
	const struct prefix_request *q;
	struct remote *remote;
	prefix_map *map;
	struct prefix_remote *p;
	char **ret_why;
};

static int say(char **ret_why, char *why)
{
	free(*ret_why);
	*ret_why = why;
	return why ? -ENOENT : -ENOMEM;
}

/* A name from the directory on, as the scan has it. The caller frees. */
static char *plain_path(const char *dir, const char *name)
{
	cleanup_free char *absolute = io_absolute(dir, name);
	struct strbuf path = {0};
	char *plain = NULL;

	if (absolute)
		include_path_add(&path, absolute, strlen(absolute));
	return absolute && strbuf_finish(&path, &plain) == 0 ? plain : NULL;
}

/* Is the header there, and the host's? Then *ret_name is what clang calls it. */
static int look_in(const struct finding *f, const char *dir, const char *name, char **ret_name)
{
	cleanup_free char *path =
		*name == '/' ? strdup(name) : str_printf("%s/%s", *dir ? dir : ".", name);
	cleanup_free char *absolute = path ? io_absolute(f->q->dir, path) : NULL;
	struct stat st;

	if (!absolute)
		return -ENOMEM;
	if (toolchain_is_builders(&f->remote->builder->toolchain, absolute) ||
	    stat(absolute, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	*ret_name = TAKE_PTR(path);
	return 0;
}

/* What the #include means, of the host's files. If the builder has one that comes before, that is
 * seen when it is made. */
static int find_header(const struct finding *f, const struct include_options *options)
{
	const struct prefix_include *include = f->q->include;
	cleanup_free char *name = strndup(include->name + 1, strlen(include->name) - 2);
	const char *source = f->q->source;
	cleanup_free char *dir = strndup(source, (size_t)(io_basename(source) - source));
	const struct strv *const lists[] = {&options->quote, &options->angle, &options->system,
					    &options->after};
	int r = -ENOENT;

	if (!name || !dir)
		return -ENOMEM;
	if (*dir && strlen(dir) > 1)
		dir[strlen(dir) - 1] = '\0';
	if (include->quote)
		r = look_in(f, dir, name, &f->p->header);
	for (size_t i = include->quote ? 0 : 1; i < 4; i++)
		for (size_t j = 0; j < lists[i]->n && r == -ENOENT; j++)
			r = look_in(f, lists[i]->v[j], name, &f->p->header);
	return r == -ENOENT ? say(f->ret_why, strdup("the host has no such header")) : r;
}

static bool note_foreign(void *ctx, const char *path)
{
	(void)path;
	*(bool *)ctx = true;
	return true;
}

static void note_unknown(void *ctx, const char *file, const char *text)
{
	(void)file;
	(void)text;
	*(bool *)ctx = true;
}

/* What the header may be made of. */
static int scan(const struct finding *f, const struct include_options *all, struct strv *ret_files)
{
	cleanup_strv struct strv builder = {0}, found = {0};
	const struct toolchain *t = &f->remote->builder->toolchain;
	char *sources[] = {f->p->header, NULL};
	struct include_options options = *all; /* borrowed */
	bool foreign = false;
	const struct include_foreign ask = {note_foreign, note_unknown, &foreign};

	options.sources = (struct strv){.v = sources, .n = 1};
	options.first = options.pch = (struct strv){0};
	toolchain_builder_dirs(t, &builder);
	const struct include_request request = {
		.dir = f->q->dir, .options = &options, .builder = &builder, .system = &t->search};
	if (builder.error || include_scan_files(f->remote->scan, &request, &found) < 0 ||
	    include_scan_foreign(f->remote->scan, &ask) < 0)
		return -ENOMEM;
	if (foreign)
		return say(f->ret_why, strdup("it includes headers that are the builder's"));
	for (size_t i = 0; i < found.n; i++) {
		struct stat st;
		if (stat(found.v[i], &st) == 0 && S_ISREG(st.st_mode))
			strv_add(ret_files, found.v[i]);
	}
	return ret_files->error;
}

/* What was remembered holds for these files, as they are now. 0, -ESTALE or -ENOMEM. */
static int recall(struct finding *f, const struct strv *files)
{
	cleanup_prefix_record struct prefix_record r = {0};
	bool is_new = false;

	if (prefix_store_read(f->p->store, f->p->key, &r) < 0 || r.n != files->n)
		return -ESTALE;
	for (size_t i = 0; i < r.n; i++)
		if (strcmp(r.files[i].name, files->v[i]) != 0)
			return -ESTALE;
	int error = prefix_files_check(f->q->dir, &r, &is_new);
	if (error < 0)
		return error;
	if (is_new)
		prefix_store_write(f->p->store, f->p->key, &r);
	else
		prefix_store_touch(f->p->store, f->p->key);
	prefix_record_free(&f->p->files);
	f->p->files = r;
	f->p->known = true;
	r = (struct prefix_record){0};
	return 0;
}

static int refuse(struct finding *f)
{
	prefix_store_write(f->p->store, f->p->key, &f->p->files);
	return say(f->ret_why, TAKE_PTR(f->p->files.refused));
}

/* It is not known: it is to be made, where that pays. */
static int begin(struct finding *f, const struct strv *files)
{
	const struct prefix_request *q = f->q;
	uint64_t size = 0;

	for (size_t i = 0; i < files->n; i++) {
		struct stat st;
		if (stat(files->v[i], &st) == 0)
			size += (uint64_t)st.st_size;
	}
	if (size < PREFIX_MIN_TEXT)
		return say(f->ret_why, str_printf("%s is small", f->p->header));
	if (q->uses < PREFIX_MAKE_USES && !prefix_store_seen(f->p->store, f->p->key))
		return say(f->ret_why, strdup("it is asked for once so far"));
	f->p->lock = prefix_store_lock(f->p->store, f->p->key, q->wait,
				       q->session ? q->session->control : -1);
	if (f->p->lock < 0)
		return say(f->ret_why, strdup("another process makes it"));
	int r = recall(f, files); /* it may have been made in the meantime */
	if (r != -ESTALE)
		return r;
	r = prefix_files_read(q->dir, files, &f->p->files, &size);
	if (r < 0)
		return r == -ENOMEM ? r : say(f->ret_why, strdup("it changes now"));
	return 0;
}

/* Its commands, and its name, which stands for all that it is made of and by. */
static int make_commands(struct finding *f)
{
	static const char *const list[] = {"-M",      "-MQ",         "x",       "-MF", "/dev/null",
					   "-Xclang", "-remap-file", "-Xclang", NULL};
	const struct prefix_request *q = f->q;
	struct prefix_remote *p = f->p;
	cleanup_strv struct strv here = {0};
	struct digest d;

	strv_add_all(&here, (const char *const *)q->argv->v);
	strv_add_all(&here, (const char *const[]){"-Wdate-time", "-Xclang", "-fno-pch-timestamp",
						  "-x", "c-header", p->header, NULL});
	if (here.error || f->map(f->remote, &here, &p->make) < 0)
		return -ENOMEM;
	digest_init(&d);
	digest_string(&d, p->key);
	for (size_t i = 0; i < p->make.n; i++)
		digest_string(&d, p->make.v[i]);
	digest_string(&d, NULL);
	for (size_t i = 0; i < p->files.n; i++) {
		digest_string(&d, p->files.files[i].name);
		digest_bytes(&d, p->files.files[i].digest, DIGEST_SIZE);
	}
	digest_finish(&d, p->name);
	strv_add(&p->make, "-o");
	strv_take(&p->make, str_printf(EXCHANGE_NEW "%s.kept", p->name));
	strv_free(&here);
	here = (struct strv){0};
	strv_add_all(&here, (const char *const *)q->argv->v);
	strv_add_all(&here, list);
	strv_add(&here, REMAPPED);
	strv_add(&here, q->source);
	if (here.error || f->map(f->remote, &here, &p->list) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < p->list.n; i++) {
		if (strcmp(p->list.v[i], REMAPPED) != 0)
			continue;
		free(p->list.v[i]);
		p->list.v[i] = str_printf(
			"%s%s;" EXCHANGE_NEW "%s.c",
			q->source[0] == '/' && !session_has_host_paths(&f->remote->builder->session)
				? EXCHANGE_ROOT
				: "",
			q->source, p->name);
		if (!p->list.v[i])
			return -ENOMEM;
	}
	p->text = str_printf("#include %s\n", q->include->name);
	p->prefix.pch = str_printf(EXCHANGE_KEPT "%s", p->name);
	p->prefix.dir = strdup(q->dir);
	p->prefix.dots = q->dots;
	if (prefix_record_add(&p->prefix.record, p->header, nothing, &never) < 0)
		return -ENOMEM;
	return p->make.error || p->list.error || !p->text || !p->prefix.pch || !p->prefix.dir
		       ? -ENOMEM
		       : 0;
}

/* The key: as it is with this builder, and no other. */
static int make_key(struct finding *f)
{
	const struct toolchain *t = &f->remote->builder->toolchain;
	struct prefix_request q = *f->q;
	cleanup_free char *content =
		str_printf("remote %s %s %s", t->builder ? t->builder : "", t->headers, t->content);

	if (!content)
		return -ENOMEM;
	q.content = content;
	prefix_key(&q, f->p->key);
	return 0;
}

/* Of two maps of names that fit nobody can say which one clang takes. */
static bool is_mapped_twice(const struct finding *f)
{
	const struct remote *r = f->remote;
	bool twice = false;

	for (size_t i = 0; i < r->outside.n && !session_has_host_paths(&r->builder->session); i++)
		twice = twice || strncmp(f->q->dir, r->outside.v[i], strlen(r->outside.v[i])) == 0;
	return twice;
}

static int find(struct finding *f)
{
	cleanup_include_options struct include_options options = {0};
	cleanup_strv struct strv args = {0}, files = {0};
	const struct prefix_request *q = f->q;

	const char *option = prefix_refuse_option(q->argv, q->n_own);
	if (option)
		return say(f->ret_why, str_printf("%s is among the options", option));
	if (prefix_renames(q->source))
		return say(f->ret_why, strdup("the source's name has characters of clang's own"));
	if (is_mapped_twice(f))
		return say(f->ret_why, strdup("it lies in a directory that is sent too"));
	f->p->store = prefix_store_dir(q->cache_dir);
	if (!f->p->store)
		return say(f->ret_why, strdup("others may write in the cache's directory"));
	strv_add_all(&args, (const char *const *)q->argv->v + 1);
	int r = args.error
			? args.error
			: include_options_read(&args, &(struct include_environment){0}, &options);
	if (r == 0)
		r = find_header(f, &options);
	const struct strv header = {.v = &f->p->header, .n = 1};
	if (r == 0 && prefix_names_differ(q, &header))
		r = say(f->ret_why, str_printf("%s: clang would call it otherwise", f->p->header));
	if (r == 0)
		r = scan(f, &options, &files);
	if (r == 0)
		r = make_key(f);
	if (r == 0)
		r = recall(f, &files);
	if (r == -ESTALE)
		r = begin(f, &files);
	if (r == 0 && f->p->files.refused)
		return f->p->known ? say(f->ret_why, TAKE_PTR(f->p->files.refused)) : refuse(f);
	return r == 0 ? make_commands(f) : r;
}

int prefix_remote_find(const struct prefix_request *q, struct remote *r, prefix_map *map,
		       struct prefix_remote *ret_prefix, char **ret_why)
{
	cleanup_prefix_remote struct prefix_remote p = {
		.request = {.dir = q->dir, .absolute = q->absolute, .dots = q->dots}, .lock = -1};
	struct finding f = {q, r, map, &p, ret_why};

	int error = find(&f);
	if (error < 0)
		return error;
	*ret_prefix = p;
	p = (struct prefix_remote){.lock = -1};
	return 0;
}

struct exchange_kept prefix_remote_kept(const struct prefix_remote *p)
{
	return (struct exchange_kept){
		.name = p->name,
		.dir = p->request.dir,
		.text = p->text,
		.variable = REMOTE_HEADERS_VARIABLE,
		.list = (const char *const *)p->list.v,
		.make = (const char *const *)p->make.v,
	};
}

/* Was it made of what was thought of, and by those names? */
static int check_names(struct prefix_remote *p, const struct strv *names, bool *ret_fine)
{
	*ret_fine = names->n > 0 && strcmp(names->v[0], p->header) == 0 &&
		    !prefix_names_differ(&p->request, names);
	for (size_t i = 0; i < names->n && *ret_fine; i++) {
		cleanup_free char *path = plain_path(p->request.dir, names->v[i]);
		bool known = false;
		if (!path)
			return -ENOMEM;
		for (size_t j = 0; j < p->files.n; j++)
			known = known || strcmp(path, p->files.files[j].name) == 0;
		/* The command has the map of the header alone. */
		bool mapped =
			p->request.dots == PREFIX_DOTS_ROOT ? prefix_has_dot(p->header) : i == 0;
		*ret_fine = known && (mapped || !prefix_has_dot(names->v[i]));
	}
	return 0;
}

static int take_names(struct prefix_remote *p, const char *text, size_t len, char **ret_why)
{
	cleanup_strv struct strv names = {0};
	bool fine = false;

	int r = depfile_parse_list(text, len, &names);
	if (r == 0)
		r = check_names(p, &names, &fine);
	if (r < 0)
		return r;
	if (!fine && p->known) /* it is the list that is damaged there */
		return say(ret_why, strdup("the builder does not say what it was made of"));
	if (!fine) {
		p->files.refused = str_printf("%s: clang would call it otherwise", p->header);
		return p->files.refused ? 0 : -ENOMEM;
	}
	prefix_record_free(&p->prefix.record);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = prefix_record_add(&p->prefix.record, names.v[i], nothing, &never);
	return r;
}

/* It was not made: for what the header is, or for something else, which may be over later. */
static int take_failure(struct prefix_remote *p, const char *said, size_t len, char **ret_why)
{
	cleanup_free char *text = strndup(said, len), *name = str_printf("%s:", p->header);

	if (!text || !name)
		return -ENOMEM;
	if (!strstr(text, name))
		return say(ret_why, strdup("the builder cannot make it"));
	p->files.refused = str_printf("clang says something of %s", p->header);
	return p->files.refused ? 0 : -ENOMEM;
}

int prefix_remote_end(struct prefix_remote *p, bool is_there, const char *text, size_t len,
		      char **ret_why)
{
	int r = is_there ? take_names(p, text, len, ret_why) : take_failure(p, text, len, ret_why);

	if (r == 0 && (!p->known || p->files.refused) && prefix_remote_holds(p))
		prefix_store_write(p->store, p->key, &p->files);
	if (p->lock >= 0)
		close(p->lock);
	p->lock = -1;
	return r == 0 && p->files.refused ? say(ret_why, TAKE_PTR(p->files.refused)) : r;
}

bool prefix_remote_holds(const struct prefix_remote *p)
{
	for (size_t i = 0; i < p->files.n; i++) {
		struct prefix_file f = p->files.files[i];
		bool is_new = false;
		if (prefix_file_check(p->request.dir, &f, &is_new) < 0)
			return false;
	}
	return true;
}
