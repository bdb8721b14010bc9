# SPDX-License-Identifier: Apache-2.0
"""What the check scripts share: which files are ours, and C text without comments and strings."""
import re
import sys
from pathlib import Path

C_FOLDERS = ("include", "src", "cli", "tests", "examples", "bench", "fuzz")


def c_files(root, folders=C_FOLDERS):
    """Our .c and .h files below root, sorted; generated ones lie in build folders, not here."""
    return sorted(p for f in folders for p in (Path(root) / f).rglob("*.[ch]"))


_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def strip(text):
    """The text with comments blanked and strings emptied; every line stays on its line."""
    def blank(match):
        token = match.group()
        if token[0] in "\"'":
            return token[0] * 2
        return "\n" * token.count("\n") or " "
    return _NOISE.sub(blank, text)


_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_HEAD = re.compile(r"([A-Za-z_]\w*)\s*\([^{};]*\)[^{};()=]*$")


def functions(text):
    """Function definitions in C text: (name, first line, last line, body)."""
    code = _DIRECTIVE.sub(lambda m: "\n" * m.group().count("\n"), strip(text))
    found, depth, start, head = [], 0, 0, 0
    for i, char in enumerate(code):
        if char == "{":
            if depth == 0:
                start = i
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                name = function_name(code[head:start])
                if name:
                    first = code.count("\n", 0, head + leading_space(code[head:start])) + 1
                    found.append((name, first, code.count("\n", 0, i) + 1, code[start:i + 1]))
                head = i + 1
        elif char == ";" and depth == 0:
            head = i + 1
    return found


def leading_space(text):
    return len(text) - len(text.lstrip())


def function_name(head):
    """The name a definition's head declares, or None if it is a struct, an enum or an array."""
    match = _HEAD.search(head.rstrip())
    if not match or re.search(r"=\s*$", head):
        return None
    return re.search(r"([A-Za-z_]\w*)\s*\(", head).group(1)


def finish(script, problems, what):
    """Prints what was found and exits 0 or 1."""
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"{script}: {len(problems)} problem{'s' * (len(problems) != 1)}")
    print(f"{script}: {what}: nothing wrong")
    sys.exit(0)
