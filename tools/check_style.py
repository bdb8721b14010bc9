#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks sizes and words:  check_style.py ROOT

Every source file starts with its SPDX line, has at most 800 lines of at most 100 columns and no
tab or trailing space (tables between "clang-format off" and "on" may have 132 columns, the exact
output that scripts of tests/ expect any number). Functions have at most 100 lines and a complexity
of at most 15 (1 + the number of if, for, while, switch, &&, || and ?). The library never prints,
exits or reads the environment. Work left for later and paths of somebody's machine have no place in
a file."""
import re
import sys
from pathlib import Path

from csource import c_files, finish, functions, strip

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_COLUMNS, MAX_COMPLEXITY = 800, 100, 100, 15
MAX_TABLE_COLUMNS = 132
SPDX = "SPDX-License-Identifier: Apache-2.0"
OTHERS = ("tools/**/*.py", "tools/**/*.sh", "tests/**/*.py", "tests/**/*.sh", "**/meson.build",
          "bootstrap", "meson_options.txt", ".ci/run", "src/**/*.def", "src/**/*.proto")
BRANCH = re.compile(r"\b(?:if|for|while|switch)\b|&&|\|\||\?")
LATER = "TO" + "DO|FIX" + "ME|HA" + "CK|XX" + "X"
WORDS = re.compile(rf"\b(?:{LATER})\b|(?<![\w.])/(?:home|root|work|Users)/")
CALLS = re.compile(
    r"\b(?:_?exit|_Exit|quick_exit|abort|v?printf|puts|putchar|perror|(?:secure_|g_)?getenv|"
    r"setenv|putenv|system|popen|g_print|g_printerr|g_message|g_warning|g_critical|g_error)\s*\(|"
    r"\b(?:stdout|stderr|stdin|environ)\b")


def check_text(file, text):
    """Any file: the SPDX line, sizes, words."""
    lines = text.split("\n")
    if SPDX not in "\n".join(lines[:2]):
        yield f"{file}:1: no SPDX line at the top"
    if len(lines) - 1 > MAX_FILE_LINES:
        yield f"{file}: {len(lines) - 1} lines, at most {MAX_FILE_LINES} allowed"
    if text and not text.endswith("\n"):
        yield f"{file}:{len(lines)}: no newline at the end"
    yield from check_columns(file, lines)
    for number, line in enumerate(lines, 1):
        if "\t" in line or line.rstrip() != line:
            yield f"{file}:{number}: a tab or a space at the end"
        if WORDS.search(line):
            yield f"{file}:{number}: {WORDS.search(line).group()!r} has no place here"


def check_columns(file, lines):
    allowed = MAX_COLUMNS if file.suffix != ".sh" or file.parts[0] == "tools" else sys.maxsize
    for number, line in enumerate(lines, 1):
        if "clang-format o" in line:
            allowed = MAX_TABLE_COLUMNS if "clang-format off" in line else MAX_COLUMNS
        if len(line) > allowed:
            yield f"{file}:{number}: {len(line)} columns, at most {allowed} allowed"


def check_functions(file, text):
    for name, first, last, body in functions(text):
        if last - first + 1 > MAX_FUNCTION_LINES:
            yield (f"{file}:{first}: {name} has {last - first + 1} lines, "
                   f"at most {MAX_FUNCTION_LINES} allowed")
        complexity = 1 + len(BRANCH.findall(body))
        if complexity > MAX_COMPLEXITY:
            yield f"{file}:{first}: {name} has complexity {complexity}, at most {MAX_COMPLEXITY}"


def check_calls(file, text):
    """The library itself: what it never does."""
    for number, line in enumerate(strip(text).split("\n"), 1):
        if CALLS.search(line):
            yield f"{file}:{number}: {CALLS.search(line).group()!r}: the library never does that"


def main():
    root = Path(sys.argv[1])
    sources = c_files(root)
    others = {p for pattern in OTHERS for p in root.glob(pattern) if p.is_file()}
    others = {p for p in others if not p.relative_to(root).parts[0].startswith("build")}
    problems = []
    for path in sources + sorted(others):
        file, text = path.relative_to(root), path.read_text(encoding="utf-8")
        problems += check_text(file, text)
        if path in sources:
            problems += check_functions(file, text)
        if file.parts[0] == "src":
            problems += check_calls(file, text)
    finish("check_style", problems, f"{len(sources) + len(others)} files")


if __name__ == "__main__":
    main()
