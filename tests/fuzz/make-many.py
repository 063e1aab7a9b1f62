# SPDX-License-Identifier: BSD-2-Clause
"""make-many.py DIRECTORY: objects that have many of something, and all of them the same: what a
reader does for each must not take as long as all. A compiler writes none of them, and no small
change of what it writes leads there."""
import pathlib
import struct
import sys

INT, ARRAY, STRUCT, VAR, DATASEC = 1, 3, 4, 14, 15
PROGBITS, SYMTAB, STRTAB, NOBITS, REL = 1, 2, 3, 8, 9
EXECUTABLE, STATIC, EXTERN = 4, 0, 2
EXIT = struct.pack("<Q", 0x95)


class Strings:
    def __init__(self):
        self.bytes, self.at = b"\0", {"": 0}

    def add(self, string):
        if string not in self.at:
            self.at[string] = len(self.bytes)
            self.bytes += string.encode() + b"\0"
        return self.at[string]


class Btf:
    def __init__(self):
        self.strings, self.types, self.n = Strings(), b"", 0

    def add(self, name, kind, members, size_or_type, *words):
        self.types += struct.pack("<III", self.strings.add(name), kind << 24 | members, size_or_type)
        self.types += struct.pack("<%dI" % len(words), *words)
        self.n += 1
        return self.n

    def int(self):
        return self.add("int", INT, 0, 4, 32)

    def struct(self, name, size, members):
        words = []
        for member, kind, offset in members:
            words += [self.strings.add(member), kind, offset * 8]
        return self.add(name, STRUCT, len(members), size, *words)

    def variable(self, name, kind, linkage):
        return self.add(name, VAR, 0, kind, linkage)

    def section(self, name, places):
        return self.add(name, DATASEC, len(places), 0, *[word for place in places for word in place])

    def content(self):
        return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types),
                           len(self.strings.bytes)) + self.types + self.strings.bytes


class Object:
    def __init__(self, btf):
        self.names, self.symbol_names = Strings(), Strings()
        self.symbols, self.sections = bytes(24), []
        self.n_symbols = 1
        self.section(".BTF", PROGBITS, 0, btf.content())

    def section(self, name, kind, flags, content, info=0, entsize=0):
        self.sections.append([name, kind, flags, content, info, entsize])
        return len(self.sections)

    def symbol(self, name, info, section, value, size):
        self.symbols += struct.pack("<IBBHQQ", self.symbol_names.add(name), info, 0, section, value, size)
        self.n_symbols += 1
        return self.n_symbols - 1

    def program(self, section, name, code):
        """One function in a section of its own."""
        at = self.section(section, PROGBITS, EXECUTABLE, code)
        return self.symbol(name, 0x12, at, 0, len(code))

    def write(self, path):
        strings = self.section("", STRTAB, 0, self.symbol_names.bytes)
        symtab = self.section("", SYMTAB, 0, self.symbols, 1, 24)
        for section in self.sections:
            self.names.add(section[0])
        names = self.section("", STRTAB, 0, self.names.bytes)
        body, headers = b"", bytes(64)
        for name, kind, flags, content, info, entsize in self.sections:
            size, content = (content, b"") if kind == NOBITS else (len(content), content)
            link = strings if kind == SYMTAB else symtab if kind == REL else 0
            headers += struct.pack("<IIQQQQIIQQ", self.names.at[name], kind, flags, 0, 64 + len(body),
                                   size, link, info, 1, entsize)
            body += content
        header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 1, 247, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(self.sections) + 1, names)
        pathlib.Path(path).write_bytes(header + body + headers)


def relocation(offset, symbol):
    return struct.pack("<QQ", offset, symbol << 32 | 2)


def struct_ops_sections():
    """Sections of struct_ops that share one DATASEC, which has one variable many times."""
    btf = Btf()
    ops = btf.struct("ops", 8, [("init", btf.int(), 0)])
    variable = btf.variable("v", ops, STATIC)
    btf.section(".struct_ops", [(variable, 0, 8)] * 2000)
    o = Object(btf)
    for _ in range(200):
        o.section(".struct_ops", PROGBITS, 3, b"")
    return o


def operations():
    """Relocations of struct_ops, none of which is of one of its many variables."""
    btf = Btf()
    members = [("m%d" % i, btf.int(), 4 * i) for i in range(500)]
    ops = btf.struct("ops", 4000, members)
    variable = btf.variable("v", ops, STATIC)
    btf.section(".struct_ops", [(variable, 0, 8)] * 1000)
    o = Object(btf)
    for i in range(4):
        section = o.section(".struct_ops", PROGBITS, 3, b"")
        functions = [o.program("struct_ops/f", "f%d_%d" % (i, k), EXIT) for k in range(4)]
        o.section(".rel", REL, 0, b"".join(relocation(3999 + 4000 * (k % 2), functions[k % 4])
                                           for k in range(400)), section, 16)
    return o


def relocations(section, length, n):
    """CO-RE relocations with one long access, and of one section, whose name may be long."""
    btf = Btf()
    kind = btf.struct("s", 4, [("a", btf.int(), 0)])
    section, access = btf.strings.add("x" * section), btf.strings.add("0:" * (length // 2) + "0")
    record = struct.pack("<IIII", 0, kind, access, 0)
    content = struct.pack("<III", 16, section, n) + record * n
    o = Object(btf)
    o.program("xdp", "f", EXIT)
    o.section(".BTF.ext", PROGBITS, 0, struct.pack("<HBBIIIIIII", 0xEB9F, 1, 0, 32, 0, 0, 0, 0, 0,
                                                   len(content)) + content)
    return o


def data_sections(name, n, datasec=None):
    """Sections of variables that share one DATASEC, all of whose variables are static."""
    btf = Btf()
    variable = btf.variable("v", btf.int(), STATIC)
    btf.section(datasec or name, [(variable, 0, 4)] * 2000)
    o = Object(btf)
    for _ in range(n):
        o.section(name, NOBITS, 3, 4)
    return o


def kconfig():
    """Structures within structures, many at each level, where numbers are looked for."""
    btf = Btf()
    inner = btf.int()
    for level in range(16):
        inner = btf.struct("s%d" % level, 1 << 20, [("a", inner, 0)] * 60)
    places = []
    for i in range(500):
        places.append((btf.variable("CONFIG_%d" % i, btf.add("", ARRAY, 0, 0, inner, 1, 2), EXTERN), 0, 4))
    btf.section(".kconfig", places)
    return Object(btf)


def calls():
    """Functions that all call each other, and programs that each reach all of them."""
    btf = Btf()
    btf.int()
    o = Object(btf)
    n, code, symbols = 60, b"", []
    for i in range(n):
        start = len(code) // 8
        for k in range(n):
            code += struct.pack("<BBhi", 0x85, 0x10, 0, k * (n + 1) - (start + k) - 1)
        code += EXIT
    text = o.section(".text", PROGBITS, EXECUTABLE, code)
    for i in range(n):
        symbols.append(o.symbol("f%d" % i, 2, text, i * (n + 1) * 8, (n + 1) * 8))
    programs = o.section("xdp", PROGBITS, EXECUTABLE, (struct.pack("<BBhi", 0x85, 0x10, 0, -1) + EXIT) * 500)
    for i in range(500):
        o.symbol("p%d" % i, 0x12, programs, i * 16, 16)
    o.section(".rel", REL, 0, b"".join(relocation(i * 16, symbols[i % n]) for i in range(500)), programs, 16)
    return o


MANY = {
    "calls": calls,
    "struct-ops-sections": struct_ops_sections,
    "operations": operations,
    "relocations": lambda: relocations(1000, 700, 1000),
    "long-relocations": lambda: relocations(60000, 60000, 10000),
    "data-sections": lambda: data_sections(".bss", 1000),
    "long-names": lambda: data_sections(".bss." + "n" * 1000, 1000),
    "too-long-names": lambda: data_sections(".bss." + "n" * 300000, 4000, ".bss"),
    "kconfig": kconfig,
}

if __name__ == "__main__":
    for file, make in MANY.items():
        make().write(pathlib.Path(sys.argv[1]) / f"many-{file}.o")
