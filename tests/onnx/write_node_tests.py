# SPDX-License-Identifier: Apache-2.0
"""Writes the node tests of the installed onnx package as folders, as older packages shipped them.

    python write_node_tests.py FOLDER

FOLDER/test_NAME/model.onnx and test_data_set_N/{input,output}_K.pb. The tests are made by onnx's
own code, of its newest opset. Written once: a FOLDER with its stamp is left alone.
"""
import os
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests


def as_tensor(value):
    if isinstance(value, onnx.TensorProto):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return numpy_helper.from_array(np.asarray(value))
    return None  # a sequence, an optional: its test is out of scope anyway


def write(test, folder):
    folder.mkdir()
    (folder / "model.onnx").write_bytes(test.model.SerializeToString())
    for n, (inputs, outputs) in enumerate(test.data_sets):
        data = folder / f"test_data_set_{n}"
        data.mkdir()
        for what, values in (("input", inputs), ("output", outputs)):
            for k, value in enumerate(values):
                tensor = as_tensor(value)
                if tensor is not None:
                    (data / f"{what}_{k}.pb").write_bytes(tensor.SerializeToString())


def main(target):
    target = Path(target)
    stamp = target / f"made-by-onnx-{onnx.__version__}"
    if stamp.exists():
        return
    warnings.filterwarnings("ignore")
    part = Path(f"{target}.{os.getpid()}")
    part.mkdir(parents=True)
    for test in load_model_tests(kind="node"):
        if test.model is not None:
            write(test, part / test.name)
    (part / stamp.name).touch()
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


if __name__ == "__main__":
    main(sys.argv[1])
