#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills runs of the command at random moments (SIGKILL), and looks at what is left.

    kill.py FOVEA [RUNS] [SEED]

`visualize --each`, `examples` and `dream` take turns on a small network, in a folder of their own
each time. A run is killed after a random share of the time an undisturbed run takes; then
  - every file that is there under its name is whole: equal to the byte to the undisturbed run's;
  - what else is there is a hidden temporary, or the index of `examples`;
the same command is run again, to its end, and then
  - all files are there, equal to those of the undisturbed run;
  - files that were finished were not made again (their time of change is the same), and photos
    that were measured were not measured again;
  - no temporary is left.
"""
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "cli")
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
import make  # noqa: E402  what the command-line tests make their inputs with

COMMANDS = {
    "visualize": ["visualize", "tiny.onnx", "stem/conv:0-9", "--each", "out", "--size", "64",
                  "--steps", "8", "--batch", "1"],
    "examples": ["examples", "tiny.onnx", "head/conv:0-5", "photos", "--each", "out", "--npy",
                 "v.npy", "--index", "index", "-k", "3"],
    "dream": ["dream", "tiny.onnx", "large.png", "--layer", "stem/conv", "--steps", "4",
              "--octaves", "2", "-o", "d.png"],
}
TEMPORARY = re.compile(r"(^|/)\.fovea-[0-9a-f]{8}-\d+-\d+\.tmp$")
INDEX = re.compile(r"^index/[^/]+\.photos$")


class Failed(Exception):
    pass


def make_inputs(folder):
    os.makedirs(os.path.join(folder, "photos", "deep"))
    shutil.copy(os.path.join(DATA, "tiny.onnx"), folder)
    make.photos(os.path.join(folder, "photos"), 160)
    make.photo(os.path.join(folder, "large.png"), 300, 200, 1)


def start(fovea, name, folder):
    env = dict(os.environ, LC_ALL="C.UTF-8", OMP_NUM_THREADS="1", HOME=folder)
    return subprocess.Popen([fovea, *COMMANDS[name]], cwd=folder, env=env, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)


def files_of(folder, inputs):
    """{path: (bytes, time of change)} of what was written."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            relative = os.path.relpath(path, folder)
            if relative in inputs:
                continue
            with open(path, "rb") as file:
                found[relative] = (file.read(), os.stat(path).st_mtime_ns)
    return found


def fresh(inputs):
    folder = tempfile.mkdtemp(prefix="fovea-kill-")
    for name in inputs:
        os.symlink(inputs[name], os.path.join(folder, name))
    return folder


class Whole:
    """What an undisturbed run makes, and how long it takes."""

    def __init__(self, fovea, name, inputs):
        folder = fresh(inputs)
        begun = time.monotonic()
        process = start(fovea, name, folder)
        _, err = process.communicate(timeout=600)
        self.seconds = time.monotonic() - begun
        if process.returncode:
            raise Failed(f"{name}: undisturbed it ends with {process.returncode}: {err}")
        self.files = {path: data for path, (data, _) in files_of(folder, inputs).items()
                      if not INDEX.match(path)}
        shutil.rmtree(folder)


def check_left(whole, found):
    """Whether what a killed run left is whole; returns what is finished."""
    finished = {}
    for path, (data, changed) in found.items():
        if TEMPORARY.search(path) or INDEX.match(path):
            continue
        if whole.files.get(path) != data:
            raise Failed(f"after the kill {path} has {len(data)} bytes that are not the whole file")
        finished[path] = changed
    return finished


def check_again(name, whole, finished, found, err):
    for path in found:
        if path not in whole.files and not INDEX.match(path):
            raise Failed(f"{path} is left after the second run")
    for path, data in whole.files.items():
        if path not in found or found[path][0] != data:
            raise Failed(f"after the second run {path} is not as undisturbed")
        if name == "visualize" and path in finished and finished[path] != found[path][1]:
            raise Failed(f"{path} was finished and has been made again")
    note = re.search(r"(\d+) photos measured in .*, (\d+) known from before", err)
    return int(note.group(2)) if note else len(finished)


def once(fovea, name, whole, inputs, moment):
    """Returns whether the run was killed, and how much of it the second run found."""
    folder = fresh(inputs)
    try:
        process = start(fovea, name, folder)
        time.sleep(moment * whole.seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed = process.returncode == -signal.SIGKILL
        finished = check_left(whole, files_of(folder, inputs))
        process = start(fovea, name, folder)
        _, err = process.communicate(timeout=600)
        if process.returncode:
            raise Failed(f"the second run ends with {process.returncode}: {err}")
        known = check_again(name, whole, finished, files_of(folder, inputs), err)
        return killed, known
    finally:
        shutil.rmtree(folder)


def main():
    fovea = os.path.abspath(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    choice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    bad = 0
    with tempfile.TemporaryDirectory(prefix="fovea-kill-inputs-") as source:
        make_inputs(source)
        inputs = {name: os.path.join(source, name) for name in os.listdir(source)}
        whole = {name: Whole(fovea, name, inputs) for name in COMMANDS}
        counts = {name: [0, 0, 0] for name in COMMANDS}
        for i in range(runs):
            name = list(COMMANDS)[i % len(COMMANDS)]
            moment = choice.random()
            try:
                killed, known = once(fovea, name, whole[name], inputs, moment)
                counts[name][0] += killed
                counts[name][1] += bool(known)
            except Failed as failed:
                print(f"run {i}, {name}, killed at {moment:.3f}: {failed}", flush=True)
                bad += 1
            counts[name][2] += 1
    for name, (killed, known, all_runs) in counts.items():
        print(f"{name:10} {all_runs} runs, {killed} killed before their end; the second run went "
              f"on from something in {known}")
    print(f"{runs} runs, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
