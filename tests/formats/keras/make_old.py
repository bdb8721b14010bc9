#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes files as Keras 1 and 2.0 wrote them, with their values and gradients:  make_old.py FOLDER

Needs h5py and torch 2.13.0. Keras 1 runs nowhere any more: configurations are written by hand, with
the arguments' names of its documentation, and the values are PyTorch's."""
import json
import sys
from pathlib import Path

import h5py
import numpy
import torch
from torch.nn import functional

RANDOM = numpy.random.default_rng(5)


def numbers(*shape, low=-0.5):
    """Random weights."""
    return torch.tensor(RANDOM.uniform(low, low + 1, shape).astype("float32"))


class Model:
    """Layers as they are added: configurations, in the form of Keras 1's functional models or as
    a list, and weights."""

    def __init__(self, version, backend, order=None):
        self.version, self.backend, self.order = version, backend, order
        self.layers, self.weights = [], []

    def add(self, kind, name, inputs=(), weights=(), **config):
        """A layer with its weights, called as Keras calls them."""
        if self.order and kind not in ("InputLayer", "Merge", "Dense", "Flatten"):
            config["dim_ordering"] = self.order
        nodes = [[[i, 0, 0] for i in inputs]] if inputs else []
        self.layers.append({"class_name": kind, "name": name, "config": {"name": name, **config},
                            "inbound_nodes": nodes})
        self.weights.append((name, weights))

    def save(self, path, functional_model):
        """The file."""
        if functional_model:
            config = {"name": "model_1", "layers": self.layers, "output_layers":
                      [[self.layers[-1]["name"], 0, 0]],
                      "input_layers": [[self.layers[0]["name"], 0, 0]]}
        else:
            config = [{k: v for k, v in layer.items() if k in ("class_name", "config")}
                      for layer in self.layers]
        with h5py.File(path, "w") as file:
            kind = "Model" if functional_model else "Sequential"
            file.attrs["model_config"] = json.dumps({"class_name": kind, "config": config}).encode()
            for key, value in (("keras_version", self.version), ("backend", self.backend)):
                if value:
                    file.attrs[key] = value.encode()
            root = file.create_group("model_weights")
            root.attrs["layer_names"] = [name.encode() for name, _ in self.weights]
            for name, weights in self.weights:
                group = root.create_group(name)
                group.attrs["weight_names"] = [n.encode() for n, _ in weights]
                for n, value in weights:
                    group.create_dataset(n, data=value.numpy())


def same(x, kernel, stride):
    """TensorFlow's padding."""
    pads = []
    for n in reversed(x.shape[2:]):
        total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
        pads += [total // 2, total - total // 2]
    return functional.pad(x, pads)


def of_tensorflow(version, x):
    """A list of layers with Keras 1's arguments: strides, "same", holes, batch normalisation."""
    net = Model(version, "tensorflow", "tf")
    w1, b1, w2, b2 = numbers(3, 3, 3, 4), numbers(4), numbers(3, 3, 4, 5), numbers(5)
    norm = [numbers(4, low=0.5), numbers(4), numbers(4), numbers(4, low=0.5)]
    w3, b3 = numbers(30, 3), numbers(3)
    net.add("Convolution2D", "conv", weights=[("conv_W:0", w1), ("conv_b:0", b1)], nb_filter=4,
            nb_row=3, nb_col=3, activation="relu", border_mode="same", subsample=[2, 2], bias=True,
            batch_input_shape=[None, 11, 14, 3], W_regularizer=None, init="glorot_uniform")
    net.add("BatchNormalization", "norm", axis=-1, epsilon=1e-3, mode=0, weights=[
        (f"norm_{n}:0", w) for n, w in zip(("gamma", "beta", "running_mean", "running_std"), norm)])
    net.add("AtrousConvolution2D", "holes", weights=[("holes_W:0", w2), ("holes_b:0", b2)],
            nb_filter=5, nb_row=3, nb_col=3, border_mode="valid", subsample=[1, 1],
            atrous_rate=[2, 2], activation="linear", bias=True)
    net.add("ZeroPadding2D", "pad", padding=[1, 0])
    net.add("AveragePooling2D", "pool", pool_size=[2, 1], strides=[2, 1], border_mode="valid")
    net.add("Flatten", "flat")
    net.add("Dropout", "drop", p=0.5)
    net.add("Dense", "dense", weights=[("dense_W:0", w3), ("dense_b:0", b3)], output_dim=3,
            activation="softmax", bias=True)
    y = functional.conv2d(same(x.permute(0, 3, 1, 2), 3, 2), w1.permute(3, 2, 0, 1), b1, 2).relu()
    y = functional.batch_norm(y, norm[2], norm[3], norm[0], norm[1], eps=1e-3)
    values = {"norm": y}
    y = functional.conv2d(y, w2.permute(3, 2, 0, 1), b2, dilation=2)
    values["holes"] = y
    y = functional.avg_pool2d(functional.pad(y, (0, 0, 1, 1)), (2, 1))
    values["dense"] = (y.permute(0, 2, 3, 1).flatten(1) @ w3 + b3).softmax(1)
    return net, values


def of_theano(x):
    """Channels first, filters first, kernels turned round, branches that are merged."""
    net = Model("1.1.0", "theano", "th")
    w1, b1, w2, b2 = numbers(4, 3, 3, 2), numbers(4), numbers(4, 3, 1, 1), numbers(4)
    net.add("InputLayer", "input", batch_input_shape=[None, 3, 8, 9])
    net.add("Convolution2D", "c1", ["input"], [("c1_W", w1), ("c1_b", b1)], nb_filter=4, nb_row=3,
            nb_col=2, activation="relu", border_mode="valid", subsample=[1, 1], bias=True)
    net.add("Convolution2D", "c2", ["input"], [("c2_W", w2), ("c2_b", b2)], nb_filter=4, nb_row=1,
            nb_col=1, activation="linear", border_mode="valid", subsample=[1, 1], bias=True)
    net.add("Cropping2D", "crop", ["c2"], cropping=[[1, 1], [1, 0]])
    net.add("Merge", "sum", ["c1", "crop"], mode="sum", concat_axis=-1)
    net.add("Merge", "both", ["sum", "c1"], mode="concat", concat_axis=1)
    net.add("GlobalAveragePooling2D", "mean", ["both"])
    c1 = functional.conv2d(x, w1.flip(2, 3), b1).relu()
    c2 = functional.conv2d(x, w2, b2)[:, :, 1:-1, 1:]
    both = torch.cat([c1 + c2, c1], 1)
    return net, {"c1": c1, "both": both, "mean": both.mean((2, 3))}


def write(folder, name, made, x, functional_model):
    """The file and its reference."""
    net, values = made
    last = list(values)[-1]
    gradient, = torch.autograd.grad(values[last][:, 1].sum(), x)
    net.save(folder / f"{name}.h5", functional_model)
    numpy.savez_compressed(folder / f"{name}.npz", **{
        "input": x.detach().numpy(), f"gradient:{last}:1": gradient.numpy(),
        **{"value:" + k: v.detach().numpy() for k, v in values.items()}})


def main():
    """Both."""
    folder = Path(sys.argv[1])
    x = numbers(2, 11, 14, 3).requires_grad_(True)
    write(folder, "old-keras1", of_tensorflow("1.2.2", x), x, False)
    x = numbers(2, 3, 8, 9).requires_grad_(True)
    write(folder, "theano-keras1", of_theano(x), x, True)


if __name__ == "__main__":
    main()
