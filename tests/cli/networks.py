# SPDX-License-Identifier: Apache-2.0
"""What tests of the command share that make small networks whose numbers numpy computes.

The test imports it first: its argument is the program. It needs numpy and onnx: FOVEA_PYTHON names
a Python that has them, which the test is run with; without it the test is skipped."""
import os
import struct
import subprocess
import sys
import tempfile
import zlib

fovea = os.path.abspath(sys.argv[1])
python = os.environ.get("FOVEA_PYTHON") or os.path.expanduser("~/.cache/fovea/venv/bin/python")
if len(sys.argv) < 3:
    if subprocess.run([python, "-c", "import numpy, onnx"], capture_output=True).returncode:
        print("skipped: no Python with numpy and onnx")
        sys.exit(77)
    sys.exit(subprocess.run([python, sys.argv[0], fovea, "inside"]).returncode)

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def node(op, inputs, outputs, name=None, domain="", **attributes):
    """A node named as its first output unless `name` is another; an input "-" is left out."""
    outputs = outputs.split()
    return helper.make_node(op, [i.strip("-") for i in inputs.split()], outputs,
                            name=name or outputs[0], domain=domain, **attributes)


def value(name, kind=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, kind, shape)


def save(path, nodes, inputs, outputs, meta={}, weights={}, opset=17):
    """Writes a network.
       inputs, outputs  of value()
       weights          arrays, or initializers, by name; those that no node reads are left out"""
    read = {name for n in nodes for name in n.input}
    initializers = [a if isinstance(a, onnx.TensorProto) else
                    numpy_helper.from_array(np.asarray(a), k)
                    for k, a in weights.items() if k in read]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, meta)
    onnx.save(model, path)


def photo(path, color, side=8):
    """Writes a PNG file of one colour."""
    rows = b"".join(b"\0" + bytes(color) * side for _ in range(side))
    chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data +
                                struct.pack(">I", zlib.crc32(kind + data)))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" +
                   chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def run(*words, quiet=True):
    words = [fovea, *map(str, words), "--threads", "1"] + ["-q"] * quiet
    return subprocess.run(words, capture_output=True, text=True)


def check(ok, what, got):
    if not ok:
        print(f"WRONG: {what}: {got.returncode} {got.stdout} {got.stderr}")
        sys.exit(1)


def refused(got, *texts):
    """Whether a command failed with one line that holds the texts."""
    return (got.returncode == 1 and not got.stdout and got.stderr.count("\n") == 1 and
            all(t in got.stderr for t in texts))


def all_in_a_folder(*parts):
    """Calls the parts in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for part in parts:
            part()
        os.chdir("/")
