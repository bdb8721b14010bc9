# SPDX-License-Identifier: Apache-2.0
"""Finds the ONNX backend suite's data on this machine and hands it to a test program.

    python3 run_suite.py nodes PROGRAM TABLE [OPTION...]
    python3 run_suite.py light PROGRAM

The data: Debian's package libonnx-testdata, and the PyPI package onnx in the environment that
./bootstrap makes (the Python named by FOVEA_PYTHON, else the one in the cache folder). What is not
there is not run; exit code 77 (skipped) when nothing is there. The tests of com.microsoft and
ai.onnx.ml are here (make_microsoft_tests.py, make_ml_tests.py).
"""
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEBIAN = Path("/usr/share/libonnx-testdata/data")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"


def venv_onnx():
    """The Python that has onnx, its version, and the folder of its test data; or three times None.
    """
    python = os.environ.get("FOVEA_PYTHON") or CACHE / "venv" / "bin" / "python"
    if not Path(python).exists():
        return None, None, None
    code = "import onnx, os; print(onnx.__version__, os.path.dirname(onnx.__file__))"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True)
    if found.returncode:
        return None, None, None
    version, folder = found.stdout.strip().split(" ", 1)
    return python, version, Path(folder) / "backend" / "test" / "data"


def node_suites(unpacked):
    for kind in ("node", "pytorch-converted", "pytorch-operator"):
        yield f"debian-{kind}", DEBIAN / kind
    python, version, _ = venv_onnx()
    if python:
        folder = CACHE / f"onnx-{version}-newest-node-tests"
        subprocess.run([python, HERE / "write_node_tests.py", folder], check=True)
        yield "pypi-node", folder
    for kind in ("microsoft", "ml", "gradient"):
        folder = Path(unpacked) / kind
        zipfile.ZipFile(HERE / f"{kind}_tests.zip").extractall(folder)
        yield f"{kind}-node", folder


def main(what, program, *rest):
    if what == "light":
        _, _, data = venv_onnx()
        arguments = [data / "light"] if data else []
    else:
        with tempfile.TemporaryDirectory() as unpacked:
            arguments = [f"{n}={folder}" for n, folder in node_suites(unpacked) if folder.is_dir()]
            return subprocess.run([program, *rest, *arguments]).returncode
    if not arguments:
        print("skipped: no Python with onnx is installed")
        return 77
    return subprocess.run([program, *rest, *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
