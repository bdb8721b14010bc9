#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every header compiles alone, twice in one file, without warnings:

    check_headers.py ROOT CC [-IFOLDER...]

as C11; the public header also as strict C11 and, where a C++ compiler is, as strict C++11."""
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from check_ranks import CLI_FOLDERS
from csource import c_files, finish

PACKAGES = ["glib-2.0", "json-glib-1.0", "vips", "libprotobuf-c"]
WARN = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]


def package_flags():
    flags = subprocess.run(["pkg-config", "--cflags", *PACKAGES], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    return [f.replace("-I", "-isystem", 1) if f.startswith("-I") else f for f in flags]


def compile_alone(command, language, header):
    """What the compiler says about a file that includes nothing but this header, or None."""
    text = f'#include "{header}"\n' * 2 + "extern int nothing;\n"
    run = subprocess.run([*command, "-x", language, "-"], input=text, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return f"{header}: does not compile alone as {language}:\n{run.stdout}" if run.returncode \
        else None


def main():
    root, cc, folders = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    # The library's own headers may share work among threads; the public one is compiled without.
    inside = [cc, "-std=gnu11", "-fopenmp", *WARN, f"-I{root}/include", f"-I{root}/src",
              *(f"-I{root}/{f}" for f in CLI_FOLDERS),
              f"-I{root}/tests", *folders, *package_flags()]
    headers = [p for p in c_files(root, ("include", "src", "cli", "tests")) if p.suffix == ".h"]
    jobs = [(inside, "c", header) for header in headers]
    public = root / "include" / "fovea" / "fovea.h"
    jobs.append(([cc, "-std=c11", "-pedantic", f"-I{root}/include", *WARN], "c", public))
    cxx = shutil.which(os.environ.get("CXX", "c++"))
    if cxx:
        jobs.append(([cxx, "-std=c++11", "-pedantic", f"-I{root}/include", *WARN], "c++", public))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [p for p in pool.map(lambda job: compile_alone(*job), jobs) if p]
    finish("check_headers", problems,
           f"{len(headers)} headers{'' if cxx else ' (no C++ compiler: C++ not checked)'}")


if __name__ == "__main__":
    main()
