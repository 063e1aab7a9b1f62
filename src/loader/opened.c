/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "opened.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capabilities.h"
#include "cli/cli.h"
#include "object/object.h"
#include "object/verifier.h"
#include "pins.h"
#include "shared/io.h"
#include "shared/nearest.h"
#include "sound.h"
#include "variables.h"

enum { LOG_SIZE = (16 << 20) - 1 }; /* kernels before 5.18 take no more (BPF_VERIFIER_LOG) */

/* What libbpf complained of, the last line first found. */
static struct {
	char *complaint;
	char *program; /* which was not loaded */
	bool verbose;
} said;

static void remember(char **what, const char *begin, size_t len)
{
	free(*what);
	*what = strndup(begin, len);
}

__attribute__((format(printf, 2, 0))) static int hear(enum libbpf_print_level level,
						      const char *format, va_list args)
{
	static const char failed[] = "': BPF program load failed";
	cleanup_strbuf struct strbuf text = {0};

	if (level == LIBBPF_DEBUG && !said.verbose)
		return 0;
	strbuf_vprintf(&text, format, args);
	if (text.error || !text.data)
		return 0;
	if (said.verbose)
		fputs(text.data, stderr);
	if (level != LIBBPF_WARN)
		return 0;
	const char *line = str_begins(text.data, "libbpf: ") ? text.data + 8 : text.data;
	const char *end = strstr(line, failed);
	if (end && str_begins(line, "prog '"))
		remember(&said.program, line + 6, (size_t)(end - line - 6));
	/* What follows tells of what did not come about because of it. */
	if (!said.complaint)
		remember(&said.complaint, line, strcspn(line, "\n"));
	return 0;
}

void open_options_free(struct open_options *o)
{
	strv_free(&o->set);
	strv_free(&o->map_sizes);
	strv_free(&o->reuse);
	strv_free(&o->programs);
}

bool open_options_take(struct open_options *o, int letter, const char *value)
{
	switch (letter) {
	case 'b':
		o->btf = value;
		return true;
	case 'm':
		strv_add(&o->map_sizes, value);
		return true;
	case 'P':
		strv_add(&o->programs, value);
		return true;
	case 'r':
		strv_add(&o->reuse, value);
		return true;
	case 's':
		strv_add(&o->set, value);
		return true;
	case 'v':
		o->verbose = true;
		return true;
	default:
		return false;
	}
}

const char *opened_split(const char *word, const char *option, char **ret_name,
			 struct crossbpf_error *e)
{
	const char *equals = strchr(word, '=');

	if (!equals || equals == word) {
		error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL, "%s %s: no name and '=' stand there",
			  option, word);
		return NULL;
	}
	*ret_name = strndup(word, (size_t)(equals - word));
	if (*ret_name)
		return equals + 1;
	error_no_memory(e);
	return NULL;
}

int opened_lacks(const char *of, const char *what, const char *name, const struct strv *names,
		 struct crossbpf_error *e)
{
	cleanup_free char *hint = NULL;

	if (names->error)
		return error_no_memory(e);
	if (names->n)
		hint = nearest_hint(name, (const char *const *)names->v);
	return error_set(e, -ENOENT, EXIT_STATUS_USAGE, hint, "%s has no %s '%s'", of, what, name);
}

struct bpf_map *opened_map(const struct opened *o, const char *name, struct crossbpf_error *e)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o->object, name);
	cleanup_strv struct strv names = {0};

	if (map)
		return map;
	bpf_object__for_each_map(map, o->object)
		strv_add(&names, bpf_map__name(map));
	opened_lacks(o->path, "map", name, &names, e);
	return NULL;
}

struct bpf_program *opened_program(const struct opened *o, const char *name,
				   struct crossbpf_error *e)
{
	struct bpf_program *program = bpf_object__find_program_by_name(o->object, name);
	cleanup_strv struct strv names = {0};

	if (program)
		return program;
	bpf_object__for_each_program(program, o->object) {
		if (strcmp(bpf_program__section_name(program), name) == 0)
			return program;
		strv_add(&names, bpf_program__name(program));
	}
	opened_lacks(o->path, "program", name, &names, e);
	return NULL;
}

static int set_size(struct opened *o, const char *word, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL;
	const char *text = opened_split(word, "--map-size", &name, e);
	struct bpf_map *map = text ? opened_map(o, name, e) : NULL;
	char *end;

	if (!map)
		return -EINVAL;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || n == 0 || n > UINT32_MAX)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
				 "--map-size %s: '%s' is no number of entries", word, text);
	int r = bpf_map__set_max_entries(map, (unsigned)n);
	return r == 0 ? 0
		      : error_set(e, r, EXIT_STATUS_FAILED, NULL, "--map-size %s: %s", word,
				  strerror(-r));
}

static int reuse(struct opened *o, const char *word, struct crossbpf_error *e)
{
	cleanup_free char *name = NULL;
	const char *pin = opened_split(word, "--reuse-map", &name, e);
	struct bpf_map *map = pin ? opened_map(o, name, e) : NULL;
	cleanup_close int fd = -1;

	if (!map)
		return -EINVAL;
	fd = pins_open_map(pin, 0, e);
	if (fd < 0)
		return fd;
	return opened_reuse(map, fd, e);
}

const char *opened_map_name(const struct opened *o, const struct bpf_map *map)
{
	const struct bpf_map *each;
	size_t i = 0;

	bpf_object__for_each_map(each, o->object) {
		if (each == map && i < o->maps.n)
			return o->maps.v[i];
		i++;
	}
	return bpf_map__name(map);
}

int opened_reuse(struct bpf_map *map, int fd, struct crossbpf_error *e)
{
	struct bpf_map_info info = {0};
	unsigned len = sizeof(info);
	int r = bpf_obj_get_info_by_fd(fd, &info, &len) < 0 ? -errno : 0;

	/* libbpf compares those alone that it finds by name itself. */
	if (r == 0 &&
	    (info.type != (unsigned)bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
	     info.value_size != bpf_map__value_size(map)))
		return error_set(e, -EINVAL, EXIT_STATUS_FAILED,
				 "take another map, or none: the object then has its own",
				 "the map that is there for '%s' is another one: its type, or the "
				 "size of its keys or values",
				 bpf_map__name(map));
	if (r == 0)
		r = bpf_map__reuse_fd(map, fd);
	return r == 0 ? 0
		      : error_set(e, r, EXIT_STATUS_FAILED, NULL, "map '%s' cannot be reused: %s",
				  bpf_map__name(map), strerror(-r));
}

/* Sections of later releases of libbpf, which this one may not know. */
static void set_types(struct opened *o)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, o->object)
		if (bpf_program__type(program) == BPF_PROG_TYPE_UNSPEC &&
		    (str_begins(bpf_program__section_name(program), "tcx/") ||
		     str_begins(bpf_program__section_name(program), "tc/")))
			bpf_program__set_type(program, BPF_PROG_TYPE_SCHED_CLS);
}

/* Has others not be loaded. */
static int choose(struct opened *o, const struct strv *names, struct crossbpf_error *e)
{
	struct bpf_program *program;

	if (!names->n)
		return 0;
	bpf_object__for_each_program(program, o->object)
		(void)bpf_program__set_autoload(program, false);
	for (size_t i = 0; i < names->n; i++) {
		program = opened_program(o, names->v[i], e);
		if (!program)
			return -ENOENT;
		(void)bpf_program__set_autoload(program, true);
	}
	return 0;
}

static int apply(struct opened *o, const struct open_options *options, struct crossbpf_error *e)
{
	int r = 0;

	if (options->set.error || options->map_sizes.error || options->reuse.error ||
	    options->programs.error)
		return error_no_memory(e);
	r = choose(o, &options->programs, e);
	for (size_t i = 0; r == 0 && i < options->map_sizes.n; i++)
		r = set_size(o, options->map_sizes.v[i], e);
	for (size_t i = 0; r == 0 && i < options->reuse.n; i++)
		r = reuse(o, options->reuse.v[i], e);
	for (size_t i = 0; r == 0 && i < options->set.n; i++)
		r = variables_set(o, options->set.v[i], e);
	return r;
}

/* Why libbpf does not open it. */
static int refuse(const struct opened *o, int r, struct crossbpf_error *e)
{
	const char *why = said.complaint ? said.complaint : strerror(-r);
	const char *hint = "crossbpf inspect says what is in it";

	if (o->content.len < 4 || memcmp(o->content.data, "\177ELF", 4) != 0) {
		why = "it is no object";
		hint = "crossbpf build makes objects of sources";
	} else if (strstr(why, "BTF is required")) {
		why = "it has no BTF";
		hint = "compile it with -g, as crossbpf build does";
	}
	return error_set(e, r, EXIT_STATUS_FAILED, hint, "%s cannot be opened: %s", o->path, why);
}

/* A program of ours, by its name. */
static int read_shipped(struct opened *o, const char *name)
{
	cleanup_free char *path =
		str_printf("%s/%s.bpf.o", cli_directory("CROSSBPF_BPFDIR", CROSSBPF_BPFDIR), name);
	int r = path ? io_read_file(path, OBJECT_SIZE_MAX, &o->content) : -ENOMEM;

	if (r == 0)
		o->path = TAKE_PTR(path);
	return r;
}

static int read_object(struct opened *o, const char *path)
{
	int r = io_read_file(path, OBJECT_SIZE_MAX, &o->content);

	if (r == -ENOENT && !strpbrk(path, "/.") && read_shipped(o, path) == 0)
		return 0;
	o->path = strdup(path);
	return o->path ? r : -ENOMEM;
}

int opened_open(struct opened *ret, const char *path, const struct open_options *options,
		struct crossbpf_error *e)
{
	/* What bpf_object__open_file() makes of it: maps of variables have names that begin so. */
	const char *base = io_basename(path);
	cleanup_free char *name = strndup(base, strcspn(base, "."));
	int r = read_object(ret, path);

	ret->verbose = said.verbose = options->verbose;
	libbpf_set_print(hear);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "name an object that is there",
				 "cannot read %s: %s", path, strerror(-r));
	const char *why;
	if (sound_check(ret->content.data, ret->content.len, &why) < 0)
		return error_set(e, -ENOEXEC, EXIT_STATUS_FAILED, "compile it anew",
				 "%s is no sound BPF object: %s", path, why);
	/* The kernel writes to it alone what it has to say. */
	void *log = mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!name || log == MAP_FAILED)
		return error_no_memory(e);
	ret->log = log;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name,
		    .btf_custom_path = options->btf, .kernel_log_buf = ret->log,
		    .kernel_log_size = LOG_SIZE);
	ret->object = bpf_object__open_mem(ret->content.data, ret->content.len, &opts);
	if (!ret->object)
		return refuse(ret, -errno, e);
	set_types(ret);
	struct bpf_map *map;
	bpf_object__for_each_map(map, ret->object)
		strv_add(&ret->maps, bpf_map__name(map));
	if (ret->maps.error)
		return error_no_memory(e);
	return apply(ret, options, e);
}

static const struct bpf_program *failed_program(const struct opened *o)
{
	return said.program ? bpf_object__find_program_by_name(o->object, said.program) : NULL;
}

/* Texts of the object's are in it. */
static void show_log(const char *log)
{
	cleanup_strbuf struct strbuf text = {0};

	cli_add_visible(&text, log);
	fprintf(stderr, "%s%s", text.error ? "" : text.data,
		text.len && text.data[text.len - 1] == '\n' ? "" : "\n");
}

/* What libbpf complained of, and the program that it said this of: "prog 'NAME': …". */
static const char *complaint_of(char **ret_program)
{
	const char *text = said.complaint ? said.complaint : "";
	const char *end = str_begins(text, "prog '") ? strstr(text, "': ") : NULL;

	if (!end)
		return text;
	*ret_program = strndup(text + 6, (size_t)(end - text - 6));
	return *ret_program ? end + 3 : text;
}

/* Of a program by the verifier, if it has said anything, else by libbpf. */
static int explain(struct opened *o, int r, struct crossbpf_error *e)
{
	const struct bpf_program *program = failed_program(o);
	bool is_verifier = program && o->log[0];
	cleanup_strbuf struct strbuf report = {0};
	cleanup_free char *missing = NULL, *directory = getcwd(NULL, 0), *name = NULL;

	if (r == -EPERM && (missing = capabilities_missing(o->object)))
		return error_set(e, r, EXIT_STATUS_FAILED, "run it as root, or give it that",
				 "%s cannot be loaded: this needs %s", o->path, missing);
	const char *complaint = complaint_of(&name);
	struct verifier_request request = {
		.path = o->path,
		.object = o->content.data,
		.len = o->content.len,
		.program = name,
		.directory = directory,
		.log = complaint,
		.is_libbpf = true,
		.error = r,
	};
	if (is_verifier) {
		request.program = bpf_program__name(program);
		request.n_instructions = (uint32_t)bpf_program__insn_cnt(program);
		request.log = o->log;
		request.is_libbpf = false;
	}
	if (is_verifier && o->verbose)
		show_log(o->log);
	if (verifier_explain(&request, &report) < 0 || report.error)
		return error_no_memory(e);
	return error_set(e, r, EXIT_STATUS_FAILED,
			 !is_verifier ? "crossbpf inspect says what it needs of a kernel; -v what "
					"libbpf does"
			 : o->verbose ? NULL
				      : "-v shows all that the verifier said",
			 "%s", report.data);
}

int opened_load(struct opened *o, struct crossbpf_error *e)
{
	int r = bpf_object__load(o->object);

	return r == 0 ? 0 : explain(o, r, e);
}

void opened_close(struct opened *o)
{
	free(o->path);
	strv_free(&o->maps);
	bpf_object__close(o->object);
	strbuf_free(&o->content);
	if (o->log)
		munmap(o->log, LOG_SIZE);
}
