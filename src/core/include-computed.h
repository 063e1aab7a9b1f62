/* SPDX-License-Identifier: BSD-2-Clause */
/* What an #include means whose name macros make. */
#ifndef CROSSBPF_INCLUDE_COMPUTED_H
#define CROSSBPF_INCLUDE_COMPUTED_H

#include "include-files.h"

/* All macros that may be defined. */
struct include_definitions {
	struct include_file *const *files; /* whose macros have been read */
	size_t n_files;
	const struct include_macros *given; /* by -D */
};

/*
 * Appends the names that `operand` may expand to: MACRO, where each definition of it is a name or
 * another such macro, or STRING(path), where STRING makes a string of its argument. 1, or 0 where
 * it is none of these, with perhaps some of the names, or -ENOMEM.
 */
int include_computed_find(const struct include_definitions *definitions, const char *operand,
			  struct include_names *names);

/* Appends all names that are spelled in the body of a macro. 0 or -ENOMEM. */
int include_computed_all(const struct include_definitions *definitions,
			 struct include_names *names);

#endif
