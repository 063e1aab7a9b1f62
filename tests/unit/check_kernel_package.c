/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include <sys/wait.h>
#include <time.h>

#include "core/kernel-cache.h"
#include "core/kernel-package.h"
#include "shared/strbuf.h"

/* Programs in the place of apt's, for what it says seldom; tests/integration/vmlinux.test has the
 * real ones. */

static char log_text[256];

static void take_log(const char *message)
{
	snprintf(log_text, sizeof(log_text), "%s", message);
}

static int find(const char *version, const char *arch, struct kernel_package *ret,
		struct crossbpf_error *e)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *path = str_printf("%s/bin:/usr/bin:/bin", here);
	cleanup_free char *before = strdup(getenv("PATH"));
	struct kernel_package_request request = {.version = version,
						 .arch = arch,
						 .cache_dir = here,
						 .log = take_log,
						 .control = -1};

	setenv("PATH", path, 1);
	int r = kernel_package_find(&request, ret, e);
	if (r == 0 && mkdir("to", 0755) == 0)
		r = kernel_package_fetch(&request, ret, "to", e);
	setenv("PATH", before, 1);
	return r;
}

/* `names` is what apt-cache has; of those in `there` apt-get has a package. */
static void make_apt(const char *names, const char *there, const char *update)
{
	cleanup_free char *cache =
		str_printf("case \"$*\" in *pkgnames*) cat <<E\n%s\nE\n;; esac", names);
	cleanup_free char *get =
		str_printf("case \"$*\" in\n"
			   "*--print-uris*) for name; do :; done\n"
			   "	case ' %s ' in *\" $name \"*) echo \"'http://x/$name' "
			   "${name}_1_amd64.deb 9 SHA256:0\"\n"
			   "	;; *) echo \"E: no $name\" >&2; exit 100; esac ;;\n"
			   "*download*) for name; do :; done; echo content >\"$name.deb\" ;;\n"
			   "*update*) %s ;;\n"
			   "esac",
			   there, update);

	mkdir("bin", 0755);
	write_program("bin/apt-cache", cache);
	write_program("bin/apt-get", get);
}

static void assert_finds(const char *version, const char *name)
{
	cleanup_kernel_package struct kernel_package p = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_msg(find(version, "x86", &p, &e) == 0, "%s: %s", version, e.message);
	ck_assert_str_eq(p.name, name);
	cleanup_free char *file = str_printf("%s_1_amd64.deb", name);
	ck_assert_str_eq(p.file, file);
}

static const char names[] = "linux-image-6.1.0-9-amd64\n"
			    "linux-image-6.1.0-47-amd64\n"
			    "linux-image-6.1.0-48-amd64\n"
			    "linux-image-6.1.0-47-cloud-amd64\n"
			    "linux-image-6.1.0-49-amd64-dbg\n"
			    "linux-image-6.1.0-49-rt-amd64\n"
			    "linux-image-6.12.9+deb12-amd64\n"
			    "linux-image-6.1-amd64\n"
			    "linux-image-6.1.0-99-arm64";

/* Of the same version the newest that has a package. */
TEST(finds)
{
	make_apt(names,
		 "linux-image-6.1.0-9-amd64 linux-image-6.1.0-47-amd64 "
		 "linux-image-6.12.9+deb12-amd64 "
		 "linux-image-6.1.0-47-cloud-amd64",
		 "exit 1");
	assert_finds("6.1", "linux-image-6.1.0-47-amd64");
	ck_assert(is_there("to/linux-image-6.1.0-47-amd64.deb"));
	assert_finds("6.1.0-9", "linux-image-6.1.0-9-amd64");
	assert_finds("6.12", "linux-image-6.12.9+deb12-amd64");
	assert_finds("6.1.0-47-cloud-amd64", "linux-image-6.1.0-47-cloud-amd64");
}

static void assert_fails(const char *version, const char *arch, enum exit_status status,
			 const char *message)
{
	cleanup_kernel_package struct kernel_package p = {0};
	cleanup_error struct crossbpf_error e = {0};

	ck_assert_int_lt(find(version, arch, &p, &e), 0);
	ck_assert_int_eq(e.status, status);
	ck_assert_msg(strstr(e.message, message), "%s", e.message);
	ck_assert_ptr_eq(p.name, NULL);
}

TEST(fails)
{
	make_apt(names, "", "exit 0");
	assert_fails("6.1", "x86", EXIT_STATUS_USAGE, "apt has no kernel linux-image-6.1 for x86");
	ck_assert_ptr_ne(strstr(log_text, "lists"), NULL);
	ck_assert(is_there("apt/amd64/state/lists/partial"));
	make_apt(names, "", "echo W: first >&2; echo E: no network >&2; exit 100");
	assert_fails("6.1", "arm64", EXIT_STATUS_FAILED, "apt-get update fails: E: no network");
	make_apt("", "", "exit 100");
	assert_fails("6.1", "s390", EXIT_STATUS_FAILED, "it said nothing");
	make_apt(names, "linux-image-6.1.0-47-amd64 linux-image-6.1.0-47-cloud-amd64", "exit 0");
	assert_fails("6.1.0-47-amd64", "arm64", EXIT_STATUS_USAGE,
		     "apt has no kernel linux-image-6.1.0-47-amd64 for arm64");
	assert_fails("6.1.0-47-cloud-amd64", "arm64", EXIT_STATUS_USAGE, "apt has no kernel");
	assert_fails("6.1", "z80", EXIT_STATUS_USAGE, "Debian has no kernels for z80");
	/* A name that is no file's. */
	make_apt(names, "", "exit 0");
	write_program("bin/apt-get",
		      "case \"$*\" in *--print-uris*) echo \"'http://x' ../../x.deb 1 0\";; esac");
	assert_fails("6.1", "x86", EXIT_STATUS_USAGE, "apt has no kernel");
}

TEST(download_fails)
{
	cleanup_kernel_package struct kernel_package p = {0};
	cleanup_error struct crossbpf_error e = {0};

	make_apt(names, "", "exit 0");
	write_program("bin/apt-get",
		      "case \"$*\" in *--print-uris*) echo \"'http://x' x_1.deb 1 0\";;\n"
		      "*) echo E: gone >&2; exit 100; esac");
	ck_assert_int_lt(find("6.1", "x86", &p, &e), 0);
	ck_assert_int_eq(e.status, EXIT_STATUS_FAILED);
	ck_assert_ptr_ne(strstr(e.message, "cannot be downloaded: E: gone"), NULL);
	ck_assert_ptr_ne(strstr(e.hint, "apt-get update"), NULL);
}

/* The least BTF: an int, in either byte order of the host's. */
static void write_btf(const char *path)
{
	const uint32_t words[] = {24, 0, 16, 16, 5, 1, 1U << 24, 4, 32};
	const uint16_t magic = 0xeb9f;
	const uint8_t version[] = {1, 0};
	cleanup_fclose FILE *f = fopen(path, "w");

	fwrite(&magic, sizeof(magic), 1, f);
	fwrite(version, sizeof(version), 1, f);
	fwrite(words, sizeof(words), 1, f);
	fwrite("\0int", 5, 1, f);
}

static int get(const char *version, struct kernel_btf *ret, char **ret_of, struct crossbpf_error *e)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *path = str_printf("%s/bin:/usr/bin:/bin", here);
	cleanup_free char *before = strdup(getenv("PATH"));
	struct kernel_package_request request = {
		.version = version, .arch = "x86", .cache_dir = here, .control = -1};

	setenv("PATH", path, 1);
	int r = kernel_cache_get(&request, here, ret, ret_of, e);
	setenv("PATH", before, 1);
	return r;
}

static void assert_gets(void)
{
	cleanup_kernel_btf struct kernel_btf k = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *of = NULL;

	ck_assert_msg(get("6.1", &k, &of, &e) == 0, "%s", e.message);
	ck_assert_str_eq(of, "linux-image-6.1.0-47-amd64_1_amd64");
	ck_assert_str_eq(k.arch, "x86");
	ck_assert_uint_eq(k.data.len, 45);
}

/* A package is downloaded once, and again where what is kept of it is damaged. */
TEST(keeps)
{
	static const char kept[] = "kernels/linux-image-6.1.0-47-amd64_1_amd64-0.btf";
	cleanup_free char *here = getcwd(NULL, 0), *script = NULL, *get_script = NULL;
	cleanup_kernel_btf struct kernel_btf k = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *of = NULL;

	write_btf("btf");
	make_apt(names, "linux-image-6.1.0-47-amd64", "exit 1");
	get_script = read_text("bin/apt-get");
	script = str_printf("case \"$*\" in *--print-uris*) ;;\n"
			    "*download*) echo one >>%s/downloads\n"
			    "	cp %s/btf linux-image-6.1.0-47-amd64_1_amd64.deb; exit ;; esac\n%s",
			    here, here, strchr(get_script, '\n') + 1);
	write_program("bin/apt-get", script);
	assert_gets();
	assert_gets();
	cleanup_free char *once = read_text("downloads");
	ck_assert_str_eq(once, "one\n");
	write_text(kept, "damaged");
	assert_gets();
	cleanup_free char *twice = read_text("downloads");
	ck_assert_str_eq(twice, "one\none\n");
	/* Another package of that name. */
	cleanup_free char *before = read_text("bin/apt-get");
	char *hash = strstr(before, "SHA256:0");
	ck_assert_ptr_ne(hash, NULL);
	memcpy(hash, "SHA256:1", 8);
	write_text("bin/apt-get", before);
	assert_gets();
	cleanup_free char *thrice = read_text("downloads");
	ck_assert_str_eq(thrice, "one\none\none\n");
	memcpy(hash, "SHA256:0", 8);
	write_text("bin/apt-get", before);
	unlink(kept);
	write_text("btf", "what comes is no kernel");
	ck_assert_int_lt(get("6.1", &k, &of, &e), 0);
	ck_assert(!is_there(kept));
	ck_assert_ptr_eq(of, NULL);
}

/* Only what is told of lists of our own has packages, once it has fetched them; until `updates` has
 * so many lines none can be downloaded. */
static void make_own_apt(const char *update, unsigned enough)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *get = str_printf(
		"case \"$*\" in\n"
		"*apt.conf*--print-uris*) [ ! -e %s/updates ] ||\n"
		"	echo \"'http://x' linux-image-6.1.0-47-amd64_1_amd64.deb 9 SHA256:0\" ;;\n"
		"*--print-uris*) ;;\n"
		"*download*) [ \"$(wc -l <%s/updates)\" -ge %u ] || { echo E: gone >&2; exit 100; "
		"}\n"
		"	cp %s/btf linux-image-6.1.0-47-amd64_1_amd64.deb ;;\n"
		"*update) %s; echo one >>%s/updates ;;\n"
		"esac",
		here, here, enough, here, update, here);

	make_apt(names, "", "");
	write_program("bin/apt-get", get);
}

static unsigned count_updates(void)
{
	cleanup_free char *text = read_text("updates");
	unsigned n = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static void make_old(const char *path)
{
	const struct timespec times[2] = {{.tv_sec = time(NULL) - 2 * 24 * 3600},
					  {.tv_sec = time(NULL) - 2 * 24 * 3600}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

TEST(lists_of_our_own)
{
	write_btf("btf");
	make_own_apt(":", 0);
	assert_gets();
	ck_assert_uint_eq(count_updates(), 1);
	assert_gets();
	ck_assert_uint_eq(count_updates(), 1);
	cleanup_free char *conf = read_text("apt/amd64/apt.conf");
	assert_contains(conf, "#clear APT::Update::Post-Invoke;");
	/* After a day they are fetched anew; where that fails the old ones will do. */
	make_old("apt/amd64/updated");
	assert_gets();
	ck_assert_uint_eq(count_updates(), 2);
	make_old("apt/amd64/updated");
	make_own_apt("exit 100", 0);
	assert_gets();
	ck_assert_uint_eq(count_updates(), 2);
}

/* What they have is no longer to be had. */
TEST(lists_get_old)
{
	cleanup_kernel_btf struct kernel_btf k = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *of = NULL;

	write_btf("btf");
	make_own_apt(":", 3);
	ck_assert_int_eq(get("6.1", &k, &of, &e), -EIO);
	ck_assert_uint_eq(count_updates(), 2);
	assert_contains(e.message, "cannot be downloaded: E: gone");
	assert_contains(e.hint, "try again");
	assert_gets();
	ck_assert_uint_eq(count_updates(), 3);
}

/* Another one that is at work there is waited for. */
TEST(two_at_once)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const struct timespec pause = {.tv_nsec = 300000000};
	int ready[2], status;
	char byte;

	write_btf("btf");
	make_own_apt("[ -e over ] || exit 100", 0);
	ck_assert_int_eq(mkdir("apt", 0700) | mkdir("apt/amd64", 0700) | pipe(ready), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = open("apt/amd64/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fcntl(fd, F_SETLK, &all) == 0 && write(ready[1], "r", 1) == 1)
			nanosleep(&pause, NULL);
		write_text("over", "");
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	assert_gets();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(ready[0]);
	close(ready[1]);
}

TEST(no_apt)
{
	cleanup_kernel_package struct kernel_package p = {0};
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *here = getcwd(NULL, 0), *before = strdup(getenv("PATH"));
	struct kernel_package_request request = {
		.version = "6.1", .arch = "x86", .cache_dir = here, .control = -1};

	setenv("PATH", here, 1);
	int r = kernel_package_find(&request, &p, &e);
	setenv("PATH", before, 1);
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	ck_assert_ptr_ne(strstr(e.message, "asks for apt"), NULL);
	ck_assert_ptr_ne(strstr(e.hint, ".deb"), NULL);
}

TEST(checks_versions)
{
	static const char *const good[] = {"6.1", "6", "6.1.0-25-cloud-amd64", "6.12.9+deb12"};
	static const char *const bad[] = {"", "-6", "v6", "6.1;x", "6 1", "6/1", "6.1\n", "*"};

	for (size_t i = 0; i < LENGTH(good); i++)
		ck_assert_int_eq(kernel_package_check(good[i], NULL), 0);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		cleanup_error struct crossbpf_error e = {0};
		ck_assert_int_eq(kernel_package_check(bad[i], &e), -EINVAL);
		ck_assert_int_eq(e.status, EXIT_STATUS_USAGE);
	}
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, finds);
	tcase_add_test(c, fails);
	tcase_add_test(c, download_fails);
	tcase_add_test(c, keeps);
	tcase_add_test(c, lists_of_our_own);
	tcase_add_test(c, lists_get_old);
	tcase_add_test(c, two_at_once);
	tcase_add_test(c, no_apt);
	tcase_add_test(c, checks_versions);
}

int main(void)
{
	return suite_run("kernel_package", add_tests);
}
