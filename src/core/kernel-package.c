/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel-package.h"
#include "shared/io.h"
#include "shared/process.h"
#include "shared/strbuf.h"

enum {
	LOCK_POLL_NS = 20000000, /* how often a lock that another has is asked for */
	MAX_OUTPUT = 16 << 20,   /* all names that begin so, or the complaints of one run */
	MAX_TRIED = 16,          /* of names that apt knows, some have no package */
	LISTS_AGE = 24 * 3600,   /* seconds until lists of our own are fetched anew */
};

static const char prefix[] = "linux-image-";

void kernel_package_free(struct kernel_package *p)
{
	free(p->name);
	free(p->file);
	free(p->hash);
	strv_free(&p->apt);
	*p = (struct kernel_package){0};
}

int kernel_package_check(const char *version, struct crossbpf_error *e)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz.+~-";

	if (isdigit((unsigned char)version[0]) && !version[strspn(version, allowed)])
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
			 "write it as in 6.1, or as in 6.1.0-25-cloud-amd64",
			 "'%s' is no version of a kernel package", version);
}

/* By Debian: its name of the arch, and of the kernel that most of those machines run. */
static const struct debian {
	const char *arch, *name, *flavour;
} debians[] = {{"x86", "amd64", "amd64"},         {"arm64", "arm64", "arm64"},
	       {"arm", "armhf", "armmp"},         {"s390", "s390x", "s390x"},
	       {"riscv", "riscv64", "riscv64"},   {"powerpc", "ppc64el", "powerpc64le"},
	       {"mips", "mips64el", "5kc-malta"}, {"loongarch", "loong64", "loong64"}};

static const struct debian *find_debian(const char *arch)
{
	for (size_t i = 0; i < sizeof(debians) / sizeof(debians[0]); i++)
		if (strcmp(debians[i].arch, arch) == 0)
			return &debians[i];
	return NULL;
}

/* The last line of what a program complained of, which says most. */
static const char *last_line(struct strbuf *text)
{
	while (text->len && isspace((unsigned char)text->data[text->len - 1]))
		text->data[--text->len] = '\0';
	const char *line = text->data ? strrchr(text->data, '\n') : NULL;

	return line ? line + 1 : text->len ? text->data : "it said nothing";
}

static int add_variables(struct strv *env)
{
	for (const char *const *v = process_environment(); *v; v++)
		if (strncmp(*v, "LC_ALL=", 7) != 0)
			strv_add(env, *v);
	strv_add(env, "LC_ALL=C.UTF-8");
	return env->error;
}

/*
 * Runs `program` of apt's with its options and then `words`. *ret_ok: it succeeded; else
 * *ret_output is what it complained of.
 */
static int run_apt(const struct kernel_package_request *request, const struct strv *options,
		   const char *program, const char *const *words, const char *dir, bool *ret_ok,
		   struct strbuf *ret_output, struct crossbpf_error *e)
{
	cleanup_strv struct strv argv = {0}, env = {0};
	cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cleanup_close int out = -1, err = -1;
	bool ended = false;
	int status = 0;

	strv_add(&argv, program);
	if (options->n)
		strv_add_all(&argv, (const char *const *)options->v);
	strv_add_all(&argv, words);
	if (argv.error || add_variables(&env) < 0)
		return error_no_memory(e);
	int r = null < 0 ? -errno : io_temporary(&out);
	if (r == 0)
		r = io_temporary(&err);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot make a temporary file: %s", strerror(-r));
	struct process p = {
		.argv = (const char *const *)argv.v,
		.env = (const char *const *)env.v,
		.dir = dir,
		.fd = {null, out, err},
		.control = request->control,
		.ret_ended = &ended,
	};
	r = process_run(&p, &status);
	if (r == -ENOENT)
		return error_set(
			e, r, EXIT_STATUS_USAGE,
			"download a package linux-image-*.deb elsewhere, and name that file",
			"--kernel asks for apt, and there is none here");
	if (r < 0 || ended)
		return error_set(e, r < 0 ? r : -EINTR, EXIT_STATUS_FAILED, NULL, "%s was ended",
				 program);
	*ret_ok = status == 0;
	int from = *ret_ok ? out : err;
	r = lseek(from, 0, SEEK_SET) < 0 ? -errno : io_read_fd(from, MAX_OUTPUT, ret_output);
	return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot read what %s says: %s",
				 program, strerror(-r))
		     : 0;
}

/* Does a name say of itself that it is for another arch: 6.1.0-25-cloud-amd64 for arm64? */
static bool is_for_another(const char *name, const char *flavour)
{
	for (size_t i = 0; i < sizeof(debians) / sizeof(debians[0]); i++) {
		const char *other = debians[i].flavour;
		if (strcmp(other, flavour) == 0)
			continue;
		for (const char *part = strchr(name, '-'); part; part = strchr(part + 1, '-'))
			if (strncmp(part + 1, other, strlen(other)) == 0 &&
			    (!part[1 + strlen(other)] || part[1 + strlen(other)] == '-'))
				return true;
	}
	return false;
}

/* Names of the kernels that people run by default have, past the version, parts that begin with a
 * digit only: no cloud, rt or dbg. */
static bool is_wanted(const char *name, const char *version, const char *flavour, bool small)
{
	static const char cloud[] = "-cloud";
	size_t len = strlen(name), flavour_len = strlen(flavour), version_len = strlen(version);

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	name += strlen(prefix);
	len -= strlen(prefix);
	if (strcmp(name, version) == 0)
		return !is_for_another(name, flavour);
	if (strncmp(name, version, version_len) != 0 || !strchr(".-+~", name[version_len]) ||
	    len < flavour_len + 2 || strcmp(name + len - flavour_len, flavour) != 0 ||
	    name[len - flavour_len - 1] != '-')
		return false;
	len -= flavour_len + 1;
	if (small) {
		if (len < strlen(cloud) ||
		    strncmp(name + len - strlen(cloud), cloud, strlen(cloud)) != 0)
			return false;
		len -= strlen(cloud);
	}
	for (const char *part = name; part && part < name + len;) {
		if (!isdigit((unsigned char)*part))
			return false;
		part = strchr(part, '-');
		part = part ? part + 1 : NULL;
	}
	return true;
}

/* With numbers by their values, the greater first. */
static int compare_names(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	while (*x && *y) {
		if (isdigit((unsigned char)*x) && isdigit((unsigned char)*y)) {
			char *x_end, *y_end;
			unsigned long long m = strtoull(x, &x_end, 10), n = strtoull(y, &y_end, 10);
			if (m != n)
				return m < n ? 1 : -1;
			x = x_end;
			y = y_end;
		} else if (*x != *y) {
			return *x < *y ? 1 : -1;
		} else {
			x++;
			y++;
		}
	}
	return *x == *y ? 0 : *x ? -1 : 1;
}

/* The greatest first. */
static int choose_names(const struct kernel_package_request *request, const struct debian *debian,
			const struct strv *all, struct strv *ret_names)
{
	for (int small = request->small; small >= 0 && !ret_names->n; small--)
		for (size_t i = 0; i < all->n; i++)
			if (is_wanted(all->v[i], request->version, debian->flavour, small))
				strv_add_once(ret_names, all->v[i]);
	if (ret_names->n && !ret_names->error)
		qsort(ret_names->v, ret_names->n, sizeof(*ret_names->v), compare_names);
	return ret_names->error;
}

static int list_names(const struct kernel_package_request *request, const struct debian *debian,
		      const struct strv *options, struct strv *ret_names, struct crossbpf_error *e)
{
	cleanup_strv struct strv all = {0};
	cleanup_free char *begin = str_printf("%s%s", prefix, request->version);
	const char *const words[] = {"pkgnames", begin, NULL};
	cleanup_strbuf struct strbuf names = {0};
	char *rest = NULL;
	bool ok;

	if (!begin)
		return error_no_memory(e);
	int r = run_apt(request, options, "apt-cache", words, NULL, &ok, &names, e);
	if (r < 0)
		return r;
	for (char *name = ok && names.data ? strtok_r(names.data, "\n", &rest) : NULL; name;
	     name = strtok_r(NULL, "\n", &rest))
		strv_add(&all, name);
	return all.error || choose_names(request, debian, &all, ret_names) < 0 ? error_no_memory(e)
									       : 0;
}

/* "'URL' FILE SIZE KIND:HASH", where the last may be missing. The file's name is to be one in our
 * cache, and with the hash too. 0, -ENOENT or -ENOMEM. */
static int parse_uri(const char *line, struct kernel_package *p)
{
	static const char allowed[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~-_%";
	const char *file = line[0] == '\'' ? strstr(line, "' ") : NULL;

	if (!file)
		return -ENOENT;
	file += 2;
	size_t len = strspn(file, allowed);
	if (len <= 4 || file[len] != ' ' || strncmp(file + len - 4, ".deb", 4) != 0 ||
	    file[0] == '.')
		return -ENOENT;
	const char *rest = file + len, *colon = rest + strcspn(rest, ":\n");
	const char *hash = *colon == ':' ? colon + 1 : "";
	p->file = strndup(file, len);
	p->hash = strndup(hash, strspn(hash, "0123456789abcdefABCDEF"));
	return p->file && p->hash ? 0 : -ENOMEM;
}

/* 1 where there is one, else 0. */
static int look(const struct kernel_package_request *request, const struct debian *debian,
		struct kernel_package *p, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};

	int r = list_names(request, debian, &p->apt, &names, e);
	for (size_t i = 0; i < names.n && i < MAX_TRIED && r == 0; i++) {
		const char *const words[] = {"download", "--print-uris", names.v[i], NULL};
		cleanup_strbuf struct strbuf uris = {0};
		bool ok;
		r = run_apt(request, &p->apt, "apt-get", words, NULL, &ok, &uris, e);
		int parsed = r == 0 && ok && uris.data ? parse_uri(uris.data, p) : -ENOENT;
		if (parsed == -ENOENT)
			continue;
		p->name = strdup(names.v[i]);
		return parsed == 0 && p->name ? 1 : error_no_memory(e);
	}
	return r;
}

/* Lists of our own, as the system's are of its architecture, and may be empty: with the system's
 * sources and keys. */
struct lists {
	char *dir;
	int lock;
};

static void lists_close(struct lists *l)
{
	free(l->dir);
	if (l->lock >= 0)
		close(l->lock);
}
#define cleanup_lists CLEANUP(lists_close)

/* apt does not wait for another. Polls, as this can be ended. */
static int lock_lists(struct lists *l, const char *path, int control)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (l->lock < 0)
		return -errno;
	while (fcntl(l->lock, F_SETLK, &all) < 0) {
		struct pollfd p = {.fd = control, .events = POLLIN};
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return 0; /* a file system without locks */
		if (control >= 0 && poll(&p, 1, 0) > 0)
			return -EINTR;
		io_sleep(LOCK_POLL_NS);
	}
	return 0;
}

static int make_lists(struct lists *l, int control, char **ret_conf)
{
	/* What the system does behind an update of its own lists. */
	static const char conf[] = "#clear APT::Update::Pre-Invoke;\n"
				   "#clear APT::Update::Post-Invoke;\n"
				   "#clear APT::Update::Post-Invoke-Success;\n";
	cleanup_free char *lists = str_printf("%s/state/lists/partial/x", l->dir);
	cleanup_free char *archives = str_printf("%s/cache/archives/partial/x", l->dir);
	cleanup_free char *status = str_printf("%s/state/status", l->dir);
	cleanup_free char *lock = str_printf("%s/lock", l->dir);
	cleanup_free char *file = str_printf("%s/apt.conf", l->dir);

	if (!lists || !archives || !status || !lock || !file)
		return -ENOMEM;
	int r = io_make_parents(lists, 0755);
	if (r == 0)
		r = io_make_parents(archives, 0755);
	if (r == 0)
		r = lock_lists(l, lock, control);
	if (r == 0)
		r = io_replace_file(status, "", 0);
	if (r == 0)
		r = io_replace_file(file, conf, strlen(conf));
	if (r == 0)
		*ret_conf = TAKE_PTR(file);
	return r;
}

static int add_options(const struct lists *l, const struct debian *debian, const char *conf,
		       struct strv *options)
{
	static const struct {
		const char *option, *value;
	} fixed[] = {{"APT::Sandbox::User", "root"}, {"Acquire::Languages", "none"}};
	const char *const names[] = {"Dir::State=", "Dir::State::status=", "Dir::Cache=",
				     "APT::Architecture=", "APT::Architectures::="};
	const char *const values[] = {"/state", "/state/status", "/cache"};

	strv_free(options);
	strv_add(options, "-c");
	strv_add(options, conf);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool is_dir = i < sizeof(values) / sizeof(values[0]);
		strv_add(options, "-o");
		strv_take(options, str_printf("%s%s%s", names[i], is_dir ? l->dir : debian->name,
					      is_dir ? values[i] : ""));
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		strv_add(options, "-o");
		strv_take(options, str_printf("%s=%s", fixed[i].option, fixed[i].value));
	}
	return options->error;
}

static int open_lists(const struct kernel_package_request *request, const struct debian *debian,
		      struct lists *l, struct strv *options, struct crossbpf_error *e)
{
	cleanup_free char *conf = NULL;

	l->dir = str_printf("%s/apt/%s", request->cache_dir, debian->name);
	int r = l->dir ? make_lists(l, request->control, &conf) : -ENOMEM;
	if (r == -EINTR)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL,
				 "another crossbpf vmlinux is at work in %s", l->dir);
	if (r < 0 && r != -ENOMEM)
		return error_set(e, r, EXIT_STATUS_OUTPUT,
				 "set XDG_CACHE_HOME to another directory",
				 "cannot write to %s: %s", l->dir, strerror(-r));
	return r < 0 || add_options(l, debian, conf, options) < 0 ? error_no_memory(e) : 0;
}

/* When they were last fetched is the time of this file. */
static char *stamp_of(const struct lists *l)
{
	return str_printf("%s/updated", l->dir);
}

static bool are_recent(const struct lists *l)
{
	cleanup_free char *stamp = stamp_of(l);
	struct stat st;
	time_t now = time(NULL);

	return stamp && stat(stamp, &st) == 0 && st.st_mtime <= now &&
	       now - st.st_mtime < LISTS_AGE;
}

static int update_lists(const struct kernel_package_request *request, const struct lists *l,
			const struct strv *options, struct crossbpf_error *e)
{
	static const char *const words[] = {"update", NULL};
	cleanup_strbuf struct strbuf said = {0};
	cleanup_free char *stamp = stamp_of(l);
	bool ok;

	if (request->log)
		request->log("apt fetches its lists of packages");
	int r = run_apt(request, options, "apt-get", words, NULL, &ok, &said, e);
	if (r < 0)
		return r;
	if (ok) { /* without the time they are fetched again */
		if (stamp)
			(void)io_replace_file(stamp, "", 0);
		return 0;
	}
	return error_set(e, -EIO, EXIT_STATUS_FAILED,
			 "download a package linux-image-*.deb elsewhere, and name that file",
			 "apt-get update fails: %s", last_line(&said));
}

/* In lists that are new with `renew`, else not old. Old ones will do where there are no others. */
static int look_in_own(const struct kernel_package_request *request, const struct debian *debian,
		       bool renew, struct kernel_package *p, struct crossbpf_error *e)
{
	cleanup_lists struct lists l = {.lock = -1};
	cleanup_error struct crossbpf_error own = {0};

	int r = open_lists(request, debian, &l, &p->apt, e);
	if (r < 0)
		return r;
	bool updated = renew || !are_recent(&l);
	int failed = updated ? update_lists(request, &l, &p->apt, &own) : 0;
	p->own = true;
	r = failed == -EINTR ? failed : look(request, debian, p, e);
	if (r == 0 && !updated) {
		r = update_lists(request, &l, &p->apt, e);
		return r < 0 ? r : look(request, debian, p, e);
	}
	if (r <= 0 && failed < 0 && !e->message) {
		*e = own;
		own = (struct crossbpf_error){0};
		return failed;
	}
	return r;
}

static int fail_to_find(const struct kernel_package_request *request, struct crossbpf_error *e)
{
	return error_set(e, -ENOENT, EXIT_STATUS_USAGE,
			 "apt-cache search --names-only '^linux-image-[0-9]' lists what there is",
			 "apt has no kernel %s%s for %s", prefix, request->version, request->arch);
}

/* First what the system knows, then what we were told before, then what apt's servers say. */
int kernel_package_find(const struct kernel_package_request *request, struct kernel_package *ret,
			struct crossbpf_error *e)
{
	const struct debian *debian = find_debian(request->arch);
	cleanup_kernel_package struct kernel_package p = {0};

	if (!debian)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE, NULL,
				 "Debian has no kernels for %s", request->arch);
	int r = look(request, debian, &p, e);
	if (r == 0)
		r = look_in_own(request, debian, false, &p, e);
	if (r < 0)
		return r;
	if (!p.name)
		return fail_to_find(request, e);
	*ret = p;
	p = (struct kernel_package){0};
	return 0;
}

int kernel_package_renew(const struct kernel_package_request *request, struct kernel_package *p,
			 struct crossbpf_error *e)
{
	kernel_package_free(p);
	int r = look_in_own(request, find_debian(request->arch), true, p, e);

	return r < 0 ? r : p->name ? 0 : fail_to_find(request, e);
}

int kernel_package_fetch(const struct kernel_package_request *request,
			 const struct kernel_package *package, const char *dir,
			 struct crossbpf_error *e)
{
	const char *const words[] = {"-q",       "-o",          "APT::Sandbox::User=root",
				     "download", package->name, NULL};
	cleanup_strbuf struct strbuf said = {0};
	bool ok;

	int r = run_apt(request, &package->apt, "apt-get", words, dir, &ok, &said, e);
	if (r < 0 || ok)
		return r;
	return error_set(e, -EIO, EXIT_STATUS_FAILED,
			 package->own ? "try again, or download it elsewhere, and name that file"
				      : "apt-get update, as apt's lists may be old, or download it "
					"elsewhere, and name that file",
			 "%s cannot be downloaded: %s", package->name, last_line(&said));
}

int kernel_package_use(const struct kernel_package_request *request,
		       const struct kernel_package_user *user, struct crossbpf_error *e)
{
	cleanup_kernel_package struct kernel_package p = {0};
	cleanup_error struct crossbpf_error old = {0};

	int r = kernel_package_find(request, &p, e);
	if (r < 0)
		return r;
	if (!p.own)
		return user->take(user->ctx, &p, e);
	r = user->take(user->ctx, &p, &old);
	if (r == -EIO) { /* the servers may have a newer one in its place */
		r = kernel_package_renew(request, &p, e);
		return r < 0 ? r : user->take(user->ctx, &p, e);
	}
	if (r < 0) {
		*e = old;
		old = (struct crossbpf_error){0};
	}
	return r;
}

int kernel_package_download(const struct kernel_package_request *request,
			    const struct kernel_package *p, const struct kernel_package_user *user,
			    struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL, *file = NULL, *line = NULL;

	int r = io_temporary_dir(&dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot make a temporary directory: %s", strerror(-r));
	file = str_printf("%s/%s", dir, p->file);
	line = str_printf("downloading %s", p->file);
	if (request->log && line)
		request->log(line);
	r = file ? kernel_package_fetch(request, p, dir, e) : error_no_memory(e);
	if (r == 0)
		r = user->read(user->ctx, p, file, e);
	if (file)
		unlink(file);
	rmdir(dir);
	return r;
}
