/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "depfile.h"
#include "include-scan.h"
#include "lookups.h"
#include "prefix.h"
#include "prefix-files.h"
#include "shared/io.h"
#include "toolchain.h"

enum {
	MAX_SAID = 1 << 20,
	MAX_DEPS = 1 << 24,
};

void prefix_free(struct prefix *p)
{
	free(p->dir);
	free(p->pch);
	prefix_record_free(&p->record);
	*p = (struct prefix){0};
}

/* The directory in which a source's #include "so" is looked for first. */
static char *dir_of(const char *path)
{
	return strndup(path, (size_t)(io_basename(path) - path));
}

void prefix_key(const struct prefix_request *q, char ret_key[DIGEST_HEX_SIZE])
{
	static const char *const dots[] = {"", "each", "root"};
	cleanup_free char *dir = q->include->quote ? dir_of(q->source) : NULL;
	struct prefix_stamp stamp = {0};
	struct digest d;
	struct stat st;

	/* Another build of the same version may lay out a precompiled header differently. */
	if (stat(q->argv->v[0], &st) == 0)
		stamp = prefix_stamp_of(&st);
	digest_init(&d);
	digest_string(&d, "prefix 2");
	digest_string(&d, q->dir);
	digest_string(&d, q->version);
	digest_string(&d, q->content);
	digest_string(&d, q->absolute ? "absolute" : "");
	digest_string(&d, dots[q->dots]);
	digest_bytes(&d, &stamp, sizeof(stamp));
	for (size_t i = 0; i < q->argv->n; i++)
		digest_string(&d, q->argv->v[i]);
	digest_string(&d, NULL);
	digest_string(&d, q->include->name);
	digest_string(&d, dir);
	digest_finish(&d, ret_key);
}

/* Names that are looked for on the way to those files. */
struct others {
	const char *dir;
	struct strv names;
};

static int take_other(void *ctx, const char *name)
{
	struct others *o = ctx;
	cleanup_free char *path = io_absolute(o->dir, name);
	struct stat st;

	if (!path)
		return -ENOMEM;
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		strv_add_once(&o->names, name);
	return o->names.error;
}

/* A digest of those under which something is, and of how each file is found. */
static int digest_others(const struct prefix_request *q, const struct prefix_record *r,
			 uint8_t ret_digest[DIGEST_SIZE])
{
	cleanup_strv struct strv inputs = {0}, dirs = {0};
	struct others o = {.dir = q->dir};
	struct digest d;
	int error;

	if (q->include->quote)
		strv_add(&inputs, q->source);
	for (size_t i = 0; i < r->n; i++)
		strv_add(&inputs, r->files[i].name);
	error = inputs.error ? inputs.error : lookups_dirs(&inputs, q->search, q->system, &dirs);
	for (size_t i = 0; i < r->n && error == 0; i++)
		error = lookups_of_input(r->files[i].name, &dirs, take_other, &o);
	strv_sort(&o.names);
	digest_init(&d);
	for (size_t i = 0; i < o.names.n; i++)
		digest_string(&d, o.names.v[i]);
	digest_finish_bytes(&d, ret_digest);
	strv_free(&o.names);
	return error;
}

/* One that is being asked for. */
struct getting {
	const struct prefix_request *q;
	char key[DIGEST_HEX_SIZE];
	char *store, *pch;
	char *scratch;
	char *alone; /* the header, where it is clear without clang that it includes nothing: */
	uint8_t alone_digest[DIGEST_SIZE];
	char **ret_why;
};

static int say(char **ret_why, char *why)
{
	free(*ret_why);
	*ret_why = why;
	return why ? -ENOENT : -ENOMEM;
}

static bool is_made(const struct getting *g, const struct prefix_record *r)
{
	struct stat st;

	return lstat(g->pch, &st) == 0 && S_ISREG(st.st_mode) && prefix_stamp_is(&r->pch, &st);
}

/* What is known of this key, where that is still so. 0; -ENOENT with a reason; -ESTALE: it is to be
 * made. */
static int recall(const struct getting *g, struct prefix_record *ret_record)
{
	cleanup_prefix_record struct prefix_record r = {0};
	uint8_t others[DIGEST_SIZE];
	bool is_new = false;

	if (prefix_store_read(g->store, g->key, &r) < 0)
		return -ESTALE;
	int error = prefix_files_check(g->q->dir, &r, &is_new);
	if (error == 0)
		error = digest_others(g->q, &r, others);
	if (error < 0)
		return error;
	if (memcmp(others, r.others, DIGEST_SIZE) != 0 || (!r.refused && !is_made(g, &r)))
		return -ESTALE;
	if (is_new)
		prefix_store_write(g->store, g->key, &r);
	else
		prefix_store_touch(g->store, g->key);
	if (r.refused)
		return say(g->ret_why, TAKE_PTR(r.refused));
	*ret_record = r;
	r = (struct prefix_record){0};
	return 0;
}

/* Runs clang. 0 where it said nothing and all is well, -ENOENT where not. */
static int run_clang(const struct getting *g, const struct strv *argv, const char *const *env,
		     struct strbuf *ret_said)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC), said = -1;
	int status = 0;

	if (argv->error)
		return argv->error;
	int r = null < 0 ? -errno : io_temporary(&said);
	if (r < 0)
		return r == -ENOMEM ? r : -ENOENT;
	struct crossbpf_run run = {
		.size = sizeof(run),
		.argv = (const char *const *)argv->v,
		.env = env,
		.dir = g->q->dir,
		.fd = {null, said, said},
		.control = g->q->session->control,
	};
	r = session_run(g->q->session, &run, &status, &e);
	if (r == 0)
		r = lseek(said, 0, SEEK_SET) < 0 ? -errno : io_read_fd(said, MAX_SAID, ret_said);
	if (r == -ENOMEM)
		return r;
	return r < 0 || status != 0 || ret_said->len ? -ENOENT : 0;
}

static bool includes_nothing(const char *path, uint8_t ret_digest[DIGEST_SIZE])
{
	cleanup_strbuf struct strbuf text = {0};
	struct prefix_stamp stamp;

	return !strchr(path, ';') && prefix_stamp_read(path, &stamp, ret_digest, &text) == 0 &&
	       text.len && !prefix_may_include(text.data, text.len);
}

/* Is it clear without asking clang that the header is small, with all that it may include, or that
 * it includes nothing? That both branches of conditionals are counted, and it is looked for a
 * little otherwise than clang does, costs at most a run of clang, or a precompiled header. */
static int look_ahead(struct getting *g, bool *ret_small)
{
	const struct prefix_include *include = g->q->include;
	cleanup_include_options struct include_options options = {0};
	cleanup_include_scan struct include_scan *scan = include_scan_new();
	cleanup_strv struct strv files = {0};
	const struct include_request request = {
		.dir = g->q->dir, .options = &options, .is_complete = true};
	uint64_t sum = 0;

	if (include->quote)
		strv_take(&options.quote, dir_of(g->q->source));
	strv_take(&options.first, strndup(include->name + 1, strlen(include->name + 1) - 1));
	for (size_t i = 0; i < g->q->search->n; i++)
		strv_add(&options.angle, g->q->search->v[i]);
	if (!scan || options.quote.error || options.first.error || options.angle.error ||
	    include_scan_files(scan, &request, &files) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < files.n; i++) {
		struct stat st;
		if (stat(files.v[i], &st) == 0)
			sum += (uint64_t)st.st_size;
	}
	*ret_small = files.n > 0 && sum < PREFIX_MIN_TEXT;
	if (files.n == 1 && !*ret_small && includes_nothing(files.v[0], g->alone_digest))
		g->alone = TAKE_PTR(files.v[0]);
	return 0;
}

/* Names as clang has them by itself: a dependency file leaves the "./" out. */
static int spell_names(const struct strbuf *list, const struct strv *names, struct strv *ret_names)
{
	if (depfile_parse_list(list->data, list->len, ret_names) < 0)
		return -ENOMEM;
	bool same = ret_names->n == names->n;
	for (size_t i = 0; i < names->n && same; i++)
		same = strcmp(prefix_without_dot(ret_names->v[i]), names->v[i]) == 0;
	return same ? 0 : -EINVAL;
}

/* Has clang read another file in the place of one. */
static void add_remap(const char *file, const char *other, struct strv *argv)
{
	strv_add_all(argv, (const char *const[]){"-Xclang", "-remap-file", "-Xclang", NULL});
	strv_take(argv, str_printf("%s;%s", file, other));
}

/* What is to be run to have clang say what the #include means, in a source in this one's place that
 * has no more. A header that is alone need not be read for that: if it is the one, nothing is read
 * in its place. */
static int stub_argv(const struct getting *g, const char *how, const char *stub, const char *dep,
		     struct strv *argv)
{
	strv_add_all(argv, (const char *const *)g->q->argv->v);
	strv_add_all(argv, (const char *const[]){how, "-MQ", "x", "-MF", dep, NULL});
	add_remap(g->q->source, stub, argv);
	if (g->alone)
		add_remap(g->alone, "/dev/null", argv);
	strv_add(argv, g->q->source);
	return argv->error;
}

/* `how` is -M, or -MM for what is not the system's; *ret_names is without "./". */
static int run_stub(const struct getting *g, const char *how, const char *stub, const char *dep,
		    const char *const *env, struct strv *ret_names)
{
	cleanup_strbuf struct strbuf said = {0}, rule = {0};
	cleanup_strv struct strv argv = {0}, names = {0};

	int r = stub_argv(g, how, stub, dep, &argv);
	if (r == 0)
		r = run_clang(g, &argv, env, &said);
	if (r == 0)
		r = io_read_file(dep, MAX_DEPS, &rule);
	if (r == 0)
		r = depfile_parse(rule.data, rule.len, &names);
	if (r == 0 && (names.n < 1 || strcmp(names.v[0], g->q->source) != 0))
		return -EINVAL;
	if (r == 0)
		strv_add_all(ret_names, (const char *const *)names.v + 1);
	return r < 0 ? r : ret_names->error;
}

/* As run_stub(), and as clang spells them by itself. */
static int list_stub(const struct getting *g, const char *stub, const char *dep, const char *list,
		     struct strv *ret_names)
{
	cleanup_strbuf struct strbuf spelled = {0};
	cleanup_strv struct strv env = {0}, names = {0};

	for (const char *const *variable = g->q->env; *variable; variable++)
		strv_add(&env, *variable);
	strv_add(&env, "CC_PRINT_HEADERS=1");
	strv_take(&env, str_printf("CC_PRINT_HEADERS_FILE=%s", list));
	int r = env.error ? env.error
			  : run_stub(g, "-M", stub, dep, (const char *const *)env.v, &names);
	if (r == 0)
		r = names.n ? io_read_file(list, MAX_DEPS, &spelled) : -EINVAL;
	return r < 0 ? r : spell_names(&spelled, &names, ret_names);
}

static bool is_below_system(const struct getting *g, const char *name)
{
	for (size_t i = 0; g->q->system && i < g->q->system->n; i++)
		if (toolchain_is_below(prefix_without_dot(name),
				       prefix_without_dot(g->q->system->v[i])))
			return true;
	return false;
}

/* Which of them -MMD names. */
static int find_user(const struct getting *g, const char *stub, const char *dep,
		     const struct strv *names, struct strv *ret_user)
{
	bool any = false;

	for (size_t i = 0; i < names->n; i++)
		any = any || is_below_system(g, names->v[i]);
	if (any)
		return run_stub(g, "-MM", stub, dep, g->q->env, ret_user);
	for (size_t i = 0; i < names->n; i++)
		strv_add(ret_user, prefix_without_dot(names->v[i]));
	return ret_user->error;
}

static int find_files(const struct getting *g, struct strv *ret_names, struct strv *ret_user)
{
	cleanup_free char *stub = str_printf("%s/stub.c", g->scratch);
	cleanup_free char *dep = str_printf("%s/stub.d", g->scratch);
	cleanup_free char *list = str_printf("%s/stub.h", g->scratch);
	cleanup_free char *text = str_printf("#include %s\n", g->q->include->name);

	if (!stub || !dep || !list || !text)
		return -ENOMEM;
	int r = io_replace_file(stub, text, strlen(text));
	if (r == 0)
		r = list_stub(g, stub, dep, list, ret_names);
	if (r == 0)
		r = find_user(g, stub, dep, ret_names, ret_user);
	unlink(stub);
	unlink(dep);
	unlink(list);
	return r < 0 && r != -ENOMEM ? say(g->ret_why, strdup("clang finds no such header")) : r;
}

bool prefix_names_differ(const struct prefix_request *q, const struct strv *names)
{
	bool any_dot = false, any_bare = false;

	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->v[i];
		bool dot = prefix_has_dot(name), relative = name[0] != '/';
		if (prefix_renames(dot ? name + 2 : name) || (q->absolute && relative) ||
		    (dot && (q->dots == PREFIX_DOTS_REFUSED || strchr(q->dir, '='))))
			return true;
		for (size_t j = 0; dot && j < names->n; j++) /* one map for two names */
			if (j != i && strncmp(names->v[j], name, strlen(name)) == 0)
				return true;
		any_dot = any_dot || dot;
		any_bare = any_bare || (relative && !dot);
	}
	return any_dot && any_bare && q->dots == PREFIX_DOTS_ROOT;
}

/* Puts the new one in place. */
static int place(const struct getting *g, const char *new, struct prefix_record *r)
{
	cleanup_close int fd = open(new, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	/* The name is not to be there before the bytes, whatever happens to the machine. */
	if (fd < 0 || fsync(fd) < 0 || rename(new, g->pch) < 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	r->pch = prefix_stamp_of(&st);
	return 0;
}

static int precompile(const struct getting *g, struct prefix_record *r)
{
	cleanup_free char *new = str_printf("%s/%s.new", g->store, g->key);
	cleanup_strbuf struct strbuf said = {0};
	cleanup_strv struct strv argv = {0};
	bool is_new = false;

	if (!new)
		return -ENOMEM;
	strv_add_all(&argv, (const char *const *)g->q->argv->v);
	/* Its own look at times would take a copied header for a changed one. */
	strv_add_all(&argv,
		     (const char *const[]){"-Wdate-time", "-Xclang", "-fno-pch-timestamp", "-o",
					   new, "-x", "c-header", r->files[0].name, NULL});
	int error = run_clang(g, &argv, g->q->env, &said);
	if (error == -ENOENT && said.len)
		r->refused = str_printf("clang says something of %s", r->files[0].name);
	else if (error == 0)
		error = prefix_files_check(g->q->dir, r, &is_new);
	if (error == 0)
		error = place(g, new, r);
	unlink(new);
	return r->refused ? 0 : error;
}

/* Reads them into the record, which says then whether they are not to be precompiled. */
static int read_files(const struct getting *g, const struct strv *names, struct prefix_record *r)
{
	uint64_t size = 0;

	int error = prefix_files_read(g->q->dir, names, r, &size);
	if (error < 0)
		return error == -ENOMEM ? error : say(g->ret_why, strdup("it changes now"));
	if (prefix_names_differ(g->q, names)) {
		free(r->refused);
		r->refused = str_printf("%s: clang would call it otherwise", names->v[0]);
		return r->refused ? 0 : -ENOMEM;
	}
	if (size < PREFIX_MIN_TEXT && !r->refused)
		r->refused = str_printf("%s is small", names->v[0]);
	return size < PREFIX_MIN_TEXT && !r->refused ? -ENOMEM : 0;
}

static int find_and_read(const struct getting *g, struct strv *ret_user, struct prefix_record *r)
{
	cleanup_strv struct strv names = {0};

	int error = find_files(g, &names, ret_user);
	return error == 0 ? read_files(g, &names, r) : error;
}

/* Is what clang names not the header that was found to include nothing, as it was then? */
static bool is_another(const struct getting *g, const struct prefix_record *r)
{
	return r->n != 1 || memcmp(r->files[0].digest, g->alone_digest, DIGEST_SIZE) != 0;
}

static int make_in_scratch(struct getting *g, struct prefix_record *ret_record)
{
	cleanup_prefix_record struct prefix_record r = {0};
	cleanup_strv struct strv user = {0};

	int error = find_and_read(g, &user, &r);
	if (error == 0 && g->alone && is_another(g, &r)) {
		free(TAKE_PTR(g->alone));
		strv_free(&user);
		prefix_record_free(&r);
		error = find_and_read(g, &user, &r);
	}
	for (size_t i = 0; i < r.n; i++)
		r.files[i].system = !strv_contains(&user, prefix_without_dot(r.files[i].name));
	if (error == 0 && !r.refused)
		error = precompile(g, &r);
	if (error == 0)
		error = digest_others(g->q, &r, r.others);
	if (error == -ENOMEM || (error == -ENOENT && *g->ret_why))
		return error;
	if (error < 0)
		return say(g->ret_why, strdup("clang does not precompile it"));
	prefix_store_write(g->store, g->key, &r);
	prefix_store_trim(g->store, g->key, PREFIX_STORE_LIMIT, NULL);
	if (r.refused)
		return say(g->ret_why, TAKE_PTR(r.refused));
	*ret_record = r;
	r = (struct prefix_record){0};
	return 0;
}

static int make(struct getting *g, struct prefix_record *ret_record)
{
	cleanup_close int lock =
		prefix_store_lock(g->store, g->key, g->q->wait, g->q->session->control);

	if (lock < 0)
		return say(g->ret_why, strdup("another process makes it"));
	int r = recall(g, ret_record); /* it may have been made in the meantime */
	if (r != -ESTALE)
		return r;
	bool small = false;
	if (look_ahead(g, &small) < 0)
		return -ENOMEM;
	if (small)
		return say(g->ret_why, str_printf("%s is small", g->q->include->name));
	if (io_temporary_dir(&g->scratch) < 0)
		return say(g->ret_why, strdup("there is no temporary directory"));
	r = strchr(g->scratch, ';') ? say(g->ret_why, strdup("TMPDIR has a semicolon"))
				    : make_in_scratch(g, ret_record);
	rmdir(g->scratch);
	free(TAKE_PTR(g->scratch));
	return r;
}

static int get(struct getting *g, struct prefix *ret_prefix)
{
	cleanup_prefix struct prefix p = {0};
	const struct prefix_request *q = g->q;

	if (prefix_renames(q->source))
		return say(g->ret_why, strdup("the source's name has characters of clang's own"));
	const char *option = prefix_refuse_option(q->argv, q->n_own);
	if (option)
		return say(g->ret_why, str_printf("%s is among the options", option));
	g->store = prefix_store_dir(q->cache_dir);
	if (!g->store)
		return say(g->ret_why, strdup("others may write in the cache's directory"));
	g->pch = str_printf("%s/%s.pch", g->store, g->key);
	p.dir = strdup(q->dir);
	p.dots = q->dots;
	if (!g->pch || !p.dir)
		return -ENOMEM;
	int r = recall(g, &p.record);
	if (r == -ESTALE)
		r = q->uses >= PREFIX_MAKE_USES || prefix_store_seen(g->store, g->key)
			    ? make(g, &p.record)
			    : say(g->ret_why, strdup("it is asked for once so far"));
	if (r < 0)
		return r;
	p.pch = TAKE_PTR(g->pch);
	*ret_prefix = p;
	p = (struct prefix){0};
	return 0;
}

int prefix_get(const struct prefix_request *q, struct prefix *ret_prefix, char **ret_why)
{
	cleanup_free char *why = NULL;
	struct getting g = {.q = q, .ret_why = &why};

	prefix_key(q, g.key);
	int r = get(&g, ret_prefix);
	free(g.store);
	free(g.pch);
	free(g.alone);
	if (r == -ENOENT)
		*ret_why = TAKE_PTR(why);
	return r;
}

bool prefix_holds(const struct prefix *p)
{
	struct stat st;

	if (lstat(p->pch, &st) < 0 || !prefix_stamp_is(&p->record.pch, &st))
		return false;
	for (size_t i = 0; i < p->record.n; i++) {
		struct prefix_file f = p->record.files[i];
		bool is_new = false;
		if (prefix_file_check(p->dir, &f, &is_new) < 0)
			return false;
	}
	return true;
}

/* The text that its names begin with which are mapped to the file's own. The caller frees. */
static char *mapped_text(const struct prefix *p, size_t i)
{
	return p->dots == PREFIX_DOTS_ROOT
		       ? strdup(p->dir)
		       : str_printf("%s/%s", p->dir, p->record.files[i].name + 2);
}

/* The directory is mapped by that word: another map beside it may be passed over. */
static int map_root(const struct prefix *p, struct strv *argv)
{
	cleanup_free char *plain = str_printf("-ffile-prefix-map=%s/=", p->dir);
	char *dotted = str_printf("-ffile-prefix-map=%s=.", p->dir);

	for (size_t i = 0; plain && dotted && i < argv->n; i++) {
		if (strcmp(argv->v[i], plain) != 0)
			continue;
		free(argv->v[i]);
		argv->v[i] = TAKE_PTR(dotted);
	}
	free(dotted);
	return plain ? argv->error : -ENOMEM;
}

void prefix_options(const struct prefix *p, size_t end, struct strv *argv)
{
	strv_add_all(argv, (const char *const[]){"-Xclang", "-include-pch", "-Xclang", p->pch,
						 "-Xclang", NULL});
	strv_take(argv, str_printf("-preamble-bytes=%zu,1", end));
	for (size_t i = 0; i < p->record.n && !argv->error; i++) {
		const char *name = p->record.files[i].name;
		if (prefix_has_dot(name) && p->dots == PREFIX_DOTS_ROOT) {
			argv->error = map_root(p, argv);
			break;
		}
		if (prefix_has_dot(name))
			strv_take(argv, str_printf("-fdebug-prefix-map=%s/%s=%s", p->dir, name + 2,
						   name));
	}
}

/* Would one of those maps change the name of another file too? */
static bool is_mapped(const struct prefix *p, const char *name)
{
	for (size_t i = 0; i < p->record.n; i++) {
		if (!prefix_has_dot(p->record.files[i].name))
			continue;
		cleanup_free char *from = mapped_text(p, i);
		if (!from || strncmp(name, from, strlen(from)) == 0)
			return true;
	}
	return false;
}

/* Is that the name of one of the files, as it is or as a precompiled header has it? */
static bool is_of_prefix(const struct prefix *p, const char *name, bool absolute)
{
	for (size_t i = 0; i < p->record.n; i++) {
		const char *file = prefix_without_dot(p->record.files[i].name);
		if (strcmp(name, file) == 0)
			return true;
		size_t len = strlen(p->dir);
		if (absolute && file[0] != '/' && strncmp(name, p->dir, len) == 0 &&
		    name[len] == '/' && strcmp(name + len + 1, file) == 0)
			return true;
	}
	return false;
}

int prefix_names(const struct prefix *p, struct strv *ret_names)
{
	for (size_t i = 0; i < p->record.n; i++)
		strv_add(ret_names, prefix_without_dot(p->record.files[i].name));
	return ret_names->error;
}

/* Clang lists what the precompiled header is made of, in an order of its own, and then the source
 * and what that reads. */
int prefix_inputs(const struct prefix *p, const char *source, const struct strbuf *dep, bool user,
		  struct strv *ret_inputs)
{
	cleanup_strv struct strv named = {0};
	size_t at = 0;

	int r = depfile_parse_first(dep->data, dep->len, &named);
	if (r < 0)
		return r;
	while (at < named.n && is_of_prefix(p, named.v[at], true))
		at++;
	if ((at != p->record.n && !user) || at == named.n || strcmp(named.v[at], source) != 0)
		return -EINVAL;
	strv_add(ret_inputs, source);
	for (size_t i = 0; i < p->record.n; i++)
		if (!user || !p->record.files[i].system)
			strv_add(ret_inputs, prefix_without_dot(p->record.files[i].name));
	if (is_mapped(p, source))
		return -EINVAL;
	for (at++; at < named.n; at++) {
		if (is_of_prefix(p, named.v[at], false))
			continue;
		if (is_mapped(p, named.v[at]))
			return -EINVAL;
		strv_add(ret_inputs, named.v[at]);
	}
	return ret_inputs->error;
}
