#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares values and gradients with those of the framework a file comes from:

    compare.py FOVEA FOLDER [NAME...]

FOLDER may be a script in it. Beside each model, NAME.ext, lies NAME.npz, which the script made:
"input", or "input:NAME" of a network with several; "value:LAYER"; "gradient:OBJECTIVE". All are in
the framework's order of axes; maps, which have their channels last there, fovea has with the
channels second. Values may be off by 1e-4, gradients by 1e-3 of the largest number; values of
numbers that the framework rounds, by "tolerance"."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy
except ImportError:  # the Python that ./bootstrap makes has it
    python = os.environ.get("FOVEA_PYTHON") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fovea/venv/bin/python")
    if not os.path.exists(python) or os.environ.get("FOVEA_COMPARE"):
        print("skipped: there is no Python with numpy; ./bootstrap test makes one")
        sys.exit(77)
    os.execve(python, [python, *sys.argv], {**os.environ, "FOVEA_COMPARE": "1"})

VALUE, GRADIENT = 1e-4, 1e-3


def run(fovea, *words):
    """Runs the command; returns what it complains about, or None."""
    done = subprocess.run([str(fovea), *map(str, words)], capture_output=True, text=True,
                          check=False)
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def error_of(got, right):
    """The largest difference, of the largest number, in the better order; None: another shape."""
    orders = [right] + ([numpy.moveaxis(right, -1, 1)] if right.ndim > 2 else [])
    errors = [float(abs(got - r).max() / max(abs(r).max(), 1e-12))
              for r in orders if r.shape == got.shape]
    return min(errors, default=None)


def check(fovea, model, key, arrays, inputs, folder):
    """One value or gradient; returns (error or None, what is wrong or None)."""
    right = arrays[key]
    kind, what = key.split(":", 1)
    out = folder / "out.npy"
    words = ["run", model, *inputs, "-l", what, "-o", out] if kind == "value" else \
        ["gradient", model, *inputs, "--objective", what, "-o", out]
    problem = run(fovea, *words)
    if problem:
        return None, problem
    got = numpy.load(out)
    error, most = error_of(got, right), VALUE if kind == "value" else GRADIENT
    if kind == "value" and "tolerance" in arrays.files:
        most = float(arrays["tolerance"])
    if error is None:
        return None, f"its shape is {got.shape}; {right.shape} is right"
    return error, None if error <= most else f"{error:.1e} off; at most {most:.0e}"


def write_inputs(arrays, folder):
    """The inputs as files, and the options that name them."""
    words = []
    for key in arrays.files:
        if key == "input" or key.startswith("input:"):
            path = folder / f"in{len(words)}.npy"
            numpy.save(path, arrays[key])
            words += ["--input", path if key == "input" else f"{key[6:]}={path}"]
    return words


def check_model(fovea, reference):
    """All that a reference says of each file beside it; returns the number of faults."""
    models = [p for p in sorted(reference.parent.glob(reference.stem + ".*"))
              if p.suffix not in (".npz", ".json", ".weights", ".caffemodel")]
    arrays, faults = numpy.load(reference), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = write_inputs(arrays, folder)
        for model in models:
            for key in arrays.files:
                if key.partition(":")[0] not in ("value", "gradient"):
                    continue
                error, problem = check(fovea, model, key, arrays, inputs, folder)
                faults += problem is not None
                print(f"{'not ok' if problem else 'ok'} {model.name} {key}"
                      + (f": {problem}" if problem else f" {error:.1e}"))
    return faults + (not models)


def main():
    """Every reference of the folder, or those named."""
    fovea, folder, names = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), sys.argv[3:]
    folder = folder.parent if folder.suffix == ".py" else folder
    references = sorted(p for p in folder.glob("*.npz") if not names or p.stem in names)
    if not references:
        sys.exit(f"compare: there is no reference in {folder}")
    faults = sum(check_model(fovea, r) for r in references)
    print(f"compare: {len(references)} models, {faults} faults")
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
