# SPDX-License-Identifier: Apache-2.0
"""What networks say of pictures; all of them are asked through the command `fovea`.

Two ways of showing a picture to a network:
- "ordinary": as `fovea classify` prepares a photo: short side to size / 0.875, centre cut out. A
  judge sees the middle three quarters of the picture.
- "whole": the whole picture resized to the network's input, bicubic and antialiased. It is handed
  to the same command inside a frame that its cut takes off again.

Activations are logits of the picture's own class on EfficientNet-Lite0, the whole picture shown.
"""
import io
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

BICUBIC = Image.Resampling.BICUBIC
BATCH = 50
WAYS = ("ordinary", "whole")


@dataclass(frozen=True)
class Judge:
    name: str
    path: Path      # None: not at hand
    size: int
    options: tuple = ()    # of the command, about what its input is, where the file does not say


def framed(picture, size):
    """The whole picture at `size`, in a frame that `fovea classify` cuts off without resizing."""
    side = int(size / 0.875 + 0.5)
    before = (side - size) // 2
    whole = np.asarray(picture.resize((size, size), BICUBIC))
    return Image.fromarray(np.pad(whole, ((before, side - size - before),) * 2 + ((0, 0),), "edge"))


def jpeg(picture):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=80)
    return Image.open(stream).convert("RGB")


def shifted(picture):
    """Two pixels down and to the right; the edge is repeated."""
    a = np.asarray(picture)
    return Image.fromarray(np.pad(a, ((2, 0), (2, 0), (0, 0)), "edge")[:a.shape[0], :a.shape[1]])


def resized(picture):
    """To 0.8 of its size and back."""
    small = [round(0.8 * n) for n in picture.size]
    return picture.resize(small, BICUBIC).resize(picture.size, BICUBIC)


DAMAGES = {"jpeg": jpeg, "shift": shifted, "resize": resized}


def prepared(picture, size, photo=False):
    """[3][size][size] as EfficientNet-Lite0 wants it."""
    if photo:
        w, h = picture.size
        scale = size / 0.875 / min(w, h)
        picture = picture.resize((round(w * scale), round(h * scale)), BICUBIC)
        left, top = (picture.width - size) // 2, (picture.height - size) // 2
        picture = picture.crop((left, top, left + size, top + size))
    elif picture.size != (size, size):
        picture = picture.resize((size, size), BICUBIC)
    return ((np.asarray(picture, np.float32) - 127) / 128).transpose(2, 0, 1)


class Court:
    """The judges, and the command they are asked through."""

    def __init__(self, fovea, own, others, threads=0):
        self.fovea, self.own, self.judges = Path(fovea), own, [own, *others]
        self.threads = ["--threads", str(threads)] if threads else []

    def run(self, *arguments):
        done = subprocess.run([self.fovea, *arguments, "--quiet", *self.threads],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"fovea {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def top(self, judge, files):
        """[n][5]: the likeliest classes of picture files, prepared like photos."""
        out = []
        for i in range(0, len(files), BATCH):
            told = json.loads(self.run("classify", judge.path, *files[i:i + BATCH], "--json",
                                       "--top", "5", *judge.options))
            out += [[t["index"] for t in one["top"]] for one in told]
        return np.array(out)

    def top_whole(self, judge, files):
        """The same for whole pictures."""
        with tempfile.TemporaryDirectory() as folder:
            shown = []
            for i, f in enumerate(files):
                shown.append(Path(folder) / f"{i}.png")
                with Image.open(f) as picture:
                    framed(picture.convert("RGB"), judge.size).save(shown[-1])
            return self.top(judge, shown)

    def logits(self, inputs):
        """[n][1000] of the own network, for inputs [n][3][size][size]."""
        out = []
        with tempfile.TemporaryDirectory() as folder:
            x, y = Path(folder) / "x.npy", Path(folder) / "y.npy"
            for i in range(0, len(inputs), BATCH):
                np.save(x, np.stack(inputs[i:i + BATCH]))
                self.run("run", self.own.path, "--input", x, "--layer", "logits", "-o", y)
                out.append(np.load(y))
        return np.concatenate(out)

    def best_logits(self, photos):
        """[1000]: for each class the largest logit that any of the photos reaches."""
        best = np.full(1000, -np.inf, np.float32)
        for i in range(0, len(photos), BATCH):
            inputs = []
            for f in photos[i:i + BATCH]:
                with Image.open(f) as picture:
                    inputs.append(prepared(picture.convert("RGB"), self.own.size, photo=True))
            best = np.maximum(best, self.logits(inputs).max(0))
        return best


def recognised(top, classes):
    """Percent of the pictures whose class is the first, or among the five, a judge names."""
    right = top == np.asarray(classes)[:, None]
    return [100 * float(right[:, 0].mean()), 100 * float(right.any(1).mean())]


def judge_pictures(court, files, best):
    """All scores of one row; files: {class: file}, best: [1000] or None."""
    classes, paths = list(files), list(files.values())
    scores = {way: {} for way in WAYS}
    for judge in court.judges:
        if judge.path:
            scores["ordinary"][judge.name] = recognised(court.top(judge, paths), classes)
            scores["whole"][judge.name] = recognised(court.top_whole(judge, paths), classes)
    pictures = []
    for f in paths:
        with Image.open(f) as picture:
            pictures.append(picture.convert("RGB"))
    size, rows = court.own.size, np.arange(len(classes))
    plain = court.logits([prepared(p, size) for p in pictures])[rows, classes]
    for name, damage in DAMAGES.items():
        after = court.logits([prepared(damage(p), size) for p in pictures])[rows, classes]
        scores[name] = 100 * float(after.mean() / plain.mean())
    scores["classes"] = len(classes)
    scores["logit"] = float(np.median(plain))
    if best is not None:
        scores["photos"] = float(np.median(plain / best[classes]))
    return scores
