#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make-answers.sh DIRECTORY: what crossbpf-guest may answer, as seeds for fuzz_answers.
set -eu
mkdir -p "$1"
hello='{"event": "guest", "version": 1, "release": "6.1.0-9", "machine": "x86_64", "btf": true}'
cat >"$1/usual" <<END
$hello
{"event": "program", "object": 0, "program": "f", "section": "xdp", "verdict": "loaded", "instructions": 1234, "n_instructions": 40, "seconds": 0.5}
{"event": "attach", "object": 0, "program": "f", "error": 0}
{"event": "packets", "object": 0, "program": "f", "packets": 3, "failed": 1, "verdicts": {"XDP_PASS": 2}}
{"event": "object", "object": 0, "error": 0}
{"event": "program", "object": 1, "program": "g", "section": "tc", "verdict": "refused", "error": 22, "log": "R1 !read_ok", "libbpf": false}
{"event": "object", "object": 1, "error": 22, "message": "no"}
{"event": "command", "status": 3, "output": "hello"}
{"event": "runs", "object": 0, "program": "f", "runs": 12}
{"event": "done"}
END
printf '%s\n{"event": "done"}\n' "$hello" >"$1/nothing"
printf '{"event": "error", "message": "no"}\n' >"$1/error"
