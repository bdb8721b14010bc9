#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""selections.py FOVEA: operators whose result is as long as the input's numbers have it.

Each network's values are numpy's. Needs numpy and onnx: FOVEA_PYTHON names a Python that has them;
without it the test is skipped."""
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

X = np.array([[2, 0, 1, 3], [1, 3, 0, 2], [2, 2, 3, 1]], "f")


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, [i.strip("-") for i in inputs.split()], outputs.split(),
                            name=outputs.split()[0], **attributes)


def save(path, nodes, outputs, x, **weights):
    value = lambda name, kind, shape=None: helper.make_tensor_value_info(name, kind, shape)
    graph = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, [None] * x.ndim)],
                              [value(o, TensorProto.FLOAT) for o in outputs],
                              [numpy_helper.from_array(np.asarray(a), k)
                               for k, a in weights.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                ir_version=8), path)
    np.save("x.npy", x)


def run(*words):
    return subprocess.run([fovea, *map(str, words), "--threads", "1", "-q"], capture_output=True,
                          text=True)


def check(ok, what, got):
    if not ok:
        print(f"WRONG: {what}: {got.returncode} {got.stdout} {got.stderr}")
        sys.exit(1)


def values(nodes, wanted, x=X, **weights):
    save("m.onnx", nodes, list(wanted), x, **weights)
    for name, value in wanted.items():
        got = run("run", "m.onnx", "--input", "x.npy", "--layer", name, "-o", "y.npy")
        ok = got.returncode == 0
        y = np.load("y.npy") if ok else None
        check(ok and y.shape == value.shape and (y == value).all(), name, got)


RELU = node("Relu", "x", "r")
# the largest number, as a size
SIZE = [node("ReduceMax", "x", "top", keepdims=0), node("Cast", "top", "whole", to=7),
        node("Unsqueeze", "whole zero", "size")]
ZERO = dict(zero=np.array([0]))


def unique():
    y, first, group, count = np.unique(X, return_index=True, return_inverse=True,
                                       return_counts=True)
    values([RELU, node("Unique", "r", "y i g c")],
           dict(y=y, i=first, g=group.ravel(), c=count))
    values([RELU, node("Unique", "r", "y", axis=1)], dict(y=np.unique(X[:1], axis=1)), X[:1])
    got = run("gradient", "m.onnx", "--input", "x.npy", "--objective", "y:3", "-o", "g.npy")
    check(got.returncode == 0 and (np.load("g.npy") == [[0, 0, 0, 1]]).all(), "its gradient", got)
    rows = np.array([[2, 1], [0, 3], [2, 1]], "f")
    values([RELU, node("Unique", "r", "y i g c", axis=0, sorted=0)],
           dict(y=rows[:2], i=np.array([0, 1]), g=np.array([0, 1, 0]), c=np.array([2, 1])), rows)


def compress():
    for limit in (1, 100):  # of 100 nothing is left
        values([RELU, node("Greater", "r limit", "h"), node("Reshape", "h all", "k"),
                node("Compress", "r k", "y"), node("Mul", "y two", "z")],
               dict(z=2 * X[X > limit]), limit=np.float32(limit), all=np.array([-1]),
               two=np.float32(2))
    values([RELU, node("NonZero", "r", "at"), node("Transpose", "at", "t"),
            node("GatherND", "r t", "y")], dict(at=np.array(np.nonzero(X)), y=X[X != 0]))


def boxes():
    """Four boxes, of which the second overlaps the first by half and the last is unlikely."""
    four = np.array([[0, 0, 4, 4, .9], [0, 0, 4, 3, .8], [5, 5, 7, 7, .7], [8, 8, 9, 9, .1]], "f")
    values([node("Slice", "x zero four two", "b"), node("Slice", "x four five two", "s"),
            node("Transpose", "s", "t", perm=[0, 2, 1]),
            node("NonMaxSuppression", "b t ten half least", "sel")],
           dict(sel=np.array([[0, 0, 0], [0, 0, 2]])), four[None], zero=np.array([0]),
           four=np.array([4]), five=np.array([5]), two=np.array([2]), ten=np.array([10]),
           half=np.float32([.5]), least=np.float32([.2]))
    got = run("layers", "m.onnx")
    check(got.returncode == 0 and "not computed: NonMaxSuppression" in got.stdout, "listed", got)
    got = run("visualize", "m.onnx", "sel:0", "--steps", "1", "-o", "v.png")
    check(got.returncode != 0 and "NonMaxSuppression" in got.stderr and
          got.stderr.count("\n") == 1 and not os.path.exists("v.png"), "no picture of it", got)


def sizes():
    values(SIZE + [node("ConstantOfShape", "size", "y",
                        value=helper.make_tensor("v", TensorProto.FLOAT, [1], [2.0]))],
           dict(y=np.full(3, 2, "f")), **ZERO)
    values(SIZE + [node("Slice", "x zero size one", "y")], dict(y=X[:, :3]), one=np.array([1]),
           **ZERO)
    values(SIZE + [node("Range", "nought whole step", "y")], dict(y=np.arange(3)),
           nought=np.int64(0), step=np.int64(1), **ZERO)
    values(SIZE + [node("Concat", "size one", "n", axis=0), node("Tile", "x n", "y")],
           dict(y=np.tile(X, (3, 1))), one=np.array([1]), **ZERO)
    values(SIZE + [node("Concat", "size four", "n", axis=0), node("Expand", "x n", "y")],
           dict(y=np.broadcast_to(X[:1], (3, 4))), X[:1], four=np.array([4]), **ZERO)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for part in (unique, compress, boxes, sizes):
        part()
    os.chdir("/")
