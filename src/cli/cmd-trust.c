/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf trust: accepts what a project's crossbpf.conf has started. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli-builder.h"
#include "cli.h"
#include "core/project.h"
#include "core/trust.h"
#include "shared/io.h"

static void print_help(void)
{
	printf("Usage: crossbpf trust [DIR|FILE]\n"
	       "       crossbpf trust --list\n"
	       "       crossbpf trust --revoke [DIR|FILE]\n"
	       "Shows what a project's crossbpf.conf has started, and accepts it as it is.\n\n"
	       "  -l, --list    print what is trusted\n"
	       "  -r, --revoke  trust it no more\n"
	       "  -h, --help    this help\n\n"
	       "CROSSBPF_TRUST=all in the environment trusts all projects.\n"
	       "See crossbpf-trust(1).\n");
}

/* What a stranger wrote must not command the terminal, or look like something else on it. */
static void print_plain(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '\\')
			fputs("\\\\", stdout);
		else if (c >= ' ' && c < 0x7f)
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

/* The crossbpf.conf of a directory, or the file itself; NULL: that of the working directory's
 * project. `must_exist` is not so for what is to be forgotten. */
static int find_conf(const char *named, bool must_exist, char **ret_conf, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL, *root = NULL, *strangers = NULL;
	struct stat st;

	if (named) {
		if (stat(named, &st) < 0 && must_exist)
			return error_set(e, -errno, EXIT_STATUS_USAGE, NULL, "cannot find %s: %s",
					 named, strerror(errno));
		bool is_dir = stat(named, &st) == 0 && S_ISDIR(st.st_mode);
		*ret_conf = is_dir ? str_printf("%s/crossbpf.conf", named) : strdup(named);
		return *ret_conf ? 0 : error_no_memory(e);
	}
	int r = io_working_directory(&dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_USAGE, "change to a directory that exists",
				 "the working directory cannot be named: %s", strerror(-r));
	if (project_find_root(dir, &root, ret_conf, &strangers) < 0)
		return error_no_memory(e);
	if (*ret_conf)
		return 0;
	return error_set(e, -ENOENT, EXIT_STATUS_USAGE, "name the project's directory",
			 strangers ? "%s belongs to another user's directory, and is not read"
				   : "there is no crossbpf.conf in %s or above it",
			 strangers ? strangers : dir);
}

static void print_choices(const struct trust *t)
{
	print_plain(t->path);
	printf(" chooses %s:\n", trust_chosen(t));
	for (size_t i = 0; i < t->n; i++) {
		const struct trust_choice *choice = &t->choices[i];
		printf("  line %u: %s = ", choice->line, choice->what);
		print_plain(choice->value);
		putchar('\n');
		if (choice->file) {
			printf("    with the content of ");
			print_plain(choice->file);
			putchar('\n');
		}
	}
}

static int trust(const char *named, struct crossbpf_error *e)
{
	cleanup_trust struct trust t = {0};
	cleanup_conf struct conf conf = {0};
	cleanup_free char *file = NULL;

	int r = find_conf(named, true, &file, e);
	if (r == 0)
		r = cli_load_conf(file, &conf, e);
	if (r == 0)
		r = trust_find(file, &conf, &t, e);
	if (r < 0)
		return r;
	if (!t.n) {
		print_plain(t.path);
		printf(" chooses nothing that is run, and no cache; it needs no trust\n");
		return 0;
	}
	print_choices(&t);
	r = trust_record(&t, e);
	if (r == 0)
		printf("It is trusted, until it or a file named here changes.\n");
	return r;
}

static int list(struct crossbpf_error *e)
{
	cleanup_trust_list struct trust_list all = {0};

	int r = trust_list(&all, e);
	for (size_t i = 0; i < all.n; i++) {
		printf("%.12s  ", all.records[i].digest);
		print_plain(all.records[i].path);
		putchar('\n');
	}
	return r;
}

static int distrust(const char *named, struct crossbpf_error *e)
{
	cleanup_free char *file = NULL;
	size_t n = 0;

	int r = find_conf(named, false, &file, e);
	if (r == 0)
		r = trust_revoke(file, &n, e);
	if (r < 0)
		return r;
	if (!n)
		return error_set(e, -ENOENT, EXIT_STATUS_USAGE,
				 "crossbpf trust --list shows what is", "%s is not trusted", file);
	print_plain(file);
	printf(" is trusted no more\n");
	return 0;
}

int cmd_trust(int argc, char **argv)
{
	static const struct option longs[] = {{"list", no_argument, NULL, 'l'},
					      {"revoke", no_argument, NULL, 'r'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	cleanup_error struct crossbpf_error error = {0};
	bool lists = false, revokes = false;
	int letter, r = 0;

	optind = 1;
	while (r == 0 && (letter = getopt_long(argc, argv, "lrh", longs, NULL)) != -1) {
		if (letter == 'h') {
			print_help();
			return cli_finish_output();
		}
		lists = lists || letter == 'l';
		revokes = revokes || letter == 'r';
		if (letter == '?') /* getopt said what is wrong */
			r = cli_refuse_option("trust", longs, argv, &error);
	}
	if (r == 0 && ((lists && revokes) || argc - optind > (lists ? 0 : 1)))
		r = error_set(&error, -EINVAL, EXIT_STATUS_USAGE,
			      "crossbpf trust --help tells more", "that is too much at once");
	const char *named = optind < argc ? argv[optind] : NULL;
	if (r == 0)
		r = lists ? list(&error) : revokes ? distrust(named, &error) : trust(named, &error);
	int written = cli_finish_output();
	return r < 0 ? cli_report(&error) : written;
}
