/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "verify-options.h"

enum { TIMEOUT = 60, MAX_TIMEOUT = 24 * 3600, MAX_MEMORY = 1 << 20, MAX_JOBS = 64 };

void verify_options_free(struct verify_options *o)
{
	strv_free(&o->kernels);
	strv_free(&o->objects);
	for (size_t i = 0; i < o->n_files; i++) {
		free(o->files[i].from);
		free(o->files[i].to);
	}
	free(o->files);
}

void verify_options_print_help(void)
{
	printf("Usage: crossbpf verify [OPTION...] [OBJECT...]\n"
	       "Has kernels load objects, and says which program which kernel refuses, and why.\n\n"
	       "      --kernel=LIST        6.1, 6.1.0-25-amd64, FILE, DIRECTORY, native (this "
	       "machine's);\n"
	       "                           parted by commas, as often as wanted (default: those "
	       "of\n"
	       "                           crossbpf.conf)\n"
	       "      --on=NAME[:WHERE]    that of the machine there, as ssh:HOST, in their "
	       "place\n"
	       "      --attach             attach each program, too\n"
	       "      --command=COMMAND    then run this by a shell, and say how often each "
	       "ran\n"
	       "      --file=FILE[=PATH]   a file that the virtual machine is to have; as often "
	       "as wanted\n"
	       "      --packets=FILE       run programs on the packets of this capture\n"
	       "      --btf=FILE           the kernel's types, where it does not tell them\n"
	       "      --timeout=SECONDS    give up a kernel that is silent for so long "
	       "(default: %d)\n"
	       "      --memory=MIB         of a virtual machine (default: 512)\n"
	       "      --accel=NAME         auto, kvm, hvf, tcg (default: auto)\n"
	       "  -j, --jobs=N             virtual machines at once (default: one a processor)\n"
	       "      --json               an object a line\n"
	       "      --html=FILE          write the report as a page, too\n"
	       "      --baseline=FILE      compare with an earlier report (--json >FILE)\n"
	       "      --threshold=PERCENT  that a program may have become dearer (default: 10)\n"
	       "  -q, --quiet              say nothing of what is downloaded\n"
	       "  -h, --help               this help\n\n"
	       "See crossbpf-verify(1).\n",
	       TIMEOUT);
}

static int parse_number(const char *option, const char *text, unsigned max, unsigned *ret,
			struct crossbpf_error *e)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || !n || n > max)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf verify --help tells more",
				 "--%s=%s: it is no whole number from 1 to %u", option, text, max);
	*ret = (unsigned)n;
	return 0;
}

static int parse_percent(const char *text, double *ret, struct crossbpf_error *e)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || *end || !(percent >= 0 && percent <= 1e6))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "write it as in --threshold=10",
				 "--threshold=%s: it is no percentage", text);
	*ret = percent;
	return 0;
}

/* Words that are parted by commas, each once. */
static int add_words(struct strv *words, const char *text, struct crossbpf_error *e)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		cleanup_free char *word = strndup(text, len);
		if (!word)
			return error_no_memory(e);
		if (word[0])
			(void)strv_add_once(words, word);
		text += len + (text[len] == ',');
	}
	return words->error ? error_no_memory(e) : 0;
}

/* Something else is mounted there before anybody could read it, or the guest's own is there. */
static bool is_taken(const char *path)
{
	static const char *const dirs[] = {"/crossbpf", "/dev", "/init", "/proc",
					   "/run",      "/sys", "/tmp"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		size_t len = strlen(dirs[i]);
		if (strncmp(path, dirs[i], len) == 0 && (!path[len] || path[len] == '/'))
			return true;
	}
	return false;
}

/* From / on, and in one way: each part is a name. */
static bool is_plain_path(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *at = path; *at == '/';) {
		size_t len = strcspn(++at, "/");
		if (!len || (at[0] == '.' && (len == 1 || (len == 2 && at[1] == '.'))))
			return false;
		at += len;
	}
	return true;
}

/* FILE[=PATH]: without one it lies where it does here. */
static int add_file(struct verify_options *o, const char *text, struct crossbpf_error *e)
{
	const char *equals = strchr(text, '=');
	const char *to = equals ? equals + 1 : text;
	struct guest_file *more = realloc(o->files, (o->n_files + 1) * sizeof(*o->files));

	if (!more)
		return error_no_memory(e);
	o->files = more;
	more[o->n_files] = (struct guest_file){
		.from = strndup(text, equals ? (size_t)(equals - text) : strlen(text)),
		.to = strdup(to),
	};
	const struct guest_file *file = &more[o->n_files++];
	if (!file->from || !file->to)
		return error_no_memory(e);
	if (!is_plain_path(to))
		return error_set(
			e, -EINVAL, EXIT_STATUS_USAGE, "write it as in --file tests/run.sh=/run.sh",
			"--file=%s: where it is to lie is said by an absolute path of a file",
			text);
	if (is_taken(to))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "write it as in --file tests/run.sh=/run.sh",
				 "--file=%s: a virtual machine has files of its own in /crossbpf, "
				 "/dev, /init, /proc, /run, /sys and /tmp",
				 text);
	return 0;
}

enum {
	KERNEL = 256,
	ON,
	ATTACH,
	COMMAND,
	FILE_,
	PACKETS,
	BTF,
	TIMEOUT_,
	MEMORY,
	ACCEL,
	JSON,
	HTML,
	BASELINE,
	THRESHOLD,
};

static const struct option longs[] = {{"kernel", required_argument, NULL, KERNEL},
				      {"on", required_argument, NULL, ON},
				      {"attach", no_argument, NULL, ATTACH},
				      {"command", required_argument, NULL, COMMAND},
				      {"file", required_argument, NULL, FILE_},
				      {"packets", required_argument, NULL, PACKETS},
				      {"btf", required_argument, NULL, BTF},
				      {"timeout", required_argument, NULL, TIMEOUT_},
				      {"memory", required_argument, NULL, MEMORY},
				      {"accel", required_argument, NULL, ACCEL},
				      {"jobs", required_argument, NULL, 'j'},
				      {"json", no_argument, NULL, JSON},
				      {"html", required_argument, NULL, HTML},
				      {"baseline", required_argument, NULL, BASELINE},
				      {"threshold", required_argument, NULL, THRESHOLD},
				      {"quiet", no_argument, NULL, 'q'},
				      {"help", no_argument, NULL, 'h'},
				      {NULL, 0, NULL, 0}};

static const char **text_of(struct verify_options *o, int letter)
{
	switch (letter) {
	case ON:
		return &o->on;
	case COMMAND:
		return &o->command;
	case PACKETS:
		return &o->packets;
	case BTF:
		return &o->btf;
	case HTML:
		return &o->html;
	case BASELINE:
		return &o->baseline;
	default:
		return NULL;
	}
}

static int take_option(struct verify_options *o, int letter, char **argv, struct crossbpf_error *e)
{
	const char **text = text_of(o, letter);

	if (text)
		*text = optarg;
	switch (letter) {
	case '?': /* getopt said what is wrong */
		return cli_refuse_option("verify", longs, argv, e);
	case KERNEL:
		return add_words(&o->kernels, optarg, e);
	case FILE_:
		return add_file(o, optarg, e);
	case TIMEOUT_:
		return parse_number("timeout", optarg, MAX_TIMEOUT, &o->timeout, e);
	case MEMORY:
		return parse_number("memory", optarg, MAX_MEMORY, &o->memory, e);
	case 'j':
		return parse_number("jobs", optarg, MAX_JOBS, &o->jobs, e);
	case ACCEL:
		return guest_accel_parse(optarg, &o->accel, e);
	case THRESHOLD:
		return parse_percent(optarg, &o->threshold, e);
	default:
		o->attach = o->attach || letter == ATTACH;
		o->json = o->json || letter == JSON;
		o->quiet = o->quiet || letter == 'q';
		o->help = o->help || letter == 'h';
		return 0;
	}
}

/* What makes no sense together is said, rather than half of it left undone. */
static int check(const struct verify_options *o, struct crossbpf_error *e)
{
	if (o->on && o->kernels.n)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "leave one of them out",
				 "both --on and --kernel say which kernel is to load");
	if (o->on && o->n_files)
		return error_set(
			e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf exec --on sends files, too",
			"--file is for virtual machines, and --on names a machine that has "
			"its own");
	return 0;
}

int verify_options_parse(int argc, char **argv, struct verify_options *o, struct crossbpf_error *e)
{
	int letter, r = 0;

	o->timeout = TIMEOUT;
	o->threshold = 10;
	optind = 1;
	while (r == 0 && (letter = getopt_long(argc, argv, "j:qh", longs, NULL)) != -1)
		r = take_option(o, letter, argv, e);
	if (r < 0)
		return r;
	strv_add_all(&o->objects, (const char *const *)argv + optind);
	return o->objects.error ? error_no_memory(e) : check(o, e);
}
