#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the documents:  check_docs.py ROOT

Every relative link leads to a file, and the C program in README.md stands in examples/unit.c."""
import re
import sys
from pathlib import Path

from csource import finish

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
C_BLOCK = re.compile(r"^```c\n(.*?)^```", re.DOTALL | re.MULTILINE)


def squeeze(text):
    """The text with every run of blanks as one: indentation does not count."""
    return re.sub(r"\s+", " ", text).strip()


def check_links(root, path):
    text = re.sub(r"<!--.*?-->|^```.*?^```", lambda m: "\n" * m.group().count("\n"),
                  path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for match in LINK.finditer(text):
        target = match.group(1)
        if "://" not in target and not (path.parent / target).exists():
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path.relative_to(root)}:{line}: there is no {target}"


def check_program(root):
    program = squeeze((root / "examples" / "unit.c").read_text(encoding="utf-8"))
    blocks = C_BLOCK.findall((root / "README.md").read_text(encoding="utf-8"))
    if not blocks:
        yield "README.md: no C program"
    for block in blocks:
        for statement in filter(None, (s.strip() for s in block.split(";\n"))):
            if squeeze(statement) not in program:
                yield f"README.md: not in examples/unit.c: {squeeze(statement)}"


def main():
    root = Path(sys.argv[1])
    documents = sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])
    problems = [p for d in documents for p in check_links(root, d)] + list(check_program(root))
    finish("check_docs", problems, f"{len(documents)} documents")


if __name__ == "__main__":
    main()
