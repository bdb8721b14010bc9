#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of docs/tutorials/*.md and docs/from-pytorch.md, small.

    tutorials.py FOVEA [NAME.md...]

Every fenced `sh` block is run as it stands by `sh -eu`, in one folder a document, in which tools/
and tests/ are those of the sources; it has to end with exit code 0. `fovea` there is a script that
runs FOVEA, and puts `--steps 2 --levels 1` and, but for inputs that are no pictures, `--size 32`
behind each `visualize` without --show-recipe: of an option given twice the last one counts. Every
file that the block names after -o must be there afterwards.

A `text` block after an `sh` block is what it prints, shortened by lines of `...`. Each of its other
lines must be printed, in this order, blanks aside; where pictures are made only the notes, since
numbers depend on sizes and steps.

Networks and photos are those in the user's cache, which `./bootstrap test` fetches: the default
network, a cat, digits. A block that names another one that is not there is left out, which is said.
Without the photos of `./bootstrap photos` the cat stands for them, and what depends on them is not
compared.

Of from-pytorch.md the lines that call Python need PyTorch and are left out, and nothing is
compared. Its lite0.onnx is the default network with its layers called as on that page.

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

DOCS = os.path.join(run.ROOT, "docs")
FROM_PYTORCH = os.path.join(DOCS, "from-pytorch.md")
# What a block may name, and the file of the cache that it needs.
NEEDS = {"chelsea.png": "photos/chelsea.png", "digits": "photos/digits.csv.gz",
         " photos": "photos/chelsea.png",
         "vgg16-trunk": "models/vgg16-trunk.onnx",
         "pp-lcnet-orientation": "models/pp-lcnet-orientation.onnx"}
SMALL = """#!/bin/sh
case "$*" in
*--show-recipe*) ;;
visualize*mlp.onnx*) set -- "$@" --steps 2 --levels 1 ;;
visualize*) set -- "$@" --steps 2 --levels 1 --size 32 ;;
esac
exec '%s' "$@"
"""


def user_cache():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.abspath(os.path.join(cache, "fovea"))


def find_python():
    """A Python that has onnx: FOVEA_PYTHON, or the one that ./bootstrap makes."""
    path = os.environ.get("FOVEA_PYTHON") or os.path.join(user_cache(), "venv", "bin", "python")
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


def has_stamps():
    folder = os.path.join(user_cache(), "photos", "stamps")
    return os.path.isdir(folder) and any(os.path.exists(e.path) for e in os.scandir(folder))


def link_cache(cache):
    """The user's networks and photos; the cat for photos that are not there."""
    for path in glob.glob(os.path.join(user_cache(), "models", "*.onnx")):
        os.symlink(path, os.path.join(cache, "models", os.path.basename(path)))
    photos, stamps = os.path.join(user_cache(), "photos"), os.path.join(cache, "photos", "stamps")
    os.makedirs(stamps if not has_stamps() else os.path.dirname(stamps))
    for path in glob.glob(os.path.join(photos, "*")):
        if not path.endswith("stamps") or has_stamps():
            os.symlink(path, os.path.join(cache, "photos", os.path.basename(path)))
    if not has_stamps():
        os.symlink(os.path.join(photos, "chelsea.png"), os.path.join(stamps, "chelsea.png"))


def prepare(folder, fovea, python):
    """The folder a reader would be in, whose home has the user's cache and the Python."""
    env = run.environment(folder, fovea)
    cache = os.path.join(env["XDG_CACHE_HOME"], "fovea")
    link_cache(cache)
    write_script(os.path.join(cache, "venv", "bin", "python"),
                 f"#!/bin/sh\nexec '{python}' \"$@\"\n")
    write_script(os.path.join(folder, ".bin", "fovea"), SMALL % os.path.abspath(fovea))
    for name in ("tools", "tests"):
        os.symlink(os.path.join(run.ROOT, name), os.path.join(folder, name))
    return env


EXPORT = """
import os, onnx, re, sys
model = onnx.load(sys.argv[1])
names = {"stem/conv": "_conv_stem", "logits": "_fc"}
for node in model.graph.node:
    node.name = names.get(node.name) or re.sub(r"block_(\\d+)/(\\w+)/conv",
                                               r"_blocks.\\1._\\2_conv", node.name)
labels = [p for p in model.metadata_props if p.key == "fovea.labels"]
del model.metadata_props[:]
model.metadata_props.extend(labels)
onnx.save(model, "lite0.onnx")
"""


def export(folder, env, network, python):
    """What the left out lines of from-pytorch.md would have made."""
    subprocess.run([python, "-c", EXPORT, network], cwd=folder, check=True)
    subprocess.run([sys.executable, env["MAKE"], "npy", "1,3,224,224", "x.npy"], cwd=folder,
                   check=True)


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


def read_blocks(path):
    """Commands and what they print, of the blocks that can be run here."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    blocks = re.findall(r"^```sh\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", text, re.M | re.S)
    if path == FROM_PYTORCH:
        blocks = [(re.sub(r"^(pip|python) .*\n", "", commands, flags=re.M), "")
                  for commands, shown in blocks]
    left_out = set()
    for commands, shown in blocks:
        missing = {need for word, need in NEEDS.items()
                   if word in commands and not os.path.exists(os.path.join(user_cache(), need))}
        left_out |= missing
        if not missing and commands:
            yield commands, shown if has_stamps() or " photos" not in commands else ""
    if left_out:
        print("left out, not in the cache: " + ", ".join(sorted(left_out)))


def run_document(path, fovea, network, python):
    folder = os.path.realpath(tempfile.mkdtemp(prefix="fovea-tutorial-"))
    try:
        env = prepare(folder, fovea, python)
        if path == FROM_PYTORCH:
            export(folder, env, network, python)
        results = [run_block(commands, shown, folder, env) for commands, shown in read_blocks(path)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{os.path.basename(path)}: {sum(results)} of {len(results)} blocks run")
    return all(results)


def main():
    fovea, names = sys.argv[1], sys.argv[2:]
    network, python = run.find_network(), find_python()
    if not network or not python:
        print("skipped: there is no "
              + ("default network (./bootstrap models)" if not network else "Python with onnx"))
        return 77
    paths = [FROM_PYTORCH] + sorted(glob.glob(os.path.join(DOCS, "tutorials", "*.md")))
    paths = [p for p in paths if os.path.basename(p) in (names or [os.path.basename(p)])]
    results = [run_document(path, fovea, network, python) for path in paths]
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
