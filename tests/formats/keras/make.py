#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small models of Keras with their values and gradients:  make.py FOLDER

Needs tensorflow-cpu 2.21.0, keras 3.15.1, tf_keras 2.21.0 (./bootstrap formats). Weights are
random; every model is written by Keras 3 as .keras and as .h5, and by Keras 2 where it can be built
there, and must give the same."""
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy  # noqa: E402
import tensorflow  # noqa: E402
import tf_keras  # noqa: E402


def block(k):
    """Rescaling, convolutions, a model within, squeeze and excitation, a flat end."""
    layers = k.layers
    image = k.Input((12, 12, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(image)
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="c1")(x)
    x = layers.BatchNormalization(name="bn")(x)
    inner = k.Sequential([k.Input((12, 12, 8)),
                          layers.DepthwiseConv2D(3, strides=2, padding="same", name="dw"),
                          layers.ReLU(6.0, name="top")], name="inner")
    x = layers.Concatenate(name="both")([inner(x), layers.MaxPooling2D(2, name="pool")(x)])
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    gate = layers.Conv2D(16, 1, activation="sigmoid", name="gate")(gate)
    x = layers.Multiply(name="gated")([x, gate])
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(5, activation="softmax", name="classes")(x)
    return k.Model(image, x), ["c1", "bn", "both", "gated", "classes"], "classes:3"


def shapes(k):
    """Separable and transposed convolutions, padding, cropping, upsampling, permutation."""
    layers = k.layers
    return k.Sequential([
        k.Input((9, 7, 2), name="image"),
        layers.ZeroPadding2D(((1, 2), (0, 3)), name="pad"),
        layers.SeparableConv2D(6, 3, strides=2, padding="same", name="separable"),
        layers.LeakyReLU(name="leaky"),
        layers.Conv2DTranspose(4, 3, strides=2, padding="same", name="up"),
        layers.PReLU(shared_axes=[1, 2], name="prelu"),
        layers.UpSampling2D(2, interpolation="bilinear", name="larger"),
        layers.Cropping2D(((3, 2), (1, 0)), name="cut"),
        layers.AveragePooling2D(3, strides=2, padding="same", name="average"),
        layers.Permute((2, 1, 3), name="turned"),
        layers.Reshape((-1, 4), name="tokens"),
        layers.LayerNormalization(name="norm"),
        layers.Dense(3, activation="elu", name="dense"),
        layers.GlobalMaxPooling1D(name="largest"),
        layers.Dense(4, name="scores"),
    ]), ["separable", "up", "larger", "average", "norm", "dense", "scores"], "scores:1"


def signal(k):
    """A signal: causal and dilated convolutions over one axis."""
    layers = k.layers
    wave = k.Input((40, 2), name="wave")
    x = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="tanh", name="c1")(wave)
    y = layers.Conv1D(6, 5, padding="same", groups=2, name="c2")(x)
    x = layers.Add(name="sum")([x, y])
    x = layers.MaxPooling1D(3, name="pool")(x)
    x = layers.Flatten(name="flat")(x)
    return k.Model(wave, layers.Dense(3, activation="sigmoid", name="kinds")(x)), \
        ["c1", "c2", "pool", "kinds"], "kinds:0"


MODELS = {"block": block, "shapes": shapes, "signal": signal}


def spread(model, random):
    """Weights that are no multiple of one another."""
    for weight in model.weights:
        name = getattr(weight, "path", weight.name)
        low = 0.5 if "variance" in name or "gamma" in name else -0.5
        weight.assign(random.uniform(low, low + 1, weight.shape))


def reference(model, layers, objective, random):
    """Input, values of layers, and the objective's gradient."""
    shape = (2,) + tuple(model.input_shape[1:])
    x = random.uniform(-1, 1, shape).astype("float32")
    arrays = {"input": x}
    for name in layers:
        library = keras if isinstance(model, keras.Model) else tf_keras
        values = library.Model(model.inputs, model.get_layer(name).output)(x, training=False)
        arrays["value:" + name] = numpy.asarray(values)
    layer, channel = objective.split(":")
    watched = tensorflow.Variable(x)
    library = keras if isinstance(model, keras.Model) else tf_keras
    with tensorflow.GradientTape() as tape:
        y = library.Model(model.inputs, model.get_layer(layer).output)(watched, training=False)
        total = tensorflow.reduce_sum(y[..., int(channel)])
    arrays["gradient:" + objective] = tape.gradient(total, watched).numpy()
    return arrays


def main():
    """Every model, in every form."""
    folder = Path(sys.argv[1])
    for name, make in MODELS.items():
        for library, endings in ((keras, ("keras", "h5")), (tf_keras, ("h5",))):
            random = numpy.random.default_rng(7)
            model, layers, objective = make(library)
            spread(model, random)
            arrays = reference(model, layers, objective, random)
            for ending in endings:
                stem = f"{name}-keras{2 if library is tf_keras else 3}" \
                    + ("-h5" if ending == "h5" and library is keras else "")
                model.save(folder / f"{stem}.{ending}")
                numpy.savez_compressed(folder / f"{stem}.npz", **arrays)


if __name__ == "__main__":
    main()
