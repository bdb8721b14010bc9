#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutates networks at random and opens and runs each mutant as a stranger's file would be.

    mutate.py FOVEA [--count N] [--seed S] [--jobs J] [--keep FOLDER] [--only K] FILE|FOLDER...

Every mutant goes through `fovea layers`, `run` and `gradient`. Each must end within 10 seconds of
processor time (60 on the clock) with exit code 0 or 1, in the latter case with exactly one line on
stderr that begins with `fovea: `, without a signal or a sanitizer's report, and may not hold more
memory than --memory (default: the plan's limit, 4 GiB, and 2 GiB for all else). Mutant number k
depends on S and k alone. What fails is kept in FOLDER with the command that shows it.

FILE|FOLDER: the networks to start from (default: those of tests/golden and tests/data/cli).
"""
import argparse
import array
import collections
import concurrent.futures
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

import mutations
import wire

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
# Of processor time, and of the clock: of the program as people run it. With sanitizers the same
# work takes several times as long, and the build says so.
WORK = "work=128G"  # an eighth of the default: what stays within it ends in time on one thread
SECONDS = int(os.environ.get("FOVEA_MUTANT_SECONDS", "10"))
CLOCK = 6 * SECONDS
SEED_MAX = 32 << 20  # bytes of a file to start from
INPUT_MAX = 1 << 20  # numbers of an input


def find_networks(paths):
    found = []
    for path in paths or [os.path.join(TESTS, "golden"), os.path.join(TESTS, "data", "cli")]:
        if os.path.isdir(path):
            for folder, _, files in os.walk(path):
                found += [os.path.join(folder, f) for f in files if f.endswith(".onnx")]
        else:
            found.append(path)
    folders = collections.defaultdict(list)  # a mutant is of a folder first: few large, many small
    for f in sorted(found):
        if 0 < os.path.getsize(f) <= SEED_MAX:
            folders[os.path.dirname(f)].append(f)
    return [files for _, files in sorted(folders.items())]


# ---- a mutant's input ----

def input_shape(data, choice):
    """The shape the first input says it has, free sizes chosen; None where that cannot be told."""
    try:
        graph = wire.first(wire.parse(data), 7) or []
    except wire.BROKEN:
        return None
    weights = {wire.first(f[2], 8) for f in graph if f[1] == "tensor"}
    for field in graph:
        if field[0] != 11 or field[1] != "value" or wire.first(field[2], 1) in weights:
            continue
        kind = wire.first(wire.first(field[2], 2) or [], 1) or []
        sizes = [wire.first(f[2], 1) for f in wire.first(kind, 2) or [] if f[1] == "dim"]
        sizes = [s if s and s < 1 << 63 else choice.choice([1, 1, 2, 3, 16, 32, 224])
                 for s in sizes]
        return sizes
    return None


def write_npy(path, sizes, choice):
    count = 1
    for s in sizes:
        count *= s
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }" % "".join(
        f"{s}," for s in sizes)
    text += " " * (63 - (len(text) + 10) % 64) + "\n"
    noise = array.array("f", [choice.uniform(-1, 1) for _ in range(min(count, 4096))])
    data = noise.tobytes() * (count // max(len(noise), 1) + 1)
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode())
        file.write(data[:4 * count])


# ---- one process ----

def limit_memory(bytes_most):
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if bytes_most:
            resource.setrlimit(resource.RLIMIT_AS, (bytes_most, bytes_most))
    return limit


def processor_seconds(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0.0


Result = collections.namedtuple("Result", "code seconds rss lines slow")


def run(words, folder, env, address_space):
    """Runs one command to its end, or until its time is over."""
    with open(os.path.join(folder, "stderr"), "w+b") as err:
        process = subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=err,
                                   preexec_fn=limit_memory(address_space))
        start, slow, pause = time.monotonic(), False, 0.002
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            clock = time.monotonic() - start
            if clock > SECONDS and (clock > CLOCK or processor_seconds(process.pid) > SECONDS):
                slow = True
                process.kill()
                _, status, usage = os.wait4(process.pid, 0)
                break
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        lines = err.read(1 << 16).decode("utf-8", "replace").splitlines()
    return Result(process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10,
                  lines, slow)


def wrong(result, memory):
    """What is wrong with how a command ended; None when nothing is."""
    if result.slow:
        return f"ran longer than {SECONDS} s"
    if result.code < 0:
        return f"ended by {signal.Signals(-result.code).name}"
    if result.code not in (0, 1):
        return f"exit code {result.code}"
    if result.rss > memory:
        return f"held {result.rss >> 20} MiB"
    errors = [line for line in result.lines if not line.startswith("fovea: note: ")]
    if result.code == 1 and (len(errors) != 1 or not errors[0].startswith("fovea: ")):
        return f"{len(errors)} lines on stderr that are no notes"
    if any("runtime error" in line or "Sanitizer" in line for line in result.lines):
        return "a sanitizer's report"
    return None


# ---- one mutant ----

class Trial:
    def __init__(self, options, networks):
        self.options = options
        self.networks = networks
        self.data = {}
        self.env = dict(os.environ, LC_ALL="C.UTF-8", OMP_WAIT_POLICY="passive")
        self.env.setdefault("ASAN_OPTIONS", "exitcode=99:allocator_may_return_null=1:"
                            "detect_leaks=1:max_allocation_size_mb=8192")
        self.env.setdefault("LSAN_OPTIONS", "print_suppressions=0:suppressions="
                            + os.path.join(TESTS, "..", "tools", "lsan.supp"))
        self.env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99:print_stacktrace=1")

    def read(self, path):
        if path not in self.data:
            with open(path, "rb") as file:
                self.data[path] = file.read()
        return self.data[path]

    def chance(self, k):
        return random.Random(f"{self.options.seed}:{k}")

    def prepare(self, k, folder):
        """Makes mutant k and its input; (what was done, arguments of the three commands)."""
        choice = self.chance(k)
        start = choice.choice(choice.choice(self.networks))
        others = [self.read(choice.choice(choice.choice(self.networks))) for _ in range(2)]
        how, data = mutations.mutate(self.read(start), choice, others)
        with open(os.path.join(folder, "mutant.onnx"), "wb") as file:
            file.write(data)
        with open(os.path.join(folder, "weights.bin"), "wb") as file:
            file.write(bytes(choice.choice([0, 1, 64, 4096, 65536])))
        os.mkfifo(os.path.join(folder, "fifo"))
        os.symlink("/etc/passwd", os.path.join(folder, "link"))
        os.symlink("/etc", os.path.join(folder, "linkdir"))
        sizes = input_shape(data if choice.random() < 0.8 else self.read(start), choice) or [1]
        while sizes and array_size(sizes) > INPUT_MAX:
            sizes[sizes.index(max(sizes))] = choice.choice([1, 2, 7])
        write_npy(os.path.join(folder, "x.npy"), sizes, choice)
        layer = choice.choice(["#0", "#1", "#2", "#5", "#-1", "y", "#0:0", "#3:1"]
                              + [f"#{choice.randrange(40)}"] * 4)
        threads = ["--threads", choice.choice(["1", "1", "2"])]
        model = ["mutant.onnx", "--limit", WORK]
        some = ["--layer", layer] if choice.random() < 0.4 else []
        json = ["--json"] if choice.random() < 0.3 else []
        return f"{os.path.basename(start)}: {how}", [
            ["layers", *model, *json, *threads],
            ["run", *model, "--input", "x.npy", "-o", "y.npy", *some, *threads],
            ["gradient", *model, "--input", "x.npy", "-o", "g.npy", "--objective", layer, *threads]]

    def __call__(self, k):
        """(number, what was done, results, what went wrong or None)"""
        folder = tempfile.mkdtemp(prefix="fovea-mutant-")
        try:
            how, commands = self.prepare(k, folder)
            results, bad = [], None
            for words in commands:
                r = run([self.options.fovea, *words], folder, self.env, self.options.address_space)
                results.append(r)
                problem = wrong(r, self.options.memory)
                if problem and not bad:
                    bad = f"{' '.join(words)}: {problem}"
                    self.keep(k, how, folder, bad, r)
            return k, how, results, bad
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, k, how, folder, bad, result):
        if not self.options.keep:
            return
        to = os.path.join(self.options.keep, str(k))
        os.makedirs(to, exist_ok=True)
        shutil.copytree(folder, to, symlinks=True, dirs_exist_ok=True, ignore=special)
        with open(os.path.join(to, "why.txt"), "w", encoding="utf-8") as file:
            print(how, bad, *result.lines[:60], sep="\n", file=file)


def special(folder, names):
    """Those of a folder's names that are no files or folders, and what commands wrote."""
    return [n for n in names if n == "stderr" or not os.path.exists(os.path.join(folder, n))
            or stat.S_ISFIFO(os.stat(os.path.join(folder, n)).st_mode)]


def array_size(sizes):
    count = 1
    for s in sizes:
        count *= s
    return count


def parse_options():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("fovea", type=os.path.abspath)
    p.add_argument("networks", nargs="*")
    p.add_argument("--count", type=int, default=10000)
    p.add_argument("--seed", default="1")
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--keep", help="folder for what fails")
    p.add_argument("--only", type=int, help="this mutant alone")
    p.add_argument("--memory", type=int, default=6144, help="MiB a process may hold")
    p.add_argument("--address-space", type=int, default=0, help="MiB, enforced by the system")
    options = p.parse_intermixed_args()
    options.memory <<= 20
    options.address_space <<= 20
    return options


def main(kind=Trial, find=find_networks):
    """kind: of trials; find: makes lists of networks, one a folder, of the paths that are given."""
    sys.setrecursionlimit(20000)  # graphs in graphs
    threading.stack_size(256 << 20)
    options = parse_options()
    trial = kind(options, find(options.networks))
    numbers = [options.only] if options.only is not None else range(options.count)
    codes, failures = collections.Counter(), 0
    slowest, largest = (0.0, None), (0, None)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for k, how, results, bad in pool.map(trial, numbers):
            for r in results:
                codes[r.code] += 1
                slowest = max(slowest, (r.seconds, k), key=lambda x: x[0])
                largest = max(largest, (r.rss, k), key=lambda x: x[0])
            if bad:
                failures += 1
                print(f"mutant {k} of {how}\n  {bad}", flush=True)
                for r in results:
                    print(*("    " + line[:300] for line in r.lines[:4]), sep="\n")
    print(f"{len(numbers)} mutants of {sum(map(len, trial.networks))} networks, "
          f"{sum(codes.values())} commands: {codes[0]} done, {codes[1]} refused, "
          f"{failures} mutants failed")
    print(f"longest {slowest[0]:.1f} s of processor time (mutant {slowest[1]}), most memory "
          f"{largest[0] >> 20} MiB (mutant {largest[1]})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
