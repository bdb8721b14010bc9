#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that code is found where its name says:  check_homes.py ROOT

What x.h declares is implemented in x.c of the same folder, or in the file that a section comment
above it names, "---- y.c ----". No folder holds more than MOST_FILES files of C."""
import sys
from collections import Counter
from pathlib import Path

from csource import C_FOLDERS, c_files, declared_functions, finish, functions

MOST_FILES = 25


def check_headers(root):
    """Functions of headers that are elsewhere than the header says."""
    files = c_files(root, ("src", "cli"))
    text = {p: p.read_text(encoding="utf-8") for p in files}
    homes = {}  # a function: the files that define it
    for path in files:
        for name, *_ in functions(text[path]):
            homes.setdefault(name, set()).add(path)
    for header in (p for p in files if p.suffix == ".h"):
        for name, section in declared_functions(text[header]):
            wanted = header.parent / section if section else header.with_suffix(".c")
            there = homes.get(name, set())
            if there and not there & {wanted, header}:
                found = ", ".join(str(p.relative_to(root)) for p in sorted(there))
                yield (f"{header.relative_to(root)}: {name} is in {found}, not in "
                       f"{wanted.relative_to(root)}")


def check_folders(root):
    """Folders with too many files."""
    files = [p for f in C_FOLDERS for s in ("c", "h", "def") for p in (root / f).rglob(f"*.{s}")]
    for folder, count in sorted(Counter(p.parent for p in files).items()):
        if count > MOST_FILES:
            yield f"{folder.relative_to(root)}: {count} files; at most {MOST_FILES}"


def main():
    root = Path(sys.argv[1])
    finish("check_homes", [*check_headers(root), *check_folders(root)],
           f"{len(c_files(root, ('src', 'cli')))} files")


if __name__ == "__main__":
    main()
