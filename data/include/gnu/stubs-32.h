/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glibc's <gnu/stubs.h> takes a BPF program for a 32-bit one and asks for this file, which an
 * x86-64 machine has only with the 32-bit C library. It lists functions that do nothing; a BPF
 * program calls none of them.
 */
