#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes and calls whom:  check_ranks.py ROOT

A folder of src/ includes its own headers and those of lower ranks; so do the folders in it. cli/
and examples/ see only fovea.h; each library underneath is named in one place. Project headers are
written relative to src/ ("base/error.h"). No files need each other in a circle."""
import re
import sys
from pathlib import Path

from csource import c_files, declared_functions, finish, strip

# A folder and what lies in it, from the ground up; those of one rank do not know each other.
# "." are the files of the folder itself, "*" all folders that are not named.
RANKS = {
    "src": [["base"], ["image", "signal"], ["draw", "graph"], ["model", "backend"], ["runtime"],
            ["vis"], ["inspect"], ["bench"]],
    "src/model": [["protobuf", "hdf5", "zip", "."], ["operations"], ["*", "input"], ["network"]],
    "src/model/hdf5": [["blocks"], ["data"], ["."]],
    "src/backend": [["."], ["*"]],
    "src/backend/onednn": [["dnnl"], ["schedule"], ["kernels"], ["convolution"], ["ops"], ["."]],
    "src/backend/stablehlo": [["text", "pjrt"], ["ops"], ["."]],
    "src/vis": [["objective", "param", "transform", "optimize"], ["recipe"], ["update"],
                ["render"]],
    "src/vis/objective": [["."], ["terms"]],
    "src/inspect": [["."], ["attribution", "dataset", "weights"]],
}

# Tables that name what lies above them, and nothing else does: a file, and whom it may include.
TABLES = {"src/model/readers.c": "src/model/", "src/backend/backends.c": "src/backend/"}

# Registries: a table of rows, and the rows that use its helpers. A row may need its registry.
REGISTRIES = ("src/vis/param/param.c", "src/vis/transform/transform.c")

# Who may include fovea-private/stage.h: who times the parts of rendering.
FILE_KIND = "src/runtime/model.c"
STAGES = ("src/vis/update/stage_timer.h", "include/fovea-private/bench.h")

# Where the command's files find headers, besides their own folder.
CLI_FOLDERS = ("cli", "cli/output", "cli/commands", "cli/commands/examples")

# A header's name, and the files that may include it.
ONLY = [
    (re.compile(r"(^|/)dnnl(_\w+)?\.h(pp)?$"),
     re.compile(r"^src/backend/onednn/dnnl/dnnl\w*\.[ch]$"), "oneDNN"),
    (re.compile(r"(^|/)pjrt/abi\.h$"),
     re.compile(r"^(src/backend/stablehlo/pjrt/|tests/backend/stablehlo/)"), "PJRT"),
    (re.compile(r"^vips/"), re.compile(r"^src/image/"), "libvips"),
    (re.compile(r"^protobuf-c/|\.pb-c\.h$"),
     re.compile(r"^(src/model/(onnx|protobuf)|tests/(support|model|fuzz))/"), "protobuf-c"),
    (re.compile(r"^zlib\.h$"),
     re.compile(r"^(src/model/(hdf5|zip)/|tests/fuzz/mutate_zip)"), "zlib"),
    (re.compile(r"^zip\.h$"), re.compile(r"^src/model/zip/"), "libzip"),
]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def rank_of(folder, name):
    """The rank of a folder's entry, or None."""
    ranks = RANKS[folder]
    for wanted in (name, "*"):
        for rank, names in enumerate(ranks):
            if wanted in names and not (wanted == "*" and name == "."):
                return rank
    return None


def is_allowed(file, needed):
    """Whether one path may need another, though a rule says no: a table its rows."""
    return str(needed).startswith(TABLES.get(str(file), "nowhere"))


def check_rank(file, header):
    """What is wrong with a file of src/ that needs a header of src/, or None."""
    for depth in range(1, len(file.parts)):
        folder = "/".join(file.parts[:depth])
        if folder not in RANKS or not header.as_posix().startswith(folder + "/"):
            return None
        mine, theirs = (p.parts[depth] if len(p.parts) > depth + 1 else "." for p in (file, header))
        mine_rank, theirs_rank = rank_of(folder, mine), rank_of(folder, theirs)
        for name, rank in ((theirs, theirs_rank), (mine, mine_rank)):
            if rank is None:
                return f"{folder}/{name} has no rank"
        if mine == theirs:
            continue
        mine, theirs = ("/".join([*file.parts[1:depth], n]) for n in (mine, theirs))
        if theirs_rank > mine_rank:
            return f"{mine} stands below {theirs}"
        return f"{mine} and {theirs} do not know each other" if theirs_rank == mine_rank else None
    return None


def check_quoted(root, file, name):
    """What is wrong with `#include "name"` in a file, or None."""
    top = file.parts[0]
    if name == "fovea-private/bench.h" and (file.parts[:2] == ("src", "bench") or top == "cli"):
        return None
    if name == "fovea-private/file_kind.h" and (file.as_posix() == FILE_KIND or top == "cli"):
        return None
    if name == "fovea-private/stage.h" and file.as_posix() in STAGES:
        return None
    if name == "fovea/fovea.h" or (top == "include" and name.startswith("fovea/")):
        return None
    if top == "cli":
        near = any((root / folder / name).is_file() for folder in (*CLI_FOLDERS, file.parent))
        return None if near else "the command sees only fovea/fovea.h"
    if top in ("examples", "include"):
        return "only fovea/fovea.h is there for users"
    if top != "src":
        return None
    if "/" not in name or ".." in name or rank_of("src", name.split("/")[0]) is None:
        return 'write it relative to src/, "folder/name.h"'
    header = Path("src") / name
    return None if is_allowed(file, header) else check_rank(file, header)


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


class Needs:
    """Which .c file, with its header, needs which other: it includes its header, or calls what a
    header says is implemented there. What is included by a header with no .c counts for whoever
    includes that."""

    def __init__(self, root):
        self.root = root
        self.files = c_files(root, ("src", "cli"))
        self.text = {p: p.read_text(encoding="utf-8") for p in self.files}
        self.homes = {}  # a function that a header says is elsewhere -> its .c
        for header in (p for p in self.files if p.suffix == ".h"):
            for name, section in declared_functions(self.text[header]):
                if section:
                    self.homes[name] = header.parent / section
        self.arrows = {p: self.needs_of(p) for p in self.files if p.suffix == ".c"}

    def included(self, path):
        """Our headers a file includes."""
        folders = (self.root / "src", *(self.root / f for f in CLI_FOLDERS), path.parent)
        for match in INCLUDE.finditer(self.text[path]):
            if match.group(1) == '"':
                found = [f / match.group(2) for f in folders if f / match.group(2) in self.text]
                yield from found[:1]

    def needs_of(self, unit):
        """The .c files one needs, and why."""
        needs, todo, seen = {}, [unit, unit.with_suffix(".h")], set()
        while todo:
            path = todo.pop()
            if path in seen or path not in self.text:
                continue
            seen.add(path)
            for header in self.included(path):
                owner = header.with_suffix(".c")
                if owner not in self.text:
                    todo.append(header)
                elif owner != unit:
                    needs[owner] = header.name
        if unit in self.text:
            for word in set(re.findall(r"\b\w+\b", strip(self.text[unit]))) & self.homes.keys():
                if self.homes[word] != unit and self.homes[word] in self.text:
                    needs.setdefault(self.homes[word], word)
        return {to: why for to, why in needs.items() if not self.is_tie_allowed(unit, to)}

    def is_tie_allowed(self, unit, to):
        unit, to = (p.relative_to(self.root).as_posix() for p in (unit, to))
        return to in REGISTRIES or is_allowed(unit, to)


def circles(arrows):
    """Strongly connected sets of more than one (Tarjan 1972), each sorted."""
    order, low, stack, found = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for to in arrows.get(node, ()):
            if to not in order:
                visit(to)
            if to in stack:
                low[node] = min(low[node], low[to])
        if low[node] == order[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in arrows:
        if node not in order:
            visit(node)
    return found


def check_circles(root):
    needs = Needs(root)
    for circle in circles(needs.arrows):
        ties = [f"  {a.relative_to(root)} needs {b.relative_to(root)} ({why})"
                for a in circle for b, why in sorted(needs.arrows[a].items()) if b in circle]
        yield "\n".join([f"{circle[0].relative_to(root)}: in a circle of {len(circle)}", *ties])


def main():
    root = Path(sys.argv[1])
    files = c_files(root)
    problems = [p for f in files for p in check_file(root, f)]
    finish("check_ranks", problems + list(check_circles(root)), f"{len(files)} files")


if __name__ == "__main__":
    main()
