#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares one network in several formats with itself, value by value:

    same.py FOVEA LIBFOVEA [WHEEL]

Tiny Darknet: ../shared/models, as Darknet's weights and as ONNX, and tiny.cfg of Debian's package
darknet. Its ONNX file is given Darknet's way of normalising, 1e-6 beside the deviation and not 1e-3
under the root, and Darknet's order of the classes; all else is as it is.
basic-pitch: WHEEL, or basic_pitch-0.4.0-*.whl in the cache's packages/wheels, has the network as
ONNX, TensorFlow Lite and SavedModel. Values that an ONNX node gives are those of the same name in
the other files; where a name stands for several (what was fused, and what it was made of), the
nearest of the same size. Where ONNX Runtime is there, its values are compared with too.

An error is the largest difference, of the largest number; at most 1e-4 is allowed between formats,
and 2e-4 to ONNX Runtime: basic-pitch takes the logarithm of squares near 0, behind which either is
up to 1e-4 off float64 (onnx.reference: fovea 8.0e-5, ONNX Runtime 2.1e-5)."""
import ctypes
import itertools
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "fovea"
try:
    import numpy
    import onnx
except ImportError:  # the Python that ./bootstrap makes has them
    python = os.environ.get("FOVEA_PYTHON") or str(CACHE / "venv/bin/python")
    if not os.path.exists(python) or os.environ.get("FOVEA_COMPARE"):
        print("skipped: there is no Python with numpy and onnx; ./bootstrap test makes one")
        sys.exit(77)
    os.execve(python, [python, *sys.argv], {**os.environ, "FOVEA_COMPARE": "1"})
try:
    import onnxruntime
except ImportError:
    onnxruntime = None

VALUE, RUNTIME = 1e-4, 2e-4
SHARED = Path(__file__).resolve().parents[2] / "../shared/models"
TINY_CFG = Path("/usr/share/darknet/cfg/tiny.cfg")
GET = "pip download --no-deps basic-pitch==0.4.0"
AT_ONCE = 64  # of fv_session_forward


class Tensor(ctypes.Structure):
    """fv_tensor."""
    _fields_ = [("ndim", ctypes.c_int), ("dim", ctypes.c_int64 * 8),
                ("data", ctypes.POINTER(ctypes.c_float))]


class Network:
    """A model of the library, its layers' values and their names."""

    def __init__(self, fovea, library, path):
        self.library, self.model, self.session = library, ctypes.c_void_p(), ctypes.c_void_p()
        self.call("fv_model_load", os.fsencode(path), None, ctypes.byref(self.model))
        self.call("fv_session_new", self.model, None, ctypes.byref(self.session))
        table = subprocess.run([fovea, "layers", path, "--json"], capture_output=True, check=True)
        self.names = [layer["output"] for layer in json.loads(table.stdout)["layers"]]

    def call(self, function, *words):
        """Calls a function that may fail."""
        error = ctypes.create_string_buffer(4096)
        if getattr(self.library, function)(*words, error):
            sys.exit(f"{function}: {error.raw[4:].split(bytes(1))[0].decode()}")

    def values(self, x):
        """The values of all layers by name, for the input x."""
        x = numpy.ascontiguousarray(x, "f4")
        shape = Tensor(x.ndim, (ctypes.c_int64 * 8)(*x.shape),
                       x.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        out = {}
        for first in range(0, len(self.names), AT_ONCE):
            names = self.names[first:first + AT_ONCE]
            texts = (ctypes.c_char_p * len(names))(*(n.encode() for n in names))
            tensors = (ctypes.POINTER(Tensor) * len(names))()
            self.call("fv_session_forward", self.session, ctypes.byref(shape), texts, len(names),
                      tensors)
            for name, t in zip(names, tensors):
                size = t.contents.dim[:t.contents.ndim]
                count = int(numpy.prod(size))
                out[name] = numpy.ctypeslib.as_array(t.contents.data, (max(count, 1),))[:count] \
                    .reshape(size).copy()
                self.library.fv_tensor_free(t)
        return out


def error_of(got, right):
    """The smallest error in any order of the axes; None: it is of another size."""
    errors = []
    for order in itertools.permutations(range(right.ndim)) if got.size == right.size else ():
        r = right.transpose(order)
        if [d for d in r.shape if d != 1] == [d for d in got.shape if d != 1]:
            r = r.reshape(got.shape)
            errors.append(float(abs(got - r).max() / max(abs(r).max(), 1e-12)))
    return min(errors, default=None)


def runtime_values(model, x):
    """The values of all nodes by ONNX Runtime, without its optimisations."""
    given = {o.name for o in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=o) for n in model.graph.node
                              for o in n.output if o not in given)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return dict(zip([o.name for o in session.get_outputs()],
                    session.run(None, {session.get_inputs()[0].name: x})))


def report(what, errors, most=VALUE):
    """Says how many values were compared, and the worst; returns 1 where that is too far off."""
    name, worst = max(errors.items(), key=lambda e: e[1])
    wrong = worst > most
    print(f"{'not ok' if wrong else 'ok'} {what}: {len(errors)} values, {worst:.1e} at "
          f"{name.split(';')[0]}")
    return int(wrong)


def as_darknet(model, weights):
    """Gives a Tiny Darknet of ONNX Darknet's normalisation and its order of classes."""
    numbers = {i.name: i for i in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            variance = onnx.numpy_helper.to_array(numbers[node.input[4]]).astype("f8")
            numbers[node.input[4]].CopyFrom(onnx.numpy_helper.from_array(
                ((numpy.sqrt(variance) + 1e-6) ** 2).astype("f4"), node.input[4]))
            for attribute in node.attribute:
                if attribute.name == "epsilon":
                    attribute.f = 0.0
    last = [n for n in model.graph.node if n.op_type == "Conv"][-1]
    kernel, bias = (onnx.numpy_helper.to_array(numbers[n]) for n in last.input[1:])
    rows = numpy.fromfile(weights, "<f4")[-kernel.size:].reshape(len(kernel), -1)
    place = {row.tobytes(): i for i, row in enumerate(kernel.reshape(len(kernel), -1))}
    order = [place[row.tobytes()] for row in rows]
    for name, value in zip(last.input[1:], (kernel[order], bias[order])):
        numbers[name].CopyFrom(onnx.numpy_helper.from_array(value, name))
    return model


def tiny_darknet(fovea, library, folder):
    """Returns the number of faults; None: it is not there."""
    for path, origin in ((SHARED / "tiny-darknet.weights", "../shared is not there"),
                         (TINY_CFG, "Debian's package darknet is not installed")):
        if not path.exists():
            print(f"Tiny Darknet is left out: {path.name}: {origin}")
            return None
    x = numpy.random.default_rng(0).random((1, 3, 224, 224), "f4")
    (folder / "tiny.cfg").write_bytes(TINY_CFG.read_bytes())
    (folder / "tiny.weights").symlink_to(SHARED.resolve() / "tiny-darknet.weights")
    model = as_darknet(onnx.load(SHARED / "tiny-darknet.onnx"), folder / "tiny.weights")
    onnx.save(model, folder / "tiny.onnx")
    cfg, onnx_file = (Network(fovea, library, folder / n) for n in ("tiny.cfg", "tiny.onnx"))
    a, b = cfg.values(x), onnx_file.values(x)
    # the rows of the two tables are the same layers in the same order
    pairs = list(zip(cfg.names, onnx_file.names))
    faults = len(a) != len(b)
    faults += report("Tiny Darknet, .cfg and .weights, and ONNX",
                     {p: error_of(a[p], b[q]) for p, q in pairs})
    if onnxruntime:
        right = runtime_values(model, x)
        for name, values, here in (("ONNX", b, onnx_file.names), (".cfg", a, cfg.names)):
            faults += report(f"Tiny Darknet, {name} and ONNX Runtime", {
                p: error_of(values[p], right[q]) for p, q in zip(here, onnx_file.names)}, RUNTIME)
    return faults


PREFIX = "StatefulPartitionedCall/StatefulPartitionedCall/"


def names_of_nodes(model):
    """The names that each node's value has in the file it was converted from."""
    names = {}
    for node in model.graph.node:
        for out in node.output:
            if "__" in out:  # the converter's own node
                names[out] = names.get(node.input[0], [])
            else:
                names[out] = list(dict.fromkeys(p.split(":")[0] for p in out.split(";")))
    return names


def is_product_of_norm(name):
    """ONNX's converter makes two steps of a batch normalisation; SavedModel has the sum alone."""
    return "FusedBatchNorm" in name and name.endswith("V32")


def nearest(value, parts, others):
    """The error of the nearest of the values with one of these names; None: there is none."""
    errors = [error_of(v, value) for name, v in others.items()
              if any(name == p or name.startswith(p + "/") for p in parts)]
    return min((e for e in errors if e is not None), default=None)


def basic_pitch(fovea, library, folder, wheel):
    """Returns the number of faults; None: it is not there."""
    if not wheel:
        print(f"basic-pitch is left out: {GET} -d {CACHE / 'packages/wheels'}")
        return None
    with zipfile.ZipFile(wheel) as z:
        z.extractall(folder, [n for n in z.namelist() if "/icassp_2022/nmp" in n])
    folder = folder / "basic_pitch/saved_models/icassp_2022"
    files = {"ONNX": "nmp.onnx", "TensorFlow Lite": "nmp.tflite", "SavedModel": "nmp"}
    x = numpy.random.default_rng(0).standard_normal((1, 43844, 1)).astype("f4") * 0.1
    values = {name: Network(fovea, library, folder / f).values(x) for name, f in files.items()}
    values["SavedModel"] = {n.removeprefix(PREFIX): v for n, v in values["SavedModel"].items()}
    model = onnx.load(folder / files["ONNX"])
    names, here, faults = names_of_nodes(model), values["ONNX"], 0
    right = runtime_values(model, x) if onnxruntime else {}
    for name in list(files)[1:]:
        skip = is_product_of_norm if name == "SavedModel" else lambda n: False
        for what, base, most in (("ONNX", here, VALUE), ("ONNX Runtime", right, RUNTIME)):
            errors = {n: nearest(v, names[n], values[name]) for n, v in base.items()
                      if n in names and not skip(n)}
            found = {n: e for n, e in errors.items() if e is not None}
            if found:
                faults += report(f"basic-pitch, {name} and {what} (of {len(errors)})", found, most)
            faults += len(found) < len(errors) * 0.9
    if right:
        faults += report("basic-pitch, ONNX and ONNX Runtime",
                         {n: error_of(v, right[n]) for n, v in here.items() if n in right},
                         RUNTIME)
    return faults


def main():
    """Both networks, where they are to be had."""
    fovea, library = sys.argv[1], ctypes.CDLL(sys.argv[2])
    wheels = sys.argv[3:] or sorted((CACHE / "packages/wheels").glob("basic_pitch-0.4.0-*.whl"))
    with tempfile.TemporaryDirectory() as name:
        results = [tiny_darknet(fovea, library, Path(name)),
                   basic_pitch(fovea, library, Path(name), wheels[0] if wheels else None)]
    if results == [None, None]:
        print("skipped: neither network is here")
        sys.exit(77)
    sys.exit(sum(r or 0 for r in results) > 0)


if __name__ == "__main__":
    main()
