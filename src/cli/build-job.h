/* SPDX-License-Identifier: BSD-2-Clause */
/* What crossbpf build and the commands beside it share: from options to the plan of a project. */
#ifndef CROSSBPF_BUILD_JOB_H
#define CROSSBPF_BUILD_JOB_H

#include "build-report.h"
#include "core/build-plan.h"
#include "core/builder.h"
#include "core/cache.h"
#include "core/cache-remote.h"
#include "core/mirror.h"
#include "core/launcher.h"
#include "core/project.h"
#include "core/remote.h"
#include "core/settings.h"
#include "core/state.h"

enum build_command { COMMAND_BUILD = 1, COMMAND_HEADERS = 2 };

struct build_options {
	struct settings_words words;
	const char *backend;
	unsigned jobs;
	bool keep_going, dry_run, explain, no_cache, no_pch, json, quiet, verbose, help;
	bool all, flags; /* of crossbpf headers */
};

/* All that a build is made of, from its options on. */
struct build_job {
	struct build_options options;
	struct conf conf;
	bool has_conf;
	struct settings settings;
	struct project project;
	struct project place; /* what a builder keeps together: as crossbpf-clang has it */
	struct builder_request request;
	struct builder builder;
	struct build_plan plan;
	struct state *state;
	struct cache *cache;
	struct cache_remote *shared; /* or NULL */
	char *cache_token;           /* of cli_shared_take_token() */
	struct launcher launcher;    /* without words where there is none */
	struct remote remote;
	struct build_report report;
	struct strv env;
	char *dir, *cache_dir, *conf_file, *header_dir, *order;
	const struct build_action **stale;
	size_t n_stale;
	bool *done; /* each action of the plan: its object is as it should be */
};

/* Reads the environment, and the command line of this command. */
int build_options_parse(enum build_command command, int argc, char **argv, struct build_options *o,
			struct crossbpf_error *e);
/* The lines of a help. */
void build_options_print(enum build_command command);

/* Finds the project, reads its conf, and finds our own directories. */
int build_job_find(struct build_job *j, struct crossbpf_error *e);
/* And what of it is to be built. */
int build_job_settle(struct build_job *j, struct crossbpf_error *e);
/* Opens the builder that j->request asks for: what is set there of it beforehand stays. */
int build_job_open(struct build_job *j, struct crossbpf_error *e);
/* Plans all actions anew, each of them stale. */
int build_job_plan_all(struct build_job *j, const struct toolchain *t, struct crossbpf_error *e);
/* Adds the stale actions: what they ask of mirrored headers. 0 or -ENOMEM. */
int build_job_cover(const struct build_job *j, struct mirror_cover *cover);
/* The same with that toolchain, from first to last. *ret_lack stays empty without a mirror. */
int build_job_find_lack(const struct build_job *j, const struct toolchain *t,
			struct mirror_lack *ret_lack, struct crossbpf_error *e);
/* Is its clang what crossbpf.conf asks for? */
int build_job_check_clang(const struct build_job *j, struct crossbpf_error *e);
/* The environment of compilers: without what has clang find other headers or write other files. */
int build_job_make_env(struct build_job *j);
/* For a builder that does not see the host's files: fills in j->remote. */
void build_job_begin_remote(struct build_job *j);
/* Then: what the stale actions may read of them, and a session in which that can be put there. */
int build_job_connect(struct build_job *j, struct crossbpf_error *e);

void build_job_free(struct build_job *j);
#define cleanup_build_job CLEANUP(build_job_free)

#endif
