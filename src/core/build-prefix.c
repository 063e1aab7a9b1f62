/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "build-prefix.h"
#include "depfile.h"

enum { WAIT = 20000 }; /* milliseconds, for another build that makes the same */

static void prefix_entry_free(struct build_prefix *p)
{
	strv_free(&p->argv);
	prefix_free(&p->prefix);
	prefix_remote_free(&p->remote);
	free(p->why);
	free(p);
}

void build_prefixes_free(struct build_prefixes *p)
{
	for (size_t i = 0; i < p->n; i++)
		prefix_entry_free(p->v[i]);
	for (size_t i = 0; p->uses && i < p->n_uses; i++)
		prefix_source_free(&p->uses[i].source);
	free(p->v);
	free(p->uses);
	*p = (struct build_prefixes){0};
}

static int add_entry(struct build_prefixes *p, struct build_prefix *entry,
		     struct build_prefix **ret_entry)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i]->key, entry->key) != 0)
			continue;
		prefix_entry_free(entry);
		*ret_entry = p->v[i];
		return 0;
	}
	struct build_prefix **v = realloc(p->v, (p->n + 1) * sizeof(struct build_prefix *));
	if (!v) {
		prefix_entry_free(entry);
		return -ENOMEM;
	}
	p->v = v;
	v[p->n++] = *ret_entry = entry;
	return 0;
}

/* Finds the entry of what an action begins with. */
static int find_entry(const struct build *b, struct build_prefixes *p, const struct build_action *a,
		      struct build_prefix_use *use)
{
	const struct build_variant *v = a->variant;
	struct build_prefix *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	strv_add_all(&entry->argv, (const char *const *)v->argv.v);
	entry->request = (struct prefix_request){
		.cache_dir = b->pch_dir,
		.dir = b->root,
		.source = a->source,
		.include = &use->source.include,
		.argv = &entry->argv,
		.n_own = v->n_own,
		.version = b->toolchain->version,
		.content = b->toolchain->content,
		.search = &b->plan->search,
		.system = &b->plan->system,
		.session = b->session,
		.env = b->env,
		.absolute = !b->plan->maps_root,
		.dots = PREFIX_DOTS_ROOT,
		.wait = WAIT,
	};
	if (entry->argv.error) {
		prefix_entry_free(entry);
		return -ENOMEM;
	}
	prefix_key(&entry->request, entry->key);
	int r = add_entry(p, entry, &use->of);
	if (r == 0)
		use->of->request.uses++;
	return r;
}

static int find_use(const struct build *b, struct build_prefixes *p, const struct build_action *a,
		    struct build_prefix_use *use)
{
	int r = prefix_source_read(b->root, a->source, &a->variant->argv, &use->source,
				   &use->why_not);

	return r < 0 || use->why_not ? r : find_entry(b, p, a, use);
}

int build_prefixes_find(const struct build *b, const struct build_action **actions, size_t n,
			struct build_prefixes *ret_prefixes)
{
	cleanup_build_prefixes struct build_prefixes p = {.uses = calloc(n + 1, sizeof(*p.uses)),
							  .n_uses = n};
	int r = p.uses ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++)
		r = find_use(b, &p, actions[i], &p.uses[i]);
	if (r < 0)
		return r;
	*ret_prefixes = p;
	p = (struct build_prefixes){0};
	return 0;
}

enum build_prefix_state build_prefix_make(struct build_prefix *p)
{
	return prefix_get(&p->request, &p->prefix, &p->why) == 0 ? PREFIX_READY : PREFIX_NONE;
}

enum build_prefix_state build_prefix_find(const struct build *b, struct build_prefix *p)
{
	return prefix_remote_find(&p->request, b->remote, remote_map_build, &p->remote, &p->why) ==
			       0
		       ? PREFIX_MAKING
		       : PREFIX_NONE;
}

/* Why an action is compiled without; NULL: it is not. */
static const char *why_without(const struct build_prefix_use *use)
{
	if (!use->of)
		return use->why_not;
	switch (use->of->state) {
	case PREFIX_READY:
		return NULL;
	case PREFIX_MAKING: /* its reason is not written yet */
		return "it is being made";
	default:
		return use->of->why;
	}
}

const struct build_prefix_use *build_prefix_of(const struct build *b,
					       const struct build_prefixes *p, size_t i,
					       const struct build_action *a)
{
	const struct build_prefix_use *use = p->uses ? &p->uses[i] : NULL;

	if (!use)
		return NULL;
	if (b->on_prefix)
		b->on_prefix(b->ctx, a, use->source.include.name, why_without(use));
	return use->of && use->of->state == PREFIX_READY ? use : NULL;
}

/* Do the flags ask for debug information by no more than -g? */
static bool asks_for_plain_debug(const struct build_variant *v)
{
	for (size_t i = 1; i < v->n_own; i++) {
		const char *arg = v->argv.v[i];
		if ((strncmp(arg, "-g", 2) == 0 && strcmp(arg, "-g") != 0) || strstr(arg, "dwarf"))
			return false;
	}
	return true;
}

/* BTF needs what DWARF is made of, and DWARF that nobody keeps is best made cheaply, which is some
 * 7 % of the compile: for version 5 clang reads all of each header, for a checksum, and the strings
 * are in a table, with a relocation of each. All clangs that precompile have these options. What
 * path_map_embed_sources() adds wants version 5. */
void build_prefix_cheapen(const struct build *b, const struct build_action *a, struct strv *argv)
{
	if (!b->plan->keep_debug && asks_for_plain_debug(a->variant) &&
	    !strv_contains(argv, "-gembed-source"))
		strv_add_all(argv, (const char *const[]){"-gdwarf-4", "-mllvm",
							 "-dwarf-inlined-strings=Enable", NULL});
}

bool build_prefix_holds(const struct build *b, const struct build_prefix_use *use,
			const struct build_action *a)
{
	return prefix_source_holds(b->root, a->source, &use->source) &&
	       (b->remote ? prefix_remote_holds(&use->of->remote) : prefix_holds(&use->of->prefix));
}

int build_prefix_dep(const struct build *b, const struct build_prefix_use *use,
		     const struct build_action *a, const struct strbuf *dep, struct strbuf *ret_dep)
{
	cleanup_strv struct strv inputs = {0};

	int r = prefix_inputs(b->remote ? &use->of->remote.prefix : &use->of->prefix, a->source,
			      dep, false, &inputs);
	return r < 0 ? r : depfile_write(a->object, &inputs, ret_dep);
}
