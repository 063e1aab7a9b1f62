/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf-loader: what needs libbpf, in a process of its own, which `crossbpf COMMAND` becomes.
 * Each command takes argv as crossbpf's own do (argv[0] is its name) and returns the exit status.
 */
#ifndef CROSSBPF_LOADER_H
#define CROSSBPF_LOADER_H

int loader_attach(int argc, char **argv);
int loader_detach(int argc, char **argv);
int loader_dump_btf(int argc, char **argv);
int loader_list(int argc, char **argv);
int loader_load(int argc, char **argv);
int loader_map(int argc, char **argv);
int loader_run(int argc, char **argv);
int loader_test_run(int argc, char **argv);

#endif
