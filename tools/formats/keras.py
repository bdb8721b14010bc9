#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the networks of keras.applications with Keras:  keras.py FOVEA [NAME...]

Random weights, batch normalisation with statistics that are spread; "2:NAME" is a network of
tf_keras (Keras 2). Of each file form a row: the largest difference of the output and of the
gradient of class 3, of the largest number, and the seconds that `layers` takes. Where the gradient
is more than 1e-3 off, Keras is computed in double precision too, and both are compared with that.
Needs tensorflow-cpu 2.21.0, keras 3.15.1, tf_keras 2.21.0."""
# pylint: disable=import-error,too-many-locals
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path = [p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent]
import keras  # noqa: E402
import numpy  # noqa: E402
import tensorflow  # noqa: E402
import tf_keras  # noqa: E402

NAMES = ["VGG16", "ResNet50", "ResNet50V2", "InceptionV3", "InceptionResNetV2", "Xception",
         "DenseNet121", "MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large",
         "EfficientNetB0", "EfficientNetV2B0", "NASNetMobile", "ConvNeXtTiny", "2:MobileNetV3Small",
         "2:RegNetX002", "2:ResNetRS50", "2:ConvNeXtTiny", "2:InceptionResNetV2"]


def make(name):
    """The library, and the network with its spread statistics."""
    library = tf_keras if name.startswith("2:") else keras
    applications = library.applications
    name = name.rpartition(":")[2]
    homes = [applications] + [getattr(applications, m) for m in ("regnet", "resnet_rs")
                              if hasattr(applications, m)]
    library.utils.set_random_seed(1)
    model = next(getattr(h, name) for h in homes if hasattr(h, name))(weights=None)
    random = numpy.random.default_rng(7)
    for v in model.weights:
        path = getattr(v, "path", v.name)
        if "moving_mean" in path or "beta" in path:
            v.assign(random.normal(0, 0.1, v.shape))
        elif "moving_variance" in path or "gamma" in path:
            v.assign(random.uniform(0.75, 1.25, v.shape))
    return library, model


def compute(model, x):
    """Its output, and the gradient of class 3 at the input."""
    watched = tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        y = model(watched, training=False)
        total = tensorflow.reduce_sum(y[:, 3])
    return numpy.asarray(y), numpy.asarray(tape.gradient(total, watched))


def in_double(library, model, x):
    """The gradient in double precision."""
    library.backend.set_floatx("float64")
    try:
        double = library.models.clone_model(model)
        config = double.get_config()
        config = json.loads(json.dumps(config).replace("float32", "float64"))
        double = type(model).from_config(config)
        double.set_weights(model.get_weights())
        return compute(double, x.astype("float64"))[1]
    finally:
        library.backend.set_floatx("float32")


def off(a, b):
    """The largest difference, of the largest number."""
    return float(abs(a - b).max() / abs(b).max())


def fovea(program, *words):
    """Runs the command; its complaint is the end."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"keras.py: {done.stderr.strip()}")


def row(program, name, folder):
    """One network in its file forms."""
    library, model = make(name)
    random = numpy.random.default_rng(3)
    x = random.uniform(-1, 1, (1, *[s or 224 for s in model.input_shape[1:]])).astype("float32")
    if any(type(k).__name__ in ("Rescaling", "Normalization") for k in model.layers):
        x = (x + 1) * 127.5
    right, gradient = compute(model, x)
    numpy.save(folder / "x.npy", x)
    for ending in ("h5",) if library is tf_keras else ("keras", "h5"):
        path = folder / ("net." + ending)
        model.save(path)
        start = time.time()
        fovea(program, "layers", path)
        seconds = time.time() - start
        fovea(program, "run", path, "--input", folder / "x.npy", "-o", folder / "y.npy")
        fovea(program, "gradient", path, "--objective", model.layers[-1].name + ":3", "--input",
              folder / "x.npy", "-o", folder / "g.npy")
        value = off(numpy.load(folder / "y.npy"), right)
        own = numpy.load(folder / "g.npy")
        slope, note = off(own, gradient), ""
        if slope > 1e-3:
            exact = in_double(library, model, x)
            note = f" (of double precision {off(own, exact):.1e}, Keras {off(gradient, exact):.1e})"
        size = path.stat().st_size / 1e6
        print(f"| {name} | .{ending}, {size:.0f} MB | {value:.1e} | {slope:.1e}{note} | "
              f"{seconds:.2f} s |", flush=True)
        path.unlink()


def main():
    """Every network, or those named."""
    with tempfile.TemporaryDirectory() as name:
        for network in sys.argv[2:] or NAMES:
            row(sys.argv[1], network, Path(name))


if __name__ == "__main__":
    main()
