# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Finds a builder's clang and headers; any POSIX shell runs it: sh -c SCRIPT probe [CLANG]
# CLANG is a program's name or path; without it the newest clang wins that compiles BPF.
# Answers in lines of KEY, a tab, VALUE, the last of them "end"; toolchain.c reads them.

export LC_ALL=C CROSSBPF_PROBE=1
# What would have clang find more than it finds by itself, or say more than is asked.
unset CPATH C_INCLUDE_PATH CCC_OVERRIDE_OPTIONS CCC_ADD_ARGS CC_PRINT_OPTIONS CC_PRINT_HEADERS \
	CC_PRINT_PROC_STAT CC_LOG_DIAGNOSTICS

compiles_bpf() {
	echo 'int crossbpf_probe;' | "$1" -target bpf -x c -c -o /dev/null - >/dev/null 2>&1
}

# The line by which a clang tells its version.
version_line() {
	"$1" --version 2>/dev/null | head -n 1
}

# All that it says of itself at once: to start it takes longer than to ask. Macros not by "bpf", which
# is of the byte order of where clang runs.
ask() {
	"$1" -target bpfel -v -dM -E -x c /dev/null 2>&1 </dev/null
}

# Prints the "MAJOR.MINOR.PATCH" of such a line, "apple" for Apple's, nothing for no clang's.
number_of() {
	case $1 in
	*'Apple clang version'* | *'Apple LLVM'*) echo apple ;;
	*'clang version '*)
		number=${1##*clang version }
		echo "${number%%[!0-9.]*}"
		;;
	esac
}

# Where the caller's PATH does not lead: Homebrew keeps its LLVM out of it.
candidates() {
	IFS=:
	for dir in $PATH; do
		for file in "$dir"/clang "$dir"/clang-[0-9] "$dir"/clang-[0-9][0-9]; do
			[ ! -x "$file" ] || [ -d "$file" ] || printf '%s\n' "$file"
		done
	done
	for prefix in /opt/homebrew /usr/local /home/linuxbrew/.linuxbrew; do
		for file in "$prefix"/opt/llvm/bin/clang "$prefix"/opt/llvm@[0-9]*/bin/clang; do
			[ ! -x "$file" ] || printf '%s\n' "$file"
		done
	done
}

# Is a program of that name and file among $seen? A directory of PATH may be a link to another.
is_seen() {
	IFS=:
	for other in $seen; do
		# What a program does may depend on its name.
		# shellcheck disable=SC3013 # where test has no -ef, it is another
		[ "${other##*/}" != "${1##*/}" ] || ! [ "$other" -ef "$1" ] 2>/dev/null || return 0
	done
	return 1
}

# Newest first; of equal ones the first in PATH. In lines of NUMBER, a tab, FILE, a tab, VERSION-LINE.
newest_first() {
	n=0 seen=
	candidates | while IFS= read -r file; do
		! is_seen "$file" || continue
		seen=$seen:$file
		n=$((n + 1))
		line=$(version_line "$file")
		number=$(number_of "$line")
		case $number in
		'') ;;
		apple) printf '0\t0\t0\t%s\tapple\t%s\t%s\n' "$n" "$file" "$line" ;;
		*) echo "$number" | {
			IFS=. read -r major minor patch
			printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$major" "${minor:-0}" "${patch:-0}" \
				"$n" "$number" "$file" "$line"
		} ;;
		esac
	done | sort -k1,1nr -k2,2nr -k3,3nr -k4,4n | cut -f 5-
}

# The files that a clang is made of, a wrapper's and those of what that runs; $2 is what it says of
# itself with -v.
parts() {
	printf '%s\n' "$1"
	printf '%s\n' "$2" | sed -n 's/^Configuration file: //p'
	run=$(printf '%s\n' "$2" | sed -n 's/^ *"\([^"]*\)" -cc1 .*/\1/p')
	[ -z "$run" ] || printf '%s\n' "$run"
	# shellcheck disable=SC3013
	for program in "$1" "$run"; do
		[ "$program" = "$1" ] || ! [ "$program" -ef "$1" ] 2>/dev/null || continue
		ldd "$program" 2>/dev/null | sed -n 's/^.*lib\(LLVM\|clang\).* => \(\/.*\) (0x[0-9a-f]*)$/\2/p'
	done
	for library in "${run%/*}"/../lib/libLLVM*.dylib "${run%/*}"/../lib/libclang-cpp*.dylib; do
		[ ! -e "$library" ] || printf '%s\n' "$library"
	done
}

# What tells one such file from another; of a large one not all is read: a build of its own has its own
# time, and most have an ID of the build in the beginning.
fingerprint() {
	size=$(wc -c <"$1") || return
	if [ "$size" -le 1000000 ]; then
		cat <"$1"
	else
		head -c 65536 <"$1"
		tail -c 65536 <"$1"
		stat -Lc '%s %Y' "$1" 2>/dev/null || stat -Lf '%z %m' "$1"
	fi
}

digest() {
	sha256sum 2>/dev/null || shasum -a 256 2>/dev/null || echo none
}

# Is it machine code, of Linux or macOS?
is_binary() {
	# shellcheck disable=SC2046 # four words
	set -- $(od -An -tx1 -N 4 "$1")
	case "$*" in
	'7f 45 4c 46' | 'cf fa ed fe' | 'ce fa ed fe' | 'ca fe ba be') ;;
	*) return 1 ;;
	esac
}

# A part's kind and sum, in a line.
report_part() {
	kind=script sum=none
	! is_binary "$1" 2>/dev/null || kind=part
	[ ! -r "$1" ] || sum=$(fingerprint "$1" 2>/dev/null | digest)
	printf '%s\t%s\n' $kind "${sum%% *}"
}

# As parts(); no sums where one of them is not known.
report_parts() {
	parts=$(parts "$1" "$2" | sort -u)
	printf '%s\n' "$parts" | sed 's/^/looked	/'
	sums=$(printf '%s\n' "$parts" | while IFS= read -r file; do
		report_part "$file"
	done | sort -u)
	case $sums in
	*none*) ;;
	*) printf '%s\n' "$sums" ;;
	esac
}

report() {
	printf 'clang\t%s\n' "$1"
	printf 'number\t%s\n' "$2"
	printf 'version\t%s\n' "$3"

	said=$4
	search=$(printf '%s\n' "$said" |
		sed -n '/<...> search starts here:/,/End of search list/s/^ \//\//p')
	printf '%s\n' "$search" | sed 's/^/search	/'
	# Those that hold anything: /usr/local/include is searched, and most often empty.
	printf '%s\n' "$search" | while IFS= read -r dir; do
		[ -z "$(ls -A "$dir" 2>/dev/null)" ] || printf 'filled\t%s\n' "$dir"
	done
	# What differs between clangs of one version: how they were configured.
	printf '%s\n' "$said" | sed -n 's/^#define /macro	&/p'
	report_parts "$1" "$said"
	has() {
		printf '%s\n' "$search" | while IFS= read -r dir; do
			[ ! -e "$dir/$1" ] || echo yes
		done
	}

	# What lies where, beside what clang finds by itself; "looked" says what to watch for change.
	look() {
		printf 'looked\t%s\n' "$1" "$1/${2%/*}"
		[ -e "$1/$2" ]
	}

	# Debian keeps asm/ in a directory for each architecture, which clang searches for its
	# own target only; cross packages have a third place.
	for pair in x86:x86_64-linux-gnu arm64:aarch64-linux-gnu s390:s390x-linux-gnu \
		arm:arm-linux-gnueabihf arm:arm-linux-gnueabi riscv:riscv64-linux-gnu \
		powerpc:powerpc64le-linux-gnu loongarch:loongarch64-linux-gnu \
		mips:mips64el-linux-gnuabi64; do
		for dir in /usr/include/${pair#*:} /usr/${pair#*:}/include; do
			! look "$dir" asm/types.h || printf 'asm\t%s:%s\n' "${pair%%:*}" "$dir"
		done
	done
	printf '%s\n' "$search" | sed 's/^/looked	/; p; s,$,/bpf,; p; s,bpf$,linux,'
	[ -z "$(has linux/bpf.h)" ] || printf 'has\tlinux/bpf.h\n'
	if [ -n "$(has bpf/bpf_helpers.h)" ]; then
		printf 'has\tbpf/bpf_helpers.h\n'
	else
		for dir in "$(pkg-config --variable=includedir libbpf 2>/dev/null)" \
			/usr/local/include /opt/local/include; do
			[ -z "$dir" ] || ! look "$dir" bpf/bpf_helpers.h || {
				printf 'libbpf\t%s\n' "$dir"
				printf 'has\tbpf/bpf_helpers.h\n'
				break
			}
		done
	fi
}

# Reports the clang $2 of the number $1, whose version line is $3, or says why not; $4 is what it says
# of itself, where it was asked.
judge() {
	if [ "$1" = apple ]; then
		printf 'apple\t%s\n' "$2"
	elif compiles_bpf "$2"; then
		report "$2" "$1" "$3" "${4-$(ask "$2")}"
		return
	else
		printf 'no-bpf\t%s\n' "$2"
	fi
	return 1
}

if [ -z "${1-}" ]; then
	candidates | sed 's/^/looked	/'
	newest_first | while IFS='	' read -r number file line; do
		! judge "$number" "$file" "$line" || break
	done
elif ! file=$(command -v -- "$1"); then
	printf 'missing\t%s\n' "$1"
else
	said=$(ask "$file")
	line=$(printf '%s\n' "$said" | sed -n '1{/^[A-Za-z ]*clang version [0-9]/p;}')
	[ -n "$line" ] || line=$(version_line "$file") # of a wrapper that says something first
	number=$(number_of "$line")
	if [ -z "$number" ]; then
		printf 'none\t%s\n' "$file"
	else
		judge "$number" "$file" "$line" "$said"
	fi
fi
printf 'end\t\n'
