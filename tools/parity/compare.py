# SPDX-License-Identifier: Apache-2.0
"""Compares fovea with PyTorch, network by network, and writes the table of docs/parity.md.

    python compare.py [--fovea PROGRAM] [--cache FOLDER] [--shared FOLDER] [NET...]

Every network is built, exported and computed by PyTorch in a process of its own (export.py), whose
results are kept in the cache folder; then `fovea run` and `fovea gradient` are asked for the output
and two middle values of every file, for one sample and for two. Without NET, all networks are
compared and docs/parity.md is rewritten. Exit code 1 if anything is out of tolerance.
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import zoo

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FORWARD, GRADIENT = 1e-4, 1e-3    # relative to the largest magnitude
MEMORY = 12 << 30                 # of one network's process
TIMEOUT = 900                     # seconds
HEAD = ("| network | exporter | opset | batch in file | nodes | forward | gradient "
        "| of its numbers off | PyTorch f32 gradient | seconds |\n"
        "|---|---|---|---|---|---|---|---|---|---|\n")


def limited():
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def relative(a, b):
    if a.shape != b.shape:
        return float("inf")
    off = np.abs(a.astype(np.float64) - b)
    return float("inf") if np.isnan(off).any() else float(off.max() / max(np.abs(b).max(), 1e-30))


def share_off(a, b):
    """The share of the numbers that are out of the gradient's tolerance."""
    if a.shape != b.shape:
        return 1.0
    off = np.abs(a.astype(np.float64) - b) > GRADIENT * max(np.abs(b).max(), 1e-30)
    return float((off | np.isnan(a)).mean())


class Fovea:
    """The command, in a folder for its files."""

    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)

    def ask(self, word, model, samples, *options):
        out = self.folder / "out.npy"
        done = subprocess.run(
            [self.program, word, model, "--input", self.folder / f"x{samples}.npy", *options,
             "-o", out, "--quiet"], capture_output=True, text=True, preexec_fn=limited,
            timeout=TIMEOUT)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip()
                               else f"exit code {done.returncode}")
        return np.load(out)


def compare_file(fovea, path, entry, record, arrays):
    """The largest errors of one file, forward and gradient; the largest share of numbers off."""
    forward = gradient = share = 0.0
    for samples in (1, 2):
        np.save(fovea.folder / f"x{samples}.npy", arrays["x"][:samples])
        for value, channel, key in zip(entry["values"], record["channels"], "01y"):
            want = arrays["y" if key == "y" else f"a{key}"][:samples]
            forward = max(forward, relative(
                fovea.ask("run", path, samples, "--layer", value), want))
            got = fovea.ask("gradient", path, samples, "--objective", f"{value}:{channel}")
            gradient = max(gradient, relative(got, arrays[f"g{key}"][:samples]))
            share = max(share, share_off(got, arrays[f"g{key}"][:samples]))
    return forward, gradient, share


def compare_net(name, cache, fovea):
    """Rows of the table for one network."""
    made = subprocess.run([sys.executable, HERE / "export.py", name, cache], text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=limited,
                          timeout=TIMEOUT)
    stem = Path(name).stem
    if made.returncode:
        reason = made.stderr.strip().splitlines()[-1][:160] if made.stderr.strip() else "killed"
        return [dict(net=stem, exporter="", problem=f"not exported: {reason}")]
    record = json.loads((cache / f"{stem}.json").read_text())
    arrays = np.load(cache / f"{stem}.npz")
    own = max(v for k, v in record["torch_error"].items() if k.startswith("g"))
    rows = []
    for entry in record["files"].values():
        row = dict(net=stem, own=own, problem="", **entry)
        start = time.time()
        if "failed" in entry:
            row["problem"] = "PyTorch does not export it: " + entry["failed"]
        else:
            try:
                row["forward"], row["gradient"], row["share"] = compare_file(
                    fovea, cache / entry["file"], entry, record, arrays)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                row["problem"] = str(error)[:200]
        row["seconds"] = time.time() - start
        rows.append(row)
    return rows


def good(row):
    """Within tolerance. A file that could not be compared is not good, whoever's fault it is."""
    return not row["problem"] and row["forward"] <= FORWARD and row["gradient"] <= GRADIENT


def line(row):
    if row["problem"]:
        return f"| {row['net']} | {row['exporter']} | | | | {row['problem']} | | | | |"
    mark = "" if good(row) else " **out of tolerance**"
    return (f"| {row['net']} | {row['exporter']} | {row['opset']} | {row['batch']} "
            f"| {row['nodes']} | {row['forward']:.1e} | {row['gradient']:.1e}{mark} "
            f"| {100 * row['share']:.2g} % | {row['own']:.1e} | {row['seconds']:.0f} |")


def versions(program):
    packages = ("torch", "torchvision", "onnx", "onnxscript", "onnxruntime", "numpy")
    told = [f"{p} {importlib.metadata.version(p)}" for p in packages]
    own = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.split("\n")
    cpu = next((x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().split("\n")
                if x.startswith("model name")), platform.processor())
    return (f"{', '.join(told)}; {' '.join(' '.join(own).split())}; {cpu}, {os.cpu_count()} "
            f"processors; {datetime.date.today()}")


def write_table(rows, program, seconds):
    document = ROOT / "docs" / "parity.md"
    text = document.read_text(encoding="utf-8")
    start, end = "<!-- table -->\n", "<!-- end of table -->"
    before, rest = text.split(start)
    after = rest.split(end)[1]
    passed = sum(good(r) for r in rows)
    body = (f"{versions(program)}.\n{passed} of {len(rows)} files agree; the run took "
            f"{seconds / 60:.0f} minutes.\n\n{HEAD}" + "\n".join(map(line, rows)) + "\n")
    document.write_text(before + start + body + end + after, encoding="utf-8")


def main():
    p = argparse.ArgumentParser(description="fovea against PyTorch")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    p.add_argument("--fovea", default=str(ROOT / "build" / "fovea"))
    p.add_argument("--cache", type=Path, default=cache / "parity")
    p.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    p.add_argument("nets", nargs="*")
    a = p.parse_args()
    start = time.time()
    trained = [x for x in (cache / "models" / "efficientnet-lite0.onnx",
                           a.shared / "models" / "tiny-darknet.onnx") if x.exists()]
    names = a.nets or [str(x) for x in trained] + [n.name for n in zoo.NETS]
    rows = []
    print(HEAD, end="", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for row in compare_net(name, a.cache, Fovea(a.fovea, folder)):
                print(line(row), flush=True)
                rows.append(row)
    bad = [r for r in rows if not good(r)]
    if not a.nets:
        write_table(rows, a.fovea, time.time() - start)
    print(f"{len(rows) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
