/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tested.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "pins.h"
#include "shared/io.h"
#include "unpinned.h"

/* There is not just one that takes packets: `names` do. */
static int refuse_choice(const char *word, const struct strv *names, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf hint = {0};

	if (!names->n)
		return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
				 "those of XDP, TC, cgroup_skb, LWT, of sockets and flow "
				 "dissectors do",
				 "%s has no program that takes packets", word);
	strbuf_puts(&hint, "--program ");
	for (size_t i = 0; i < names->n; i++)
		strbuf_printf(&hint, "%s%s", i ? ", " : "", names->v[i]);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, hint.data,
			 "%s has several programs that take packets: say which one", word);
}

static int refuse_type(const char *name, unsigned type, struct crossbpf_error *e)
{
	const char *of = libbpf_bpf_prog_type_str((enum bpf_prog_type)type);

	return error_set(e, -EOPNOTSUPP, EXIT_STATUS_USAGE,
			 "those of XDP, TC, cgroup_skb, LWT, of sockets and flow dissectors do",
			 "'%s' takes no packets: it is a program of type %s", name,
			 of ? of : "unknown");
}

static struct bpf_program *find_only(const struct opened *o, struct crossbpf_error *e)
{
	struct bpf_program *program, *found = NULL;
	cleanup_strv struct strv names = {0};

	bpf_object__for_each_program(program, o->object) {
		if (!verdict_type(bpf_program__type(program)))
			continue;
		strv_add(&names, bpf_program__name(program));
		found = program;
	}
	if (names.n == 1)
		return found;
	refuse_choice(o->path, &names, e);
	return NULL;
}

static int open_object(struct tested *t, const char *path, const char *name,
		       const struct open_options *options, struct crossbpf_error *e)
{
	int r = opened_open(&t->o, path, options, e);

	if (r < 0)
		return r;
	struct bpf_program *program = name ? opened_program(&t->o, name, e) : find_only(&t->o, e);
	if (!program)
		return -EINVAL;
	t->type = verdict_type(bpf_program__type(program));
	if (!t->type)
		return refuse_type(bpf_program__name(program), bpf_program__type(program), e);
	bpf_program__set_autoload(program, true);
	unpinned_make(t->o.object);
	r = opened_load(&t->o, e);
	if (r < 0)
		return r;
	t->fd = bpf_program__fd(program);
	t->name = strdup(bpf_program__name(program));
	return t->name ? 0 : error_no_memory(e);
}

/* bpf(2) opens whatever is pinned there, and tells of it as if it were what it is taken for. */
static bool is_program(int fd)
{
	char path[32], text[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(path, text, sizeof(text) - 1);
	text[len < 0 ? 0 : len] = '\0';
	return strcmp(text, "anon_inode:bpf-prog") == 0;
}

static int open_pin(struct tested *t, const char *path, const char *name, struct crossbpf_error *e)
{
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);

	t->pinned = t->fd = bpf_obj_get(path);
	if (t->fd < 0)
		return error_set(e, -errno, EXIT_STATUS_FAILED,
				 errno == EPERM || errno == EACCES
					 ? "run it as root"
					 : "name an object, a pinned program, or what crossbpf "
					   "list shows",
				 "cannot open the program %s: %s", path, strerror(errno));
	if (!is_program(t->fd))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL, "%s is no program", path);
	if (bpf_obj_get_info_by_fd(t->fd, &info, &len) < 0)
		return error_set(e, -errno, EXIT_STATUS_FAILED, NULL, "%s: %s", path,
				 strerror(errno));
	t->name = strdup(name ? name : io_basename(path));
	if (!t->name)
		return error_no_memory(e);
	t->type = verdict_type(info.type);
	return t->type ? 0 : refuse_type(t->name, info.type, e);
}

static bool pin_takes_packets(const char *path)
{
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);
	cleanup_close int fd = bpf_obj_get(path);

	return fd >= 0 && is_program(fd) && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	       verdict_type(info.type);
}

/* Of a directory that crossbpf load made. */
static int open_loaded(struct tested *t, const char *word, const char *program,
		       struct crossbpf_error *e)
{
	cleanup_free char *dir = pins_dir(word, NULL);
	cleanup_strv struct strv names = {0}, fit = {0};
	int r = dir ? pins_list(dir, "programs", &names) : -ENOMEM;

	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED,
				 r == -EACCES ? "run it as root"
					      : "crossbpf list shows what is loaded",
				 "cannot read what is loaded as %s: %s", word, strerror(-r));
	if (program && !strv_contains(&names, program))
		return opened_lacks(word, "program", program, &names, e);
	for (size_t i = 0; !program && i < names.n; i++) {
		cleanup_free char *path = pins_path(dir, "programs", names.v[i]);
		if (path && pin_takes_packets(path))
			strv_add(&fit, names.v[i]);
	}
	if (!program && (fit.error || fit.n != 1))
		return refuse_choice(word, &fit, e);
	const char *name = program ? program : fit.v[0];
	cleanup_free char *path = pins_path(dir, "programs", name);
	return path ? open_pin(t, path, name, e) : error_no_memory(e);
}

static int refuse_options(const char *word, const struct open_options *options,
			  struct crossbpf_error *e)
{
	if (!options->set.n && !options->map_sizes.n && !options->reuse.n && !options->btf)
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "name the object's file to load it anew",
			 "%s is loaded already: it is what it is", word);
}

/* Is it the NAME of something that is loaded, or its directory? */
static bool is_loaded(const char *word)
{
	cleanup_free char *dir = pins_dir(word, NULL);
	cleanup_free char *programs = dir ? str_printf("%s/programs", dir) : NULL;

	return programs && access(programs, F_OK) == 0;
}

int tested_open(struct tested *ret, const char *word, const char *program,
		const struct open_options *options, struct crossbpf_error *e)
{
	struct stat st;
	bool is_file = stat(word, &st) == 0 && !S_ISDIR(st.st_mode);
	bool is_pin = is_file && pins_is_bpf_fs(word);

	if ((is_file && !is_pin) || (!is_file && !is_loaded(word)))
		return open_object(ret, word, program, options, e);
	int r = refuse_options(word, options, e);
	if (r < 0)
		return r;
	return is_pin ? open_pin(ret, word, NULL, e) : open_loaded(ret, word, program, e);
}

void tested_close(struct tested *t)
{
	closep(&t->pinned);
	free(t->name);
	opened_close(&t->o);
}
