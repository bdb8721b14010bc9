# SPDX-License-Identifier: Apache-2.0
"""Cases of com.microsoft's normalisations and gates with references in double precision."""
from math import erf

import numpy as np

from node_tests import Case, numbers


def layer_norm(x, gamma, beta, epsilon):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + epsilon) * gamma + beta


def embed(words_at, segments_at, words, positions, segments, gamma, beta, mask=None,
          positions_at=None, *, epsilon=1e-12):
    at = np.arange(words_at.shape[1])[None] if positions_at is None else positions_at
    total = words[words_at] + positions[at]
    if segments is not None:
        total = total + segments[segments_at]
    count = np.zeros(len(words_at)) if mask is None else mask.sum(-1)
    return [layer_norm(total, gamma, beta, epsilon), count.astype(np.int32), total]


def skip_norm(x, skip, gamma, beta, bias=None, *, epsilon=1e-12):
    total = x + skip + (0 if bias is None else bias)
    return [layer_norm(total, gamma, beta, epsilon)]


def simplified(x, skip, gamma, *, epsilon=1e-12):
    total = x + skip
    return [total / np.sqrt((total ** 2).mean(-1, keepdims=True) + epsilon) * gamma]


def group_norm(x, gamma, beta, skip=None, bias=None, *, groups, activation, channels_last=1,
               epsilon=1e-5):
    x = x if channels_last else np.moveaxis(x, 1, -1)
    if skip is not None:
        skip = skip if channels_last or skip.ndim == 2 else np.moveaxis(skip, 1, -1)
        x = x + (skip[:, None, None] if skip.ndim == 2 else skip) + (0 if bias is None else bias)
    n, h, w, c = x.shape
    parts = x.reshape(n, h * w, groups, c // groups)
    centred = parts - parts.mean((1, 3), keepdims=True)
    y = centred / np.sqrt((centred ** 2).mean((1, 3), keepdims=True) + epsilon)
    y = y.reshape(x.shape) * gamma + beta
    if activation:
        y = y / (1 + np.exp(-y))
    both = [y] if skip is None else [y, x]
    return both if channels_last else [np.moveaxis(v, -1, 1) for v in both]


def split_gelu(x, bias):
    a, b = np.split(x + bias, 2, -1)
    return [a * b * 0.5 * (1 + np.vectorize(erf)(b / np.sqrt(2)))]


def cases():
    at = np.array([[1, 4, 2], [0, 3, 3]], np.int32)
    segments_at = np.array([[0, 1, 1]] * 2, np.int32)
    tables = [numbers(6, 8), numbers(5, 8), numbers(2, 8), numbers(8), numbers(8)]
    mask = np.array([[1, 1, 0], [1, 1, 1]], np.int32)
    outputs = ("y", "mask_index", "sum")
    yield Case("embed_norm", "EmbedLayerNormalization", [at, segments_at, *tables, mask], {}, embed,
               outputs)
    yield Case("embed_norm_positions", "EmbedLayerNormalization",
               [at, segments_at, *tables, mask, np.array([[2, 0, 4]] * 2, np.int32)],
               dict(epsilon=0.5), embed, outputs)
    yield Case("embed_norm_no_segments", "EmbedLayerNormalization",
               [at, None, *tables[:2], None, *tables[3:]], {},
               lambda *a, **k: embed(*a, **k)[:2], outputs[:2])
    x, s, gamma, beta, bias = (numbers(*n) for n in ((2, 3, 8), (2, 3, 8), (8,), (8,), (8,)))
    small = [np.float32(1e-3) * v for v in (x, s)]  # where epsilon counts
    yield Case("skip_norm_small", "SkipLayerNormalization", [*small, gamma, beta], {}, skip_norm)
    yield Case("skip_norm_bias", "SkipLayerNormalization", [x, s, gamma, beta, bias],
               dict(epsilon=1e-3), skip_norm)
    yield Case("skip_simplified_small", "SkipSimplifiedLayerNormalization", [*small, gamma], {},
               simplified)
    x, gamma, beta = numbers(2, 3, 2, 8), numbers(8), numbers(8)
    first = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    skip, fixed = numbers(2, 3, 2, 8), (1, 2, 3, 4)
    yield Case("group_norm", "GroupNorm", [x, gamma, beta], dict(groups=2, activation=1),
               group_norm, runs=False, fixed=fixed)
    yield Case("group_norm_first", "GroupNorm", [first, gamma, beta],
               dict(groups=4, activation=0, channels_last=0, epsilon=0.1), group_norm, runs=False,
               fixed=fixed)
    yield Case("skip_group_norm", "SkipGroupNorm", [x, gamma, beta, skip, numbers(8)],
               dict(groups=2, activation=1), group_norm, ("y", "sum"), runs=False, fixed=fixed)
    yield Case("skip_group_norm_row", "SkipGroupNorm", [x, gamma, beta, numbers(2, 8)],
               dict(groups=2, activation=0), group_norm, ("y", "sum"), runs=False, fixed=fixed)
    yield Case("bias_split_gelu", "BiasSplitGelu", [numbers(2, 3, 8), numbers(8)], {}, split_gelu,
               runs=False)
