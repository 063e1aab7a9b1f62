/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf vmlinux: the types of a kernel as a header. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli-project.h"
#include "cli.h"
#include "core/kernel-cache.h"
#include "core/remote.h"
#include "core/variant.h"
#include "core/vmlinux-lock.h"
#include "core/vmlinux.h"
#include "shared/io.h"

static const char running[] = "/sys/kernel/btf/vmlinux";

static void print_help(void)
{
	printf("Usage: crossbpf vmlinux [OPTION...] [FILE]\n"
	       "Writes vmlinux.h, the types of a kernel: of the running one, or of that in FILE, "
	       "which is\n"
	       "BTF, a vmlinux, a bzImage, an Image, or a Debian package linux-image-*.deb.\n\n"
	       "  -o, --output=FILE    where to, with {arch} in it for several; -: standard "
	       "output\n"
	       "                       (default: vmlinux of crossbpf.conf, else vmlinux.h)\n"
	       "      --kernel=VERSION of Debian's kernel of that version, by apt: 6.1\n"
	       "      --arch=LIST      x86, arm64, ... (default: as crossbpf build has it)\n"
	       "      --accept         also what is not the one in crossbpf.lock, which is "
	       "changed\n"
	       "      --backend=NAME[:WHERE]\n"
	       "                       have the bpftool there write it\n"
	       "  -q, --quiet          errors only\n"
	       "  -h, --help           this help\n\n"
	       "See crossbpf-vmlinux(1).\n");
}

/* One header on its way. */
struct header {
	const char *arch;
	char *of;   /* what it is made from, for people */
	char *path; /* NULL: standard output */
	struct strbuf content;
};

struct job {
	const char *output, *kernel, *arch, *backend, *file;
	bool accept, quiet, help;
	int control;
	struct cli_project p;
	char *dir, *loader;
	struct strv archs; /* that were asked for; none: whatever there is */
	struct header *headers;
	size_t n;
	bool is_projects; /* the headers are where crossbpf.conf says */
};

static void job_free(struct job *j)
{
	for (size_t i = 0; i < j->n; i++) {
		free(j->headers[i].of);
		free(j->headers[i].path);
		strbuf_free(&j->headers[i].content);
	}
	free(j->headers);
	cli_project_close(&j->p);
	strv_free(&j->archs);
	free(j->dir);
	free(j->loader);
}
#define cleanup_job CLEANUP(job_free)

static int parse_options(int argc, char **argv, struct job *j, struct crossbpf_error *e)
{
	enum { KERNEL = 256, ARCH, ACCEPT, BACKEND };
	static const struct option longs[] = {{"output", required_argument, NULL, 'o'},
					      {"kernel", required_argument, NULL, KERNEL},
					      {"arch", required_argument, NULL, ARCH},
					      {"accept", no_argument, NULL, ACCEPT},
					      {"backend", required_argument, NULL, BACKEND},
					      {"quiet", no_argument, NULL, 'q'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	int letter;

	optind = 1;
	while ((letter = getopt_long(argc, argv, "o:qh", longs, NULL)) != -1) {
		if (letter == '?') /* getopt said what is wrong */
			return cli_refuse_option("vmlinux", longs, argv, e);
		const char **text = letter == 'o'       ? &j->output
				    : letter == KERNEL  ? &j->kernel
				    : letter == ARCH    ? &j->arch
				    : letter == BACKEND ? &j->backend
							: NULL;
		if (text)
			*text = optarg;
		j->accept = j->accept || letter == ACCEPT;
		j->quiet = j->quiet || letter == 'q';
		j->help = j->help || letter == 'h';
	}
	j->file = argv[optind];
	if (j->file && argv[optind + 1])
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "crossbpf vmlinux --help tells more", "'%s' is too much",
				 argv[optind + 1]);
	if (j->file && j->kernel)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "leave one of them out",
				 "both the file %s and --kernel name a kernel", j->file);
	return j->kernel ? kernel_package_check(j->kernel, e) : 0;
}

/* What is said in `said`, parted by commas, else what the conf has. */
static int choose_archs(struct job *j, struct crossbpf_error *e)
{
	int r = 0;

	for (const char *at = j->arch; at && *at;) {
		size_t len = strcspn(at, ",");
		cleanup_free char *name = strndup(at, len);
		if (name && name[0])
			strv_add_once(&j->archs, name);
		at += len + (at[len] == ',');
	}
	for (size_t i = 0; i < j->archs.n && r == 0; i++)
		r = variant_check_arch(j->archs.v[i], e);
	if (r == 0 && !j->archs.n && j->p.has_conf)
		for (size_t i = 0; i < j->p.conf.arch.n; i++)
			strv_add_once(&j->archs, j->p.conf.arch.v[i]);
	return j->archs.error ? error_no_memory(e) : r;
}

static int find_host_arch(const char **ret_arch, struct crossbpf_error *e)
{
	*ret_arch = variant_host_arch();
	return *ret_arch ? 0
			 : error_set(e, -ENOTSUP, EXIT_STATUS_USAGE, "name one with --arch",
				     "this machine's architecture is none that BPF has");
}

/* Where a header goes; the project's conf says it as seen from its root. */
static int place(struct job *j, struct header *h, struct crossbpf_error *e)
{
	const char *pattern = j->output        ? j->output
			      : j->is_projects ? j->p.conf.vmlinux
					       : "vmlinux.h";
	cleanup_free char *name = NULL;

	if (strcmp(pattern, "-") == 0)
		return 0;
	name = variant_expand(pattern, h->arch);
	if (name)
		h->path = io_absolute(j->is_projects ? j->p.project.root : j->dir, name);
	return h->path ? 0 : error_no_memory(e);
}

/* So many places for headers, which begin as nothing. */
static int make_room(struct job *j, size_t n, struct crossbpf_error *e)
{
	const char *pattern = j->output ? j->output : j->is_projects ? j->p.conf.vmlinux : "";

	if (n > 1 && !strstr(pattern, "{arch}"))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "put {arch} into its name: -o 'vmlinux/{arch}/vmlinux.h'",
				 "the headers of %zu architectures would be one file", n);
	j->headers = calloc(n, sizeof(*j->headers));
	j->n = j->headers ? n : 0;
	return j->headers ? 0 : error_no_memory(e);
}

/* The bpftool that belongs to the builder's clang. Each header has a session of its own: what the
 * one before sent is gone from here. */
static int dump_there(struct job *j, const struct header *h, const struct strbuf *btf,
		      struct strbuf *ret, struct crossbpf_error *e)
{
	cleanup_free char *why = NULL;
	cleanup_builder struct builder builder = {0};
	cleanup_remote struct remote remote = {
		.builder = &builder,
		.request = &j->p.request,
		.project = &j->p.project,
		.module_dir = cli_module_dir(),
	};

	int r = builder_open(&builder, &j->p.request, &j->p.project, &why, e);
	return r < 0 ? r : vmlinux_by_builder(&remote, h->of, btf, ret, e);
}

static int dump(struct job *j, struct header *h, const struct strbuf *btf, struct crossbpf_error *e)
{
	if (!j->backend && access(j->loader, X_OK) == 0)
		return vmlinux_by_loader(j->loader, h->of, btf, j->control, &h->content, e);
	return dump_there(j, h, btf, &h->content, e);
}

static int make(struct job *j, struct header *h, const struct kernel_btf *k,
		struct crossbpf_error *e)
{
	if (!h->of)
		return error_no_memory(e);
	int r = place(j, h, e);
	return r < 0 ? r : dump(j, h, &k->data, e);
}

static int make_of_packages(struct job *j, struct crossbpf_error *e)
{
	struct kernel_package_request request = {
		.version = j->kernel,
		.cache_dir = j->p.cache_dir,
		.log = j->quiet ? NULL : cli_log,
		.control = j->control,
	};
	const char *host;
	int r = 0;

	if (!request.cache_dir)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE, "set HOME or XDG_CACHE_HOME",
				 "there is no cache directory to download kernels to");
	if (!j->archs.n) {
		r = find_host_arch(&host, e);
		if (r == 0)
			strv_add(&j->archs, host);
	}
	if (r == 0)
		r = make_room(j, j->archs.n, e);
	for (size_t i = 0; i < j->n && r == 0; i++) {
		cleanup_kernel_btf struct kernel_btf k = {0};
		struct header *h = &j->headers[i];
		h->arch = request.arch = j->archs.v[i];
		r = kernel_cache_get(&request, cli_module_dir(), &k, &h->of, e);
		if (r == 0)
			r = make(j, h, &k, e);
	}
	return r;
}

/* Of which arch BTF is that does not say it: that one, if one was asked for. */
static int guess_arch(const struct job *j, const char **ret_arch, struct crossbpf_error *e)
{
	if (j->archs.n > 1)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "name its one with --arch",
				 "%s does not say of which architecture it is", j->file);
	*ret_arch = j->archs.n ? j->archs.v[0] : NULL;
	return *ret_arch ? 0 : find_host_arch(ret_arch, e);
}

/* Is it one that was asked for, or that the project whose header it becomes is built for? */
static int check_arch(const struct job *j, const char *arch, struct crossbpf_error *e)
{
	const char *host = variant_host_arch();
	bool any = !j->is_projects || strstr(j->p.conf.vmlinux, "{arch}");

	if (j->archs.n ? strv_contains(&j->archs, arch) || !(j->arch || j->is_projects)
		       : any || !host || strcmp(host, arch) == 0)
		return 0;
	if (j->arch)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "name a kernel of that architecture",
				 "%s is of %s, and --arch asks for %s", j->file, arch, j->arch);
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			 "name a kernel of its architecture, or another place with -o",
			 "%s is of %s, and the project is built for %s%s", j->file, arch,
			 j->archs.n ? j->archs.v[0] : host, j->archs.n > 1 ? " and others" : "");
}

static int make_of_file(struct job *j, struct crossbpf_error *e)
{
	struct kernel_btf_request request = {
		.path = j->file, .module_dir = cli_module_dir(), .control = j->control};
	cleanup_kernel_btf struct kernel_btf k = {0};

	int r = kernel_btf_read(&request, &k, e);
	if (r == 0)
		r = k.arch ? 0 : guess_arch(j, &k.arch, e);
	if (r < 0)
		return r;
	r = check_arch(j, k.arch, e);
	if (r == 0)
		r = make_room(j, 1, e);
	if (r < 0)
		return r;
	j->headers[0].arch = k.arch;
	j->headers[0].of = strdup(io_basename(j->file));
	return make(j, &j->headers[0], &k, e);
}

static int make_of_running(struct job *j, struct crossbpf_error *e)
{
	struct kernel_btf_request request = {
		.path = running, .module_dir = cli_module_dir(), .control = j->control};
	cleanup_kernel_btf struct kernel_btf k = {0};
	struct utsname name;
	const char *host;

	int r = find_host_arch(&host, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < j->archs.n; i++)
		if (strcmp(j->archs.v[i], host) != 0)
			return error_set(
				e, -EINVAL, EXIT_STATUS_USAGE,
				"name a version of Debian's, as in --kernel 6.1, or a file",
				"the running kernel is of %s, and one of %s is needed", host,
				j->archs.v[i]);
	if (access(running, R_OK) < 0)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE,
				 "name a version of Debian's, as in --kernel 6.1, or a file",
				 "the running kernel tells no BTF: there is no %s", running);
	r = kernel_btf_read(&request, &k, e);
	if (r == 0)
		r = make_room(j, 1, e);
	if (r < 0)
		return r;
	j->headers[0].arch = host;
	j->headers[0].of =
		uname(&name) == 0 ? str_printf("the running kernel %s", name.release) : NULL;
	return make(j, &j->headers[0], &k, e);
}

/* crossbpf.lock, which has each header that is the project's own. */

static int refuse(const struct header *h, const char *was, struct crossbpf_error *e)
{
	return error_set(e, -EPERM, EXIT_STATUS_NO_BACKEND,
			 "name the kernel that was locked, or accept this one with --accept",
			 "vmlinux.h of %s is not what crossbpf.lock has for %s%s%s", h->of, h->arch,
			 was ? ", of " : "", was ? was : "");
}

static int lock_headers(struct job *j, struct lock_file *lock, struct crossbpf_error *e)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct header *h = &j->headers[i];
		const char *was = NULL;
		int r = vmlinux_lock_compare(lock, h->arch, h->content.data, h->content.len, &was);
		if (r == -EPERM && !j->accept)
			return refuse(h, was, e);
		if (r == -ENOMEM ||
		    vmlinux_lock_set(lock, h->arch, h->content.data, h->content.len, h->of) < 0)
			return error_no_memory(e);
	}
	return 0;
}

static int write_file(const char *path, const void *data, size_t len, struct crossbpf_error *e)
{
	struct stat st;

	int r = io_make_parents(path, 0777);
	if (r == 0)
		r = io_write_output(path, data, len, &st);
	return r < 0 ? error_set(e, r, EXIT_STATUS_OUTPUT,
				 "check its directory's permissions and free space",
				 "cannot write %s: %s", path, strerror(-r))
		     : 0;
}

static int is_same(const char *path, const struct strbuf *content)
{
	cleanup_strbuf struct strbuf old = {0};

	return io_read_file(path, content->len, &old) == 0 && old.len == content->len &&
	       memcmp(old.data, content->data, old.len) == 0;
}

static size_t count_lines(const struct strbuf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/* One that is as it should be keeps its time, so that nothing is built for it. */
static int write_header(const struct job *j, const struct header *h, struct crossbpf_error *e)
{
	if (!h->path)
		return fwrite(h->content.data, 1, h->content.len, stdout) == h->content.len
			       ? 0
			       : error_set(e, -EIO, EXIT_STATUS_OUTPUT, NULL,
					   "cannot write to standard output");
	bool same = is_same(h->path, &h->content);
	int r = same ? 0 : write_file(h->path, h->content.data, h->content.len, e);
	if (r == 0 && !j->quiet)
		printf("%s: %zu lines, of %s%s\n", h->path, count_lines(&h->content), h->of,
		       same ? ", as it was" : "");
	return r;
}

/* What is refused is refused before anything is written. Each file is written whole. */
static int write_headers(struct job *j, struct crossbpf_error *e)
{
	cleanup_lock_file struct lock_file lock = {0};
	cleanup_free char *path = lock_file_path(j->p.project.root), *text = NULL;
	bool locked = false;

	int r = path ? 0 : error_no_memory(e);
	if (r == 0 && j->is_projects) {
		r = lock_file_read(path, &lock, e);
		locked = r == 0;
		r = r == -ENOENT ? 0 : r;
	}
	if (r == 0 && locked)
		r = lock_headers(j, &lock, e);
	for (size_t i = 0; i < j->n && r == 0; i++)
		r = write_header(j, &j->headers[i], e);
	if (r == 0 && locked) {
		if (lock_file_text(&lock, &text) < 0)
			return error_no_memory(e);
		struct strbuf content = {.data = text, .len = strlen(text)};
		r = is_same(path, &content) ? 0 : write_file(path, text, content.len, e);
	}
	return r;
}

static int find_places(struct job *j, struct crossbpf_error *e)
{
	int r = io_working_directory(&j->dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	j->loader = str_printf("%s/crossbpf-loader",
			       cli_directory("CROSSBPF_LIBEXECDIR", CROSSBPF_LIBEXECDIR));
	if (!j->loader)
		return error_no_memory(e);
	r = cli_project_open(&j->p, j->backend, e);
	j->p.request.control = j->control;
	j->is_projects = r == 0 && !j->output && j->p.has_conf && j->p.conf.vmlinux;
	return r < 0 ? r : choose_archs(j, e);
}

int cmd_vmlinux(int argc, char **argv)
{
	cleanup_error struct crossbpf_error error = {0};
	cleanup_job struct job job = {.control = -1};

	int r = parse_options(argc, argv, &job, &error);
	if (r == 0 && job.help) {
		print_help();
		return cli_finish_output();
	}
	job.control = cli_catch_interrupts();
	if (r == 0)
		r = find_places(&job, &error);
	if (r == 0)
		r = job.kernel ? make_of_packages(&job, &error)
		    : job.file ? make_of_file(&job, &error)
			       : make_of_running(&job, &error);
	if (r == 0 && !cli_is_interrupted())
		r = write_headers(&job, &error);
	cli_die_of_interrupt();
	int written = cli_finish_output();
	return r < 0 ? cli_report(&error) : written;
}
