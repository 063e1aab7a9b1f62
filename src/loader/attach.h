/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of a loaded object, attached to where they run: all of those asked for, or none. */
#ifndef CROSSBPF_ATTACH_H
#define CROSSBPF_ATTACH_H

#include <stdint.h>

#include "opened.h"

struct attachment;

/* What is attached in one way; attach-NAME.c has one each. */
struct attach_family {
	const char *name;
	const char *where; /* how WHERE is written; NULL: the section alone says it */
	bool needs_where;  /* the section says nothing of it */
	bool swaps;        /* the kernel exchanges the program of a link (BPF_LINK_UPDATE) */
	bool dies;         /* with the process: it cannot be pinned */
	bool (*is)(const struct bpf_program *program);
	/* Checks a->where, which may be NULL, and sets a->place where that is not a->where itself,
	 * or the section's. NULL: nothing is to be checked. */
	int (*check)(struct attachment *a, struct crossbpf_error *e);
	/* What of the kernel's WHERE is now: a device's index, the number of an inode. 0 or a
	 * negative errno. NULL: nothing that could become another. */
	int (*target)(const struct attachment *a, uint64_t *ret_target);
	/* Gives links to attachment_add() or attachment_add_link(). */
	int (*attach)(struct attachment *a, struct crossbpf_error *e);
};

struct attachment {
	struct bpf_program *program;
	const struct attach_family *family;
	const char *where; /* as it was said; NULL: it was not; borrowed */
	char *place;       /* at one place, a program is attached once; owned */
	const char *mode;  /* how, where that was said: a word of WHERE's; static or NULL */
	char *at;          /* what that is now: "TARGET NETNS"; owned */
	int *fds;          /* of links, or what else it lives by; owned */
	size_t n;
	struct bpf_link **links; /* the same of libbpf's making; owned */
	size_t n_links;
	char *clsact;    /* the filter that was made where TC has no links; owned */
	int old_program; /* that its link, or filter, had before it was swapped; -1: none */
};

struct attachments {
	struct attachment *v; /* owned */
	size_t n;
	bool pinned; /* its links outlive it */
};

/* What is to be attached, by words PROGRAM[=WHERE]; by none, all programs, whose sections must say
 * where. PROGRAM is a function, or a section. The object is not loaded yet. */
int attachments_plan(struct attachments *ret, const struct opened *o, char *const *words, size_t n,
		     struct crossbpf_error *e);

/* Attaches one, once the object is loaded. */
int attachment_make(struct attachment *a, struct crossbpf_error *e);

/* Attaches all: on failure none is. */
int attachments_make(struct attachments *all, struct crossbpf_error *e);

/* Undoes what was attached and is not pinned. */
void attachments_undo(struct attachments *all);
void attachments_free(struct attachments *all);
#define cleanup_attachments CLEANUP(attachments_free)

/* How many links it has, and their descriptors. */
size_t attachment_links(const struct attachment *a);
int attachment_link(const struct attachment *a, size_t i);

/* "PROGRAM=PLACE". The caller frees; NULL: memory ran out. */
char *attachment_name(const struct attachment *a);

/* For families. Takes the descriptor; -ENOMEM closes it. */
int attachment_add(struct attachment *a, int fd, struct crossbpf_error *e);
/* The same of a libbpf link, which may be NULL: errno then says why. */
int attachment_add_link(struct attachment *a, struct bpf_link *link, struct crossbpf_error *e);
/* "cannot attach 'PROGRAM' to PLACE: …" */
int attachment_fail(const struct attachment *a, int r, const char *hint, struct crossbpf_error *e);
/* The index of the device that `where` begins with, up to a ':'; *ret_rest is what follows that, or
 * "". */
int attachment_device(const struct attachment *a, char **ret_name, const char **ret_rest,
		      struct crossbpf_error *e);
/* Of FUNCTION[+OFFSET]: both, the former owned by the caller. */
int attachment_function(const struct attachment *a, const char *text, char **ret_function,
			unsigned long *ret_offset, struct crossbpf_error *e);
/* The target of families that attach to a device. */
int attachment_device_target(const struct attachment *a, uint64_t *ret_target);
/* The number of the network namespace that this process is in; 0: unknown. */
uint64_t attachment_netns(void);
/* "'PROGRAM' cannot be told where: its section does" */
int attachment_refuse_where(const struct attachment *a, int r, const char *hint,
			    struct crossbpf_error *e);
/* Is this a section's first word, up to a '/'? */
bool attachment_section_is(const struct bpf_program *program, const char *word);
/* What a section's name has behind its first '/': "sched/sched_process_exec"; NULL: nothing. */
const char *attachment_section_target(const struct bpf_program *program);

extern const struct attach_family attach_cgroup, attach_fentry, attach_kprobe, attach_perf_event,
	attach_raw_tracepoint, attach_sk_lookup, attach_socket, attach_tc, attach_tracepoint,
	attach_uprobe, attach_usdt, attach_xdp;

/*
 * Of attach-tc.c: makes a filter of clsact on a device. 0 with a text that says which, or a
 * negative errno. That has its numbers, its program's, and that of its network namespace: one with
 * another program is another's, and not found (-ENOENT); -EXDEV: this process is in another
 * namespace.
 */
typedef int attach_tc_make_fn(int device, bool egress, int program, char **ret_clsact);
attach_tc_make_fn attach_tc_make;
/* Has another one make them; NULL: as at first. */
void attach_tc_set_maker(attach_tc_make_fn *make);
/* Removes the filter that such a text says; one that is gone is removed. 0 or a negative errno. */
int attach_tc_remove(const char *clsact);
/* Opens its program: a descriptor or a negative errno. */
int attach_tc_program(const char *clsact);
/* Takes back what attach_tc_replace() put there. */
void attach_tc_restore(const struct attachment *a);
/* Puts the program in the place of the one that such a filter has. */
int attach_tc_replace(struct attachment *a, const char *clsact, struct crossbpf_error *e);

#endif
