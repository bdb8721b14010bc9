#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""channels.py FOVEA: the channels of layers before the first convolution are those of the input,
wherever its description has them."""
from networks import *

random = np.random.default_rng(1)
half, bias = np.float32(.5), random.normal(size=(1, 3, 1, 1)).astype("f")


def mean_of(layer, channel, wanted):
    got = run("gradient", "m.onnx", "--input", "x.npy", "--objective", f"{layer}:{channel}",
              "-o", "g.npy")
    check(got.returncode == 0 and abs(float(got.stdout.split()[-1]) - wanted) < 1e-5,
          f"{layer}:{channel}: {wanted}", got)


def picture():
    x = random.normal(size=(1, 12, 14, 3)).astype("f")
    np.save("x.npy", x)
    save("m.onnx", [node("Sub", "x half", "s"), node("Pad", "s pads", "p"),
                    node("Transpose", "p", "t", perm=[0, 3, 1, 2]), node("Mul", "t bias", "q"),
                    node("Conv", "q w", "c"), node("GlobalAveragePool", "c", "g"),
                    node("Flatten", "g", "y")],
         [value("x", shape=[1, 12, 14, 3])], [value("y")], {},
         dict(half=half, bias=bias, w=random.normal(size=(8, 3, 3, 3)).astype("f"),
              pads=np.array([0, 1, 1, 0, 0, 1, 1, 0])))
    s = x - half
    p = np.pad(s, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for layer, numbers in (("s", s), ("p", p), ("t", p), ("q", p * bias[0, :, 0, 0])):
        for channel in (0, 2):
            mean_of(layer, channel, numbers[..., channel].mean())
        got = run("visualize", "m.onnx", f"{layer}:10", "--steps", 2, "-o", "v.png")
        check(refused(got, f'layer "{layer}" has 3 channels'), layer, got)


def signal():
    x = random.normal(size=(1, 9, 4)).astype("f")
    np.save("x.npy", x)
    save("m.onnx", [node("Sub", "x half", "s"), node("Transpose", "s", "t", perm=[0, 2, 1]),
                    node("Conv", "t w", "c"), node("ReduceMean", "c", "y", axes=[2], keepdims=0)],
         [value("x", shape=[1, 9, 4])], [value("y")], {},
         dict(half=half, w=random.normal(size=(5, 4, 3)).astype("f")))
    for layer in "st":
        mean_of(layer, 3, (x - half)[0, :, 3].mean())


all_in_a_folder(picture, signal)
