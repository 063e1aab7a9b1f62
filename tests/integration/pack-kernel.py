# SPDX-License-Identifier: BSD-2-Clause
"""pack-kernel.py bzimage|zboot|image|zimage|s390 SOURCE TARGET: the source, as a kernel's build would pack it."""
import struct, sys
kind, source, target = sys.argv[1:]
data = open(source, "rb").read()
if kind == "bzimage":  # Documentation/arch/x86/boot.rst
    head = bytearray(1024)
    head[0x1f1] = 1
    head[0x1fe:0x206] = b"\x55\xaaxxHdrS"
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, 0x20f)
    trailer = b"" if data[:2] == b"\x1f\x8b" else struct.pack("<I", 12345)
    struct.pack_into("<II", head, 0x248, 64, len(data) + len(trailer))
    data = bytes(head) + b"\xcc" * 64 + data + trailer + b"the rest of the image"
elif kind == "zboot":
    data = struct.pack("<4s4sII8s32s", b"MZ\0\0", b"zimg", 64, len(data), b"", b"zstd").ljust(64, b"\0") + data
elif kind == "image":
    head = bytearray(4096)
    head[:2] = b"MZ"
    head[0x38:0x3c] = b"ARM\x64"
    # What looks like BTF and is none lies before and behind.
    decoy = b"\x9f\xeb\x01\x00" + struct.pack("<5I", 24, 0, 1 << 28, 1 << 28, 4)
    data = bytes(head) + decoy + b"\x9f\xeb\x01\x00" + bytes(64) + data.ljust((len(data) + 7) // 8 * 8, b"\0") + decoy
elif kind in ("zimage", "s390"):  # which say what they are alone
    head = bytearray(0x11000)
    if kind == "zimage":
        struct.pack_into("<I", head, 0x24, 0x016f2818)
    else:
        head[0x10008:0x1000e] = b"S390EP"
    # What unpacks it knows how what it unpacks begins.
    data = bytes(head) + data[:6] + bytes(300) + data + struct.pack("<I", 12345) + b"the rest of the image" * 99
open(target, "wb").write(data)
