# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What the kernel has of a test's own, for those that load programs. The kernel's lists are for all, and
# other tests load programs, the same ones too, at the same time: a test goes by the ids that it has seen,
# or by names that it alone has.

# seen_pinned FILE: adds the ids of what is pinned where this test has its BPF file system, and of the
# maps and links of these programs: "prog 7".
seen_pinned() {
	python3 - >>"$1" <<'END'
import json
import subprocess

def listed(what):
    # What goes as it is asked for is an error beside the list.
    return json.loads(subprocess.run(["bpftool", "-j", "-f", what], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout or "[]")

programs = [p for p in listed("prog") if p.get("pinned")]
ids = {p["id"] for p in programs}
maps = {m["id"] for m in listed("map") if m.get("pinned")}.union(*(p.get("map_ids", []) for p in programs))
links = {l["id"] for l in listed("link") if l.get("pinned") or l.get("prog_id") in ids}
for kind, numbers in ("prog", ids), ("map", maps), ("link", links):
    for n in sorted(numbers):
        print(kind, n)
END
}

# seen_by FILE PID…: the same of what these processes have open.
seen_by() {
	seen=$1
	shift
	for process; do
		sed -n 's/^\(prog\|map\|link\)_id:[[:blank:]]*\([0-9]*\)$/\1 \2/p' "/proc/$process/fdinfo"/* 2>/dev/null >>"$seen" || :
	done
}

# are_gone FILE: none of these is there any more; else those that are.
are_gone() {
	python3 - "$1" <<'END'
import json
import subprocess
import sys

seen = set(open(sys.argv[1]).read().splitlines())
if not seen:
    sys.exit("nothing was seen of what was loaded")
left = set()
for kind in "prog", "map", "link":
    said = subprocess.run(["bpftool", "-j", kind], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout or "[]"
    left |= seen & {"%s %d" % (kind, it["id"]) for it in json.loads(said)}
print(*sorted(left), sep="\n", end="\n" if left else "")
sys.exit(bool(left))
END
}

# expect_gone FILE: what ended is gone a moment later.
expect_gone() {
	for _ in $(seq 50); do
		! are_gone "$1" >"$tmp/left" 2>&1 || return 0
		sleep 0.1
	done
	fail "something is left: $(cat "$tmp/left")"
}

# bpf_of NAME…: the ids of programs and maps of these names, and of the programs' links.
bpf_of() {
	python3 - "$@" <<'END'
import json
import subprocess
import sys

def listed(what):
    return json.loads(subprocess.run(["bpftool", "-j", what], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout or "[]")

names = {name[:15] for name in sys.argv[1:]}
programs = sorted(p["id"] for p in listed("prog") if p.get("name") in names)
maps = sorted(m["id"] for m in listed("map") if m.get("name") in names)
links = sorted(l["id"] for l in listed("link") if l.get("prog_id") in programs)
print("programs", programs, "maps", maps, "links", links)
END
}
