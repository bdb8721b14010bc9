#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what the fuzzers start from, out of what the project's tests have: seeds.py FOLDER.

One folder a target. ONNX files: the networks of tests/golden and tests/data, the light models and
the operators' node tests of the ONNX backend suite where they are installed. Pictures and NPY
files: tests/data. Texts: those in docs/objectives.md, docs/recipes.md and docs/commands.md.
"""
import hashlib
import os
import re
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
NETWORK_MAX, FILE_MAX = 64 << 10, 64 << 10

SIDECARS = [
    '{"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "range": 1}',
    '{"size": 32, "channel_order": "bgr", "range": 255, "mean": 127.5, "scale": 0.0078125}',
    '{"size": [32, 48], "layout": "nchw", "input": "x", "labels": "labels.txt"}',
    '{"labels": ["hen", "cat, tabby", "\\u00e9"]}', '{"mean": null}', '[]', '{}', '{"sz": 3}']
METADATA = [
    "fovea.mean=1,2,3\nfovea.std=1 2 3\nfovea.size=32x32\nfovea.range=255\n"
    "fovea.labels=[\"a\",\"b\"]",
    "fovea.scale=[1, 2, 3]\nfovea.channel_order=bgr\nfovea.layout=nchw\nfovea.input=x",
    "imgsz=[32, 32]\nnames={0: 'person', 1: \"car's\"}\nstride=32\ntask=classify",
    "Image.BitmapPixelFormat=Bgr8\nImage.NominalPixelRange=NominalRange_0_255\n"
    "Image.ColorSpaceGamma=SRGB",
    "names={\"0\": \"caf\\u00e9\", '2': 'caf\\xe9', 3: hen}\nstride=32\ntask=detect",
    "class_names=['a', np.str_('b'), null]\nmodel_type=Segmentor\ntile_size=32\n"
    "standardization_mean=[0.5, 0.5, 0.5]\nstandardization_std=[0.5, 0.5, 0.5]",
    "CustomVision.Preprocess.CropMethod=OneCropCenter\nCustomVision.Preprocess.TargetHeight=32\n"
    "CustomVision.Preprocess.CropHeight=28\nCustomVision.Preprocess.CropWidth=28\n"
    "CustomVision.Preprocess.NormalizeMean=[123.0, 117.0, 104.0]",
    "label_names=[\"n1\", \"n2\"]\nlabel_descriptions={\"n1\": \"hen\"}",
    "character=hen"]


def put(folder, data, ending=""):
    if 0 < len(data) <= FILE_MAX:
        (folder / (hashlib.sha1(data).hexdigest()[:16] + ending)).write_bytes(data)


def files(*folders):
    for folder in folders:
        if folder.is_dir():
            yield from sorted(f for f in folder.rglob("*") if f.is_file())


def networks():
    """Of the node tests one a name without its variant would be too few: all small ones."""
    venv = sorted(CACHE.glob("venv/lib/*/site-packages/onnx/backend/test/data/light"))
    nodes = sorted(CACHE.glob("onnx-*-node-tests"))
    for f in files(TESTS / "golden", TESTS / "data", *venv, *nodes,
                   Path("/usr/share/libonnx-testdata/data")):
        if f.suffix == ".onnx" and f.stat().st_size <= NETWORK_MAX:
            yield f.read_bytes()


def code_spans(*names):
    """What stands in backquotes, and in blocks of code, in pages of docs/."""
    for name in names:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        yield from re.findall(r"`([^`\n]+)`", text)
        for block in re.findall(r"```\w*\n(.*?)```", text, re.S):
            yield from block.splitlines()


def objectives():
    layers = ["conv1", "relu1", "#0", "#3", "logits"]
    for span in code_spans("objectives.md", "recipes.md"):
        for layer in layers[:3]:
            yield re.sub(r"\bLAYER\b", layer, span).replace(":C", ":1").replace("y,x", "1,2")
    settings = [s for s in code_spans("recipes.md", "commands.md") if s.startswith("--")]
    for s in settings:
        name, _, value = s[2:].replace("=", " ").partition(" ")
        yield f"#0:0\n{name}={value}"
    yield ("#0:1 - 0.1*tv\ntransforms=pad(12) jitter(8) scale(.9,1.1,.02) rotate(-10,10,5) "
           "crop(.5,1.1;reflect)\nregularizers=tv(1) l2(0.5)\noptimizer=adam\nrate=0.05\nsteps=64")


def commands():
    for line in code_spans("commands.md", "../README.md", "recipes.md"):
        line = line.strip().removeprefix("$ ")
        if line.startswith("fovea "):
            yield "\n".join(word.strip("'\"") for word in line.split()[1:])


def main():
    out = Path(sys.argv[1])
    targets = ("load", "run", "npy", "image", "sidecar", "objective", "cli")
    to = {name: out / name for name in targets}
    for folder in to.values():
        folder.mkdir(parents=True, exist_ok=True)
    for data in networks():
        put(to["load"], data, ".onnx")
        put(to["run"], data, ".onnx")
    for f in files(TESTS / "data", TESTS / "golden"):
        if f.suffix == ".npy":
            put(to["npy"], f.read_bytes())
        elif f.suffix in (".png", ".jpg", ".jpeg", ".webp", ".tif", ".gif"):
            put(to["image"], f.read_bytes())
    for kind, texts in (("0", SIDECARS), ("1", ["hen\ncat, tabby\n", "0 hen\n1 cat\n"]),
                        ("2", METADATA)):
        for text in texts:
            put(to["sidecar"], (kind + text).encode())
    for text in objectives():
        put(to["objective"], text.encode())
    for text in commands():
        put(to["cli"], text.encode())
    for name, folder in to.items():
        print(f"{name}: {sum(1 for _ in folder.iterdir())} seeds")


if __name__ == "__main__":
    main()
