# SPDX-License-Identifier: Apache-2.0
"""Cases of com.microsoft's attention with references in double precision (node_tests.Case)."""
import numpy as np

from node_tests import Case, numbers


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def split(x, heads):
    b, s, d = x.shape
    return x.reshape(b, s, heads, d // heads).transpose(0, 2, 1, 3)


def merge(x):
    b, n, s, h = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, s, n * h)


def mask_bias(mask, batch, queries, keys, past, value):
    """[batch, 1, queries, keys]: `value` where a key is padding."""
    at = np.arange(keys)
    if mask is None:
        return np.zeros((1, 1, queries, keys))
    if mask.shape == (batch,):
        keep = np.broadcast_to((at < mask[:, None])[:, None], (batch, queries, keys))
    elif mask.shape == (2 * batch,):
        inside = (at < mask[:batch, None]) & (at >= mask[batch:, None])
        keep = np.broadcast_to(inside[:, None], (batch, queries, keys))
    elif mask.ndim == 2:
        keep = np.broadcast_to(mask[:, None] > 0, (batch, queries, keys))
    elif mask.ndim == 3:
        keep = mask > 0
    else:
        keep = mask[:, 0, past:past + queries, :keys] > 0
    return np.where(keep, 0, value)[:, None]


def attend(q, k, v, mask, added, past, scale=0, unidirectional=0, mask_filter_value=-10000.0, **_):
    queries, keys = q.shape[2], k.shape[2]
    x = q @ k.transpose(0, 1, 3, 2) * (scale or q.shape[3] ** -0.5)
    x = x + mask_bias(mask, q.shape[0], queries, keys, past, mask_filter_value)
    if unidirectional:
        x = np.where(np.arange(keys) <= np.arange(queries)[:, None] + past, x, -1e30)
    if added is not None:
        x = x + added
    return merge(softmax(x) @ v)


def attention(x, w, bias=None, mask=None, past=None, added=None, *, num_heads,
              qkv_hidden_sizes=None, **rest):
    sizes = qkv_hidden_sizes or [w.shape[1] // 3] * 3
    y = x @ w + (0 if bias is None else bias)
    q, k, v = (split(p, num_heads) for p in np.split(y, np.cumsum(sizes)[:2], axis=2))
    before = 0
    if past is not None:
        before = past.shape[3]
        k, v = np.concatenate([past[0], k], 2), np.concatenate([past[1], v], 2)
    y = attend(q, k, v, mask, added, before, **rest)
    return [y] if past is None else [y, np.stack([k, v])]


def multi_head(query, key=None, value=None, bias=None, padding=None, added=None, past_k=None,
               past_v=None, *, num_heads, **rest):
    def flat(x):
        return x.reshape(x.shape[0], x.shape[1], -1)

    if query.ndim == 5:
        query, key, value = (flat(query[:, :, :, i]) for i in range(3))
    elif key.ndim == 5:
        key, value = flat(key[:, :, :, 0]), flat(key[:, :, :, 1])
    if bias is not None:
        d = query.shape[2]
        query = query + bias[:d]
        if key.ndim == 3:
            key, value = key + bias[d:2 * d], value + bias[2 * d:]
    q = split(query, num_heads)
    k, v = (split(x, num_heads) if x.ndim == 3 else x for x in (key, value))
    before = 0
    if past_k is not None:
        before = past_k.shape[2]
        k, v = np.concatenate([past_k, k], 2), np.concatenate([past_v, v], 2)
    y = attend(q, k, v, padding, added, before, **rest)
    return [y] if past_k is None else [y, k, v]


def turn(x, cosines, sines, at, interleaved):
    """x [batch, length, heads, size]; at [batch, length]."""
    c, s = cosines[at][:, :, None], sines[at][:, :, None]
    size = 2 * c.shape[-1]
    part, rest = x[..., :size], x[..., size:]
    if interleaved:
        a, b = part[..., 0::2], part[..., 1::2]
        both = np.stack([a * c - b * s, a * s + b * c], -1).reshape(part.shape)
    else:
        a, b = np.split(part, 2, -1)
        both = np.concatenate([a * c - b * s, a * s + b * c], -1)
    return np.concatenate([both, rest], -1)


def rotary(x, positions, cosines, sines, *, interleaved=0, num_heads=0, rotary_embedding_dim=0,
           scale=1.0):
    size = x.shape[2] // num_heads if num_heads else 2 * cosines.shape[1]
    y = x.transpose(0, 2, 1, 3) if x.ndim == 4 else x.reshape(*x.shape[:2], -1, size)
    at = positions
    if positions.shape == (1,):
        at = np.broadcast_to(positions + np.arange(y.shape[1]), y.shape[:2])
    y = turn(y, cosines, sines, at, interleaved)
    return [y.transpose(0, 2, 1, 3) if x.ndim == 4 else y.reshape(x.shape)]


def grouped(query, key, value, past_k, past_v, seqlens_k, total, cosines=None, sines=None,
            positions=None, added=None, sink=None, *, num_heads, kv_num_heads, do_rotary=0,
            rotary_interleaved=0, local_window_size=-1, scale=0, softcap=0.0, smooth_softmax=0):
    if key is None:
        size = query.shape[2] // (num_heads + 2 * kv_num_heads)
        query, key, value = np.split(
            query, [num_heads * size, (num_heads + kv_num_heads) * size], axis=2)
    b, steps, _ = query.shape
    past = 0 if past_k is None else past_k.shape[2]
    q, k = query.reshape(b, steps, num_heads, -1), key.reshape(b, steps, kv_num_heads, -1)
    if do_rotary:
        at = positions
        if at is None:
            at = np.broadcast_to(past + np.arange(steps), (b, steps))
        q = turn(q, cosines, sines, at, rotary_interleaved)
        k = turn(k, cosines, sines, at, rotary_interleaved)
    q, k, v = q.transpose(0, 2, 1, 3), k.transpose(0, 2, 1, 3), split(value, kv_num_heads)
    if past:
        k, v = np.concatenate([past_k, k], 2), np.concatenate([past_v, v], 2)
    times = num_heads // kv_num_heads
    x = q @ np.repeat(k, times, 1).transpose(0, 1, 3, 2) * (scale or q.shape[3] ** -0.5)
    if softcap:
        x = softcap * np.tanh(x / softcap)
    back = past + np.arange(steps)[:, None] - np.arange(past + steps)
    seen = (back >= 0) & ((local_window_size < 0) | (back < local_window_size))
    x = np.where(seen, x, -1e30)
    if added is not None:
        x = x + added
    if smooth_softmax or sink is not None:
        extra = np.zeros(num_heads) if sink is None else sink
        extra = np.broadcast_to(extra[None, :, None, None], (*x.shape[:3], 1))
        x = softmax(np.concatenate([x, extra], -1))[..., :-1]
    else:
        x = softmax(x)
    return [merge(x @ np.repeat(v, times, 1)), k, v]


def ints(*x):
    return np.array(x, np.int32)


def packed_cases():
    x, w, b = numbers(2, 4, 6), numbers(6, 24), numbers(24)

    def case(name, inputs, outputs=("y",), **attributes):
        return Case(f"attention_{name}", "Attention", inputs, dict(num_heads=2, **attributes),
                    attention, outputs)

    yield case("plain", [x, w, b])
    yield case("no_bias", [x, w], scale=0.25)
    yield case("sizes", [x, numbers(6, 16), numbers(16)], qkv_hidden_sizes=[6, 6, 4])
    yield case("causal", [x, w, b], unidirectional=1)
    yield case("ends", [x, w, b, ints(3, 4)])
    yield case("ranges", [x, w, b, ints(3, 4, 0, 2)])
    yield case("keys", [x, w, b, ints([1, 1, 0, 1], [1, 1, 1, 1])], mask_filter_value=-50.0)
    yield case("queries", [x, w, b, np.tril(np.ones((2, 4, 4), np.int32))])
    yield case("causal_keys", [x, w, b, ints([1, 0, 1, 1], [1, 1, 1, 0])], unidirectional=1)
    yield case("added", [x, w, b, None, None, numbers(2, 2, 4, 4)])
    yield case("added_one", [x, w, b, None, None, numbers(1, 2, 4, 4)])
    past = numbers(2, 2, 2, 3, 4)
    yield case("past", [x, w, b, None, past], ("y", "present"))
    yield case("past_causal", [x, w, b, ints([1] * 7, [0] * 2 + [1] * 5), past], ("y", "present"),
               unidirectional=1)


def multi_head_cases():
    q, k, v, b = numbers(2, 3, 8), numbers(2, 5, 8), numbers(2, 5, 12), numbers(28)

    def case(name, inputs, outputs=("y",), runs=True, **attributes):
        return Case(f"multi_head_{name}", "MultiHeadAttention", inputs,
                    dict(num_heads=2, **attributes), multi_head, outputs, runs)

    yield case("plain", [q, k, v])
    yield case("bias", [q, k, v, b], scale=0.5)
    yield case("keys", [q, k, v, None, ints([1, 1, 1, 0, 0], [1, 1, 1, 1, 1])])
    yield case("ends", [q, k, v, None, ints(3, 5)], runs=False)
    yield case("queries", [q, k, v, None, np.array(numbers(2, 3, 5) > 0, np.int32)])
    yield case("added", [q, k, v, None, None, numbers(1, 2, 3, 5)])
    yield case("causal", [q, q, numbers(2, 3, 12)], unidirectional=1)
    yield case("heads_given", [q, numbers(2, 2, 5, 4), numbers(2, 2, 5, 4)])
    yield case("packed", [numbers(2, 3, 2, 3, 4)], runs=False)
    yield case("packed_kv", [q, numbers(2, 5, 2, 2, 4)], runs=False)
    yield case("past", [q, q, numbers(2, 3, 8), None, None, None, numbers(2, 2, 4, 4),
                        numbers(2, 2, 4, 4)], ("y", "present_k", "present_v"), unidirectional=1)


def rotary_cases():
    x, c, s = numbers(2, 3, 16), numbers(7, 4), numbers(7, 4)
    at = np.array([[0, 1, 2], [4, 3, 6]], np.int64)

    def case(name, inputs, **attributes):
        return Case(f"rotary_{name}", "RotaryEmbedding", inputs, attributes, rotary)

    yield case("offset", [x, np.array([2], np.int64), c, s])
    yield case("positions", [x, at, c, s])
    yield case("interleaved", [x, at, c, s], interleaved=1)
    yield case("heads_first", [numbers(2, 2, 3, 8), at, c, s])
    yield case("part", [x, at, numbers(7, 2), numbers(7, 2)], num_heads=2, rotary_embedding_dim=4)


def grouped_cases():
    q, k, v = numbers(2, 3, 64), numbers(2, 3, 32), numbers(2, 3, 32)
    c, s = numbers(9, 8), numbers(9, 8)
    outputs = ("y", "present_k", "present_v")
    first = [None, None, ints(2, 2), ints(3).reshape(())]

    def case(name, inputs, **attributes):
        return Case(f"grouped_{name}", "GroupQueryAttention", inputs,
                    dict(num_heads=4, kv_num_heads=2, **attributes), grouped, outputs)

    yield case("plain", [q, k, v, *first])
    yield case("packed", [numbers(2, 3, 128), None, None, *first], scale=0.3)
    yield case("rotary", [q, k, v, *first, c, s], do_rotary=1)
    yield case("rotary_interleaved", [q, k, v, *first, c, s], do_rotary=1, rotary_interleaved=1)
    yield case("window", [q, k, v, *first], local_window_size=2)
    yield case("softcap", [q, k, v, *first], softcap=0.5)
    yield case("smooth", [q, k, v, *first], smooth_softmax=1)
    yield case("sink", [q, k, v, *first, None, None, None, None, numbers(4)])
    yield case("added", [q, k, v, *first, None, None, None, numbers(1, 4, 3, 3)])
    step = [x[:, :1] for x in (q, k, v)]
    past = [numbers(2, 2, 4, 16), numbers(2, 2, 4, 16), ints(4, 4), ints(5).reshape(())]
    yield case("past", [*step, *past, c, s], do_rotary=1)


def cases():
    yield from packed_cases()
    yield from multi_head_cases()
    yield from rotary_cases()
    yield from grouped_cases()
