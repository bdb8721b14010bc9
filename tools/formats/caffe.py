#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares Caffe's networks with OpenCV, which reads them itself:  caffe.py FOVEA [NAME...]

The networks of Caffe's model zoo, layer by layer as there, with random weights. A row each: the
largest difference of the probabilities, and of the layer before them, of the largest number. OpenCV
has no gradients to compare with. Needs opencv-python-headless 4.14.0 and numpy."""
# pylint: disable=import-error
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy


def varint(number):
    """A number in protobuf's wire format."""
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number, payload):
    """A field of bytes."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


class Network:
    """The text and the weights, as layers are added; each gives its own name as its value's."""

    def __init__(self, size):
        self.random = numpy.random.default_rng(5)
        self.size, self.weights, self.shapes = size, [], {"data": (3, size, size)}
        self.text = f'name: "net"\ninput: "data"\ninput_shape {{ dim: [1, 3, {size}, {size}] }}\n'

    def add(self, name, kind, bottoms, shape, params="", blobs=()):
        """One layer with the shape it gives."""
        reads = "".join(f' bottom: "{b}"' for b in bottoms)
        self.text += f'layer {{ name: "{name}" type: "{kind}"{reads} top: "{name}" {params} }}\n'
        packed = (field(7, field(7, field(1, b"".join(map(varint, b.shape)))) +
                        field(5, b.astype("<f4").tobytes())) for b in blobs)
        self.weights.append(field(100, field(1, name.encode()) + b"".join(packed)))
        self.shapes[name] = shape
        return name

    def conv(self, name, x, out, kernel, stride=1, pad=0, group=1, relu=True):
        """A convolution, and a ReLU."""
        c, h, w = self.shapes[x]
        fan = c // group * kernel * kernel
        blobs = (self.random.normal(0, (2 / fan) ** 0.5, (out, c // group, kernel, kernel)),
                 self.random.uniform(-0.1, 0.1, out))
        shape = out, (h + 2 * pad - kernel) // stride + 1, (w + 2 * pad - kernel) // stride + 1
        x = self.add(name, "Convolution", [x], shape, f"convolution_param {{ num_output: {out} "
                     f"kernel_size: {kernel} stride: {stride} pad: {pad} group: {group} }}", blobs)
        return self.relu(x) if relu else x

    def relu(self, x):
        """A ReLU of its own value."""
        return self.add(x + "_relu", "ReLU", [x], self.shapes[x])

    def norm(self, x):
        """BatchNorm and Scale."""
        c = self.shapes[x][0]
        blobs = (self.random.normal(0, 0.2, c), self.random.uniform(0.7, 1.3, c), numpy.ones(1))
        y = self.add(x + "_bn", "BatchNorm", [x], self.shapes[x],
                     "batch_norm_param { use_global_stats: true }", blobs)
        return self.add(x + "_scale", "Scale", [y], self.shapes[x],
                        "scale_param { bias_term: true }",
                        (self.random.uniform(0.7, 1.3, c), self.random.uniform(-0.1, 0.1, c)))

    def pool(self, name, x, kind, kernel, stride, pad=0):
        """Sizes are rounded up; the last window begins inside."""
        c, h, w = self.shapes[x]
        sizes = []
        for n in (h, w):
            out = -(-(n + 2 * pad - kernel) // stride) + 1
            sizes.append(out - 1 if pad and (out - 1) * stride >= n + pad else out)
        return self.add(name, "Pooling", [x], (c, *sizes), f"pooling_param {{ pool: {kind} "
                        f"kernel_size: {kernel} stride: {stride} pad: {pad} }}")

    def mean(self, x):
        """A mean over the whole map."""
        return self.add("pool_all", "Pooling", [x], (self.shapes[x][0], 1, 1),
                        "pooling_param { pool: AVE global_pooling: true }")

    def lrn(self, x):
        """Local response normalisation, as AlexNet and GoogLeNet have it."""
        return self.add(x + "_norm", "LRN", [x], self.shapes[x],
                        "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }")

    def concat(self, name, parts):
        """Channels one behind the other."""
        c = sum(self.shapes[p][0] for p in parts)
        return self.add(name, "Concat", parts, (c, *self.shapes[parts[0]][1:]))

    def fc(self, name, x, out, relu=False):
        """A layer that is fully connected."""
        n = int(numpy.prod(self.shapes[x]))
        blobs = (self.random.normal(0, (1 / n) ** 0.5, (out, n)),
                 self.random.uniform(-0.1, 0.1, out))
        x = self.add(name, "InnerProduct", [x], (out,),
                     f"inner_product_param {{ num_output: {out} }}", blobs)
        return self.relu(x) if relu else x

    def softmax(self, x):
        """The end."""
        return x, self.add("prob", "Softmax", [x], self.shapes[x])


def alexnet():
    """bvlc_alexnet."""
    net = Network(227)
    x = net.lrn(net.conv("conv1", "data", 96, 11, 4))
    x = net.pool("pool1", x, "MAX", 3, 2)
    x = net.lrn(net.conv("conv2", x, 256, 5, 1, 2, 2))
    x = net.pool("pool2", x, "MAX", 3, 2)
    x = net.conv("conv3", x, 384, 3, 1, 1)
    x = net.conv("conv4", x, 384, 3, 1, 1, 2)
    x = net.pool("pool5", net.conv("conv5", x, 256, 3, 1, 1, 2), "MAX", 3, 2)
    x = net.fc("fc7", net.fc("fc6", x, 4096, True), 4096, True)
    return net, net.softmax(net.fc("fc8", x, 1000))


def vgg16():
    """VGG_ILSVRC_16_layers."""
    net, x = Network(224), "data"
    for i, (count, out) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 1):
        for k in range(1, count + 1):
            x = net.conv(f"conv{i}_{k}", x, out, 3, 1, 1)
        x = net.pool(f"pool{i}", x, "MAX", 2, 2)
    x = net.fc("fc7", net.fc("fc6", x, 4096, True), 4096, True)
    return net, net.softmax(net.fc("fc8", x, 1000))


INCEPTIONS = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
              "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
              "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
              "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
              "5b": (384, 192, 384, 48, 128, 128)}


def googlenet():
    """bvlc_googlenet without what only training needs."""
    net = Network(224)
    x = net.lrn(net.pool("pool1", net.conv("conv1", "data", 64, 7, 2, 3), "MAX", 3, 2))
    x = net.lrn(net.conv("conv2", net.conv("conv2_reduce", x, 64, 1), 192, 3, 1, 1))
    x = net.pool("pool2", x, "MAX", 3, 2)
    for name, (one, reduce3, three, reduce5, five, pooled) in INCEPTIONS.items():
        if name in ("4a", "5a"):
            x = net.pool("pool" + name, x, "MAX", 3, 2)
        i = f"inception_{name}/"
        x = net.concat(i + "output", [
            net.conv(i + "1x1", x, one, 1),
            net.conv(i + "3x3", net.conv(i + "3x3_reduce", x, reduce3, 1), three, 3, 1, 1),
            net.conv(i + "5x5", net.conv(i + "5x5_reduce", x, reduce5, 1), five, 5, 1, 2),
            net.conv(i + "pool_proj", net.pool(i + "pool", x, "MAX", 3, 1, 1), pooled, 1)])
    return net, net.softmax(net.fc("classifier", net.mean(x), 1000))


def resnet50():
    """ResNet-50 of its authors: BatchNorm and Scale, the stride in the first of three."""
    net = Network(224)
    x = net.relu(net.norm(net.conv("conv1", "data", 64, 7, 2, 3, 1, False)))
    x = net.pool("pool1", x, "MAX", 3, 2)
    for stage, (count, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), 2):
        for k in range(count):
            name, stride = f"res{stage}{chr(97 + k)}", 2 if k == 0 and stage > 2 else 1
            y = net.relu(net.norm(net.conv(name + "_2a", x, width, 1, stride, 0, 1, False)))
            y = net.relu(net.norm(net.conv(name + "_2b", y, width, 3, 1, 1, 1, False)))
            y = net.norm(net.conv(name + "_2c", y, width * 4, 1, 1, 0, 1, False))
            if k == 0:
                x = net.norm(net.conv(name + "_1", x, width * 4, 1, stride, 0, 1, False))
            x = net.relu(net.add(name, "Eltwise", [x, y], net.shapes[y]))
    return net, net.softmax(net.fc("fc1000", net.mean(x), 1000))


def squeezenet():
    """SqueezeNet 1.1."""
    net = Network(227)
    x = net.pool("pool1", net.conv("conv1", "data", 64, 3, 2), "MAX", 3, 2)
    for i, (squeeze, expand) in enumerate(((16, 64), (16, 64), (32, 128), (32, 128), (48, 192),
                                           (48, 192), (64, 256), (64, 256)), 2):
        f = f"fire{i}/"
        x = net.conv(f + "squeeze1x1", x, squeeze, 1)
        x = net.concat(f + "concat", [net.conv(f + "expand1x1", x, expand, 1),
                                      net.conv(f + "expand3x3", x, expand, 3, 1, 1)])
        if i in (3, 5):
            x = net.pool(f"pool{i}", x, "MAX", 3, 2)
    return net, net.softmax(net.mean(net.conv("conv10", x, 1000, 1)))


def mobilenet():
    """MobileNet 1.0: convolutions of as many groups as channels."""
    net = Network(224)
    x = net.relu(net.norm(net.conv("conv1", "data", 32, 3, 2, 1, 1, False)))
    for i, (out, stride) in enumerate(((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
                                       *[(512, 1)] * 5, (1024, 2), (1024, 1)), 2):
        c = net.shapes[x][0]
        x = net.relu(net.norm(net.conv(f"conv{i}/dw", x, c, 3, stride, 1, c, False)))
        x = net.relu(net.norm(net.conv(f"conv{i}/sep", x, out, 1, 1, 0, 1, False)))
    return net, net.softmax(net.conv("fc7", net.mean(x), 1000, 1, relu=False))


NETWORKS = {f.__name__: f for f in (alexnet, vgg16, googlenet, resnet50, squeezenet, mobilenet)}


def row(program, name, folder):
    """The errors of one network."""
    net, ends = NETWORKS[name]()
    text, weights = folder / "net.prototxt", folder / "net.caffemodel"
    text.write_text(net.text, encoding="utf-8")
    weights.write_bytes(field(1, b"net") + b"".join(net.weights))
    x = net.random.uniform(-1, 1, (1, *net.shapes["data"])).astype("float32")
    numpy.save(folder / "x.npy", x)
    other = cv2.dnn.readNetFromCaffe(str(text), str(weights))
    errors = []
    for end in ends:
        done = subprocess.run([program, "run", text, "--input", folder / "x.npy", "-l", end, "-o",
                               folder / "y.npy"], capture_output=True, text=True, check=False)
        if done.returncode:
            return f"| {name} | | {done.stderr.strip()} | |", True
        other.setInput(x)
        got, right = numpy.load(folder / "y.npy").ravel(), other.forward(end).ravel()
        errors.append(abs(got - right).max() / abs(right).max())
    size = weights.stat().st_size / 1e6
    return f"| {name} | {size:.0f} MB | {errors[0]:.1e} | {errors[1]:.1e} |", max(errors) > 1e-4


def main():
    """Every network, or those named; its exit is 1 where one does not agree."""
    failed = False
    print("| network | weights | before the softmax | behind it |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[2:] or NETWORKS:
            line, bad = row(sys.argv[1], name, Path(folder))
            failed |= bool(bad)
            print(line, flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
