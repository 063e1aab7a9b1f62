/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of which clang commands the outputs may be kept for others. Only options are allowed of which it
 * is known that what they have clang read is listed in the dependency file, or is looked for where
 * lookups.h says, or is nothing: another option may read a file that nobody watches.
 */
#ifndef CROSSBPF_CACHE_OPTIONS_H
#define CROSSBPF_CACHE_OPTIONS_H

#include "shared/strv.h"

/*
 * Why the outputs of a command with these arguments (without the program's name, response files
 * expanded, NULL-terminated; relative to `dir`) may not be kept, as part of a sentence ("-fplugin=x
 * may have clang read more than is known"); NULL: they may. The caller frees. 0 or -ENOMEM.
 * What is no option is the caller's to judge.
 */
int cache_options_check(const char *const *args, size_t n, const char *dir, char **ret_why);

/* The same of the environment of that command. */
int cache_environment_check(const char *const *env, char **ret_why);

/* The same of a source. */
int cache_source_check(const char *source, char **ret_why);

/* What the definitions among these arguments ask for (asks.h), or NULL: they are read as in a
 * source. 0 or -ENOMEM; the caller frees. */
int cache_options_asks(const char *const *args, size_t n, char **ret_asks);

#endif
