#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands with calls that fail (fault.c), and looks at how each run ends.

    run.py FOVEA FAULT.so [--all] [--only COMMAND,...] [--kinds KIND,...] [--jobs N]

Of every kind of call the Nth is made to fail, N = 1, 2, 3, ... until a run makes no Nth; without
--all only N = 1, 5, 25, 125, ..., of a few commands and kinds. Each run must end
  - with exit code 1, one line on stderr that begins with `fovea: `, and every output file absent,
    as it was before, or whole; or with exit code 0, nothing on stderr, and all files and stdout
    equal to the byte to those of a run that was not disturbed;
  - without a signal, a sanitizer's report (exit code 99), or a file nobody asked for.
The index of `examples` is a log that may stop after any whole block: a second, undisturbed run has
to go on from it to the same files.
"""
import argparse
import concurrent.futures
import errno
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "cli")
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import make  # noqa: E402  what the command-line tests make their inputs with
OLD = b"what was there before\n"
MOST = 100000

RENDER = ["--size", "SIZE", "--steps", "2", "-q"]
# What SIZE, PHOTO and the raw input x.npy are: small, and so that tensors and pictures are large.
SMALL = {"SIZE": "16", "PHOTO": "photo.jpg", "x.npy": "x.npy"}
LARGE = {"SIZE": "160", "PHOTO": "large.png", "x.npy": "large.npy"}
LARGE_BYTES = "65536"
# command: its words, the files and folders it writes
COMMANDS = {
    "layers": (["layers", "tiny.onnx", "--json"], []),
    "run": (["run", "tiny.onnx", "-i", "x.npy", "-o", "y.npy", "-q"], ["y.npy"]),
    "gradient": (["gradient", "tiny.onnx", "-i", "x.npy", "--objective", "logits:8", "-o", "g.npy",
                  "-q"], ["g.npy"]),
    "classify": (["classify", "tiny.onnx", "PHOTO", "--json"], []),
    "montage": (["visualize", "tiny.onnx", "stem/conv:0-2", "-o", "a.png", *RENDER], ["a.png"]),
    "each": (["visualize", "tiny.onnx", "stem/conv:0-2", "--each", "e", "--format", "webp",
              *RENDER], ["e"]),
    "animate": (["visualize", "tiny.onnx", "class:hen", "--animate", "a.webp", *RENDER],
                ["a.webp"]),
    "numbers": (["visualize", "tiny.onnx", "stem/conv:0-1", "--npy", "n.npy", "-o", "a.jpg",
                 "--recipe", "lucid", *RENDER], ["n.npy", "a.jpg"]),
    "dream": (["dream", "tiny.onnx", "PHOTO", "--steps", "2", "--octaves", "2", "--layer",
               "stem/conv", "-q", "-o", "d.png", "--animate", "d.gif"], ["d.png", "d.gif"]),
    "spectrum": (["spectrum", "photos", "-o", "s.npy", "-q"], ["s.npy"]),
    "activations": (["activations", "tiny.onnx", "stem/relu6", "PHOTO", "-o", "a.png", "--npy",
                     "a.npy", "-q"], ["a.png", "a.npy"]),
    "weights": (["weights", "tiny.onnx", "stem/conv", "-o", "w.png", "--histogram", "h.png",
                 "--npy", "w.npy", "-q"], ["w.png", "h.png", "w.npy"]),
    "examples": (["examples", "tiny.onnx", "head/conv:0-1", "photos", "-q", "-k", "2", "-o",
                  "p.png", "--each", "each", "--npy", "v.npy", "--index", "index"],
                 ["p.png", "each", "v.npy"]),
    "attribute": (["attribute", "tiny.onnx", "PHOTO", "-o", "m.png", "-q"], ["m.png"]),
    "compare": (["compare", "tiny.onnx", "bare.onnx", "head/conv", "PHOTO", "-o", "c.png",
                 "-q"], ["c.png"]),
    "sanity": (["sanity", "tiny.onnx", "PHOTO", "--method", "gradient", "-o", "m.png", "-q"],
               ["m.png"]),
}

# name: kind of call, errors, who makes it, what else
FAULTS = {
    "memory": ("alloc", ["ENOMEM"], "ours", {}),
    "memory-for-good": ("alloc", ["ENOMEM"], "ours", {"FAULT_ALWAYS": "1"}),
    "large": ("alloc", ["ENOMEM"], "all", {"FAULT_LEAST": LARGE_BYTES}),
    "write": ("write", ["ENOSPC", "EIO", "EPIPE", "short"], "all", {}),
    "disk-full": ("write", ["ENOSPC"], "all", {"FAULT_ALWAYS": "1"}),
    "close": ("close", ["EIO"], "ours", {}),
    "rename": ("rename", ["EROFS", "EACCES"], "all", {}),
    "open": ("open", ["EMFILE", "EROFS"], "ours", {}),
    "read": ("read", ["EIO", "short"], "ours", {}),
    "map": ("mmap", ["ENOMEM"], "ours", {}),
    "truncate": ("truncate", ["EIO"], "all", {}),
    "mkdir": ("mkdir", ["EROFS"], "all", {}),
}


class Failed(Exception):
    pass


def make_inputs(folder):
    for name in ("tiny.onnx", "bare.onnx", "photo.jpg"):
        shutil.copy(os.path.join(DATA, name), folder)
    os.makedirs(os.path.join(folder, "photos", "deep"))
    make.npy("1,3,32,32", os.path.join(folder, "x.npy"))
    make.npy("1,3,160,160", os.path.join(folder, "large.npy"))
    make.photos(os.path.join(folder, "photos"), 5)
    make.photo(os.path.join(folder, "large.png"), 400, 300, 1)


def put_old(folder, outputs):
    """Puts an old file in the place of every output."""
    for name in outputs:
        if "." in name:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(OLD)


def files_of(folder):
    """{path in the folder: bytes}, without the index of examples."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return {k: v for k, v in found.items() if not k.startswith("index" + os.sep)}


class Case:
    """One command in one folder after another."""

    def __init__(self, options, name, large, inputs):
        self.options, self.name, self.inputs = options, name, inputs
        words, self.outputs = COMMANDS[name]
        sizes = LARGE if large else SMALL
        self.words = [sizes.get(word, word) for word in words]
        folder = self.fresh()
        self.code, self.out, err = self.run(folder, {})
        self.whole = files_of(folder)
        shutil.rmtree(folder)
        if self.code or err:
            raise Failed(f"{name}: undisturbed it ends with {self.code}: {err}")

    def fresh(self):
        folder = tempfile.mkdtemp(prefix="fovea-fault-")
        for name in os.listdir(self.inputs):
            os.symlink(os.path.join(self.inputs, name), os.path.join(folder, name))
        return folder

    def run(self, folder, fault):
        env = dict(os.environ, LC_ALL="C.UTF-8", OMP_NUM_THREADS="1", HOME=folder,
                   XDG_CACHE_HOME=os.path.join(folder, ".cache"), VIPS_CONCURRENCY="1")
        if fault:
            env.update(fault, LD_PRELOAD=self.options.fault)
        env["ASAN_OPTIONS"] = ("exitcode=99:allocator_may_return_null=1:"
                               "verify_asan_link_order=0")  # ours stands before it
        env.setdefault("LSAN_OPTIONS", "print_suppressions=0:suppressions="
                       + os.path.join(HERE, "..", "..", "tools", "lsan.supp"))
        env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99:print_stacktrace=1")
        process = subprocess.run([self.options.fovea, *self.words],
                                 cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        return process.returncode, process.stdout, process.stderr.decode("utf-8", "replace")

    def check(self, folder, fault, old):
        """0 or 1 as the run ended, or Failed."""
        code, out, err = self.run(folder, fault)
        lines = err.splitlines()
        if code not in (0, 1):
            raise Failed(f"exit code {code}: {err}")
        if code == 1 and (len(lines) != 1 or not lines[0].startswith("fovea: ")):
            raise Failed(f"exit code 1 and not one line: {err!r}")
        if code == 0 and (err or out != self.out):
            raise Failed(f"exit code 0, but stderr or stdout are not as undisturbed: {err!r}")
        found = files_of(folder)
        for path in sorted({*found, *(self.whole if code == 0 else ())}):
            data = found.get(path)
            if data == self.whole.get(path) or (code == 1 and path in old and data == OLD):
                continue
            raise Failed(f"{path} was left behind" if path not in self.whole else
                         f"{path} is missing" if data is None else
                         f"{path}: {len(data)} bytes that are neither the old nor the whole file")
        return code

    def once(self, fault_name, error, n):
        """How the run with the Nth call failed ended: None if there is no Nth, else 0 or 1."""
        kind, _, who, more = FAULTS[fault_name]
        folder = self.fresh()
        report = tempfile.mktemp(prefix="fovea-fault-")
        number = error if error == "short" else str(getattr(errno, error))
        fault = {"FAULT_KIND": kind, "FAULT_AT": str(n), "FAULT_ERRNO": number, "FAULT_FROM": who,
                 "FAULT_REPORT": report, **more}
        old = self.outputs if n % 2 else []
        put_old(folder, old)
        try:
            code = self.check(folder, fault, old)
            there = os.path.exists(report)
            if there and code and self.name == "examples":
                self.check(folder, {}, old)
            return code if there else None
        except Failed as failed:
            raise Failed(f"{self.name}, {fault_name} {n} ({error}): {failed}") from None
        finally:
            shutil.rmtree(folder)
            if os.path.exists(report):
                os.unlink(report)


def numbers(everything):
    """1, 2, 3, ...; or 1, 5, 25, ..."""
    n = 1
    while n < MOST:
        yield n
        n = n + 1 if everything else 5 * n


def sweep(case, fault_name, error, everything):
    """(runs that ended with 0, with 1, [what went wrong])"""
    ended, wrong = [0, 0], []
    for n in numbers(everything):
        try:
            code = case.once(fault_name, error, n)
        except Failed as failed:
            wrong.append(str(failed))
            if len(wrong) >= 10:
                break
            continue
        if code is None:
            break
        ended[code] += 1
    return ended[0], ended[1], wrong


def chosen(options):
    """(command, fault, error) of all that is to be done."""
    commands = COMMANDS if options.all else ("run", "each", "dream", "examples", "attribute")
    kinds = FAULTS if options.all else ("memory", "write")
    for i, name in enumerate(options.only or commands):
        for fault in options.kinds or kinds:
            errors = FAULTS[fault][1]
            for error in errors if options.all else [errors[i % len(errors)]]:
                yield name, fault, error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fovea", type=os.path.abspath)
    parser.add_argument("fault", type=os.path.abspath)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", type=lambda s: s.split(","))
    parser.add_argument("--kinds", type=lambda s: s.split(","))
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    bad, reached = 0, {}
    with tempfile.TemporaryDirectory(prefix="fovea-fault-inputs-") as inputs, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        make_inputs(inputs)
        work = list(chosen(options))
        cases = {key: Case(options, *key, inputs)
                 for key in dict.fromkeys((w[0], w[1] == "large") for w in work)}
        done = pool.map(lambda w: (w, sweep(cases[w[0], w[1] == "large"], w[1], w[2],
                                            options.all)), work)
        for (name, fault, error), (harmless, failed, wrong) in done:
            print(f"{name:12} {fault:16} {error:7} {harmless + failed:6} calls failed: "
                  f"{failed} errors, {harmless} without harm, {len(wrong)} WRONG", flush=True)
            for text in wrong:
                print("   ", text)
            bad += len(wrong)
            reached[fault] = reached.get(fault, 0) + harmless + failed
    for fault, runs in reached.items():
        if not runs:
            print(f"{fault}: no call was made to fail: nothing was tested")
            bad += 1
    print(f"{sum(reached.values())} calls failed, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
