#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of examples/ on a small network:  test_examples.py UNIT GRADIENT"""
import subprocess
import sys
import tempfile
from pathlib import Path

MODEL = "tests/golden/residual.new18-free.onnx"


def run(program, *arguments):
    return subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)


def main():
    unit, gradient = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        picture, array = Path(folder) / "unit.png", Path(folder) / "gradient.npy"
        made = run(unit, MODEL, "#2:1", picture)
        assert made.returncode == 0, made.stderr
        assert picture.read_bytes().startswith(b"\x89PNG")
        made = run(gradient, MODEL, "#2:1", array)
        assert made.returncode == 0, made.stderr
        assert made.stderr == "0 of 1\n1 of 1\n", made.stderr
        float(made.stdout)
        assert array.read_bytes().startswith(b"\x93NUMPY")
        for program in (unit, gradient):
            made = run(program, MODEL, "nothing:1", array)
            assert made.returncode == 1 and "nothing" in made.stderr, made.stderr
            assert run(program).returncode == 2


if __name__ == "__main__":
    main()
