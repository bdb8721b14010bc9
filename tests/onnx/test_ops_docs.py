# SPDX-License-Identifier: Apache-2.0
"""docs/ops.md names every operator of src/model/onnx/operators.def with its opsets, and no other.

    python3 test_ops_docs.py ROOT
"""
import re
import sys
from pathlib import Path

OLDEST = 7


def opsets(name, first, last):
    first = first if "." in name else max(first, OLDEST)
    return f"{first} on" if last == "NEWEST" else f"{first}-{last}"


def main(root):
    table = (Path(root) / "src/model/onnx/operators.def").read_text(encoding="utf-8")
    known = {name: opsets(name, int(first), last) for name, first, last in
             re.findall(r'^FVI_ONNX_OP\("([\w.]+)", (\d+), (\d+|NEWEST),', table, re.M)}
    text = (Path(root) / "docs/ops.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| ([0-9]+(?:-[0-9]+| on)) \|", text, re.M)
    written = dict(rows)
    problems = [f"{op} stands twice in docs/ops.md" for op in written
                if sum(op == r[0] for r in rows) > 1]
    problems += [f"{op} is not in docs/ops.md" for op in known if op not in written]
    problems += [f"{op} of docs/ops.md is not in onnx_ops.def" for op in written if op not in known]
    problems += [f"{op}: opsets {known[op]}, docs/ops.md says {written[op]}" for op in known
                 if op in written and known[op] != written[op]]
    if len(known) < 80:
        problems.append(f"only {len(known)} operators found in onnx_ops.def")
    for p in problems:
        print(p)
    print(f"{len(known)} operators, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
