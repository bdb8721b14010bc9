# SPDX-License-Identifier: Apache-2.0
"""Writes microsoft_tests.zip: node tests of operators of com.microsoft, values by ONNX Runtime.

    python make_microsoft_tests.py FILE.zip

Needs onnx and onnxruntime (here 1.32), which the tests themselves do not. What ONNX Runtime's CPU
does not compute has the values of a reference in double precision: NhwcConv and NhwcFusedConv those
of Conv, and the cases of the modules beside this that say so. Gradients are central differences of
those references, which must agree with ONNX Runtime where it computes the case.
"""
import sys
import zipfile

import numpy as np
import onnxruntime

import microsoft_attention
import microsoft_norms
import microsoft_quantised
from node_tests import model, numbers, seeds_and_gradients, widen, write


def compute(m, inputs):
    session = onnxruntime.InferenceSession(m.SerializeToString())
    return session.run(None, {f"x{i}": a for i, a in enumerate(inputs) if a is not None})


def convolutions():
    x, w, b = numbers(1, 4, 5, 6), numbers(6, 2, 3, 3), numbers(6)
    window = dict(group=2, pads=[1, 0, 1, 1], strides=[1, 2])
    for name, p in (("Relu", []), ("Tanh", []), ("Sigmoid", []), ("HardSwish", []),
                    ("Clip", [-0.5, 0.75]), ("LeakyRelu", [0.125]), ("HardSigmoid", [0.25, 0.5])):
        yield (f"fused_conv_{name.lower()}", "FusedConv", [x, w, b], ["y"],
               dict(activation=name, **(dict(activation_params=p) if p else {}), **window))
    z = numbers(1, 6, 5, 3)
    yield "fused_conv_add", "FusedConv", [x, w, b, z], ["y"], dict(activation="Relu", **window)
    yield "fused_conv_no_bias", "FusedConv", [x, w], ["y"], dict(activation="Relu", group=2)


def products():
    a = numbers(4, 3), numbers(3, 5), numbers(5)
    yield "fused_gemm", "FusedGemm", a, ["y"], dict(activation="Relu", alpha=0.5, beta=2.0)
    yield ("fused_gemm_leaky", "FusedGemm", a, ["y"],
           dict(activation="LeakyRelu", activation_alpha=0.25))
    yield ("fused_matmul_trans", "FusedMatMul", [numbers(2, 4, 3), numbers(2, 5, 4)], ["y"],
           dict(transA=1, transB=1, alpha=0.5))
    yield ("fused_matmul_batch_a", "FusedMatMul", [numbers(4, 2, 6, 3), numbers(2, 6, 3, 5)],
           ["y"], dict(transBatchA=1))
    yield ("fused_matmul_batch_both", "FusedMatMul", [numbers(3, 2, 4), numbers(3, 2, 5)], ["y"],
           dict(transBatchA=1, transBatchB=1, transA=1))
    yield "fused_matmul_vector", "FusedMatMul", [numbers(3), numbers(3, 2)], ["y"], dict(transA=1)
    yield ("transpose_matmul", "TransposeMatMul", [numbers(4, 3), numbers(4, 5)], ["y"],
           dict(transA=1))


def norms():
    x, s = numbers(2, 3, 8), numbers(2, 3, 8)
    scale, shift, bias = numbers(8), numbers(8), numbers(8)
    op, short = "SkipLayerNormalization", "SkipSimplifiedLayerNormalization"
    yield "skip_layer_norm", op, [x, s, scale, shift, bias], ["y"], dict(epsilon=1e-3)
    yield "skip_layer_norm_sum", op, [x, s, scale, shift, bias], ["y", "", "", "sum"], {}
    yield "skip_layer_norm_no_shift", op, [x, s, scale], ["y"], {}
    yield "skip_layer_norm_broadcast", op, [x, numbers(3, 8), scale, shift], ["y"], {}
    yield "skip_simplified_norm", short, [x, s, scale, bias], ["y"], dict(epsilon=1e-3)
    yield "skip_simplified_norm_sum", short, [x, s, scale], ["y", "", "", "sum"], {}


def functions():
    x, bias = 2 * numbers(3, 7), numbers(7)
    yield "gelu", "Gelu", [x], ["y"], {}
    yield "bias_gelu", "BiasGelu", [x, bias], ["y"], {}
    yield "fast_gelu", "FastGelu", [x], ["y"], {}
    yield "fast_gelu_bias", "FastGelu", [x, bias], ["y"], {}
    yield "quick_gelu", "QuickGelu", [x], ["y"], {}
    yield "quick_gelu_alpha", "QuickGelu", [x], ["y"], dict(alpha=0.5)


def with_reference(archive, case):
    """A case whose reference in double precision is known, so that it has gradients."""
    values = case.reference(*widen(case.inputs), **case.attributes)
    values = [np.asarray(v, np.float32 if v.dtype == np.float64 else v.dtype) for v in values]
    m = case.model or model(case.op, case.inputs, case.outputs, "com.microsoft", case.attributes,
                            [v.dtype for v in values])
    if case.runs:
        for own, other in zip(values, compute(m, case.inputs), strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-3, atol=case.loose, err_msg=case.name)
    extra = seeds_and_gradients(case.reference, case.inputs, values, case.attributes,
                                case.fixed)
    write(archive, case.name, m, case.inputs, values, **extra)


def main(target):
    with zipfile.ZipFile(target, "w") as archive:
        for group in (convolutions, products, norms, functions):
            for name, op, inputs, outputs, attributes in group():
                m = model(op, inputs, outputs, "com.microsoft", attributes)
                write(archive, name, m, inputs, compute(m, inputs))
        x, scale = numbers(2, 3, 8), numbers(8)
        m = model("SimplifiedLayerNormalization", [x, scale], ["y"], "", dict(axis=-1))
        values = compute(m, [x, scale])
        write(archive, "simplified_norm", m, [x, scale], values)
        m = model("SimplifiedLayerNormalization", [x, scale], ["y"], "com.microsoft", dict(axis=-1))
        write(archive, "simplified_norm_microsoft", m, [x, scale], values)
        x, w, b = numbers(1, 4, 5, 6), numbers(6, 2, 3, 3), numbers(6)
        y, = compute(model("Conv", [x, w, b], ["y"], "", dict(group=2)), [x, w, b])
        last = [np.ascontiguousarray(np.moveaxis(a, 1, -1)) for a in (x, w, y)]
        m = model("NhwcConv", [last[0], last[1], b], ["y"], "com.microsoft", dict(group=2))
        write(archive, "nhwc_conv", m, [last[0], last[1], b], [last[2]])
        m = model("NhwcConv", [last[0], w, b], ["y"], "com.microsoft", dict(group=2))
        write(archive, "nhwc_conv_channels_second", m, [last[0], w, b], [last[2]])
        m = model("NhwcFusedConv", [last[0], w, b, last[2]], ["y"], "com.microsoft",
                  dict(group=2, activation="Relu"))
        write(archive, "nhwc_fused_conv", m, [last[0], w, b, last[2]],
              [np.maximum(2 * last[2], 0)])
        for module in (microsoft_attention, microsoft_norms, microsoft_quantised):
            for case in module.cases():
                with_reference(archive, case)


if __name__ == "__main__":
    onnxruntime.set_default_logger_severity(4)
    main(sys.argv[1])
