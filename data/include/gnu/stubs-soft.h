/* SPDX-License-Identifier: BSD-2-Clause */
/* What stubs-32.h is to x86-64, this is to 32-bit Arm with hard floats. */
