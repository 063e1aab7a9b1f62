/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare-lines OBJECT...: the kernel says in its log before an instruction which line it is of, by
 * what libbpf gave it of .BTF.ext (Linux 6.9 and later); source_line() finds the same in the object
 * itself. Each program is loaded by itself; one that is refused has a log, too.
 */
#include "config.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "object/verifier-source.h"
#include "shared/io.h"

enum { LOG_SIZE = 16 << 20 };

static char log_text[LOG_SIZE];
static struct {
	unsigned long programs, lines, wrong, unlaid;
} count;

__attribute__((format(printf, 2, 0))) static int quiet(enum libbpf_print_level level,
						       const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static const char *base_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* "; text @ file:12" and, next, "7: (": of a line 0 nothing is known. */
static void compare(const struct source *s, const char *program, char *comment, const char *next)
{
	char *at = NULL, *colon;
	unsigned number, line;

	for (char *p = comment; (p = strstr(p, " @ ")); p += 3)
		at = p;
	if (!at || !(colon = strrchr(at, ':')) || sscanf(colon, ":%u", &line) != 1 || !line ||
	    sscanf(next, "%u: (", &number) != 1)
		return;
	*colon = '\0';
	struct source_line found = source_line(s, number);
	count.lines++;
	if (found.file && found.line == line && strcmp(base_of(found.file), at + 3) == 0)
		return;
	count.wrong++;
	printf("%s: instruction %u is of %s:%u, not %s:%u\n", program, number, at + 3, line,
	       found.file ? found.file : "?", found.line);
}

static void compare_log(const struct source *s, const char *program)
{
	char *line = log_text;

	for (char *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (line[0] == ';')
			compare(s, program, line, end + 1);
	}
}

static void load_one(const char *path, const struct strbuf *content, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log_text,
		    .kernel_log_size = LOG_SIZE, .kernel_log_level = 2);
	struct bpf_object *object = bpf_object__open_mem(content->data, content->len, &opts);
	struct bpf_program *program, *chosen = NULL;
	struct bpf_map *map;
	cleanup_source struct source source = {0};

	if (!object)
		return;
	bpf_object__for_each_program(program, object) {
		bool is_it = strcmp(bpf_program__name(program), name) == 0;
		bpf_program__set_autoload(program, is_it);
		chosen = is_it ? program : chosen;
	}
	/* Some are given their sizes by what loads them. */
	bpf_object__for_each_map(map, object)
		if (!bpf_map__max_entries(map))
			bpf_map__set_max_entries(map, 4096);
	log_text[0] = '\0';
	bpf_object__load(object);
	if (chosen && log_text[0]) {
		uint32_t n = (uint32_t)bpf_program__insn_cnt(chosen);
		if (source_open(&source, content->data, content->len, name, n) < 0)
			fprintf(stderr, "%s: out of memory\n", path);
		count.programs++;
		if (source.n_instructions != n && ++count.unlaid)
			printf("%s: '%s' has %u instructions, not %u\n", path, name, n,
			       source.n_instructions);
		compare_log(&source, name);
	}
	bpf_object__close(object);
}

static void load_each(const char *path)
{
	cleanup_strbuf struct strbuf content = {0};
	struct bpf_program *program;

	if (io_read_file(path, 1 << 28, &content) < 0)
		return;
	struct bpf_object *object = bpf_object__open_mem(content.data, content.len, NULL);
	if (!object)
		return;
	bpf_object__for_each_program(program, object)
		load_one(path, &content, bpf_program__name(program));
	bpf_object__close(object);
}

int main(int argc, char **argv)
{
	libbpf_set_print(quiet);
	for (int i = 1; i < argc; i++)
		load_each(argv[i]);
	printf("%lu programs, %lu lines, %lu wrong, %lu of other lengths\n", count.programs,
	       count.lines, count.wrong, count.unlaid);
	return count.wrong || count.unlaid;
}
