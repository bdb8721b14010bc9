#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small Darknet networks with their values and gradients:  make.py FOLDER

Needs torch 2.13.0 and numpy. The values are PyTorch's, each layer written down here anew from
Darknet's C sources; weights are random."""
import sys
from pathlib import Path

import numpy
import torch
from torch.nn import functional

ACTIVATIONS = {"leaky": lambda x: functional.leaky_relu(x, 0.1), "linear": lambda x: x,
               "logistic": torch.sigmoid, "relu": torch.relu, "mish": functional.mish,
               "swish": functional.silu, "tanh": torch.tanh}

CLASSIFIER = """
# a classifier
[net]
height=20
width=16
channels=3
[convolutional]
batch_normalize=1
filters=6
size=3
stride=1
pad=1
activation=leaky
[maxpool]
size=2
stride=2
[convolutional]
filters=8
size=3
stride=2
groups=2
padding=1
activation=mish
[maxpool]
size=2
stride=1
[dropout]
probability=.5
[convolutional]
filters=7
size=1
activation=linear
[avgpool]
[softmax]
groups=1
[cost]
type=sse
"""

DETECTOR = """
[net]
height=16
width=16
channels=3
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=8
size=3
pad=1
activation=swish
[shortcut]
from=-2
activation=linear
[reorg]
stride=2
[route]
layers=2
[route]
layers=-1
groups=2
group_id=1
[maxpool]
size=2
stride=2
[upsample]
stride=2
[route]
layers=-1,1
[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=1,2, 3,4
classes=2
num=2
[route]
layers=3
[convolutional]
filters=18
size=1
activation=linear
[region]
classes=4
coords=4
num=2
softmax=1
"""

DENSE = """
[net]
height=6
width=5
channels=2
[crop]
crop_height=4
crop_width=4
[connected]
output=9
batch_normalize=1
activation=tanh
[batchnorm]
[connected]
output=4
activation=logistic
"""

RESIDUAL = """
[net]
height=10
width=8
channels=3
[convolutional]
filters=5
size=3
pad=1
activation=leaky
[convolutional]
filters=7
size=3
stride=2
pad=1
activation=linear
[shortcut]
from=-2
activation=leaky
[convolutional]
filters=4
size=1
activation=linear
[shortcut]
from=1
activation=linear
"""

NETWORKS = {"classifier": (CLASSIFIER, ["convolutional_0", "maxpool_1", "convolutional_2",
                                        "maxpool_3", "softmax_7"], "convolutional_5:3"),
            "detector": (DETECTOR, ["shortcut_2", "reorg_3", "route_5", "route_8", "yolo_10",
                                    "region_13"], "yolo_10:5"),
            "dense": (DENSE, ["crop_0", "connected_1", "batchnorm_2", "connected_3"],
                      "connected_3:1"),
            "residual": (RESIDUAL, ["shortcut_2", "shortcut_4"], "shortcut_4:1")}


def sections(text):
    """[(name, {key: value})] of a cfg."""
    out = []
    for line in text.split("\n"):
        line = line.replace(" ", "")
        if line.startswith("["):
            out.append((line[1:-1], {}))
        elif line and not line.startswith("#"):
            key, value = line.split("=")
            out[-1][1][key] = value
    return out


class Weights:
    """Random numbers, in the order of the file."""

    def __init__(self, seed):
        self.random, self.all = numpy.random.default_rng(seed), []

    def take(self, *shape, low=-0.5):
        """The next ones."""
        numbers = self.random.uniform(low, low + 1, shape).astype("float32")
        self.all.append(numbers.ravel())
        return torch.tensor(numbers)

    def write(self, path):
        """Version 0.2, and pictures seen."""
        head = numpy.array([0, 2, 0, 0, 0], "<i4").tobytes()
        path.write_bytes(head + numpy.concatenate(self.all).astype("<f4").tobytes())


def normalise(x, scale, shift, mean, variance):
    """Darknet's batch normalisation."""
    shape = (1, -1) + (1,) * (x.ndim - 2)
    scale, shift, mean, variance = (t.view(shape) for t in (scale, shift, mean, variance))
    return (x - mean) / (variance.sqrt() + 1e-6) * scale + shift


def convolutional(x, o, w):
    """Biases, with normalisation scales, means, variances, then weights."""
    n, size, groups = int(o["filters"]), int(o["size"]), int(o.get("groups", 1))
    bias = w.take(n)
    norm = [w.take(n, low=0.5), w.take(n), w.take(n, low=0.5)] if "batch_normalize" in o else None
    kernel = w.take(n, x.shape[1] // groups, size, size)
    padding = size // 2 if "pad" in o else int(o.get("padding", 0))
    x = functional.conv2d(x, kernel, None if norm else bias, int(o.get("stride", 1)), padding, 1,
                          groups)
    return normalise(x, norm[0], bias, norm[1], norm[2]) if norm else x


def connected(x, o, w):
    """Biases, weights, then what normalisation has."""
    n = int(o["output"])
    x = x.flatten(1)
    bias, matrix = w.take(n), w.take(n, x.shape[1])
    x = x @ matrix.T
    if "batch_normalize" not in o:
        return x + bias
    return normalise(x, w.take(n, low=0.5), bias, w.take(n), w.take(n, low=0.5))


def maxpool(x, o):
    """Half of size - 1 is padding before, the rest after."""
    size, stride = int(o["size"]), int(o["stride"])
    padding = size - 1
    x = functional.pad(x, (padding // 2, padding - padding // 2) * 2, value=-1e30)
    return functional.max_pool2d(x, size, stride)


def reorg(x, stride):
    """As reorg_cpu, element by element."""
    n, c, h, w = x.shape
    flat = x.reshape(n, -1)
    order = numpy.zeros(c * h * w, "int64")
    out_c = c // (stride * stride)
    for k in range(c):
        for j in range(h):
            for i in range(w):
                c2, offset = k % out_c, k // out_c
                w2, h2 = i * stride + offset % stride, j * stride + offset // stride
                order[i + w * (j + h * k)] = w2 + w * stride * (h2 + h * stride * c2)
    return flat[:, order].reshape(n, c * stride * stride, h // stride, w // stride)


def boxes(x, n, classes, softmax):
    """What a detector's layer does to each box's numbers."""
    parts = []
    for box in x.split(5 + classes, dim=1):
        what = box[:, 5:].softmax(1) if softmax else box[:, 5:].sigmoid()
        parts += [box[:, :2].sigmoid(), box[:, 2:4], box[:, 4:5].sigmoid(), what]
    assert len(parts) == 4 * n
    return torch.cat(parts, 1)


def shortcut(x, other):
    """What both have of the channels is added, at every so many'th place of the larger map."""
    stride = other.shape[2] // x.shape[2]
    channels = min(x.shape[1], other.shape[1])
    added = other[:, :channels, ::stride, ::stride][:, :, :x.shape[2], :x.shape[3]]
    return torch.cat([x[:, :channels] + added, x[:, channels:]], 1)


def route(o, made):
    """Channels of several layers, or of a group of each."""
    groups, number = int(o.get("groups", 1)), int(o.get("group_id", 0))
    parts = [made[int(k)] for k in o["layers"].split(",")]
    return torch.cat([p.chunk(groups, 1)[number] for p in parts], 1)


def layer(name, o, x, made, w):  # noqa: C901
    """The value of one section."""
    if name == "convolutional":
        x = convolutional(x, o, w)
    elif name == "connected":
        x = connected(x, o, w)
    elif name == "batchnorm":
        c = x.shape[1]
        x = normalise(x, w.take(c, low=0.5), torch.zeros(c), w.take(c), w.take(c, low=0.5))
    elif name == "maxpool":
        x = maxpool(x, o)
    elif name == "avgpool":
        x = x.mean((2, 3), keepdim=True)
    elif name == "softmax":
        x = x.flatten(1).softmax(1)
    elif name == "route":
        x = route(o, made)
    elif name == "shortcut":
        x = shortcut(x, made[int(o["from"])])
    elif name == "upsample":
        x = functional.interpolate(x, scale_factor=int(o["stride"]))
    elif name == "reorg":
        x = reorg(x, int(o["stride"]))
    elif name == "crop":
        h, width = int(o["crop_height"]), int(o["crop_width"])
        top, left = (x.shape[2] - h) // 2, (x.shape[3] - width) // 2
        x = x[:, :, top:top + h, left:left + width] * 2 - 1
    elif name in ("yolo", "region"):
        x = boxes(x, int(o["num"]), int(o["classes"]), "softmax" in o)
    return ACTIVATIONS[o.get("activation", "linear")](x)


def run(text, x, seed):
    """All layers' values by name, and the weights."""
    w, made, values = Weights(seed), [], {}
    for index, (name, options) in enumerate(sections(text)[1:]):
        x = layer(name, options, x, made, w)
        made.append(x)
        values[f"{name}_{index}"] = x
    return values, w


def main():
    """Every network."""
    folder = Path(sys.argv[1])
    for seed, (name, (text, layers, objective)) in enumerate(NETWORKS.items()):
        net = sections(text)[0][1]
        shape = (2, int(net["channels"]), int(net["height"]), int(net["width"]))
        x = torch.rand(shape, generator=torch.Generator().manual_seed(seed), requires_grad=True)
        values, weights = run(text, x, seed)
        target, channel = objective.split(":")
        value = values[target][:, int(channel)]
        gradient, = torch.autograd.grad(value.flatten(1).mean(1).sum() if value.ndim > 1
                                        else value.sum(), x)
        arrays = {"input": x.detach().numpy(), "gradient:" + objective: gradient.numpy()}
        arrays.update(("value:" + k, values[k].detach().numpy()) for k in layers)
        numpy.savez_compressed(folder / f"{name}.npz", **arrays)
        (folder / f"{name}.cfg").write_text(text.lstrip(), encoding="utf-8")
        weights.write(folder / f"{name}.weights")


if __name__ == "__main__":
    main()
