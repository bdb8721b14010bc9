#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the library's binary interface with the one that is recorded:

    check_abi.py RECORD LIBRARY HEADERS COMPILER... [--update]

The interface is what a program that was compiled against the headers relies on: the functions and
their prototypes, the sizes of structs, where their fields are, and the values of constants. Sizes
and offsets come from the compiler. A difference fails, so that a change is a decision; --update
records it. The record is of x86-64 Linux; on other machines the check is skipped (exit 77).

Why no libabigail: it reads debug information, which release builds do not have."""
import difflib
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from check_symbols import declared, exported
from csource import strip

SKIP = 77
HOW = ("a program that was built before this change may break: if it is meant, raise the library's "
       "version, and record it with\n    python3 tools/check_abi.py tests/abi/fovea.abi LIBRARY "
       "include/fovea cc --update")


def one_line(text):
    return re.sub(r"\s*([(),;*])\s*", r"\1", re.sub(r"\s+", " ", text)).replace(",", ", ").strip()


def prototypes(code):
    found = {}
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", code, flags=re.MULTILINE)
    for m in re.finditer(r"\bFV_API\b([^;]*);", code):
        text = one_line(m.group(1))
        found[re.search(r"(\w+)\(", text).group(1)] = text
    return found


def structs(code):
    """{name: [field]} of the structs that callers see into."""
    found = {}
    for m in re.finditer(r"typedef struct (\w+) \{(.*?)\n\} \1;", code, re.DOTALL):
        fields = []
        for declaration in m.group(2).split(";"):
            declaration = re.sub(r"\[[^]]*\]", "", declaration).strip()
            for part in declaration.split(",") if declaration else []:
                fields.append(re.search(r"(\w+)\s*$", part).group(1))
        found[m.group(1)] = fields
    return found


def constants(code):
    """Names of enum constants, and of macros that are numbers."""
    names = []
    for m in re.finditer(r"typedef enum (\w+) \{(.*?)\} \1;", code, re.DOTALL):
        names += [re.match(r"\s*(\w+)", part).group(1) for part in m.group(2).split(",")
                  if part.strip()]
    return names + re.findall(r"^#define (FV_\w+)[ \t]+\d+[ \t]*$", code, re.MULTILINE)


def program(code):
    """A C program that prints sizes, offsets and values."""
    lines = ['#include "fovea/fovea.h"', "#include <stdio.h>", "int main(void) {"]
    for name, fields in sorted(structs(code).items()):
        lines.append(f'printf("struct {name} %zu\\n", sizeof({name}));')
        for field in fields:
            lines.append(f'printf("    %zu %zu {field}\\n", offsetof({name}, {field}), '
                         f"sizeof((({name} *)0)->{field}));")
    for name in sorted(constants(code)):
        lines.append(f'printf("constant {name} %d\\n", (int){name});')
    return "\n".join(lines + ["return 0;", "}", ""])


def measured(code, headers, compiler):
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder) / "abi.c", Path(folder) / "abi"
        source.write_text(program(code), encoding="utf-8")
        subprocess.run([*compiler, f"-I{headers.parent}", str(source), "-o", str(binary)],
                       check=True)
        return subprocess.run([str(binary)], check=True, stdout=subprocess.PIPE,
                              text=True).stdout


def interface(library, headers, compiler):
    code = "".join(strip(p.read_text(encoding="utf-8")) for p in sorted(headers.glob("*.h")))
    known = prototypes(code)
    private = headers.with_name(headers.name + "-private")  # exported for our own command alone
    hidden = set().union(*(declared(p.read_text(encoding="utf-8"))
                           for p in private.glob("*.h")))
    lines = [f"function {known.get(name, name)}" for name in sorted(exported(library) - hidden)]
    return ("# The binary interface of libfovea on x86-64: functions; structs with their sizes and "
            "their\n# fields' offsets and sizes; constants. Made by tools/check_abi.py.\n" +
            "\n".join(lines) + "\n" + measured(code, headers, compiler))


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    record, library, headers, compiler = Path(arguments[0]), arguments[1], Path(arguments[2]), \
        arguments[3:]
    if platform.machine() != "x86_64" or sys.platform != "linux":
        print(f"check_abi: skipped: the record is of x86-64 Linux, this is {platform.machine()} "
              f"{sys.platform}")
        return SKIP
    now = interface(library, headers, compiler)
    if "--update" in sys.argv:
        record.write_text(now, encoding="utf-8")
        print(f"check_abi: recorded in {record}")
        return 0
    then = record.read_text(encoding="utf-8") if record.exists() else ""
    if now == then:
        print(f"check_abi: {now.count(chr(10))} lines: as recorded")
        return 0
    sys.stdout.writelines(difflib.unified_diff(then.splitlines(True), now.splitlines(True),
                                               "recorded", "now", n=1))
    print(f"check_abi: the interface is not the recorded one: {HOW}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
