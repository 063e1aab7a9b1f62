/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be had from a precompiled header: which sources, which flags, which headers. A header
 * that is precompiled reads the same in all ways that nothing here refuses; each of the others was
 * seen to make other bytes, or to lose a warning, without any error.
 */
#ifndef CROSSBPF_PREFIX_TEXT_H
#define CROSSBPF_PREFIX_TEXT_H

#include <stdbool.h>

#include "shared/strv.h"

/* What a source begins with. */
struct prefix_include {
	char *name; /* as it is spelled, with its quotes or angle brackets */
	bool quote;
	size_t end; /* of its line: how many bytes of the source the header stands for */
};

/*
 * The #include before which there are but blanks and comments. *ret_why is why there is none, as
 * part of a sentence, and ret_include then untouched. 0 or -ENOMEM; the caller frees the name.
 */
int prefix_find_include(const char *text, size_t len, struct prefix_include *ret_include,
			const char **ret_why);

/* The first of these options with which no precompiled header is used, or NULL. What stands before
 * is clang, and only options with their values follow. */
const char *prefix_refuse_option(const struct strv *argv, size_t n);

/* What in a header makes it other text where it is precompiled, as part of a sentence, or NULL. */
const char *prefix_refuse_text(const char *text, size_t len);

/* What it declares or defines of which clang keeps not all in a precompiled header, as part of a
 * sentence, or NULL: variables that are elsewhere, which are in BTF, variables with a value, of
 * which a section is forgotten so that they become constants, and other names of functions. */
const char *prefix_refuse_data(const char *text, size_t len);

/* May a text have a directive that has other files read? Also where it cannot be told. */
bool prefix_may_include(const char *text, size_t len);

/* Would clang call the file by another name where it comes from a precompiled header? Such a one
 * has all names made absolute, without their "." */
bool prefix_renames(const char *name);
/* Does it begin with "./"? */
bool prefix_has_dot(const char *name);
/* What a dependency file calls it: without each "./" that it begins with. Points into the name. */
const char *prefix_without_dot(const char *name);

#endif
