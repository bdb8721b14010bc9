#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""selections.py FOVEA: operators whose result is as long as the input's numbers have it.

Each network's values are numpy's."""
from networks import *

X = np.array([[2, 0, 1, 3], [1, 3, 0, 2], [2, 2, 3, 1]], "f")


def values(nodes, wanted, x=X, **weights):
    save("m.onnx", nodes, [value("x", shape=[None] * x.ndim)], [value(k) for k in wanted],
         weights=weights)
    np.save("x.npy", x)
    for name, right in wanted.items():
        got = run("run", "m.onnx", "--input", "x.npy", "--layer", name, "-o", "y.npy")
        ok = got.returncode == 0
        y = np.load("y.npy") if ok else None
        check(ok and y.shape == right.shape and (y == right).all(), name, got)


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


all_in_a_folder(unique, compress, boxes, sizes)
