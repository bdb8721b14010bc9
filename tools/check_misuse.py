#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each public function has its misuse tested:

    check_misuse.py HEADERS TESTS

TESTS are C files with lines as tests/api/misuse.h has them. Wanted are, of each function that the
headers declare:
- one that returns fv_status: a call that is REFUSED; every other one: a call;
- each pointer argument but `err`: a call in which it is NULL;
- each number or enum: two calls in which it differs (flags and seeds, of which any value is good,
  are named in ANY_VALUE);
and of each number in a desc, and each enum: two lines that set it to a wrong value
(`.field = VALUE` or FIELD(field, VALUE, ...))."""
import re
import sys
from pathlib import Path

from csource import finish, strip

# Of these any value is allowed: flags, seeds, and what is not looked at.
ANY_VALUE = {"seed", "lowest", "loop", "across", "fixed", "each", "min_max", "grey", "scale_tile",
             "channels_last", "original_colors"}
# Fields that calls cannot have wrong by themselves: an array is tested as a whole.
WHOLE = {"shape"}


def arguments(text, at):
    """The arguments of the call whose '(' is at text[at], and where it ends."""
    depth, start, parts, quoted = 0, at + 1, [], None
    for i in range(at, len(text)):
        c = text[i]
        if quoted:
            if c == quoted and text[i - 1] != "\\":
                quoted = None
        elif c in "\"'":
            quoted = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if not depth:
                parts.append(text[start:i].strip())
                return parts, i + 1
        elif c == "," and depth == 1:
            parts.append(text[start:i].strip())
            start = i + 1
    return parts, len(text)


def declarations(text):
    """(returned type, name, [(type, parameter name)]) of each function."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", strip(text), flags=re.MULTILINE)
    found = []
    for m in re.finditer(r"\bFV_API\b([^;(]*?)(\w+)\s*(\([^;]*\))\s*;", code):
        params = []
        for p in arguments(m.group(3), 0)[0]:
            p = re.sub(r"\s+", " ", p)
            if p in ("void", ""):
                continue
            name = re.search(r"(\w+)(?:\[\d*\])?$", p)
            pointer = "*" in p or "[" in p
            params.append(("pointer" if pointer else p[:name.start()].strip(), name.group(1)))
        found.append((m.group(1).strip(), m.group(2), params))
    return found


def desc_fields(text):
    """(struct, field) of each number or enum of the structs that callers fill in."""
    code, fields = strip(text), []
    pattern = r"typedef struct (fv_\w+_desc) \{(.*?)\n\} \1;"
    for m in re.finditer(pattern, code, re.DOTALL):
        for line in m.group(2).split(";"):
            line = re.sub(r"\s+", " ", line).strip()
            kind = re.match(r"(int|float|double|int64_t|uint64_t|fv_\w+) (?!\*)(.*)$", line)
            if not kind or "*" in line or kind.group(1).endswith(("_desc", "_fn")):
                continue
            for name in kind.group(2).split(","):
                fields.append((m.group(1), name.strip().split("[")[0]))
    return fields


def tested(text):
    """(is refused, name, [arguments]) of each call of a public function; macros of the test itself
    that stand for such a call are put in."""
    code, macros = strip(text), {}
    joined = code.replace("\\\n", " ")
    for m in re.finditer(r"^#define (\w+)\(([^)]*)\)(.*)$", joined, re.MULTILINE):
        macros[m.group(1)] = ([p.strip() for p in m.group(2).split(",")], m.group(3))
    calls = []
    for m in re.finditer(r"\b(REFUSED|WORKS|GIVES|HARMLESS)\s*\(", joined):
        parts, _ = arguments(joined, m.end() - 1)
        calls += expanded(m.group(1) == "REFUSED", parts[-1], macros)
        if m.group(1) == "REFUSED":      # the macro's argument may itself be cut at a comma
            calls += expanded(True, ",".join(parts[2:]), macros)
    for m in re.finditer(r"\b(fv_\w+)\s*\(", joined):
        calls.append((False, m.group(1), arguments(joined, m.end() - 1)[0]))
    return calls


def expanded(refused, call, macros):
    m = re.match(r"\s*(\w+)\s*\(", call)
    if not m:
        return []
    parts, _ = arguments(call, m.end() - 1)
    if m.group(1) not in macros:
        return [(refused, m.group(1), parts)]
    names, body = macros[m.group(1)]
    values = dict(zip(names, parts))
    if names[-1] == "...":
        values["__VA_ARGS__"] = ", ".join(parts[len(names) - 1:])
    pattern = r"\b(" + "|".join(re.escape(n) for n in values if n != "...") + r")\b"
    body = re.sub(pattern, lambda v: values[v.group(1)], body) if values else body
    return expanded(refused, body, macros)


def check_function(returned, name, params, calls):
    mine = [c for c in calls if c[1] == name and len(c[2]) == max(len(params), 1)]
    if not mine:
        return [f"{name}: no test calls it"]
    problems = []
    if returned == "fv_status" and not any(c[0] for c in mine):
        problems.append(f"{name}: no call is refused")
    for i, (kind, parameter) in enumerate(params):
        values = {c[2][i] for c in mine}
        if parameter == "err" or parameter in ANY_VALUE or kind == "uint64_t":
            continue
        if kind == "pointer" and "NULL" not in values and parameter != "user":
            problems.append(f"{name}: {parameter} is NULL in no call")
        if kind not in ("pointer", "fv_progress_fn") and len(values) < 2:
            problems.append(f"{name}: {parameter} is {values.pop()} in every call")
    return problems


def check_field(struct, field, text):
    if field in ANY_VALUE | WHOLE or f"{field} of {struct}" in ANY_VALUE:
        return []
    pattern = rf"\.{field}\s*=\s*([^,;}}]+)|\b(?:FIELD|BAD)\((?:\w+\.)?{field},\s*([^,]+),"
    values = {a or b for a, b in re.findall(pattern, text)}
    return [] if len(values) >= 2 else [f"{struct}.{field}: fewer than two wrong values are tested"]


def main():
    headers, tests = sys.argv[1:]
    texts = [p.read_text(encoding="utf-8") for p in sorted(Path(headers).glob("*.h"))]
    sources = [p.read_text(encoding="utf-8") for p in sorted(Path(tests).glob("*.c"))]
    calls = [c for s in sources for c in tested(s)]
    all_tests, problems, count = "\n".join(strip(s) for s in sources), [], 0
    for text in texts:
        for returned, name, params in declarations(text):
            problems += check_function(returned, name, params, calls)
            count += 1
        for struct, field in desc_fields(text):
            problems += check_field(struct, field, all_tests)
    if not count:
        problems.append(f"{headers}: nothing is declared")
    finish("check_misuse", sorted(set(problems)), f"{count} functions")


if __name__ == "__main__":
    main()
