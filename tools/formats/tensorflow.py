#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares whole networks with TensorFlow:  tensorflow.py FOVEA FOLDER [NAME...]

Needs tensorflow-cpu 2.21.0, keras 3.15.1. keras.applications' networks get random weights, with
spread statistics of their normalisations; each is exported as a SavedModel, and frozen by
convert_variables_to_constants_v2. Prints a row of a table each: the value of the output and the
gradient of one of its numbers to the input, the largest error of the largest number."""
import importlib
import os
import subprocess
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]
keras = importlib.import_module("keras")
numpy = importlib.import_module("numpy")
tensorflow = importlib.import_module("tensorflow")
freeze = importlib.import_module("tensorflow.python.framework.convert_to_constants")

NETWORKS = {"MobileNet": 128, "MobileNetV2": 128, "MobileNetV3Small": 128, "ResNet50": 128,
            "EfficientNetB0": 128, "DenseNet121": 128, "InceptionV3": 160, "Xception": 128,
            "NASNetMobile": 224, "VGG16": 64, "ConvNeXtTiny": 64}
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
    return value, worst(numpy.load(out), right[1])


def check(command, folder, name, size):
    """A network as SavedModel and frozen."""
    random = numpy.random.default_rng(5)
    keras.utils.set_random_seed(5)
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3),
                                              classifier_activation=None)
    spread(model, random)
    x = random.uniform(-1, 1, (1, size, size, 3)).astype("float32")
    numpy.save(folder / "x.npy", x)
    watched = tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        y = model(watched, training=False)
        total = y[0, CHANNEL]
    right = y.numpy(), tape.gradient(total, watched).numpy()
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
    return f"| {name} | {saved[0]:.1e} | {saved[1]:.1e} | {plain[0]:.1e} | {plain[1]:.1e} |"


def main():
    """The rows."""
    command, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    for name, size in NETWORKS.items():
        if len(sys.argv) > 3 and name not in sys.argv[3:]:
            continue
        try:
            print(check(command, folder, name, size), flush=True)
        except RuntimeError as problem:
            print(f"| {name} | {problem} |", flush=True)


if __name__ == "__main__":
    main()
