/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "shared/io.h"

enum {
	FIGURES = 4,                 /* BPF_LOG_STATS, which Linux has from 5.2 on */
	FIGURES_SIZE = 256 << 10,    /* the error is said, too */
	WHOLE_SIZE = (16 << 20) - 1, /* kernels before 5.18 take no more (BPF_VERIFIER_LOG) */
	SAID_MAX = 64 << 10,
};

/* libbpf has one ear for all objects. */
static struct {
	struct strbuf text;
	bool refused;
} heard;

__attribute__((format(printf, 2, 0))) static int hear(enum libbpf_print_level level,
						      const char *format, va_list args)
{
	cleanup_strbuf struct strbuf text = {0};

	if (level != LIBBPF_WARN)
		return 0;
	strbuf_vprintf(&text, format, args);
	if (text.error || !text.data)
		return 0;
	if (strstr(text.data, "': BPF program load failed"))
		heard.refused = true;
	if (heard.text.len + text.len < SAID_MAX)
		strbuf_puts(&heard.text,
			    str_begins(text.data, "libbpf: ") ? text.data + 8 : text.data);
	return 0;
}

void trial_listen(void)
{
	strbuf_free(&heard.text);
	memset(&heard, 0, sizeof(heard));
	libbpf_set_print(hear);
}

char *trial_heard(void)
{
	struct strbuf *text = &heard.text;

	while (text->len && text->data[text->len - 1] == '\n')
		text->data[--text->len] = '\0';
	return text->len ? strdup(text->data) : NULL;
}

/* Before Linux 5.2 this would be all that the verifier does, in detail. */
static bool kernel_has_figures(void)
{
	struct utsname u;
	unsigned long major, minor = 0;
	char *end;

	if (uname(&u) < 0)
		return false;
	major = strtoul(u.release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major > 5 || (major == 5 && minor >= 2);
}

static size_t count_programs(struct bpf_object *object)
{
	struct bpf_program *program;
	size_t n = 0;

	bpf_object__for_each_program(program, object)
		n++;
	return n;
}

static int make_logs(struct trial *t, bool whole)
{
	t->log_size = whole ? WHOLE_SIZE : FIGURES_SIZE;
	t->logs_size = t->log_size * (whole ? 1 : count_programs(t->object));
	if (!t->logs_size)
		return 0;
	/* What the kernel writes to of it alone takes memory. */
	void *logs = mmap(NULL, t->logs_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (logs == MAP_FAILED)
		return -errno;
	t->logs = logs;
	return 0;
}

static void set_logs(struct trial *t, bool whole)
{
	struct bpf_program *program;
	size_t i = 0;

	if (!whole && !kernel_has_figures())
		return;
	bpf_object__for_each_program(program, t->object) {
		(void)bpf_program__set_log_level(program, whole ? 1 : FIGURES);
		(void)bpf_program__set_log_buf(program, t->logs + i, t->log_size);
		i += whole ? 0 : t->log_size;
	}
}

bool trial_is_program(const struct bpf_program *program)
{
	return strcmp(bpf_program__section_name(program), ".text") != 0;
}

static void choose(struct trial *t, const struct trial_request *request)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, t->object) {
		const char *name = bpf_program__name(program);
		bool is_chosen = request->only && strcmp(name, request->only) == 0;
		if (request->only || request->no_program || !trial_is_program(program))
			(void)bpf_program__set_autoload(program, is_chosen);
	}
}

int trial_guess_type(const struct bpf_program *program)
{
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;

	return libbpf_prog_type_by_name(bpf_program__section_name(program), &type, &attach_type) < 0
		       ? -ESRCH
		       : 0;
}

/* bpftool looks also at those that are not to be loaded. */
static int guess_types(const struct trial *t)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, t->object) {
		if (!trial_is_program(program) || trial_guess_type(program) == 0)
			continue;
		strbuf_printf(&heard.text, "failed to guess program type from ELF section '%s'\n",
			      bpf_program__section_name(program));
		return -ESRCH;
	}
	return 0;
}

static int load(struct trial *t, const struct trial_request *request)
{
	int r = make_logs(t, request->whole_log);

	if (r == 0 && !request->only && !request->no_program)
		r = guess_types(t);
	if (r < 0)
		return r;
	set_logs(t, request->whole_log);
	choose(t, request);
	int64_t began = io_clock();
	r = bpf_object__load(t->object);
	t->seconds = (double)(io_clock() - began) / 1e9;
	return r;
}

bool trial_make(struct trial *ret, const struct trial_request *request)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = request->btf);

	trial_listen();
	ret->object = bpf_object__open_file(request->path, &opts);
	ret->error = ret->object ? load(ret, request) : -errno;
	if (ret->error <= -__LIBBPF_ERRNO__START)
		ret->error = -ENOEXEC; /* numbers of its own, of objects that are none */
	ret->refused = heard.refused;
	ret->said = trial_heard();
	return ret->object;
}

void trial_free(struct trial *t)
{
	bpf_object__close(t->object);
	free(t->said);
	if (t->logs)
		munmap(t->logs, t->logs_size);
}

const char *trial_log(const struct trial *t, const struct bpf_program *program)
{
	size_t size;
	const char *log = bpf_program__log_buf(program, &size);

	return log && t->logs ? log : "";
}

bool trial_lacks_others(const struct trial *t)
{
	return t->error == -EBADF && t->said && strstr(t->said, "failed to initialize slot");
}

/* The number behind the last line that begins so. */
static bool find_number(const char *log, const char *words, const char *unit, double *ret)
{
	const char *at = NULL;
	char *end;

	for (const char *line = log; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (str_begins(line, words))
			at = line;
	}
	if (!at)
		return false;
	*ret = strtod(at + strlen(words), &end);
	return str_begins(end, unit);
}

void trial_figures_read(const char *log, struct trial_figures *ret)
{
	double n;

	*ret = (struct trial_figures){.seconds = -1};
	if (find_number(log, "processed ", " insns", &n)) {
		ret->verified = true;
		ret->instructions = (uint64_t)n;
	}
	if (find_number(log, "verification time ", " usec", &n))
		ret->seconds = n / 1e6;
}
