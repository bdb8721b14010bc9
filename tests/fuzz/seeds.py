#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what the fuzzers start from, out of what the project's tests have: seeds.py FOLDER.

One folder a target. ONNX files: the networks of tests/golden and tests/data, the light models and
the operators' node tests of the ONNX backend suite where they are installed; of `maps` the former
alone, which have layers. Files of other formats: the small models of tests/formats, those of
several files in one archive. Pictures, NPY and HDF5 files: tests/data; a safetensors file. Texts:
those in docs/objectives.md, docs/recipes.md and docs/commands.md. Foreign files: what
src/model/foreign/foreign.def looks for.
"""
import hashlib
import io
import os
import re
import sys
import zipfile
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

SAFETENSORS = (lambda header: len(header).to_bytes(8, "little") + header)(
    b'{"__metadata__":{"format":"pt"},'
    b'"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},'
    b'"half":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},'
    b'"ids":{"dtype":"I64","shape":[],"data_offsets":[32,40]}}') + bytes(range(40))

# Of other programs beside the model, by the letter that fuzz_sidecar.c knows the file by.
CONFIGS = {
    "a": ['{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "do_resize": true, '
          '"size": {"shortest_edge": 32}, "do_center_crop": true, "crop_size": 28}',
          '{"do_rescale": true, "rescale_factor": 0.00392, "rescale_offset": true, '
          '"do_normalize": false, "size": {"longest_edge": 32}, "pad_size": [32, 48]}',
          '{"image_mean": 0.5, "image_std": 0.5, "size": 32, "crop_pct": 0.9, '
          '"do_flip_channel_order": true}'],
    "b": ['{"image_processor": {"image_mean": [0.5], "image_std": [0.5], '
          '"size": {"height": 32, "width": 48}, "do_resize": false}}'],
    "c": ['{"id2label": {"0": "tench", "1": "caf\\u00e9"}, "label2id": {"tench": 0}}',
          '{"pretrained_cfg": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], '
          '"input_size": [3, 32, 32], "crop_pct": 0.875, "crop_mode": "border", '
          '"label_names": ["n1", "n2"], "label_descriptions": {"n1": "hen"}}}',
          '{"mean": 0.5, "std": 0.5, "crop_mode": "squash", "class_names": "a"}'],
    "d": ['{"CustomVision.Preprocess.CropMethod": "OneCropCenter", '
          '"CustomVision.Preprocess.TargetHeight": "32", '
          '"CustomVision.Preprocess.NormalizeMean": "[123.0, 117.0, 104.0]"}'],
    "e": ["hen\ncat, tabby\n"], "f": ["0 hen\n1 cat\n"], "g": ["n01440764 tench\n"],
    "h": ['{"0": ["n01440764", "tench"]}', '["hen", "cat"]'], "i": ["{'hen': 0, 'cat': 1}"]}


def put(folder, data, ending=""):
    if 0 < len(data) <= FILE_MAX:
        (folder / (hashlib.sha1(data).hexdigest()[:16] + ending)).write_bytes(data)


def files(*folders):
    for folder in folders:
        if folder.is_dir():
            yield from sorted(f for f in folder.rglob("*") if f.is_file())


def own_networks():
    for f in files(TESTS / "golden", TESTS / "data"):
        if f.suffix == ".onnx" and f.stat().st_size <= NETWORK_MAX:
            yield f.read_bytes()


def networks():
    """Of the node tests one a name without its variant would be too few: all small ones."""
    venv = sorted(CACHE.glob("venv/lib/*/site-packages/onnx/backend/test/data/light"))
    nodes = sorted(CACHE.glob("onnx-*-node-tests"))
    yield from own_networks()
    for f in files(*venv, *nodes, Path("/usr/share/libonnx-testdata/data")):
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


def sets():
    """Networks of several files, the one that is opened first, as fuzz_formats.c reads them."""
    folders = TESTS / "formats"
    for first, other in ((".cfg", ".weights"), (".prototxt", ".caffemodel")):
        for f in sorted(folders.rglob("*" + first)):
            yield pack((("net" + first, f), ("net" + other, f.with_suffix(other))))
    for folder in sorted(folders.rglob("*.saved")):
        yield pack((str(f.relative_to(folder)), f) for f in files(folder))


def pack(members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, file in members:
            archive.writestr(zipfile.ZipInfo("set/" + name), file.read_bytes())
    return made.getvalue()


def foreign():
    """A row's text as a file's beginning behind a name, or in the table of a zip archive."""
    rows = (ROOT / "src/model/foreign/foreign.def").read_text(encoding="utf-8")
    for match, argument, rest in re.findall(
            r'^FVI_FOREIGN\((\w+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+|\w+),(.*?)\)$', rows,
            re.M | re.S):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', argument))
        data = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
        ending = re.search(r"\((\.\w+)\)", rest)
        name = b"a" + (ending[1].encode() if ending else b".bin") + b"\n"
        if "zip" in match:
            data = b"PK\3\4 a/%s PK\1\2 a/%s PK\5\6" % (data, data) + bytes(18)
        yield name + data
        yield name + b'<?xml version="1.0"?>{"format": "' + data + b'"}'


def commands():
    for line in code_spans("commands.md", "../README.md", "recipes.md"):
        line = line.strip().removeprefix("$ ")
        if line.startswith("fovea "):
            yield "\n".join(word.strip("'\"") for word in line.split()[1:])


def main():
    out = Path(sys.argv[1])
    targets = ("load", "formats", "run", "maps", "foreign", "npy", "hdf5", "image", "sidecar",
               "objective", "cli")
    to = {name: out / name for name in targets}
    for folder in to.values():
        folder.mkdir(parents=True, exist_ok=True)
    for data in networks():
        put(to["load"], data, ".onnx")
        put(to["run"], data, ".onnx")
    for data in own_networks():
        put(to["maps"], data, ".onnx")
    for f in files(TESTS / "formats"):
        if f.suffix not in (".py", ".npz", ".build", ".json", ".npy"):
            put(to["formats"], f.read_bytes())
    for data in sets():
        put(to["formats"], data, ".set")
    for data in foreign():
        put(to["foreign"], data)
    for f in files(TESTS / "data", TESTS / "golden"):
        if f.suffix in (".npy", ".npz"):
            put(to["npy"], f.read_bytes())
        elif f.suffix == ".h5":
            put(to["hdf5"], f.read_bytes())
            put(to["npy"], f.read_bytes())
        elif f.suffix in (".png", ".jpg", ".jpeg", ".webp", ".tif", ".gif"):
            put(to["image"], f.read_bytes())
    put(to["npy"], SAFETENSORS)
    for kind, texts in (("0", SIDECARS), ("1", ["hen\ncat, tabby\n", "0 hen\n1 cat\n"]),
                        ("2", METADATA), *CONFIGS.items()):
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
