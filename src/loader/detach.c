/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf detach: undoes an attachment, or all that is of an object. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/cli.h"
#include "links.h"
#include "loader.h"
#include "pinned.h"
#include "shared/strbuf.h"

/* NAME, NAME/PROGRAM or NAME/PROGRAM=WHERE; a directory may stand for NAME. */
struct target {
	char *dir, *link; /* owned; the latter is NULL for all */
};

static void target_free(struct target *t)
{
	free(t->dir);
	free(t->link);
}
#define cleanup_target CLEANUP(target_free)

static int split(const char *word, struct target *ret)
{
	size_t head = strcspn(word, "=");
	const char *slash = memrchr(word, '/', head);
	cleanup_free char *name = NULL;

	/* A name may have a '=' in it; a directory alone has no link behind it. */
	if (slash && (word[head] || word[0] != '/')) {
		name = strndup(word, (size_t)(slash - word));
		ret->link = strdup(slash + 1);
		if (!ret->link)
			return -ENOMEM;
	} else {
		name = strdup(word);
	}
	ret->dir = name ? pins_dir(name, NULL) : NULL;
	return ret->dir ? 0 : -ENOMEM;
}

/* The link that is meant; of a program alone its only one. */
static int find_link(const struct pins *pins, struct target *t, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};
	const char *found = NULL;
	size_t len = strlen(t->link), n = 0;
	bool whole = strchr(t->link, '=') != NULL;
	int r = pins_list(pins->dir, "links", &names);

	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot read %s: %s", pins->dir,
				 strerror(-r));
	for (size_t i = 0; i < names.n; i++)
		if (whole ? strcmp(names.v[i], t->link) == 0
			  : str_begins(names.v[i], t->link) && names.v[i][len] == '=') {
			found = names.v[i];
			n++;
		}
	if (n != 1)
		return error_set(e, -ENOENT, EXIT_STATUS_FAILED,
				 n ? "say which: PROGRAM=WHERE, as crossbpf list shows them"
				   : "crossbpf list shows what is attached",
				 n ? "%s: '%s' is attached to several places"
				   : "%s: '%s' is not attached",
				 pins->dir, t->link);
	free(t->link);
	t->link = strdup(found);
	return t->link ? 0 : error_no_memory(e);
}

static int fail(const struct pins *pins, const char *link, int r, struct crossbpf_error *e)
{
	if (r == -EXDEV)
		return error_set(e, r, EXIT_STATUS_FAILED, "run it there: nsenter --net=…",
				 "%s: '%s' is attached in another network namespace", pins->dir,
				 link);
	return error_set(e, r, EXIT_STATUS_FAILED, NULL, "%s: cannot detach '%s': %s", pins->dir,
			 link, strerror(-r));
}

static int detach_all(const struct pins *pins, struct crossbpf_error *e)
{
	cleanup_strv struct strv names = {0};
	int r = pins_list(pins->dir, "links", &names);

	if (r == -ENOENT)
		r = 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		r = links_remove(pins->dir, names.v[i]);
		if (r < 0)
			return fail(pins, names.v[i], r, e);
	}
	r = r < 0 ? r : pins_remove(pins->dir);
	return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot remove %s: %s", pins->dir,
				 strerror(-r))
		     : 0;
}

static int detach(const char *word, struct crossbpf_error *e)
{
	cleanup_target struct target t = {0};
	cleanup_pins struct pins pins = {.lock = -1};
	cleanup_free char *object = NULL;

	if (split(word, &t) < 0)
		return error_no_memory(e);
	int r = pinned_open(&pins, TAKE_PTR(t.dir), e);
	if (r == 0)
		r = pins_owner(&pins, &object, e);
	if (r == 0 && !t.link)
		return detach_all(&pins, e);
	if (r == 0)
		r = find_link(&pins, &t, e);
	if (r < 0)
		return r;
	r = links_remove(pins.dir, t.link);
	return r < 0 ? fail(&pins, t.link, r, e) : 0;
}

int loader_detach(int argc, char **argv)
{
	static const struct option longs[] = {{0}};
	cleanup_error struct crossbpf_error error = {0};
	int status = 0;

	if (getopt_long(argc, argv, "", longs, NULL) != -1) {
		cli_refuse_option("detach", longs, argv, &error);
		return cli_report(&error);
	}
	if (optind == argc) {
		error_set(&error, -EINVAL, EXIT_STATUS_USAGE, "crossbpf list shows what there is",
			  "nothing was named that is to be detached");
		return cli_report(&error);
	}
	for (int i = optind; i < argc; i++) {
		cleanup_error struct crossbpf_error e = {0};
		int failed = detach(argv[i], &e) < 0 ? cli_report(&e) : 0;
		status = status ? status : failed;
	}
	return status;
}
