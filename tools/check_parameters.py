#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that functions take few arguments:  check_parameters.py ROOT

A function of src/ has at most MOST parameters; what belongs together goes into a struct (planes.h,
plan_key, ...). EXCEPTIONS may have more. A folder in UNTIL_MENDED may have that many such functions
for now: the number may only be lowered."""
import sys
from collections import defaultdict
from pathlib import Path

from csource import c_files, finish, parameters

MOST = 7

# A function: why it may have more.
EXCEPTIONS = {}

# Folders with functions that are still to be mended: how many.
UNTIL_MENDED = {"src/inspect": 1, "src/vis": 14}


def check_counts(root):
    found = defaultdict(list)
    for path in c_files(root, ("src",)):
        if path.suffix != ".c":
            continue
        folder = "/".join(path.relative_to(root).parts[:2])
        for name, line, count in parameters(path.read_text(encoding="utf-8")):
            if count > MOST and name not in EXCEPTIONS:
                found[folder].append(f"{path.relative_to(root)}:{line}: {name} has {count} "
                                     f"parameters, at most {MOST} allowed")
    for folder, functions in sorted(found.items()):
        allowed = UNTIL_MENDED.get(folder, 0)
        if len(functions) > allowed:
            yield from functions
            if allowed:
                yield f"{folder}: {len(functions)} such functions, at most {allowed} for now"


def main():
    root = Path(sys.argv[1])
    finish("check_parameters", list(check_counts(root)), f"{len(c_files(root, ('src',)))} files")


if __name__ == "__main__":
    main()
