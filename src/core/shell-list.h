/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of files as shell.sh prints it. */
#ifndef CROSSBPF_SHELL_LIST_H
#define CROSSBPF_SHELL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct shell_entry {
	const char *name;    /* from the project's root on */
	const char *content; /* names its content; NULL: it is neither file nor directory */
	bool is_program;
};

struct shell_list {
	char *text;                  /* what the entries point into */
	struct shell_entry *entries; /* sorted by name, each once */
	size_t n;
};

/* Owns `text` from now on, NUL-terminated, and takes it apart. -EPROTO where it is no list. */
int shell_list_read(char *text, struct shell_list **ret_list);
const struct shell_entry *shell_list_find(const struct shell_list *l, const char *name);
void shell_list_free(struct shell_list *l);

#endif
