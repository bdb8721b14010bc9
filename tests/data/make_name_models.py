#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/data/names/: one small network as PyTorch's two exporters write it, and one named as
tf2onnx names what Keras made, for the tests of the names of layers.

    make_name_models.py [FOLDER]

Needs numpy, onnx, torch and onnxscript; made with torch 2.13.0, onnx 1.23.2, onnxscript 0.7.2. The
files it makes are committed: the tests need none of these. Stack traces and everything else that
tells of the machine are taken out.

    dynamo.onnx       torch.onnx.export(..., dynamo=True)
    torchscript.onnx  torch.onnx.export(..., dynamo=False)
    plain.onnx        the second without the names of its nodes, as exporters before 1.13 wrote it
    keras.onnx        block1_conv1 (with its activation), a batch normalization, dense
"""
import os
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

KEPT = ("namespace", "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy",
        "pkg.onnxscript.rewriter.rule_name")


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, bias=False), nn.BatchNorm2d(4),
                                  nn.ReLU6())
        self.layer1 = nn.Sequential(Block(4), Block(4))
        self.mlp = nn.Sequential(nn.Linear(4, 6), nn.Sigmoid())
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = self.layer1(self.stem(x))
        x = self.mlp(x.flatten(2).transpose(1, 2))
        return self.fc(torch.flatten(self.pool(x.transpose(1, 2)), 1))


def clean(model):
    for node in model.graph.node:
        kept = [p for p in node.metadata_props if p.key in KEPT]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    model.graph.doc_string = ""
    return model


def torch_models(folder):
    torch.manual_seed(1)
    net = Net()
    for part in net.modules():  # a normalization that does something
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_()
            part.weight.data.normal_()
    net.eval()
    for name, dynamo in (("dynamo", True), ("torchscript", False)):
        path = os.path.join(folder, name + ".onnx")
        torch.onnx.export(net, (torch.randn(1, 3, 16, 16),), path, dynamo=dynamo,
                          input_names=["image"], output_names=["logits"])
        model = clean(onnx.load(path))
        onnx.save(model, path)
        if os.path.exists(path + ".data"):
            os.remove(path + ".data")
    names = {}
    for i, node in enumerate(model.graph.node):
        if not node.name.startswith("/"):
            continue
        node.name = f"{node.op_type}_{i}"
        for k, output in enumerate(node.output):
            names[output] = output if output == "logits" else str(1000 + 10 * i + k)
        node.output[:] = [names[o] for o in node.output]
    for node in model.graph.node:
        node.input[:] = [names.get(v, v) for v in node.input]
    onnx.save(model, os.path.join(folder, "plain.onnx"))


def keras_model(path):
    random = np.random.default_rng(2)
    constants = []

    def constant(name, *shape):
        array = random.standard_normal(shape).astype(np.float32)
        constants.append(numpy_helper.from_array(array, name))
        return name

    root = "StatefulPartitionedCall/vgg16_1/"
    steps = [
        ("Transpose", root + "block1_conv1/Conv2D__6", [], dict(perm=[0, 3, 1, 2])),
        ("Conv", root + "block1_conv1/Conv2D", [constant("w1", 4, 3, 3, 3)], {}),
        ("Add", root + "block1_conv1/BiasAdd", [constant("b1", 4, 1, 1)], {}),
        ("Relu", root + "block1_conv1/Relu", [], {}),
        ("MaxPool", root + "block1_pool/MaxPool", [], dict(kernel_shape=[2, 2], strides=[2, 2])),
        ("ReduceMean", root + "avg_pool/Mean", [], dict(axes=[2, 3], keepdims=0)),
        ("MatMul", root + "predictions/MatMul", [constant("w2", 4, 5)], {}),
        ("Add", root + "predictions/BiasAdd", [constant("b2", 5)], {}),
        ("Softmax", root + "predictions/Softmax", [], dict(axis=1)),
    ]
    nodes, value = [], "input_1"
    for op, name, more, attributes in steps:
        nodes.append(helper.make_node(op, [value, *more], [name + ":0"], name=name, **attributes))
        value = name + ":0"
    picture = helper.make_tensor_value_info("input_1", TensorProto.FLOAT, [1, 12, 12, 3])
    classes = helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, 5])
    graph = helper.make_graph(nodes, "tf2onnx", [picture], [classes], constants)
    model = helper.make_model(graph, producer_name="tf2onnx", producer_version="1.16.1",
                              opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "names")
    os.makedirs(folder, exist_ok=True)
    torch_models(folder)
    keras_model(os.path.join(folder, "keras.onnx"))


if __name__ == "__main__":
    main()
