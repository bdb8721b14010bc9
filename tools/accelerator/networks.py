# SPDX-License-Identifier: Apache-2.0
"""Real networks on a plug-in, next to the processor: values and the gradient at the input."""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

from programs import ROOT, Failed, Skipped, relative

sys.path.insert(0, str(ROOT / "tools" / "parity"))
from fetch import unpack  # noqa: E402

VALUES_WITHIN, GRADIENT_WITHIN = 1e-4, 1e-3    # of the largest magnitude, as in docs/parity.md
INPUTS = 4    # random inputs of which one must be on no kink

# Of ./bootstrap models, and of the packages that docs/parity.md names: name, file, input.
MODELS = [
    ("efficientnet-lite0", [1, 3, 224, 224]),
    ("pp-lcnet-orientation", [1, 3, 224, 224]),
    ("vgg16-trunk", [1, 96, 96, 3]),
    ("dinov2-small", [1, 3, 224, 224]),
]
PACKAGED = [
    ("mtcnn/**/onet.onnx", [1, 48, 48, 3]),
    ("mtcnn/**/pnet.onnx", [1, 60, 80, 3]),
    ("nudenet/**/320n.onnx", [1, 3, 320, 320]),
    ("ddddocr/**/common.onnx", [1, 1, 64, 160]),
    ("rapidocr/**/ch_ppocr_mobile_v2.0_cls_mobile.onnx", [1, 3, 48, 192]),
    ("rapidocr/**/PP-OCRv6_rec_small.onnx", [1, 3, 48, 160]),
]


def find(cache, fetch=True):
    """[(name, path or None, shape)]; fetch: the packages, where they are not there."""
    found = []
    for name, shape in MODELS:
        path = cache / "models" / f"{name}.onnx"
        found.append((name, path if path.exists() else None, shape))
    try:
        if fetch:
            unpack(cache / "packages")
    except (OSError, subprocess.SubprocessError) as error:
        print(f"  the packages of docs/parity.md are not to be had: {error}", file=sys.stderr)
    for pattern, shape in PACKAGED:
        paths = sorted((cache / "packages" / "files").glob(pattern))
        name = Path(pattern).stem
        found.append((name, paths[0] if paths else None, shape))
    return found


def ends(path):
    """Names of the first input that is no constant, and of the first output."""
    graph = onnx.load(str(path), load_external_data=False).graph
    constants = {c.name for c in graph.initializer}
    inputs = [i.name for i in graph.input if i.name not in constants]
    return inputs[0], graph.output[0].name


def both(programs, folder, words, options):
    """What one command writes on the processor and on the plug-in."""
    out = []
    for device in ("cpu", programs.plugin):
        path = folder / "out.npy"
        path.unlink(missing_ok=True)
        programs.run(programs.fovea, *words, "-o", path, "--device", device, "--quiet", *options)
        out.append(np.load(path))
    return out


def compare(programs, path, shape, precision="f32"):
    """How far the plug-in is off: (line, figures).  precision  of the plug-in; not held to a bound
    unless it is f32"""
    if path is None:
        raise Skipped("it is not there: ./bootstrap models NAME, ./bootstrap parity packages")
    name, output = ends(path)
    exact = precision == "f32"
    with tempfile.TemporaryDirectory(dir=programs.folder) as folder:
        folder = Path(folder)
        for seed in range(INPUTS):
            x = np.random.default_rng(seed).normal(size=shape) * 0.5
            np.save(folder / "x.npy", x.astype(np.float32))
            given = ("--input", f"{name}={folder / 'x.npy'}")
            options = () if exact else ("--precision", precision)
            want, got = both(programs, folder, ("run", path, *given), options)
            values = relative(got, want)
            want, got = both(programs, folder,
                             ("gradient", path, *given, "--objective", output), options)
            gradient = relative(got, want)
            if gradient <= GRADIENT_WITHIN or not exact:
                break
    figures = {"values": values, "gradient": gradient, "inputs": seed + 1}
    line = f"values within {values:.1e}, gradient within {gradient:.1e}"
    if seed:
        line += f" (input {seed + 1}; those before it lie on a kink)"
    if exact and not (values <= VALUES_WITHIN and gradient <= GRADIENT_WITHIN):
        raise Failed(line)
    return line, figures
