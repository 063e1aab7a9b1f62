/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in the code that carries an object. What the object's own are may be anything. */
#ifndef CROSSBPF_GEN_IDENT_H
#define CROSSBPF_GEN_IDENT_H

#include <stdbool.h>
#include <stddef.h>

/* May a C, and a C++, program give this name to what it declares? */
bool ident_is_c(const char *name);
/* And a Go program; not one that Go has for itself, as a keyword. */
bool ident_is_go(const char *name);
/* A package of Go's may be called so. */
bool ident_is_package(const char *name);

/* A name that clang gives to what C or assembly names, which can stand in a string of Go's as it
 * is: letters, digits and "_.$", and not too many of them. */
bool ident_is_symbol(const char *name);

/* The exported Go name of a C name, as bpf2go forms it: first letters of words upper case, without
 * the '_' behind lower-case letters and digits. "" where nothing is left. NULL where memory ran
 * out; the caller frees. */
char *ident_to_go(const char *name);
/* NAME with an upper-case first letter. The same. */
char *ident_upper_first(const char *name);

/* NAME in lower case. The same. */
char *ident_lower(const char *name);

/* What an object's file is called, without the ends of such names: NAME of NAME.bpf.o and NAME.o,
 * with '_' for what no identifier has. NULL where memory ran out; the caller frees. */
char *ident_of_file(const char *path);
/* The same as bpftool calls it: NAME_bpf of NAME.bpf.o. */
char *ident_of_file_bpftool(const char *path);

/* The file's name without .bpf.o or .o, as it is. */
char *ident_stem(const char *path);

#endif
