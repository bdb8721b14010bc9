#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom:  check_ranks.py ROOT

A folder of src/ includes its own headers and those of lower ranks; cli/ and examples/ see only
fovea.h; each library underneath is named in one place. Project headers are written relative to
src/ ("base/error.h")."""
import re
import sys
from pathlib import Path

from csource import c_files, finish

# From the ground up; folders of one rank do not know each other.
RANKS = [["base"], ["image", "signal"], ["draw", "graph"], ["model", "backend"], ["runtime"],
         ["vis"], ["inspect"], ["bench"]]

# A header's name, and the files that may include it.
ONLY = [
    (re.compile(r"(^|/)dnnl(_\w+)?\.h(pp)?$"),
     re.compile(r"^src/backend/onednn/dnnl/dnnl\w*\.[ch]$"), "oneDNN"),
    (re.compile(r"^vips/"), re.compile(r"^src/image/"), "libvips"),
    (re.compile(r"^protobuf-c/|\.pb-c\.h$"),
     re.compile(r"^(src/model/(onnx|protobuf)|tests/(support|model|fuzz))/"), "protobuf-c"),
]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def rank_of(folder):
    """The rank of a folder of src/, or None."""
    return next((rank for rank, folders in enumerate(RANKS) if folder in folders), None)


def check_quoted(root, file, name):
    """What is wrong with `#include "name"` in a file, or None."""
    top = file.parts[0]
    if name == "fovea/fovea.h" or (top == "include" and name.startswith("fovea/")):
        return None
    if top == "cli":
        near = any((folder / name).is_file() for folder in (root / "cli", root / file.parent))
        return None if near else "the command sees only fovea/fovea.h"
    if top in ("examples", "include"):
        return "only fovea/fovea.h is there for users"
    if top != "src":
        return None
    folder = name.split("/")[0]
    theirs = rank_of(folder)
    if theirs is None or "/" not in name or ".." in name:
        return 'write it relative to src/, "folder/name.h"'
    mine = rank_of(file.parts[1])
    if mine is None:
        return f"{file.parts[1]} has no rank"
    if theirs > mine:
        return f"{file.parts[1]} stands below {folder}"
    if theirs == mine and folder != file.parts[1]:
        return f"{file.parts[1]} and {folder} do not know each other"
    return None


def hides(root, name, header):
    """Whether a header of ours that is called like the library's does not bring the library in."""
    path = root / "src" / name
    return path.is_file() and all(
        hides(root, m.group(2), header)
        for m in INCLUDE.finditer(path.read_text(encoding="utf-8")) if header.search(m.group(2)))


def check_file(root, path):
    file = path.relative_to(root)
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        quote, name = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        problem = check_quoted(root, file, name) if quote == '"' else None
        for header, allowed, library in ONLY:
            if header.search(name) and not allowed.search(file.as_posix()) \
                    and not hides(root, name, header):
                problem = f"{library} is named elsewhere only"
        if problem:
            yield f"{file}:{line}: includes {name}: {problem}"


def main():
    root = Path(sys.argv[1])
    files = c_files(root)
    finish("check_ranks", [p for f in files for p in check_file(root, f)], f"{len(files)} files")


if __name__ == "__main__":
    main()
