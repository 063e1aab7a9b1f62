#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""UDP between two network namespaces, for shipped.test.

    shipped.py receive FILE                     counts what comes to port 7000, by source, into FILE (JSON) at
                                                the end of its standard input
    shipped.py send DESTINATION COUNT SOURCE…   COUNT packets from each source, one after the other
    shipped.py query SERVER NAME                a DNS query
"""

import collections
import json
import socket
import struct
import sys
import threading
import time

PORT = 7000


def receive(path):
    seen = collections.Counter()

    def listen(family):
        s = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", PORT))
        threading.Thread(target=count, args=(s,), daemon=True).start()

    def count(s):
        while True:
            seen[s.recvfrom(64)[1][0]] += 1

    listen(socket.AF_INET)
    listen(socket.AF_INET6)
    print("ready", flush=True)
    sys.stdin.read()
    time.sleep(0.1)
    with open(path, "w") as f:
        json.dump(seen, f)


def send(destination, count, *sources):
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    sockets = []
    for source in sources:
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((source, 0))
        sockets.append(s)
    for i in range(int(count)):
        for s in sockets:
            s.sendto(b"x", (destination, PORT))
        if i % 50 == 0:
            time.sleep(0.001)


def query(server, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    packet = struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(packet, (server, 53))


{"receive": receive, "send": send, "query": query}[sys.argv[1]](*sys.argv[2:])
