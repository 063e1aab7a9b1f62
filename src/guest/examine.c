/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "examine.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "guest-protocol.h"
#include "packets.h"
#include "place.h"
#include "trial.h"

/* What the kernel, or libbpf, made of a program. */
struct outcome {
	const char *verdict; /* as the protocol has it */
	int error;           /* 0 or a negative errno */
	bool is_libbpf;
	struct trial_figures figures;
	double seconds;
	uint32_t n_instructions;
	char *log; /* owned */
};

static void outcome_free(struct outcome *o)
{
	free(o->log);
}

#define cleanup_outcome CLEANUP(outcome_free)

struct job {
	const struct examine *x;
	size_t number;
	const char *path;
	bool blamed; /* a program was refused */
};

/* What libbpf said first: what follows tells of what did not come about because of it. "prog
 * 'NAME': " says nothing that the line it goes to does not. */
static char *complaint_of(const char *said, const char *program)
{
	cleanup_free char *begin = str_printf("prog '%s': ", program);

	if (!said || !begin)
		return NULL;
	said += str_begins(said, begin) ? strlen(begin) : 0;
	return strndup(said, strcspn(said, "\n"));
}

static int answer_program(const struct job *j, const struct bpf_program *program,
			  const struct outcome *o)
{
	const struct answer *a = j->x->answer;
	json_t *line = json_pack(
		"{s:s, s:I, s:o, s:o, s:s}", "event", "program", "object", (json_int_t)j->number,
		"program",
		answer_text(a, bpf_program__name(program), strlen(bpf_program__name(program))),
		"section",
		answer_text(a, bpf_program__section_name(program),
			    strlen(bpf_program__section_name(program))),
		"verdict", o->verdict);

	if (o->error)
		json_object_set_new(line, "error", json_integer(-o->error));
	if (o->figures.verified)
		json_object_set_new(line, "instructions",
				    json_integer((json_int_t)o->figures.instructions));
	if (o->n_instructions)
		json_object_set_new(line, "n_instructions", json_integer(o->n_instructions));
	if (o->seconds > 0)
		json_object_set_new(line, "seconds", json_real(o->seconds));
	if (o->is_libbpf)
		json_object_set_new(line, "libbpf", json_true());
	answer_set_text(a, line, "log", o->log);
	return answer_line(j->x->answer, line);
}

/* Of a program that the kernel has, or had: `seconds` is for one that has no figure of its own. */
static void set_loaded(struct outcome *o, const struct trial *t, const struct bpf_program *program,
		       double seconds)
{
	struct bpf_prog_info info = {0};
	unsigned len = sizeof(info);

	o->verdict = "loaded";
	trial_figures_read(trial_log(t, program), &o->figures);
	o->seconds = o->figures.seconds >= 0 ? o->figures.seconds : seconds;
	o->n_instructions = (uint32_t)bpf_program__insn_cnt(program);
	if (!o->figures.verified && bpf_program__fd(program) >= 0 &&
	    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len) == 0 &&
	    info.verified_insns) {
		o->figures.verified = true;
		o->figures.instructions = info.verified_insns;
	}
}

/* Has the verifier say all that it says. Where that is more than fits, a kernel before 6.4 keeps
 * its beginning: its end was said before. */
static char *whole_log(const struct job *j, const char *name, const char *before)
{
	struct trial_request request = {
		.path = j->path, .btf = j->x->btf, .only = name, .whole_log = true};
	cleanup_trial struct trial t = {0};
	struct trial_figures figures;

	if (!trial_make(&t, &request) || !t.logs || !t.logs[0])
		return strdup(before);
	size_t len = strlen(t.logs);
	const char *end = t.logs + (len > GUEST_LOG_MAX ? len - GUEST_LOG_MAX : 0);
	trial_figures_read(end, &figures);
	return strdup(t.error == -ENOSPC && !figures.verified ? before : end);
}

static void set_refused(const struct job *j, struct outcome *o, const struct trial *t,
			const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);

	o->verdict = "refused";
	o->error = t->error;
	o->seconds = t->seconds;
	if (!t->refused) {
		o->is_libbpf = true;
		o->log = complaint_of(t->said, name);
		return;
	}
	o->n_instructions = (uint32_t)bpf_program__insn_cnt(program);
	trial_figures_read(trial_log(t, program), &o->figures);
	if (o->figures.seconds >= 0)
		o->seconds = o->figures.seconds;
	o->log = whole_log(j, name, trial_log(t, program));
	if (o->log && o->log[0])
		return;
	/* It did not get as far as the verifier. */
	o->is_libbpf = true;
	free(o->log);
	o->log = complaint_of(t->said, name);
}

/* The verdict of a program by itself. */
static void judge_alone(const struct job *j, const struct bpf_program *program, struct outcome *o)
{
	const char *name = bpf_program__name(program);
	struct trial_request request = {.path = j->path, .btf = j->x->btf, .only = name};
	cleanup_trial struct trial t = {0};
	struct trial_figures figures;

	if (trial_guess_type(program) < 0) {
		o->verdict = "refused";
		o->error = -ESRCH;
		o->is_libbpf = true;
		o->log = str_printf("failed to guess program type from ELF section '%s'",
				    bpf_program__section_name(program));
		return;
	}
	const struct bpf_program *same =
		trial_make(&t, &request) ? bpf_object__find_program_by_name(t.object, name) : NULL;
	if (!same) { /* it was opened a moment ago */
		o->verdict = "not loaded";
		o->error = t.error;
		return;
	}
	trial_figures_read(trial_log(&t, same), &figures);
	if (t.error == 0 || (!t.refused && (figures.verified || trial_lacks_others(&t))))
		set_loaded(o, &t, same, t.seconds);
	else
		set_refused(j, o, &t, same);
}

/* Was it loaded, before another one was refused? */
static bool was_loaded(const struct trial *whole, const struct bpf_program *program)
{
	cleanup_free char *failed =
		str_printf("prog '%s': BPF program load failed", bpf_program__name(program));
	struct trial_figures figures;

	trial_figures_read(trial_log(whole, program), &figures);
	return figures.verified && failed && !(whole->said && strstr(whole->said, failed));
}

/* Do maps and types load by themselves? */
static bool common_loads(const struct job *j)
{
	struct trial_request request = {.path = j->path, .btf = j->x->btf, .no_program = true};
	cleanup_trial struct trial t = {0};

	return trial_make(&t, &request) && (t.error == 0 || trial_lacks_others(&t));
}

static int judge(struct job *j, struct trial *whole)
{
	struct bpf_program *program;
	bool is_common = whole->error < 0 && !common_loads(j);
	int r = 0;

	bpf_object__for_each_program(program, whole->object) {
		cleanup_outcome struct outcome o = {.verdict = "not loaded"};
		if (!trial_is_program(program))
			continue;
		if (!bpf_program__autoload(program) || is_common)
			;
		else if (whole->error == 0 || was_loaded(whole, program))
			set_loaded(&o, whole, program, 0);
		else
			judge_alone(j, program, &o);
		j->blamed = j->blamed || strcmp(o.verdict, "refused") == 0;
		r = answer_program(j, program, &o);
		if (r < 0)
			break;
	}
	return r;
}

/* bpftool prog loadall pins all programs, and fails where one was not loaded. */
static int pin(struct trial *whole)
{
	struct bpf_program *program;
	int r = 0;

	trial_listen();
	bpf_object__for_each_program(program, whole->object) {
		cleanup_free char *path =
			str_printf("%s/%s", PLACE_PINS, bpf_program__name(program));
		if (!path)
			return -ENOMEM;
		if (r < 0 || !trial_is_program(program))
			continue;
		r = bpf_program__pin(program, path);
		if (r == 0)
			(void)bpf_program__unpin(program, path);
	}
	(void)rmdir(PLACE_PINS);
	return r;
}

/* What libbpf said, by lines, less what says nothing to those who know neither the file's name here
 * nor that it is loaded in two steps. The caller frees. */
static char *mend_said(const char *said, const char *path)
{
	cleanup_free char *quoted = str_printf("'%s'", path);
	cleanup_strbuf struct strbuf b = {0};
	char *mended = NULL;

	if (!quoted)
		return NULL;
	for (const char *at = said; *at;) {
		bool is_line = at == said || at[-1] == '\n';
		if (is_line && str_begins(at, "failed to load object '"))
			break;
		if (str_begins(at, quoted) || str_begins(at, path)) {
			strbuf_puts(&b, "it");
			at += strlen(*at == '\'' ? quoted : path);
		} else {
			strbuf_putc(&b, *at++);
		}
	}
	while (b.len && !b.error && b.data[b.len - 1] == '\n')
		b.data[--b.len] = '\0';
	(void)strbuf_finish(&b, &mended);
	return mended;
}

static int answer_object(const struct job *j, int error, const char *said)
{
	cleanup_free char *message = mend_said(said ? said : strerror(-error), j->path);
	json_t *line = json_pack("{s:s, s:I, s:i}", "event", "object", "object",
				 (json_int_t)j->number, "error", -error);

	if (error && !j->blamed)
		answer_set_text(j->x->answer, line, "message", message);
	return answer_line(j->x->answer, line);
}

static int use(const struct job *j, struct trial *whole, struct attached *attached)
{
	struct bpf_program *program;
	int r = 0;

	if (j->x->request->attach)
		r = attach_programs(attached, j->x, j->number, whole->object);
	if (j->x->request->packets)
		bpf_object__for_each_program(program, whole->object)
			if (r == 0 && bpf_program__fd(program) >= 0)
				r = packets_run(j->x, j->number, program);
	attached_start(attached);
	return r;
}

int examine_object(const struct examine *x, size_t number, int ready, int control)
{
	struct job j = {.x = x, .number = number, .path = x->request->objects.v[number]};
	struct trial_request request = {.path = j.path, .btf = x->btf};
	cleanup_trial struct trial whole = {0};
	cleanup_attached struct attached attached = {0};
	cleanup_free char *unpinned = NULL;
	int pinned = 0;
	char byte;

	int r = trial_make(&whole, &request) ? judge(&j, &whole) : 0;
	if (r == 0 && whole.error == 0) {
		pinned = pin(&whole);
		unpinned = trial_heard();
		r = use(&j, &whole, &attached);
	}
	if (r == 0)
		r = whole.error ? answer_object(&j, whole.error, whole.said)
				: answer_object(&j, pinned, unpinned);
	if (r == 0 && write(ready, "", 1) < 0)
		r = -errno;
	close(ready);
	while (r == 0 && read(control, &byte, 1) < 0 && errno == EINTR)
		;
	return r < 0 ? r : attached_count(&attached, x, number);
}
