# SPDX-License-Identifier: Apache-2.0
"""Cases of com.microsoft's quantised operators with references in double precision.

A case quantises its input x, runs the operator and dequantises its result. The references do not
round, as fovea does not, so `loose` says how far ONNX Runtime may be: the steps of what it rounds.
"""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from microsoft_attention import attention, ints, softmax
from node_tests import RANDOM, Case, numbers

X_SCALE, X_ZERO = np.float32(0.03), np.uint8(120)


def fake(x, scale, zero):
    """x within the range of its integers, not rounded."""
    limits = np.iinfo(zero.dtype)
    steps = np.clip(x / np.float64(scale) + float(zero), limits.min, limits.max)
    return (steps - float(zero)) * np.float64(scale)


def real(q, scale, zero):
    return (q.astype(np.float64) - np.asarray(zero, np.float64)) * np.asarray(scale, np.float64)


def steps(scale, zero, *shape):
    limits = np.iinfo(zero.dtype)
    middle = float(np.ravel(zero)[0])
    return np.clip(np.round(numbers(*shape) / scale) + middle, limits.min,
                   limits.max).astype(zero.dtype)


def model(op, order, x, constants, attributes, dynamic):
    """x -> x_q -> op -> y_q -> y; "x_s" and "y_s" are scales, "x_z" and "y_z" zero points."""
    nodes, out = [], "y"
    if dynamic:
        nodes.append(helper.make_node("DynamicQuantizeLinear", ["x0"], ["x_q", "x_s", "x_z"]))
    elif "x_q" in order:
        nodes.append(helper.make_node("QuantizeLinear", ["x0", "x_s", "x_z"], ["x_q"]))
    if "y_s" in constants or "y_like_x" in constants:
        out = "y_q"
    nodes.append(helper.make_node(op, order, [out], domain="com.microsoft", **attributes))
    if out == "y_q":
        pair = ["y_s", "y_z"] if "y_s" in constants else ["x_s", "x_z"]
        nodes.append(helper.make_node("DequantizeLinear", ["y_q", *pair], ["y"]))
    graph = helper.make_graph(
        nodes, op, [helper.make_tensor_value_info("x0", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()
         if k != "y_like_x"])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def case(name, op, order, x, constants, function, *, y=None, loose=None, dynamic=False, runs=True,
         **attributes):
    """function: of the dequantised x; y: scale and zero point of the result, or None."""
    constants = dict(constants)
    if not dynamic and "x_q" in order:
        constants.update(x_s=X_SCALE, x_z=X_ZERO)
    if y:
        constants.update(y_s=np.float32(y[0]), y_z=y[1])

    def reference(x, **_):
        v = function(fake(x, X_SCALE, X_ZERO) if "x_s" in constants else x)
        return [fake(v, *y) if y else v]

    order = order.split()
    names = [k for k in constants if k in order or k in ("x_s", "x_z", "y_s", "y_z", "y_like_x")]
    return Case(name, op, [x], {}, reference, runs=runs, loose=loose or y[0] + X_SCALE,
                model=model(op, ["" if n == "-" else n for n in order], x,
                            {k: constants[k] for k in names}, attributes, dynamic))


def element_wise():
    x, y = numbers(2, 3, 4), (0.05, np.uint8(100))
    b_s, b_z = np.float32(0.02), np.uint8(110)
    b = steps(b_s, b_z, 3, 4)
    second = dict(b=b, b_s=b_s, b_z=b_z)
    other = real(b, b_s, b_z)
    yield case("qlinear_add", "QLinearAdd", "x_q x_s x_z b b_s b_z y_s y_z", x, second,
               lambda v: v + other, y=y)
    yield case("qlinear_mul", "QLinearMul", "x_q x_s x_z b b_s b_z y_s y_z", x, second,
               lambda v: v * other, y=y)
    yield case("qlinear_sigmoid", "QLinearSigmoid", "x_q x_s x_z y_s y_z", x, {},
               lambda v: 1 / (1 + np.exp(-v)), y=(1 / 256, np.uint8(0)))
    yield case("qlinear_leaky_relu", "QLinearLeakyRelu", "x_q x_s x_z y_s y_z", x, {},
               lambda v: np.where(v > 0, v, 0.25 * v), y=y, alpha=0.25)
    yield case("qlinear_softmax", "QLinearSoftmax", "x_q x_s x_z y_s y_z", x, {}, softmax,
               y=(1 / 256, np.uint8(0)), opset=13, axis=-1)
    yield case("qlinear_softmax_flat", "QLinearSoftmax", "x_q x_s x_z y_s y_z", x, {},
               lambda v: softmax(v.reshape(2, 12)).reshape(2, 3, 4), y=(1 / 256, np.uint8(0)),
               opset=12, axis=1)
    yield case("qlinear_concat", "QLinearConcat", "y_s y_z x_q x_s x_z b b_s b_z", x,
               dict(second, b=b[None].repeat(2, 0)),
               lambda v: np.concatenate([v, other[None].repeat(2, 0)], 1), y=y, axis=1)
    pick = np.array(numbers(2, 3, 4) > 0)
    yield case("qlinear_where", "QLinearWhere", "c x_q x_s x_z b b_s b_z y_s y_z", x,
               dict(second, c=pick), lambda v: np.where(pick, v, other), y=y)


def pools():
    x, y = numbers(1, 2, 4, 6), (0.04, np.uint8(128))

    def halves(v):
        return v.reshape(1, 2, 2, 2, 3, 2).mean((3, 5))

    def last(f):
        return lambda v: np.moveaxis(f(np.moveaxis(v, -1, 1)), 1, -1)

    def total(v):
        return v.mean((2, 3), keepdims=True)

    swapped = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    pool, window = "QLinearAveragePool", dict(kernel_shape=[2, 2], strides=[2, 2])
    order = "x_q x_s x_z y_s y_z"
    yield case("qlinear_average_pool", pool, order, x, {}, halves, y=y, **window)
    yield case("qlinear_average_pool_last", pool, order, swapped, {}, last(halves), y=y,
               channels_last=1, **window)
    pool = "QLinearGlobalAveragePool"
    yield case("qlinear_global_pool", pool, order, x, {}, total, y=y)
    yield case("qlinear_global_pool_last", pool, order, swapped, {}, last(total), y=y,
               channels_last=1)
    yield case("qlinear_reduce_mean", "QLinearReduceMean", order, x, {}, lambda v: v.mean((1, 3)),
               y=y, axes=[1, 3], keepdims=0, runs=False)
    yield case("nhwc_max_pool", "NhwcMaxPool", "x_q", swapped, dict(y_like_x=True),
               last(lambda v: v.reshape(1, 2, 2, 2, 3, 2).max((3, 5))), loose=0.04, **window)


def products():
    x, y = numbers(4, 3), (0.06, np.uint8(128))
    b_s, b_z = np.array([0.02, 0.03, 0.01, 0.04, 0.02], np.float32), np.zeros(5, np.int8)
    b = steps(0.02, b_z, 3, 5)
    c = np.array([100, -50, 0, 2000, -700], np.int32)
    weights = dict(b=b, b_s=b_s, b_z=b_z, c=c)
    w = real(b, b_s, b_z)
    bias = real(c, 0.5 * np.float64(X_SCALE) * b_s, 0)
    order = "x_q x_s x_z b b_s b_z c"
    yield case("qgemm", "QGemm", order + " y_s y_z", x, weights, lambda v: 0.5 * v @ w + bias, y=y,
               alpha=0.5)
    yield case("qgemm_float", "QGemm", order, x, weights, lambda v: 0.5 * v @ w + bias, alpha=0.5,
               loose=0.1)
    yield case("qgemm_transposed", "QGemm", "x_q x_s x_z b b_s b_z - y_s y_z", x,
               dict(weights, b=np.ascontiguousarray(b.T), b_s=b_s[0], b_z=b_z[0]),
               lambda v: v @ real(b, b_s[0], 0), y=y, transB=1)
    added = numbers(5)
    float_order = "x_q b x_s b_s x_z b_z added"
    weights = dict(weights, added=added)
    yield case("matmul_integer_to_float", "MatMulIntegerToFloat", float_order, x, weights,
               lambda v: v @ w + added, loose=0.1)
    yield case("matmul_integer_to_float_dynamic", "MatMulIntegerToFloat", float_order, x, weights,
               lambda v: v @ w + added, loose=0.1, dynamic=True)
    yield case("dynamic_matmul", "DynamicQuantizeMatMul", "x0 b b_s b_z added", x, weights,
               lambda v: v @ w + added, loose=0.1)


def lstm(x, w, r, b):
    """Both directions; w, r [directions, gates, ..]. Y."""
    h = r.shape[2]
    out = np.zeros((x.shape[0], 2, x.shape[1], h))
    for d in range(2):
        state, cell = np.zeros((x.shape[1], h)), np.zeros((x.shape[1], h))
        for t in range(x.shape[0])[::-1 if d else 1]:
            gates = x[t] @ w[d].T + state @ r[d].T + b[d, :4 * h] + b[d, 4 * h:]
            i, o, f, c = np.split(gates, 4, -1)
            i, o, f = (1 / (1 + np.exp(-g)) for g in (i, o, f))
            cell = f * cell + i * np.tanh(c)
            state = o * np.tanh(cell)
            out[t, d] = state
    return out


def layers():
    x = numbers(3, 2, 4)
    w_z, r_z = np.array([3, -2], np.int8), np.array([1, 4], np.int8)
    s = np.array([0.02, 0.03], np.float32)
    w, r, b = steps(0.05, w_z, 2, 4, 20), steps(0.05, r_z, 2, 5, 20), numbers(2, 40)
    whole = [real(q, s[:, None, None], z[:, None, None]).transpose(0, 2, 1)
             for q, z in ((w, w_z), (r, r_z))]
    yield case("dynamic_lstm", "DynamicQuantizeLSTM", "x0 w r b - - - - w_s w_z r_s r_z", x,
               dict(w=w, r=r, b=b, w_s=s, w_z=w_z, r_s=s, r_z=r_z), lambda v: lstm(v, *whole, b),
               loose=0.05, hidden_size=5, direction="bidirectional")
    x = numbers(2, 4, 6)
    w_s, w_z = np.float32(0.006), np.uint8(128)
    w, b, mask = steps(0.02, w_z, 6, 24), numbers(24), ints(3, 4)
    yield case("qattention", "QAttention", "x_q w b x_s w_s m x_z w_z", x,
               dict(w=w, b=b, w_s=w_s, m=mask, w_z=w_z),
               lambda v: attention(v, real(w, w_s, w_z), b, mask, num_heads=2)[0], loose=0.05,
               num_heads=2)


def pack(q, bits):
    """Of a last axis, the lower bits first."""
    if bits == 8:
        return q.astype(np.uint8)
    q = np.pad(q, [(0, 0)] * (q.ndim - 1) + [(0, q.shape[-1] % 2)])
    return (q[..., ::2] | q[..., 1::2] << 4).astype(np.uint8)


def few_bits():
    x, n, k, block = numbers(2, 3, 40), 5, 40, 16
    for bits in (4, 8):
        q = RANDOM.integers(0, 2 ** bits, size=(n, 3, block))
        scales = np.abs(numbers(n, 3)) / 2 ** bits
        zeros = RANDOM.integers(0, 2 ** bits, size=(n, 3))
        sizes = dict(N=n, K=k, bits=bits, block_size=block)
        b, added = pack(q, bits), numbers(n)
        for name, order, z, bias in (("", "x0 b s", 2.0 ** (bits - 1), 0),
                                     ("_zeros", "x0 b s z", zeros[..., None], 0),
                                     ("_bias", "x0 b s z - added", zeros[..., None], added)):
            w = ((q - z) * scales[..., None].astype(np.float64)).reshape(n, -1)[:, :k]
            constants = dict(b=b, s=scales.ravel(), z=pack(zeros, bits).ravel(), added=added)
            yield case(f"matmul_{bits}bits{name}", "MatMulNBits", order, x, constants,
                       lambda v, w=w, bias=bias: v @ w.T + bias, loose=1e-3, **sizes)


def cases():
    for group in (element_wise, pools, products, layers, few_bits):
        yield from group()
