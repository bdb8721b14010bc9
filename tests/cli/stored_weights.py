#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stored_weights.py FOVEA: weights that a file holds in other forms than numbers one by one: sparse
ones, and integers of 4 bits.

Networks of one matrix, which numpy has too."""
from networks import *

random = np.random.default_rng(1)


def of_matrix(what, rows, wanted):
    x = random.normal(size=(2, rows)).astype("f")
    np.save("x.npy", x)
    got = run("run", "m.onnx", "--input", "x.npy", "-l", "y", "-o", "y.npy")
    check(got.returncode == 0 and np.allclose(np.load("y.npy"), x @ wanted, atol=1e-5), what, got)
    os.remove("y.npy")


def save_sparse(values, indices, dims):
    sparse = helper.make_sparse_tensor(numpy_helper.from_array(np.array(values, "f"), "w"),
                                       numpy_helper.from_array(np.array(indices, "i8"), "places"),
                                       dims)
    graph = helper.make_graph([node("MatMul", "x w", "y")], "g", [value("x", shape=["n", 6])],
                              [value("y")])
    graph.sparse_initializer.append(sparse)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              "m.onnx")


def sparse():
    wanted = np.zeros((6, 3), "f")
    wanted.flat[[0, 5, 17]] = 1, 2, 3
    for indices in ([0, 5, 17], [[0, 0], [1, 2], [5, 2]]):
        save_sparse([1, 2, 3], indices, [6, 3])
        of_matrix(f"places {indices}", 6, wanted)
    for indices, dims, text in (([0, 5, 18], [6, 3], "the place of element 2 is outside"),
                                ([0, -5, 1], [6, 3], "the place of element 1 is outside"),
                                ([[0, 0], [0, 3], [1, 1]], [6, 3], "the place of element 1"),
                                ([0, 5], [6, 3], "do not fit each other"),
                                ([0, 5, 1], [1 << 31, 3], "do not fit each other"),
                                ([[0], [1], [2]], [6, 3], "do not fit each other")):
        save_sparse([1, 2, 3], indices, dims)
        got = run("layers", "m.onnx")
        check(refused(got, 'sparse tensor "w"', text), text, got)


def four_bits():
    for kind, low in ((TensorProto.INT4, -8), (TensorProto.UINT4, 0)):
        q, zero = random.integers(low, low + 16, (8, 5)), random.integers(low, low + 16, (2, 5))
        scale = random.uniform(.01, .1, (2, 5)).astype("f")
        save("m.onnx", [node("DequantizeLinear", "q scale zero", "w", axis=0, block_size=4),
                        node("MatMul", "x w", "y")], [value("x", shape=["n", 8])], [value("y")],
             {}, dict(q=helper.make_tensor("q", kind, [8, 5], q.flatten().tolist()), scale=scale,
                      zero=helper.make_tensor("zero", kind, [2, 5], zero.flatten().tolist())), 21)
        of_matrix(f"type {kind}", 8, (q - zero.repeat(4, 0)) * scale.repeat(4, 0))
        save("m.onnx", [node("QuantizeLinear", "x one zero", "q"),
                        node("DequantizeLinear", "q one zero", "y")], [value("x", shape=[1, 4])],
             [value("y")], {}, dict(one=np.float32(1), zero=helper.make_tensor("zero", kind, [],
                                                                              [1])), 21)
        np.save("x.npy", np.array([[-100, -2, 3, 100]], "f"))
        got = run("run", "m.onnx", "--input", "x.npy", "-l", "y", "-o", "y.npy")
        wanted = np.clip([-100, -2, 3, 100], low - 1, low + 14)
        check(got.returncode == 0 and np.allclose(np.load("y.npy"), wanted), f"{kind}: range", got)


all_in_a_folder(sparse, four_bits)
