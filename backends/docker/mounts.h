/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a container gets memory to write to, so that the host's paths exist in it. */
#ifndef CROSSBPF_DOCKER_MOUNTS_H
#define CROSSBPF_DOCKER_MOUNTS_H

#include "crossbpf-backend.h"
#include "shared/strv.h"

/*
 * Adds the mount point for an absolute directory: where its path begins (/home, /Users), so that
 * what lies beside it is covered too; the directory itself where that would hide a part of the
 * system (/usr/local/src/x); none below /tmp, which every container has. What another one covers is
 * not in the list, which stays sorted. However it is spelled, one directory is mounted once.
 * -EINVAL for a directory that no container can do without its own: `/`, /usr, /proc/…
 */
int mounts_add(struct strv *mounts, const char *dir);

#endif
