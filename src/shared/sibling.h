/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules that a module of ours has loaded on need: they lie beside it. */
#ifndef CROSSBPF_SIBLING_H
#define CROSSBPF_SIBLING_H

/* The path of `name` in the directory of the module in which `ours` is, a variable of the caller's;
 * NULL where that cannot be told. The caller frees. */
char *sibling_path(const void *ours, const char *name);

/*
 * Loads that file, and finds a symbol there. It stays loaded. NULL where that cannot be done.
 */
void *sibling_load(const void *ours, const char *name, const char *symbol);

#endif
