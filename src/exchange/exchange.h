/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs commands on a builder that does not see the host's files: one command of a session per
 * build, builder.sh, to which what it lacks is sent, and which sends back what the commands made.
 *
 * A module of its own, exchange.so, as libarchive would be a good part of what each start of
 * crossbpf costs. It exports one symbol, crossbpf_exchange_init.
 */
#ifndef CROSSBPF_EXCHANGE_H
#define CROSSBPF_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crossbpf-backend.h"

enum { EXCHANGE_MAX_OUTPUTS = 3 };

/* In a word of argv or env: where the host's / is over there, or nothing. What comes back as text
 * names the host's files as the host does. */
#define EXCHANGE_ROOT "\001crossbpf-root\001"
/* Of the commands that make and use what the workspace keeps: where that is, and what the names of
 * files begin with that are gone when the exchange ends. */
#define EXCHANGE_KEPT "\001crossbpf-kept\001/"
#define EXCHANGE_NEW "\001crossbpf-new\001."

/* A file that a command makes, under a name of the builder's that is told to it. */
struct exchange_output {
	const char *option;   /* "-o", "-MF": the name follows; or NULL */
	const char *variable; /* of the environment, which holds the name; or NULL */
};

/*
 * A file that the workspace keeps for later exchanges: EXCHANGE_KEPT NAME. Where it is not there,
 * or is damaged, it is made before the actions are begun, by two commands, each of which is to end
 * with 0 and to say nothing. EXCHANGE_NEW NAME ".c" is there for them, the first lists in the file
 * that the variable names what it is made of, and the second makes EXCHANGE_NEW NAME ".kept".
 */
struct exchange_kept {
	const char *name; /* [0-9a-f]+: what has one name is one, whenever it was made */
	const char *dir;  /* as an action's */
	const char *text; /* of the .c */
	const char *variable;
	const char *const *list, *const *make;
};

/* One command. */
struct exchange_action {
	const char *const *argv;
	size_t insert; /* index in argv before which the outputs' options go */
	/* What is run in its place where kept[needs] is there; where that fails, or says anything,
	 * argv is, as if nothing had been. NULL: nothing. */
	const char *const *first;
	size_t first_insert, needs;
	const char *dir; /* where it runs: absolute, of the host */
	struct exchange_output outputs[EXCHANGE_MAX_OUTPUTS]; /* empty files to begin with */
	size_t n_outputs;
	const char *input; /* what its standard input holds; NULL: nothing */
};

/* What one left: bytes that live until the callback returns. */
struct exchange_data {
	const char *data;
	size_t len;
	bool exists;
};

struct exchange_result {
	int status;                         /* as struct crossbpf_backend's run() has it */
	bool first;                         /* argv was not run */
	struct exchange_data error, output; /* its streams */
	struct exchange_data outputs[EXCHANGE_MAX_OUTPUTS];
	int64_t duration; /* nanoseconds from its start to its end, as seen here */
};

struct exchange {
	const char *id;           /* names the project: [0-9a-f]+ */
	const char *project;      /* its directory on the host */
	const char *place;        /* names the builder, to know what was sent there: [0-9a-f]+ */
	const char *cache_dir;    /* where that is remembered; NULL: nowhere, all is sent */
	bool host_paths;          /* CROSSBPF_CAP_HOST_PATHS */
	const char *const *files; /* the host's that the actions may read: absolute names,
				   * NULL-terminated */
	const struct exchange_action *actions;
	size_t n;
	const struct exchange_kept *kept;
	size_t n_kept;
	uint64_t kept_limit; /* bytes: past that, what was used longest ago goes */
	unsigned lanes;      /* how many at once; 0: as many as the builder has CPUs */
	bool keep_going;
	bool live;              /* standard error goes to ours as it comes: of one action */
	const char *const *env; /* additions to the builder's */
	int control;            /* as in struct crossbpf_run */
	/* One command in the session, as struct crossbpf_backend's run(); called in a thread. */
	int (*run)(void *run_ctx, const struct crossbpf_run *run, int *ret_status);
	void *run_ctx;
	void *ctx; /* of what follows */
	/* Before any action is begun: is it there, and if so, of what it was made; else what the
	 * commands said. */
	void (*on_kept)(void *ctx, size_t kept, bool is_there, const char *text, size_t len);
	void (*on_start)(void *ctx, size_t action);
	void (*on_end)(void *ctx, size_t action, const struct exchange_result *result);
};

struct exchange_report {
	bool begun; /* the builder answered: if not, it may be worth to open the session anew */
	uint64_t bytes_sent, bytes_received;
	char why[512], hint[256]; /* of a failure: sentences, or empty */
};

struct archive_maker;
struct stat;
struct strbuf;

struct exchange_module {
	uint32_t size;
	/*
	 * Does all actions, in order, and calls on_end for each that was begun and ended. 0, or
	 * -EPIPE where the builder was lost, -EPROTO where it cannot be trusted, -EINTR where the
	 * control descriptor came to its end, -ENOSPC where what was sent did not fit there, or
	 * another negative errno. What ended before is done.
	 */
	int (*run)(const struct exchange *x, struct exchange_report *ret_report);
	/* Archives of files for other uses: as archive-maker.h has them. */
	struct archive_maker *(*archive_begin)(struct strbuf *to);
	void (*archive_begin_file)(struct archive_maker *a, const char *name,
				   const struct stat *st);
	void (*archive_add_data)(struct archive_maker *a, const void *data, size_t len);
	void (*archive_add_directory)(struct archive_maker *a, const char *name,
				      const struct stat *st);
	void (*archive_add_link)(struct archive_maker *a, const char *name, const char *target,
				 const struct stat *st);
	int (*archive_end)(struct archive_maker *a);
};

CROSSBPF_BACKEND_EXPORT const struct exchange_module *crossbpf_exchange_init(void);

#endif
