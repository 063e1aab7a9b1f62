/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a session and crossbpf-docker-spare say to each other, on a stream socket: the session its
 * three streams as SCM_RIGHTS with the length of the script, and the script; the spare SPARE_TAKEN
 * before it begins, and once the command ended, its status. Whoever hangs up before ends the
 * command.
 */
#ifndef CROSSBPF_DOCKER_SPARE_PROTOCOL_H
#define CROSSBPF_DOCKER_SPARE_PROTOCOL_H

#include <stdint.h>

enum { SPARE_STREAMS = 3, SPARE_SCRIPT_MAX = 8 << 20 };

enum { SPARE_TAKEN = -1 };

typedef uint32_t spare_length; /* of the script, in bytes */
typedef int32_t spare_status;  /* as process_run() has it */

#endif
