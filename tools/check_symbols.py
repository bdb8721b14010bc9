#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a library exports what its headers declare, and nothing else:

    check_symbols.py LIBRARY FOLDER..."""
import re
import subprocess
import sys
from pathlib import Path

from csource import finish, strip


def exported(library):
    lines = subprocess.run(["nm", "--dynamic", "--defined-only", library], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines if line.strip()}


def declared(text):
    code = re.sub(r"^[ \t]*#.*", "", strip(text), flags=re.MULTILINE)
    return set(re.findall(r"\bFV_API\b[^;(]*?(\w+)\s*\(", code))


def main():
    library, *folders = sys.argv[1:]
    folder = " ".join(folders)
    texts = [p.read_text(encoding="utf-8") for f in folders for p in sorted(Path(f).glob("*.h"))]
    there, wanted = exported(library), set().union(*map(declared, texts))
    problems = [f"{name}: exported, but not declared in {folder}" for name in there - wanted]
    problems += [f"{name}: declared in {folder}, but not exported" for name in wanted - there]
    problems += [f"{name}: does not start with fv_" for name in there if name[:3] != "fv_"]
    if not wanted:
        problems.append(f"{folder}: nothing is declared")
    finish("check_symbols", sorted(problems), f"{len(there)} functions")


if __name__ == "__main__":
    main()
