#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/data/cli/: tiny networks, sound and broken, and a photo, for the command's tests.

    make_cli_models.py [FOLDER]

Needs numpy, onnx and pillow; made with numpy 2, onnx 1.23, pillow 13. The files it makes are
committed: the tests need none of these. Every network is random but from a fixed seed, so that
a second run makes the same bytes.

    tiny.onnx      a classifier of 10 classes, 3x32x32, with metadata; its layers have names that
                   EfficientNet-Lite0's file has too, so that the examples of docs/commands.md
                   can be run on it
    bare.onnx      the same without metadata, its size fixed
    vector.onnx    4 -> 3, no picture, no class names
    cyclic.onnx    two nodes that wait for each other
    huge.onnx      weights said to be 2^20 x 2^20 x 2^20, a few bytes there
    expand.onnx    a few bytes that ask for a constant of 2^40 numbers
    wrongtype.onnx a convolution whose weights are of type string
    unknown.onnx   an operator nobody has heard of
    missing.onnx   a node that reads a value nobody makes
    outside.onnx   weights in a file outside the model's folder
    photo.jpg      64x48
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

CLASSES = ["tench", "goldfish", "great white shark, white shark", "tiger shark", "hammerhead",
           "electric ray", "stingray", "cock", "hen", "ostrich"]


def weights(random, name, *shape):
    fan_in = int(np.prod(shape[1:])) or 1
    array = random.standard_normal(shape).astype(np.float32) / np.float32(np.sqrt(fan_in))
    return numpy_helper.from_array(array, name)


def classifier(free):
    """stem - block_5 - head - pool - logits - softmax."""
    random = np.random.default_rng(3)
    node, constants = [], []

    def conv(name, source, n_out, n_in, kernel, **attributes):
        constants.append(weights(random, name + ".weight", n_out, n_in, kernel, kernel))
        node.append(helper.make_node("Conv", [source, name + ".weight"], [name], name=name,
                                     kernel_shape=[kernel, kernel], **attributes))
        return name

    x = conv("stem/conv", "image", 10, 3, 3, strides=[2, 2], auto_pad="SAME_UPPER")
    parts = []
    for part, array in (("scale", np.linspace(0.5, 1.5, 10)), ("shift", np.linspace(-0.2, 0.2, 10)),
                        ("mean", np.zeros(10)), ("variance", np.linspace(0.5, 2, 10))):
        constants.append(numpy_helper.from_array(array.astype(np.float32), "stem/bn." + part))
        parts.append("stem/bn." + part)
    node.append(helper.make_node("BatchNormalization", [x] + parts, ["stem/bn"], name="stem/bn",
                                 epsilon=1e-3))
    constants += [numpy_helper.from_array(np.array(v, np.float32), n)
                  for n, v in (("relu6.low", 0.0), ("relu6.high", 6.0))]
    node.append(helper.make_node("Clip", ["stem/bn", "relu6.low", "relu6.high"], ["stem/relu6"],
                                 name="stem/relu6"))
    x = conv("block_5/expand/conv", "stem/relu6", 16, 10, 1)
    node.append(helper.make_node("Relu", [x], ["block_5/expand/relu6"],
                                 name="block_5/expand/relu6"))
    x = conv("head/conv", "block_5/expand/relu6", 12, 16, 3, pads=[1, 1, 1, 1])
    node.append(helper.make_node("GlobalAveragePool", [x], ["pool"], name="pool"))
    node.append(helper.make_node("Flatten", ["pool"], ["flatten"], name="flatten", axis=1))
    constants += [weights(random, "logits.weight", 10, 12), weights(random, "logits.bias", 10)]
    node.append(helper.make_node("Gemm", ["flatten", "logits.weight", "logits.bias"], ["logits"],
                                 name="logits", transB=1))
    node.append(helper.make_node("Softmax", ["logits"], ["probabilities"], name="probabilities",
                                 axis=1))
    size = ["height", "width"] if free else [32, 32]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3] + size)
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])
    return helper.make_graph(node, "tiny", [image], [output], constants)


def model_of(graph, **metadata):
    model = helper.make_model(graph, producer_name="fovea",
                              opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    helper.set_model_props(model, {"fovea." + k: v for k, v in metadata.items()})
    return model


def graph_of(nodes, constants=(), inputs=None, outputs=("y",)):
    value = helper.make_tensor_value_info
    return helper.make_graph(
        nodes, "g", inputs or [value("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [value(name, TensorProto.FLOAT, None) for name in outputs], constants)


def conv_with(weight):
    return graph_of([helper.make_node("Conv", ["x", weight.name], ["y"], name="conv1")], [weight])


def broken():
    huge = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 20] * 3,
                            raw_data=b"\0" * 16)
    strings = onnx.TensorProto(name="w", data_type=TensorProto.STRING, dims=[4, 3, 1, 1],
                               string_data=[b"a"] * 12)
    outside = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 3, 1, 1],
                               data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="../../../../etc/passwd")
    shape = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64), "s")
    yield "huge", conv_with(huge)
    yield "wrongtype", conv_with(strings)
    yield "outside", conv_with(outside)
    yield "expand", graph_of([helper.make_node("ConstantOfShape", ["s"], ["big"], name="fill"),
                              helper.make_node("Add", ["x", "big"], ["y"], name="add1")], [shape])
    yield "cyclic", graph_of([helper.make_node("Add", ["x", "b"], ["a"], name="add1"),
                              helper.make_node("Relu", ["a"], ["b"], name="relu1"),
                              helper.make_node("Relu", ["b"], ["y"], name="relu2")])
    yield "unknown", graph_of([helper.make_node("Frobnicate", ["x"], ["y"], name="frob1")])
    yield "missing", graph_of([helper.make_node("Relu", ["nowhere"], ["y"], name="relu1")])


def vector():
    random = np.random.default_rng(3)
    value = helper.make_tensor_value_info
    return helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["dense1"], name="dense1", transB=1)], "vector",
        [value("x", TensorProto.FLOAT, ["batch", 4])],
        [value("dense1", TensorProto.FLOAT, ["batch", 3])],
        [weights(random, "w", 3, 4), weights(random, "b", 3)])


def photo():
    """A disc on a gradient."""
    y, x = np.mgrid[0:48, 0:64].astype(np.float64)
    disc = ((x - 30) ** 2 + (y - 22) ** 2 < 15 ** 2)[..., None]
    ground = np.stack([x * 4, y * 5, 255 - x * 3], axis=-1)
    return Image.fromarray(np.where(disc, [220, 150, 40], ground).clip(0, 255).astype(np.uint8))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "cli")
    os.makedirs(folder, exist_ok=True)
    tiny = model_of(classifier(True), size="32", range="255", mean="127,127,127",
                    scale="0.0078125,0.0078125,0.0078125", channel_order="rgb",
                    labels="\n".join(CLASSES))
    bare = model_of(classifier(False))
    for model in (tiny, bare):
        onnx.checker.check_model(model, full_check=True)
    models = {"tiny": tiny, "bare": bare, "vector": model_of(vector())}
    models.update((name, model_of(graph)) for name, graph in broken())
    for name, model in models.items():
        with open(os.path.join(folder, name + ".onnx"), "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
    photo().save(os.path.join(folder, "photo.jpg"), quality=80)


if __name__ == "__main__":
    main()
