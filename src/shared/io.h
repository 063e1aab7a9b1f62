/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and descriptors. 0 or a negative errno; every descriptor made here is close-on-exec. */
#ifndef CROSSBPF_IO_H
#define CROSSBPF_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "strbuf.h"

/* Reads until end of file, or fails with -EFBIG past `limit` bytes. */
int io_read_fd(int fd, size_t limit, struct strbuf *ret_content);
int io_read_file(const char *path, size_t limit, struct strbuf *ret_content);

int io_write_fd(int fd, const void *data, size_t len);

/* After a read() or write() that failed: was it only that somebody left the descriptor non-blocking
 * (a terminal, say)? Then waits for the events of poll(). */
bool io_is_ready_later(int fd, short events);

/* Writes `data` beside `path` and renames it there, so that readers see the old content or the
 * new, never a part. */
int io_replace_file(const char *path, const void *data, size_t len);

/*
 * Writes an output: beside `path`, and renamed there, with a new file's mode; or in place, where
 * something is there that is no regular file (a pipe, /dev/null, a link). *ret_st is of the file
 * that was written, not of what anybody has put there since.
 */
int io_write_output(const char *path, const void *data, size_t len, struct stat *ret_st);

/* Makes the directories that lead to the file `path`, with this mode less the umask. */
int io_make_parents(const char *path, mode_t mode);

/* A directory of our own for temporary files; the caller removes it, and frees its name. */
int io_temporary_dir(char **ret_path);

/* A pipe: ret_fds[0] is read from, ret_fds[1] written to. */
int io_pipe(int ret_fds[2]);

/* The same, its ends where they belong; both stay as they are on an error. */
int io_pipe_ends(int *ret_read, int *ret_write);

/* Where the system cannot make a close-on-exec pipe in one step (macOS), children are started
 * between these two, so that none is born between the two steps. A module has a lock of its own:
 * there a child of one may hold a pipe of another's open for as long as it lives. */
void io_lock_spawn(void);
void io_unlock_spawn(void);

/* An empty file of our own; the caller removes it, and frees its name. */
int io_temporary_file(char **ret_path);

/* An open file without a name, for what a child reads or writes. */
int io_temporary(int *ret_fd);
/* Bytes that nobody can guess. 0 or -EIO. */
int io_random(void *ret_bytes, size_t len);

/* How far apart, in nanoseconds, two changes of a file with this time may be and yet both bear it:
 * two seconds where file systems keep whole ones, else 10 ms (the kernel's tick with CONFIG_HZ=100;
 * a file system's own clock is not finer than that by default). */
int64_t io_tick(int64_t mtime);

/* Now, in nanoseconds since the epoch. */
int64_t io_now(void);
/* Of a clock that nobody sets: for how long something takes. */
int64_t io_clock(void);
/* Sleeps for that many nanoseconds, through signals. */
void io_sleep(int64_t ns);

/* A modification time in nanoseconds since the epoch. */
int64_t io_mtime(const struct stat *st);
/* The same of its last change of any kind, which no program can set back. */
int64_t io_ctime(const struct stat *st);

/* Is it this user's, and may nobody else write it? */
bool io_is_own(const struct stat *st);

/* `path` as it is where it is absolute, else within `dir`; NULL where memory ran out. The caller
 * frees. */
char *io_absolute(const char *dir, const char *path);

/* The last part of a path, as it stands: never changes or copies it. */
const char *io_basename(const char *path);

/* The working directory as $PWD names it, where that is right: so clang does, and debug information
 * holds it. -ENOENT where it was deleted. The caller frees. */
int io_working_directory(char **ret_dir);

/* A program in these directories, parted by colons (NULL: those of PATH), that fits (NULL: any
 * does). Those that depend on the working directory are left out: nothing of the user's is run
 * there. The caller frees; NULL where there is none, or memory ran out. */
char *io_find_program(const char *dirs, const char *name, bool (*fits)(const char *path));

/* `$XDG_CACHE_HOME/crossbpf`, else `~/.cache/crossbpf`; -ENOENT where there is neither. */
int io_cache_dir(char **ret_path);
/* The same of `$XDG_CONFIG_HOME`, else `~/.config`. */
int io_config_dir(char **ret_path);

#endif
