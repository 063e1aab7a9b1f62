# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# Compiles by way of a launcher, which has another machine do it; any POSIX shell runs this:
#
#   sh -c SCRIPT launch -o OBJECT -MF DEPS SOURCE TARGET MACROS N LAUNCHER... CLANG OPTION...
#
# The launcher, N words, gets a source with all its headers in one text, of which it need know
# nothing: MACROS are the directives for those of the command line. Where that goes wrong, or clang
# has something to say, clang alone compiles SOURCE here, and what it says is all that is said. On
# standard output is a line:
#
#   launched           the object is of the text, and what follows is what the launcher says
#   plain WHY          it is clang's own
#   failed STATUS      so it is, and what follows the launcher said
#   missing            there is no such launcher

out=$2 deps=$4 source=$5 target=$6 macros=$7 n=$8
shift 8
text=$out.i said=$out.said

preprocess() {
	shift "$n"
	"$@" "$source" -MD -MF "$deps" -MQ "$target" -E -frewrite-includes -o -
}

plain() { # NOTE LAUNCHER... CLANG OPTION...
	printf '%s\n' "$1"
	case $1 in failed*) cat "$said" ;; esac
	rm -f "$text" "$said"
	shift
	shift "$n"
	exec "$@" "$source" -MD -MF "$deps" -MQ "$target" -o "$out"
}

if ! command -v "$1" >/dev/null 2>&1; then
	echo missing
	exit 127
fi
if ! { printf %s "$macros" && preprocess "$@"; } >"$text" 2>"$said" || [ -s "$said" ]; then
	plain 'plain clang has something to say of it' "$@"
fi
if LC_ALL=C grep -Eq '__(TIME|DATE|TIMESTAMP|BASE_FILE|INCLUDE_LEVEL|COUNTER)__|incbin|^[[:blank:]]*(#|%:)[[:blank:]]*embed' "$text"; then
	plain 'plain it asks for the time, a count, where it is, or a file' "$@"
fi
"$@" "$text" -Wno-unused-command-line-argument -o "$out" >"$said" 2>&1 </dev/null
status=$?
if [ "$status" != 0 ]; then
	plain "failed $status" "$@"
elif LC_ALL=C grep -Eq '(warning|error|note|remark): ' "$said"; then
	plain 'plain clang has something to say of it' "$@"
fi
echo launched
cat "$said"
rm -f "$text" "$said"
