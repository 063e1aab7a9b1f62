# SPDX-License-Identifier: BSD-2-Clause
# Completion of crossbpf for fish. The installed crossbpf is asked each time what may stand there:
# crossbpf --complete, see crossbpf(1).

# Names of files that fish itself would complete, behind the --option= that $argv[1] begins with;
# of those with one of the other ends, and directories, where there are any.
function __crossbpf_files
    set -l before (string match -r -- '^--[^=]*=' $argv[1])
    set -l all (complete -C "'' "(string replace -r -- '^--[^=]*=' '' $argv[1]) | string replace -r '\t.*' '')
    set -l fitting
    for name in $all
        for end in $argv[2..]
            string match -q -- "*$end" $name; and set -a fitting $name
        end
        string match -q -- '*/' $name; and set -a fitting $name
    end
    set -q argv[2]; and set -q fitting[1]; or set fitting $all
    for name in $fitting
        echo "$before$name"
    end
end

function __crossbpf_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l before (string match -r -- '^--[^=]*=' $typed)
    for line in ($words[1] --complete $words[2..] "$typed" 2>/dev/null)
        switch $line
            case ':files*'
                __crossbpf_files "$typed" (string split -n ' ' -- $line)[2..]
            case :directories
                __crossbpf_files "$typed" /
            case :programs
                for name in (complete -C (string replace -r -- '^--[^=]*=' '' "$typed"))
                    echo "$before$name"
                end
            case ':command *'
                # Its words, of which the first is word 0 for us and 1 for fish.
                set -l from (math (string replace ':command ' '' -- $line) + 1)
                complete -C (string join ' ' -- (string escape -- $words[$from..]) "$typed")
            case '*'
                echo $line
        end
    end
end

complete -c crossbpf -f -a '(__crossbpf_complete)'
