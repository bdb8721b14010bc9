#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small Caffe networks with their values and gradients:  make.py FOLDER

Needs torch 2.13.0, numpy and opencv-python-headless 4.x. The values are PyTorch's, each layer
written down here anew from Caffe's C++ sources; OpenCV, which reads Caffe's files itself, must give
the same outputs. Weights are random."""
import sys
from pathlib import Path

import cv2
import numpy
import torch
from torch.nn import functional


def varint(number):
    """A number in protobuf's wire format."""
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number, payload):
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def blob(array, old):
    """A BlobProto, its sizes as they were before 2014 or since."""
    data = array.detach().numpy().astype("<f4")
    sizes = (1,) * (4 - data.ndim) + data.shape
    head = b"".join(varint((i + 1) << 3) + varint(n) for i, n in enumerate(sizes)) if old else \
        field(7, field(1, b"".join(varint(n) for n in data.shape)))
    return head + field(5, data.tobytes())


class Network:
    """Layers as they are added: the text, the weights, the values."""

    def __init__(self, shape, old, seed):
        self.random = torch.Generator().manual_seed(seed)
        self.old, self.layers, self.values, self.weights = old, [], {}, []
        self.input = torch.rand(shape, generator=self.random) * 2 - 1
        self.input.requires_grad_(True)
        self.values["data"] = self.input
        self.tops = {"data": "data"}
        dims = "".join(f"input_dim: {n}\n" for n in shape)
        self.text = f'name: "net"  # small\ninput: "data"\n{dims}'

    def take(self, *shape, low=-0.5):
        """Random weights."""
        return torch.rand(shape, generator=self.random) + low

    def add(self, name, kind, bottoms, value, params="", blobs=()):
        """One layer, whose value is known; in the old form some work in place."""
        bottoms = [self.tops[b] for b in ([bottoms] if isinstance(bottoms, str) else bottoms)]
        in_place = self.old and kind in ("ReLU", "Dropout")
        self.tops[name] = bottoms[0] if in_place else name
        kinds = {"Convolution": "CONVOLUTION", "ReLU": "RELU", "Pooling": "POOLING", "LRN": "LRN",
                 "InnerProduct": "INNER_PRODUCT", "Softmax": "SOFTMAX", "Concat": "CONCAT",
                 "Eltwise": "ELTWISE", "Dropout": "DROPOUT"}
        head = f"layers {{ name: '{name}' type: {kinds[kind]}" if self.old else \
            f'layer {{\n  name: "{name}"\n  type: "{kind}"'
        reads = "".join(f' bottom: "{b}"' for b in bottoms)
        self.text += f'{head}{reads} top: "{self.tops[name]}"\n  {params} }}\n'
        self.values[name] = value
        number = 6 if self.old else 7
        message = field(4 if self.old else 1, name.encode())
        message += b"".join(field(number, blob(b, self.old)) for b in blobs)
        self.weights.append(field(2 if self.old else 100, message))
        return value


def pool(x, size, stride, pad, average):
    """Rounded up, the last window beginning inside; an average counts the padding."""
    n = x.shape[2]
    out = -(-(n + 2 * pad - size) // stride) + 1
    if pad and (out - 1) * stride >= n + pad:
        out -= 1
    rows = []
    for i in range(out):
        row = []
        for j in range(out):
            top, left = i * stride - pad, j * stride - pad
            bottom, right = min(top + size, n + pad), min(left + size, n + pad)
            part = x[:, :, max(top, 0):min(bottom, n), max(left, 0):min(right, n)]
            row.append(part.sum((2, 3)) / ((bottom - top) * (right - left)) if average
                       else part.amax((2, 3)))
        rows.append(torch.stack(row, -1))
    return torch.stack(rows, -2)


def alexnet(old):
    """Groups, LRN, pooling rounded up, InnerProduct, in place or not."""
    net = Network((2, 3, 19, 19), old, 3)
    w, b = net.take(6, 3, 5, 5), net.take(6)
    x = net.add("conv1", "Convolution", "data", functional.conv2d(net.input, w, b, 2),
                "convolution_param { num_output: 6 kernel_size: 5 stride: 2 }", (w, b))
    x = net.add("relu1", "ReLU", "conv1", functional.relu(x))
    x = net.add("norm1", "LRN", "relu1", functional.local_response_norm(x, 3, 0.5, 0.75, 1.0),
                "lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 }")
    x = net.add("pool1", "Pooling", "norm1", pool(x, 3, 2, 0, False),
                "pooling_param { pool: MAX kernel_size: 3 stride: 2 }")
    w, b = net.take(8, 3, 3, 3), net.take(8)
    x = net.add("conv2", "Convolution", "pool1", functional.conv2d(x, w, b, 1, 1, 1, 2),
                "convolution_param { num_output: 8 kernel_size: 3 pad: 1 group: 2 }", (w, b))
    y = net.add("pool2", "Pooling", "conv2", pool(x, 3, 1, 1, True),
                "pooling_param { pool: AVE kernel_size: 3 stride: 1 pad: 1 }")
    x = net.add("both", "Concat", ["conv2", "pool2"], torch.cat([x, y], 1))
    w, b = net.take(10, 16 * x.shape[2] ** 2), net.take(10)
    x = net.add("fc6", "InnerProduct", "both", x.flatten(1) @ w.T + b,
                "inner_product_param { num_output: 10 }", (w, b))
    x = net.add("drop6", "Dropout", "fc6", x, "dropout_param { dropout_ratio: 0.5 }")
    net.add("prob", "Softmax", "drop6", x.softmax(1))
    return net, ["conv1", "norm1", "pool1", "pool2", "fc6", "prob"], "fc6:4"


def residual(old):
    """BatchNorm and Scale, Eltwise, PReLU, a transposed convolution, global pooling, Power."""
    net = Network((2, 3, 12, 12), old, 5)
    w = net.take(6, 3, 3, 3)
    x = net.add("conv1", "Convolution", "data", functional.conv2d(net.input, w, None, 1, 2, 2),
                "convolution_param { num_output: 6 kernel_size: 3 pad: 2 dilation: 2 "
                "bias_term: false }", (w,))
    mean, variance, count = net.take(6), net.take(6, low=0.5), torch.tensor([2.0])
    x = net.add("bn1", "BatchNorm", "conv1", functional.batch_norm(x, mean / 2, variance / 2,
                                                                     eps=1e-3),
                "batch_norm_param { use_global_stats: true eps: 1e-3 }", (mean, variance, count))
    gamma, beta = net.take(6, low=0.5), net.take(6)
    x = net.add("scale1", "Scale", "bn1", x * gamma.view(-1, 1, 1) + beta.view(-1, 1, 1),
                "scale_param { bias_term: true }", (gamma, beta))
    slope = net.take(6, low=0)
    y = net.add("prelu1", "PReLU", "scale1", functional.prelu(x, slope), blobs=(slope,))
    x = net.add("sum", "Eltwise", ["scale1", "prelu1"], x - 0.5 * y,
                "eltwise_param { operation: SUM coeff: [1, -0.5] }")
    w, b = net.take(6, 4, 4, 4), net.take(4)
    x = net.add("up", "Deconvolution", "sum", functional.conv_transpose2d(x, w, b, 2, 1),
                "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 }", (w, b))
    x = net.add("tanh", "TanH", "up", x.tanh())
    x = net.add("mean", "Pooling", "tanh", x.mean((2, 3), keepdim=True),
                "pooling_param { pool: AVE global_pooling: true }")
    net.add("out", "Power", "mean", (x * 3 + 4) ** 2,
            "power_param { power: 2 scale: 3 shift: 4 }")
    return net, ["conv1", "bn1", "scale1", "prelu1", "sum", "up", "out"], "sum:2"


def main():
    """Every network, the first one in both forms of the text."""
    folder = Path(sys.argv[1])
    for name, make, old in (("alexnet", alexnet, False), ("alexnet-v1", alexnet, True),
                            ("residual", residual, False)):
        net, layers, objective = make(old)
        text, model = folder / f"{name}.prototxt", folder / f"{name}.caffemodel"
        text.write_text(net.text, encoding="utf-8")
        model.write_bytes(field(1, b"net") + b"".join(net.weights))
        other = cv2.dnn.readNetFromCaffe(str(text), str(model))
        other.setInput(net.input.detach().numpy())
        right, got = net.values[layers[-1]].detach().numpy(), other.forward()
        assert abs(right.reshape(got.shape) - got).max() < 1e-4 * abs(right).max(), name
        layer, channel = objective.split(":")
        value = net.values[layer][:, int(channel)]
        total = value.flatten(1).mean(1).sum() if value.ndim > 1 else value.sum()
        gradient, = torch.autograd.grad(total, net.input)
        arrays = {"input": net.input.detach().numpy(), "gradient:" + objective: gradient.numpy()}
        arrays.update(("value:" + k, net.values[k].detach().numpy()) for k in layers)
        numpy.savez_compressed(folder / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main()
