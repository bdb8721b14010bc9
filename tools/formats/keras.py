#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the networks of keras.applications with Keras:  keras.py FOVEA [NAME...]

Random weights, batch normalisation with statistics that are spread; "2:NAME" is a network of
tf_keras (Keras 2). Of each file form a row: the largest difference of the output and of the
gradient of class 3, of the largest number, and the seconds that `layers` takes. Where the gradient
is more than 1e-3 off, Keras is computed in double precision too, for up to three inputs, and
fovea's and Keras' float32 are compared with that.
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

NAMES = ["VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet50V2", "InceptionV3",
         "InceptionResNetV2", "Xception", "DenseNet121", "MobileNet", "MobileNetV2",
         "MobileNetV3Small", "MobileNetV3Large", "EfficientNetB0", "EfficientNetV2B0",
         "NASNetMobile", "ConvNeXtTiny", "2:MobileNetV2",
         "2:MobileNetV3Small", "2:EfficientNetB0", "2:ResNet50", "2:DenseNet121", "2:RegNetX002",
         "2:RegNetY002", "2:ResNetRS50", "2:ConvNeXtTiny", "2:InceptionResNetV2"]


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


def at_input(program, named, network, folder):
    """Errors of value and gradient at the input; where the gradient is more than 1e-3 off, also
    fovea's and Keras' to double precision."""
    library, model, x = network
    path, last = named
    numpy.save(folder / "x.npy", x)
    fovea(program, "run", path, "--input", folder / "x.npy", "-o", folder / "y.npy")
    fovea(program, "gradient", path, "--objective", f"{last}:3", "--input", folder / "x.npy", "-o",
          folder / "g.npy")
    right, gradient = compute(model, x)
    own = numpy.load(folder / "g.npy")
    errors = off(numpy.load(folder / "y.npy"), right), off(own, gradient)
    if errors[1] <= 1e-3:
        return *errors, None, None
    exact = in_double(library, model, x)
    return *errors, off(own, exact), off(gradient, exact)


def row(program, name, folder):
    """One network in its file forms. A ReLU near 0 makes the gradient of one input another
    function's: then there are three inputs."""
    library, model = make(name)
    random = numpy.random.default_rng(3)
    shape = 1, *[s or 224 for s in model.input_shape[1:]]
    scale = 127.5 if any(type(k).__name__ in ("Rescaling", "Normalization")
                         for k in model.layers) else 0
    good = True
    for ending in ("h5",) if library is tf_keras else ("keras", "h5"):
        path = folder / ("net." + ending)
        model.save(path)
        start = time.time()
        fovea(program, "layers", path)
        seconds, size, tries = time.time() - start, path.stat().st_size / 1e6, []
        while not tries or (tries[-1][2] and len(tries) < 3):
            x = random.uniform(-1, 1, shape).astype("float32")
            x = (x + 1) * scale if scale else x
            tries.append(at_input(program, (path, model.layers[-1].name), (library, model, x),
                                  folder))
        exact = "; ".join(f"{t[2]:.1e}, {t[3]:.1e}" for t in tries if t[2])
        value, slope = max(t[0] for t in tries), max(t[1] for t in tries)
        good &= value <= 1e-4 and any(t[2] is None or t[2] <= 2 * t[3] for t in tries)
        print(f"| {name} | .{ending}, {size:.0f} MB | {value:.1e} | {slope:.1e} | {exact} | "
              f"{seconds:.2f} s |", flush=True)
        path.unlink()
    return good


def main():
    """Every network, or those named; its exit is 1 where one does not agree."""
    good = True
    print("| network | file | value | gradient | both to float64 | `layers` |\n"
          "|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        for network in sys.argv[2:] or NAMES:
            good &= bool(row(sys.argv[1], network, Path(name)))
            library = tf_keras if network.startswith("2:") else keras
            library.backend.clear_session()
    sys.exit(not good)


if __name__ == "__main__":
    main()
