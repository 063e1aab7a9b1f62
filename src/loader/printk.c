/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "printk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "calls.h"
#include "cli/cli.h"
#include "shared/error.h"
#include "shared/io.h"

enum { LINE_MAX_SIZE = 1 << 16, OLD_NS = 200000000 };

bool printk_is_used(const struct opened *o)
{
	return calls_helper(o, BPF_FUNC_trace_printk) || calls_helper(o, BPF_FUNC_trace_vprintk);
}

/* tracefs, mounted nowhere: it is gone with the descriptor. A negative errno where it cannot be. */
static int mount_privately(void)
{
#if defined(SYS_fsopen) && defined(SYS_fsconfig) && defined(SYS_fsmount)
	cleanup_close int fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	int fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
#else
	return -ENOSYS;
#endif
}

static int open_pipe(void)
{
	static const char *const dirs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		cleanup_free char *path = str_printf("%s/trace_pipe", dirs[i]);
		int fd = path ? open(path, flags) : -1;
		if (fd >= 0 || (path && errno != ENOENT))
			return fd < 0 ? -errno : fd;
	}
	cleanup_close int root = mount_privately();
	if (root < 0)
		return root;
	int fd = openat(root, "trace_pipe", flags);
	return fd < 0 ? -errno : fd;
}

static void warn(int r)
{
	cleanup_error struct crossbpf_error e = {0};

	error_set(&e, r, EXIT_STATUS_FAILED,
		  r == -EBUSY ? "another one reads it: that one gets them" : NULL,
		  "what programs say by bpf_printk() cannot be read from trace_pipe: %s",
		  strerror(-r));
	cli_warn(&e);
}

void printk_open(struct printk *p)
{
	char old[4096];
	int64_t begin = io_clock();
	ssize_t len;

	p->fd = open_pipe();
	if (p->fd < 0) {
		warn(p->fd);
		p->fd = -1;
		return;
	}
	/* Where others never stop, it must end some time. */
	do {
		len = read(p->fd, old, sizeof(old));
	} while (len > 0 && io_clock() - begin < OLD_NS);
}

/* "  sh-4711  [001] d..21  12345.678901: bpf_trace_printk: hello": kernel/trace/trace_output.c. In
 * the name of a task may be anything. */
struct said {
	const char *task, *text;
	int task_len, pid, cpu;
	double time;
};

static bool parse(const char *line, struct said *ret)
{
	/* As kernels before 5.9 have it, too. */
	static const char *const marks[] = {": bpf_trace_printk: ", ": 0x00000001: ", ": 0: "};
	const char *text = NULL, *bracket, *dash;
	size_t i = 0;

	while (i < sizeof(marks) / sizeof(marks[0]) && !(text = strstr(line, marks[i])))
		i++;
	if (!text)
		return false;
	bracket = text;
	*ret = (struct said){.text = text + strlen(marks[i]), .cpu = -1};
	while (bracket > line && *bracket != '[')
		bracket--;
	for (dash = bracket; dash > line && *dash != '-';)
		dash--;
	while (*line == ' ')
		line++;
	char *pid_end, *cpu_end;
	long pid = strtol(dash + 1, &pid_end, 10), cpu = strtol(bracket + 1, &cpu_end, 10);
	if (*bracket != '[' || dash <= line || *dash != '-' || pid_end == dash + 1 ||
	    cpu_end == bracket + 1)
		return true;
	ret->pid = (int)pid;
	ret->cpu = (int)cpu;
	ret->task = line;
	ret->task_len = (int)(dash - line);
	const char *number = text;
	while (number > bracket && number[-1] != ' ')
		number--;
	ret->time = strtod(number, NULL);
	return true;
}

static json_t *said_json(const struct said *s)
{
	json_t *line = json_object();

	json_object_set_new(line, "printk", output_text_json(s->text, strlen(s->text)));
	if (s->task) {
		json_object_set_new(line, "task", output_text_json(s->task, (size_t)s->task_len));
		json_object_set_new(line, "pid", json_integer(s->pid));
		json_object_set_new(line, "cpu", json_integer(s->cpu));
		json_object_set_new(line, "time", json_real(s->time));
	}
	return line;
}

static void print_line(struct printk *p, struct output *to)
{
	struct said s;

	if (!p->line.data || !parse(p->line.data, &s))
		return; /* another event, that somebody has turned on */
	if (to->json) {
		output_json(to, said_json(&s));
		return;
	}
	strbuf_puts(&to->b, "printk ");
	cli_add_visible(&to->b, s.text);
	output_end_line(to);
}

static void take(struct printk *p, struct output *to, const char *data, size_t len)
{
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;
		if (p->line.len + part < LINE_MAX_SIZE)
			strbuf_add(&p->line, data, part);
		if (end) {
			strbuf_putc(&p->line, '\0');
			print_line(p, to);
			p->line.len = 0;
			part++;
		}
		data += part;
		len -= part;
	}
}

void printk_print(struct printk *p, struct output *to)
{
	char data[4096];

	/* So many at a time, that others have their turn. */
	for (int i = 0; p->fd >= 0 && i < 16; i++) {
		ssize_t len = read(p->fd, data, sizeof(data));
		if (len <= 0)
			break;
		take(p, to, data, (size_t)len);
	}
	output_flush(to);
}

void printk_close(struct printk *p)
{
	closep(&p->fd);
	strbuf_free(&p->line);
}
