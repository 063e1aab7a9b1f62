#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Talks to a command on a terminal: pty-talk.py SCRIPT COMMAND...

Each line of SCRIPT is a step: "size ROWS COLUMNS", "type TEXT" (Python's escapes; a newline follows
unless it ends in \\c), "expect REGEX" (of what came since the last one that was found), "retry TEXT
=> REGEX" (typed again until it is found), "touch FILE CONTENT". Its exit status is the command's.
"""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

PATIENCE = 60


def fail(why):
    sys.stderr.write(f"pty-talk: {why}; so far:\n{seen!r}\n")
    os.kill(pid, signal.SIGHUP)
    sys.exit(99)


def take(seconds):
    """Reads what is there; False at the end."""
    global seen
    if not select.select([fd], [], [], seconds)[0]:
        return True
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    seen += data.decode(errors="replace")
    return bool(data)


def found(regex):
    global seen
    match = re.search(regex, seen)
    if match:
        seen = seen[match.end():]
    return match


def expect(regex):
    end = time.monotonic() + PATIENCE
    while not found(regex):
        if not take(0.2) and not found(regex):
            fail(f"it ended before {regex!r}")
        if time.monotonic() > end:
            fail(f"no {regex!r}")


def send(text):
    text = text[:-2] if text.endswith("\\c") else text + "\n"
    os.write(fd, text.encode().decode("unicode_escape").encode())


def retry(text, regex):
    for _ in range(PATIENCE):
        send(text)
        end = time.monotonic() + 1
        while time.monotonic() < end and take(0.1):
            if found(regex):
                return
    fail(f"no {regex!r}")


def resize(rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


seen = ""
steps = [line.rstrip("\n").split(" ", 1) for line in open(sys.argv[1]) if line.strip()]
pid, fd = pty.fork()
if pid == 0:
    # A terminal's shell has them so, whatever ignored them here: a shell's &, nohup.
    for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])
for step, argument in steps:
    if step == "size":
        resize(*map(int, argument.split()))
    elif step == "type":
        send(argument)
    elif step == "expect":
        expect(argument)
    elif step == "retry":
        retry(*argument.split(" => "))
    elif step == "touch":
        name, content = argument.split(" ", 1)
        with open(name, "w") as file:
            file.write(content + "\n")
    else:
        fail(f"what is {step!r}")
end = time.monotonic() + PATIENCE
while take(0.2):
    if time.monotonic() > end:
        fail("it does not end")
status = os.waitpid(pid, 0)[1]
print(seen)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
