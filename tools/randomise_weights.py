#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gives a network of which only the graph is at hand random weights, so that it can be tried.

    randomise_weights.py NAME OUT.onnx [--seed N]

NAME is one of the `light` networks in the Python package onnx: bvlc_alexnet, inception_v1,
squeezenet, vgg19, zfnet512. Their graphs are whole, their weights all the same number. Here each
weight is drawn from a normal distribution of deviation sqrt(2 / inputs of a unit) (He et al.,
2015), which keeps the activations about as large as the input in every layer; biases are 0. The
same seed gives the same file with the same version of numpy.

The nodes get names: convolutions and fully connected layers that of their weights (conv1, fc6,
inception_3b/5x5), what follows them that name and its kind (conv1/relu), concatenations their
module and `output`; the softmax is `prob`. Metadata says how a picture becomes the input, and what
the classes of ImageNet are called. What the pictures of such a network show is not learned.
"""
import argparse
import math
import os
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

KINDS = {"Relu": "relu", "LRN": "norm", "MaxPool": "pool", "AveragePool": "pool",
         "Dropout": "dropout", "Reshape": "flatten", "GlobalAveragePool": "pool"}
ABOUT = {"size": "224", "range": "255", "mean": "127,127,127", "std": "64,64,64",
         "channel_order": "rgb"}


def light_path(name):
    folder = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")
    path = os.path.join(folder, f"light_{name}.onnx")
    if not os.path.isfile(path):
        there = [f[6:-5] for f in sorted(os.listdir(folder)) if f.endswith(".onnx")]
        sys.exit(f"randomise_weights: there is no {name}; there are {', '.join(there)}")
    return path


def constants(graph):
    """Shapes of all constants that are weights, by name, and the nodes that do not make them: a
    constant is given, made by a ConstantOfShape, or another one reshaped."""
    given = {t.name: t for t in graph.initializer}
    shapes = {name: tuple(t.dims) for name, t in given.items()
              if t.data_type == onnx.TensorProto.FLOAT}
    nodes, source = [], {}
    for node in graph.node:
        node.input[:] = [source.get(name, name) for name in node.input]
        if node.op_type == "ConstantOfShape":
            shapes[node.output[0]] = tuple(numpy_helper.to_array(given[node.input[0]]))
        elif node.op_type == "Reshape" and node.input[0] in shapes:
            source[node.output[0]] = node.input[0]
            shapes[node.input[0]] = tuple(numpy_helper.to_array(given[node.input[1]]))
        else:
            nodes.append(node)
    return shapes, nodes


def name_nodes(nodes, taken):
    """Names each node after its weights, or after the node before it; its value likewise."""
    stems, values = {}, {}
    for node in nodes:
        if node.op_type in ("Conv", "Gemm"):
            stem = name = node.input[1].rsplit("_w_", 1)[0]
        elif node.op_type == "Concat":
            stem = stems[values[node.input[0]]].rsplit("/", 1)[0]
            name = stem + "/output"
        else:
            stem = stems[values[node.input[0]]]
            kind = KINDS.get(node.op_type, node.op_type.lower())
            name = "prob" if node.op_type == "Softmax" else f"{stem}/{kind}"
        if name in taken:
            name = next(f"{name}_{i}" for i in range(2, 100) if f"{name}_{i}" not in taken)
        taken.add(name)
        node.name, values[node.output[0]], stems[name] = name, name, stem
        node.input[:] = [values.get(value, value) for value in node.input]
        node.output[:] = [name, *node.output[1:]]
    return values


def randomise(model, seed):
    graph, rng = model.graph, np.random.default_rng(seed)
    shapes, nodes = constants(graph)
    used = {name for node in nodes for name in node.input}
    kept = [t for t in graph.initializer if t.name in used and t.name not in shapes]
    made = []
    for node in nodes:
        weights = [name for name in node.input if name in shapes]
        if weights and node.op_type not in ("Conv", "Gemm"):
            sys.exit(f"randomise_weights: a {node.op_type} has weights; only those of "
                     "convolutions and fully connected layers can be drawn")
        for name in weights:
            shape = shapes[name]
            array = np.zeros(shape, np.float32)
            if len(shape) > 1:
                rng.standard_normal(dtype=np.float32, out=array)
                array *= np.float32(math.sqrt(2 / math.prod(shape[1:])))
            made.append(numpy_helper.from_array(array, name))
    names = {t.name for t in graph.initializer}
    inputs = [i for i in graph.input if i.name not in names]
    values = name_nodes(nodes, {t.name for t in kept + made + inputs})
    for value in graph.output:
        value.name = values[value.name]
    new = helper.make_graph(nodes, graph.name, inputs, graph.output, kept + made)
    result = helper.make_model(new, opset_imports=model.opset_import, ir_version=4)
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "imagenet_classes.txt"), encoding="utf-8") as file:
        labels = [line.strip() for line in file if not line.startswith("#")]
    about = dict(ABOUT, labels="\n".join(labels))
    helper.set_model_props(result, {f"fovea.{key}": text for key, text in about.items()})
    return result


def main():
    parser = argparse.ArgumentParser(description="Gives an ONNX graph random weights.")
    parser.add_argument("name", help="bvlc_alexnet, inception_v1, squeezenet, vgg19, ...")
    parser.add_argument("out", help="the ONNX file to write")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers; default: 0")
    wanted = parser.parse_args()
    onnx.save(randomise(onnx.load(light_path(wanted.name)), wanted.seed), wanted.out)


if __name__ == "__main__":
    main()
