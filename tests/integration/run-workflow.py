#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Workflows of GitHub, held against rules and run as they are written.

    run-workflow.py check VERSION FILE...
        Each is YAML with the structure of a workflow or a composite action; every action is pinned by
        a commit, or is this project's own of VERSION; each step has a name; no expression stands in a
        script, and every job says what its token may do.

    run-workflow.py run SETTINGS.json
        Runs jobs of a workflow: every `run:` as written, by bash as GitHub calls it, in a root file
        system of the caller's; each job begins with that as it was. As root, with mounts of its own.
        What takes an action's place is below, in class StandIns, and is told as it is used. Settings:
            workflow, jobs    the file, and which jobs of it, in order
            source            the repository that is checked out
            action            the directory of this project's own action
            roots             where the root of each job is mounted
            base              directories: a root is an overlay over these, what changes there is
                              in ROOT.upper, which `keep` keeps
            store             a directory that outlives jobs: caches, artifacts
            github, runner, env, secrets, inputs     contexts
            tools             a directory whose programs come first in PATH
            matrix            of each job, the values to take; else all are run
"""
import fnmatch
import glob
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time

import yaml

OWN_ACTION = "crossbpf/crossbpf/contrib/github-action"


def fail(message):
    sys.exit(f"run-workflow.py: {message}")


def load(path):
    with open(path, encoding="utf-8") as stream:
        document = yaml.safe_load(stream)
    if not isinstance(document, dict):
        fail(f"{path}: no mapping")
    if True in document:  # YAML 1.1 has `on` for true
        document["on"] = document.pop(True)
    return document


# Rules

class Rules:
    STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "shell", "env", "working-directory", "timeout-minutes"}

    def __init__(self, path, version):
        self.path, self.version, self.problems = path, version, []

    def problem(self, where, what):
        self.problems.append(f"{self.path}: {where}: {what}")

    def steps(self, steps, where, composite):
        names, ids = set(), set()
        if not isinstance(steps, list) or not steps:
            self.problem(where, "no steps")
            return
        for number, step in enumerate(steps):
            name = step.get("name")
            here = f"{where}, step {name or number}"
            if not name:
                self.problem(here, "has no name")
            if name in names:
                self.problem(here, "another has the same name")
            names.add(name)
            for key in set(step) - self.STEP_KEYS:
                self.problem(here, f"unknown key {key}")
            if ("run" in step) == ("uses" in step):
                self.problem(here, "needs one of run and uses")
            if "run" in step:
                if "${{" in step["run"]:
                    self.problem(here, "an expression in its script: hand it on by env")
                if composite and step.get("shell") != "bash":
                    self.problem(here, "says no shell")
                self.shell(step["run"], here)
            if "uses" in step:
                self.pinned(step["uses"], here)
            # Only steps before this one have outputs.
            for text in strings([step.get(key) for key in ("if", "env", "with", "working-directory")]):
                for asked in re.findall(r"steps\.([\w-]+)\.", text):
                    if asked not in ids:
                        self.problem(here, f"no step before it has the id {asked}")
            ids.add(step.get("id"))

    def shell(self, script, here):
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
        if done.returncode:
            self.problem(here, done.stderr.strip())

    def pinned(self, uses, here):
        if uses in (f"{OWN_ACTION}@v{self.version}", "./contrib/github-action"):
            return
        if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", uses):
            self.problem(here, f"{uses} is not pinned by a commit")

    def workflow(self, document):
        for key in ("name", "on", "jobs", "permissions"):
            if key not in document:
                self.problem("workflow", f"has no {key}")
        shell = document.get("defaults", {}).get("run", {}).get("shell")
        for name, job in document.get("jobs", {}).items():
            where = f"job {name}"
            if "container" in job and shell != "bash":
                self.problem(where, "is in a container, where scripts are sh's unless defaults say bash")
            if "runs-on" not in job:
                self.problem(where, "has no runs-on")
            if "timeout-minutes" not in job:
                self.problem(where, "has no timeout-minutes")
            granted = job.get("permissions", document.get("permissions"))
            if not isinstance(granted, dict) or any(v not in ("read", "write", "none") for v in granted.values()):
                self.problem(where, "its permissions are not listed")
            for needed in words(job.get("needs")):
                if needed not in document["jobs"]:
                    self.problem(where, f"needs {needed}, which is no job")
            self.steps(job.get("steps"), where, False)

    def action(self, document):
        runs = document["runs"]
        if runs.get("using") != "composite":
            self.problem("action", "is not composite")
        for name, given in document.get("inputs", {}).items():
            if not given.get("description"):
                self.problem(f"input {name}", "has no description")
            if not isinstance(given.get("default", ""), str):
                self.problem(f"input {name}", "its default is no string")
        for text in strings(runs):
            for asked in re.findall(r"inputs\.([\w-]+)", text):
                if asked not in document.get("inputs", {}):
                    self.problem("action", f"has no input {asked}")
        if document.get("inputs", {}).get("version", {}).get("default") != self.version:
            self.problem("input version", f"its default is not {self.version}")
        self.steps(runs.get("steps"), "action", True)


def words(value):
    return [value] if isinstance(value, str) else (value or [])


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def check(version, paths):
    problems = []
    for path in paths:
        rules, document = Rules(path, version), load(path)
        (rules.action if "runs" in document else rules.workflow)(document)
        problems += rules.problems
        if not rules.problems:
            print(f"{path}: {len(list(all_steps(document)))} steps")
    if problems:
        sys.exit("\n".join(problems))


def all_steps(document):
    for steps in [document.get("runs", {}).get("steps", [])] + [j.get("steps", []) for j in document.get("jobs", {}).values()]:
        yield from steps


# Expressions: literals, contexts, == != && || ! ( ), and these functions.

class Expression:
    TOKEN = re.compile(r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>\d+)|(?P<operator>==|!=|&&|\|\||[!(),])|(?P<name>[A-Za-z_][\w.-]*))")

    def __init__(self, text, contexts):
        self.contexts, self.tokens, at = contexts, [], 0
        text = text.strip()
        while at < len(text):
            match = self.TOKEN.match(text, at)
            if not match:
                fail(f"an expression that is not understood: {text}")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()

    def value(self):
        value = self.any_of()
        if self.tokens:
            fail(f"what is left of an expression: {self.tokens}")
        return value

    def take(self, *operators):
        if self.tokens and self.tokens[0] in [("operator", operator) for operator in operators]:
            return self.tokens.pop(0)[1]
        return None

    def any_of(self):
        value = self.all_of()
        while self.take("||"):
            other = self.all_of()
            value = value or other
        return value

    def all_of(self):
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self):
        value = self.single()
        operator = self.take("==", "!=")
        if operator:
            same = as_text(value).lower() == as_text(self.single()).lower()
            value = same == (operator == "==")
        return value

    def single(self):
        if self.take("!"):
            return not self.single()
        if self.take("("):
            value = self.any_of()
            self.take(")") or fail("a parenthesis is not closed")
            return value
        kind, text = self.tokens.pop(0)
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return text
        if kind == "name" and self.take("("):
            arguments = []
            while not self.take(")"):
                arguments.append(self.any_of())
                self.take(",")
            return self.call(text, arguments)
        if text in ("true", "false"):
            return text == "true"
        return self.look_up(text)

    def look_up(self, name):
        value = self.contexts
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        if name.split(".")[0] not in self.contexts:
            fail(f"there is no context for {name}")
        return value

    def call(self, name, arguments):
        if name == "startsWith":
            return arguments[0].lower().startswith(arguments[1].lower())
        if name in ("success", "always"):
            return True
        if name == "failure":  # which ends this program
            return False
        return fail(f"there is no function {name}")


def as_text(value):
    return {True: "true", False: "false", None: ""}.get(value, value) if isinstance(value, bool) or value is None else str(value)


def expand(value, contexts):
    if isinstance(value, dict):
        return {key: expand(item, contexts) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item, contexts) for item in value]
    if not isinstance(value, str):
        return as_text(value)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: as_text(Expression(found.group(1), contexts).value()), value, flags=re.S)


def holds(condition, contexts):
    text = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", as_text(condition), flags=re.S)
    return as_text(Expression(text, contexts).value()) not in ("", "false", "0")


# A runner

class Failed(Exception):
    pass


class StandIns:
    """What an action would do with GitHub's servers, with directories of this machine instead."""

    def __init__(self, settings):
        self.settings, self.store = settings, settings["store"]

    def tell(self, uses, what):
        print(f"    stand-in for {uses.split('@')[0]}: {what}", flush=True)

    def run(self, job, uses, given):
        name = uses.split("@")[0].replace("/", "_").replace("-", "_")
        method = getattr(self, name, None) or fail(f"nothing stands in for {uses}")
        return method(job, uses, given) or {}

    def actions_checkout(self, job, uses, given):
        self.tell(uses, f"git clone {self.settings['source']}")
        workspace = job.inside(job.workspace)
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", self.settings["source"], workspace], check=True)

    def actions_cache(self, job, uses, given):
        directory = os.path.join(self.store, "cache")
        os.makedirs(directory, exist_ok=True)
        keys = sorted(os.listdir(directory), key=lambda key: os.stat(os.path.join(directory, key)).st_mtime_ns, reverse=True)
        found = given["key"] if given["key"] in keys else None
        for prefix in given.get("restore-keys", "").split("\n"):
            if not found and prefix.strip():
                found = next((key for key in keys if key.startswith(prefix.strip())), None)
        path, exact = given["path"].strip(), found == given["key"]
        if found:
            shutil.rmtree(job.inside(path), ignore_errors=True)
            subprocess.run(["cp", "-a", os.path.join(directory, found), job.inside(path)], check=True)
        self.tell(uses, f"{found or 'nothing'} of {directory}")

        def save():
            if not exact and os.path.isdir(job.inside(path)):
                subprocess.run(["cp", "-a", job.inside(path), os.path.join(directory, given["key"])], check=True)
                os.utime(os.path.join(directory, given["key"]))
                self.tell(uses, f"saves {given['key']}")
        job.afterwards.append(save)
        return {"cache-hit": as_text(exact)}

    def actions_upload_artifact(self, job, uses, given):
        directory = os.path.join(self.store, "artifacts", given["name"])
        files = [file for line in given["path"].split("\n") if line.strip()
                 for file in sorted(glob.glob(job.inside(os.path.join(job.workspace, line.strip()))))]
        if not files and given.get("if-no-files-found") == "error":
            raise Failed(f"no file is {given['path']}")
        # Their common directory is the artifact's root.
        root = os.path.dirname(files[0]) if len(files) == 1 else os.path.commonpath(files)
        shutil.rmtree(directory, ignore_errors=True)
        for file in files:
            target = os.path.join(directory, os.path.relpath(file, root))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(file, target)
        self.tell(uses, f"{len(files)} files to {directory}")

    def actions_download_artifact(self, job, uses, given):
        wanted = given.get("name") or given["pattern"]
        count = 0
        for name in sorted(os.listdir(os.path.join(self.store, "artifacts"))):
            if fnmatch.fnmatchcase(name, wanted):
                target = job.inside(os.path.join(job.workspace, given.get("path", "."),
                                                 "" if "name" in given or given.get("merge-multiple") == "true" else name))
                shutil.copytree(os.path.join(self.store, "artifacts", name), target, dirs_exist_ok=True)
                count += 1
        if not count:
            raise Failed(f"there is no artifact {wanted}")
        self.tell(uses, f"{count} of {self.store}/artifacts")


# ROOT DIRECTORY SHARED-DIRECTORIES COMMAND…
ENTER = """
root=$1 directory=$2
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
for shared in $3; do
    mkdir -p "$root$shared"
    mount --bind "$shared" "$root$shared"
done
shift 3
exec chroot "$root" env -C "$directory" "$@"
"""


class Job:
    workspace = "/github/workspace"
    temporary = "/github/temp"

    def __init__(self, settings, root, contexts):
        self.settings, self.root, self.contexts = settings, root, contexts
        self.stand_ins, self.afterwards, self.env, self.path = StandIns(settings), [], {}, []
        self.number = 0
        for directory in (root, root + ".upper", root + ".work"):
            os.makedirs(directory)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={':'.join(settings['base'])},upperdir={root}.upper,workdir={root}.work", root], check=True)
        for directory in (self.workspace, self.temporary, "/github/file", "/github/home"):
            os.makedirs(self.inside(directory), exist_ok=True)
        if settings.get("tools"):
            shutil.copytree(settings["tools"], self.inside("/github/tools"), dirs_exist_ok=True)
        shutil.copy("/etc/resolv.conf", self.inside("/etc/resolv.conf"))
        with open(self.inside("/etc/hosts"), "w", encoding="utf-8") as hosts:
            hosts.write("127.0.0.1 localhost\n")

    def inside(self, path):
        return os.path.normpath(self.root + "/" + path)

    def finish(self):
        for save in self.afterwards:
            save()

    def leave(self):
        subprocess.run(["umount", self.root], check=True)
        if not self.settings.get("keep"):
            shutil.rmtree(self.root + ".upper")
        shutil.rmtree(self.root + ".work")
        os.rmdir(self.root)

    def steps(self, steps, contexts, env):
        """Runs them; contexts has a dictionary `steps`, which gets their outputs."""
        for step in steps:
            here = dict(contexts, env={**env, **self.env})
            if not holds(step.get("if", "true"), here):
                print(f"  step {step['name']}: left out, for not {step['if']}", flush=True)
                continue
            began = time.monotonic()
            print(f"  step {step['name']}", flush=True)
            here["env"].update(expand(step.get("env", {}), here))
            if "run" in step:
                outputs = self.script(step, here)
            elif step["uses"].split("@")[0] in (OWN_ACTION, "./contrib/github-action"):
                outputs = self.composite(step, here)
            else:
                outputs = self.stand_ins.run(self, step["uses"], expand(step.get("with", {}), here))
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}
            print(f"  ok: {step['name']} ({time.monotonic() - began:.1f} s)", flush=True)

    def composite(self, step, contexts):
        action = load(os.path.join(self.settings["action"], "action.yml"))
        given = expand(step.get("with", {}), contexts)
        for name in set(given) - set(action["inputs"]):
            fail(f"the action has no input {name}")
        given.update({name: value for name, value in self.settings.get("inputs", {}).items() if name not in given})
        inputs = {name: given.get(name, declared.get("default", "")) for name, declared in action["inputs"].items()}
        inner = dict(contexts, inputs=inputs, steps={})
        self.steps(action["runs"]["steps"], inner, contexts["env"])
        return {name: expand(declared["value"], inner) for name, declared in action.get("outputs", {}).items()}

    def script(self, step, contexts):
        self.number += 1
        files = {name: f"/github/file/{name}_{self.number}" for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            open(self.inside(file), "w").close()
        script = f"/github/file/step_{self.number}.sh"
        with open(self.inside(script), "w", encoding="utf-8") as stream:
            stream.write(step["run"])
        # As GitHub calls it: plain bash -e where no shell is named.
        shell = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]}[step.get("shell", self.settings.get("shell"))]
        env = {"CI": "true", "GITHUB_ACTIONS": "true", "HOME": "/github/home", "RUNNER_TEMP": self.temporary,
               "GITHUB_WORKSPACE": self.workspace, "LANG": "C.UTF-8",
               "PATH": ":".join(self.path + ["/github/tools", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]),
               **self.settings.get("machine", {}), **contexts["env"], **files}
        directory = os.path.normpath(os.path.join(self.workspace, expand(step.get("working-directory", "."), contexts)))
        done = subprocess.run(["unshare", "--mount", "--propagation", "unchanged", "--pid", "--fork", "--kill-child", "sh", "-euc", ENTER, "sh", self.root,
                               directory, " ".join(self.settings.get("share", []))] + shell + [script],
                              env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
        lines = done.stdout.splitlines()
        shown = lines[-60:] if done.returncode or len(lines) <= 12 else lines[:2] + [f"… {len(lines) - 10} lines"] + lines[-8:]
        for line in shown:
            print(f"    | {line}")
        with open(os.path.join(self.settings["store"], "log"), "a", encoding="utf-8") as log:
            log.write(done.stdout)
        if done.returncode:
            raise Failed(f"status {done.returncode}: {step['name']}")
        self.env.update(self.pairs(files["GITHUB_ENV"]))
        with open(self.inside(files["GITHUB_PATH"]), encoding="utf-8") as stream:
            self.path = stream.read().splitlines()[::-1] + self.path
        return self.pairs(files["GITHUB_OUTPUT"])

    def pairs(self, file):
        """NAME=VALUE, or NAME<<END and lines up to END."""
        with open(self.inside(file), encoding="utf-8") as stream:
            lines = iter(stream.read().splitlines())
        found = {}
        for line in lines:
            name, separator, rest = re.match(r"([^=<]+)(=|<<)(.*)", line).groups()
            if separator == "<<":
                rest = "\n".join(itertools.takewhile(lambda line, end=rest: line != end, lines))
            found[name] = rest
        return found


def combinations(job):
    matrix = job.get("strategy", {}).get("matrix")
    if not matrix:
        return [{}]
    if "include" in matrix:
        return matrix["include"]
    return [dict(zip(matrix, values)) for values in itertools.product(*matrix.values())]


def run(path):
    with open(path, encoding="utf-8") as stream:
        settings = json.load(stream)
    workflow = load(settings["workflow"])
    settings["shell"] = workflow.get("defaults", {}).get("run", {}).get("shell")
    needs = settings.get("needs", {})
    os.makedirs(settings["store"], exist_ok=True)
    for name in settings["jobs"]:
        job = workflow["jobs"][name]
        for index, matrix in enumerate(combinations(job)):
            chosen = settings.get("matrix", {}).get(name)
            if chosen and not all(matrix.get(key) == value for key, value in chosen.items()):
                print(f"job {name} {matrix}: left out", flush=True)
                continue
            began = time.monotonic()
            print(f"job {name}" + (f" {matrix}" if matrix else ""), flush=True)
            root = os.path.join(settings["roots"], name + "".join("-" + str(v) for v in matrix.values()))
            contexts = {"github": {**settings["github"], "job": name}, "runner": settings["runner"], "secrets": settings.get("secrets", {}),
                        "needs": needs, "matrix": matrix, "strategy": {"job-index": index}, "inputs": settings.get("inputs", {}), "steps": {}}
            env = {**workflow.get("env", {}), **job.get("env", {}), **settings.get("env", {})}
            env = expand(env, dict(contexts, env={}))
            one = Job(settings, root, contexts)
            try:
                one.steps(job["steps"], contexts, env)
                one.finish()
            except Failed as failed:
                sys.exit(f"job {name}: {failed}")
            finally:
                one.leave()
            needs[name] = {"outputs": expand(job.get("outputs", {}), dict(contexts, env=env))}
            print(f"ok: job {name} ({time.monotonic() - began:.1f} s)", flush=True)


if sys.argv[1:2] == ["check"] and len(sys.argv) > 3:
    check(sys.argv[2], sys.argv[3:])
elif sys.argv[1:2] == ["run"] and len(sys.argv) == 3:
    run(sys.argv[2])
else:
    sys.exit(__doc__)
