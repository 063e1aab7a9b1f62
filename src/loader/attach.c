/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "attach.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>

static const struct attach_family *const families[] = {
	&attach_xdp,
	&attach_tc,
	&attach_cgroup,
	&attach_tracepoint,
	&attach_raw_tracepoint,
	&attach_kprobe,
	&attach_uprobe,
	&attach_usdt,
	&attach_fentry,
	&attach_perf_event,
	&attach_socket,
	&attach_sk_lookup,
};

const char *attachment_section_target(const struct bpf_program *program)
{
	const char *slash = strchr(bpf_program__section_name(program), '/');

	return slash && slash[1] ? slash + 1 : NULL;
}

char *attachment_name(const struct attachment *a)
{
	return str_printf("%s=%s", bpf_program__name(a->program), a->place);
}

bool attachment_section_is(const struct bpf_program *program, const char *word)
{
	const char *section = bpf_program__section_name(program);
	size_t len = strcspn(section, "/");

	return strlen(word) == len && strncmp(section, word, len) == 0;
}

int attachment_refuse_where(const struct attachment *a, int r, const char *hint,
			    struct crossbpf_error *e)
{
	return error_set(e, r, EXIT_STATUS_USAGE, hint,
			 "'%s' cannot be told where: its section does, SEC(\"%s\")",
			 bpf_program__name(a->program), bpf_program__section_name(a->program));
}

int attachment_fail(const struct attachment *a, int r, const char *hint, struct crossbpf_error *e)
{
	return error_set(e, r, EXIT_STATUS_FAILED, hint, "cannot attach '%s' to %s: %s",
			 bpf_program__name(a->program), a->place, strerror(-r));
}

int attachment_add(struct attachment *a, int fd, struct crossbpf_error *e)
{
	int *fds = realloc(a->fds, (a->n + 1) * sizeof(*fds));

	if (!fds) {
		close(fd);
		return error_no_memory(e);
	}
	a->fds = fds;
	a->fds[a->n++] = fd;
	return 0;
}

int attachment_add_link(struct attachment *a, struct bpf_link *link, struct crossbpf_error *e)
{
	if (!link)
		return attachment_fail(a, -errno, NULL, e);
	struct bpf_link **links = realloc(a->links, (a->n_links + 1) * sizeof(struct bpf_link *));
	if (!links) {
		bpf_link__destroy(link);
		return error_no_memory(e);
	}
	a->links = links;
	a->links[a->n_links++] = link;
	return 0;
}

size_t attachment_links(const struct attachment *a)
{
	return a->n + a->n_links;
}

int attachment_link(const struct attachment *a, size_t i)
{
	return i < a->n ? a->fds[i] : bpf_link__fd(a->links[i - a->n]);
}

uint64_t attachment_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

int attachment_device_target(const struct attachment *a, uint64_t *ret_target)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *name = NULL;
	const char *rest;
	int index = attachment_device(a, &name, &rest, &e);

	*ret_target = index < 0 ? 0 : (uint64_t)index;
	return index < 0 ? index : 0;
}

int attachment_device(const struct attachment *a, char **ret_name, const char **ret_rest,
		      struct crossbpf_error *e)
{
	size_t len = strcspn(a->where, ":");
	char *name = strndup(a->where, len);

	if (!name)
		return error_no_memory(e);
	int index = (int)if_nametoindex(name);
	*ret_name = name;
	*ret_rest = a->where[len] ? a->where + len + 1 : "";
	return index ? index
		     : error_set(e, -ENODEV, EXIT_STATUS_USAGE, "'ip link' lists the devices",
				 "there is no network device '%s'", name);
}

int attachment_function(const struct attachment *a, const char *text, char **ret_function,
			unsigned long *ret_offset, struct crossbpf_error *e)
{
	size_t len = strcspn(text, "+");
	char *end = NULL;

	*ret_offset = text[len] ? strtoul(text + len + 1, &end, 0) : 0;
	if (!len || (end && (*end || end == text + len + 1)))
		return attachment_fail(a, -EINVAL, a->family->where, e);
	*ret_function = strndup(text, len);
	return *ret_function ? 0 : error_no_memory(e);
}

static const struct attach_family *family_of(const struct bpf_program *program)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i]->is(program))
			return families[i];
	return NULL;
}

static int refuse_family(const struct opened *o, const struct bpf_program *program,
			 struct crossbpf_error *e)
{
	return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
			 "name those that are to be attached; crossbpf load takes them all",
			 "%s: crossbpf does not attach what is of SEC(\"%s\"), as '%s' is", o->path,
			 bpf_program__section_name(program), bpf_program__name(program));
}

/* By which one place is told from another that had its name before. */
static int find_target(struct attachment *a, struct crossbpf_error *e)
{
	bool is_device = a->family->target == attachment_device_target;
	uint64_t target = 0;
	int r = a->family->target ? a->family->target(a, &target) : 0;

	if (r < 0)
		return attachment_fail(a, r, NULL, e);
	a->at = str_printf("%llu %llu", (unsigned long long)target,
			   is_device ? (unsigned long long)attachment_netns() : 0);
	return a->at ? 0 : error_no_memory(e);
}

static int check(struct attachment *a, const struct opened *o, struct crossbpf_error *e)
{
	const char *name = bpf_program__name(a->program);
	const struct attach_family *family = a->family;
	cleanup_free char *hint = NULL;

	if (a->where && !family->where)
		return attachment_refuse_where(a, -EINVAL, NULL, e);
	if (!a->where && family->where &&
	    (family->needs_where || !attachment_section_target(a->program))) {
		hint = str_printf("%s %s=%s", o->path, name, family->where);
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint,
				 "SEC(\"%s\") does not say where to attach '%s'",
				 bpf_program__section_name(a->program), name);
	}
	int r = family->check ? family->check(a, e) : 0;
	if (r < 0)
		return r;
	const char *place = a->where ? a->where : attachment_section_target(a->program);
	if (!a->place)
		a->place = strdup(place ? place : bpf_program__section_name(a->program));
	return a->place ? find_target(a, e) : error_no_memory(e);
}

static int add(struct attachments *all, const struct opened *o, struct bpf_program *program,
	       const char *where, struct crossbpf_error *e)
{
	const struct attach_family *family = family_of(program);

	if (!family)
		return refuse_family(o, program, e);
	struct attachment *v = realloc(all->v, (all->n + 1) * sizeof(*v));
	if (!v)
		return error_no_memory(e);
	all->v = v;
	struct attachment *a = &all->v[all->n++];
	*a = (struct attachment){
		.program = program, .family = family, .where = where, .old_program = -1};
	int r = check(a, o, e);
	for (size_t i = 0; r == 0 && i + 1 < all->n; i++)
		if (all->v[i].program == program && strcmp(all->v[i].place, a->place) == 0)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
					 "'%s' is to be attached to %s twice",
					 bpf_program__name(program), a->place);
	return r;
}

static int plan_word(struct attachments *all, const struct opened *o, const char *word,
		     struct crossbpf_error *e)
{
	const char *equals = strchr(word, '=');
	cleanup_free char *name = equals ? strndup(word, (size_t)(equals - word)) : strdup(word);

	if (!name)
		return error_no_memory(e);
	struct bpf_program *program = opened_program(o, name, e);
	if (!program)
		return -ENOENT;
	bpf_program__set_autoload(program, true);
	return add(all, o, program, equals ? equals + 1 : NULL, e);
}

int attachments_plan(struct attachments *ret, const struct opened *o, char *const *words, size_t n,
		     struct crossbpf_error *e)
{
	struct bpf_program *program;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = plan_word(ret, o, words[i], e);
	if (n)
		return r;
	bpf_object__for_each_program(program, o->object)
		if (r == 0 && bpf_program__autoload(program))
			r = add(ret, o, program, NULL, e);
	if (r == 0 && !ret->n)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE, NULL, "%s has no program", o->path);
	return r;
}

int attachment_make(struct attachment *a, struct crossbpf_error *e)
{
	return a->family->attach(a, e);
}

int attachments_make(struct attachments *all, struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++)
		r = attachment_make(&all->v[i], e);
	if (r < 0)
		attachments_undo(all);
	return r;
}

/* Those that are pinned live on; others end now, also what libbpf made beside them. */
static void close_links(struct attachment *a, bool pinned)
{
	while (a->n)
		close(a->fds[--a->n]);
	while (a->n_links) {
		struct bpf_link *link = a->links[--a->n_links];
		if (pinned)
			bpf_link__disconnect(link);
		bpf_link__destroy(link);
	}
}

void attachments_undo(struct attachments *all)
{
	for (size_t i = all->n; i-- > 0;) {
		struct attachment *a = &all->v[i];
		if (a->clsact && a->old_program >= 0)
			attach_tc_restore(a);
		else if (a->clsact)
			(void)attach_tc_remove(a->clsact);
		else if (a->old_program >= 0)
			(void)bpf_link_update(a->fds[0], a->old_program, NULL);
		else /* now, and not a moment after its last descriptor is closed */
			for (size_t k = 0; k < a->n; k++)
				(void)bpf_link_detach(a->fds[k]);
		close_links(a, false);
	}
}

void attachments_free(struct attachments *all)
{
	for (size_t i = 0; i < all->n; i++) {
		close_links(&all->v[i], all->pinned);
		closep(&all->v[i].old_program);
		free(all->v[i].fds);
		free(all->v[i].links);
		free(all->v[i].at);
		free(all->v[i].place);
		free(all->v[i].clsact);
	}
	free(all->v);
}
