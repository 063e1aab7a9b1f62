# SPDX-License-Identifier: BSD-2-Clause
# cache-killers.py SECONDS SEED DIR CACHE: 8 at once compile what lies in DIR/0 to DIR/7, all the same,
# by `crossbpf build` and by crossbpf-clang, into one cache, and most are killed (SIGKILL) at any
# time. Whoever comes to his end has made what DIR/want-build and DIR/want-clang hold. Afterwards each
# entry of the cache is sound. Prints what was done.
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time

WORKERS = 8
seconds, seed, top, cache = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
sources = sorted(name for name in os.listdir(top + "/0") if name.endswith(".bpf.c"))
wrong, done, killed = [], [0] * WORKERS, [0] * WORKERS


def content(name):
    with open(name, "rb") as file:
        return file.read()


def command(way, source):
    made = source[:-2] + ".o"
    if way == "build":
        return ["crossbpf", "build", "-q", "--arch", "x86", "-d", "out", source], "out/" + made
    return ["crossbpf-clang", "-target", "bpf", "-O2", "-Wall", "-c", source, "-o", made, "-MD"], made


def run(rng, n, until):
    way, source = rng.choice(["build", "clang", "clang"]), rng.choice(sources)
    argv, made = command(way, source)
    work = f"{top}/{n}"
    path = f"{work}/{made}"
    if os.path.exists(path):
        os.unlink(path)
    child = subprocess.Popen(argv, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
    is_killed = until and rng.random() < 0.7
    if is_killed:
        time.sleep(rng.random() * rng.choice([0.005, 0.05, 0.3]))
        # With what it runs, or alone.
        if rng.random() < 0.5:
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    try:
        said, _ = child.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        wrong.append(f"{argv} has come to no end")
        return
    if child.returncode == -signal.SIGKILL and is_killed:
        killed[n] += 1
        return
    done[n] += 1
    if child.returncode != 0:
        wrong.append(f"{argv}: {child.returncode}: {said.decode()}")
    elif content(path) != content(f"{top}/want-{way}/{source[:-2]}.o"):
        wrong.append(f"{argv}: another object")
    elif way == "clang" and content(path[:-1] + "d") != content(f"{top}/want-clang/{source[:-2]}.d"):
        wrong.append(f"{argv}: another dependency file")
    elif way == "clang" and said != content(f"{top}/want-clang/{source[:-2]}.err"):
        wrong.append(f"{argv}: says something else")


def work(n, end):
    rng = random.Random(seed * WORKERS + n)
    while time.monotonic() < end and not wrong:
        run(rng, n, end)


# "crossbpf-cache 2 DIGEST", of the kind, the key and the content.
def check(kind, number, name):
    data = content(f"{cache}/cache/{kind}/{name}")
    head, _, rest = data.partition(b"\n")
    want = hashlib.sha256(bytes([number]) + bytes.fromhex(name) + rest).hexdigest()
    if head != b"crossbpf-cache 2 " + want.encode():
        wrong.append(f"{kind}/{name} is not sound")


end = time.monotonic() + seconds
threads = [threading.Thread(target=work, args=(n, end)) for n in range(WORKERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
entries = 0
for number, kind in enumerate(["object", "manifest"]):
    for name in os.listdir(f"{cache}/cache/{kind}"):
        check(kind, number, name)
        entries += 1
rng = random.Random(seed)
for n in range(WORKERS):
    for _ in range(4):
        run(rng, n, None)
print(f"{sum(done)} came to their end, {sum(killed)} were killed, {entries} entries")
if not sum(killed) or not sum(done) or not entries:
    wrong.append("nothing was tried")
if wrong:
    sys.exit("\n".join(wrong[:10]))
