# SPDX-License-Identifier: Apache-2.0
"""Writing node tests as folders of a ZIP file, as write_node_tests.py writes them, with gradients.

A folder has model.onnx and test_data_set_0/{input,output}_K.pb. seed_K.pb and gradient_K.pb, where
there are some, are the gradient of the sum of outputs times seeds at input K, by central
differences of a function in double precision.
"""
import zipfile
from dataclasses import dataclass
from typing import Callable

import numpy as np
from onnx import helper, numpy_helper

RANDOM = np.random.default_rng(7)
WHEN = (2020, 1, 1, 0, 0, 0)


@dataclass
class Case:
    name: str
    op: str
    inputs: list
    attributes: dict
    reference: Callable  # (*inputs, **attributes) -> outputs, in double precision
    outputs: tuple = ("y",)
    runs: bool = True  # ONNX Runtime's CPU computes it
    fixed: tuple = ()  # inputs of real numbers that must be constants
    loose: float = 1e-5  # how far ONNX Runtime may be from the reference
    model: object = None  # or one node, of com.microsoft


def numbers(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def model(op, inputs, outputs, domain, attributes, types=None):
    names = ["" if a is None else f"x{i}" for i, a in enumerate(inputs)]
    node = helper.make_node(op, names, outputs, domain=domain, **attributes)
    graph = helper.make_graph(
        [node], op,
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
         for n, a in zip(names, inputs) if n],
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(t), None)
         for n, t in zip(outputs, types or [np.dtype(np.float32)] * len(outputs)) if n])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def write(archive, name, m, inputs, outputs, seeds=(), gradients=None):
    files = {"model.onnx": m.SerializeToString()}
    given = [a for a in inputs if a is not None]
    groups = {"input": dict(enumerate(given)), "output": dict(enumerate(outputs)),
              "seed": dict(enumerate(seeds)), "gradient": gradients or {}}
    for what, values in groups.items():
        for k, value in values.items():
            tensor = numpy_helper.from_array(value)
            files[f"test_data_set_0/{what}_{k}.pb"] = tensor.SerializeToString()
    for path, data in files.items():
        info = zipfile.ZipInfo(f"test_{name}/{path}", WHEN)
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, data)


def central_differences(objective, inputs, which, step=1e-5):
    x = inputs[which].astype(np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        sides = []
        for sign in (1, -1):
            moved = x.copy()
            moved[i] += sign * step
            sides.append(objective(*inputs[:which], moved, *inputs[which + 1:]))
        gradient[i] = (sides[0] - sides[1]) / (2 * step)
    return gradient.astype(np.float32)


def widen(inputs):
    """The inputs, real numbers in double precision."""
    return [a.astype(np.float64) if a is not None and a.dtype == np.float32 else a for a in inputs]


def seeds_and_gradients(reference, inputs, outputs, attributes, fixed=()):
    """Seeds of all outputs, and the gradient at each input of real numbers that is not `fixed`,
    counted as they are in the model: without those that are absent."""
    seeds = [numbers(*v.shape) if v.dtype == np.float32 else np.zeros(v.shape, np.float32)
             for v in outputs]
    wide = widen(inputs)

    def objective(*values):
        return sum(np.sum(s.astype(np.float64) * v)
                   for s, v in zip(seeds, reference(*values, **attributes)))

    gradients, k = {}, 0
    for i, a in enumerate(inputs):
        if a is not None and a.dtype == np.float32 and i not in fixed:
            gradients[k] = central_differences(objective, wide, i)
        k += a is not None
    return {"seeds": seeds, "gradients": gradients}
