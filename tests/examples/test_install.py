#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs into a folder, and builds a program there with what pkg-config says and nothing else:

    test_install.py BUILD PREFIX COMPILER..."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77


def output(*command, **environment):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **environment}).stdout


def main():
    build, prefix, *compiler = sys.argv[1:]
    if not shutil.which("pkg-config") or not shutil.which("meson"):
        print("pkg-config or meson is not there")
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        output("meson", "install", "-C", build, "--no-rebuild", "--destdir", folder)
        root = Path(folder + prefix)
        description = next(root.rglob("fovea.pc"))
        # No other package's description may be asked for: only ours is found.
        only = {"PKG_CONFIG_LIBDIR": str(description.parent), "PKG_CONFIG_PATH": "",
                "PKG_CONFIG_SYSROOT_DIR": folder}
        cflags = output("pkg-config", "--cflags", "fovea", **only).split()
        libs = output("pkg-config", "--libs", "fovea", **only).split()
        static = output("pkg-config", "--libs", "--static", "fovea", **only).split()
        include = [f for f in cflags if f.startswith("-I")]
        assert cflags == include and include in ([], [f"-I{root / 'include'}"]), cflags
        library = next(root.rglob("libfovea.so")).parent
        assert libs in (["-lfovea"], [f"-L{library}", "-lfovea"]), libs
        assert "-ldnnl" in static and "-lfovea" in static, static
        headers = {p.name for p in (root / "include/fovea").iterdir()}
        assert "fovea.h" in headers and "bench.h" not in headers, headers
        assert {p.name for p in (root / "include").iterdir()} == {"fovea"}
        program = Path(folder) / "unit"
        output(*compiler, f"-I{root / 'include'}", *cflags, "examples/unit.c", "-o", str(program),
               f"-L{library}", *libs)
        run = subprocess.run([program], env={**os.environ, "LD_LIBRARY_PATH": str(library)})
        assert run.returncode == 2, run.returncode  # no arguments
    return 0


if __name__ == "__main__":
    sys.exit(main())
