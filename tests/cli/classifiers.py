#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""classifiers.py FOVEA: networks that end in operators of ai.onnx.ml, as scikit-learn's converter
and Custom Vision write them.

Rows of four features, a scaler, a linear classifier, a normalizer and a ZipMap, whose numbers numpy
computes."""
from networks import *

random = np.random.default_rng(1)
ML = "ai.onnx.ml"
OFFSET, SCALE = [0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0]
MATRIX, SHIFT = random.normal(size=(3, 4)).astype("f"), random.normal(size=3).astype("f")
NAMES = ["setosa", "versicolor", "virginica"]
ROWS = random.normal(size=(5, 4)).astype("f")


def maps(name):
    return helper.make_value_info(name, helper.make_sequence_type_proto(helper.make_map_type_proto(
        TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, None))))


def classifier(path, labels, zip_labels, kind):
    save(path, [node("Scaler", "x", "s", "scaler", ML, offset=OFFSET, scale=SCALE),
                node("LinearClassifier", "s", "label raw", "linear", ML, intercepts=SHIFT.tolist(),
                     coefficients=MATRIX.ravel().tolist(), post_transform="LOGISTIC", **labels),
                node("Normalizer", "raw", "shares", "norm", ML, norm="L1"),
                node("ZipMap", "shares", "map", "zip", ML, **zip_labels)],
         [value("x", shape=[None, 4])], [value("label", kind), maps("map")], opset=13)


def scores(x):
    return 1 / (1 + np.exp(-((x - OFFSET) * SCALE @ MATRIX.T.astype("d") + SHIFT)))


def computed():
    np.save("x.npy", ROWS)
    raw = scores(ROWS.astype("d"))
    got = run("run", "ints.onnx", "--input", "x.npy", "--layer", "label", "-o", "y.npy")
    check(got.returncode == 0 and
          (np.load("y.npy") == np.array([10, 20, 30])[raw.argmax(1)]).all(), "labels", got)
    for file in ("ints.onnx", "texts.onnx"):
        got = run("run", file, "--input", "x.npy", "--layer", "zip", "-o", "y.npy")
        check(got.returncode == 0 and
              np.abs(np.load("y.npy") - raw / raw.sum(1)[:, None]).max() < 1e-5, "shares", got)
        got = run("gradient", file, "--input", "x.npy", "--objective", "raw:1", "-o", "g.npy")
        slope = (raw * (1 - raw))[:, 1, None] * MATRIX[1] * SCALE
        check(got.returncode == 0 and np.abs(np.load("g.npy") - slope).max() < 1e-5, "slope", got)
        h, x = 1e-6, ROWS.astype("d")
        share = lambda x: (scores(x) / scores(x).sum(1)[:, None])[:, 1]
        slope = np.stack([(share(x + h * e) - share(x - h * e)) / (2 * h) for e in np.eye(4)], 1)
        got = run("gradient", file, "--input", "x.npy", "--objective", "zip:1", "-o", "g.npy")
        check(got.returncode == 0 and np.abs(np.load("g.npy") - slope).max() < 1e-5, "share", got)


def named():
    """Class names are the labels in the file; a list beside it counts before integers only."""
    for file, names in (("ints.onnx", ["10", "20", "30"]), ("texts.onnx", NAMES)):
        got = run("classes", file)
        check([line.split()[1] for line in got.stdout.splitlines()[1:]] == names, "names", got)
        got = run("gradient", file, "--input", "x.npy", "--objective", "zip:1", "-o", "g.npy")
        values = got.stdout
        got = run("gradient", file, "--input", "x.npy", "--objective", f"class:{names[1]}", "-o",
                  "h.npy")
        check(got.stdout == values and (np.load("g.npy") == np.load("h.npy")).all(), "class", got)
    with open("labels.txt", "w") as file:
        file.write("ten\ntwenty\nthirty\n")
    for file, first in (("ints.onnx", "ten"), ("texts.onnx", NAMES[0])):
        got = run("classes", file)
        check(got.stdout.split()[3] == first, "a list beside it", got)
    os.remove("labels.txt")
    x = value("x", shape=[None, 3])
    index = node("ArgMax", "x", "i", "arg", axis=1, keepdims=0)
    table = helper.make_tensor("table", TensorProto.STRING, [1, 3], ["a", "b", "c"])
    for last, weights, names in (
            (node("ArrayFeatureExtractor", "table i", "y", "pick", ML), {"table": table}, "a b c"),
            (node("LabelEncoder", "i", "y", "encode", ML, keys_int64s=[2, 0, 1],
                  values_strings=["z", "x", "y"]), {}, "x y z"),
            (node("LabelEncoder", "i", "y", "encode", ML, classes_strings=["p", "q", "r"]), {},
             "p q r")):
        save("end.onnx", [index, node("Relu", "x", "r", "relu"), last], [x],
             [value("r"), value("y", TensorProto.STRING)], weights=weights, opset=13)
        got = run("classes", "end.onnx")
        check([line.split()[1] for line in got.stdout.splitlines()[1:]] == names.split(),
              "a table at the end", got)


def texts_refused():
    np.save("one.npy", np.zeros(1, "f"))
    for file, x, text in (("texts.onnx", "x.npy", "it is a text"),
                          ("words.onnx", "one.npy", "its type is no number")):
        got = run("run", file, "--input", x, "-o", "no.npy")
        check(got.returncode == 1 and text in got.stderr and got.stderr.count("\n") == 1 and
              not os.path.exists("no.npy"), "a text is refused", got)
    got = run("layers", "texts.onnx")
    check("not computed: ai.onnx.ml.LinearClassifier" in got.stdout, "it is listed", got)
    check(run("classes", "words.onnx").returncode == 1, "texts that come in are no classes", got)
    got = run("layers", "words.onnx")
    check(got.returncode == 0 and "not computed: StringNormalizer" in got.stdout, "texts", got)


def inputs():
    classifier("ints.onnx", dict(classlabels_ints=[10, 20, 30]),
               dict(classlabels_int64s=[10, 20, 30]), TensorProto.INT64)
    classifier("texts.onnx", dict(classlabels_strings=NAMES), dict(classlabels_strings=NAMES),
               TensorProto.STRING)
    save("words.onnx", [node("StringNormalizer", "t", "u", "lower"),
                        node("LabelEncoder", "u", "y", "encode", ML, classes_strings=["a", "b"])],
         [value("t", TensorProto.STRING, [1])], [value("y", TensorProto.INT64)], opset=13)


all_in_a_folder(inputs, computed, named, texts_refused)
