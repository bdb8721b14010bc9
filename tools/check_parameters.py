#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that functions take few arguments:  check_parameters.py ROOT

A function of src/ has at most MOST parameters; what belongs together goes into a struct (planes.h,
plan_key, ...). EXCEPTIONS may have more."""
import sys
from pathlib import Path

from csource import c_files, finish, parameters

MOST = 7

# A function: why it may have more.
EXCEPTIONS = {}


def check_counts(root):
    for path in c_files(root, ("src",)):
        if path.suffix != ".c":
            continue
        for name, line, count in parameters(path.read_text(encoding="utf-8")):
            if count > MOST and name not in EXCEPTIONS:
                yield (f"{path.relative_to(root)}:{line}: {name} has {count} parameters, "
                       f"at most {MOST} allowed")


def main():
    root = Path(sys.argv[1])
    finish("check_parameters", list(check_counts(root)), f"{len(c_files(root, ('src',)))} files")


if __name__ == "__main__":
    main()
