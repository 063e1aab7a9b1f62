/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In two passes. The first goes through the words of the file (conf-text.h): which sections and
 * keys there are, what each takes, which backends have a section; it finds what does not belong,
 * and blanks the sections of backends that are not installed. The second is libConfuse's, strict,
 * with the keys of the backends that the first one met; it gives the values.
 */
#include "config.h"

#include <confuse.h>
#include <errno.h>
#include <string.h>

#include "cache-url.h"
#include "cflags.h"
#include "clang-constraint.h"
#include "conf-text.h"
#include "conf.h"
#include "plugin.h"
#include "shared/nearest.h"
#include "shared/strbuf.h"
#include "variant.h"
#include "words.h"

enum key_kind { STRING, LIST, SIZE };

struct key {
	const char *name;
	enum key_kind kind;
	size_t member; /* of struct conf: a char *, a struct strv or a uint64_t */
	int (*check)(const char *value, struct crossbpf_error *e);
};

struct section {
	const char *name;
	const struct key *keys; /* ends with a NULL name */
};

static int check_not_empty(const char *value, struct crossbpf_error *e)
{
	return *value ? 0 : error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL, "the value is empty");
}

static int check_command(const char *value, struct crossbpf_error *e)
{
	cleanup_strv struct strv words = {0};

	int r = check_not_empty(value, e);
	return r < 0 ? r : words_split("the value", value, &words, e);
}

static int check_flags(const char *value, struct crossbpf_error *e)
{
	cleanup_strv struct strv words = {0};
	bool no_system = false;

	return cflags_split("the value", value, &words, &no_system, e);
}

static int check_clang(const char *value, struct crossbpf_error *e)
{
	bool holds;

	if (!clang_constraint_is(value) || clang_constraint_check(value, "1", &holds) == 0)
		return check_not_empty(value, e);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			 "write \">=14\", \"==16.0.6\" or \">=14, <17\"",
			 "'%s' is no constraint on clang's version", value);
}

static int check_backend(const char *value, struct crossbpf_error *e)
{
	if (plugin_is_name(value))
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			 "a name has lower-case letters, digits, '_' and '-'",
			 "'%s' is no backend's name", value);
}

uint64_t conf_parse_size(const char *text)
{
	static const char units[] = "KMGT";
	uint64_t size = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		if (size > (UINT64_MAX >> 4) / 10)
			return 0;
		size = 10 * size + (uint64_t)(*text - '0');
	}
	const char *unit = *text ? strchr(units, *text) : NULL;
	int shift = unit ? (int)(unit - units + 1) * 10 : 0;
	if (text[unit != NULL] != '\0' || size > UINT64_MAX >> shift)
		return 0;
	return size << shift;
}

static int check_size(const char *value, struct crossbpf_error *e)
{
	return conf_parse_size(value)
		       ? 0
		       : error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				   "write a number of bytes, or one with K, M, G or T: "
				   "\"5G\"",
				   "'%s' is no size", value);
}

static int check_bool(const char *value, struct crossbpf_error *e)
{
	return strcmp(value, "true") == 0 || strcmp(value, "false") == 0
		       ? 0
		       : error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
				   "'%s' is neither true nor false", value);
}

static int check_seconds(const char *value, struct crossbpf_error *e)
{
	size_t len = strspn(value, "0123456789");

	return len && len < 4 && !value[len] && strspn(value, "0") < len
		       ? 0
		       : error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
				   "'%s' is no number of seconds from 1 to 999", value);
}

#define MEMBER(name) offsetof(struct conf, name)

static const struct key top_keys[] = {
	{"order", LIST, MEMBER(order), check_backend},
	{"launcher", STRING, MEMBER(launcher), check_command},
	{0},
};

static const struct key build_keys[] = {
	{"sources", LIST, MEMBER(sources), check_not_empty},
	{"outdir", STRING, MEMBER(outdir), check_not_empty},
	{"include", LIST, MEMBER(include), check_not_empty},
	{"cflags", STRING, MEMBER(cflags), check_flags},
	{"target", LIST, MEMBER(target), variant_check_target},
	{"arch", LIST, MEMBER(arch), variant_check_arch},
	{"cpu", STRING, MEMBER(cpu), variant_check_cpu},
	{"emit", LIST, MEMBER(emit), variant_check_emit},
	{"package", STRING, MEMBER(package), check_not_empty},
	{"types", LIST, MEMBER(types), variant_check_type},
	{"vmlinux", STRING, MEMBER(vmlinux), check_not_empty},
	{"kernel_headers", STRING, MEMBER(kernel_headers), check_not_empty},
	{"clang", STRING, MEMBER(clang), check_clang},
	{0},
};

static const struct key cache_keys[] = {
	{"dir", STRING, MEMBER(cache_dir), check_not_empty},
	{"size", SIZE, MEMBER(cache_size), check_size},
	{"remote", STRING, MEMBER(cache_remote), cache_url_check},
	{"remote_write", STRING, MEMBER(cache_write), check_bool},
	{"remote_token_file", STRING, MEMBER(cache_token_file), check_not_empty},
	{"remote_timeout", STRING, MEMBER(cache_timeout), check_seconds},
	{0},
};

static const struct key verify_keys[] = {
	{"kernels", LIST, MEMBER(kernels), check_not_empty},
	{0},
};

/* The file outside of any section is the first, by the name that libConfuse has for it. */
static const struct section sections[] = {
	{"root", top_keys},
	{"build", build_keys},
	{"cache", cache_keys},
	{"verify", verify_keys},
};
enum {
	N_SECTIONS = sizeof(sections) / sizeof(sections[0]),
	MAX_KEYS = sizeof(build_keys) / sizeof(build_keys[0]) - 1, /* it has the most */
};

static const char backend_section[] = "backend";

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static const struct section *find_section(const char *name)
{
	for (size_t i = 0; i < N_SECTIONS; i++)
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	return NULL;
}

/* What is read now; libConfuse has no pointer of ours for its callbacks. */
struct reader {
	struct conf_text text;
	const struct conf_word *word; /* the next one */
	conf_keys_fn keys;
	void *ctx;
	struct conf conf;
	unsigned first_line[N_SECTIONS]; /* of each section that was met */
	struct strv backend_keys;        /* of all backends with a section, each once */
	struct crossbpf_error *e;
};

static struct reader *reader;

void conf_free(struct conf *c)
{
	for (size_t i = 0; i < c->n_backends; i++) {
		struct conf_backend *backend = &c->backends[i];
		for (size_t j = 0; j < backend->n; j++) {
			free((void *)backend->kv[j].key);
			free((void *)backend->kv[j].value);
		}
		free(backend->kv);
		free(backend->name);
	}
	free(c->backends);
	for (size_t i = 0; i < c->n_marks; i++)
		free(c->marks[i].key);
	free(c->marks);
	for (size_t i = 0; i < N_SECTIONS; i++) {
		for (const struct key *key = sections[i].keys; key->name; key++) {
			char *member = (char *)c + key->member;
			if (key->kind == LIST)
				strv_free((struct strv *)(void *)member);
			else if (key->kind == STRING)
				free(*(char **)(void *)member);
		}
	}
	*c = (struct conf){0};
}

const struct conf_backend *conf_find_backend(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_backends; i++)
		if (strcmp(c->backends[i].name, name) == 0)
			return &c->backends[i];
	return NULL;
}

unsigned conf_line(const struct conf *c, const char *key)
{
	for (size_t i = 0; i < c->n_marks; i++)
		if (strcmp(c->marks[i].key, key) == 0)
			return c->marks[i].line;
	return 0;
}

/* The first pass. */

static int add_mark(struct reader *r, const char *section, const char *name, unsigned line)
{
	struct conf *c = &r->conf;
	struct conf_mark *marks = realloc(c->marks, (c->n_marks + 1) * sizeof(*marks));

	if (!marks)
		return error_no_memory(r->e);
	c->marks = marks;
	char *key = section ? str_printf("%s: %s", section, name) : strdup(name);
	if (!key)
		return error_no_memory(r->e);
	marks[c->n_marks++] = (struct conf_mark){.key = key, .line = line};
	return 0;
}

static bool is_quoted(const struct reader *r, const struct conf_word *word)
{
	char first = r->text.text[word->at];

	return word->kind == CONF_STRING && (first == '"' || first == '\'');
}

/* A name, without its quotes. With what must be expanded in it, it is none that is known. */
static int take_name(struct reader *r, char **ret_name)
{
	const struct conf_word *word = r->word++;
	size_t quotes = is_quoted(r, word);

	*ret_name = strndup(r->text.text + word->at + quotes, word->len - 2 * quotes);
	return *ret_name ? 0 : error_no_memory(r->e);
}

/* Where a quote is missing, the next one begins what was meant to end there: a value over several
 * lines, and then something that does not belong at `word`. */
static char *missing_quote_hint(const struct reader *r, const struct conf_word *word)
{
	const struct conf_word *before = word - 1;

	if (word == r->text.words || !is_quoted(r, before) ||
	    !memchr(r->text.text + before->at, '\n', before->len))
		return NULL;
	return str_printf("is a quote missing in line %u?", before->line);
}

/* The next word is not `wanted`. */
static int unexpected(struct reader *r, const char *wanted)
{
	const struct conf_word *word = r->word;
	cleanup_free char *hint = missing_quote_hint(r, word);

	if (word->kind == CONF_END)
		return conf_error(r->e, r->text.path, word->line, hint,
				  "the file ends where %s should follow", wanted);
	return conf_error(r->e, r->text.path, word->line, hint, "'%.*s' stands where %s should",
			  word->len < 40 ? (int)word->len : 40, r->text.text + word->at, wanted);
}

static int expect(struct reader *r, enum conf_word_kind kind, const char *wanted)
{
	if (r->word->kind != kind)
		return unexpected(r, wanted);
	r->word++;
	return 0;
}

static int pass_list(struct reader *r)
{
	r->word++;
	while (r->word->kind != CONF_CLOSE) {
		int ret = expect(r, CONF_STRING, "a value or '}'");
		if (ret < 0)
			return ret;
		if (r->word->kind == CONF_COMMA)
			r->word++;
		else if (r->word->kind != CONF_CLOSE)
			return unexpected(r, "',' or '}'");
	}
	r->word++;
	return 0;
}

/* A '=' and a value, behind a key. */
static int pass_value(struct reader *r, const char *name, bool list)
{
	unsigned line = r->word[-1].line;
	bool appends = r->word->kind == CONF_APPEND;

	if (r->word->kind == CONF_OPEN)
		return conf_error(r->e, r->text.path, line, "write NAME = VALUE",
				  "'%s' is a key, not a section", name);
	if (!appends && r->word->kind != CONF_SET)
		return unexpected(r, "'='");
	r->word++;
	if (!list && (appends || r->word->kind == CONF_OPEN))
		return conf_error(r->e, r->text.path, line, NULL,
				  "'%s' takes one value, not a list", name);
	if (r->word->kind == CONF_OPEN)
		return pass_list(r);

	int ret = expect(r, CONF_STRING, list ? "a value or '{'" : "a value");
	if (ret == 0 && list && r->word->kind == CONF_COMMA)
		return conf_error(r->e, r->text.path, line,
				  "put the values in braces: {\"a\", \"b\"}",
				  "a list of '%s' has no braces", name);
	return ret;
}

/* The line in which the key at `word` was set before, by the words from `first` on; 0 for none. */
static unsigned set_before(const struct reader *r, const struct conf_word *first,
			   const struct conf_word *word)
{
	for (; first < word; first++) {
		if (first->kind == CONF_STRING &&
		    (first[1].kind == CONF_SET || first[1].kind == CONF_APPEND) &&
		    first->len == word->len &&
		    memcmp(r->text.text + first->at, r->text.text + word->at, word->len) == 0)
			return first->line;
	}
	return 0;
}

static int refuse_second(struct reader *r, unsigned line, unsigned before, const char *name)
{
	cleanup_free char *hint = str_printf("it is there in line %u already", before);

	return conf_error(r->e, r->text.path, line, hint, "'%s' is there twice", name);
}

/* Where else the key `name` would be right. */
static char *misplaced_hint(const char *name)
{
	for (const struct section *s = sections; s < sections + N_SECTIONS; s++)
		if (find_key(s->keys, name))
			return s == sections ? strdup("it stands outside of all sections")
					     : str_printf("it belongs in %s { }", s->name);
	return NULL;
}

static int refuse_unknown(struct reader *r, const struct conf_word *word, const char *what,
			  const char *name, const struct strv *known)
{
	static const char *const none[] = {NULL};
	const char *const *names = known->v ? (const char *const *)known->v : none;

	if (known->error)
		return error_no_memory(r->e);
	cleanup_free char *hint = missing_quote_hint(r, word);
	if (!hint)
		hint = misplaced_hint(name);
	if (!hint)
		hint = nearest_hint(name, names);
	return conf_error(r->e, r->text.path, word->line, hint, "'%.40s' is no %s", name, what);
}

/*
 * A key and its value. `keys` are those that are known in `section` (or NULL: outside of all), the
 * words from `first` on what was passed of it.
 */
static int pass_key(struct reader *r, const char *section, const struct crossbpf_key *keys,
		    const struct conf_word *first)
{
	const struct conf_word *word = r->word;
	const struct crossbpf_key *key = NULL;
	cleanup_strv struct strv known = {0};
	cleanup_free char *name = NULL, *place = NULL;

	if (word->kind != CONF_STRING)
		return unexpected(r, "a key or '}'");
	int ret = take_name(r, &name);
	if (ret < 0)
		return ret;
	for (; keys && keys->name; keys++) {
		strv_add(&known, keys->name);
		if (strcmp(keys->name, name) == 0)
			key = keys;
	}
	place = section ? str_printf("key of %s", section) : strdup("key");
	if (!place)
		return error_no_memory(r->e);
	if (!key)
		return refuse_unknown(r, word, place, name, &known);
	unsigned before = r->word->kind == CONF_SET ? set_before(r, first, word) : 0;
	if (before)
		return refuse_second(r, word->line, before, name);
	ret = add_mark(r, section, name, word->line);
	if (ret < 0)
		return ret;
	return pass_value(r, name, (key->flags & CROSSBPF_KEY_LIST) != 0);
}

/* The keys of a section, as a backend tells its own. */
static void list_keys(const struct section *s, struct crossbpf_key ret_keys[MAX_KEYS + 1])
{
	size_t n = 0;

	for (const struct key *key = s->keys; key->name; key++)
		ret_keys[n++] = (struct crossbpf_key){
			.name = key->name, .flags = key->kind == LIST ? CROSSBPF_KEY_LIST : 0};
	ret_keys[n] = (struct crossbpf_key){0};
}

/* A section's name is passed. */
static int pass_section(struct reader *r, const struct section *section)
{
	unsigned line = r->word[-1].line, *first_line = &r->first_line[section - sections];
	struct crossbpf_key keys[MAX_KEYS + 1];

	if (*first_line)
		return refuse_second(r, line, *first_line, section->name);
	*first_line = line;
	if (r->word->kind == CONF_SET)
		return conf_error(r->e, r->text.path, line, "write NAME { KEY = VALUE }",
				  "'%s' is a section, not a key", section->name);

	int ret = expect(r, CONF_OPEN, "'{'");
	list_keys(section, keys);
	for (const struct conf_word *first = r->word; ret == 0 && r->word->kind != CONF_CLOSE;)
		ret = pass_key(r, section->name, keys, first);
	r->word += ret == 0;
	return ret;
}

/* Up to the brace that closes what is open, blanked. */
static int blank_section(struct reader *r)
{
	char *at = r->text.text + r->word->at;

	for (size_t depth = 1;; r->word++) {
		if (r->word->kind == CONF_END)
			return unexpected(r, "'}'");
		depth += r->word->kind == CONF_OPEN;
		depth -= r->word->kind == CONF_CLOSE;
		if (depth == 0)
			break;
	}
	for (; at < r->text.text + r->word->at; at++)
		if (*at != '\n')
			*at = ' ';
	r->word++;
	return 0;
}

/* Takes `name` over. */
static int add_backend(struct reader *r, char *name, unsigned line, bool installed)
{
	struct conf *c = &r->conf;
	struct conf_backend *backends =
		realloc(c->backends, (c->n_backends + 1) * sizeof(*backends));

	if (!backends) {
		free(name);
		return error_no_memory(r->e);
	}
	c->backends = backends;
	backends[c->n_backends++] =
		(struct conf_backend){.name = name, .line = line, .installed = installed};
	return 0;
}

static int pass_backend_name(struct reader *r, char **ret_name)
{
	cleanup_error struct crossbpf_error wrong = {0};
	cleanup_free char *name = NULL;
	unsigned line = r->word->line;

	if (r->word->kind != CONF_STRING)
		return unexpected(r, "a backend's name");
	int ret = take_name(r, &name);
	if (ret < 0)
		return ret;
	if (check_backend(name, &wrong) < 0)
		return conf_error(r->e, r->text.path, line, wrong.hint, "%s", wrong.message);
	const struct conf_backend *before = conf_find_backend(&r->conf, name);
	if (before) {
		cleanup_free char *section = str_printf("backend %s", name);
		return refuse_second(r, line, before->line, section ? section : name);
	}
	*ret_name = TAKE_PTR(name);
	return expect(r, CONF_OPEN, "'{'");
}

/* The word `backend` is passed. */
static int pass_backend(struct reader *r)
{
	unsigned line = r->word[-1].line;
	const struct crossbpf_key *keys = NULL;
	cleanup_free char *name = NULL, *place = NULL;

	int ret = pass_backend_name(r, &name);
	if (ret < 0)
		return ret;
	ret = r->keys(r->ctx, name, &keys, r->e);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	bool installed = ret == 0;
	place = str_printf("backend %s", name);
	if (!place)
		return error_no_memory(r->e);
	ret = add_backend(r, TAKE_PTR(name), line, installed);
	if (ret == 0 && !installed)
		return blank_section(r);

	for (const struct conf_word *first = r->word; ret == 0 && r->word->kind != CONF_CLOSE;)
		ret = pass_key(r, place, keys, first);
	r->word += ret == 0;
	for (; ret == 0 && keys && keys->name; keys++)
		strv_add_once(&r->backend_keys, keys->name);
	return ret;
}

static int refuse_unknown_at_top(struct reader *r, const char *name)
{
	cleanup_strv struct strv known = {0};
	bool is_key = r->word->kind == CONF_SET || r->word->kind == CONF_APPEND;

	strv_add(&known, backend_section);
	for (const struct section *s = sections + 1; s < sections + N_SECTIONS; s++)
		strv_add(&known, s->name);
	for (const struct key *key = top_keys; key->name; key++)
		strv_add(&known, key->name);
	return refuse_unknown(r, r->word - 1, is_key ? "key" : "section", name, &known);
}

/* One key or section outside of sections. */
static int pass_top(struct reader *r)
{
	struct crossbpf_key keys[MAX_KEYS + 1];
	cleanup_free char *name = NULL;

	if (r->word->kind != CONF_STRING)
		return unexpected(r, "a section or a key");
	int ret = take_name(r, &name);
	if (ret < 0)
		return ret;
	if (strcmp(name, backend_section) == 0)
		return pass_backend(r);
	if (find_key(top_keys, name)) {
		r->word--;
		list_keys(sections, keys);
		return pass_key(r, NULL, keys, r->text.words);
	}
	const struct section *section = find_section(name);
	if (section && section != sections)
		return pass_section(r, section);
	return refuse_unknown_at_top(r, name);
}

/* The second pass. */

__attribute__((format(printf, 2, 0))) static void take_complaint(cfg_t *cfg, const char *format,
								 va_list args)
{
	cleanup_strbuf struct strbuf b = {0};
	cleanup_free char *message = NULL;

	strbuf_vprintf(&b, format, args);
	if (strbuf_finish(&b, &message) == 0)
		conf_error(reader->e, reader->text.path, (unsigned)cfg->line, NULL, "%s", message);
}

/* libConfuse took a value: the last one of `opt`. */
static int check_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct key *key = find_key(find_section(cfg->name)->keys, opt->name);
	cleanup_error struct crossbpf_error wrong = {0};
	unsigned n = cfg_opt_size(opt);

	if (n == 0 || key->check(cfg_opt_getnstr(opt, n - 1), &wrong) == 0)
		return 0;
	if (!wrong.message)
		error_no_memory(reader->e);
	else
		conf_error(reader->e, reader->text.path, (unsigned)cfg->line, wrong.hint, "%s: %s",
			   opt->name, wrong.message);
	return -1;
}

static cfg_opt_t option(const char *name, bool list)
{
	cfg_opt_t single = CFG_STR(name, NULL, CFGF_NODEFAULT);
	cfg_opt_t many = CFG_STR_LIST(name, NULL, CFGF_NODEFAULT);

	return list ? many : single;
}

static void list_options(const struct section *s, cfg_opt_t ret_options[MAX_KEYS])
{
	for (const struct key *key = s->keys; key->name; key++) {
		*ret_options = option(key->name, key->kind == LIST);
		ret_options->validcb = check_value;
		ret_options++;
	}
}

/* libConfuse copies what it is given. */
static cfg_t *make_parser(const struct strv *backend_keys)
{
	cfg_opt_t options[N_SECTIONS][MAX_KEYS + N_SECTIONS + 1] = {0};
	cfg_opt_t *top = options[0];
	cleanup_free cfg_opt_t *backend = calloc(backend_keys->n + 1, sizeof(*backend));

	if (!backend)
		return NULL;
	for (size_t i = 0; i < N_SECTIONS; i++)
		list_options(&sections[i], options[i]);
	while (top->name)
		top++;
	for (size_t i = 1; i < N_SECTIONS; i++)
		*top++ = (cfg_opt_t)CFG_SEC(sections[i].name, options[i], CFGF_NONE);
	/* Sections of one name share their keys. Whose a key is, and which take a list, was
	 * checked. */
	for (size_t i = 0; i < backend_keys->n; i++)
		backend[i] = option(backend_keys->v[i], true);
	*top = (cfg_opt_t)CFG_SEC(backend_section, backend, CFGF_MULTI | CFGF_TITLE);
	return cfg_init(options[0], CFGF_NONE);
}

static int parse(cfg_t *cfg, struct reader *r)
{
	size_t len = strlen(r->text.text);
	int ret = CFG_SUCCESS;

	cfg_set_error_function(cfg, take_complaint);
	/* Some fmemopen() refuse a buffer of no bytes. */
	cleanup_fclose FILE *f = len ? fmemopen(r->text.text, len, "r") : NULL;
	if (len && !f)
		return error_no_memory(r->e);
	reader = r;
	if (f)
		ret = cfg_parse_fp(cfg, f);
	reader = NULL;
	/* It says why, but where memory ran out. */
	return ret == CFG_SUCCESS ? 0 : r->e->message ? -EINVAL : error_no_memory(r->e);
}

static int take_list(cfg_opt_t *opt, struct strv *ret_values)
{
	for (unsigned i = 0; i < cfg_opt_size(opt); i++)
		strv_add(ret_values, cfg_opt_getnstr(opt, i));
	return ret_values->error;
}

static int take_section(cfg_t *cfg, const struct section *section, struct conf *c)
{
	for (const struct key *key = section->keys; key->name; key++) {
		cfg_opt_t *opt = cfg_getopt(cfg, key->name);
		const char *value = cfg_opt_getstr(opt);
		void *member = (char *)c + key->member;

		if (key->kind == LIST && take_list(opt, member) < 0)
			return -ENOMEM;
		if (key->kind == SIZE && value)
			*(uint64_t *)member = conf_parse_size(value);
		if (key->kind == STRING && value && !(*(char **)member = strdup(value)))
			return -ENOMEM;
	}
	return 0;
}

static int add_setting(struct conf_backend *b, const char *key, const char *value)
{
	struct crossbpf_kv *kv = realloc(b->kv, (b->n + 2) * sizeof(*kv));

	if (!kv)
		return -ENOMEM;
	b->kv = kv;
	b->kv[b->n] = (struct crossbpf_kv){strdup(key), strdup(value)};
	b->kv[++b->n] = (struct crossbpf_kv){0};
	return kv[b->n - 1].key && kv[b->n - 1].value ? 0 : -ENOMEM;
}

static int take_backend(cfg_t *cfg, struct conf_backend *b)
{
	b->kv = calloc(1, sizeof(*b->kv));
	if (!b->kv)
		return -ENOMEM;
	for (unsigned i = 0; i < cfg_num(cfg); i++) {
		cfg_opt_t *opt = cfg_getnopt(cfg, i);
		for (unsigned j = 0; j < cfg_opt_size(opt); j++)
			if (add_setting(b, opt->name, cfg_opt_getnstr(opt, j)) < 0)
				return -ENOMEM;
	}
	return 0;
}

static int take_values(cfg_t *cfg, struct conf *c)
{
	int r = take_section(cfg, &sections[0], c);

	for (size_t i = 1; r == 0 && i < N_SECTIONS; i++)
		r = take_section(cfg_getsec(cfg, sections[i].name), &sections[i], c);
	/* In the order in which the first pass met them. */
	for (size_t i = 0; r == 0 && i < c->n_backends; i++)
		r = take_backend(cfg_getnsec(cfg, backend_section, (unsigned)i), &c->backends[i]);
	return r;
}

static void reader_free(struct reader *r)
{
	conf_text_free(&r->text);
	conf_free(&r->conf);
	strv_free(&r->backend_keys);
}

static void cfg_freep(cfg_t **cfg)
{
	if (*cfg)
		cfg_free(*cfg);
}

int conf_read(const char *path, conf_keys_fn keys, void *ctx, struct conf *ret_conf,
	      struct crossbpf_error *e)
{
	CLEANUP(reader_free) struct reader r = {.keys = keys, .ctx = ctx, .e = e};

	int ret = conf_text_read(path, &r.text, e);
	if (ret < 0)
		return ret;
	for (r.word = r.text.words; r.word->kind != CONF_END;) {
		ret = pass_top(&r);
		if (ret < 0)
			return ret;
	}

	CLEANUP(cfg_freep) cfg_t *cfg = r.backend_keys.error ? NULL : make_parser(&r.backend_keys);
	if (!cfg)
		return error_no_memory(e);
	ret = parse(cfg, &r);
	if (ret < 0)
		return ret;
	if (take_values(cfg, &r.conf) < 0)
		return error_no_memory(e);
	memcpy(r.conf.digest, r.text.digest, sizeof(r.conf.digest));
	*ret_conf = r.conf;
	r.conf = (struct conf){0};
	return 0;
}
