#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""whole_numbers.py FOVEA: integers that are computed at run time stay within their type and whole,
as numpy has them; reductions over no axes.

Networks of one operator."""
from networks import *

TYPES = {np.dtype(kind): getattr(TensorProto, name) for kind, name in
         (("u1", "UINT8"), ("i1", "INT8"), ("u2", "UINT16"), ("i2", "INT16"), ("i4", "INT32"))}


def one(op, x, weights, wanted, opset=17, **attributes):
    """Runs a network of one operator on x, its first input."""
    kind = TYPES.get(x.dtype, TensorProto.FLOAT)
    made = TYPES.get(wanted.dtype, TensorProto.FLOAT)
    save("m.onnx", [node(op, " ".join(["x", *weights]), "y", **attributes)],
         [value("x", kind, list(x.shape))], [value("y", made)], {}, weights, opset)
    np.save("x.npy", x)
    got = run("run", "m.onnx", "--input", "x.npy", "-l", "y", "-o", "y.npy")
    check(got.returncode == 0 and np.allclose(np.load("y.npy"), wanted, rtol=1e-6),
          f"{op} of {x.dtype}: {wanted}", got)
    os.remove("y.npy")


def within_their_type():
    a, b = np.array([[200, 5, 255]], "u1"), np.array([3, 7, 255], "u1")
    for op, wanted in (("Add", a + b), ("Sub", a - b), ("Mul", a * b)):
        one(op, a, dict(b=b), wanted)
        one(op, a, dict(b=b[:1]), {"Add": a + b[:1], "Sub": a - b[:1], "Mul": a * b[:1]}[op])
    c, d = np.array([[100, -100, -128]], "i1"), np.array([100, -100, -1], "i1")
    for op, wanted in (("Add", c + d), ("Sub", c - d), ("Mul", c * d)):
        one(op, c, dict(d=d), wanted)
    one("Neg", c, {}, -c)
    one("Abs", c, {}, np.abs(c))
    wide = np.array([[300, -5, 70000, 128]], "i4")
    for kind, to in TYPES.items():
        one("Cast", wide, {}, wide.astype(kind), to=to)


def whole():
    x = np.array([[1, -5, 3]], "i4")
    one("ReduceMean", x, {}, np.array([[0]], "i4"), opset=13, axes=[1])
    one("ReduceL2", x, {}, np.array([[5]], "i4"), opset=13, axes=[1])
    one("ReduceMean", np.array([[[[1, 2], [4, 0]]]], "i4"), {}, np.array([[[[1]]]], "i4"),
        opset=13, axes=[2, 3])
    one("Pow", np.array([[2, 3]], "i4"), dict(b=np.array([.5, 1.5], "f")),
        np.array([[1, 5]], "i4"))


def beyond():
    """Integers that single precision does not hold are said, where the result depends on them."""
    x = np.array([[5001, 70001, 3]], "i8")
    table = np.array([5, 2**24 + 1], "i8")
    for nodes, weights, name in (
            ([node("Mul", "x x", "y")], {}, "y"),
            ([node("Mul", "x k", "p"), node("Mod", "p m", "y")],
             dict(k=np.array([2654435761], "i8"), m=np.array([1000], "i8")), "p"),
            ([node("Mul", "x k", "p"), node("CumSum", "p a", "y")],
             dict(a=np.array(1, "i8"), k=np.array([230], "i8")), "y/matmul"),
            ([node("Mod", "x k", "p"), node("Gather", "t p", "y")],
             dict(t=table, k=np.array([2], "i8")), "y")):
        save("b.onnx", nodes, [value("x", TensorProto.INT64, [1, 3])],
             [value("y", TensorProto.INT64)], {}, weights)
        for numbers, large in ((x, True), (x % 2 * 0, False)):
            np.save("x.npy", numbers)
            got = run("run", "b.onnx", "--input", "x.npy", "-o", "y.npy", quiet=False)
            said = f'integers of layer "{name}"' in got.stderr and "up to 2^24" in got.stderr
            check(got.returncode == 0 and said == large, f"{name}, {numbers}", got)


def over_no_axes():
    """Each element is reduced for itself, and so is the gradient."""
    x, none = np.array([[3, 4, .5]], "f"), dict(axes=np.array([], "i8"))
    for op, wanted, slope in (("ReduceSumSquare", x * x, 2 * x), ("ReduceL1", x, x / x),
                              ("ReduceL2", x, x / x), ("ReduceLogSum", np.log(x), 1 / x),
                              ("ReduceLogSumExp", x, x / x), ("ReduceMean", x, x / x)):
        one(op, x, none, wanted, opset=18, noop_with_empty_axes=1)
        got = run("gradient", "m.onnx", "--input", "x.npy", "--objective", "y", "-o", "g.npy")
        check(got.returncode == 0 and
              np.allclose(np.load("g.npy"), 2 / 3 * wanted * slope, rtol=1e-5), op, got)
    one("ReduceL1", -x, none, x, opset=18, noop_with_empty_axes=1)


all_in_a_folder(within_their_type, whole, beyond, over_no_axes)
