#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""said.py FOVEA: what is said of a file that is not run as it stands, and of inputs at fault.

Quantised and half-precision layers, a gradient that ends at a saturated layer, sizes that are none,
two inputs of one name, indices outside of their axis, choices that have no gradient."""
from networks import *

X = np.linspace(-1, 1, 4, dtype="f")[None]
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def network(nodes, inputs=(("x", FLOAT, [1, 4]),), **weights):
    save("m.onnx", nodes, [value(*i) for i in inputs], [value("y")], {}, weights)
    np.save("x.npy", X)


def says(code, words, *command, lines=None):
    got = run(*command, quiet=False)
    as_many = lines is None or got.stderr.count("\n") == lines
    check(got.returncode == code and as_many and all(w in got.stderr for w in words),
          f"{command}, not {code} and {words}", got)


RUN = ("run", "m.onnx", "--input", "x.npy", "-o", "y.npy")


def gradient(objective):
    return ("gradient", "m.onnx", "--input", "x.npy", "--objective", objective, "-o", "g.npy")


def quantised():
    pair = [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "y")]
    network(pair, s=np.float32(0.01), z=np.uint8(128))
    said = ['quantised in the file, and run as floating point', '("q" is the first)']
    says(0, said, *RUN, lines=1)
    says(0, said, *gradient("y:1"), lines=1)
    network(pair, s=np.float32(1e-4), z=np.uint8(128))
    says(0, ['layer "q" (QuantizeLinear) is saturated', "the gradient is zero everywhere"],
         *gradient("y:1"))
    network([node("DequantizeLinear", "q s z", "w"), node("Mul", "x w", "y")],
         q=np.array([[1, 2, 3, 4]], np.uint8), s=np.float32(0.5), z=np.uint8(0))
    says(0, [], *RUN, lines=0)  # only weights are quantised: nothing is rounded


def half():
    network([node("Cast", "x", "c", to=TensorProto.BFLOAT16), node("Relu", "c", "r"),
          node("Cast", "r", "y", to=FLOAT)])
    says(0, ['half precision in the file, and run in single', '("c" is the first)'], *RUN, lines=1)


def sizes():
    for size in (-5, 0):
        network([node("Relu", "x", "y")], inputs=[("x", FLOAT, [1, size])])
        says(0, [f'input "x" has size {size} along axis 1 in the file'], *RUN, lines=1)
    network([node("Relu", "x", "y")], inputs=[("x", FLOAT, [1, -1])])
    says(0, [], *RUN, lines=0)
    network([node("Relu", "x", "y")], inputs=[("x", FLOAT, [1, 4])] * 2)
    says(1, ['two inputs have the name "x"'], *RUN, lines=1)


def indices():
    both = [("x", FLOAT, [1, 4]), ("at", INT64, [2])]
    network([node("Gather", "x at", "y", axis=1)], inputs=both)
    np.save("at.npy", np.array([1, 9]))
    two = ("--input", "x=x.npy", "--input", "at=at.npy")
    says(1, ['at.npy: Gather "y": "at" has index 9; allowed: -4 to 3'], "run", "m.onnx", *two,
         "-o", "z.npy", lines=1)
    network([node("GatherElements", "x at", "y", axis=1)],
         inputs=[both[0], ("at", INT64, [1, 2])])
    np.save("at.npy", np.array([[-5, 1]]))
    says(1, ['at.npy: GatherElements "y": "at" has index -5; allowed: -4 to 3'], "run", "m.onnx",
         *two, "-o", "z.npy", lines=1)
    network([node("Gather", "table at", "y")], inputs=[("at", INT64, [1, 2])],
         table=np.ones((3, 2), "f"))
    says(1, ['"at" has index', "allowed: -3 to 2"], "run", "m.onnx", "--input", "at.npy", "-o",
         "z.npy", lines=1)
    assert not os.path.exists("z.npy")


def choices():
    for op, made in (("ArgMax", "y"), ("TopK", "v y"), ("NonZero", "y")):
        network([node("Relu", "x", "r"), node(op, "r k" if op == "TopK" else "r", made)],
             k=np.array([2]))
        says(1, ["the choice has no gradient", "--output-name", 'the last layer before it is "r"'],
             "visualize", "m.onnx", "y:0", "--steps", "1", "-o", "v.png", lines=1)
        says(0, [], *RUN, lines=0)


all_in_a_folder(quantised, half, sizes, indices, choices)
