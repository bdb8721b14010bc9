#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are sound ONNX, small, and ask for too much or for what is not theirs.

    hostile.py FOVEA

Each goes through `fovea layers` and, if that opens it, `run` and `gradient` under the rules of
mutate.py; besides, the words that stand beside it must be in the line on stderr of the last command
that was refused, or, for "", every command must succeed.
"""
import itertools
import os
import shutil
import struct
import sys
import tempfile
from types import SimpleNamespace

import mutate
import wire

GIB = 1 << 30


# ---- making models ----

def attribute(name, value):
    fields = [[1, "bytes", name.encode()]]
    if isinstance(value, int):
        return fields + [[20, "int", 2], [3, "int", value]]
    if isinstance(value, str):
        return fields + [[20, "int", 3], [4, "bytes", value.encode()]]
    if value and isinstance(value[0], list):  # the fields of a graph
        return fields + [[20, "int", 5], [6, "graph", value]]
    return fields + [[20, "int", 7], [8, "ints", value]]


def node(op, inputs, outputs, domain="", **attributes):
    fields = [[1, "bytes", n.encode()] for n in inputs]
    fields += [[2, "bytes", n.encode()] for n in outputs]
    fields += [[4, "bytes", op.encode()]] + ([[7, "bytes", domain.encode()]] if domain else [])
    return [1, "node", fields + [[5, "attribute", attribute(k, v)] for k, v in attributes.items()]]


def value(number, name, shape=None):
    fields = [[1, "bytes", name.encode()]]
    if shape is not None:
        dims = [[1, "dim", [[1, "int", d]]] for d in shape]
        fields.append([2, "type", [[1, "tensortype", [[1, "int", 1], [2, "shape", dims]]]]])
    return [number, "value", fields]


def ints(name, numbers):
    return [5, "tensor", [[1, "ints", [len(numbers)]], [2, "int", 7], [8, "bytes", name.encode()],
                          [9, "bytes", struct.pack(f"<{len(numbers)}q", *numbers)]]]


def floats(name, shape):
    count = mutate.array_size(shape)
    data = struct.pack("<4f", 0.5, -0.25, 1.5, 0.125) * (count // 4 + 1)
    return [5, "tensor", [[1, "ints", list(shape)], [2, "int", 1], [8, "bytes", name.encode()],
                          [9, "bytes", data[:4 * count]]]]


def external(name, shape, location, **more):
    entries = [("location", location), *more.items()]
    return [5, "tensor", [[1, "ints", list(shape)], [2, "int", 1], [8, "bytes", name.encode()],
                          [14, "int", 1]] + [[13, "entry", [[1, "bytes", k.encode()],
                                                           [2, "bytes", str(v).encode()]]]
                                             for k, v in entries]]


def model(shape, *parts, outputs=("y",), functions=(), opset=17):
    graph = [p for p in parts] + [value(11, "x", shape)] + [value(12, o) for o in outputs]
    return wire.serialize([[1, "int", 8], [8, "opset", [[2, "int", opset]]],
                           [8, "opset", [[1, "bytes", b"own"], [2, "int", 1]]],
                           [7, "graph", graph], *functions])


def chain(op, length, **attributes):
    names = ["x"] + [f"t{i}" for i in range(length - 1)] + ["y"]
    twice = 2 if op in ("Concat", "Add") else 1
    return [node(op, [names[i]] * twice, [names[i + 1]], **attributes) for i in range(length)]


def constant(name, shape):
    return [ints(name + "_shape", shape), node("ConstantOfShape", [name + "_shape"], [name])]


def function(name, body, output="b"):
    nodes = [[7, "node", n[2]] for n in body]
    return [25, "function", [[1, "bytes", name.encode()], [10, "bytes", b"own"],
                             [4, "bytes", b"a"], [5, "bytes", output.encode()],
                             [9, "opset", [[2, "int", 17]]], *nodes]]


def nested_ifs(depth):
    body = [node("Identity", ["x"], ["r"]), value(12, "r")]
    for _ in range(depth):
        body = [node("If", ["c"], ["r"], then_branch=body, else_branch=[value(12, "x")]),
                value(12, "r")]
    true = [5, "tensor", [[1, "ints", []], [2, "int", 9], [8, "bytes", b"c"], [9, "bytes", b"\1"]]]
    return [true, body[0], node("Identity", ["r"], ["y"])]


IMAGE = (1, 3, 32, 32)


def cases():
    """name: (file, its input's shape, words of the refusal)"""
    conv = floats("w", (8, 3, 3, 3))
    run = lambda *parts, shape=IMAGE, **more: (model(shape, *parts, **more), shape)

    # memory and work of a plan
    yield "large input", *run(conv, node("Conv", ["x", "w"], ["y"]), shape=(1, 3, 32768, 32768)), \
        "wants Nx3x32768x32768"
    yield "large result", *run(ints("z", [1, 3, 20000, 20000]),
                               node("Resize", ["x", "", "", "z"], ["y"])), "limit max_"
    yield "wide padding", *run(conv, node("Conv", ["x", "w"], ["y"], pads=[0, 1 << 23] * 2)), \
        "limit max_"
    yield "large kernel", *run(*constant("w", [8, 3, 1000, 1000]), node(
        "Conv", ["x", "w"], ["y"], pads=[999] * 4)), "limit max_work"
    yield "large window", *run(node("AveragePool", ["x"], ["y"], kernel_shape=[4096, 4096],
                                    pads=[4000] * 4), shape=(1, 1, 512, 512)), "limit max_work"
    yield "wide LRN", *run(
        *[node("LRN", [s], [t], size=1 << 24) for s, t in itertools.pairwise("xaby")],
        shape=(1, 16000, 16, 16)), \
        "limit max_work"
    yield "long product", *run(ints("r", [1, 1, 4096, 4096]), node("Expand", ["x", "r"], ["a"]),
                               *[node("MatMul", [s, s], [t]) for s, t in
                                 itertools.pairwise("abcdefghijklmnopqy")], shape=(1, 1, 1, 1)), \
        "limit max_work"
    yield "many small products", *run(ints("r", [1 << 23, 4, 4]), node("Expand", ["x", "r"], ["a"]),
                                      node("MatMul", ["a", "a"], ["y"]), shape=(1, 1, 1)), \
        "limit max_work"
    yield "many steps", *run(*chain("Sigmoid", 30000), shape=(1, 3, 2, 2)), "limit max_work"
    yield "doubling", *run(*chain("Concat", 40, axis=1), shape=(1, 1, 2, 2)), "2147483648 elements"
    yield "stride", *run(floats("w", (3, 8, 3, 3)), node(
        "ConvTranspose", ["x", "w"], ["y"], strides=[1 << 24] * 2)), "2147483648 elements"
    yield "overflowing sizes", *run(ints("z", [1 << 31, 1 << 31, 1 << 31]),
                                    node("Expand", ["x", "z"], ["y"])), "cannot be expanded"

    # constants computed while loading
    yield "large constant", *run(*constant("w", [20000, 16000]), node("Shape", ["w"], ["y"])), \
        "268435456 elements"
    yield "many constants", *run(*[p for i in range(9) for p in constant(f"w{i}", [1 << 25])], node(
        "Sum", [f"w{i}" for i in range(9)], ["y"])), "limit max_memory"
    yield "folded functions", *run(
        *constant("w", [1 << 22]),
        *[node("Erf", ["w" if i == 0 else f"e{i - 1}"], [f"e{i}"]) for i in range(40)],
        node("Identity", ["e39"], ["y"])), "limit max_work"
    yield "folded products", *run(
        *constant("w", [256, 256]), *[node("MatMul", ["w", "w"], [f"m{i}"]) for i in range(40)],
        node("Sum", [f"m{i}" for i in range(40)], ["y"])), "limit max_work"
    yield "index tables", *run(ints("a", [0]), ints("b", [1 << 24]), ints("c", [1]),
                               *[node("Squeeze", [n], [n + n]) for n in "abc"],
                               node("Range", ["aa", "bb", "cc"], ["r"]),
                               *[node("GatherElements", ["r", "r"], [f"g{i}"]) for i in range(5)],
                               node("Sum", [f"g{i}" for i in range(5)], ["y"])), "limit max_"

    # numbers of things
    yield "many nodes", *run(*chain("Relu", 140000), shape=(1, 1)), "limit max_nodes"
    yield "many inputs", *run(node("Sum", ["x"] + [f"i{k}" for k in range(300)], ["y"]),
                              *[value(11, f"i{k}", (1, 3)) for k in range(300)], shape=(1, 3)), \
        "more than 256 inputs"
    yield "many parts", *run(node("Concat", ["x"] * 70000, ["y"], axis=1), shape=(1, 1)), \
        "limit max_work"
    unknown = [node("Frob", [f"v{i}" if i else "x"], [f"v{i + 1}" if i < 39999 else "y"])
               for i in range(40000)]
    yield "many unknown operators", *run(*unknown, outputs=["y"]), 'operator "Frob"'
    yield "many outputs", *run(*[node("Relu", ["x"], [f"y{i}"]) for i in range(3000)],
                               outputs=[f"y{i}" for i in range(3000)]), 'there is no layer "y"'
    calls = [function(f"F{k}", [node(f"F{k + 1}", ["a"], ["m"], "own"),
                                node(f"F{k + 1}", ["m"], ["b"], "own")]) for k in range(25)]
    yield "functions of functions", *run(node("F0", ["x"], ["y"], "own"), functions=[
        *calls, function("F25", [node("Relu", ["a"], ["b"])])]), "limit max_nodes"
    yield "a function that calls itself", *run(node("F", ["x"], ["y"], "own"), functions=[
        function("F", [node("F", ["a"], ["b"], "own")])]), "more than 32 deep"
    yield "nested graphs", *run(*nested_ifs(10)), ""
    yield "graphs nested deeper", *run(*nested_ifs(30)), "deeper than 16"
    yield "graphs nested too deep", *run(*nested_ifs(500)), "nested more than 64 deep"
    yield "cycle", *run(node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"]),
                        node("Add", ["x", "b"], ["y"])), "cycle"
    yield "made twice", *run(node("Relu", ["x"], ["y"]), node("Exp", ["x"], ["y"])), "made twice"

    # other files
    add = node("Add", ["x", "w"], ["y"])
    for what, location, words in (
            ("absolute path", "/etc/passwd", "not a path inside"),
            ("parent folder", "../weights.bin", "not a path inside"),
            ("parent folder inside", "a/../../weights.bin", "not a path inside"),
            ("link", "link", "lies outside"), ("folder's link", "linkdir/passwd", "lies outside"),
            ("pipe", "fifo", "a device or a pipe"), ("folder", ".", "lies outside"),
            ("device", "device", "lies outside"), ("missing", "none.bin", "is not there"),
            ("no name", "", "not a path inside"), ("link in a circle", "circle", "is not there")):
        yield f"external: {what}", *run(external("w", (3, 1, 1), location), add), words
    for what, entries, words in (("sound", {"offset": 4, "length": 12}, ""),
                                 ("beyond", {"offset": 4095}, "which has 4096"),
                                 ("far beyond", {"offset": (1 << 63) - 1}, "which has 4096"),
                                 ("length", {"length": 13}, "its shape needs 12")):
        yield f"external: {what}", *run(external("w", (3, 1, 1), "weights.bin", **entries), add), \
            words


def make_folder():
    folder = tempfile.mkdtemp(prefix="fovea-hostile-")
    with open(os.path.join(folder, "weights.bin"), "wb") as file:
        file.write(bytes(4096))
    os.mkfifo(os.path.join(folder, "fifo"))
    for name, to in (("link", "/etc/passwd"), ("linkdir", "/etc"), ("device", "/dev/zero"),
                     ("circle", "circle")):
        os.symlink(to, os.path.join(folder, name))
    return folder


def try_case(trial, folder, name, data, shape, words):
    """What went wrong, or None."""
    with open(os.path.join(folder, "m.onnx"), "wb") as file:
        file.write(data)
    small = shape if mutate.array_size(shape) <= 1 << 22 else [1]
    mutate.write_npy(os.path.join(folder, "x.npy"), list(small), SimpleNamespace(
        uniform=lambda a, b: 0.5))
    said = ""
    for command in (["layers", "m.onnx"],
                    ["run", "m.onnx", "--input", "x.npy", "-o", "y.npy", "--threads", "1"],
                    ["gradient", "m.onnx", "--input", "x.npy", "-o", "g.npy", "--objective", "y",
                     "--threads", "1"]):
        result = mutate.run([trial.options.fovea, *command], folder, trial.env, 0)
        problem = mutate.wrong(result, 6 * GIB)
        if problem:
            return "\n  ".join([f"{command[0]}: {problem}", *result.lines[:30]])
        if result.code:
            said = result.lines[0]
            if command[0] == "layers":  # the others would open it in the same way
                break
    if bool(words) == bool(said) and words in said:
        return None
    return f"it said: {said or 'nothing'}\n  expected: {words or 'nothing'}"


def main():
    trial = mutate.Trial(SimpleNamespace(fovea=os.path.abspath(sys.argv[1])), [])
    sys.setrecursionlimit(20000)
    failed = count = 0
    folder = make_folder()
    try:
        for name, data, shape, words in cases():
            problem = try_case(trial, folder, name, data, shape, words)
            count += 1
            if problem:
                failed += 1
                print(f"{name}: {problem}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{count} hostile files, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
