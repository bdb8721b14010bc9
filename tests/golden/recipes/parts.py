# SPDX-License-Identifier: Apache-2.0
"""What the peers' programs get from their frameworks, in double precision: resizing, turning,
shifting, Fourier pictures, Laplacian pyramids.  Pictures are [channels][height][width]."""
import math

import numpy as np
import torch
import torch.nn.functional as F

# Rows are what multiplies the decorrelated channels: Horama prints it like this.
COLORS = torch.tensor([[0.56282854, 0.58447580, 0.58447580],
                       [0.19482528, 0.00000000, -0.19482528],
                       [0.04329450, -0.10823626, 0.06494176]], dtype=torch.float64)


def recorrelate(x):
    """Decorrelated colours -> RGB."""
    return torch.einsum("khw,kc->chw", x, COLORS)


# ---- resizing ---------------------------------------------------------------------------------


def line(n, m, grid):
    """The matrix [m][n] that resizes a line of n pixels to m."""
    i = np.arange(m)
    if grid == "centres":        # PyTorch, align_corners=False
        at = np.maximum((i + 0.5) * n / m - 0.5, 0)
    elif grid == "corner":       # TensorFlow 1's resize_bilinear
        at = i * n / m
    else:                        # "ends": align_corners=True
        at = i * (n - 1) / max(m - 1, 1)
    low = np.minimum(np.floor(at).astype(int), n - 1)
    high = np.minimum(low + 1, n - 1)
    share = np.minimum(at - low, 1)
    matrix = np.zeros((m, n))
    np.add.at(matrix, (i, low), 1 - share)
    np.add.at(matrix, (i, high), share)
    return torch.tensor(matrix)


def resize(x, h, w, grid="centres"):
    return line(x.shape[1], h, grid) @ x @ line(x.shape[2], w, grid).T


# ---- looking between pixels -------------------------------------------------------------------


def at_pixels(x, rows, columns, edge):
    """x at whole places; outside as `edge` says."""
    h, w = x.shape[1:]
    if edge == "repeat":
        return x[:, rows.clamp(0, h - 1), columns.clamp(0, w - 1)]
    if edge == "mirror":         # 1 0 | 0 1 2
        rows, columns = rows % (2 * h), columns % (2 * w)
        rows = torch.where(rows < h, rows, 2 * h - 1 - rows)
        columns = torch.where(columns < w, columns, 2 * w - 1 - columns)
        return x[:, rows, columns]
    inside = (rows >= 0) & (rows < h) & (columns >= 0) & (columns < w)
    return x[:, rows.clamp(0, h - 1), columns.clamp(0, w - 1)] * inside


def sample(x, y_at, x_at, edge):
    """Bilinear samples at places given as two arrays."""
    y0, x0 = torch.floor(y_at).long(), torch.floor(x_at).long()
    fy, fx = y_at - y0, x_at - x0
    return ((1 - fy) * ((1 - fx) * at_pixels(x, y0, x0, edge)
                        + fx * at_pixels(x, y0, x0 + 1, edge))
            + fy * ((1 - fx) * at_pixels(x, y0 + 1, x0, edge)
                    + fx * at_pixels(x, y0 + 1, x0 + 1, edge)))


def grid_of(h, w):
    y, x = torch.meshgrid(torch.arange(h, dtype=torch.float64),
                          torch.arange(w, dtype=torch.float64), indexing="ij")
    return y, x


def turned(h, w, angle):
    """Where the pixels of a picture turned counter-clockwise by `angle` (radians) look."""
    y, x = grid_of(h, w)
    y, x = y - (h - 1) / 2, x - (w - 1) / 2
    c, s = math.cos(angle), math.sin(angle)
    return x * s + y * c + (h - 1) / 2, x * c - y * s + (w - 1) / 2


def rotate(x, degrees, edge="zero"):
    return sample(x, *turned(*x.shape[1:], degrees * math.pi / 180), edge)


class NearestTurn(torch.autograd.Function):
    """tf.contrib.image.rotate: nearest pixels, zeros outside; its gradient is turned back."""

    @staticmethod
    def turn(x, angle):
        y_at, x_at = turned(*x.shape[1:], angle)
        away = lambda t: (torch.sign(t) * torch.floor(t.abs() + 0.5)).long()  # noqa: E731
        return at_pixels(x, away(y_at), away(x_at), "zero")

    @staticmethod
    def forward(ctx, x, angle):
        ctx.angle = angle
        return NearestTurn.turn(x, angle)

    @staticmethod
    def backward(ctx, gradient):
        return NearestTurn.turn(gradient, -ctx.angle), None


def shift(x, dy, dx, edge="zero"):
    """Down by dy, right by dx."""
    h, w = x.shape[1:]
    rows, columns = (torch.arange(h) - dy)[:, None], (torch.arange(w) - dx)[None, :]
    return at_pixels(x, rows.expand(h, w), columns.expand(h, w), edge)


def pad(x, n, value):
    return F.pad(x, [n] * 4, value=value)


# ---- pictures ---------------------------------------------------------------------------------


def frequencies(h, w):
    """Cycles a pixel, of the half that a real picture needs."""
    return np.sqrt(np.fft.fftfreq(h)[:, None] ** 2 + np.fft.rfftfreq(w)[None, :] ** 2)


def noise_at_all_scales(stream, channels, size, mean, sd):
    """Sums of bilinear noise on 1, 2, 4, ... cells a side, each channel brought to mean and sd."""
    planes = []
    for _ in range(channels):
        plane = np.zeros((size, size))
        cells = 1
        while cells <= size:
            knots = np.array([stream.normal_double() for _ in range((cells + 1) ** 2)])
            knots = knots.reshape(cells + 1, cells + 1)
            at = np.arange(size) * cells / size
            low = at.astype(int)
            weights = np.zeros((size, cells + 1))
            weights[np.arange(size), low] = 1 - (at - low)
            weights[np.arange(size), low + 1] = at - low
            plane += weights @ knots @ weights.T
            cells *= 2
        planes.append(mean + (plane - plane.mean()) / plane.std() * sd)
    return torch.tensor(np.stack(planes))


# ---- Laplacian pyramid gradient normalisation -------------------------------------------------


def same_padding(n):
    """TensorFlow's SAME, kernel 5, stride 2: before, after."""
    total = max((-(-n // 2) - 1) * 2 + 5 - n, 0)
    return total // 2, total - total // 2


def binomial():
    k = torch.tensor([1.0, 4, 6, 4, 1], dtype=torch.float64)
    return (torch.outer(k, k) / 256)[None, None]


def shrink(x):
    (top, bottom), (left, right) = same_padding(x.shape[1]), same_padding(x.shape[2])
    padded = F.pad(x, [left, right, top, bottom])
    return F.conv2d(padded[:, None], binomial(), stride=2)[:, 0]


def enlarge(x, h, w):
    (top, _), (left, _) = same_padding(h), same_padding(w)
    big = F.conv_transpose2d(x[:, None], 4 * binomial(), stride=2)[:, 0]
    big = F.pad(big, [0, max(0, left + w - big.shape[2]), 0, max(0, top + h - big.shape[1])])
    return big[:, top:top + h, left:left + w]


def level_out(x):
    return x / max(x.square().mean().sqrt().item(), 1e-10)


def normalise_pyramid(g, splits):
    bands = []
    for _ in range(splits):
        low = shrink(g)
        bands.append(g - enlarge(low, *g.shape[1:]))
        g = low
    g = level_out(g)
    for band in reversed(bands):
        g = enlarge(g, *band.shape[1:]) + level_out(band)
    return g
