#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one command-line test: a script, with what it must print beside it.

    run.py FOVEA NAME.sh [--update]

NAME.out and NAME.err hold the exact stdout and stderr (no file: nothing). A line `# exit N` in the
script is its exit code (otherwise 0), a line `# needs shared` or `# needs network` what it cannot
do without; then the test is skipped with exit code 77, which meson understands.

The script runs with `sh -u` in an empty folder, after prelude.sh, with
    fovea       the program under test, on PATH
    $DATA       tests/data/cli
    $MAKE       tests/cli/make.py, which makes inputs and looks into outputs
    $SHARED     the folder of shared photos and networks, where there is one
    $NETWORK    path of EfficientNet-Lite0, where there is one
and a model cache of its own that holds $DATA/tiny.onnx as `tiny`. --update writes what came out
into NAME.out and NAME.err: to be read before it is believed.
"""
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIMEOUT = int(os.environ.get("FOVEA_TEST_SECONDS", "300"))


def find_shared():
    for path in (os.environ.get("FOVEA_SHARED"), os.path.join(ROOT, "..", "shared")):
        if path and os.path.isdir(os.path.join(path, "models")):
            return os.path.abspath(path)
    return None


def find_network():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.path.join(cache, "fovea", "models", "efficientnet-lite0.onnx")
    return path if os.path.isfile(path) else None


def environment(folder, fovea):
    """The script's environment; also makes the program and the model cache in `folder`."""
    tools, cache = os.path.join(folder, ".bin"), os.path.join(folder, ".cache")
    models = os.path.join(cache, "fovea", "models")
    os.makedirs(tools)
    os.makedirs(models)
    os.symlink(os.path.abspath(fovea), os.path.join(tools, "fovea"))
    data = os.path.join(ROOT, "tests", "data", "cli")
    shutil.copy(os.path.join(data, "tiny.onnx"), models)
    env = dict(os.environ, PATH=tools + os.pathsep + os.environ.get("PATH", ""), HOME=folder,
               XDG_CACHE_HOME=cache, DATA=data, MAKE=os.path.join(HERE, "make.py"),
               SHARED=find_shared() or "", NETWORK=find_network() or "", LC_ALL="C.UTF-8",
               PYTHONDONTWRITEBYTECODE="1", FOVEA_DEVICE="cpu")
    env.setdefault("ASAN_OPTIONS", "exitcode=99")
    env.setdefault("LSAN_OPTIONS", "print_suppressions=0:suppressions="
                   + os.path.join(ROOT, "tools", "lsan.supp"))
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99:print_stacktrace=1")
    return env


def expected(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().split("\n")
    except FileNotFoundError:
        return [""]


def compare(name, want, got):
    """True if every line is as it should be; else prints the difference."""
    if want == got:
        return True
    for line in difflib.unified_diff(want, got, f"expected {name}", f"actual {name}", lineterm=""):
        print(line)
    return False


def run(fovea, script):
    """Exit code and lines of both streams, with the paths that differ from place to place named."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="fovea-cli-"))
    try:
        env = environment(folder, fovea)
        process = subprocess.run(
            ["sh", "-u", "-c", '. "$1"; . "$2"', "sh", os.path.join(HERE, "prelude.sh"), script],
            cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=TIMEOUT)
        texts = []
        for raw in (process.stdout, process.stderr):
            text = raw.decode("utf-8", "backslashreplace").replace("\r", "\\r")
            for path, word in ((env["DATA"], "$DATA"), (folder, "$PWD"),
                               (env["SHARED"] or None, "$SHARED"),
                               (env["NETWORK"] or None, "$NETWORK")):
                if path:
                    text = text.replace(path, word)
            texts.append(text.split("\n"))
        return process.returncode, texts[0], texts[1]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    words = [w for w in sys.argv[1:] if w != "--update"]
    fovea, script = words[0], os.path.abspath(words[1])
    with open(script, encoding="utf-8") as file:
        text = file.read()
    for need, there in (("shared", find_shared()), ("network", find_network())):
        if re.search(rf"^# needs {need}$", text, re.M) and not there:
            print(f"skipped: there is no {need} here")
            return 77
    found = re.search(r"^# exit (\d+)$", text, re.M)
    want = int(found.group(1)) if found else 0
    base = script[:-len(".sh")]
    code, out, err = run(fovea, script)
    if "--update" in sys.argv:
        for ending, lines in ((".out", out), (".err", err)):
            if lines != [""]:
                with open(base + ending, "w", encoding="utf-8") as file:
                    file.write("\n".join(lines))
            elif os.path.exists(base + ending):
                os.unlink(base + ending)
    good = compare("stdout", expected(base + ".out"), out)
    good = compare("stderr", expected(base + ".err"), err) and good
    if code != want:
        print(f"exit code {code}, expected {want}")
    return 0 if good and code == want else 1


if __name__ == "__main__":
    sys.exit(main())
