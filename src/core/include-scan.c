/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "include-computed.h"
#include "include-search.h"
#include "shared/io.h"

/* A file that includes "sub/../itself.h" has another name each time. Of each file only so many
 * names are followed. */
enum { NAMES_OF_ONE = 16 };

struct file_list {
	struct include_file **v;
	size_t n, room;
};

struct include_scan {
	struct include_files files;
	struct include_search search;
	unsigned number; /* of this scan */

	/* Of this scan alone. */
	struct file_list listed, followed;
	size_t resolved; /* of followed, whose includes have been taken */
	struct include_macros given;
	const struct include_options *options;
	bool is_complete, missing, guessed_foreign;
	size_t guesses; /* that are left */
};

struct include_scan *include_scan_new(void)
{
	return calloc(1, sizeof(struct include_scan));
}

void include_scan_free(struct include_scan *s)
{
	if (!s)
		return;
	include_files_free(&s->files);
	include_search_free(&s->search);
	include_macros_free(&s->given);
	free(s->listed.v);
	free(s->followed.v);
	free(s);
}

static int push(struct file_list *list, struct include_file *f)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct include_file **v = realloc(list->v, room * sizeof(struct include_file *));
		if (!v)
			return -ENOMEM;
		list->v = v;
		list->room = room;
	}
	list->v[list->n++] = f;
	return 0;
}

static bool may_follow(const struct include_scan *s, const struct include_file *f)
{
	unsigned followed = 0;

	for (const struct include_file *other = f->same; other != f; other = other->same)
		if (other->followed == s->number)
			followed++;
	return followed < NAMES_OF_ONE;
}

static int take(struct include_scan *s, struct include_file *f, bool follow)
{
	int r = 0;

	if (!f->there)
		return 0;
	if (f->listed != s->number && include_search_owns(&s->search, f)) {
		f->listed = s->number;
		r = push(&s->listed, f);
	}
	if (r == 0 && follow && f->followed != s->number && may_follow(s, f)) {
		f->followed = s->number;
		r = push(&s->followed, f);
	}
	return r;
}

static int take_followed(void *ctx, struct include_file *f)
{
	return take(ctx, f, true);
}

static int take_asked(void *ctx, struct include_file *f)
{
	return take(ctx, f, false);
}

/* What is only there, or only copied, includes nothing. .include is taken for .incbin and more. */
static bool is_followed(enum include_use use)
{
	return use == USE_INCLUDE || use == USE_NEXT || use == USE_ASSEMBLE;
}

static int add_read(void *ctx, struct include_file *f)
{
	return include_file_add_edge(ctx, f, true);
}

static int add_asked(void *ctx, struct include_file *f)
{
	return include_file_add_edge(ctx, f, false);
}

/* How `from` looks for that name. */
static struct include_lookup lookup_of(const struct include_scan *s, struct include_file *from,
				       const struct include_name *name)
{
	return (struct include_lookup){
		.use = name->use,
		.quote = name->quote,
		.name = name->text,
		.dir = from->path,
		.dir_len = from->dir_len,
		.foreign = !include_search_owns(&s->search, from),
	};
}

/* Finds what the file includes, once for each set of directories. */
static int resolve(struct include_scan *s, struct include_file *f)
{
	int r = include_file_read_names(f);

	if (r < 0 || f->resolved == s->search.generation)
		return r;
	f->n_edges = 0;
	f->missing = false;
	for (size_t i = 0; i < f->names.n; i++) {
		const struct include_name *name = &f->names.v[i];
		if (name->computed)
			continue;
		struct include_lookup lookup = lookup_of(s, f, name);
		bool follow = is_followed(name->use);
		r = include_search_find(&s->search, &s->files, &lookup,
					follow ? add_read : add_asked, f);
		if (r < 0)
			return r;
		f->missing |= r == 0 && follow;
	}
	f->resolved = s->search.generation;
	return 0;
}

/* Takes all that is included by what is followed. */
static int follow_all(struct include_scan *s)
{
	for (; s->resolved < s->followed.n; s->resolved++) {
		struct include_file *f = s->followed.v[s->resolved];
		int r = resolve(s, f);
		for (size_t i = 0; i < f->n_edges && r == 0; i++)
			r = take(s, f->edges[i].file, f->edges[i].follow);
		if (r < 0)
			return r;
		s->missing |= f->missing;
	}
	return 0;
}

/* A file that was read by another name before has, to clang before 16, that one's directory. */
static int take_beside_others(struct include_scan *s, struct include_file *f)
{
	int r = 0;

	for (struct include_file *other = f->same; other != f; other = other->same) {
		if (other->followed != s->number)
			continue;
		for (size_t i = 0; i < f->names.n && r >= 0; i++) {
			const struct include_name *name = &f->names.v[i];
			if (!name->quote || name->computed)
				continue;
			struct include_lookup lookup = lookup_of(s, other, name);
			r = include_search_find(&s->search, &s->files, &lookup,
						is_followed(name->use) ? take_followed : take_asked,
						s);
		}
	}
	return r < 0 ? r : 0;
}

/* Takes the headers in a directory, and in those therein. */
static int guess_in(struct include_scan *s, const char *dir, unsigned depth, bool follow)
{
	static const char *const endings[] = {".h", ".hh", ".hpp", ".inc", ".def", ".c"};
	struct dirent **entries = NULL;
	int n = scandir(*dir ? dir : "/", &entries, NULL, alphasort), r = 0;

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name, *dot = strrchr(name, '.');
		bool is_header = false;
		for (size_t j = 0; dot && j < sizeof(endings) / sizeof(endings[0]); j++)
			is_header |= strcmp(dot, endings[j]) == 0;
		struct include_file *f = NULL;
		if (r == 0 && name[0] != '.' && s->guesses > 0) {
			f = include_files_get(&s->files, dir, strlen(dir), name);
			r = f ? 0 : -ENOMEM;
		}
		if (f && f->there && is_header && include_search_owns(&s->search, f)) {
			s->guesses -= f->listed != s->number;
			r = take(s, f, follow);
		} else if (f && !f->there && depth > 0) {
			r = guess_in(s, f->path, depth - 1, follow);
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int guess_everywhere(struct include_scan *s, const struct include_file *from, bool follow)
{
	const struct search_list *lists[] = {&s->search.quote, &s->search.angle};
	cleanup_free char *dir = strndup(from->path, from->dir_len);
	int r = !dir ? -ENOMEM : guess_in(s, dir, 1, follow);

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
		for (size_t i = 0; i < lists[l]->n && r == 0; i++)
			if (lists[l]->v[i].own && lists[l]->v[i].present)
				r = guess_in(s, lists[l]->v[i].path, 1, follow);
	return r;
}

/* Takes what `from` may mean by names that macros make, of which none says which way it is looked
 * for. */
static int take_names(struct include_scan *s, struct include_file *from, enum include_use use,
		      const struct include_names *names)
{
	int r = 0;

	for (size_t i = 0; i < names->n && r >= 0; i++) {
		for (int quote = 0; quote < 2 && r >= 0; quote++) {
			struct include_name name = {use, quote, false, names->v[i].text};
			struct include_lookup lookup = lookup_of(s, from, &name);
			r = include_search_find(&s->search, &s->files, &lookup,
						is_followed(use) ? take_followed : take_asked, s);
		}
	}
	return r < 0 ? r : 0;
}

static int take_computed(struct include_scan *s, struct include_file *from,
			 const struct include_name *name)
{
	const struct include_definitions all = {s->followed.v, s->followed.n, &s->given};
	cleanup_include_names struct include_names names = {0};

	int r = include_computed_find(&all, name->text, &names);
	bool known = r == 1;
	if (r == 0)
		r = include_computed_all(&all, &names);
	if (r >= 0)
		r = take_names(s, from, name->use, &names);
	/* A header of a builder that does so means one of its own. */
	if (r < 0 || known || s->is_complete || !name->text[0] ||
	    !include_search_owns(&s->search, from))
		return r;
	return guess_everywhere(s, from, is_followed(name->use));
}

/* What .incbin names may be put together of: any string here. */
static int take_strings(struct include_scan *s, struct include_file *from)
{
	cleanup_strv struct strv strings = {0};
	int r = 0;

	for (size_t i = 0; i < s->followed.n && r == 0; i++) {
		cleanup_strbuf struct strbuf text = {0};
		if (!include_search_owns(&s->search, s->followed.v[i]) ||
		    include_file_read(s->followed.v[i], &text) < 0)
			continue;
		include_strings_find(text.data, text.len, &strings);
		r = strings.error;
	}
	for (size_t i = 0; i < strings.n && r >= 0; i++) {
		struct include_name name = {USE_ASSEMBLE, true, false, strings.v[i]};
		struct include_lookup lookup = lookup_of(s, from, &name);
		r = include_search_find(&s->search, &s->files, &lookup, take_asked, s);
	}
	return r < 0 ? r : 0;
}

static bool is_computed(const struct include_file *f)
{
	for (size_t i = 0; i < f->names.n; i++)
		if (f->names.v[i].computed)
			return true;
	return false;
}

static int take_all_computed(struct include_scan *s, struct include_file *f)
{
	const size_t n = s->followed.n;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = include_file_read_macros(s->followed.v[i]);
	for (size_t i = 0; i < f->names.n && r == 0; i++) {
		if (!f->names.v[i].computed)
			continue;
		/* New files have macros too. */
		for (size_t j = n; j < s->followed.n && r == 0; j++)
			r = include_file_read_macros(s->followed.v[j]);
		if (r == 0)
			r = f->names.v[i].use == USE_ASSEMBLE ? take_strings(s, f)
							      : take_computed(s, f, &f->names.v[i]);
	}
	return r;
}

/* Is that header in a directory that stands in for the builder's? */
static bool stands_in(const struct include_scan *s, const char *header)
{
	for (size_t i = 0; i < s->search.angle.n; i++) {
		const struct search_dir *dir = &s->search.angle.v[i];
		cleanup_free char *path = str_printf("%s/%s", dir->path, header);
		if (path && !dir->own && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* Are the headers of a C library and of a kernel there to be read? Then what is not found is not
 * the builder's either: a kernel's own header behind an #ifdef, say. */
static bool has_system(const struct include_scan *s)
{
	return stands_in(s, "features.h") && stands_in(s, "linux/types.h") &&
	       stands_in(s, "asm/types.h");
}

/* What a system's header may include by <…>, and a project may have of its own. */
static int guess_foreign(struct include_scan *s)
{
	static const char *const dirs[] = {"asm", "asm-generic", "bits", "bpf",
					   "gnu", "linux",       "sys"};
	static const char *const headers[] = {
		"alloca.h",   "ctype.h",       "endian.h",  "errno.h",  "features.h",
		"inttypes.h", "limits.h",      "sched.h",   "signal.h", "stdarg.h",
		"stdbool.h",  "stdc-predef.h", "stddef.h",  "stdint.h", "stdio.h",
		"stdlib.h",   "string.h",      "strings.h", "time.h",   "unistd.h"};
	int r = 0;

	for (size_t i = 0; i < s->search.angle.n && r == 0; i++) {
		const struct search_dir *dir = &s->search.angle.v[i];
		if (!dir->own || !dir->present)
			continue;
		for (size_t j = 0; j < sizeof(dirs) / sizeof(dirs[0]) && r == 0; j++) {
			cleanup_free char *path = str_printf("%s/%s", dir->path, dirs[j]);
			r = path ? guess_in(s, path, 1, true) : -ENOMEM;
		}
		for (size_t j = 0; j < sizeof(headers) / sizeof(headers[0]) && r == 0; j++) {
			struct include_file *f = include_files_get(&s->files, dir->path,
								   strlen(dir->path), headers[j]);
			r = f ? take(s, f, true) : -ENOMEM;
		}
	}
	return r;
}

/* One more round of what needs to know all files before. */
static int take_rest(struct include_scan *s)
{
	const size_t n = s->followed.n;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct include_file *f = s->followed.v[i];
		if (f->same != f)
			r = take_beside_others(s, f);
		if (r == 0 && is_computed(f))
			r = take_all_computed(s, f);
	}
	if (r == 0 && s->missing && !s->guessed_foreign && !s->is_complete) {
		s->guessed_foreign = true;
		r = has_system(s) ? 0 : guess_foreign(s);
	}
	return r;
}

/* Files that the command line names, or that have such a name with this ending. */
static int take_named(struct include_scan *s, const char *dir, const struct strv *names,
		      const char *ending, bool follow)
{
	for (size_t i = 0; i < names->n; i++) {
		cleanup_free char *name = str_printf("%s%s", names->v[i], ending);
		if (!name)
			return -ENOMEM;
		struct include_file *f = include_files_get(&s->files, dir, strlen(dir), name);
		int r = f ? take(s, f, follow) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

/* As #include "so" in a file in `dir`. */
static int take_first(struct include_scan *s, const char *dir, const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct include_lookup lookup = {.use = USE_INCLUDE,
						      .quote = true,
						      .name = names->v[i],
						      .dir = dir,
						      .dir_len = strlen(dir)};
		int r = include_search_find(&s->search, &s->files, &lookup, take_followed, s);
		if (r < 0)
			return r;
		s->missing |= r == 0;
	}
	return 0;
}

static int begin(struct include_scan *s, const struct include_request *request)
{
	s->number++;
	s->listed.n = s->followed.n = s->resolved = 0;
	s->missing = s->guessed_foreign = false;
	s->is_complete = request->is_complete;
	s->options = request->options;
	s->guesses = INCLUDE_SCAN_GUESSES;
	include_macros_free(&s->given);
	for (size_t i = 0; i < request->options->defines.n; i++)
		if (include_macros_add(request->options->defines.v[i], &s->given) < 0)
			return -ENOMEM;
	return include_search_set(&s->search, request);
}

static int take_command_line(struct include_scan *s, const struct include_options *o)
{
	int r = take_named(s, s->search.dir, &o->sources, "", true);

	if (r == 0)
		r = take_first(s, s->search.dir, &o->first);
	/* The driver takes a precompiled header that lies beside. */
	if (r == 0)
		r = take_named(s, s->search.dir, &o->first, ".pch", false);
	if (r == 0)
		r = take_named(s, s->search.dir, &o->first, ".gch", false);
	return r < 0 ? r : take_named(s, s->search.dir, &o->pch, "", false);
}

int include_scan_files(struct include_scan *s, const struct include_request *request,
		       struct strv *ret_files)
{
	size_t known;

	int r = begin(s, request);
	if (r == 0)
		r = take_command_line(s, request->options);
	do {
		if (r == 0)
			r = follow_all(s);
		known = s->followed.n;
		if (r == 0)
			r = take_rest(s);
	} while (r == 0 && s->followed.n > known);
	for (size_t i = 0; i < s->listed.n && r == 0; i++) {
		strv_add(ret_files, s->listed.v[i]->path);
		r = ret_files->error;
	}
	return r;
}

/* Does a header that is for all architectures include one of them? For another arch that is another
 * file. */
static bool names_arch(const struct include_file *f, const struct include_name *name)
{
	return strncmp(name->text, "asm/", 4) == 0 && !strstr(f->path, "/asm/") &&
	       !strstr(f->path, "/asm-generic/");
}

static bool is_question(enum include_use use)
{
	return use == USE_ASK || use == USE_ASK_NEXT;
}

static int ask_for(struct include_scan *s, struct include_file *from,
		   const struct include_name *name, const struct include_foreign *ask)
{
	struct include_lookup lookup = lookup_of(s, from, name);
	int counts = !lookup.foreign || is_question(name->use) || names_arch(from, name) ||
		     name->text[0] == '/';

	if (!counts)
		counts = include_search_may_own(&s->search, &s->files, &lookup);
	return counts > 0
		       ? include_search_foreign(&s->search, &s->files, &lookup, ask->has, ask->ctx)
		       : counts;
}

/* What a header of a builder's means by macros was read where it was mirrored. */
static int ask_for_computed(struct include_scan *s, struct include_file *from,
			    const struct include_name *name, const struct include_foreign *ask)
{
	const struct include_definitions all = {s->followed.v, s->followed.n, &s->given};
	cleanup_include_names struct include_names names = {0};
	bool own = include_search_owns(&s->search, from);

	if (name->use == USE_ASSEMBLE || (!own && !is_question(name->use)))
		return 0;
	int r = include_computed_find(&all, name->text, &names);
	if (r == 0 && own)
		ask->unknown(ask->ctx, from->path, name->text);
	for (size_t i = 0; i < names.n && r >= 0; i++) {
		for (int quote = 0; quote < 2 && r >= 0; quote++) {
			struct include_name meant = {name->use, quote, false, names.v[i].text};
			r = ask_for(s, from, &meant, ask);
		}
	}
	return r < 0 ? r : 0;
}

/* Those of -include and -imacros. */
static int ask_for_first(struct include_scan *s, const struct include_foreign *ask)
{
	int r = 0;

	for (size_t i = 0; i < s->options->first.n && r == 0; i++) {
		const struct include_lookup lookup = {.use = USE_INCLUDE,
						      .quote = true,
						      .name = s->options->first.v[i],
						      .dir = s->search.dir,
						      .dir_len = strlen(s->search.dir)};
		r = include_search_foreign(&s->search, &s->files, &lookup, ask->has, ask->ctx);
	}
	return r;
}

int include_scan_foreign(struct include_scan *s, const struct include_foreign *ask)
{
	int r = ask_for_first(s, ask);

	for (size_t i = 0; i < s->followed.n && r == 0; i++) {
		struct include_file *f = s->followed.v[i];
		for (size_t j = 0; j < f->names.n && r == 0; j++)
			r = f->names.v[j].computed ? ask_for_computed(s, f, &f->names.v[j], ask)
						   : ask_for(s, f, &f->names.v[j], ask);
	}
	return r;
}
