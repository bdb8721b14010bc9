# SPDX-License-Identifier: Apache-2.0
"""Writes gradient_tests.zip: node tests, with gradients, of ONNX operators made of several nodes.

    python make_gradient_tests.py FILE.zip

Values and central differences are those of onnx's own reference implementation in double precision
(onnx 1.23), which the tests themselves do not need. Quantised operators are compared with a
reference that does not round: its gradient passes straight through.
"""
import sys
import zipfile

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from node_tests import numbers, seeds_and_gradients, write

TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float64): TensorProto.DOUBLE,
         np.dtype(np.int64): TensorProto.INT64, np.dtype(np.bool_): TensorProto.BOOL}


def model(nodes, inputs, constants, outputs, opset, real):
    graph = helper.make_graph(
        nodes, "gradient",
        [helper.make_tensor_value_info(k, real if a.dtype == np.float32 else TYPES[a.dtype],
                                       a.shape) for k, a in inputs.items()],
        [helper.make_tensor_value_info(k, real, None) for k in outputs],
        [numpy_helper.from_array(a.astype(np.float64) if a.dtype == np.float32
                                 and real == TensorProto.DOUBLE else a, k)
         for k, a in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def one(op, inputs, outputs=("y",), constants=None, opset=23, absent=(), reference=None, **attrs):
    """A node with the inputs of `inputs` and `constants`, whose names x0, x1, .. say their places;
    at the positions `absent` there is none."""
    constants = constants or {}
    last = max([int(k[1:]) for k in (*inputs, *constants)] + list(absent))
    names = ["" if i in absent else f"x{i}" for i in range(last + 1)]
    node = helper.make_node(op, names, outputs, **attrs)
    return [node], inputs, constants, outputs, opset, reference


def counted(*arrays, start=0):
    return {f"x{i + start}": a for i, a in enumerate(arrays)}


def attention_cases():
    q, k, v = numbers(2, 2, 3, 4), numbers(2, 2, 5, 4), numbers(2, 2, 5, 6)
    yield "plain", one("Attention", counted(q, k, v))
    yield "causal", one("Attention", counted(q, q, numbers(2, 2, 3, 6)), is_causal=1)
    yield "softcap", one("Attention", counted(q, k, v), softcap=0.7, scale=0.9)
    yield "mask", one("Attention", counted(q, k, v, numbers(3, 5)))
    keep = np.array(numbers(2, 1, 3, 5) > -0.5)
    keep[..., 0] = True
    yield "keep", one("Attention", counted(q, k, v), constants={"x3": keep})
    yield "grouped", one("Attention", counted(numbers(1, 4, 3, 4), numbers(1, 2, 5, 4),
                                              numbers(1, 2, 5, 4)))
    flat = counted(numbers(2, 3, 8), numbers(2, 5, 8), numbers(2, 5, 12))
    yield "flat", one("Attention", flat, q_num_heads=2, kv_num_heads=2)
    past = {**counted(q, q, numbers(2, 2, 3, 6)), "x4": numbers(2, 2, 2, 4),
            "x5": numbers(2, 2, 2, 6)}
    yield "past", one("Attention", past, ("y", "present_k", "present_v"), absent=(3,))
    for mode in range(4):  # of mode 0 the reference gives what softcap made of it
        yield f"scores_{mode}", one("Attention", counted(q, k, v, numbers(3, 5)),
                                    ("y", "", "", "scores"), qk_matmul_output_mode=mode,
                                    softcap=0.9 if mode else 0.0)


def norm_and_rotary_cases():
    x = numbers(2, 3, 4)
    yield "rms_norm", one("RMSNormalization", counted(x, numbers(4)))
    yield "rms_norm_axis", one("RMSNormalization", counted(x, numbers(3, 4)), axis=1, epsilon=0.1)
    at = np.array([[0, 2, 1], [3, 3, 4]], np.int64)
    heads, table = numbers(2, 2, 3, 8), counted(numbers(6, 4), numbers(6, 4), start=1)
    yield "rotary", one("RotaryEmbedding", {"x0": heads, **table}, constants={"x3": at})
    yield "rotary_interleaved", one("RotaryEmbedding", {"x0": heads, **table},
                                    constants={"x3": at}, interleaved=1)
    yield "rotary_flat", one("RotaryEmbedding", {"x0": numbers(2, 3, 16), **table},
                             constants={"x3": at}, num_heads=2)
    yield "rotary_part", one("RotaryEmbedding",
                             counted(heads, numbers(2, 3, 2), numbers(2, 3, 2)),
                             rotary_embedding_dim=4)


def dft(x, length, inverse, onesided, axis):
    """Of [.., 1 or 2], as the specification writes it."""
    z = x[..., 0] + (1j * x[..., 1] if x.shape[-1] == 2 else 0)
    y = np.fft.ifft(z, length, axis) if inverse else np.fft.fft(z, length, axis)
    if onesided:
        y = np.take(y, range(length // 2 + 1), axis)
    return [np.stack([y.real, y.imag], -1)]


def spectrum_cases():
    for name, parts, length, inverse, onesided in (
            ("real", 1, 6, 0, 0), ("complex", 2, 6, 0, 0), ("inverse", 2, 6, 1, 0),
            ("onesided", 1, 6, 0, 1), ("longer", 1, 9, 0, 0), ("shorter", 2, 4, 0, 0)):
        def reference(x, length=length, inverse=inverse, onesided=onesided):
            return dft(x, length, inverse, onesided, 1)
        constants = {"x1": np.array(length, np.int64), "x2": np.array(1, np.int64)}
        yield f"dft_{name}", one("DFT", counted(numbers(2, 6, 3, parts)), constants=constants,
                                 opset=20, inverse=inverse, onesided=onesided, reference=reference)
    window = numbers(4)

    def frames(x, *given):
        w = given[0] if given else window
        parts = np.stack([x[:, i:i + 4, 0] * w for i in range(0, 7, 3)], 1)
        y = np.fft.rfft(parts, axis=-1)
        return [np.stack([y.real, y.imag], -1)]

    constants = {"x1": np.array(3, np.int64), "x3": np.array(4, np.int64)}
    yield "stft", one("STFT", counted(numbers(2, 10, 1)), constants={**constants, "x2": window},
                      opset=17, onesided=1, reference=frames)


def quantised_cases():
    x, s, z = numbers(3, 4), np.float32(0.05), np.uint8(120)

    def through(v, scale=np.float64(s), zero=120.0, lo=0.0, hi=255.0):
        return (np.clip(v / scale + zero, lo, hi) - zero) * scale

    def chain(*nodes, inputs, outputs=("y",)):
        made = [helper.make_node(op, i.split(), o.split(), **a) for op, i, o, a in nodes]
        return made, inputs, outputs

    pair = (("QuantizeLinear", "x0 s z", "q", {}), ("DequantizeLinear", "q s z", "y", {}))
    made, inputs, outputs = chain(*pair, inputs={"x0": x})
    yield "quantised_pair", (made, inputs, dict(s=s, z=z), outputs, 13, lambda v: [through(v)])
    # half of it saturates; none is near the bounds, where what rounds inside has a gradient
    wide = {"x0": np.round(20 * x) + np.float32(0.25)}
    yield "quantised_saturates", (made, wide, dict(s=s, z=z), outputs, 13, lambda v: [through(v)])
    rows = np.array([0.05, 0.02, 0.5], np.float32)
    made = [helper.make_node("QuantizeLinear", ["x0", "s", "z"], ["q"], axis=0),
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=0)]
    yield "quantised_rows", (made, {"x0": x}, dict(s=rows, z=np.array([3, -2, 0], np.int8)),
                             outputs, 13,
                             lambda v: [through(v, np.float64(rows)[:, None],
                                                np.array([[3.0], [-2], [0]]), -128.0, 127.0)])
    w, wz = np.array(np.round(20 * numbers(4, 2)), np.int8), np.int8(3)
    made = [helper.make_node("DynamicQuantizeLinear", ["x0"], ["q", "qs", "qz"]),
            helper.make_node("MatMulInteger", ["q", "w", "qz", "wz"], ["p"]),
            helper.make_node("Cast", ["p"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["qs", "ws"], ["both"]),
            helper.make_node("Mul", ["f", "both"], ["y"])]
    yield "dynamically_quantised", (made, {"x0": x}, dict(w=w, wz=wz, ws=np.float32(0.02)), outputs,
                                    13, lambda v: [v @ ((w - 3.0) * np.float64(np.float32(0.02)))])


def dynamic(x):
    low, high = min(x.min(), 0), max(x.max(), 0)
    scale = (high - low) / 255
    zero = np.clip(np.round(-low / scale), 0, 255)
    return x / scale + zero, scale, zero


def dynamic_cases():
    """Outputs of DynamicQuantizeLinear that do not meet again, or that are asked for."""
    x, node = numbers(3, 4), helper.make_node("DynamicQuantizeLinear", ["x0"], ["q", "s", "z"])
    inputs = {"x0": x}
    yield "dynamic_scale", ([node], inputs, {}, ("s",), 13, lambda v: [dynamic(v)[1]])
    yield "dynamic_zero", ([node], inputs, {}, ("z",), 13, lambda v: [dynamic(v)[2]])
    other = [node, helper.make_node("Mul", ["s", "x0"], ["y"])]
    yield "dynamic_separate", (other, inputs, {}, ("y",), 13, lambda v: [dynamic(v)[1] * v])
    both = [node, helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])]
    yield "dynamic_pair", (both, inputs, {}, ("y",), 13, lambda v: [v])
    yield "dynamic_pair_asked", (both, inputs, {}, ("y", "s"), 13, lambda v: [v, dynamic(v)[1]])


def between(picture, y, x):
    """picture [h, w] at a place between its elements, 0 outside."""
    top, left, total = int(np.floor(y)), int(np.floor(x)), 0.0
    for i, j in np.ndindex(2, 2):
        if 0 <= top + i < picture.shape[0] and 0 <= left + j < picture.shape[1]:
            weight = (1 - abs(y - top - i)) * (1 - abs(x - left - j))
            total += weight * picture[top + i, left + j]
    return total


def deform_conv(x, offsets, mask, w, bias, stride, pad, offset_group, group):
    """onnx's own reference computes in single precision."""
    n, out = x.shape[0], offsets.shape[2:]
    kh, kw = w.shape[2:]
    places = offsets.reshape(n, offset_group, kh, kw, 2, *out)
    keep = np.ones((n, offset_group, kh, kw, *out)) if mask is None else \
        mask.reshape(n, offset_group, kh, kw, *out)
    y = np.zeros((n, w.shape[0], *out))
    share, part = x.shape[1] // offset_group, w.shape[0] // group
    for b, c, i, j, oy, ox in np.ndindex(n, x.shape[1], kh, kw, *out):
        g = c // share
        dy, dx = places[b, g, i, j, :, oy, ox]
        v = between(x[b, c], oy * stride - pad + i + dy, ox * stride - pad + j + dx)
        k, own = divmod(c, w.shape[1])
        y[b, k * part:(k + 1) * part, oy, ox] += \
            v * keep[b, g, i, j, oy, ox] * w[k * part:(k + 1) * part, own, i, j]
    return [y if bias is None else y + bias[:, None, None]]


def selection_cases():
    def integers(*x):
        return np.array(x, np.int64)

    offsets, w, b, w2 = 0.4 * numbers(1, 16, 3, 3), numbers(2, 4, 2, 2), numbers(2), \
        numbers(4, 2, 3, 3)
    yield "deform_conv", one("DeformConv", {"x0": numbers(1, 4, 4, 4), "x2": offsets,
                                            "x4": numbers(1, 8, 3, 3)},
                             constants={"x1": w, "x3": b}, opset=22, kernel_shape=[2, 2],
                             pads=[0, 0, 0, 0], offset_group=2,
                             reference=lambda x, o, m: deform_conv(x, o, m, w, b, 1, 0, 2, 1))
    yield "deform_conv_groups", one("DeformConv", {"x0": numbers(2, 4, 5, 4),
                                                   "x2": 0.4 * numbers(2, 18, 3, 2)},
                                    constants={"x1": w2}, opset=22, group=2,
                                    kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2],
                                    reference=lambda x, o: deform_conv(x, o, None, w2, None, 2, 1,
                                                                       1, 2))
    cache = counted(numbers(2, 5, 3), numbers(2, 2, 3))
    yield "tensor_scatter", one("TensorScatter", cache, constants={"x2": integers(1, 3)}, opset=24)
    yield "tensor_scatter_circular", one("TensorScatter", cache, constants={"x2": integers(4, 0)},
                                         opset=24, mode="circular")
    yield "reverse_sequence", one("ReverseSequence", counted(numbers(4, 3, 2)), opset=10,
                                  constants={"x1": integers(4, 1, 3)})
    yield "center_crop_pad", one("CenterCropPad", counted(numbers(5, 2)), opset=18,
                                 constants={"x1": integers(2, 5)})
    yield "lp_pool", one("LpPool", counted(numbers(1, 2, 5, 4)), opset=22, p=3,
                         kernel_shape=[2, 2], pads=[1, 0, 0, 1])
    yield "cum_prod", one("CumProd", counted(numbers(2, 4)), constants={"x1": np.array(1)},
                          opset=26, reverse=1, exclusive=1)
    yield "shrink", one("Shrink", counted(numbers(3, 4)), opset=9, bias=0.25, lambd=0.75)


def einsum_cases():
    for name, equation, *shapes in (
            ("trace", "ii", (4, 4)), ("diagonal", "...ii->i...", (2, 3, 3)),
            ("broadcast", "...ij,jk->...ki", (2, 2, 3), (3, 4)),
            ("stretched", "...i,...i->...", (1, 4), (3, 4)), ("inner", "i,i", (4,), (4,)),
            ("three", "ij,jjk,kl->il", (2, 3), (3, 3, 2), (2, 4))):
        def reference(*x, equation=equation):
            return [np.asarray(np.einsum(equation, *x))]
        yield f"einsum_{name}", one("Einsum", counted(*[numbers(*s) for s in shapes]), opset=12,
                                    equation=equation, reference=reference)


def bit_cases():
    whole = np.array([[3, -8, 255], [170, -1, 4097]], np.float32) + np.float32(0.25)
    other = np.array([12, 7, -6], np.int64)
    for op, kind, first, second in (("BitwiseAnd", TensorProto.INT64, whole, other),
                                    ("BitwiseOr", TensorProto.INT64, whole, other),
                                    ("BitwiseXor", TensorProto.INT64, whole, other),
                                    ("BitwiseNot", TensorProto.INT64, whole, None),
                                    ("BitwiseNot", TensorProto.UINT8, np.abs(whole[:1]), None)):
        names = ["whole"] if second is None else ["whole", "other"]
        nodes = [helper.make_node("Cast", ["x0"], ["whole"], to=kind),
                 helper.make_node(op, names, ["made"]),
                 helper.make_node("Cast", ["made"], ["y"], to=TensorProto.FLOAT)]
        yield f"{op.lower()}_{kind}", (nodes, {"x0": first},
                                       {} if second is None else {"other": second}, ("y",), 23,
                                       None)
    by, narrow = np.array([1, 3, 9]), whole.clip(-127, 126.25)
    for direction, up in (("LEFT", 1), ("RIGHT", 0)):
        for kind, dtype, x in ((TensorProto.INT32, np.int32, whole),
                               (TensorProto.INT8, np.int8, narrow),
                               (TensorProto.UINT8, np.uint8, np.abs(whole[:1]))):
            def reference(v, dtype=dtype, up=up):
                n = v.astype(dtype)
                return [(n * 2.0 ** by if up else np.floor(n / 2.0 ** by)).astype(np.int64)
                        .astype(dtype).astype(np.float64)]
            nodes = [helper.make_node("Cast", ["x0"], ["whole"], to=kind),
                     helper.make_node("BitShift", ["whole", "by"], ["made"], direction=direction),
                     helper.make_node("Cast", ["made"], ["y"], to=TensorProto.FLOAT)]
            yield f"bitshift_{direction.lower()}_{kind}", (
                nodes, {"x0": x}, {"by": by.astype(dtype)}, ("y",), 28, reference)


def loss_cases():
    x, w = numbers(3, 4, 2), np.abs(numbers(4))
    target = {"x1": np.array([[1, 3], [0, 2], [2, 3]], np.int64)}
    nll, both = "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"
    for reduction in ("none", "sum", "mean"):
        yield f"nll_{reduction}", one(nll, {"x0": x, "x2": w}, constants=target, opset=22,
                                      reduction=reduction, ignore_index=2)
        yield f"cross_entropy_{reduction}", one(both, {"x0": x}, constants=target, opset=22,
                                                outputs=("y", "log_prob"), reduction=reduction)
    yield "cross_entropy_weights", one(both, {"x0": x, "x2": w}, constants=target, opset=22)
    for n in (1, 2, 3, 4):
        yield f"det_{n}", one("Det", counted(numbers(2, n, n)), opset=22)
    singular = np.array([[1, 2, 3], [2, 4, 6], [1, 0, 2]], np.float32)
    yield "det_singular", one("Det", counted(singular), opset=22)
    yield "hardmax", one("Hardmax", counted(numbers(2, 5, 3)), opset=22, axis=1)


def max_roi(x, boxes, size, scale):
    """By the specification, rounded as ONNX Runtime rounds."""
    out = np.zeros((len(boxes), x.shape[1], *size))
    for i, box in enumerate(boxes):
        x0, y0, x1, y1 = np.floor(box[1:] * scale + 0.5)
        for py, px in np.ndindex(*size):
            cells = []
            for k, first, last, n, most in ((py, y0, y1, size[0], x.shape[2]),
                                            (px, x0, x1, size[1], x.shape[3])):
                length = max(last - first + 1, 1) / n
                ends = np.floor(k * length) + first, np.ceil((k + 1) * length) + first
                cells.append(slice(*(int(np.clip(e, 0, most)) for e in ends)))
            part = x[int(box[0]), :, cells[0], cells[1]]
            out[i, :, py, px] = part.max(axis=(1, 2)) if part.size else 0
    return [out]


def region_cases():
    x = numbers(2, 3, 6, 7)
    boxes = np.array([[0.3, 0.7, 5.1, 4.2], [1.2, 0.4, 3.3, 5.6], [-4.1, 1.3, 3.7, 9.9],
                      [2.2, 2.1, 2.4, 2.6]], np.float32)
    at = {"x2": np.array([0, 1, 1, 0], np.int64)}
    size = dict(output_height=2, output_width=3)
    for place in ("half_pixel", "output_half_pixel"):
        how = dict(size, coordinate_transformation_mode=place, spatial_scale=0.75)
        yield f"roi_align_{place}", one("RoiAlign", {"x0": x, "x1": boxes}, constants=at,
                                        opset=22, sampling_ratio=2, **how)
        fixed = {**at, "x1": boxes}
        yield f"roi_align_adaptive_{place}", one("RoiAlign", {"x0": x}, constants=fixed, opset=22,
                                                 **how)
        yield f"roi_align_max_{place}", one("RoiAlign", {"x0": x}, constants=fixed, opset=22,
                                            mode="max", sampling_ratio=2, **how)
    rois = np.array([[1, 0, 0, 5, 4], [0, 2, 1, 11, 3], [1, 4, 4, 3, 3], [0, 20, 1, 30, 2]],
                    np.float32)

    def reference(v):
        return max_roi(v, rois, (2, 3), 0.75)
    yield "max_roi_pool", one("MaxRoiPool", {"x0": x}, constants={"x1": rois}, opset=22,
                              pooled_shape=[2, 3], spatial_scale=0.75, reference=reference)
    places = {"x1": np.array([[[[5, 7], [13, 15]]], [[[16, 19], [25, 30]]]], np.int64)}
    pool = dict(kernel_shape=[2, 2], strides=[2, 2])
    yield "max_unpool", one("MaxUnpool", {"x0": numbers(2, 1, 2, 2)}, constants=places, opset=22,
                            **pool)
    large = {**places, "x2": np.array([2, 1, 5, 4], np.int64)}
    yield "max_unpool_larger", one("MaxUnpool", {"x0": numbers(2, 1, 2, 2)}, constants=large,
                                   opset=22, **pool)
    for name, image, block, columns, how in (
            ("", (5, 6), (2, 3), 16, {}), ("_strides", (7, 5), (3, 2), 4, dict(strides=[3, 3])),
            ("_pads", (4, 5), (2, 2), 18, dict(pads=[1, 1, 0, 1], dilations=[2, 1])),
            ("_1d", (9,), (3,), 7, {})):
        fixed = {"x1": np.array(image, np.int64), "x2": np.array(block, np.int64)}
        v = numbers(2, 2 * int(np.prod(block)), columns)
        yield f"col2im{name}", one("Col2Im", {"x0": v}, constants=fixed, opset=18, **how)


def reference_of(nodes, inputs, constants, outputs, opset):
    wide = ReferenceEvaluator(model(nodes, inputs, constants, outputs, opset, TensorProto.DOUBLE))

    def run(*values):
        return wide.run([k for k in outputs if k], dict(zip(inputs, values)))
    return run


def main(target):
    groups = (("attention_", attention_cases), ("", norm_and_rotary_cases), ("", spectrum_cases),
              ("", quantised_cases), ("", dynamic_cases), ("", selection_cases), ("", einsum_cases),
              ("", bit_cases), ("", loss_cases), ("", region_cases))
    with zipfile.ZipFile(target, "w") as archive:
        for prefix, group in groups:
            for name, (nodes, inputs, constants, outputs, opset, reference) in group():
                made = [k for k in outputs if k]
                m = model(nodes, inputs, constants, made, opset, TensorProto.FLOAT)
                own = reference or reference_of(nodes, inputs, constants, made, opset)
                arrays = list(inputs.values())
                values = [np.asarray(v, np.float32)
                          for v in own(*[a.astype(np.float64) for a in arrays])]
                extra = seeds_and_gradients(own, arrays, values, {})
                write(archive, prefix + name, m, arrays, values, **extra)


if __name__ == "__main__":
    main(sys.argv[1])
