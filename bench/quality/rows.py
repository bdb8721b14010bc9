# SPDX-License-Identifier: Apache-2.0
"""The rows of docs/quality.md: what each is called, how it is made, what it costs.

Every picture is 224 pixels wide and high and is made for one class of EfficientNet-Lite0. A row has
a folder with one PNG a class and row.json, which says how it was made; a row is not made again as
long as it would be made the same way.
"""
import hashlib
import json
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NET = "efficientnet-lite0"
CLASSES = list(range(7, 1000, 20))
FEW = CLASSES[:10]    # of the peers' long rows
SIZE = 224
EVALUATIONS = 256
PEER_SIZE = f"--size {SIZE}"


@dataclass(frozen=True)
class Row:
    """One row of the table."""
    name: str
    title: str
    options: str              # of `fovea visualize`, or of peers.py
    evaluations: int          # of the gradient, a picture
    note: str = ""
    peer: str = ""            # whose program; "" is ours
    classes: tuple = tuple(CLASSES)


def ours(recipe, steps, copies=1, levels=1, extra="", note="", seed=0):
    """A recipe of ours: steps * copies * levels gradient evaluations."""
    options = [f"--recipe {recipe} --size {SIZE} --steps {steps}", extra]
    options += [f"--{name} {value}" for name, value, usual in (
        ("copies", copies, 1), ("levels", levels, 1), ("seed", seed, 0)) if value != usual]
    return Row(f"{recipe}@{seed}" if seed else recipe, f"`{recipe}`",
               " ".join(o for o in options if o), steps * copies * levels, note)


ROWS = [
    ours("fovea", 256),
    ours("lucid", 256, note="its own: 128 pixels, 513 steps"),
    ours("lucent", 256, note="its own: 128 pixels, 512 steps"),
    ours("maco", 43, copies=6, extra="--alpha off",
         note="its own: 1280 pixels, 1000 steps of 6 crops"),
    ours("wolfram", 256),
    ours("matlab", 85, levels=3, extra="--octave-order to-size",
         note="three sizes up to 224; its own: 10 steps a size, the first being 224"),
    ours("deepdream", 64, levels=4, note="four sizes up to 224; its own: 10 steps a size"),
    ours("keras-vis", 256, note="its own: 200 steps"),
    ours("tf-keras-vis", 256, note="its own: 200 steps"),
    ours("darknet", 256, note="its own: 10 steps"),
    Row("lucent-program", "Lucent 0.1.8 `render_vis`", f"{PEER_SIZE} --steps 256", 256,
        peer="lucent", note="its own: 128 pixels, 512 steps"),
    Row("lucent-program-512", "the same, its own number of steps", f"{PEER_SIZE} --steps 512", 512,
        peer="lucent", classes=tuple(FEW)),
    Row("horama-program", "Horama 0.3.0 `maco`, equal evaluations", f"{PEER_SIZE} --steps 43", 258,
        peer="horama", note="43 steps of 6 crops; its own: 1280 pixels, 1000 steps"),
    Row("horama-program-steps", "the same, equal steps", f"{PEER_SIZE} --steps 256", 1536,
        peer="horama", note="256 steps of 6 crops", classes=tuple(FEW)),
] + [ours(recipe, 256, seed=seed) for recipe in ("fovea", "lucid") for seed in (1, 2)]
BY_NAME = {row.name: row for row in ROWS}


def class_of(path):
    """The class a picture's file name says: class_8.png, class_8_hen.png; else None."""
    found = re.fullmatch(r"class_(\d+)(_.*)?\.png", Path(path).name)
    return int(found[1]) if found else None


def pictures(folder):
    """{class: file} of a row's folder."""
    found = {class_of(f): f for f in sorted(Path(folder).glob("class_*.png"))}
    return {k: found[k] for k in sorted(k for k in found if k is not None)}


def class_list(classes):
    return ",".join(str(k) for k in classes)


def command_of(row, out="DIR"):
    """What a person would type for a row of ours."""
    return (f"fovea visualize {NET} class:{class_list(row.classes)} {row.options} "
            f"--each {out}")


class Maker:
    """Makes rows in the cache folder."""

    def __init__(self, fovea, cache, net, threads=0, python=None, wheels=None):
        self.fovea, self.cache, self.net, self.threads = Path(fovea), Path(cache), net, threads
        self.python, self.wheels = python, wheels

    def folder(self, row):
        return self.cache / "rows" / row.name

    def record(self, row):
        try:
            return json.loads((self.folder(row) / "row.json").read_text())
        except (OSError, ValueError):
            return {}

    def recipe(self, row):
        """Every option a row of ours comes to."""
        return subprocess.run(
            [self.fovea, "visualize", self.net, "class:7", *row.options.split(), "--show-recipe"],
            check=True, capture_output=True, text=True).stdout

    def made(self, row):
        """Whether all pictures are there, made as they would be made now."""
        if set(pictures(self.folder(row))) != set(row.classes):
            return False
        return bool(row.peer) or self.record(row).get("recipe") == self.recipe(row)

    def make(self, row):
        if row.peer:
            self.make_peer(row)
        else:
            self.make_ours(row)

    def make_ours(self, row):
        target = self.folder(row)
        made = target.with_suffix(".part")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        command = [self.fovea, *command_of(row, "OUT").split()[1:]]
        command[command.index(NET)], command[command.index("OUT")] = self.net, made
        command += ["-o", made / "montage.png", "--columns", "10", "--tile-size", "144",
                    "--title", ""]
        if self.threads:
            command += ["--threads", str(self.threads)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        (made / "row.json").write_text(json.dumps(
            {"recipe": self.recipe(row), "seconds": spent / len(row.classes),
             "command": command_of(row)}, indent=1) + "\n")
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)

    def make_peer(self, row):
        if not self.python:
            raise RuntimeError(f"{row.name}: needs the peers' Python, see ./bootstrap quality")
        command = [self.python, Path(__file__).with_name("peers.py"), row.peer, self.folder(row),
                   "--weights", self.wheels["weights"], "--spectrum", self.wheels["spectrum"],
                   "--classes", class_list(row.classes), "--threads", str(self.threads or 1),
                   *row.options.split()]
        subprocess.run(command, check=True)

    def seconds(self, row):
        """Processor seconds a picture took; None where nobody measured."""
        told = self.record(row).get("seconds")
        if isinstance(told, dict):
            told = [told[str(k)] for k in row.classes if str(k) in told]
            return sum(told) / len(told) if told else None
        return told


def fingerprint(*parts):
    """Of files and texts."""
    h = hashlib.sha256()
    for part in parts:
        h.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        h.update(b"\0")
    return h.hexdigest()[:16]
