#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/commands.md to the program: the file is what `fovea help --markdown` prints, and every
command in its fenced blocks runs, exit code 0, nothing on stderr but notes and progress.

    docs.py FOVEA [--update]

The examples name the default network; here that is a tiny network whose layers have the same
names, so that all of them run in seconds. --update writes the file.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402

DOCS = os.path.join(run.ROOT, "docs", "commands.md")


def prepare(folder, env):
    """The files that the examples name."""
    models = os.path.join(env["XDG_CACHE_HOME"], "fovea", "models")
    os.rename(os.path.join(models, "tiny.onnx"), os.path.join(models, "efficientnet-lite0.onnx"))
    for name in ("photo.jpg", "other.png"):
        shutil.copy(os.path.join(env["DATA"], "photo.jpg"), os.path.join(folder, name))
    os.makedirs(os.path.join(folder, "photos"))
    shutil.copy(os.path.join(env["DATA"], "photo.jpg"), os.path.join(folder, "photos"))
    subprocess.run([sys.executable, env["MAKE"], "npy", "2,3,32,32",
                    os.path.join(folder, "x.npy")], check=True)
    for words in (("npy", "5,784", "digits.npy"), ("network", "digits", "digits.onnx"),
                  ("network", "dead", "before.onnx"), ("network", "changed", "after.onnx")):
        subprocess.run([sys.executable, env["MAKE"], *words], check=True, cwd=folder)


def run_example(command, folder, env):
    process = subprocess.run(["sh", "-euc", command], cwd=folder, env=env, timeout=run.TIMEOUT,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    errors = [line for line in process.stderr.splitlines()
              if not re.match(r"fovea: (note: |.*  \d+ %  )", line)]
    if process.returncode == 0 and not errors:
        return True
    print(f"{command}\n  exit code {process.returncode}\n  " + "\n  ".join(errors))
    return False


def main():
    fovea = sys.argv[1]
    made = subprocess.run([fovea, "help", "--markdown"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    if "--update" in sys.argv:
        with open(DOCS, "w", encoding="utf-8") as file:
            file.write(made)
    good = run.compare("docs/commands.md", run.expected(DOCS), made.split("\n"))
    examples = re.findall(r"^```sh\n(.*?)^```$", made, re.M | re.S)
    folder = tempfile.mkdtemp(prefix="fovea-docs-")
    try:
        env = run.environment(folder, fovea)
        prepare(folder, env)
        results = [run_example(text.strip(), folder, env) for text in examples]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{sum(results)} of {len(results)} examples run")
    return 0 if good and results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
