#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The loader beside bpftool: load, attach, a million addresses into a map; and xdp_blocklist beside
# xdp-filter, by the kernel's test runs of the same packets on one, a thousand and a million addresses.
. "${srcdir:-.}/tests/integration/lib.sh"

if [ -z "${in_namespace:-}" ]; then
	has_own_mounts || { echo "(the loader is not measured: no namespaces)" && exit 0; }
	[ -x "$builddir_top/crossbpf-loader" ] || { echo "(the loader is not measured: there is no libbpf)" && exit 0; }
	export in_namespace=1
	own_mounts -n sh "$0" || exit $?
	exit 0
fi
pairs=$builddir_top/bench/pairs
cd "$tmp"
mount -t bpf bpf /sys/fs/bpf
root=/sys/fs/bpf/crossbpf
object=$builddir_top/bpf/xdp_blocklist.bpf.o

command_file() {
	{ echo '#!/bin/sh' && cat; } >"$1"
	chmod +x "$1"
}
# What was made goes each time, for what is left slows the next one down. A link goes out of the kernel a
# moment after its pin: the next one is on another device.
for i in 0 1 2 3 4 5 6 7; do
	ip link add v$i type veth peer name w$i
done
echo 0 >count
command_file load-ours <<END
crossbpf load $object >/dev/null && exec rm -r $root
END
command_file load-theirs <<END
bpftool prog loadall $object /sys/fs/bpf/p pinmaps /sys/fs/bpf/m && exec rm -r /sys/fs/bpf/p /sys/fs/bpf/m
END
command_file attach-ours <<END
read -r n <count
echo \$(((n + 1) % 8)) >count
crossbpf attach $object xdp_blocklist=v\$n >/dev/null && exec rm -r $root
END
command_file attach-theirs <<END
read -r n <count
echo \$(((n + 1) % 8)) >count
bpftool prog loadall $object /sys/fs/bpf/p pinmaps /sys/fs/bpf/m &&
	bpftool net attach xdp pinned /sys/fs/bpf/p/xdp_blocklist dev v\$n &&
	bpftool net detach xdp dev v\$n && exec rm -r /sys/fs/bpf/p /sys/fs/bpf/m
END
command_file detached-ours <<END
read -r n <count
echo \$(((n + 1) % 8)) >count
crossbpf attach $object xdp_blocklist=v\$n >/dev/null && exec crossbpf detach xdp_blocklist
END
rounds=${PAIRS:-51}
echo "A: crossbpf load, B: bpftool prog loadall; both then rm"
"$pairs" -t "load" -a "crossbpf load" -b "bpftool prog loadall" "$rounds" -- ./load-ours -- ./load-theirs
echo "A: crossbpf attach and rm, B: bpftool prog loadall, net attach, net detach and rm"
"$pairs" -t "load and attach" -a "crossbpf attach" -b "bpftool" "$rounds" -- ./attach-ours -- ./attach-theirs
echo "A: crossbpf attach and detach, B: the same"
"$pairs" -t "load, attach and detach" -a "crossbpf" -b "bpftool" "$rounds" -- ./detached-ours -- ./attach-theirs

# The packets: half of them of the first address that is listed, half of one that never is.
python3 - <<'END'
import random
import socket
import struct

def frame(source):
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 46, 0, 0, 64, 17, 0) + socket.inet_aton(source) + socket.inet_aton("192.0.2.1")
    return b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x08\0" + ip + struct.pack("!HHHH", 1, 2, 26, 0) + bytes(18)

def capture(path, frames):
    with open(path, "wb") as f:
        f.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for one in frames:
            f.write(struct.pack("=IIII", 0, 0, len(one), len(one)) + one)

random.seed(1)
addresses = [int.from_bytes(socket.inet_aton("10.0.0.1"), "big")]
known = set(addresses)
while len(addresses) < 1000000:
    one = random.randrange(0x0B000000, 0xDF000000)
    if one not in known:
        known.add(one)
        addresses.append(one)
capture("packets.pcap", [frame("10.0.0.1"), frame("10.0.0.2")] * 8)
for n in 1, 1000, 1000000:
    with open(f"hosts.{n}", "w") as ours, open(f"filter.{n}", "w") as theirs, open(f"batch.{n}", "w") as batch:
        for one in addresses[:n]:
            b = one.to_bytes(4, "big")
            ours.write("%d.%d.%d.%d\n" % tuple(b))
            # A key of xdp-filter's is a __u32; that it is of a source, the value's first bit says.
            theirs.write("%d 1\n" % int.from_bytes(b, "little"))
            batch.write("map update pinned /sys/fs/bpf/crossbpf/ours/maps/hosts4 key hex %02x %02x %02x %02x value hex 00 00 00 00\n" % tuple(b))
with open("prefixes", "w") as f:
    for i in range(1000):
        f.write("%d.%d.0.0/16\n" % (100 + i // 250, i % 250))
END

echo
echo "A: crossbpf map import of a million addresses, B: bpftool batch file"
crossbpf load --pin ours --map-size hosts4=1000000 xdp_blocklist >/dev/null
"$pairs" -f -t "a million addresses into a map" -a "crossbpf map import" -b "bpftool batch file" "${IMPORTS:-1}" -- \
	crossbpf map import ours/hosts4 hosts.1000000 -- bpftool batch file batch.1000000
crossbpf detach ours

filter=$(find /usr/lib -name xdpfilt_alw_ip.o 2>/dev/null | head -n 1)
[ -n "$filter" ] || { echo "(there is no xdp-filter: package xdp-tools)" && exit 0; }
ns() { # NAME: the mean of a packet, of a million runs
	crossbpf test-run --json --pcap packets.pcap --repeat "${REPEAT:-1000000}" "$1" | tail -n 1 |
		python3 -c 'import json, sys
line = json.load(sys.stdin)
assert line["verdicts"] == {"XDP_DROP": 8, "XDP_PASS": 8}, line
print(line["ns"])'
}
echo
echo "ns a packet, medians of ${ROUNDS:-5} rounds by turns; half of the packets are dropped"
printf '%-10s %12s %12s %8s %16s %20s\n' addresses xdp_blocklist xdp-filter ratio "with all samples" "and 1000 prefixes"
for n in 1 1000 1000000; do
	crossbpf load --pin theirs --map-size filter_ipv4=$n "$filter" >/dev/null
	crossbpf map import theirs/filter_ipv4 filter.$n >/dev/null
	for name in ours sampled prefixed; do
		set -- --map-size hosts4=$n --set sample_every=0
		[ $name != sampled ] || set -- --map-size hosts4=$n
		crossbpf load --pin $name "$@" xdp_blocklist >/dev/null
		crossbpf map import $name/hosts4 hosts.$n >/dev/null
	done
	crossbpf map import prefixed/prefixes4 prefixes >/dev/null
	for _ in $(seq "${ROUNDS:-5}"); do
		echo "$(ns ours) $(ns theirs) $(ns sampled) $(ns prefixed)"
	done | python3 -c '
import statistics
import sys
rounds = [[float(word) for word in line.split()] for line in sys.stdin]
ours, theirs, sampled, prefixed = (statistics.median(column) for column in zip(*rounds))
ratio = statistics.median(r[0] / r[1] for r in rounds)
print("%-10s %12.1f %12.1f %8.3f %16.1f %20.1f" % (sys.argv[1], ours, theirs, ratio, sampled, prefixed))' $n
	crossbpf detach ours theirs sampled prefixed
	rm -f /sys/fs/bpf/filter_* /sys/fs/bpf/xdp_stats_map # it has its maps pinned by name, too
done
