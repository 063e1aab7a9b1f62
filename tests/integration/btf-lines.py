# SPDX-License-Identifier: BSD-2-Clause
"""btf-lines.py OBJECT...: prints, for each object, how many records of line information its BTF
has, and how many of them hold the text of a source line. Format: Documentation/bpf/btf.rst."""
import struct
import sys


def sections(data):
    order = "<" if data[5] == 1 else ">"
    shoff, = struct.unpack_from(order + "Q", data, 40)
    count, names = struct.unpack_from(order + "HH", data, 60)
    headers = [struct.unpack_from(order + "IIQQQQ", data, shoff + 64 * i) for i in range(count)]
    table = headers[names][4]
    for name, _, _, _, offset, size in headers:
        end = data.index(b"\0", table + name)
        yield data[table + name:end].decode(), data[offset:offset + size], order


def count_lines(path):
    content = {name: (body, order) for name, body, order in sections(open(path, "rb").read())}
    if ".BTF.ext" not in content:  # no function, no line
        return 0, 0
    btf, order = content[".BTF"]
    header, str_off = struct.unpack_from(order + "I", btf, 4)[0], struct.unpack_from(order + "I", btf, 16)[0]
    strings = header + str_off
    ext, _ = content[".BTF.ext"]
    header, = struct.unpack_from(order + "I", ext, 4)
    offset, length = struct.unpack_from(order + "II", ext, 16)
    at, end = header + offset + 4, header + offset + length
    record, = struct.unpack_from(order + "I", ext, header + offset)
    total = lines = 0
    while at < end:
        _, n = struct.unpack_from(order + "II", ext, at)
        at += 8
        for i in range(n):
            line, = struct.unpack_from(order + "I", ext, at + i * record + 8)
            total += 1
            lines += btf[strings + line] != 0
        at += n * record
    return total, lines


for path in sys.argv[1:]:
    print(path.rsplit("/", 1)[-1], *count_lines(path))
