# SPDX-License-Identifier: Apache-2.0
"""Writes ml_tests.zip: node tests of operators of ai.onnx.ml, values by ONNX Runtime.

    python make_ml_tests.py FILE.zip

Folders as write_node_tests.py writes them. Needs onnx and onnxruntime (here 1.32), which the tests
themselves do not. ZipMap's map has the numbers of its input, which are its values here.
"""
import sys
import zipfile

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from make_microsoft_tests import compute, numbers, write

INTS = TensorProto.INT64
X = np.array([[1, -2, 3], [0, 0, 0], [-1, -4.5, -2], [4, 0.5, 0]], np.float32)
WHOLE = np.array([[1, -2, 3], [0, 7, 0]], np.int64)
COEFFICIENTS = [0.1, 0.2, -0.3, 0.4, -0.5, 0.6, 0.7, 0.8, -0.9]
INTERCEPTS = [0.5, 0.625, -0.25]


def model(op, inputs, outputs, attributes):
    """outputs: name -> element type; one whose name begins with _ is no output of the graph."""
    names = [f"x{i}" for i in range(len(inputs))]
    node = helper.make_node(op, names, list(outputs), domain="ai.onnx.ml", **attributes)
    kinds = [helper.np_dtype_to_tensor_dtype(a.dtype) for a in inputs]
    graph = helper.make_graph(
        [node], op,
        [helper.make_tensor_value_info(n, t, a.shape) for n, t, a in zip(names, kinds, inputs)],
        [helper.make_tensor_value_info(o, t, None) for o, t in outputs.items() if o[0] != "_"])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def features():
    y = {"y": TensorProto.FLOAT}
    row = dict(offset=[1.0, 2.0, 3.0], scale=[2.0, 1.0, 0.5])
    yield "scaler", "Scaler", [X], y, row
    yield "scaler_row", "Scaler", [X[0]], y, row
    yield "scaler_one_number", "Scaler", [numbers(1, 2, 3, 4)], y, dict(offset=[1.0], scale=[2.0])
    yield "scaler_ints", "Scaler", [WHOLE], y, row
    for norm in ("MAX", "L1", "L2"):
        yield f"normalizer_{norm.lower()}", "Normalizer", [X], y, dict(norm=norm)
    yield "normalizer_row", "Normalizer", [X[2]], y, dict(norm="L1")
    yield "binarizer", "Binarizer", [X], y, dict(threshold=0.5)
    yield "binarizer_default", "Binarizer", [X], y, {}
    yield ("imputer", "Imputer", [X], y,
           dict(imputed_value_floats=[9.0, 8.0, 7.0], replaced_value_float=0.0))
    holes = np.where(X == 0, np.nan, X).astype(np.float32)
    yield ("imputer_nan", "Imputer", [holes], y,
           dict(imputed_value_floats=[9.0], replaced_value_float=float("nan")))
    yield ("imputer_ints", "Imputer", [WHOLE], {"y": INTS},
           dict(imputed_value_int64s=[9, 8, 7], replaced_value_int64=0))
    yield ("feature_vectorizer", "FeatureVectorizer", [X, X[:, :2]], y,
           dict(inputdimensions=[2, 4]))
    yield "feature_vectorizer_row", "FeatureVectorizer", [X[0]], y, dict(inputdimensions=[3])
    for name, data in (("", X), ("_row", X[0]), ("_3d", numbers(2, 2, 3))):
        yield (f"array_feature_extractor{name}", "ArrayFeatureExtractor",
               [data, np.array([2, 0], np.int64)], y, {})
    yield "one_hot_encoder", "OneHotEncoder", [X], y, dict(cats_int64s=[1, 3, 4], zeros=1)


def linear():
    y = {"y": TensorProto.FLOAT}
    both, scores = {"label": INTS, **y}, {"_label": INTS, **y}
    for post in ("NONE", "SOFTMAX", "LOGISTIC"):
        three = dict(coefficients=COEFFICIENTS, intercepts=INTERCEPTS, post_transform=post)
        labels = dict(classlabels_ints=[7, 9, 4])
        name = post.lower()
        yield f"linear_regressor_{name}", "LinearRegressor", [X], y, dict(targets=3, **three)
        yield f"linear_classifier_{name}", "LinearClassifier", [X], scores, {**three, **labels}
        yield f"linear_classifier_{name}_label", "LinearClassifier", [X], both, {**three, **labels}
        if post == "SOFTMAX":
            continue
        two = dict(coefficients=COEFFICIENTS[:3], intercepts=INTERCEPTS[:1], post_transform=post,
                   classlabels_ints=[7, 9])
        yield f"linear_classifier_{name}_binary", "LinearClassifier", [X], scores, two
        yield f"linear_classifier_{name}_binary_label", "LinearClassifier", [X], both, two
    yield "linear_regressor_row", "LinearRegressor", [X[0]], y, dict(coefficients=COEFFICIENTS[:3])


def main(target):
    with zipfile.ZipFile(target, "w") as archive:
        for group in (features, linear):
            for name, op, inputs, outputs, attributes in group():
                m = model(op, inputs, outputs, attributes)
                write(archive, f"ml_{name}", m, inputs, compute(m, inputs))
        m = model("ZipMap", [X], {"y": TensorProto.FLOAT}, dict(classlabels_int64s=[0, 1, 2]))
        write(archive, "ml_zip_map", m, [X], [X])


if __name__ == "__main__":
    onnxruntime.set_default_logger_severity(4)
    main(sys.argv[1])
