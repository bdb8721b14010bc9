#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares whole networks with TensorFlow:  tensorflow.py FOVEA [NAME...]

Needs tensorflow-cpu 2.21.0, keras 3.15.1. keras.applications' networks get random weights, with
spread statistics of their normalisations; each is exported as a SavedModel, and frozen by
convert_variables_to_constants_v2. Prints a row of a table each: the value of the output and the
gradient of one of its numbers to the input, the largest error of the largest number. Where the
gradient is more than 1e-3 off, both are compared with double precision."""
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]
keras = importlib.import_module("keras")
numpy = importlib.import_module("numpy")
tensorflow = importlib.import_module("tensorflow")
freeze = importlib.import_module("tensorflow.python.framework.convert_to_constants")

NETWORKS = {"MobileNet": 128, "MobileNetV2": 128, "MobileNetV3Small": 128,
            "MobileNetV3Large": 128, "ResNet50": 128, "ResNet101": 96, "ResNet50V2": 128,
            "EfficientNetB0": 128, "EfficientNetV2B0": 128, "InceptionResNetV2": 160,
            "DenseNet121": 128,
            "InceptionV3": 160, "Xception": 128, "NASNetMobile": 224, "VGG16": 64, "VGG19": 64,
            "ConvNeXtTiny": 64}
CHANNEL = 7


def spread(model, random):
    """Statistics that are no multiple of one another, so that wrong ones show."""
    for weight in model.weights:
        path = weight.path
        if "variance" in path or path.endswith("gamma"):
            weight.assign(random.uniform(0.7, 1.3, weight.shape))
        elif "moving_mean" in path or path.endswith(("beta", "bias")):
            weight.assign(random.uniform(-0.1, 0.1, weight.shape))


def fovea(command, *words):
    """Runs it."""
    done = subprocess.run([command, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:300])


def worst(got, right):
    """The largest difference, of the largest number, in either order of axes."""
    orders = [right] + ([numpy.moveaxis(right, -1, 1)] if right.ndim > 2 else [])
    return min(float(abs(got - r).max() / abs(r).max()) for r in orders if r.shape == got.shape)


def compare(command, model, output, folder, right):
    """Errors of value and gradient of one file."""
    out = folder / "out.npy"
    fovea(command, "run", model, "--input", folder / "x.npy", "-l", output, "-o", out)
    value = worst(numpy.load(out), right[0])
    fovea(command, "gradient", model, "--input", folder / "x.npy", "--objective",
          f"{output}:{CHANNEL}", "-o", out)
    return value, worst(numpy.load(out), right[1]), numpy.load(out)


def compute(model, x):
    """The output and the gradient of one of its numbers."""
    watched = tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        y = model(watched, training=False)
        total = y[0, CHANNEL]
    return y.numpy(), tape.gradient(total, watched).numpy()


def in_double(model, x):
    """The gradient in double precision."""
    keras.backend.set_floatx("float64")
    try:
        config = json.loads(json.dumps(model.get_config()).replace("float32", "float64"))
        double = type(model).from_config(config)
        double.set_weights(model.get_weights())
        return compute(double, x.astype("float64"))[1]
    finally:
        keras.backend.set_floatx("float32")


def check(command, folder, name, size):
    """A network as SavedModel and frozen."""
    random = numpy.random.default_rng(5)
    keras.utils.set_random_seed(5)
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3),
                                              classifier_activation=None)
    spread(model, random)
    x = random.uniform(-1, 1, (1, size, size, 3)).astype("float32")
    numpy.save(folder / "x.npy", x)
    right = compute(model, x)
    model.export(folder / name, verbose=False)
    loaded = tensorflow.saved_model.load(folder / name)
    serving = loaded.signatures["serving_default"]
    frozen = freeze.convert_variables_to_constants_v2(serving)
    path = folder / f"{name}.pb"
    path.write_bytes(frozen.graph.as_graph_def().SerializeToString())
    key = next(iter(serving.structured_outputs))
    saved = compare(command, folder / name, key, folder, right)
    last = frozen.outputs[0].name.split(":")[0]
    plain = compare(command, path, last, folder, right)
    line = f"| {name} | {saved[0]:.1e} | {saved[1]:.1e} | {plain[0]:.1e} | {plain[1]:.1e} |"
    good, exact = max(saved[0], plain[0]) <= 1e-4, ""
    if max(saved[1], plain[1]) > 1e-3:
        best = in_double(model, x)
        ours, theirs = worst(saved[2], best), worst(right[1], best)
        good, exact = good and ours <= 2 * theirs, f"{ours:.1e}, TensorFlow {theirs:.1e}"
    return f"{line} {exact} |", good


def main():
    """The rows; its exit is 1 where one does not agree."""
    command, good = Path(sys.argv[1]).resolve(), True
    print("| network | SavedModel: value | gradient | frozen: value | gradient | of float64 |\n"
          "|---|---:|---:|---:|---:|---|", flush=True)
    for name in sys.argv[2:] or NETWORKS:
        try:
            with tempfile.TemporaryDirectory() as folder:
                line, agrees = check(command, Path(folder), name, NETWORKS[name])
        except RuntimeError as problem:
            line, agrees = f"| {name} | {problem} |", False
        good &= agrees
        print(line, flush=True)
        keras.backend.clear_session()
    sys.exit(not good)


if __name__ == "__main__":
    main()
