/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands on a builder that does not see the host's files: finds what they may read, and has
 * exchange.so send that, run them and bring back what they made.
 */
#ifndef CROSSBPF_REMOTE_H
#define CROSSBPF_REMOTE_H

#include "builder.h"
#include "builder-headers.h"
#include "exchange/exchange.h"
#include "include-scan.h"

struct remote {
	struct builder *builder;
	struct builder_request *request;
	const struct project *project;
	const char *module_dir; /* absolute path of where exchange.so is */
	const char *header_dir; /* our own headers, for clang to look at last; or NULL */
	/* The rest begins as nothing. */
	struct include_scan *scan;
	/* When files were first looked for, in nanoseconds since the epoch: of what changed later
	 * the builder may have what was there before. */
	int64_t looked;
	struct strv files;               /* that may be read there: absolute names of the host */
	struct strv dirs;                /* of the host, in which headers are looked for */
	struct builder_headers *headers; /* once asked for */
	struct strv outside;             /* directories out of the project in which files are */
	size_t n_sent;                   /* so many of the files the last commands could read */
	void *module;
	struct exchange_report report; /* of all that was run, its bytes added up */
};

/* Is the builder one that does not see the host's files? */
bool remote_is(const struct builder *b);

/* Where the host's files lie below another directory, what clang is to write of their names. */
enum remote_names {
	/* The host's. As clang then cannot read the sources again under the names that it writes,
	 * for the lines that BTF holds, it is told to keep them: DWARF 5 can. */
	REMOTE_NAMES_HOST,
	/* The host's, in IR: another clang may read that where the names are right. */
	REMOTE_NAMES_IR,
	/* The builder's in debug information, the host's elsewhere. */
	REMOTE_NAMES_BUILDER,
};

/* Appends clang's argv as it is there. */
int remote_map_argv(const struct remote *r, const char *const *argv, size_t insert,
		    enum remote_names names, struct strv *ret_argv, size_t *ret_insert);

/* The same of a command that runs in the project's root with relative names, and maps the root
 * itself: only files out of the project need it. */
int remote_map_build(const struct remote *r, const struct strv *argv, struct strv *ret_argv);

/* Adds what a command of clang may read that runs in `dir`: `args` are its arguments, response
 * files expanded, and `environment` what else says where headers are (or NULL). */
int remote_add(struct remote *r, const char *dir, const struct strv *args,
	       const struct include_environment *environment, struct crossbpf_error *e);

/* toolchain_is_builders() for who takes it as a callback: `ctx` is the toolchain. */
bool remote_is_builders(const void *ctx, const char *name);

/* As toolchain_stamp(). */
char *remote_stamp(const struct remote *r);
/* Appends what names files to make, with the stamp for the builder's own. 0 or -ENOMEM. */
int remote_localize(const struct remote *r, const char *text, size_t len, struct strbuf *ret_text);

/* The builder's own headers; NULL where memory ran out. */
const struct builder_headers *remote_headers(struct remote *r);

/* Adds one file, unless it is the builder's own. Errors are sticky in r->files. */
void remote_add_file(struct remote *r, const char *path);

/* Opens the builder's session so that all files that were added can be put there. -ESTALE as
 * builder_connect(). */
int remote_connect(struct remote *r, struct crossbpf_error *e);

/* Can exchange.so be loaded from r->module_dir? remote_run() does so by itself. */
int remote_load(struct remote *r, struct crossbpf_error *e);
/* The same, for who has another use of it: valid until remote_free(). NULL: `e` says why. */
const struct exchange_module *remote_module(struct remote *r, struct crossbpf_error *e);

/*
 * Runs these actions; what `actions` says of the session, the project and the files is of no
 * account. A session that was lost before it answered is opened anew once.
 */
int remote_run(struct remote *r, const struct exchange *actions, struct crossbpf_error *e);

/*
 * What the builder's own headers include was not known when files were looked for. `read` is what
 * one of the last commands read: where the host has a file that this could not read, under a name
 * that would have been found before one of the builder's, it is added, and *ret_more set: the
 * command is to be run again.
 */
int remote_check(struct remote *r, const struct strv *read, bool *ret_more);
/* Appends the names in these directories of the host's by which the builder's own headers among
 * `read` would have been found before: a file that appears there would be read in the place of one
 * of them. 0 or -ENOMEM. */
int remote_lookups(const struct toolchain *t, const struct strv *dirs, const struct strv *read,
		   struct strv *ret_names);
/* As remote_check(), of the list that clang makes of headers, also where it fails, with this in its
 * environment and a file's name in that variable. */
#define REMOTE_HEADERS_ENVIRONMENT "CC_PRINT_HEADERS=1"
#define REMOTE_HEADERS_VARIABLE "CC_PRINT_HEADERS_FILE"
int remote_check_list(struct remote *r, const char *list, size_t len, bool *ret_more);

enum { REMOTE_ROUNDS = 4 }; /* that a command is run in for what was found so */
/* They were not enough: -ELOOP. `source` is which, or NULL. */
int remote_refuse_rounds(const char *source, struct crossbpf_error *e);

void remote_free(struct remote *r);
#define cleanup_remote CLEANUP(remote_free)

#endif
