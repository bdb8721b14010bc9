#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small TensorFlow Lite models with their values and gradients:  make.py FOLDER

Needs tensorflow-cpu 2.21.0 and keras 3.15.1. Each network is converted as it is, with
half-precision weights, and with everything in eight bits; one more has sparse weights. Values are
those of TensorFlow Lite's interpreter, gradients Keras'. What eight bits round there is not
rounded here: those values may be a few quanta off, which "tolerance" says."""
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import numpy  # noqa: E402
import tensorflow  # noqa: E402

L = keras.layers
FORMS = ("f32", "f16", "int8")


def picture():
    """Convolutions of all kinds, pooling, squeeze and excitation, resizing, a flat end."""
    image = keras.Input((12, 12, 3), name="image", batch_size=1)
    x = L.Conv2D(8, 3, padding="same", activation="relu", name="c1")(image)
    x = L.DepthwiseConv2D(3, strides=2, padding="same", activation="relu6", name="dw")(x)
    y = L.AveragePooling2D(2, padding="same")(x)
    y = L.UpSampling2D(2, interpolation="bilinear")(y)
    x = L.Concatenate()([x, y])
    gate = L.GlobalAveragePooling2D(keepdims=True)(x)
    gate = L.Conv2D(16, 1, activation="sigmoid", name="gate")(gate)
    x = L.Multiply()([x, gate])
    x = L.Conv2DTranspose(6, 2, strides=2, padding="same", name="up")(x)
    x = L.LeakyReLU(0.1)(L.ZeroPadding2D(1)(x))
    x = L.MaxPooling2D(3)(x)
    x = L.Flatten()(x)
    return keras.Model(image, L.Dense(5, name="classes")(x))


def tokens():
    """Patches as tokens, a normalisation and attention made of small operators."""
    image = keras.Input((8, 8, 2), name="image", batch_size=1)
    x = L.Conv2D(12, 4, strides=4, name="patches")(image)
    x = L.Reshape((4, 12))(x)
    x = L.LayerNormalization()(x)
    x = L.Add()([x, L.MultiHeadAttention(3, 4)(x, x)])
    x = L.Dense(10, activation="gelu", name="mlp")(x)
    x = L.GlobalAveragePooling1D()(x)
    return keras.Model(image, L.Dense(4, activation="softmax", name="classes")(x))


def causal():
    """Places that see only those before them, of any number of samples: the mask is made here."""
    rows = keras.Input((6, 8), name="rows")
    x = L.Add()([rows, L.MultiHeadAttention(2, 4)(rows, rows, use_causal_mask=True)])
    return keras.Model(rows, L.Dense(4, name="classes")(L.Flatten()(x)))


def thin():
    """Weights to be left out: single numbers of convolutions, blocks of four of products."""
    image = keras.Input((6, 6, 8), name="image", batch_size=1)
    x = L.Conv2D(16, 1, activation="relu", name="c1")(image)
    x = L.Conv2D(16, 1, activation="relu", name="c2")(x)
    x = L.Flatten()(L.MaxPooling2D(3)(x))
    x = L.Dense(32, activation="relu", name="blocks")(x)
    return keras.Model(image, L.Dense(5, name="classes")(x))


def spread(model, random):
    """Weights that are no multiple of one another; of a thin network most are 0."""
    for weight in model.weights:
        weight.assign(random.uniform(-0.5, 0.5, weight.shape))
    for name, block in (("c1", 1), ("c2", 1), ("blocks", 4)):
        if not any(layer.name == "blocks" for layer in model.layers):
            break
        kernel = model.get_layer(name).kernel
        rows, columns = kernel.shape[-2:]
        kept = numpy.repeat(random.random((rows // block, columns)) < 0.15, block, axis=0)
        kernel.assign(kernel * kept.astype("float32"))


def convert(model, form, random):
    """The file's bytes."""
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    if form == "sparse":
        converter.optimizations = [tensorflow.lite.Optimize.EXPERIMENTAL_SPARSITY]
    elif form != "f32":
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if form == "f16":
        converter.target_spec.supported_types = [tensorflow.float16]
    if form in ("int8", "bytes"):
        shape = (1,) + model.input_shape[1:]
        converter.representative_dataset = lambda: (
            [random.uniform(-1, 1, shape).astype("float32")] for _ in range(50))
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if form == "bytes":  # the input and the output too
        converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    return converter.convert()


def quantised(detail, x):
    """Real numbers as the tensor has them."""
    scale, zero = detail["quantization"]
    return numpy.clip(numpy.round(x / scale) + zero, -128, 127).astype("int8") if scale else x


def real(detail, x):
    """And back."""
    scale, zero = detail["quantization"]
    return (x.astype("float32") - zero) * numpy.float32(scale) if scale else x


def values(data, x):
    """The outputs of operators by name, the last one's name, and x as it was given."""
    runner = tensorflow.lite.Interpreter(
        model_content=data, experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=tensorflow.lite.experimental.OpResolverType.BUILTIN_REF)
    runner.allocate_tensors()
    x = quantised(runner.get_input_details()[0], x)
    runner.set_tensor(runner.get_input_details()[0]["index"], x)
    runner.invoke()
    output = runner.get_output_details()[0]
    found = {output["name"]: real(output, runner.get_tensor(output["index"]))}
    for detail in runner.get_tensor_details():
        name = detail["name"].split(";")[0]
        is_sample = detail["dtype"] == numpy.float32 and list(detail["shape"][:1]) == [1]
        if "Relu" in name and is_sample:
            found[name] = runner.get_tensor(detail["index"])
    return found, output["name"], x


def main():
    """Every network, in every form."""
    folder = Path(sys.argv[1])
    for name, make, forms in (("picture", picture, FORMS + ("bytes",)), ("tokens", tokens, FORMS),
                              ("thin", thin, ("sparse",)), ("causal", causal, ("f32",))):
        random = numpy.random.default_rng(11)
        model = make()
        spread(model, random)
        x = random.uniform(-1, 1, (1,) + model.input_shape[1:]).astype("float32")
        watched = tensorflow.Variable(x)
        with tensorflow.GradientTape() as tape:
            total = tensorflow.reduce_sum(model(watched, training=False)[:, 2])
        gradient = tape.gradient(total, watched).numpy()
        for form in forms:
            data = convert(model, form, random)
            found, output, given = values(data, x)
            arrays = {"input": given}
            arrays.update(("value:" + k, v) for k, v in found.items())
            if form in ("f32", "sparse"):
                arrays[f"gradient:'{output}':2"] = gradient
            else:
                arrays["tolerance"] = numpy.float32(1e-3 if form == "f16" else 0.08)
            (folder / f"{name}-{form}.tflite").write_bytes(data)
            numpy.savez_compressed(folder / f"{name}-{form}.npz", **arrays)


if __name__ == "__main__":
    main()
