/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf-backend.h - what a backend plugin is to crossbpf. See crossbpf-backend(3).
 *
 * A backend opens a session: a place where one command runs with three streams. It knows nothing
 * of BPF, compilers, caches or archives. A plugin is a module, BACKENDDIR/NAME.so, that exports
 * one symbol, crossbpf_backend_init, and needs no symbol of the program that loads it.
 *
 * Rules for every callback:
 *  - It returns 0 or a negative errno, and before it fails it calls host->error() once, with a
 *    sentence that a user can act on.
 *  - A `ret_` parameter is written on success only.
 *  - Text that does not fit a buffer of `len` bytes, NUL included, is -ENOSPC, not cut.
 *  - Flags that it does not know are -EOPNOTSUPP: they were asked for because they matter.
 *  - No memory crosses the boundary to be freed on the other side.
 *  - It never prints, exits, changes the working directory, a signal's disposition or the
 *    environment. It resets SIGPIPE in its children and waits for no process but its own.
 *  - The program's descriptors from 3 on may belong to a caller (bpf2go passes /dev/fd/3): a
 *    backend that runs commands in place lets children inherit them, and opens its own
 *    close-on-exec.
 */
#ifndef CROSSBPF_BACKEND_H
#define CROSSBPF_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The ABI's number. It changes when an old plugin can no longer be loaded; structures otherwise
 * only grow at their ends, and the `size` in each says how far its maker knew it.
 */
#define CROSSBPF_BACKEND_ABI UINT32_C(1)

/* One setting; arrays of it end with a NULL key. A list has one entry for each of its values.
 * The key "where" holds what a user wrote behind the colon in CROSSBPF_BACKEND=NAME:WHERE. */
struct crossbpf_kv {
	const char *key;
	const char *value;
};

/* A key that the backend's section of crossbpf.conf may hold; arrays end with a NULL name. */
struct crossbpf_key {
	const char *name;
	const char *help;     /* one line, without a full stop */
	const char *fallback; /* the value where none is set, or NULL */
	uint32_t flags;       /* CROSSBPF_KEY_… */
};

#define CROSSBPF_KEY_LIST UINT32_C(1) /* takes a list of values */

enum crossbpf_log_level {
	CROSSBPF_LOG_DEBUG,
	CROSSBPF_LOG_INFO,
};

/* What crossbpf offers to a plugin; valid from open() until close(), or while the callback runs
 * that receives it. */
struct crossbpf_host {
	uint32_t size; /* bytes of this structure that the host filled */
	uint32_t abi;  /* CROSSBPF_BACKEND_ABI of the host */
	void *ctx;     /* to be passed to each function below */

	/*
	 * Says why the callback is about to fail: what failed, on what, and in `hint` (or NULL)
	 * what to do next. Any thread may call it; of one callback the first call counts, and none
	 * of one that succeeds. The strings are copied.
	 */
	void (*error)(void *ctx, const char *message, const char *hint);

	/* A line for those who asked for more (CROSSBPF_VERBOSE=1). Any thread. */
	void (*log)(void *ctx, int level, const char *message);

	/*
	 * Asks the user a question on the terminal and writes at most `len` bytes, NUL included,
	 * to `buf`; `echo` 0 hides the answer. -ENOTTY where there is no terminal, -EINTR where
	 * the user declined.
	 */
	int (*ask)(void *ctx, const char *prompt, int echo, char *buf, size_t len);
};

/* The project for which a session is opened. */
struct crossbpf_project {
	uint32_t size;
	const char *id;          /* names the project: the same for the same root, [0-9a-f]+ */
	const char *root;        /* absolute path of its directory on the host */
	const char *const *dirs; /* further absolute host directories that its actions name,
				  * NULL-terminated */
	/* Added later: `size` says whether it is there. */
	uint32_t flags; /* CROSSBPF_PROJECT_…, of those that the backend's caps say it knows */
};

/* Flags of struct crossbpf_project, for open(). */

/* A builder of this session's own, as fresh as a new one, that no other session gets and that
 * close() ends: with CROSSBPF_CAP_PRIVATE. */
#define CROSSBPF_PROJECT_PRIVATE UINT32_C(1)
/* Its commands may load BPF programs into the kernel that the builder runs on, and pin them in a
 * BPF file system at /sys/fs/bpf: with CROSSBPF_CAP_LOAD, and beside CROSSBPF_PROJECT_PRIVATE where
 * the backend knows that. What it grants, or what its commands have to do for it, as by sudo, is
 * said through host->log(), at level INFO, before open() returns. */
#define CROSSBPF_PROJECT_LOAD UINT32_C(2)

/* Flags of struct crossbpf_run. */
#define CROSSBPF_RUN_TTY UINT32_C(1) /* the descriptors are a terminal, give the command one */

/* One command. Everything is borrowed for the duration of run(). */
struct crossbpf_run {
	uint32_t size;
	uint32_t flags;                   /* CROSSBPF_RUN_… */
	const struct crossbpf_host *host; /* for this command's errors: others may run at once */
	const char *const *argv; /* exact; a plugin quotes for its transport. argv[0] is looked up
				  * in the session's PATH where it has no slash */
	const char *const *env;  /* "NAME=value"s: with CROSSBPF_CAP_HOST_FILES the whole
				  * environment, else additions to the builder's */
	const char *dir;         /* where it runs; NULL: where crossbpf runs */
	int fd[3];               /* its streams, never closed by the plugin */
	int control;             /* readable: 'k' or end of file means end the command and all that
				  * it started, 'w' that the window's size changed; -1: none */
};

/* Capabilities: commands see the host's files at the host's paths. */
#define CROSSBPF_CAP_HOST_FILES UINT64_C(1)
/* Files can be put there under the host's own names: there is a writable directory at the path of
 * project->root and of each of project->dirs. */
#define CROSSBPF_CAP_HOST_PATHS UINT64_C(2)
/* Knows CROSSBPF_PROJECT_PRIVATE. */
#define CROSSBPF_CAP_PRIVATE UINT64_C(4)
/* Knows CROSSBPF_PROJECT_LOAD. */
#define CROSSBPF_CAP_LOAD UINT64_C(8)

/* A session, defined by the plugin. */
struct crossbpf_session;

/*
 * The backend. A plugin keeps it static and const. Callbacks are called from one thread at a
 * time, except run(), which several threads may call at once on one session.
 */
struct crossbpf_backend {
	uint32_t size;                   /* sizeof(struct crossbpf_backend) as compiled */
	uint32_t abi;                    /* CROSSBPF_BACKEND_ABI as compiled */
	const char *name;                /* the module's file name without its ending */
	const char *summary;             /* one line, without a full stop */
	uint64_t caps;                   /* CROSSBPF_CAP_… */
	const struct crossbpf_key *keys; /* or NULL */
	uint32_t key_size;               /* sizeof(struct crossbpf_key) as compiled */

	/*
	 * Could open() work here? Takes under a second, asks nothing, starts nothing. 0 for yes;
	 * else a negative errno with the reason in ret_why (at most `len` bytes, NUL included),
	 * the one failure for which host->error() is not called.
	 */
	int (*probe)(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		     char *ret_why, size_t len);

	/*
	 * Opens a session, bringing up what it needs. `host`, `conf` and `project` stay valid
	 * until close(). -EAGAIN says that the builder takes no more sessions for now: where the
	 * user asked for this backend by its name, it is called again, for a minute.
	 */
	int (*open)(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		    const struct crossbpf_project *project, struct crossbpf_session **ret_session);

	/*
	 * Runs one command and returns once it ended and both of its output streams did.
	 * *ret_status is its exit status, or 128 + N where signal N ended it, as a shell has it:
	 * what lies between us and a remote command often tells no more. A command that cannot
	 * be started is an error (-ENOENT, -EACCES, …), as is a builder that was lost (-EPIPE).
	 */
	int (*run)(struct crossbpf_session *session, const struct crossbpf_run *run,
		   int *ret_status);

	/* Ends the session; takes NULL. Not called while a run() has not returned. */
	void (*close)(struct crossbpf_session *session);

	/* The operations from here on are optional. */

	/* Names the builder behind the session, so that what was learned of it can be remembered:
	 * the same for the same builder as long as nothing in it changed (an image digest). */
	int (*identity)(struct crossbpf_session *session, char *buf, size_t len);

	/* Starts, or stops and removes, what open() would otherwise start on demand. */
	int (*up)(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		  const struct crossbpf_project *project);
	int (*down)(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		    const struct crossbpf_project *project);

	/* Describes in a line or more what runs now. */
	int (*status)(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		      const struct crossbpf_project *project, char *buf, size_t len);

	/*
	 * What is behind the session has no clang for BPF. Where the configuration names several
	 * places, goes on to the next of them that can be reached, and has later sessions begin
	 * there for a while. 0; -ENOENT, without a call of host->error(), where there is none, and
	 * only close() follows. Not called while a run() has not returned.
	 */
	int (*next)(struct crossbpf_session *session);
};

#if defined(__GNUC__)
#define CROSSBPF_BACKEND_EXPORT __attribute__((visibility("default")))
#else
#define CROSSBPF_BACKEND_EXPORT
#endif

/* The one symbol that a plugin exports. Returns its table, or NULL where it cannot work at all. */
CROSSBPF_BACKEND_EXPORT const struct crossbpf_backend *crossbpf_backend_init(void);

#ifdef __cplusplus
}
#endif

#endif
