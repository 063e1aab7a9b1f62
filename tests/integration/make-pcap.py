#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make-pcap.py FORMAT FILE PACKET...: writes a capture.

FORMAT: le, be (pcap, microseconds), le-ns, be-ns, ng, ng-be (pcapng); with ",raw" behind it packets
begin with IP, with ",null" they are of a loopback device of BSD.
PACKET: 4:SOURCE, 6:SOURCE, vlan:SOURCE (of IPv4), qinq:SOURCE, arp, short (10 bytes), cut:SOURCE
(half of it was captured), large:SOURCE:BYTES, dns:SOURCE:NAME
"""
import socket
import struct
import sys


def ipv4(source, payload, proto=17):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0,
                         socket.inet_aton(source), socket.inet_aton("198.51.100.1"))
    return header + payload


def ipv6(source, payload):
    return struct.pack(">IHBB16s16s", 6 << 28, len(payload), 17, 64,
                       socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, "2001:db8::ffff")) + payload


def udp(payload, dport=9):
    return struct.pack(">HHHH", 40000, dport, 8 + len(payload), 0) + payload


def dns(name):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    return struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + struct.pack(">HH", 1, 1)


def packet(word, link):
    """The packet's bytes, and how many of them were captured."""
    kind, _, rest = word.partition(":")
    tags, proto, frame = b"", 0x0800, b""
    kept = None
    if kind == "4":
        frame = ipv4(rest, udp(b"x" * 18))
    elif kind == "6":
        proto, frame = 0x86DD, ipv6(rest, udp(b"x" * 18))
    elif kind == "vlan":
        tags, frame = struct.pack(">HH", 0x8100, 5), ipv4(rest, udp(b"x" * 18))
    elif kind == "qinq":
        tags = struct.pack(">HHHH", 0x88A8, 5, 0x8100, 6)
        frame = ipv4(rest, udp(b"x" * 18))
    elif kind == "arp":
        proto, frame = 0x0806, b"\0" * 46
    elif kind == "short":
        return b"\1" * 10, 10
    elif kind == "cut":
        frame = ipv4(rest, udp(b"x" * 100))
        kept = 14 + 30
    elif kind == "large":
        source, _, size = rest.partition(":")
        frame = ipv4(source, udp(b"x" * (int(size) - 42)))
    elif kind == "dns":
        source, _, name = rest.partition(":")
        frame = ipv4(source, udp(dns(name), 53))
    else:
        sys.exit("no packet: " + word)
    if link == 1:
        frame = b"\2\0\0\0\0\1\2\0\0\0\0\2" + tags + struct.pack(">H", proto) + frame
    elif link == 0:
        frame = struct.pack("<I", 2) + frame
    return frame, kept if kept else len(frame)


def write_pcap(f, order, nano, link, packets):
    f.write(struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65535, link))
    for i, (data, kept) in enumerate(packets):
        f.write(struct.pack(order + "IIII", 1000 + i, 999999999 if nano else 999999, kept, len(data)))
        f.write(data[:kept])


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    size = 12 + len(body)
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def write_pcapng(f, order, link, packets):
    f.write(block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)))
    f.write(block(order, 1, struct.pack(order + "HHI", link, 0, 65535)))
    for i, (data, kept) in enumerate(packets):
        f.write(block(order, 6, struct.pack(order + "IIIII", 0, 0, 1000 + i, kept, len(data)) + data[:kept]))


def main():
    form, _, link = sys.argv[1].partition(",")
    link = {"": 1, "raw": 101, "null": 0}[link]
    packets = [packet(word, link) for word in sys.argv[3:]]
    order = ">" if "be" in form else "<"
    with open(sys.argv[2], "wb") as f:
        if form.startswith("ng"):
            write_pcapng(f, order, link, packets)
        else:
            write_pcap(f, order, "ns" in form, link, packets)


main()
