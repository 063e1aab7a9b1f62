#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Cycles of attach, replace and detach under traffic.

    soak.py CYCLES PROGRAM MAP FIRST.bpf.o SECOND.bpf.o

The program of that name, which is in both, drops and counts in the map frames of a kind that is sent from
v1 to v0 all the time. A frame that was sent after attach came back and before detach is begun must not
reach the socket behind v0, and must be counted: also one that meets the moment when one program takes the
other's place."""

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

KIND = 0x88B5  # IEEE 802: for local experiments
HEAD = b"\xff" * 6 + b"\x02\0\0\0\0\1" + struct.pack("!H", KIND)
PROGRAM = sys.argv[2]
MAP = "/sys/fs/bpf/crossbpf/first/maps/" + sys.argv[3]
BURST, PAUSE = 20, 0.0005


class Sender(threading.Thread):
    """Sends numbered frames, but while it is held."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind(("v1", 0))
        self.number = 0
        self.go = threading.Event()
        self.idle = threading.Event()

    def run(self):
        while True:
            if not self.go.is_set():
                self.idle.set()
                self.go.wait()
                self.idle.clear()
            for _ in range(BURST):
                self.number += 1
                self.socket.send(HEAD + struct.pack("!Q", self.number) + bytes(38))
            time.sleep(PAUSE)

    def hold(self):
        self.go.clear()
        self.idle.wait()


class Receiver(threading.Thread):
    """Keeps the numbers of the frames that got through."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(KIND))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        self.socket.bind(("v0", KIND))
        self.numbers = []

    def run(self):
        while True:
            frame, (_, _, kind, *_) = self.socket.recvfrom(128)
            if kind != socket.PACKET_OUTGOING:
                self.numbers.append(struct.unpack("!Q", frame[14:22])[0])


def run(*words):
    done = subprocess.run(["crossbpf", *words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"crossbpf {' '.join(words)}: status {done.returncode}: {done.stderr}")


def counted():
    entries = json.loads(subprocess.check_output(["bpftool", "-j", "map", "dump", "pinned", MAP]))
    return entries[0]["formatted"]["value"]


def cycle(sender, receiver, first, second):
    del receiver.numbers[:]
    sender.go.set()
    run("attach", first, "--pin", "first", PROGRAM + "=v0")
    begin = sender.number + 1 + BURST  # those that are on their way as attach comes back
    while sender.number < begin:
        time.sleep(PAUSE)
    before = counted()
    first_seen = sender.number
    for one in second, first:
        run("attach", "--replace", one, "--pin", "first", PROGRAM + "=v0")
    sender.hold()
    last = sender.number
    time.sleep(0.002)
    after = counted()
    if after - before < last - first_seen - BURST:
        sys.exit(f"{last - first_seen} frames were sent, and {after - before} counted")
    sender.go.set()
    end = sender.number
    run("detach", "first")
    through = [n for n in receiver.numbers if begin <= n <= end]
    if through:
        sys.exit(f"{len(through)} of {end - begin} frames got through: {through[:10]}")
    return end - begin


def main():
    cycles, first, second = int(sys.argv[1]), sys.argv[4], sys.argv[5]
    sender, receiver = Sender(), Receiver()
    sender.start()
    receiver.start()
    began, frames = time.monotonic(), 0
    for _ in range(cycles):
        frames += cycle(sender, receiver, first, second)
    # That it would be seen: without a program they get through.
    del receiver.numbers[:]
    sender.go.set()
    time.sleep(0.2)
    sender.hold()
    if not receiver.numbers:
        sys.exit("no frame gets through without a program: nothing was tested")
    took = time.monotonic() - began
    print(f"{cycles} cycles, {2 * cycles} replaces, {frames} frames, none unseen, in {took:.0f} s")
    os._exit(0)


main()
