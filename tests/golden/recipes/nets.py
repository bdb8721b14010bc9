# SPDX-License-Identifier: Apache-2.0
"""Two small networks, in PyTorch and as ONNX files: weights from Philox, so that they can be made
again anywhere.

    small.onnx     conv1 3->8, relu1, conv2 8->12 stride 2, relu2, conv3 12->16, relu3, mean over
                   positions, fc 16->10; pictures of any size, 0..1
    small255.onnx  the same for pictures of 0..255
    vector.onnx    dense1 24->20, act1 (tanh), dense2 20->6
"""
import json
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from draws import Stream

HERE = Path(__file__).resolve().parent
SIZE = 40  # what the pictures' networks say they were trained on


def weights(tag, shape, gain):
    fan_in = int(np.prod(shape[1:]))
    x = Stream(2026, tag, 0, 1).normals(int(np.prod(shape))).reshape(shape)
    return (x * gain * np.sqrt(2 / fan_in)).astype(np.float32)


def small_parameters(white):
    p = {"conv1": weights(1, (8, 3, 3, 3), 2.5), "conv2": weights(2, (12, 8, 3, 3), 1.2),
         "conv3": weights(3, (16, 12, 3, 3), 1.2), "fc": weights(4, (10, 16), 1.5)}
    b = {name: weights(10 + i, (len(w),), 0.2) for i, (name, w) in enumerate(p.items())}
    b["conv1"] = (b["conv1"] - 0.5 * p["conv1"].sum((1, 2, 3))).astype(np.float32)  # grey -> 0
    p["conv1"] = (p["conv1"] / np.float32(white)).astype(np.float32)
    return p, b


def double(x):
    return torch.tensor(x.astype(np.float64))


class Small:
    """range: the value of white at the network's input."""

    def __init__(self, white=1):
        p, b = small_parameters(white)
        self.p = {k: double(v) for k, v in p.items()}
        self.b = {k: double(v) for k, v in b.items()}

    def __call__(self, x, value):
        """x [n][3][h][w] -> the value of that name."""
        for i, stride in ((1, 1), (2, 2), (3, 1)):
            x = F.conv2d(x, self.p[f"conv{i}"], self.b[f"conv{i}"], stride, 1)
            if value == f"conv{i}":
                return x
            x = x.relu()
            if value == f"relu{i}":
                return x
        assert value == "fc"
        return x.mean((2, 3)) @ self.p["fc"].T + self.b["fc"]


class Vector:
    def __init__(self):
        self.p, self.b = vector_parameters()
        self.p = [double(w) for w in self.p]
        self.b = [double(b) for b in self.b]

    def __call__(self, x, value):
        assert value == "dense2"
        return torch.tanh(x @ self.p[0].T + self.b[0]) @ self.p[1].T + self.b[1]


def vector_parameters():
    return ([weights(21, (20, 24), 0.7), weights(22, (6, 20), 1)],
            [weights(23, (20,), 0.3), weights(24, (6,), 0.3)])


def save(name, nodes, shapes, tensors, sidecar=None):
    inputs, outputs = (
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, s) for k, s in part.items()]
        for part in shapes)
    graph = helper.make_graph(nodes, name, inputs, outputs,
                              [numpy_helper.from_array(v, k) for k, v in tensors.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                              producer_name="fovea-tests")
    onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx")
    if sidecar:
        (HERE / f"{name}.fovea.json").write_text(json.dumps(sidecar) + "\n")


def save_small(name, white):
    p, b = small_parameters(white)
    tensors, nodes, x = {}, [], "picture"
    for i, stride in ((1, 1), (2, 2), (3, 1)):
        conv = f"conv{i}"
        tensors |= {f"{conv}.w": p[conv], f"{conv}.b": b[conv]}
        nodes.append(helper.make_node("Conv", [x, f"{conv}.w", f"{conv}.b"], [conv], name=conv,
                                      kernel_shape=[3, 3], strides=[stride] * 2, pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [conv], [f"relu{i}"], name=f"relu{i}"))
        x = f"relu{i}"
    tensors |= {"fc.w": p["fc"], "fc.b": b["fc"]}
    nodes += [helper.make_node("GlobalAveragePool", [x], ["mean"], name="mean"),
              helper.make_node("Flatten", ["mean"], ["flat"], name="flat"),
              helper.make_node("Gemm", ["flat", "fc.w", "fc.b"], ["fc"], name="fc", transB=1)]
    save(name, nodes, ({"picture": ["n", 3, "h", "w"]}, {"fc": ["n", 10]}), tensors,
         {"size": SIZE, "range": white, "mean": 0, "scale": 1})


def save_vector():
    w, b = vector_parameters()
    nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["dense1"], name="dense1", transB=1),
             helper.make_node("Tanh", ["dense1"], ["act1"], name="act1"),
             helper.make_node("Gemm", ["act1", "w2", "b2"], ["dense2"], name="dense2", transB=1)]
    save("vector", nodes, ({"x": ["n", 24]}, {"dense2": ["n", 6]}),
         {"w1": w[0], "b1": b[0], "w2": w[1], "b2": b[1]})


def save_all():
    save_small("small", 1)
    save_small("small255", 255)
    save_vector()
