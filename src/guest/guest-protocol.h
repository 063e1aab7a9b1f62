/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How crossbpf and crossbpf-guest talk. The guest is given a directory with a request,
 * request.json, and the files that it names, relative to it:
 *
 *   {"version": 1,
 *    "objects": ["0.o", ...],
 *    "btf": "btf",              optional: the kernel's types, where it does not tell them
 *    "attach": true,            optional: each program that was loaded is attached, too
 *    "packets": "packets",      optional: each a 32-bit length, little endian, and its bytes
 *    "command": "make test",    optional: run by sh once all is attached, where there is one
 *    "command_seconds": 60}     optional: and ended then
 *
 * It answers by lines of JSON, in this order; errors are positive numbers, as errno has them:
 *
 *   {"event": "guest", "version": 1, "release": "6.1.0-9", "machine": "x86_64", "btf": true}
 *   for each object:
 *     {"event": "program", "object": 0, "program": "f", "section": "xdp", "verdict": "loaded" |
 *      "refused" | "not loaded", "error": 22, "instructions": 1234, "n_instructions": 40,
 *      "seconds": 0.01, "log": "...", "libbpf": true}
 *     {"event": "attach", "object": 0, "program": "f", "error": 0, "message": "...",
 *      "nowhere": true}      there is no place for it: its section names none, or it is taken
 *     {"event": "packets", "object": 0, "program": "f", "packets": 3, "failed": 0,
 *      "verdicts": {"XDP_PASS": 3}}
 *     {"event": "object", "object": 0, "error": 0, "message": "..."}
 *   {"event": "command", "status": 0, "output": "..."}   without a status: it was ended
 *   for each program that is attached, where the kernel counts (Linux 5.1 on):
 *     {"event": "runs", "object": 0, "program": "f", "runs": 12}
 *   {"event": "done"}
 *
 * A member that has nothing to say is left out: "error" and "log" of what was loaded,
 * "instructions" of a kernel that does not tell, "message". "runs" are those since the program was
 * attached. An object whose programs are each "loaded" may be refused: by what bpftool does after
 * it has loaded all, which is to pin them; its "message" says why. Where an object is refused, its
 * programs are each loaded alone, but not attached nor given packets.
 *
 * Booted as init (process 1) it mounts what it needs, gives the kernel the modules in GUEST_MODULES
 * in the order of their names, answers on the virtio port of the name GUEST_PORT, and powers off.
 * Else it is started as `crossbpf-guest DIRECTORY`, and answers on standard output.
 */
#ifndef CROSSBPF_GUEST_PROTOCOL_H
#define CROSSBPF_GUEST_PROTOCOL_H

enum {
	GUEST_PROTOCOL = 1,
	GUEST_LOG_MAX = 1 << 20,     /* bytes of a log that are sent: its end */
	GUEST_LINE_MAX = 8 << 20,    /* bytes of a line */
	GUEST_ANSWER_MAX = 64 << 20, /* of all of them: more is a flood */
};

#define GUEST_PORT "crossbpf"
#define GUEST_DIRECTORY "/crossbpf" /* in the initramfs */
#define GUEST_MODULES "/crossbpf/modules"

#endif
