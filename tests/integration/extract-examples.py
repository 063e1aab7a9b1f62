#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The examples of the documents, as scripts.

    extract-examples.py MANIFEST DIRECTORY DOCUMENT...

An example is a block of indented lines in README, or a literal display (.Bd, .Dl) in the EXAMPLES
of a manual, in section 7 in all of it. In a manual commands begin with "$ ", and what follows one is
what it prints; a block without any, and in README what the manifest says so of, is the text of a file.
The manifest, whose head says how it is written, has a rule for each block, in the document's order: a
block without a rule is an error, and so is a rule without a block. DIRECTORY gets, for each block
that is run, N.sh, N.says and the files N.file.*, and the list "plan": N, fixture, document."""

import os
import re
import sys

wrong = []


def blocks_of_text(text):
    block = []
    for line in text.split("\n") + [""]:
        if line.startswith("    ") and line.strip():
            block.append(line[4:])
        elif block:
            yield block
            block = []


def unescape(line):
    for escape, sign in (("\\-", "-"), ("\\(aq", "'"), ("\\(dq", '"'), ("\\(ga", "`"), ("\\&", ""), ("\\e", "\\")):
        line = line.replace(escape, sign)
    return line


def blocks_of_manual(text, everything):
    section, block, inside = "", [], False
    for line in text.split("\n") + [".Sh"]:
        literal = None
        if line.startswith(".Sh"):
            section = line[4:]
        elif line.startswith('.\\"'):
            continue
        if not everything and section != "EXAMPLES" and not block:
            continue
        if line.startswith(".Bd -literal"):
            inside = True
        elif inside and line == ".Ed":
            inside = False
        elif inside:
            literal = line
        elif line.startswith(".Dl "):
            literal = line[4:]
        if literal is not None:
            block.append(unescape(literal))
        elif block:
            yield block
            block = []


def commands_of(block, manual):
    """Each command with its further lines; of a manual those that begin with a dollar sign."""
    commands, more = [], False
    for line in block:
        if more:
            commands[-1] += "\n" + line
        elif not manual:
            commands.append(line)
        elif line.startswith("$ "):
            commands.append(line[2:])
        else:
            continue
        more = line.endswith("\\")
    return commands


class Rule:
    def __init__(self, fixture, first, where):
        self.fixture, self.first, self.where = fixture, first, where
        self.told = []  # (what, value)
        self.used = set()

    def values(self, what):
        return [value for key, value in self.told if key == what]


def read_manifest(name):
    rules, document = {}, None
    for number, line in enumerate(open(name, encoding="utf-8"), 1):
        where = "%s:%d" % (os.path.basename(name), number)
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            document = rules.setdefault(line[3:], [])
            continue
        key, bar, value = line.partition(" | ")
        if not bar or document is None or (line[0] == " " and not document):
            sys.exit("%s: is no rule: %s" % (where, line))
        if line[0] == " ":
            document[-1].told.append((key.strip(), value))
        else:
            document.append(Rule(key.strip(), value, where))
    return rules


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


def plain(command):
    """A command as the manifest names it: one line, without the remark behind it."""
    return " ".join(re.sub(r"\\\n", " ", re.sub(r"\s#\s.*", "", command)).split())


def script_of(rule, document, commands):
    lines = ["set -eu"] + ["cd " + quoted(value) for value in rule.values("in")]
    left_out = {}
    for value in rule.values("not"):
        command, bar, reason = value.partition(" | ")
        if not bar:
            wrong.append("%s: no reason is given" % rule.where)
        left_out[command] = reason
    statuses = dict(value.split(" ", 1)[::-1] for value in rule.values("status"))
    known = set()
    for command in commands:
        name = plain(command)
        known.add(name)
        if name in left_out or "*" in left_out:
            print("not run: %s: %s: %s" % (document, name, left_out.get(name, left_out.get("*"))))
            continue
        lines.append("echo %s >&3" % quoted("+ " + name))
        if name in statuses:
            lines += ["status=0", command.replace("\\\n", "") + " || status=$?"]
            lines.append('[ "$status" = %s ] || { echo "status $status, not %s" >&2; exit 1; }' % ((statuses[name],) * 2))
        else:
            lines.append(command)
    for name in [name for name in left_out if name != "*"] + list(statuses):
        if name not in known:
            wrong.append("%s: %s has no such command there: %s" % (rule.where, document, name))
    for value in rule.values("makes"):
        for name in value.split():
            lines.append('[ -s %s ] || { echo "there is no %s" >&2; exit 1; }' % (quoted(name), name))
    lines += rule.values("then")
    return lines, [c for c in commands if plain(c) not in left_out and "*" not in left_out]


def looks_like_command(line):
    """Lest a command hide among what is called a text."""
    return re.match(r"\$ |(sudo )?(\w+=\S* )*(crossbpf [a-z]|crossbpf-\w+ -|make |brew |apt|docker |ssh |export )", line)


def main():
    manifest, directory, documents = sys.argv[1], sys.argv[2], sys.argv[3:]
    rules = read_manifest(manifest)
    plan, number, ran, texts = [], 0, 0, 0
    for path in documents:
        name = os.path.basename(path)
        manual = name != "README"
        text = open(path, encoding="utf-8").read()
        blocks = list(blocks_of_manual(text, name.endswith(".7")) if manual else blocks_of_text(text))
        of_document = rules.pop(name, [])
        at = 0
        for block in blocks:
            commands = commands_of(block, manual)
            first = plain(commands[0]) if commands and manual else block[0].strip()
            if at == len(of_document) or of_document[at].first not in (first, plain(first)):
                wrong.append("%s: no rule in %s for: %s" % (name, os.path.basename(manifest), first))
                # One that is new does not make errors of all that follow.
                later = [n for n in range(at, len(of_document)) if of_document[n].first in (first, plain(first))]
                if not later:
                    continue
                for rule in of_document[at:later[0]]:
                    wrong.append("%s: %s has no such block there: %s" % (rule.where, name, rule.first))
                at = later[0]
            rule = of_document[at]
            at += 1
            number += 1
            base = os.path.join(directory, "%03d" % number)
            files = rule.values("file")
            if rule.fixture == "text" or files:
                texts += 1
                if manual and commands:
                    wrong.append("%s: these are commands: %s" % (rule.where, first))
                for line in block if rule.fixture == "text" else []:
                    if looks_like_command(line):
                        wrong.append("%s: that is a command: %s" % (rule.where, line))
                if rule.fixture == "text":
                    continue
                with open(base + ".file", "w", encoding="utf-8") as out:
                    out.write("\n".join(block) + "\n")
                lines = ["set -eu", 'mkdir -p "$(dirname %s)"' % quoted(files[0])]
                lines.append('cat "$this.file" >>%s' % quoted(files[0]))
                lines += rule.values("then")
            else:
                lines, run = script_of(rule, name, commands)
                ran += len(run)
                if not commands:
                    wrong.append("%s: there is no command, and no file is named: %s" % (rule.where, first))
            with open(base + ".sh", "w", encoding="utf-8") as out:
                out.write("\n".join(lines) + "\n")
            with open(base + ".says", "w", encoding="utf-8") as out:
                out.writelines(value + "\n" for value in rule.values("says"))
            plan.append("%03d %s %s" % (number, rule.fixture, name))
        for rule in of_document[at:]:
            wrong.append("%s: %s has no such block there: %s" % (rule.where, name, rule.first))
    for name in rules:
        wrong.append("%s: %s was not among the documents" % (os.path.basename(manifest), name))
    with open(os.path.join(directory, "plan"), "w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in plan)
    print("%d commands are run; %d blocks are texts" % (ran, texts))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
