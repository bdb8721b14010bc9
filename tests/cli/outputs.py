#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""outputs.py FOVEA: which output classes are read from, sigmoid ends, classes by name.

Networks whose numbers numpy computes: a strided 1x1 convolution, a ReLU, the mean, a matrix."""
from networks import *

random = np.random.default_rng(1)
CONV = random.normal(size=(8, 3, 1, 1)).astype("f")
FULL = random.normal(size=(8, 3)).astype("f")
ONE = random.normal(size=(8, 1)).astype("f")


TRUNK = [node("Conv", "data w", "c", "conv1", strides=[2, 2]), node("Relu", "c", "r", "relu1"),
         node("GlobalAveragePool", "r", "p", "gap"), node("Flatten", "p", "f", "flat")]


def network(path, nodes, outputs, meta, **weights):
    """One that takes photos of 8x8 pixels, in 0..1."""
    save(path, nodes, [value("data", shape=[None, 3, 8, 8])],
         [o if isinstance(o, onnx.ValueInfoProto) else value(o) for o in outputs],
         {"fovea.range": "1", **meta}, weights, opset=13)


def features(pixel):
    return np.maximum(CONV[:, :, 0, 0] @ pixel, 0)


def first(result):
    return float(result.stdout.split()[1]), int(result.stdout.split()[2])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def two_outputs():
    network("two.onnx", TRUNK + [node("MatMul", "f m", "lg", "fc")], ["f", "lg"],
            {"fovea.labels": "cat\ndog\nhen"}, w=CONV, m=FULL)
    y = features(pixel) @ FULL
    p = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
    got = run("classify", "two.onnx", "p.png", "--top", 1)
    check(got.returncode == 0 and first(got)[1] == y.argmax() and
          abs(first(got)[0] - p.max()) < 2e-4, "the output as long as the names", got)
    f = features(pixel)
    q = np.exp(f - f.max()) / np.exp(f - f.max()).sum()
    for words in (["--output", "f"], ["--output-name", "flat"]):
        got = run("classify", "two.onnx", "p.png", "--top", 1, *words)
        check(got.returncode == 0 and first(got)[1] == f.argmax() and
              abs(first(got)[0] - q.max()) < 2e-4, "the output asked for", got)
    got = run("classify", "two.onnx", "p.png", "--output", "nowhere")
    check(got.returncode == 1 and "option output" in got.stderr, "no such output", got)
    got = run("gradient", "two.onnx", "--input", "x.npy", "--objective", "class:hen", "-o", "g.npy")
    wanted = CONV[:, :, 0, 0].T @ ((features(pixel) > 0) * FULL[:, 2]) / 16
    check(got.returncode == 0 and np.abs(np.load("g.npy")[0, :, 0, 0] - wanted).max() < 1e-5,
          "class:hen is of the logits", got)


def sigmoid_ends():
    for matrix, bias in ((ONE, 30), (FULL, 2)):
        logits = features(pixel) @ matrix + bias
        network("s.onnx", TRUNK + [node("Gemm", "f m b", "lg", "fc"),
                                   node("Sigmoid", "lg", "o", "end")], ["o"],
                {}, w=CONV, m=matrix, b=np.full(matrix.shape[1], bias, "f"))
        got = run("classify", "s.onnx", "p.png", "--top", 1)
        check(got.returncode == 0 and abs(first(got)[0] - sigmoid(logits.max())) < 2e-4,
              "a sigmoid's probability is the network's own", got)
        got = run("gradient", "s.onnx", "--input", "x.npy", "--objective", "class:0", "-o", "g.npy")
        wanted = CONV[:, :, 0, 0].T @ ((features(pixel) > 0) * matrix[:, 0]) / 16
        check(got.returncode == 0 and np.abs(np.load("g.npy")[0, :, 0, 0] - wanted).max() < 1e-5,
              "class:0 is the logit before the sigmoid", got)
        got = run("gradient", "s.onnx", "--input", "x.npy", "--objective", "prob:0", "-o", "g.npy")
        p = sigmoid(logits[0])
        check(got.returncode == 0 and abs(float(got.stdout.split()[-1]) - p) < 1e-5 and
              np.abs(np.load("g.npy")[0, :, 0, 0] - p * (1 - p) * wanted).max() < 1e-5,
              "prob:0 is the sigmoid", got)
    network("s.onnx", TRUNK + [node("Gemm", "f m b", "lg", "fc"),
                               node("Sigmoid", "lg", "o", "end")],
            ["o"], {}, w=CONV, m=ONE, b=np.full(1, 30, "f"))
    got = run("attribute", "s.onnx", "p.png", "-m", "gradient", "--npy", "a.npy")
    check(got.returncode == 0, "one number needs no --class", got)
    got = run("classify", "s.onnx", "p.png")
    check(got.returncode == 0 and "1.0000      0  the network's own probability" in got.stdout,
          "a sigmoid's number is a probability", got)
    network("n.onnx", TRUNK + [node("Gemm", "f m b", "o", "fc")], ["o"], {}, w=CONV, m=ONE,
            b=np.full(1, 30, "f"))
    value = (features(pixel) @ ONE + 30)[0]
    got = run("classify", "n.onnx", "p.png", "p.png")
    check(got.returncode == 0 and got.stdout.count("a number, no probability") == 2 and
          abs(first(got)[0] - value) < 1e-3, "another number is said as it is", got)
    got = run("classify", "n.onnx", "p.png", "--json")
    check(got.returncode == 0 and '"number"' in got.stdout and "probability" not in got.stdout,
          "the number is no probability in JSON", got)


def maps():
    conv = [node("Conv", "data w", "c", "head", strides=[2, 2]), node("Reshape", "c rs", "o", "rs"),
            node("Split", "o sp", "b s", "split", axis=1), node("Sigmoid", "s", "q", "scores"),
            node("Concat", "b q", "out", "join", axis=1)]
    network("d.onnx", conv, ["out"], {"names": "{0: 'person', 1: 'hen', 2: 'car'}"}, w=CONV[:7],
            rs=np.array([0, 7, -1]), sp=np.array([4, 3]))
    got = run("classify", "d.onnx", "p.png")
    check(got.returncode == 1 and "no row of classes" in got.stderr, "a detector is refused", got)
    got = run("gradient", "d.onnx", "--input", "x.npy", "--objective", "scores:hen", "-o", "g.npy")
    p = sigmoid(CONV[5, :, 0, 0] @ pixel)
    wanted = p * (1 - p) * CONV[5, :, 0, 0] / 16
    check(got.returncode == 0 and np.abs(np.load("g.npy")[0, :, 0, 0] - wanted).max() < 1e-5,
          "scores:hen is channel 1 of the scores", got)
    got = subprocess.run([fovea, "visualize", "d.onnx", "scores:hen", "--steps", "1", "-o",
                          "v.png"], capture_output=True, text=True)
    check(got.returncode == 0 and 'the logits before the sigmoid "scores"' in got.stderr,
          "scores:hen is raised before the sigmoid", got)
    for words, text in ((["foo(head:3)"], 'no term "foo"'),
                        (["class:h*"], "no row of classes"), (["conv9:3"], 'no layer "conv9"'),
                        (["head:hen"], "nor a class's name")):
        got = run("visualize", "d.onnx", *words, "--steps", 1, "-o", "v.png")
        check(got.returncode != 0 and text in got.stderr, words, got)


def nothing_speaks():
    network("n.onnx", TRUNK + [node("MatMul", "f m", "lg", "fc")], ["lg"], {}, w=np.abs(CONV),
            m=-np.abs(FULL))
    got = subprocess.run([fovea, "attribute", "n.onnx", "p.png", "-c", "0", "--npy", "m.npy"],
                         capture_output=True, text=True)
    check(got.returncode == 0 and "nothing speaks for" in got.stderr and not np.load("m.npy").any(),
          "an empty Grad-CAM is said", got)


color = (200, 40, 120)
pixel = np.array(color, "f") / 255


def inputs():
    photo("p.png", color)
    np.save("x.npy", np.broadcast_to(pixel[None, :, None, None], (1, 3, 8, 8)).astype("f"))


all_in_a_folder(inputs, two_outputs, sigmoid_ends, maps, nothing_speaks)
