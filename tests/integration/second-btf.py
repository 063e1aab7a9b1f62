#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""second-btf.py OBJECT OUTPUT [N]: an object with .BTF twice, of whose second the N'th number leads nowhere.

Without N it prints how many numbers there are. libbpf goes by the second one."""

import struct
import sys

HEADER = 64


def main():
    data = open(sys.argv[1], "rb").read()
    order = "<" if data[5] == 1 else ">"
    (sections,) = struct.unpack_from(order + "Q", data, 40)
    count, names = struct.unpack_from(order + "HH", data, 60)
    headers = [data[sections + i * HEADER:sections + (i + 1) * HEADER] for i in range(count)]

    def content(header):
        begin, size = struct.unpack_from(order + "QQ", header, 24)
        return data[begin:begin + size]

    table = content(headers[names])
    found = [h for h in headers if table[struct.unpack_from(order + "I", h)[0]:].startswith(b".BTF\0")]
    btf = bytearray(content(found[0]))
    length, types, size = struct.unpack_from(order + "III", btf, 4)
    if len(sys.argv) > 3:
        struct.pack_into(order + "I", btf, length + types + 4 * int(sys.argv[3]), 0x7FFFFF)
    else:
        print(size // 4)
    out = bytearray(data) + bytes(-len(data) % 8)
    second = bytearray(found[0])
    struct.pack_into(order + "QQ", second, 24, len(out), len(btf))
    out += btf + bytes(-len(btf) % 8)
    struct.pack_into(order + "Q", out, 40, len(out))
    struct.pack_into(order + "H", out, 60, count + 1)
    open(sys.argv[2], "wb").write(out + b"".join(headers) + second)


main()
