#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the guests of `./bootstrap emulate` said:  report.py GUESTS FOVEA [GUEST...]

Prints a line for every command that failed, the processors, what oneDNN took for bf16, and, for
each unit, what the pictures made in f32 and in bf16 reach: the unit's mean over its map, computed
in f32 by FOVEA, here. Ends with 1 if a command failed, bf16 was not on where pictures were made in
it, or one of them reaches less than 98 % of what f32's does."""
import base64
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

LEAST = 0.98


def read_guest(folder):
    """(processor, {name: code}, {file: bytes}) of a guest; what it did not finish is not there."""
    try:
        text = (folder / "serial.txt").read_bytes().decode("utf-8", "replace").replace("\r", "")
    except OSError:
        text = ""
    processor = re.search(r"^PROCESSOR (.*?) *$", text, re.M)
    results = {n: int(c) for c, n in re.findall(r"^RESULT (\d+) (\S+)$", text, re.M)}
    files = {}
    sent = re.search(r"^OUTPUT\n(.*?)^END$", text, re.M | re.S)
    if sent:
        # the kernel's own messages may stand between
        lines = [x for x in sent[1].splitlines() if re.fullmatch(r"[A-Za-z0-9+/=]+", x)]
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode("".join(lines)))) as tar:
            files = {m.name.removeprefix("./"): tar.extractfile(m).read()
                     for m in tar if m.isfile()}
    return processor[1] if processor else "none", results, files


def score(fovea, model, unit, npy):
    """The mean of a unit over the network's input in `npy`."""
    layer, channel = unit.rsplit(":", 1)
    with tempfile.TemporaryDirectory() as folder:
        x, y = Path(folder, "x.npy"), Path(folder, "y.npy")
        x.write_bytes(npy)
        subprocess.run([fovea, "run", model, "-i", x, "-o", y, "--size", "64", "-q",
                        "-l", "logits" if layer == "class" else layer], check=True)
        return float(np.load(y)[0, int(channel)].mean())


def compare_pictures(fovea, words, files):
    """Prints a row a unit; 1 if one falls short."""
    model, units, bad = words[2], words[3:words.index("--recipe")], 0
    for unit in units:
        stem = re.sub("[:/]", "_", unit)
        pair = [next((f for f in files if f.startswith(f"{p}/{stem}") and f.endswith(".npy")), None)
                for p in ("f32", "bf16")]
        if None in pair:
            print(f"  {unit}: pictures are missing")
            bad = 1
            continue
        f32, bf16 = (score(fovea, model, unit, files[f]) for f in pair)
        print(f"  {unit:24} f32 {f32:8.3f}  bf16 {bf16:8.3f}  {bf16 / f32:6.3f}")
        bad |= bf16 < LEAST * f32
    return bad


def report(folder, fovea):
    """Prints what a guest did; 1 if something is wrong."""
    jobs = [line.split() for line in (folder / "job").read_text().splitlines()]
    processor, results, files = read_guest(folder)
    passed = sum(results.get(j[0]) == 0 for j in jobs)
    print(f"{folder.name}: {passed} of {len(jobs)} commands passed ({processor})")
    for name, *_ in jobs:
        if results.get(name) != 0:
            print(f"  {name}:", f"ended with {results[name]}" if name in results else "no result")
    bad = passed != len(jobs)
    for name, *words in jobs:
        log = files.get(f"{name}.log", b"").decode()
        if name == "ops-bf16":
            bad |= not log.rstrip().endswith("bf16")
            for row in re.findall(r"^([a-z]\S*(?: loop)?) +(\d+) ", log[log.find("\nby "):], re.M):
                print(f"  {row[0]}, {row[1]} times")  # how long it took means nothing here
        if name.endswith("precision"):
            print("  " + "\n  ".join(re.findall(r"^asked.*$", log, re.M)))
        if name == "pictures-bf16":
            bad |= compare_pictures(fovea, words, files)
    return bad


def main():
    guests, fovea, *wanted = sys.argv[1:]
    folders = [f for f in sorted(Path(guests).iterdir()) if not wanted or f.name in wanted]
    bad = [report(f, fovea) for f in folders]
    return 1 if any(bad) or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
