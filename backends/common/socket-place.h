/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a socket of our own can lie. */
#ifndef CROSSBPF_COMMON_SOCKET_PLACE_H
#define CROSSBPF_COMMON_SOCKET_PLACE_H

/* In a directory of the user's alone, by a name that is short enough for a socket, and that follows
 * from `key`. The caller frees; NULL where there is no such place. */
char *socket_place(const char *key);

#endif
