#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how long `fovea layers` takes to open files, and what memory:

    starts.py FOVEA FILE... [--times N]

Each file is opened N times (default 10). Printed are the file's size (with the weights beside it),
the shortest time, the shortest time of the processor, which other programs on the machine disturb
less, and the largest resident memory, pages of the mapped file among it."""
import argparse
import os
import time
from pathlib import Path


def size_of(path):
    """Bytes of a file, with its weights, or of a folder."""
    if path.is_dir():
        return sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    ending = {".cfg": ".weights", ".prototxt": ".caffemodel"}.get(path.suffix)
    beside = [path.with_suffix(ending)] if ending else []
    return path.stat().st_size + sum(b.stat().st_size for b in beside if b.exists())


def measure(command):
    """Seconds, seconds of the processor and MB of one run."""
    start = time.perf_counter()
    child = os.fork()
    if not child:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.execv(command[0], command)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: failed")
    return (time.perf_counter() - start, usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024 / 1e6)


def main():
    """A row of a table for each file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("fovea")
    options.add_argument("file", nargs="+", type=Path)
    options.add_argument("--times", type=int, default=10)
    args = options.parse_args()
    print("| file | MB | seconds | processor | memory, MB |\n|---|---:|---:|---:|---:|")
    for path in args.file:
        runs = [measure([args.fovea, "layers", str(path)]) for _ in range(args.times)]
        wall, processor, memory = (min(r[0] for r in runs), min(r[1] for r in runs),
                                   max(r[2] for r in runs))
        print(f"| {path.name} | {size_of(path) / 1e6:.1f} | {wall:.2f} | {processor:.2f} | "
              f"{memory:.0f} |")


if __name__ == "__main__":
    main()
