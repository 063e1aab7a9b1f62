/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of the registers that a machine saves, by their names. */
#ifndef CROSSBPF_REGISTERS_H
#define CROSSBPF_REGISTERS_H

#include <stdbool.h>

/* "pt_regs" and its like, and those of a program's own that CO-RE takes for them: what follows
 * three underscores it passes over, "pt_regs___arm64". */
bool registers_is_type(const char *name);

#endif
