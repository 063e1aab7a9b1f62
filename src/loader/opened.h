/* SPDX-License-Identifier: BSD-2-Clause */
/* An object that is opened, given what the command line says of it, and loaded. */
#ifndef CROSSBPF_OPENED_H
#define CROSSBPF_OPENED_H

#include <bpf/libbpf.h>
#include <getopt.h>
#include <stdbool.h>

#include "shared/error.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

struct open_options {
	struct strv set;       /* VARIABLE=VALUE */
	struct strv map_sizes; /* MAP=N */
	struct strv reuse;     /* MAP=PIN */
	struct strv programs;  /* these alone are loaded; none: those that the object says */
	const char *btf;       /* a file with the types of the kernel; NULL: the kernel says */
	bool verbose;
};

void open_options_free(struct open_options *o);
#define cleanup_open_options CLEANUP(open_options_free)

/* For getopt_long(): open_options_take() knows these letters. */
#define OPEN_LETTERS "b:m:P:r:s:v"
#define OPEN_LONGS                                                                         \
	{"btf", required_argument, NULL, 'b'}, {"map-size", required_argument, NULL, 'm'}, \
		{"program", required_argument, NULL, 'P'},                                 \
		{"reuse-map", required_argument, NULL, 'r'},                               \
		{"set", required_argument, NULL, 's'},                                     \
	{                                                                                  \
		"verbose", no_argument, NULL, 'v'                                          \
	}

/* Takes an option; false: it is none of these. */
bool open_options_take(struct open_options *o, int letter, const char *value);

struct opened {
	char *path; /* owned */
	bool verbose;
	struct strbuf content; /* of the file */
	struct bpf_object *object;
	struct strv maps; /* their names, in their order: one that is reused takes another's */
	char *log;        /* of the kernel's verifier; mapped, as large as a kernel takes it */
};

/* Opens the object, which the kernel has nothing of yet: a file, or, by a name alone where there is
 * no such file, one of the programs that crossbpf brings along. What libbpf says is kept for
 * errors. */
int opened_open(struct opened *ret, const char *path, const struct open_options *options,
		struct crossbpf_error *e);

/* Has the kernel load it. */
int opened_load(struct opened *o, struct crossbpf_error *e);

void opened_close(struct opened *o);
#define cleanup_opened CLEANUP(opened_close)

/* "NAME=VALUE": the value behind it, with the name in *ret_name, which the caller frees. */
const char *opened_split(const char *word, const char *option, char **ret_name,
			 struct crossbpf_error *e);

/* "OF has no WHAT 'NAME'", with what it has. Returns a negative errno. */
int opened_lacks(const char *of, const char *what, const char *name, const struct strv *names,
		 struct crossbpf_error *e);

/* The map of that name, or NULL with an error that says which there are. */
struct bpf_map *opened_map(const struct opened *o, const char *name, struct crossbpf_error *e);

/* The program of that function, else of that section; or NULL with an error that says which there
 * are. */
struct bpf_program *opened_program(const struct opened *o, const char *name,
				   struct crossbpf_error *e);

/* A map's name, as the object has it. */
const char *opened_map_name(const struct opened *o, const struct bpf_map *map);

/* Has it be this map of the kernel's, which is as it is declared. */
int opened_reuse(struct bpf_map *map, int fd, struct crossbpf_error *e);

#endif
