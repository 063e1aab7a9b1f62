/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which versions of clang a project takes: ">=14", "<17", "==16.0.6", ">=14, <17". Each condition
 * is one of >= > == <= < and a version; all of them must hold. A condition reads as many parts of
 * a version as it names itself: 14.0.6 is "==14" and "<=14", and not ">14".
 */
#ifndef CROSSBPF_CLANG_CONSTRAINT_H
#define CROSSBPF_CLANG_CONSTRAINT_H

#include <stdbool.h>

/* Is it meant for a constraint, well-formed or not? Else it is a program's name. */
bool clang_constraint_is(const char *text);

/* Does `version` hold? It begins with a number ("14.0.6", "19.1.0git"); what follows its numbers
 * is not read. -EINVAL where either is malformed. */
int clang_constraint_check(const char *constraint, const char *version, bool *ret_holds);

#endif
