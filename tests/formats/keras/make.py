#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small models of Keras with their values and gradients:  make.py FOLDER

Needs tensorflow-cpu 2.21.0, keras 3.15.1, tf_keras 2.21.0 (./bootstrap formats). Weights are
random. Every model is written by Keras 3 as .keras and by Keras 2 as .h5, "signal" by both as
both."""
import os
import sys
import zipfile
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
    ]), ["separable", "up", "average", "norm", "scores"], "scores:1"


def signal(k):
    """A signal: causal and dilated convolutions over one axis."""
    layers = k.layers
    wave = k.Input((40, 2), name="wave")
    x = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="tanh", name="c1")(wave)
    x = layers.SpatialDropout1D(0.2, name="drop")(x)
    y = layers.Conv1D(6, 5, padding="same", groups=2, name="c2")(x)
    x = layers.Add(name="sum")([x, y])
    x = layers.MaxPooling1D(3, name="pool")(x)
    x = layers.Flatten(name="flat")(x)
    return k.Model(wave, layers.Dense(3, activation="sigmoid", name="kinds")(x)), \
        ["c1", "c2", "pool", "kinds"], "kinds:0"


def functions(k):
    """Functions of keras.ops, or of tf, in the places of layers."""
    image = k.Input((6, 8, 4), name="image")
    x = k.layers.Conv2D(6, 3, padding="same", name="c1")(image)
    if k is keras:
        op = k.ops
        gate = op.relu6(x + 3.0) * (1 / 6)
        y = 1.0 - op.concatenate([x * gate, op.square(x)[:, :, :, 1:4]], axis=-1)
        y = op.where(y > 0.5, y, 0.1 * y)
        a, b, c = op.split(y, 3, axis=-1)
        y = op.stack([a, op.clip(b, -1, 1), -c], axis=3)
        y = op.transpose(op.mean(y, axis=3), (0, 2, 1, 3))[:, ::2, 1]
        q = op.softmax(op.matmul(y, op.transpose(y, (0, 2, 1))) / 2.0, axis=-1)
        y = op.einsum("bij,bjk->bik", q, y) + op.max(y, axis=1, keepdims=True)
        y = op.reshape(op.pad(y, ((0, 0), (1, 0), (0, 0))), (-1, 15))
        y = op.expand_dims(op.sqrt(op.abs(y) + 0.1), 1)
        y = op.squeeze(op.gelu(y) ** 2, axis=1)
    else:
        tf = tensorflow
        gate = tf.nn.relu6(x + 3.0) * (1 / 6)
        y = 1.0 - tf.concat([x * gate, tf.square(x)[:, :, :, 1:4]], axis=-1)
        y = tf.where(y > 0.5, y, 0.1 * y)
        a, b, c = tf.split(y, 3, axis=-1)
        y = tf.stack([a, tf.clip_by_value(b, -1, 1), -c], axis=3)
        y = tf.transpose(tf.reduce_mean(y, axis=3), (0, 2, 1, 3))[:, ::2, 1]
        q = tf.nn.softmax(tf.matmul(y, y, transpose_b=True) / 2.0)
        y = tf.matmul(q, y) + tf.reduce_max(y, axis=1, keepdims=True)
        y = tf.reshape(tf.pad(y, ((0, 0), (1, 0), (0, 0))), (tf.shape(y)[0], 15))
        y = tf.expand_dims(tf.sqrt(tf.abs(y) + 0.1), 1)
        y = tf.squeeze(tf.nn.gelu(y, approximate=True) ** 2, axis=1)
    y = k.layers.Dense(3, name="scores")(y)
    return k.Model(image, y), ["scores"], "scores:1"


def held(k):
    """A gate through which no gradient goes back."""
    image = k.Input((6, 8, 4), name="image")
    x = k.layers.Conv2D(6, 3, padding="same", activation="tanh", name="c1")(image)
    gate = keras.ops.stop_gradient(x) if k is keras else tensorflow.stop_gradient(x)
    x = k.layers.Multiply(name="gated")([x, k.layers.GlobalMaxPooling2D(keepdims=True)(gate)])
    x = k.layers.GlobalAveragePooling2D(name="mean")(x)
    return k.Model(image, k.layers.Dense(3, name="scores")(x)), ["gated", "scores"], "scores:1"


def steps(k):
    """Recurrent layers, of one direction and both, and a model for each step."""
    layers = k.layers
    wave = k.Input((5, 6), name="wave")
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True, name="lstm"), name="both")(wave)
    x = layers.GRU(4, return_sequences=True, go_backwards=True, name="gru")(x)
    y, state = layers.GRU(3, reset_after=False, return_state=True, name="old")(x)
    h, h1, c1 = layers.LSTM(3, return_state=True, activation="relu", name="states")(x)
    z = layers.LSTM(3, name="begun")(x, initial_state=[h1, c1])
    x = layers.Concatenate(name="all")([y, state, h, z])
    return k.Model(wave, layers.Dense(3, name="kinds")(x)), \
        ["both", "gru", "old", "states", "begun", "kinds"], "kinds:0"


def each(k):
    """A layer and a model for each step, a cell, and the mean of two directions."""
    layers = k.layers
    wave = k.Input((5, 6), name="wave")
    small = k.Sequential([k.Input((6,)), layers.Dense(5, activation="tanh", name="d1"),
                          layers.Dense(4, name="d2")], name="small")
    x = layers.TimeDistributed(small, name="each")(wave)
    x = layers.TimeDistributed(layers.Dense(4, name="d3"), name="once")(x)
    y = layers.Bidirectional(layers.SimpleRNN(3, name="plain"), merge_mode="ave", name="mean")(x)
    z = layers.RNN(layers.GRUCell(3, name="cell"), name="celled")(x)
    x = layers.Concatenate(name="all")([y, z])
    return k.Model(wave, layers.Dense(3, name="kinds")(x)), \
        ["each", "once", "mean", "celled", "kinds"], "kinds:0"


def attention(k):
    """Tokens of an embedding, attention of every kind, products, normalisations."""
    layers = k.layers
    tokens = k.Input((7, 8), name="tokens")
    x = layers.MultiHeadAttention(2, 3, name="heads")(tokens, tokens)
    x = layers.Add(name="sum")([x, tokens])
    x = layers.LayerNormalization(name="norm")(x)
    y = layers.MultiHeadAttention(2, 4, value_dim=3, name="later")(
        x, layers.Dense(6, name="less")(x), use_causal_mask=True)
    a = layers.Attention(use_scale=True, name="dot")([x, y])
    b = layers.AdditiveAttention(name="additive")([x, y])
    if k is keras:
        b = layers.Attention(score_mode="concat", use_scale=True, name="concat")([a, b])
    c = layers.Add(name="plus")([a, b])
    c = layers.EinsumDense("abc,cd->abd", output_shape=(None, 6), bias_axes="d",
                           activation="relu", name="einsum")(c)
    c = layers.GroupNormalization(3, name="groups")(c)
    c = layers.UnitNormalization(name="unit")(c)
    d = layers.Dot(axes=(1, 1), normalize=True, name="product")(
        [layers.Reshape((7, 6), name="known")(c), a])
    d = layers.Flatten(data_format="channels_first", name="flat")(d)
    return k.Model(tokens, layers.Dense(3, name="kinds")(d)), \
        ["heads", "later", "dot", "additive", "plus", "einsum", "groups", "unit", "product",
         "kinds"], "kinds:2"


def shared(k):
    """A layer and a model that are called twice, models three deep, two inputs and outputs."""
    layers = k.layers
    left, right = k.Input((8, 8, 3), name="left"), k.Input((8, 8, 3), name="right")
    inner = k.Sequential([k.Input((8, 8, 4)), layers.Conv2D(4, 3, name="deep")], name="third")
    mid_in = k.Input((8, 8, 4))
    second = k.Model(mid_in, layers.ReLU(name="cut")(inner(mid_in)), name="second")
    outer_in = k.Input((8, 8, 3))
    conv = layers.Conv2D(4, 3, padding="same", activation="relu", name="same")
    y = second(layers.Conv2D(4, 1, name="first")(outer_in))
    tower = k.Model(outer_in, [y, layers.GlobalAveragePooling2D(name="mean")(y)], name="tower")
    a, a_mean = tower(left)
    b, b_mean = tower(right)
    away = layers.Subtract(name="away")([a, b])
    both = layers.Concatenate(name="pair")([conv(left), conv(right)])
    means = layers.Multiply(name="means")([a_mean, b_mean])
    out = layers.Dense(3, activation="softmax", name="kinds")(
        layers.Concatenate(name="flat")([means, layers.GlobalMaxPooling2D(name="top")(both)]))
    return k.Model([left, right], [out, away]), ["pair", "away", "means", "kinds"], "kinds:1"


def within(k):
    """A network of keras.applications, by its name, that the picture goes right into."""
    layers = k.layers
    image = k.Input((12, 12, 3), name="image")
    inner = k.Sequential([k.Input((12, 12, 3)), layers.Conv2D(4, 3, name="c1"),
                          layers.ReLU(name="top")], name="vgg16")
    x = layers.GlobalAveragePooling2D(name="mean")(inner(layers.RandomFlip(name="flip")(image)))
    return k.Model(image, layers.Dense(3, name="classes")(x)), ["mean", "classes"], "classes:1"


MODELS = {"block": block, "shapes": shapes, "signal": signal, "functions": functions,
          "steps": steps, "each": each, "attention": attention, "shared": shared,
          "within": within, "held": held}


def spread(model, random):
    """Weights that are no multiple of one another."""
    for weight in model.weights:
        name = getattr(weight, "path", weight.name)
        low = 0.5 if "variance" in name or "gamma" in name else -0.5
        weight.assign(random.uniform(low, low + 1, weight.shape))


def reference(model, layers, objective, random):
    """Inputs, values of layers, and the objective's gradient at the first input."""
    library = keras if isinstance(model, keras.Model) else tf_keras
    x = [random.uniform(-1, 1, (2,) + tuple(i.shape[1:])).astype("float32") for i in model.inputs]
    names = [i.name.split(":")[0] for i in model.inputs]
    arrays = {"input" if len(x) == 1 else f"input:{n}": v for n, v in zip(names, x)}

    def run(name, values):
        output = model.get_layer(name).output
        output = output[0] if isinstance(output, (list, tuple)) else output
        return library.Model(model.inputs, output)(values if len(values) > 1 else values[0],
                                                   training=False)
    for name in layers:
        arrays["value:" + name] = numpy.asarray(run(name, x))
    layer, channel = objective.split(":")
    watched = tensorflow.Variable(x[0])
    with tensorflow.GradientTape() as tape:
        values = [tensorflow.convert_to_tensor(v) for v in [watched] + x[1:]]
        total = tensorflow.reduce_sum(run(layer, values)[..., int(channel)])
    arrays["gradient:" + objective] = tape.gradient(total, watched).numpy()
    return arrays


def pack(stem):
    """Keeps of a .keras file and an .h5 the first, and packs it, for the repository's sake: what
    Keras itself writes are the files of "signal"."""
    path = stem.with_suffix(".keras")
    if not path.exists():
        return
    stem.with_suffix(".h5").unlink()
    with zipfile.ZipFile(path) as z:
        members = [(n, z.read(n)) for n in z.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(name, data)


def main():
    """Every model, or those named, in every form; Keras 3's two forms have one reference."""
    folder, names = Path(sys.argv[1]), sys.argv[2:] or MODELS
    for name in names:
        for library, endings in ((keras, ("keras", "h5")), (tf_keras, ("h5", "keras"))):
            if library is tf_keras and name != "signal":
                endings = endings[:1]
            random = numpy.random.default_rng(7)
            model, layers, objective = MODELS[name](library)
            spread(model, random)
            stem = folder / f"{name}-keras{2 if library is tf_keras else 3}"
            numpy.savez_compressed(stem.with_suffix(".npz"),
                                   **reference(model, layers, objective, random))
            for ending in endings:
                model.save(stem.with_suffix("." + ending))
            if name != "signal":
                pack(stem)


if __name__ == "__main__":
    main()
