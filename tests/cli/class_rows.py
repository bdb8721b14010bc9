#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""class_rows.py FOVEA: the row of numbers that classes are read from, where the network's output
ranks it, rounds it, or computes with its probabilities.

Networks of photos of one colour: a 1x1 convolution, a ReLU, the mean, a matrix, and an end whose
probabilities numpy computes."""
from networks import *

random = np.random.default_rng(1)
CONV = random.normal(size=(8, 3, 1, 1)).astype("f")
FULL = random.normal(size=(8, 6)).astype("f")
TRUNK = [node("Conv", "data w", "c"), node("Relu", "c", "r"), node("GlobalAveragePool", "r", "p"),
         node("Flatten", "p", "f"), node("MatMul", "f m", "lg", "fc")]
SOFTMAX = TRUNK + [node("Softmax", "lg", "sm")]
INT = TensorProto.INT64
pixel = np.array((200, 40, 120), "f") / 255
LOGITS = np.maximum(CONV[:, :, 0, 0] @ pixel, 0) @ FULL
P = np.exp(LOGITS) / np.exp(LOGITS).sum()
slope = CONV[:, :, 0, 0].T @ ((CONV[:, :, 0, 0] @ pixel > 0) * FULL[:, 1]) / 64


def inputs():
    photo("p.png", (200, 40, 120))
    np.save("x.npy", np.broadcast_to(pixel[None, :, None, None], (1, 3, 8, 8)).astype("f"))


def network(nodes, *outputs, names="", **weights):
    meta = {"fovea.range": "1", "fovea.channels": "RGB"}
    save("m.onnx", nodes, [value("data", shape=[None, 3, 8, 8])], outputs,
         {**meta, **({"fovea.labels": names} if names else {})}, dict(w=CONV, m=FULL, **weights))


def gradient(objective, **how):
    return run("gradient", "m.onnx", "--input", "x.npy", "--objective", objective, "-o", "g.npy",
               **how)


def classified(what, p, note=None):
    """Checks all probabilities, the note, and that prob:1 is the same number."""
    got = run("classify", "m.onnx", "p.png", "--top", len(p), quiet=False)
    rows = [line.split() for line in got.stdout.splitlines()[1:]]
    ok = (got.returncode == 0 and [int(r[1]) for r in rows] == list(np.argsort(-p)) and
          max(abs(float(r[0]) - p[int(r[1])]) for r in rows) < 2e-4)
    check(ok and (note in got.stderr if note else got.stderr.count("note") <= 1), what, got)
    got = gradient("prob:1")
    check(got.returncode == 0 and abs(float(got.stdout.split()[-1]) - p[1]) < 1e-5,
          f"{what}: prob:1", got)


def of_logits(what):
    got = gradient("class:1")
    check(got.returncode == 0 and abs(float(got.stdout.split()[-1]) - LOGITS[1]) < 1e-5 and
          np.abs(np.load("g.npy")[0, :, 0, 0] - slope).max() < 1e-5, f"{what}: class:1", got)


def of_element(what, logit):
    """class:1 is the logit that its number is the probability of, wherever that stands."""
    got = gradient("class:1")
    check(got.returncode == 0 and abs(float(got.stdout.split()[-1]) - logit) < 1e-5,
          f"{what}: the logit of class 1", got)


def ranked():
    """Ranks and rounded scores are no classes; the row they are of is read."""
    read = 'classes are read from "fc", the row before that'
    for k, names in ((3, ""), (6, "a\nb\nc\nd\ne\nf")):
        network(TRUNK + [node("TopK", "lg k", "v i")], value("v", shape=[1, k]),
                value("i", INT, [1, k]), names=names, k=np.array([k]))
        classified("TopK", P, read)
        of_logits("TopK")
    network(SOFTMAX + [node("TopK", "sm k", "v i"), node("Squeeze", "i zero", "best")],
            value("best", INT), k=np.array([1]), zero=np.array([0]))
    classified("TopK after a softmax", P, 'classes are read from "sm"')
    of_logits("TopK after a softmax")
    for keep in (0, 1):
        network(TRUNK + [node("ArgMax", "lg", "best", axis=1, keepdims=keep),
                         node("Cast", "best", "number", to=1)], value("number"))
        classified("ArgMax", P, read)
        of_logits("ArgMax")
    network(TRUNK + [node("ArgMax", "lg", "best", axis=1, keepdims=0),
                     node("OneHot", "best six ends", "o")], value("o"),
            six=np.array(6), ends=np.array([0, 1], "f"))
    classified("the best of all as a row of zeros and a one", P, read)
    of_logits("the best of all as a row of zeros and a one")
    network(TRUNK + [node("ArgMax", "lg", "best", axis=1)], value("lg"), value("best", INT))
    classified("logits beside their ArgMax", P, 'classes are read from "lg"')
    network(SOFTMAX + [node("Mul", "sm hundred", "h"), node("Round", "h", "o"),
                       node("Cast", "o", "percent", to=7)], value("percent", INT),
            hundred=np.float32(100))
    classified("rounded to percent", P, 'classes are read from "sm"')
    of_logits("rounded to percent")
    network(SOFTMAX + [node("Mul", "sm hundred", "h"), node("Round", "h", "i"),
                       node("Div", "i hundred", "o")], value("o"), hundred=np.float32(100))
    classified("rounded to two digits", P, 'classes are read from "sm"')
    of_logits("rounded to two digits")
    network(TRUNK + [node("QuantizeLinear", "lg scale zero", "q")],
            value("q", TensorProto.UINT8), scale=np.float32(.1), zero=np.uint8(128))
    classified("quantised", P, read)


def features():
    """A row of numbers from which another is computed is features, wherever it stands."""
    late = 'classes are read from "{}", the row of numbers that is computed from others'
    for outputs in ("lg f", "f lg"):
        network(TRUNK, *map(value, outputs.split()))
        classified(f"outputs {outputs}", P, late.format("lg"))
        of_logits(f"outputs {outputs}")
    network(SOFTMAX, value("sm"), value("lg"), value("f"))
    classified("probabilities, logits, features", P, late.format("sm"))
    of_logits("probabilities, logits, features")
    network(TRUNK + [node("Slice", "lg one two one", "b"), node("Sigmoid", "b", "o")], value("o"),
            value("f"), one=np.array([1]), two=np.array([2]))
    got = run("classify", "m.onnx", "p.png", quiet=False)
    check(got.returncode == 0 and late.format("o") in got.stderr and
          abs(float(got.stdout.split()[1]) - 1 / (1 + np.exp(-LOGITS[1]))) < 1e-4,
          "one probability before its features", got)
    network(TRUNK + [node("MatMul", "f m", "head")], value("lg"), value("head"))
    classified("two heads", P, 'classes are read from "head", the last that is a row')


def names_beside():
    """A list of names in the folder is that of the row that the output chooses the best of."""
    best = node("ArgMax", "lg", "best", axis=1, keepdims=0)
    for end in ([best], [best, node("Cast", "best", "o", to=1)],
                [node("TopK", "lg k", "v i"), node("Identity", "v", "o")]):
        network(TRUNK + end, value("o" if len(end) > 1 else "best", 1 if len(end) > 1 else INT),
                k=np.array([2]))
        for count, used in ((6, True), (5, False)):
            with open("labels.txt", "w") as file:
                file.write("".join(f"name{i}\n" for i in range(count)))
            got = run("classify", "m.onnx", "p.png", "--top", 1, quiet=False)
            check((f"name{P.argmax()}" in got.stdout) == used and
                  ("fits no output" in got.stderr) != used, f"{count} names beside", got)
    os.remove("labels.txt")


def of_integers():
    """Real numbers that are computed from a picture of integers are scores."""
    save("m.onnx", [node("DequantizeLinear", "bytes scale zero", "data"), *TRUNK],
         [value("bytes", TensorProto.UINT8, [None, 3, 8, 8])], [value("lg")],
         {"fovea.channels": "RGB"},
         dict(w=CONV, m=FULL, scale=np.float32(1 / 255), zero=np.uint8(0)))
    got = run("classify", "m.onnx", "p.png", "--top", 1)
    check(got.returncode == 0 and int(got.stdout.split()[2]) == P.argmax() and
          abs(float(got.stdout.split()[1]) - P.max()) < 2e-4, "a picture of integers", got)


def no_classes():
    """What no row can be read from is refused, with what was found and what helps."""
    def refuses(what, *texts):
        for got in (run("classify", "m.onnx", "p.png"), gradient("class:1"),
                    run("attribute", "m.onnx", "p.png", "-c", "1", "--npy", "no.npy")):
            check(refused(got, "--output-name", *texts) and not os.path.exists("no.npy"), what, got)
    network(TRUNK + [node("TopK", "lg k", "v i", largest=0)], value("v", shape=[1, 3]),
            value("i", INT, [1, 3]), k=np.array([3]))
    got = run("classify", "m.onnx", "p.png", "--output-name", "i")
    check(refused(got, "holds integers (made by TopK)"), "the smallest", got)
    flat = [node("Conv", "data w", "c"), node("Reshape", "c flat", "f"),
            node("TopK", "f k", "v i")]
    network(flat, value("v"), flat=np.array([1, -1]), k=np.array([3]))
    refuses("the largest of a map", "the largest of several rows (made by TopK)")
    network(flat, value("i", INT), flat=np.array([1, -1]), k=np.array([3]))
    refuses("their places", "(made by TopK)")
    network([node("Conv", "data w", "c"), node("ArgMax", "c", "o", axis=1)], value("o", INT),
            names="\n".join("abcdefgh"))
    refuses("a map of classes", 'layer "c" has a channel for each class: "c:h" is one')
    check(gradient("c:h").returncode == 0, "c:h", gradient("c:h"))
    network(TRUNK + [node("Greater", "lg zero", "o")], value("o", TensorProto.BOOL),
            zero=np.float32(0))
    refuses("truth values", "holds integers (made by Greater)")
    network(TRUNK[:4] + [node("Tile", "f five", "t"), node("MatMul", "t m", "o")], value("o"),
            five=np.array([5, 1]))
    refuses("five rows", "5x6, 5 rows for each sample; allowed: one")
    got = run("classify", "m.onnx", "p.png", "--output-name", "f")
    check(got.returncode == 0, "another layer's row", got)


def probabilities():
    """Probabilities get no second softmax, however they are moved, chosen or scaled."""
    axis, six = np.array([1]), np.array([6])
    network(TRUNK + [node("Unsqueeze", "lg one", "u"), node("Softmax", "u", "s", axis=-1),
                     node("Gather", "s zero", "g", axis=1), node("Reshape", "g shape", "h"),
                     node("Squeeze", "h axes", "i"), node("Identity", "i", "o")], value("o"),
            one=axis, zero=np.array(0), shape=np.array([-1, 6, 1, 1]), axes=np.array([2, 3]))
    classified("moved", P)
    of_logits("moved")
    network(SOFTMAX + [node("Slice", "sm one six one", "o")], value("o"), one=axis, six=six)
    classified("without the first", P[1:])
    network(SOFTMAX + [node("Gather", "sm order", "o", axis=1)], value("o"),
            order=np.array([5, 4, 3, 2, 1, 0]))
    classified("in another order", P[::-1])
    of_element("in another order", LOGITS[4])
    network(SOFTMAX + [node("Slice", "sm end start one back", "o")], value("o"), one=axis,
            end=np.array([-1]), start=np.array([-100]), back=np.array([-1]))
    of_element("from behind", LOGITS[4])
    network(SOFTMAX + [node("MatMul", "sm order", "o")], value("o"),
            order=np.eye(6, dtype="f")[[3, 4, 5, 1, 0, 2]])
    of_element("times a permutation", LOGITS[3])
    network(SOFTMAX + [node("Slice", "sm zero two one", "a"), node("Slice", "sm two six one", "b"),
                       node("Concat", "b a", "t", axis=1), node("Pad", "t pads", "o")], value("o"),
            one=axis, zero=np.array([0]), two=np.array([2]), six=six,
            pads=np.array([0, 1, 0, 0]))
    of_element("halves changed, behind a background", LOGITS[2])
    network(TRUNK + [node("LogSoftmax", "lg", "l"), node("Exp", "l", "o")], value("o"))
    of_element("exp of a log softmax", LOGITS[1])
    network(TRUNK + [node("Slice", "lg one two one", "b"), node("Sigmoid", "b", "s"),
                     node("Sub", "unit s", "q"), node("Concat", "s q", "o", axis=1)], value("o"),
            one=axis, two=np.array([2]), unit=np.float32(1))
    of_element("1 - p beside p", -LOGITS[1])
    network(SOFTMAX + [node("Sub", "unit sm", "o")], value("o"),
            unit=np.float32(1))
    got = gradient("class:1", quiet=False)
    check(abs(float(got.stdout) - 1 + P[1]) < 1e-6 and "computed from the probabilities" in
          got.stderr, "1 - a softmax is told", got)
    network(SOFTMAX + [node("Clip", "sm low high", "k"), node("Mul", "k hundred", "o")],
            value("o"), low=np.float32(1e-7), high=np.float32(1), hundred=np.float32(100))
    classified("in percent", P, 'classes are read from "k"')
    of_logits("in percent")
    sigmoid = 1 / (1 + np.exp(-LOGITS))
    network(TRUNK + [node("Sigmoid", "lg", "s"), node("Slice", "s one six one", "o")], value("o"),
            one=axis, six=six)
    classified("some of several sigmoids", sigmoid[1:])
    int8 = [node("QuantizeLinear", "s scale zero", "q"),
            node("DequantizeLinear", "q scale zero", "o")]
    steps = dict(scale=np.float32(1 / 255), zero=np.int8(-128))
    network(TRUNK + [node("Softmax", "lg", "s", "sm"), *int8], value("o"), **steps)
    classified("a softmax in int8", P, 'classes are read from "sm"')
    of_logits("a softmax in int8")
    network(TRUNK + [node("Sigmoid", "lg", "s", "sg"), *int8], value("o"), **steps)
    classified("sigmoids in int8", sigmoid, 'classes are read from "sg"')
    of_logits("sigmoids in int8")
    network(TRUNK + [node("LogSoftmax", "lg", "o")], value("o"))
    classified("a log softmax", P)
    of_logits("a log softmax")
    network(SOFTMAX + [node("Log", "sm", "o")], value("o"))
    classified("the logarithm of a softmax", P)
    network(TRUNK + [node("Exp", "lg", "e"), node("ReduceSum", "e one", "s"),
                     node("Div", "e s", "o")], value("o"), one=axis)
    classified("a softmax written out", P)


def tanh():
    """One number of -1..1 is no probability, for prob: as for classify."""
    network(TRUNK + [node("Slice", "lg one two one", "b"), node("Tanh", "b", "o")], value("o"),
            one=np.array([1]), two=np.array([2]))
    got = run("gradient", "m.onnx", "--input", "x.npy", "--objective", "prob:0", "-o", "g.npy",
              quiet=False)
    check(got.returncode == 1 and "no probability" in got.stderr, "prob:0 of a tanh", got)


def scores():
    """Where a softmax is put over numbers that may be meant otherwise, that is said."""
    soft = lambda x: np.exp(x) / np.exp(x).sum()
    network(SOFTMAX + [node("Sub", "one sm", "o")], value("o"), one=np.float32(1))
    classified("1 - p", soft(1 - P), '--output-name "sm" reads those')
    network(TRUNK + [node("LpNormalization", "lg", "o", axis=1)], value("o"))
    classified("an embedding", soft(LOGITS / np.sqrt((LOGITS ** 2).sum())),
               "add up to 1, as those of an embedding")
    network(TRUNK + [node("LogSoftmax", "lg", "ls", axis=1), node("Neg", "ls", "o")], value("o"))
    classified("minus logarithms", soft(-np.log(P)), '--output-name "ls" reads those')
    network(TRUNK + [node("Neg", "lg", "n"), node("Exp", "n", "e"), node("Add", "e one", "a"),
                     node("Reciprocal", "a", "o")], value("o"), one=np.float32(1))
    classified("sigmoids written out", soft(1 / (1 + np.exp(-LOGITS))), "within 0..1")


all_in_a_folder(inputs, ranked, features, names_beside, of_integers, no_classes, probabilities,
                tanh, scores)
