#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of docs/tutorials/*.md, small.

    tutorials.py FOVEA [NAME.md...]

Every fenced `sh` block is run as it stands by `sh -eu`, in one folder a document, in which tools/
and tests/ are those of the sources; it has to end with exit code 0. `fovea` there is a script that
runs FOVEA, and puts `--steps 2 --levels 1` and, but for inputs that are no pictures, `--size 32`
behind each `visualize` without --show-recipe: of an option given twice the last one counts. Every
file that the block names after -o must be there afterwards.

A `text` block after an `sh` block is what it prints, shortened by lines of `...`. Each of its other
lines must be printed, in this order, blanks aside; where pictures are made only the notes, since
numbers depend on sizes and steps.

A block that names digits-mlp.onnx or the folder `photos`, which a reader has to bring, needs the
folder of shared networks and photos; without it the block is left out, which is said.

Without the default network, or a Python with onnx, the exit code is 77: skipped.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402

DIGITS = "digits-mlp.onnx"
TUTORIALS = os.path.join(run.ROOT, "docs", "tutorials")
SMALL = """#!/bin/sh
case "$*" in
*--show-recipe*) ;;
visualize*mlp.onnx*) set -- "$@" --steps 2 --levels 1 ;;
visualize*) set -- "$@" --steps 2 --levels 1 --size 32 ;;
esac
exec '%s' "$@"
"""


def find_python():
    """A Python that has onnx: FOVEA_PYTHON, or the one that ./bootstrap makes."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = os.environ.get("FOVEA_PYTHON") or os.path.join(cache, "fovea", "venv", "bin", "python")
    if not os.path.exists(path):
        return None
    tried = subprocess.run([path, "-c", "import onnx"], stderr=subprocess.DEVNULL)
    return None if tried.returncode else os.path.abspath(path)


def write_script(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)


def prepare(folder, fovea, network, python):
    """The folder a reader would be in, whose home has the default network and the Python."""
    env = run.environment(folder, fovea)
    cache = os.path.join(env["XDG_CACHE_HOME"], "fovea")
    os.symlink(os.path.abspath(network), os.path.join(cache, "models", "efficientnet-lite0.onnx"))
    write_script(os.path.join(cache, "venv", "bin", "python"),
                 f"#!/bin/sh\nexec '{python}' \"$@\"\n")
    write_script(os.path.join(folder, ".bin", "fovea"), SMALL % os.path.abspath(fovea))
    for name in ("tools", "tests"):
        os.symlink(os.path.join(run.ROOT, name), os.path.join(folder, name))
    if run.find_shared():
        os.symlink(os.path.join(run.find_shared(), "models", DIGITS), os.path.join(folder, DIGITS))
        os.symlink(os.path.join(run.find_shared(), "images", "imagenet"),
                   os.path.join(folder, "photos"))
    return env


def missing_lines(commands, shown, printed):
    """The lines of `shown` that were not printed where they should have been."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    wanted = [" ".join(line.split()) for line in shown.splitlines()]
    if "fovea visualize" in commands and "--show-recipe" not in commands:
        wanted = [line for line in wanted if line.startswith("fovea: note: ")]
    for line in wanted:
        if line in ("", "..."):
            continue
        if line not in lines:
            yield line
        else:
            lines = lines[lines.index(line) + 1:]


def run_block(commands, shown, folder, env):
    """True if all went well; else says what did not."""
    done = subprocess.run(["sh", "-euc", commands], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=run.TIMEOUT)
    if done.returncode:
        wrong = [f"exit code {done.returncode}", *done.stdout.splitlines()[-5:]]
    else:
        wrong = [f"not printed: {line}" for line in missing_lines(commands, shown, done.stdout)]
        wrong += [f"not written: {name}" for name in re.findall(r" -o ([\w./-]+)", commands)
                  if not os.path.exists(os.path.join(folder, name))]
    if wrong:
        print(commands.strip() + "".join("\n  " + line for line in wrong))
    return not wrong


def run_document(path, fovea, network, python):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    blocks = re.findall(r"^```sh\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", text, re.M | re.S)
    if not run.find_shared():
        count = len(blocks)
        blocks = [block for block in blocks if DIGITS not in block[0] and " photos" not in block[0]]
        if len(blocks) < count:
            print(f"skipped: {count - len(blocks)} blocks need {DIGITS} or photos, not here")
    folder = os.path.realpath(tempfile.mkdtemp(prefix="fovea-tutorial-"))
    try:
        env = prepare(folder, fovea, network, python)
        results = [run_block(commands, shown, folder, env) for commands, shown in blocks]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{os.path.basename(path)}: {sum(results)} of {len(results)} blocks run")
    return all(results) and (bool(results) or not run.find_shared())


def main():
    fovea, names = sys.argv[1], sys.argv[2:]
    network, python = run.find_network(), find_python()
    if not network or not python:
        print("skipped: there is no "
              + ("default network (./bootstrap models)" if not network else "Python with onnx"))
        return 77
    paths = [os.path.join(TUTORIALS, name) for name in names] or \
        sorted(p for p in glob.glob(TUTORIALS + "/*.md") if not p.endswith("README.md"))
    results = [run_document(path, fovea, network, python) for path in paths]
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
