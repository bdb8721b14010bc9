#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutates networks of all formats but ONNX and does with each mutant what a person would.

    mutate_formats.py FOVEA [--count N] [--seed S] [--jobs J] [--keep FOLDER] [--only K]

Of a network of tests/formats, with the files beside it, one file is changed: bytes, or bytes of a
member of an archive that is packed again. `fovea layers` and three other commands, taken at random,
must end as mutate.py demands.
"""
import ast
import io
import os
import struct
import sys
import zipfile
from pathlib import Path

import mutate
import mutations

FORMATS = Path(__file__).resolve().parent.parent / "formats"
BESIDE = {".cfg": ".weights", ".prototxt": ".caffemodel"}
ENDINGS = (".keras", ".h5", ".pt2", ".tflite", ".pb", ".saved", *BESIDE)


def find_networks(_):
    """Paths of the networks, a list a format."""
    return [[p for p in sorted(f.iterdir()) if p.suffix in ENDINGS]
            for f in sorted(FORMATS.iterdir()) if f.is_dir() and f.name != "__pycache__"]


def files_of(network):
    """{name: bytes}, the network's own first."""
    if network.is_dir():
        return {"mutant/" + str(f.relative_to(network)): f.read_bytes()
                for f in sorted(network.rglob("*")) if f.is_file()}
    files = {"mutant" + network.suffix: network.read_bytes()}
    if network.suffix in BESIDE:
        other = network.with_suffix(BESIDE[network.suffix])
        files["mutant" + other.suffix] = other.read_bytes()
    return files


def input_shape(network):
    """Of the input in the file of reference values beside a network."""
    with zipfile.ZipFile(network.with_suffix(".npz")) as values:
        name = next(n for n in values.namelist() if n.startswith("input"))
        header = values.read(name)[:4096]
    size = struct.unpack_from("<H", header, 8)[0]
    return ast.literal_eval(header[10:10 + size].decode())["shape"]


def change(data, choice, others):
    """(what was done, the bytes); of most archives a member is changed."""
    if data[:2] == b"PK" and choice.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {i.filename: archive.read(i) for i in archive.infolist()}
        name = choice.choice([n for n, content in members.items() if content])
        how, members[name] = change(members[name], choice, others)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for member, content in members.items():
                archive.writestr(zipfile.ZipInfo(member), content)
        return f"{name}: {how}", made.getvalue()
    how = choice.choice(mutations.BYTES)
    return how.__name__, how(data, choice, others) or b"\0"


class Trial(mutate.Trial):
    def prepare(self, k, folder):
        choice = self.chance(k)
        start = choice.choice(choice.choice(self.networks))
        files = files_of(start)
        other = files_of(choice.choice(choice.choice(self.networks)))
        others = list(other.values())
        name = choice.choice([n for n, data in files.items() if data])
        how, files[name] = change(files[name], choice, others)
        for path, data in files.items():
            to = Path(folder, path)
            to.parent.mkdir(exist_ok=True, parents=True)
            to.write_bytes(data)
        mutate.write_npy(os.path.join(folder, "x.npy"), input_shape(start), choice)
        one = (1, *input_shape(start)[1:])
        mutate.write_npy(os.path.join(folder, "one.npy"), one, choice)
        model = ["mutant" if start.is_dir() else next(iter(files)), "--limit", mutate.WORK]
        layer = f"#{choice.randrange(16)}"
        threads = ["--threads", "1"]
        given = ["-i", "x.npy", *threads]
        rest = [["layer", *model, layer],
                ["weights", *model, layer, "-o", "w.png"],
                ["run", *model, *given, "-o", "y.npy"],
                ["run", *model, *given, "-o", "y.npy", "--layer", layer],
                ["gradient", *model, *given, "-o", "g.npy", "--objective", layer],
                ["visualize", *model, layer + ":0", "--steps", "2", "--size", "16", "-o", "p.png",
                 "-q", *threads],
                ["attribute", *model, "one.npy", "-m", "gradient", "--objective", layer, "-o",
                 "a.png", *threads]]
        return f"{start.name}: {name}: {how}", [["layers", *model], *choice.sample(rest, 3)]


if __name__ == "__main__":
    sys.exit(mutate.main(Trial, find_networks))
