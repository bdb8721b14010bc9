# SPDX-License-Identifier: Apache-2.0
"""The photos that excite 50 units of EfficientNet-Lite0's head convolution, by PyTorch.

    python examples.py [--write] [--model FILE] [--photos FOLDER] [--fovea PROGRAM]

Every photo is read with PIL, resized (bicubic, antialiased) and cropped in 32-bit floats, and run
alone through the network in PyTorch (interpret.py). For 50 of the 1280 channels, drawn with seed 0,
the 9 highest maxima and the 9 lowest minima of its map, with their positions, and the 9 highest
means, are compared with tests/golden/examples/head.json, or written there. With --fovea the
program's own answer is compared too: the same photos at the same positions, values within 1e-4.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from interpret import Interpreter

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "golden" / "examples" / "head.json"
LAYER, UNITS, CHOSEN, TOP = "head/conv", 1280, 50, 9


def prepared(path):
    picture = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32)
    x = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]
    h, w = x.shape[2:]
    scale = 256 / min(w, h)
    size = (round(h * scale), round(w * scale))
    if size != (h, w):
        x = torch.nn.functional.interpolate(x, size, mode="bicubic", antialias=True)
    top, left = (size[0] - 224) // 2, (size[1] - 224) // 2
    return (x[:, :, top:top + 224, left:left + 224].clamp(0, 255) - 127) / 128


def head_maps(model, photos):
    """The layer's maps of all photos, [photos][1280][7][7], run one by one."""
    node = next(n for n in model.nodes if LAYER in (n.name, n.output[0]))
    found = []
    step = getattr(model, model.steps[node.output[0]])
    step.register_forward_hook(lambda module, given, made: found.append(made.clone()))
    with torch.no_grad():
        for path in photos:
            model(prepared(path))
    return torch.cat(found)


def ranked(maps, photos, units):
    """{unit: {"top", "bottom", "mean": [[photo, value, y, x]]}}"""
    low, high = maps.amin((2, 3)), maps.amax((2, 3))
    at = {"top": maps.flatten(2).argmax(2), "bottom": maps.flatten(2).argmin(2)}
    table = {}
    for u in units:
        rows = {}
        for name, values, down in (("top", high, True), ("bottom", low, False),
                                   ("mean", maps.mean((2, 3)), True)):
            order = torch.sort(values[:, u], descending=down, stable=True).indices[:TOP].tolist()
            rows[name] = [[photos[i].name, round(float(values[i, u]), 6)]
                          + ([int(at[name][i, u]) // 7, int(at[name][i, u]) % 7]
                             if name in at else []) for i in order]
        table[str(u)] = rows
    return table


def compare(name, mine, theirs):
    """Problems between two tables: photos and positions as they are, values within 1e-4."""
    problems, worst = [], 0.0
    for unit, lists in theirs.items():
        for kind, rows in lists.items():
            other = mine[unit][kind]
            if [[r[0]] + r[2:] for r in rows] != [[r[0]] + r[2:] for r in other]:
                problems.append(f"{name}: {kind} of unit {unit}: {other} instead of {rows}")
            for r, o in zip(rows, other):
                worst = max(worst, abs(r[1] - o[1]) / max(abs(r[1]), 1e-9))
    if worst > 1e-4:
        problems.append(f"{name}: a value differs by {worst:.2g}")
    print(f"{name}: {len(theirs)} units, values differ by {worst:.2g} at most")
    return problems


def asked(fovea, model, photos, units):
    """The same table by `fovea examples`."""
    table = {str(u): {} for u in units}
    for by in ("max", "mean"):
        done = subprocess.run([fovea, "examples", model, LAYER, photos, "--no-index", "--json",
                               "-q", "--by", by, "--top", str(TOP), "--bottom", str(TOP)],
                              check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout)["units"]
        for u in units:
            for kind in ("top", "bottom") if by == "max" else ("top",):
                table[str(u)]["mean" if by == "mean" else kind] = [
                    [e["photo"], e["value"]] + (e["position"] if by == "max" else [])
                    for e in found[u][kind]]
    return table


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    p.add_argument("--write", action="store_true")
    p.add_argument("--model", default=cache / "models" / "efficientnet-lite0.onnx")
    p.add_argument("--photos", type=Path, default=ROOT.parent / "shared" / "images" / "imagenet")
    p.add_argument("--fovea")
    a = p.parse_args()
    if not a.photos.is_dir():
        print(f"skipped: there is no {a.photos}")
        return 0
    units = sorted(np.random.default_rng(0).choice(UNITS, CHOSEN, replace=False).tolist())
    photos = sorted(a.photos.glob("*.jpg"))
    table = ranked(head_maps(Interpreter(a.model).eval(), photos), photos, units)
    if a.write:
        TABLE.parent.mkdir(exist_ok=True)
        lines = [f'"{u}": {json.dumps(lists)}' for u, lists in table.items()]
        TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    problems = compare("head.json", json.loads(TABLE.read_text(encoding="utf-8")), table)
    if a.fovea:
        problems += compare("fovea", asked(a.fovea, a.model, a.photos, units), table)
    for problem in problems[:10]:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
