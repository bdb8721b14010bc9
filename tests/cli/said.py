#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""said.py FOVEA: what is said of a file that is not run as it stands, and of inputs at fault.

Quantised and half-precision layers, a gradient that ends at a saturated layer, sizes that are none,
two inputs of one name, indices outside of their axis, choices that have no gradient. Needs numpy
and onnx: FOVEA_PYTHON names a Python that has them; without it the test is skipped."""
import os
import subprocess
import sys
import tempfile

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

X = np.linspace(-1, 1, 4, dtype="f")[None]
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=outputs.split()[0],
                            **attributes)


def save(nodes, output="y", inputs=(("x", FLOAT, [1, 4]),), **weights):
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info(*i) for i in inputs],
                              [helper.make_tensor_value_info(output, FLOAT, None)],
                              [numpy_helper.from_array(np.asarray(a), k)
                               for k, a in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                ir_version=8), "m.onnx")
    np.save("x.npy", X)


def says(code, words, *command, lines=None):
    got = subprocess.run([fovea, *command, "--threads", "1"], capture_output=True, text=True)
    ok = got.returncode == code and all(w in got.stderr for w in words)
    if not ok or (lines is not None and got.stderr.count("\n") != lines):
        print(f"WRONG: {command}: {got.returncode} {got.stderr}, not {code} and {words}")
        sys.exit(1)


RUN = ("run", "m.onnx", "--input", "x.npy", "-o", "y.npy")


def gradient(objective):
    return ("gradient", "m.onnx", "--input", "x.npy", "--objective", objective, "-o", "g.npy")


def quantised():
    pair = [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "y")]
    save(pair, s=np.float32(0.01), z=np.uint8(128))
    said = ['quantised in the file, and run as floating point', '("q" is the first)']
    says(0, said, *RUN, lines=1)
    says(0, said, *gradient("y:1"), lines=1)
    save(pair, s=np.float32(1e-4), z=np.uint8(128))
    says(0, ['layer "q" (QuantizeLinear) is saturated', "the gradient is zero everywhere"],
         *gradient("y:1"))
    save([node("DequantizeLinear", "q s z", "w"), node("Mul", "x w", "y")],
         q=np.array([[1, 2, 3, 4]], np.uint8), s=np.float32(0.5), z=np.uint8(0))
    says(0, [], *RUN, lines=0)  # only weights are quantised: nothing is rounded


def half():
    save([node("Cast", "x", "c", to=TensorProto.BFLOAT16), node("Relu", "c", "r"),
          node("Cast", "r", "y", to=FLOAT)])
    says(0, ['half precision in the file, and run in single', '("c" is the first)'], *RUN, lines=1)


def sizes():
    for size in (-5, 0):
        save([node("Relu", "x", "y")], inputs=[("x", FLOAT, [1, size])])
        says(0, [f'input "x" has size {size} along axis 1 in the file'], *RUN, lines=1)
    save([node("Relu", "x", "y")], inputs=[("x", FLOAT, [1, -1])])
    says(0, [], *RUN, lines=0)
    save([node("Relu", "x", "y")], inputs=[("x", FLOAT, [1, 4])] * 2)
    says(1, ['two inputs have the name "x"'], *RUN, lines=1)


def indices():
    both = [("x", FLOAT, [1, 4]), ("at", INT64, [2])]
    save([node("Gather", "x at", "y", axis=1)], inputs=both)
    np.save("at.npy", np.array([1, 9]))
    two = ("--input", "x=x.npy", "--input", "at=at.npy")
    says(1, ['at.npy: Gather "y": "at" has index 9; allowed: -4 to 3'], "run", "m.onnx", *two,
         "-o", "z.npy", lines=1)
    save([node("GatherElements", "x at", "y", axis=1)],
         inputs=[both[0], ("at", INT64, [1, 2])])
    np.save("at.npy", np.array([[-5, 1]]))
    says(1, ['at.npy: GatherElements "y": "at" has index -5; allowed: -4 to 3'], "run", "m.onnx",
         *two, "-o", "z.npy", lines=1)
    save([node("Gather", "table at", "y")], inputs=[("at", INT64, [1, 2])],
         table=np.ones((3, 2), "f"))
    says(1, ['"at" has index', "allowed: -3 to 2"], "run", "m.onnx", "--input", "at.npy", "-o",
         "z.npy", lines=1)
    assert not os.path.exists("z.npy")


def choices():
    for op, made in (("ArgMax", "y"), ("TopK", "v y"), ("NonZero", "y")):
        save([node("Relu", "x", "r"), node(op, "r k" if op == "TopK" else "r", made)],
             k=np.array([2]))
        says(1, ["the choice has no gradient", "--output-name", 'the last layer before it is "r"'],
             "visualize", "m.onnx", "y:0", "--steps", "1", "-o", "v.png", lines=1)
        says(0, [], *RUN, lines=0)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for part in (quantised, half, sizes, indices, choices):
        part()
    os.chdir("/")
