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


def parameters(text):
    """Function definitions in C text: (name, line, number of parameters)."""
    lines = text.split("\n")
    for name, first, last, _ in functions(text):
        code = strip("\n".join(lines[first - 1:last]))
        match = re.search(rf"\b{name}\s*\(", code)
        if match:  # not a function that a macro defines
            yield name, first, _count_arguments(code[match.end():])


def _count_arguments(code):
    """How many arguments precede the parenthesis that closes the list."""
    depth, commas = 0, 0
    for i, char in enumerate(code):
        if char == ")" and depth == 0:
            return 0 if code[:i].strip() in ("", "void") else commas + 1
        depth += (char in "([") - (char in ")]")
        commas += char == "," and depth == 0
    return 0


_SECTION = re.compile(r"/\* -{2,} ([\w/]+\.c)\b[^\n]*\*/")
_PROTOTYPE = re.compile(r"([A-Za-z_]\w*)\s*\((?!\s*\*)")


def _prototypes(code):
    """Names of the functions that stripped code without directives declares and does not define."""
    depth, head, kept = 0, 0, []
    for i, char in enumerate(code):
        depth += (char == "{") - (char == "}")
        if char == "}" and depth == 0 and function_name(code[head:code.find("{", head)]):
            head = i + 1
        elif char == ";" and depth == 0:
            kept.append(code[head:i])
            head = i + 1
    for text in kept:
        match = None if re.match(r"\s*(typedef|struct \w+ \{)", text) else _PROTOTYPE.search(text)
        if match and not re.search(r"[{=]", text[:match.start()]):
            yield match.group(1)


def declared_functions(text):
    """The functions a header declares: (name, "file.c" of the section comment above it or None)."""
    parts = _SECTION.split(text)
    for section, part in zip([None, *parts[1::2]], parts[::2]):
        code = _DIRECTIVE.sub("", strip(part)).replace('extern "C" {', "")
        yield from ((name, section) for name in _prototypes(code))


def finish(script, problems, what):
    """Prints what was found and exits 0 or 1."""
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"{script}: {len(problems)} problem{'s' * (len(problems) != 1)}")
    print(f"{script}: {what}: nothing wrong")
    sys.exit(0)
