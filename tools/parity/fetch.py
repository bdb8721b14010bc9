# SPDX-License-Identifier: Apache-2.0
"""The packages of packages.txt, which carry trained networks as ONNX files."""
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def unpack(cache):
    """The packages' ONNX files, downloaded and unpacked once."""
    wheels, files = cache / "wheels", cache / "files"
    done = cache / "done"
    pins = (HERE / "packages.txt").read_text(encoding="utf-8")
    if not done.exists() or done.read_text(encoding="utf-8") != pins:
        wheels.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-qqq", "--no-deps",
                        "--disable-pip-version-check", "--require-hashes",
                        "-r", HERE / "packages.txt", "-d", wheels], check=True)
        for path in sorted(wheels.iterdir()):
            folder = files / path.name.split("-")[0]
            if path.suffix == ".whl":
                with zipfile.ZipFile(path) as z:
                    z.extractall(folder, [n for n in z.namelist() if n.endswith(".onnx")])
            else:
                with tarfile.open(path) as t:
                    t.extractall(folder, [m for m in t.getmembers() if m.name.endswith(".onnx")],
                                 filter="data")
        done.write_text(pins, encoding="utf-8")
    return sorted(p for p in files.rglob("*.onnx") if ".data" not in str(p.relative_to(files)))
