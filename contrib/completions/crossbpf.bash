# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion of crossbpf for bash 4 and later, with or without bash-completion. The installed crossbpf is asked
# each time what may stand there: crossbpf --complete, see crossbpf(1).

# What begins at word $1 is a command line of its own.
_crossbpf_command() {
	if declare -F _command_offset >/dev/null; then # bash-completion's
		_command_offset "$1"
	elif [ "$COMP_CWORD" -eq "$1" ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		compopt -o default
	fi
}

# Names of files that begin with $1 and end with one of the others, and directories.
_crossbpf_files() {
	local name end
	compopt -o filenames
	while IFS= read -r name; do
		for end in "${@:2}"; do
			case $name in *"$end") COMPREPLY+=("$name") && break ;; esac
		done
	done < <(compgen -f -- "$1")
	while IFS= read -r name; do
		COMPREPLY+=("$name")
	done < <(compgen -d -- "$1")
	# Where none of these is there, or all will do, it is for bash itself.
	[ "${#COMPREPLY[@]}" -gt 0 ] || compopt -o default
}

_crossbpf() {
	# bash parts words at = and :, --arch=x86 into three; here they are whole. Word n begins with
	# COMP_WORDS[begins[n]].
	local words=() begins=() i word glue='' line
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$i" -gt 1 ] && { [ -n "$glue" ] || [[ $word == [=:]* ]]; }; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
			begins+=("$i")
		fi
		glue=''
		[[ $word != *[=:] || $i -eq 0 ]] || glue=yes
	done

	# Of the last word, bash replaces what is behind the last = or : alone.
	local typed=${words[${#words[@]} - 1]} part=${COMP_WORDS[COMP_CWORD]}
	[[ $part != [=:] ]] || part=''
	local kept=${typed%"$part"}

	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:files) compopt -o default ;;
		:files*)
			# shellcheck disable=SC2086 # the ends, which have no blanks
			_crossbpf_files "$part" ${line#:files}
			;;
		:directories) compopt -o dirnames ;;
		:programs) mapfile -t COMPREPLY < <(compgen -c -- "$part") ;;
		:command*) _crossbpf_command "${begins[${line#:command }]}" ;;
		*)
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$kept"}")
			;;
		esac
	done < <("${1/#\~\//$HOME/}" --complete "${words[@]:1}" 2>/dev/null)
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}
complete -F _crossbpf crossbpf
