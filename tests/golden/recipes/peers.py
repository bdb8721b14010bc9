# SPDX-License-Identifier: Apache-2.0
"""Each peer's algorithm as its own source has it, on our networks and our random draws: the same
start and the same choices as src/vis/transform/transform.h says.  Each function returns the
objective of every update, before the update is made.  docs/recipes.md names the sources, and says
where fovea does something else on purpose; where it does, so do these references.

net(x, value) is the network; `text` the objective, "LAYER:C" or "LAYER"."""
import math

import numpy as np
import torch

import parts
from draws import Draws


def unit(net, picture, text, reduce=torch.mean):
    """The mean (or another reduction) of one channel's map, or of a layer."""
    layer, _, channel = text.partition(":")
    a = net(picture[None], layer)[0]
    return reduce(a[int(channel)] if channel else a)


def gradient(value, x):
    return torch.autograd.grad(value, x)[0]


# ---- Lucid and Lucent -------------------------------------------------------------------------


def fourier_picture(numbers, h, w):
    """[3][h][w/2+1][2] -> RGB in 0..1: Lucid's fft_image and to_valid_rgb."""
    scale = 1 / np.maximum(parts.frequencies(h, w), 1 / max(h, w))
    spectrum = torch.view_as_complex(numbers) * torch.tensor(scale * math.sqrt(h * w))
    return torch.sigmoid(parts.recorrelate(torch.fft.irfft2(spectrum, s=(h, w)) / 4))


def fourier_start(draws, h, w, sd):
    shape = (3, h, w // 2 + 1, 2)
    return torch.tensor(sd * draws.start().normals(math.prod(shape)).reshape(shape))


def one_of_the_angles(stream):
    """range(-10, 11) and five times 0."""
    k = stream.integer(0, 25)
    return k - 10 if k <= 20 else 0


def random_crop(x, stream, n):
    """n rows and columns fewer."""
    y0, x0 = stream.integer(0, n), stream.integer(0, n)
    return x[:, y0:y0 + x.shape[1] - n, x0:x0 + x.shape[2] - n]


def lucid(net, text, h, w, steps, seed):
    draws = Draws(seed, text)
    z = fourier_start(draws, h, w, 0.01).requires_grad_()
    adam, values = torch.optim.Adam([z], lr=0.05), []      # see docs/recipes.md about epsilon
    for t in range(steps):
        x = parts.pad(fourier_picture(z, h, w), 12, 0.5)
        x = random_crop(x, draws.transform(1, t), 8)
        scale = 1 + (draws.transform(2, t, shared=True).integer(0, 10) - 5) / 50
        sides = (np.float32(scale) * np.float32(x.shape[1:])).astype(np.int32)
        x = parts.resize(x, *sides, "corner")
        degrees = one_of_the_angles(draws.transform(3, t))
        x = parts.NearestTurn.apply(x, 3.14 * degrees / 180)
        value = unit(net, random_crop(x, draws.transform(4, t), 4), text)
        values.append(value.item())
        adam.zero_grad()
        (-value).backward()
        adam.step()
    return values


def lucent(net, text, size, steps, seed, upsample):
    draws = Draws(seed, text)
    z = fourier_start(draws, size, size, 0.01).requires_grad_()
    adam, values = torch.optim.Adam([z], lr=0.05), []
    for t in range(steps):
        x = parts.pad(fourier_picture(z, size, size), 12, 0.5)
        s = draws.transform(1, t)
        x = parts.shift(x, s.integer(0, 7), s.integer(0, 7))
        before = x.shape[1]
        scale = 1 + (draws.transform(2, t, shared=True).integer(0, 10) - 5) / 50
        side = math.ceil(scale * before - 1e-9)
        x = parts.resize(x, side, side, "ends")
        x = parts.pad(x, max(0, math.ceil((before - side) / 2)), 0)
        x = parts.rotate(x, one_of_the_angles(draws.transform(3, t)))
        s = draws.transform(4, t)
        x = parts.shift(x, s.integer(0, 3), s.integer(0, 3))
        x = parts.resize(x, upsample, upsample, "ends")
        value = unit(net, x, text)
        values.append(value.item())
        adam.zero_grad()
        (-value).backward()
        adam.step()
    return values


# ---- Horama's MACO ----------------------------------------------------------------------------


def standardise(x):
    x = x - x.mean()
    return x / (x.std() + 1e-4)


def maco_picture(phase, magnitude, size):
    phase = standardise(phase)
    spectrum = torch.complex(torch.cos(phase) * magnitude, torch.sin(phase) * magnitude)
    picture = standardise(torch.fft.irfft2(spectrum, s=(size, size)))
    return torch.sigmoid(parts.recorrelate(picture))


def random_box(x, stream, side):
    """A window of 25..30 % of the sides (see docs/recipes.md), at side x side."""
    h, w = x.shape[1:]
    window = 0.25 + 0.05 * stream.uniform()
    stream.uniforms(2)             # an angle and a flip that are not wanted
    middle = np.clip(0.5 + 0.15 * stream.normals(2), window / 2, 1 - window / 2)
    y, x_at = parts.grid_of(side, side)
    y = middle[0] * h - 0.5 + (y - (side - 1) / 2) * window * h / side
    x_at = middle[1] * w - 0.5 + (x_at - (side - 1) / 2) * window * w / side
    return parts.sample(x, y, x_at, "repeat")


def maco(net, text, size, steps, seed, copies, side, magnitude):
    draws = Draws(seed, text)
    shape = (3, size, size // 2 + 1)
    phase = torch.tensor(draws.start().normals(math.prod(shape)).reshape(shape)).requires_grad_()
    nadam, values = torch.optim.NAdam([phase], lr=1.0), []
    for t in range(steps):
        picture, value = maco_picture(phase, magnitude, size), 0
        for copy in range(copies):
            x = random_box(picture, draws.transform(0, t * copies + copy), side)
            s = draws.transform(1, t * copies + copy)
            normal, uniform = s.normals(x.numel()), s.uniforms(x.numel())
            # 0.05 in a range of 5
            noise = 0.01 * normal + 0.01 * (uniform - 0.5)
            value = value + unit(net, x + torch.tensor(noise.reshape(x.shape)), text) / copies
        values.append(value.item())
        nadam.zero_grad()
        (-value).backward()
        nadam.step()
    return values


# ---- Wolfram, DeepDream, MATLAB ---------------------------------------------------------------


def wolfram(net, text, size, steps, seed):
    draws = Draws(seed, text)
    x, values = parts.noise_at_all_scales(draws.start(), 3, size, 0.5, 0.1), []
    for t in range(steps):
        s = draws.transform(0, t)
        by = (s.integer(-8, 8), s.integer(-8, 8))
        x = torch.roll(x, by, (1, 2)).requires_grad_()
        value = unit(net, x, text, lambda a: a.square().sum())
        values.append(value.item())
        g = gradient(value, x)
        x = (x + g / (8 * g.abs().max())).clamp(0, 1).detach()
        x = torch.roll(x, (-by[0], -by[1]), (1, 2))
    return values


def deepdream(net, text, size, steps, seed, octaves, sd):
    """In 0..255, as the notebook."""
    draws = Draws(seed, text)
    full = 255 * parts.noise_at_all_scales(draws.start(), 3, size, 0.5, sd)
    sizes = [size]
    for _ in range(octaves - 1):
        sizes.append(int(round(sizes[-1] / 1.4)))
    values, t, detail = [], 0, None
    for side in reversed(sizes):
        base = parts.resize(full, side, side)
        detail = torch.zeros_like(base) if detail is None else parts.resize(detail, side, side)
        x = base + detail
        for _ in range(steps):
            s = draws.transform(0, t)
            by = (s.integer(-32, 32), s.integer(-32, 32))
            x = torch.roll(x, by, (1, 2)).requires_grad_()
            value = unit(net, x / 255, text, lambda a: a.square().mean())
            values.append(value.item())
            g = gradient(value, x)
            x = (x + 1.5 / g.abs().mean() * g).detach()
            x = torch.roll(x, (-by[0], -by[1]), (1, 2)).clamp(0, 255)
            t += 1
        detail = x - base
    return values


def matlab(net, text, size, steps, seed, levels):
    """render_lapnorm, in 0..255; a picture below 512 is one tile."""
    draws = Draws(seed, text)
    x = torch.tensor(draws.start().uniforms(3 * size * size).reshape(3, size, size)) + 100
    values, t = [], 0
    for level in range(levels):
        if level:
            side = int(np.float32(x.shape[1]) * 1.4)
            x = parts.resize(x, side, side)
        for _ in range(steps):
            s = draws.transform(0, t)
            by = (s.integer(0, 511), s.integer(0, 511))
            shifted = torch.roll(x, by, (1, 2)).requires_grad_()
            value = unit(net, shifted / 255, text)
            values.append(value.item())
            g = torch.roll(gradient(value, shifted), (-by[0], -by[1]), (1, 2))
            x = x + 1.0 * parts.normalise_pyramid(g, 4)
            t += 1
    return values


# ---- keras-vis and its successor -----------------------------------------------------------------


def keras_vis(net, text, size, steps, seed, weight):
    """In 0..255, which is what the network takes; weight: act_max_weight."""
    draws = Draws(seed, f"{weight}*{text}")
    uniform = draws.start().uniforms(3 * size * size).reshape(3, size, size)
    x = torch.tensor(127.5 + 12.75 * math.sqrt(12) * (uniform - 0.5))
    cache, values = torch.zeros_like(x), []
    for _ in range(steps):
        x.requires_grad_()
        down, right = x[:, 1:, :-1] - x[:, :-1, :-1], x[:, :-1, 1:] - x[:, :-1, :-1]
        variation = (down.square() + right.square()).sum() / x.numel()
        norm = x.abs().pow(6).sum().pow(1 / 6) / x.numel()
        loss = -weight * unit(net, x, text) + 10 * norm + 10 * variation
        values.append(-loss.item())
        with torch.no_grad():
            g = gradient(loss, x)
            g = g / g.square().sum().clamp(min=1e-12).sqrt()
            cache = 0.95 * cache + 0.05 * g * g
            x = x - g / (cache + 1e-7).sqrt()
    return values


def tf_keras_vis(net, text, size, steps, seed, weight):
    """In 0..255, which is what the network takes; the score is weighted (a function of the user's);
    the optimiser is Keras' of TensorFlow 2.11 on."""
    draws = Draws(seed, f"{weight}*{text}")
    x = torch.tensor(255 * draws.start().uniforms(3 * size * size).reshape(3, size, size))
    velocity, values = torch.zeros_like(x), []
    for t in range(steps):
        s = draws.walk(0, t)
        x = torch.roll(x, (s.integer(-4, 3), s.integer(-4, 3)), (1, 2))
        x = parts.rotate(x, 2 * draws.walk(1, t).uniform() - 1, "mirror").requires_grad_()
        variation = ((x[:, 1:] - x[:, :-1]).abs().sum()
                     + (x[:, :, 1:] - x[:, :, :-1]).abs().sum()) / x.numel()
        loss = -weight * unit(net, x, text) + 1.0 * variation + 0.3 * x.abs().mean()
        values.append(-loss.item())
        with torch.no_grad():
            g = gradient(loss, x)
            velocity = 0.999 * velocity + 0.001 * g * g
            x = x - g * torch.rsqrt(velocity + 1e-7)
    return values


# ---- Darknet's nightmare ----------------------------------------------------------------------


def darknet(net, text, size, steps, seed):
    draws = Draws(seed, text)
    x, values = parts.noise_at_all_scales(draws.start(), 3, size, 0.5, 0.1), []
    for t in range(steps):
        s = draws.transform(0, t)
        dy, dx = s.integer(-7, 8), s.integer(-7, 8)      # crop_image at -8..7
        side = int(size / (4 / 3) ** draws.transform(1, t, shared=True).integer(0, 3))
        flip = draws.transform(2, t).uniform() < 0.5
        seen = parts.resize(parts.shift(x, dy, dx, "repeat"), side, side, "ends")
        seen = (seen.flip(2) if flip else seen).requires_grad_()
        a = net(seen[None], text)
        with torch.no_grad():
            delta = torch.where(a > a.mean() + a.std(correction=0), a, torch.zeros_like(a))
        values.append(0.5 * delta.square().sum().item()
                      - 0.05 * (x - 0.5).square().sum().item())
        g = torch.autograd.grad(a, seen, delta)[0]
        g = parts.resize(g.flip(2) if flip else g, size, size, "ends")
        g = parts.shift(g, -dy, -dx, "repeat") + 0.1 * (0.5 - x)
        g = (g - g.mean()) / g.std(correction=0)
        x = (x + 0.04 * g).clamp(0, 1)
    return values


# ---- Erhan et al. 2009 ------------------------------------------------------------------------


def erhan(net, text, size, steps, seed):
    """Ascent on a vector that is kept at length 10."""
    draws = Draws(seed, text)
    x, values = torch.tensor(2 * draws.start().uniforms(size) - 1), []
    x = 10 * x / x.norm()
    layer, channel = text.split(":")
    for _ in range(steps):
        x.requires_grad_()
        value = net(x[None], layer)[0, int(channel)]
        values.append(value.item())
        with torch.no_grad():
            g = gradient(value, x)
            x = x + 0.5 * g / g.norm()
            x = 10 * x / x.norm()
    return values
