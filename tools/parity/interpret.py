# SPDX-License-Identifier: Apache-2.0
"""Runs a plain convolutional ONNX classifier in PyTorch, so that autograd can differentiate it.

For the two trained networks of the comparison, whose PyTorch source is not at hand. Only their
operators are known; onnxruntime has to agree on every output before the result is used.
"""
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def padded(x, a, kernel, stride, dilation, value):
    """x with the padding the node asks for, explicit or as TensorFlow's "same"."""
    n = len(kernel)
    pads = list(a.get("pads", [0] * 2 * n))
    if a.get("auto_pad", b"NOTSET") in (b"SAME_UPPER", b"SAME_LOWER"):
        lower = a["auto_pad"] == b"SAME_LOWER"
        for i in range(n):
            size = x.shape[2 + i]
            reach = (kernel[i] - 1) * dilation[i] + 1
            total = max((-(-size // stride[i]) - 1) * stride[i] + reach - size, 0)
            pads[i] = total - total // 2 if lower else total // 2
            pads[n + i] = total - pads[i]
    flat = [p for i in reversed(range(n)) for p in (pads[i], pads[n + i])]
    return F.pad(x, flat, value=value) if any(flat) else x


def conv(x, w, b, a):
    n = w.ndim - 2
    stride, dilation = a.get("strides", [1] * n), a.get("dilations", [1] * n)
    x = padded(x, a, list(w.shape[2:]), stride, dilation, 0)
    return F.conv2d(x, w, b, stride, 0, dilation, a.get("group", 1))


def max_pool(x, a):
    kernel, n = a["kernel_shape"], len(a["kernel_shape"])
    stride = a.get("strides", [1] * n)
    x = padded(x, a, kernel, stride, [1] * n, float("-inf"))
    return F.max_pool2d(x, kernel, stride, ceil_mode=bool(a.get("ceil_mode", 0)))


def gemm(x, w, b, a):
    w = w if a.get("transB", 0) else w.T
    y = F.linear(x.T if a.get("transA", 0) else x, w) * a.get("alpha", 1.0)
    return y if b is None else y + a.get("beta", 1.0) * b


def clip(x, a, low=None, high=None):
    low, high = a.get("min", low), a.get("max", high)
    return x.clamp(None if low is None else float(low), None if high is None else float(high))


OPS = {
    "Conv": lambda a, x, w, b=None: conv(x, w, b, a),
    "BatchNormalization": lambda a, x, s, t, m, v: F.batch_norm(x, m, v, s, t, False, 0,
                                                                a.get("epsilon", 1e-5)),
    "LeakyRelu": lambda a, x: F.leaky_relu(x, a.get("alpha", 0.01)),
    "Relu": lambda a, x: F.relu(x),
    "Dropout": lambda a, x, *unused: x,
    "Clip": lambda a, x, low=None, high=None: clip(x, a, low, high),
    "MaxPool": lambda a, x: max_pool(x, a),
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "Flatten": lambda a, x: x.flatten(a.get("axis", 1)),
    "Gemm": lambda a, x, w, b=None: gemm(x, w, b, a),
    "Add": lambda a, x, y: x + y,
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)),
}


class Interpreter(nn.Module):
    """The graph as a module; every node is a submodule, named like its output, for hooks."""

    class Step(nn.Module):
        def __init__(self, node):
            super().__init__()
            self.op, self.a = OPS[node.op_type], attributes(node)

        def forward(self, *inputs):
            return self.op(self.a, *inputs)

    def __init__(self, path):
        super().__init__()
        graph = onnx.load(str(path)).graph
        self.constants = {}
        for i, t in enumerate(graph.initializer):
            self.register_buffer(f"constant{i}", torch.tensor(numpy_helper.to_array(t)))
            self.constants[t.name] = f"constant{i}"
        self.nodes = list(graph.node)
        self.input = next(i.name for i in graph.input if i.name not in self.constants)
        self.output = graph.output[0].name
        self.steps = {}
        for i, n in enumerate(self.nodes):
            self.add_module(f"step{i}", self.Step(n))
            self.steps[n.output[0]] = f"step{i}"

    def forward(self, x):
        values = {self.input: x, "": None}
        for n in self.nodes:
            inputs = [values[i] if i in values else getattr(self, self.constants[i])
                      for i in n.input]
            values[n.output[0]] = getattr(self, self.steps[n.output[0]])(*inputs)
        return values[self.output]
