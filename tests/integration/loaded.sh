# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# What the kernel has of a test's own, for those that load programs.

# bpf_of NAME…: the ids of programs and maps of these names, and of the programs' links. The kernel's
# lists are for all, and other tests load programs at the same time.
bpf_of() {
	python3 - "$@" <<'END'
import json
import subprocess
import sys

def listed(what):
    # What goes as it is asked for is an error beside the list.
    return json.loads(subprocess.run(["bpftool", "-j", what], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout or "[]")

names = {name[:15] for name in sys.argv[1:]}
programs = sorted(p["id"] for p in listed("prog") if p.get("name") in names)
maps = sorted(m["id"] for m in listed("map") if m.get("name") in names)
links = sorted(l["id"] for l in listed("link") if l.get("prog_id") in programs)
print("programs", programs, "maps", maps, "links", links)
END
}
