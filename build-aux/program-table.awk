# SPDX-License-Identifier: BSD-2-Clause
# A table of BPF objects from lines "object NAME SIZE BACKEND", each followed by what
# llvm-readelf -h -S -s prints of it.

function flush() {
	if (name != "")
		printf format, name, programs ? programs : "-", maps ? maps : "-", size, target, backend
	name = programs = maps = target = ""
	split("", section)
}

BEGIN {
	format = "%-22s %-16s %-48s %7s  %-6s  %s\n"
	printf format, "OBJECT", "PROGRAMS", "MAPS", "BYTES", "TARGET", "BACKEND"
}

$1 == "object" && NF == 4 {
	flush()
	name = $2; size = $3; backend = $4
}

/^ *Data: .*little endian/ { target = "bpfel" }
/^ *Data: .*big endian/ { target = "bpfeb" }

# A section: "  [ 3] xdp   PROGBITS …"
match($0, /^ *\[ *[0-9]+\] /) {
	index_part = substr($0, RSTART, RLENGTH)
	gsub(/[^0-9]/, "", index_part)
	rest = substr($0, RSTART + RLENGTH)
	sub(/ .*/, "", rest)
	section[index_part] = rest
}

# A symbol: "  5: 0000 1496 FUNC GLOBAL DEFAULT 3 name"; a function in .text is a subprogram.
$5 == "GLOBAL" && $4 == "FUNC" && section[$7] != ".text" { programs = programs (programs ? "," : "") $8 }
$5 == "GLOBAL" && $4 == "OBJECT" && section[$7] == ".maps" { maps = maps (maps ? "," : "") $8 }

END { flush() }
