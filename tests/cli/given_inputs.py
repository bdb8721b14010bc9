#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""given_inputs.py FOVEA: arrays whose size or numbers are not what the file says of its input.

Networks of a 1x1 convolution and the mean run at every size; a table is looked up by integers."""
import json

from networks import *

random = np.random.default_rng(1)
CONV, FULL = random.normal(size=(8, 3, 1, 1)).astype("f"), random.normal(size=(8, 6)).astype("f")
TRUNK = [node("Conv", "data w", "c"), node("GlobalAveragePool", "c", "p"),
         node("Flatten", "p", "f"), node("MatMul", "f m", "lg")]
COMMANDS = [("run", "--input", "x.npy", "-o", "y.npy"), ("classify", "x.npy"),
            ("gradient", "--input", "x.npy", "--objective", "lg:1", "-o", "g.npy"),
            ("attribute", "x.npy", "-c", "1", "-m", "gradient", "--npy", "a.npy")]


def sizes():
    """At another size than the file fixes networks run, and that is said."""
    for fixed in (8, None):
        save("m.onnx", TRUNK, [value("data", shape=[None, 3, fixed, fixed])], [value("lg")],
             {"fovea.range": "1", "fovea.size": "8"}, dict(w=CONV, m=FULL))
        for side in (8, 16):
            np.save("x.npy", random.random((1, 3, side, side), "f"))
            for command, *words in COMMANDS:
                got = run(command, "m.onnx", *words, quiet=False)
                said = "the input is 16x16, and the file fixes 8x8" in got.stderr
                check(got.returncode == 0 and said == (fixed == 8 and side == 16),
                      f"{command} at {side}, fixed at {fixed}", got)
    save("m.onnx", TRUNK, [value("data", shape=[None, 3, 8, 8])], [value("lg")],
         {"fovea.range": "1"}, dict(w=CONV, m=FULL))
    got = run("classify", "m.onnx", "x.npy", "--size", 16, quiet=False)
    check(got.returncode == 0 and "fixes" not in got.stderr, "a size that was asked for", got)
    photo("p.png", (200, 40, 120), side=16)
    got = run("classify", "m.onnx", "p.png", quiet=False)
    check(got.returncode == 0 and "fixes" not in got.stderr, "a photo gets the file's size", got)


def integers():
    """Fractions and numbers that the type has not are refused at the main input too."""
    table = random.normal(size=(300, 4)).astype("f")
    for kind, text in ((TensorProto.INT64, "int64"), (TensorProto.UINT8, "uint8")):
        save("t.onnx", [node("Cast", "ids", "i", to=7), node("Gather", "table i", "e"),
                        node("ReduceMean", "e", "o", axes=[1], keepdims=0)],
             [value("ids", kind, [1, 3])], [value("o")], weights=dict(table=table))
        for numbers, right in (([1, 2, 3], True), ([1, 2.5, 3], False), ([1, 2, 1e20], False),
                               ([1, 2, -1], kind == TensorProto.INT64),
                               ([1, 2, 256], kind == TensorProto.INT64)):
            np.save("x.npy", np.array([numbers], "f"))
            got = run("run", "t.onnx", "--input", "x.npy", "-o", "y.npy")
            check(got.returncode == 0 if right else refused(got, '"ids" holds integers', text),
                  numbers, got)
    save("u.onnx", [node("Cast", "data", "real", to=1), node("Conv", "real w", "c"),
                    *TRUNK[1:]], [value("data", TensorProto.UINT8, [1, 3, 8, 8])], [value("lg")],
         {}, dict(w=CONV, m=FULL))
    photo("p.png", (200, 40, 120), side=13)
    got = run("classify", "u.onnx", "p.png")
    check(got.returncode == 0, "a photo, resized", got)
    for number in (-1, 256):
        np.save("x.npy", np.full((1, 3, 8, 8), number, "f"))
        got = run("classify", "u.onnx", "x.npy")
        check(refused(got, '"data" holds integers (uint8)'), number, got)
    for scale, right in ((1, False), (255, True)):
        np.save("x.npy", scale * random.random((1, 3, 8, 8), "f"))
        got = run("classify", "u.onnx", "x.npy")
        check(got.returncode == 0 if right else refused(got, "fractions from -1 to 1", "0..255"),
              scale, got)


def pictures_of_integers():
    """Bytes, of int8 less 128, of bool black and white: never normalised numbers."""
    photo("p.png", (200, 40, 120), side=8)
    pixels = np.array([200, 40, 120], "f").reshape(1, 3, 1, 1) + np.zeros((1, 3, 8, 8), "f")
    for kind, held, said in ((TensorProto.INT32, pixels, "0..255"),
                             (TensorProto.UINT16, pixels, "0..255"),
                             (TensorProto.INT8, pixels - 128, "less 128"),
                             (TensorProto.BOOL, pixels > 127, "0 and 1")):
        save("i.onnx", [node("Cast", "data", "real", to=1), node("Conv", "real w", "c"),
                        *TRUNK[1:]], [value("data", kind, [1, 3, 8, 8])], [value("lg")],
             {}, dict(w=CONV, m=FULL))
        np.save("x.npy", held.astype("f"))
        a = run("classify", "i.onnx", "p.png", quiet=False)
        b = run("classify", "i.onnx", "x.npy")
        check(a.returncode == 0 and said in a.stderr, kind, a)
        check(a.stdout.split("\n")[1:] == b.stdout.split("\n")[1:], "the same as numbers", a)


def pictures_the_other_way():
    """An array of a picture whose channels stand where the network has them not is turned."""
    save("n.onnx", TRUNK, [value("data", shape=[1, 3, 8, 8])], [value("lg")], {},
         dict(w=CONV, m=FULL))
    x = random.normal(size=(1, 3, 8, 8)).astype("f")
    np.save("x.npy", x)
    np.save("t.npy", np.ascontiguousarray(x.transpose(0, 2, 3, 1)))
    np.save("bad.npy", np.zeros((1, 8, 9, 3), "f"))
    want, got = run("classify", "n.onnx", "x.npy"), run("classify", "n.onnx", "t.npy", quiet=False)
    check(want.stdout.split("\n")[1:] == got.stdout.split("\n")[1:], "turned", got)
    check("t.npy: 1x8x8x3 is taken as 1x3x8x8" in got.stderr, "the note", got)
    for command in (("attribute", "t.npy", "-c", "1", "-m", "gradient", "--npy", "m.npy"),
                    ("activations", "c", "t.npy")):
        got = run(command[0], "n.onnx", *command[1:], quiet=False)
        check(got.returncode == 0 and "is taken as" in got.stderr, command, got)
    got = run("classify", "n.onnx", "bad.npy")
    check(refused(got, "wants"), "another size", got)


def sequences():
    """A sequence whose first axis counts time is one sample: the same numbers as behind a
    Transpose of one whose second axis does."""
    weights = dict(w=random.normal(size=(1, 16, 5)).astype("f"),
                   r=random.normal(size=(1, 16, 4)).astype("f"),
                   k=random.normal(size=(6, 5)).astype("f"), a=np.array([0], "i8"),
                   f=random.normal(size=(4, 3)).astype("f"))
    end = [node("LSTM", "c w r", "y h", hidden_size=4), node("Squeeze", "h a", "z"),
           node("MatMul", "z f", "lg")]
    x = random.normal(size=(9, 1, 6)).astype("f")
    made = {}
    for name, turn in (("time", False), ("samples", True)):
        start = [node("MatMul", "x k", "p"), node("Relu", "p", "t" if turn else "c")]
        if turn:
            start.append(node("Transpose", "t", "c", perm=[1, 0, 2]))
        save("s.onnx", start + end, [value("x", shape=[1, "T", 6] if turn else ["T", 1, 6])],
             [value("lg")], {}, weights)
        np.save("x.npy", x.transpose(1, 0, 2) if turn else x)
        for command, *words in (("run", "--input", "x.npy", "-o", "y.npy"),
                                ("gradient", "--input", "x.npy", "--objective", "class:1",
                                 "-o", "y.npy"),
                                ("attribute", "x.npy", "-c", "1", "-m", "gradient", "--npy",
                                 "y.npy"),
                                ("attribute", "x.npy", "-c", "1", "-m", "occlusion", "--npy",
                                 "y.npy")):
            got = run(command, "s.onnx", *words, quiet=False)
            check(got.returncode == 0 and "note" not in got.stderr, (name, command), got)
            made.setdefault((command, words[-3]), []).append(np.load("y.npy").squeeze())
        got = run("activations", "s.onnx", "t" if turn else "c", "x.npy", "--json")
        made.setdefault("activations", []).append(
            np.array([u["max"] for u in json.loads(got.stdout)[0]["channels"]]))
    for what, (a, b) in made.items():
        check(a.shape == b.shape and np.allclose(a, b, atol=1e-6), what, a)
    np.save("x.npy", np.concatenate([x, x], 1))
    save("s.onnx", [node("MatMul", "x k", "p"), node("Relu", "p", "c")] + end,
         [value("x", shape=["T", "N", 6])], [value("lg")], {}, weights)
    got = run("attribute", "s.onnx", "x.npy", "--objective", "c:1", "-m", "gradient",
              "--npy", "m.npy")
    check(refused(got, "2 sequences"), "two sequences", got)
    got = run("layers", "s.onnx")
    check("time, 1 step" in got.stdout, "the guess", got)


all_in_a_folder(sizes, integers, pictures_of_integers, pictures_the_other_way,
                sequences)
