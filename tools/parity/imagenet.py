# SPDX-License-Identifier: Apache-2.0
"""What PyTorch says EfficientNet-Lite0 sees in the sample photos.

    python imagenet.py [--write] [--model FILE] [--photos FOLDER]

Prepares each photo with PIL (short side to 256, bicubic; centre 224x224), runs the network in
PyTorch (interpret.py) and compares the top classes with tests/golden/imagenet_top1.txt, or writes
that file.
"""
import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from interpret import Interpreter

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "golden" / "imagenet_top1.txt"


def prepared(path):
    picture = Image.open(path).convert("RGB")
    w, h = picture.size
    scale = 256 / min(w, h)
    picture = picture.resize((round(w * scale), round(h * scale)), Image.Resampling.BICUBIC)
    w, h = picture.size
    left, top = (w - 224) // 2, (h - 224) // 2
    crop = np.asarray(picture.crop((left, top, left + 224, top + 224)), dtype=np.float32)
    return torch.from_numpy(((crop - 127) / 128).transpose(2, 0, 1).copy())


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    p.add_argument("--write", action="store_true")
    p.add_argument("--model", default=cache / "models" / "efficientnet-lite0.onnx")
    p.add_argument("--photos", type=Path, default=ROOT.parent / "shared" / "images" / "imagenet")
    a = p.parse_args()
    if not a.photos.is_dir():
        print(f"skipped: there is no {a.photos}")
        return 0
    model, lines = Interpreter(a.model).eval(), []
    photos = sorted(a.photos.glob("*.jpg"))
    for i in range(0, len(photos), 20):
        with torch.no_grad():
            top = model(torch.stack([prepared(f) for f in photos[i:i + 20]])).argmax(1)
        lines += [f"{f.name} {int(t)}" for f, t in zip(photos[i:], top)]
    right = sum(int(x.split("_")[0]) == int(x.split()[1]) for x in lines)
    text = ("# Made by tools/parity/imagenet.py: photo, and the class PyTorch thinks most likely.\n"
            + "\n".join(lines) + "\n")
    print(f"PyTorch: {right} of {len(lines)} photos right at top-1")
    if a.write:
        TABLE.write_text(text, encoding="utf-8")
        return 0
    same = TABLE.read_text(encoding="utf-8") == text
    print("as in imagenet_top1.txt" if same else "not as in imagenet_top1.txt")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
