# SPDX-License-Identifier: Apache-2.0
"""The converter of EfficientNet-Lite: it executes nothing, follows strides, refuses the rest.

Needs numpy and onnx: FOVEA_PYTHON names a Python that has them; without it the test is skipped."""
import io
import os
import pickle
import struct
import sys
import unittest
from collections import OrderedDict
from pathlib import Path

python = os.environ.get("FOVEA_PYTHON")
if python and os.path.realpath(sys.prefix) != os.path.realpath(Path(python).parents[1]):
    os.execv(python, [python, *sys.argv])

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
try:
    import numpy as np
    import onnx  # noqa: F401
except ImportError as error:
    print(f"skipped: {error}; ./bootstrap test has a Python with it")
    sys.exit(77)
import convert_efficientnet_lite as converter  # noqa: E402


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


if __name__ == "__main__":
    unittest.main()
