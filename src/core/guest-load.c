/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exchange/archive-maker.h"
#include "guest-load.h"
#include "guest/guest-protocol.h"
#include "object/object.h"
#include "plugin.h"
#include "shared/io.h"

/* A guest has them in memory, twice for a while. */
#define FILE_MAX ((size_t)1 << 30)

/* Takes one file: of an archive or a directory. */
struct place {
	void *ctx;
	int (*put)(void *ctx, const char *name, const struct strbuf *content, bool is_program);
};

static int fail_to_read(const char *path, int r, struct crossbpf_error *e)
{
	if (r == -ENOMEM)
		return error_no_memory(e);
	return error_set(e, r, EXIT_STATUS_USAGE,
			 r == -EFBIG ? "strip it, or leave it out" : "name a file that is there",
			 "cannot read %s: %s", path,
			 r == -EFBIG ? "it is too large for a guest" : strerror(-r));
}

static int put_file(const struct place *p, const char *name, const char *path, bool is_program,
		    struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};

	int r = io_read_file(path, FILE_MAX, &content);
	if (r < 0)
		return fail_to_read(path, r, e);
	return p->put(p->ctx, name, &content, is_program) < 0 ? error_no_memory(e) : 0;
}

/* What the guest is asked to do. */
static json_t *make_request(const struct guest_load *l)
{
	json_t *request = json_pack("{s:i, s:[], s:b}", "version", GUEST_PROTOCOL, "objects",
				    "attach", l->attach);
	int failed = 0;

	for (size_t i = 0; i < l->n_objects; i++)
		failed |= json_array_append_new(json_object_get(request, "objects"),
						json_sprintf("%zu.o", i));
	if (l->btf)
		failed |= json_object_set_new(request, "btf", json_string("btf"));
	if (l->packets)
		failed |= json_object_set_new(request, "packets", json_string("packets"));
	if (l->command)
		failed |= json_object_set_new(request, "command", json_string(l->command)) |
			  json_object_set_new(request, "command_seconds",
					      json_integer(l->command_seconds));
	if (!failed)
		return request;
	json_decref(request);
	return NULL;
}

static int put_request(const struct guest_load *l, const struct place *p, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};
	json_t *request = make_request(l);
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;

	json_decref(request);
	if (text)
		strbuf_puts(&content, text);
	free(text);
	/* What is no UTF-8 cannot be said. */
	if (!text && l->command)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "put it into a script, by --file",
				 "--command is no UTF-8 text");
	if (!text || content.error || p->put(p->ctx, "request.json", &content, false) < 0)
		return error_no_memory(e);
	return 0;
}

static int put_all(const struct guest_load *l, const struct place *p, struct crossbpf_error *e)
{
	int r = put_request(l, p, e);

	for (size_t i = 0; i < l->n_objects && r == 0; i++) {
		char name[32];
		snprintf(name, sizeof(name), "%zu.o", i);
		r = put_file(p, name, l->objects[i], false, e);
	}
	if (r == 0 && l->btf)
		r = put_file(p, "btf", l->btf, false, e);
	if (r == 0 && l->packets && p->put(p->ctx, "packets", l->packets, false) < 0)
		r = error_no_memory(e);
	return r;
}

/* An initramfs. */

struct initramfs {
	const struct archive_module *module;
	struct archive_maker *maker;
	struct strv dirs; /* that are in it */
};

/* The kernel makes no directory that is not named before. */
static void add_directories(struct initramfs *a, const char *name)
{
	static const struct stat st = {.st_mode = S_IFDIR | 0755};

	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		cleanup_free char *dir = strndup(name, (size_t)(slash - name));
		if (dir && dir[0] && strv_add_once(&a->dirs, dir))
			a->module->add_directory(a->maker, dir, &st);
	}
}

static int add_file(struct initramfs *a, const char *name, const struct strbuf *content,
		    bool is_program)
{
	struct stat st = {.st_mode = is_program ? 0755 : 0644, .st_size = (off_t)content->len};

	name += strspn(name, "/");
	add_directories(a, name);
	a->module->begin_file(a->maker, name, &st);
	a->module->add_data(a->maker, content->data, content->len);
	return a->dirs.error;
}

static int put_in_initramfs(void *ctx, const char *name, const struct strbuf *content,
			    bool is_program)
{
	cleanup_free char *path = str_printf("%s/%s", GUEST_DIRECTORY, name);

	return path ? add_file(ctx, path, content, is_program) : -ENOMEM;
}

static int add_host_file(struct initramfs *a, const char *path, const char *name,
			 struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};
	bool is_program = access(path, X_OK) == 0;

	int r = io_read_file(path, FILE_MAX, &content);
	if (r < 0)
		return fail_to_read(path, r, e);
	return add_file(a, name, &content, is_program) < 0 ? error_no_memory(e) : 0;
}

static int add_modules(struct initramfs *a, const struct guest_kernel *kernel,
		       const char *module_dir, struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; i < kernel->modules.n && r == 0; i++) {
		cleanup_strbuf struct strbuf content = {0};
		cleanup_free char *name = str_printf("%s/%02zu.ko", GUEST_MODULES, i);
		r = guest_kernel_read_module(kernel->modules.v[i], module_dir, &content, e);
		if (r == 0 && (!name || add_file(a, name, &content, false) < 0))
			r = error_no_memory(e);
	}
	return r;
}

/* Under the names by which it is more than itself. */
static int add_shell(struct initramfs *a, const char *shell, struct crossbpf_error *e)
{
	static const char *const names[] = {
		"[",      "awk",     "base64",   "basename", "cat",       "chmod",  "chown",
		"chroot", "cmp",     "cp",       "cut",      "date",      "dd",     "df",
		"diff",   "dirname", "dmesg",    "du",       "echo",      "env",    "expr",
		"false",  "find",    "free",     "getopt",   "grep",      "gunzip", "gzip",
		"head",   "hexdump", "hostname", "id",       "ifconfig",  "insmod", "ip",
		"kill",   "ln",      "ls",       "lsmod",    "md5sum",    "mkdir",  "mkfifo",
		"mknod",  "mktemp",  "mount",    "mv",       "nc",        "nproc",  "od",
		"ping",   "printf",  "ps",       "pwd",      "readlink",  "rm",     "rmdir",
		"sed",    "seq",     "setsid",   "sh",       "sha256sum", "sleep",  "sort",
		"stat",   "stty",    "sync",     "sysctl",   "tail",      "tar",    "tee",
		"test",   "timeout", "touch",    "tr",       "true",      "umount", "uname",
		"uniq",   "unshare", "usleep",   "vi",       "wc",        "wget",   "which",
		"xargs",  "yes",     "zcat"};

	int r = add_host_file(a, shell, "bin/busybox", e);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && r == 0; i++) {
		cleanup_free char *name = str_printf("bin/%s", names[i]);
		if (!name)
			return error_no_memory(e);
		a->module->add_link(a->maker, name, "busybox", NULL);
	}
	return r;
}

static int fill(struct initramfs *a, const struct guest_load *l, const struct guest_kernel *kernel,
		const char *module_dir, struct crossbpf_error *e)
{
	const struct place place = {a, put_in_initramfs};

	add_directories(a, "dev/");
	a->module->add_device(a->maker, "dev/console", 5, 1);
	int r = add_host_file(a, l->guest, "init", e);
	if (r == 0)
		r = put_all(l, &place, e);
	if (r == 0)
		r = add_modules(a, kernel, module_dir, e);
	if (r == 0 && l->shell)
		r = add_shell(a, l->shell, e);
	for (size_t i = 0; i < l->n_files && r == 0; i++)
		r = add_host_file(a, l->files[i].from, l->files[i].to, e);
	return r;
}

int guest_load_archive(const struct guest_load *l, const struct guest_kernel *kernel,
		       const char *module_dir, struct strbuf *ret, struct crossbpf_error *e)
{
	struct initramfs a = {0};
	void *handle = NULL;

	a.module = plugin_load_module(module_dir, "archive.so", "crossbpf_archive_init",
				      sizeof(*a.module), "what makes archives", &handle, e);
	if (!a.module)
		return -ENOEXEC;
	a.maker = a.module->begin_initramfs(ret);
	if (!a.maker)
		return error_no_memory(e);
	int r = fill(&a, l, kernel, module_dir, e);
	int ended = a.module->end(a.maker);
	strv_free(&a.dirs);
	if (r == 0 && ended == -EINVAL)
		return error_set(e, ended, EXIT_STATUS_USAGE, NULL,
				 "a name of --file is none that a guest can have");
	return r < 0 ? r : ended < 0 || ret->error ? error_no_memory(e) : 0;
}

/* A directory. */

struct directory {
	const char *dir;
	int error;
};

static int put_in_directory(void *ctx, const char *name, const struct strbuf *content,
			    bool is_program)
{
	struct directory *d = ctx;
	cleanup_free char *path = str_printf("%s/%s", d->dir, name);

	if (!path)
		return -ENOMEM;
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_program ? 0700 : 0600);
	d->error = fd < 0 ? -errno : io_write_fd(fd, content->data, content->len);
	return d->error;
}

int guest_load_write(const struct guest_load *l, const char *dir, struct crossbpf_error *e)
{
	struct directory d = {.dir = dir};
	const struct place place = {&d, put_in_directory};
	cleanup_error struct crossbpf_error own = {0};

	int r = l->guest ? put_file(&place, "crossbpf-guest", l->guest, true, &own) : 0;
	if (r == 0)
		r = put_all(l, &place, &own);
	if (d.error)
		return error_set(e, d.error, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot write to %s: %s", dir, strerror(-d.error));
	if (r < 0) {
		*e = own;
		own = (struct crossbpf_error){0};
	}
	return r;
}

void guest_load_remove(const struct guest_load *l, const char *dir)
{
	static const char *const names[] = {"crossbpf-guest", "request.json", "btf", "packets"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) + l->n_objects; i++) {
		size_t fixed = sizeof(names) / sizeof(names[0]);
		cleanup_free char *path = i < fixed ? str_printf("%s/%s", dir, names[i])
						    : str_printf("%s/%zu.o", dir, i - fixed);
		if (path)
			unlink(path);
	}
	rmdir(dir);
}
