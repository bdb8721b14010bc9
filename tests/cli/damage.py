#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages a sound network in many ways, one at a time, and opens it: every time the program must
end with exit code 0 or 1, and in the latter case with one line that begins with `fovea: `.

    damage.py FOVEA

Most flips hit the file's two ends, which hold its structure (nodes; inputs, outputs, metadata), the
others its weights; and the file is cut at many lengths. The choice is fixed: a failure can be
repeated.
"""
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOUND = os.path.join(HERE, "..", "data", "cli", "tiny.onnx")
FLIPS, CUTS = 200, 30
HEAD, TAIL = 1400, 800


def cases(data):
    """(name, bytes) of every damaged file."""
    choice = random.Random(1)
    ends = [*range(HEAD), *range(len(data) - TAIL, len(data))]
    for i in range(FLIPS):
        at, bit = choice.choice(ends if i % 4 else range(len(data))), choice.randrange(8)
        yield f"bit {bit} of byte {at} flipped", (
            data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1:])
    for _ in range(CUTS):
        length = choice.randrange(len(data))
        yield f"cut to {length} bytes", data[:length]


def check(fovea, path, name, env):
    process = subprocess.run([fovea, "layers", path, "--json"], env=env, timeout=60,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    lines = process.stderr.decode("utf-8", "replace").splitlines()
    bad = process.returncode not in (0, 1)
    if process.returncode == 1:
        bad = len(lines) != 1 or not lines[0].startswith("fovea: ") or "damaged" not in lines[0]
    if bad:
        print(f"{name}: exit code {process.returncode}", *lines[:40], sep="\n  ")
    return process.returncode, not bad


def main():
    fovea = sys.argv[1]
    env = dict(os.environ, LC_ALL="C.UTF-8")
    env.setdefault("ASAN_OPTIONS", "exitcode=99")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99:print_stacktrace=1")
    with open(SOUND, "rb") as file:
        data = file.read()
    results = []
    with tempfile.TemporaryDirectory(prefix="fovea-damage-") as folder:
        path = os.path.join(folder, "damaged.onnx")
        for name, damaged in cases(data):
            with open(path, "wb") as file:
                file.write(damaged)
            results.append(check(fovea, path, name, env))
    refused = sum(code == 1 for code, _ in results)
    print(f"{len(results)} damaged files: {refused} refused, {len(results) - refused} opened")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
