#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up test logs of meson:  count_tests.py TESTLOG.json...

Names what failed, then prints `N passed, N failed, N skipped`. Fails if a test failed, if a log is
missing, or if nothing passed."""
import json
import sys
from pathlib import Path


def results(path):
    """(name, result) of each test of a log; a log that is not there is a failure."""
    try:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            yield entry["name"], entry["result"]
    except (OSError, ValueError, KeyError) as error:
        yield f"{path}: {error}", "ERROR"


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        folder = Path(path).parent.parent.name
        for name, result in results(path):
            kind = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(
                result, "failed")
            counts[kind] += 1
            if kind != "passed":
                print(f"{kind} in {folder}: {name} ({result})")
    print(", ".join(f"{number} {kind}" for kind, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
