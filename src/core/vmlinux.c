/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shared/io.h"
#include "shared/process.h"
#include "vmlinux.h"

enum {
	MAX_HEADER = 256 << 20,
	MAX_COMPLAINT = 64 << 10,
};

static int fail_io(int code, struct crossbpf_error *e)
{
	return error_set(e, code, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
			 "cannot use a temporary file: %s", strerror(-code));
}

/* From its beginning. */
static int read_back(int fd, size_t limit, struct strbuf *ret)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : io_read_fd(fd, limit, ret);
}

static int fail_dump(const char *of, const char *who, int status, struct strbuf *said,
		     struct crossbpf_error *e)
{
	if (said->len)
		said->data[strcspn(said->data, "\n")] = '\0';
	if (status > 128)
		return error_set(e, -ENOEXEC, EXIT_STATUS_FAILED, NULL,
				 "%s: %s was ended by signal %d over its BTF", of, who,
				 status - 128);
	return error_set(e, -ENOEXEC, EXIT_STATUS_FAILED, NULL,
			 "%s: its BTF cannot be written as C: %s", of,
			 said->len ? said->data : "it is malformed");
}

/* A header of types is there, to its end. */
static bool is_whole(const struct strbuf *header)
{
	static const char end[] = "#endif /* __VMLINUX_H__ */\n";

	return header->len > strlen(end) &&
	       strcmp(header->data + header->len - strlen(end), end) == 0;
}

/* The same header whatever the version: before 1.2 libbpf left out the void of functions that take
 * nothing. */
static int take_header(const struct strbuf *text, struct strbuf *ret_header,
		       struct crossbpf_error *e)
{
	static const char nothing[] = "()";
	cleanup_strbuf struct strbuf header = {0};
	const char *at = text->data;

	for (const char *found; (found = strstr(at, nothing)); at = found + strlen(nothing)) {
		strbuf_add(&header, at, (size_t)(found - at));
		strbuf_puts(&header, "(void)");
	}
	strbuf_puts(&header, at);
	if (header.error)
		return error_no_memory(e);
	*ret_header = header;
	header = (struct strbuf){0};
	return 0;
}

int vmlinux_by_loader(const char *loader, const char *of, const struct strbuf *btf, int control,
		      struct strbuf *ret_header, struct crossbpf_error *e)
{
	const char *const argv[] = {loader, "dump-btf", NULL};
	cleanup_strbuf struct strbuf said = {0}, header = {0};
	cleanup_close int in = -1, out = -1, err = -1;
	int status = 0;

	int r = io_temporary(&in);
	if (r == 0)
		r = io_temporary(&out);
	if (r == 0)
		r = io_temporary(&err);
	if (r == 0)
		r = io_write_fd(in, btf->data, btf->len);
	if (r == 0 && lseek(in, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return fail_io(r, e);
	struct process p = {
		.argv = argv,
		.env = process_environment(),
		.fd = {in, out, err},
		.control = control,
	};
	r = process_run(&p, &status);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, "install crossbpf again",
				 "cannot run %s: %s", loader, strerror(-r));
	r = read_back(out, MAX_HEADER, &header);
	if (r == 0)
		r = read_back(err, MAX_COMPLAINT, &said);
	if (r < 0)
		return fail_io(r, e);
	if (status || !is_whole(&header))
		return fail_dump(of, "libbpf", status, &said, e);
	return take_header(&header, ret_header, e);
}

static int dump_there(struct remote *remote, const char *of, const char *file,
		      struct strbuf *ret_header, struct crossbpf_error *e)
{
	const char *const args[] = {"btf", "dump", "file", file, "format", "c", NULL};
	cleanup_strbuf struct strbuf said = {0};
	cleanup_close int out = -1, err = -1;
	int status = 0;

	int r = io_temporary(&out);
	if (r == 0)
		r = io_temporary(&err);
	if (r < 0)
		return fail_io(r, e);
	struct tool tool = {
		.name = TOOL_BPFTOOL,
		.args = args,
		.remote = remote,
		.env = process_environment(),
		.output = out,
		.error = err,
	};
	r = tool_run(&tool, &status, e);
	if (r < 0)
		return r;
	r = read_back(out, MAX_HEADER, ret_header);
	if (r == 0)
		r = read_back(err, MAX_COMPLAINT, &said);
	if (r < 0)
		return fail_io(r, e);
	return status || !is_whole(ret_header) ? fail_dump(of, "bpftool", status, &said, e) : 0;
}

int vmlinux_by_builder(struct remote *remote, const char *of, const struct strbuf *btf,
		       struct strbuf *ret_header, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf header = {0};
	cleanup_free char *file = NULL;

	int r = io_temporary_file(&file);
	if (r == 0)
		r = io_replace_file(file, btf->data, btf->len);
	r = r < 0 ? fail_io(r, e) : dump_there(remote, of, file, &header, e);
	if (file)
		unlink(file);
	return r < 0 ? r : take_header(&header, ret_header, e);
}
