# SPDX-License-Identifier: Apache-2.0
"""Measures fovea beside the programs people would otherwise use, in turn, on the same machine.

    python peers.py --python VENV/bin/python --weights WHEEL [--cache FOLDER] [ROW...]

Without ROW, all rows are measured; those that are named are measured anew. Then the tables of
docs/performance.md and README.md are written from all rows that were measured on this machine.
`--list` names the rows, `--tables` writes the tables and measures nothing. To be run while the
machine does nothing else.
"""
import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import measure
import report
from measure import ENVIRONMENT, HERE, Failed, run
from rows import BY_NAME, ROWS

ROOT = HERE.parents[1]
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
PACKAGES = ("torch", "torchvision", "torch-lucent", "kornia")


class Context:
    """What all rows need to know."""

    def __init__(self, options):
        self.cache, self.models, self.weights = options.cache, options.models, options.weights
        self.fovea, self.shared, self.python = options.fovea, options.shared, options.python
        self.threads = options.threads or len(os.sched_getaffinity(0))
        self.rounds, self.compile_limit = options.rounds, options.compile_limit
        self.trial = options.trial
        if self.trial:
            self.rounds = 1
            briefly()
        self.networks = self.cache / "networks"
        self.networks.mkdir(parents=True, exist_ok=True)
        self.variables = {"TORCHINDUCTOR_CACHE_DIR": str(self.cache / "inductor")}
        usage = run([self.fovea, "bench", "--help"])
        self.fast_bf16 = bool(self.flags() & {"avx512_bf16", "amx_bf16"})
        self.has_bf16 = "--precision" in usage and self.fast_bf16

    @staticmethod
    def flags():
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        told = next((x for x in text.split("\n") if x.startswith("flags")), "")
        return set(told.split()) & set(FLAGS)

    def network(self, name):
        """The ONNX file of one of networks.py; made when it is first asked for."""
        path = self.networks / f"{name}.onnx"
        stamp = self.networks / f"{name}.made"
        key = hashlib.sha256((HERE / "networks.py").read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != key or not path.exists():
            print(f"    making {name}", file=sys.stderr, flush=True)
            run([self.python, HERE / "networks.py", name, self.networks, "--weights",
                 self.weights])
            stamp.write_text(key)
        return path

    def noise(self, side):
        """A picture to start from."""
        import numpy as np
        from PIL import Image
        path = self.cache / f"noise-{side}.png"
        pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        return path

    def machine(self):
        """Processor, flags and threads: rows of other machines do not go into a table."""
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        cpu = next((x.split(":")[1].strip() for x in text.split("\n")
                    if x.startswith("model name")), "unknown processor")
        flags = [f for f in FLAGS if f in self.flags()]
        return {"cpu": cpu, "flags": flags, "threads": self.threads}

    def versions(self):
        told = run([self.fovea, "--version"]).split("\n")
        packages = [f"{p} {importlib.metadata.version(p)}" for p in PACKAGES]
        darknet = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "darknet"],
                                 capture_output=True, text=True, check=False).stdout
        packages += [f"darknet {darknet}"] if darknet else []
        return f"{' '.join(' '.join(told).split())}; {', '.join(packages)}"


def briefly():
    """One step a round, and threads that wait asleep: others have the machine, too."""
    measure.LEAST = 0
    ENVIRONMENT["OMP_WAIT_POLICY"] = "passive"


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    p.add_argument("rows", nargs="*", metavar="ROW")
    p.add_argument("--list", action="store_true", help="name the rows and stop")
    p.add_argument("--try", dest="trial", action="store_true",
                   help="see whether everything runs: briefly, on a busy machine; keep nothing")
    p.add_argument("--tables", action="store_true", help="write the tables and stop")
    p.add_argument("--cache", type=Path, default=cache / "peers")
    p.add_argument("--models", type=Path, default=cache / "models")
    p.add_argument("--weights", type=Path, help="wheel with EfficientNet-Lite0's weights")
    p.add_argument("--shared", type=Path, default=ROOT.parent / "shared",
                   help="folder with models/tiny-darknet.onnx and .weights")
    p.add_argument("--fovea", type=Path, default=ROOT / "build" / "fovea")
    p.add_argument("--python", type=Path, default=Path(sys.executable),
                   help="Python that has the peers' packages")
    p.add_argument("--threads", type=int, default=0, help="of every program; 0: all processors")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--compile-limit", type=float, default=45,
                   help="seconds torch.compile may take; 0: leave it out")
    options = p.parse_args()
    unknown = [name for name in options.rows if name not in BY_NAME]
    if unknown:
        p.error(f"no row is called {unknown[0]}; --list names them")
    return options


def measure_row(context, row):
    """Measures a row and keeps it; says how long it took."""
    begin = time.monotonic()
    print(f"==> {row.name}: {row.title}", file=sys.stderr, flush=True)
    lines = row.measure(context, *row.arguments)
    folder = context.cache / "rows"
    folder.mkdir(exist_ok=True)
    took = time.monotonic() - begin
    print(f"    {took:.0f} s", file=sys.stderr, flush=True)
    if context.trial:
        return
    (folder / f"{row.name}.json").write_text(json.dumps({
        "machine": context.machine(), "versions": context.versions(), "lines": lines,
        "date": str(datetime.date.today()), "took_seconds": took}, indent=1) + "\n")


def kept(context):
    """{name: record} of the rows measured on this machine, in the tables' order."""
    records = {}
    for row in ROWS:
        try:
            record = json.loads((context.cache / "rows" / f"{row.name}.json").read_text())
        except (OSError, ValueError):
            continue
        if record["machine"] == context.machine():
            records[row.name] = record
    return records


def main():
    options = parse()
    if options.list:
        for row in ROWS:
            print(f"{row.name:20} {row.title}")
        return 0
    context = Context(options)
    failed = []
    for row in [] if options.tables else [BY_NAME[n] for n in options.rows] or ROWS:
        try:
            measure_row(context, row)
        except Failed as error:
            print(f"peers.py: {row.name}: {error}", file=sys.stderr)
            failed.append(row.name)
    if not context.trial:
        report.write(ROOT, kept(context), ROWS)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
