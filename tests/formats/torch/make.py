#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small programs of torch.export.save with their values and gradients:  make.py FOLDER

Needs torch 2.13.0 (CPU). Weights are random; each program is written as it is exported
(NAME.pt2) and, with its members packed, after run_decompositions() (NAME-core.pt2); both must give
the same."""
# pylint: disable=import-error,missing-function-docstring,missing-class-docstring
import sys
import zipfile
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Convolutions, normalisation, squeeze and excitation, pooling, changes in place."""
    shape = (2, 3, 12, 12)
    dynamic = {0: torch.export.Dim("batch", min=1, max=64)}
    values = ["stem.0", "stem.2", "down", "gate.2", "mixed", "head"]

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8),
                                  nn.ReLU(inplace=True))
        self.down = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.SiLU(),
                                  nn.Conv2d(4, 8, 1), nn.Hardsigmoid())
        self.mixed = nn.GroupNorm(2, 16)
        self.pool = nn.AdaptiveAvgPool2d((4, 5))
        self.drop = nn.Dropout(0.3, inplace=True)
        self.head = nn.Linear(16 * 4 * 5, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.down(x)
        y = y * self.gate(y)
        y += F.max_pool2d(x, 3, 2, 1, ceil_mode=False)
        x = torch.cat([F.hardswish(y), F.leaky_relu(F.avg_pool2d(x, 2), 0.2)], 1)
        x = torch.roll(self.pool(self.mixed(x)), (1, -1), (2, 3))
        mask = torch.zeros(4, 5)
        mask[1:3, :2] = 1
        mask[0] = 0.5
        a, b = (x + mask).chunk(2, 1)
        x = torch.stack([a, b * torch.sigmoid(a)], 2).flatten(1, 2)
        return self.head(self.drop(torch.flatten(x, 1)))


class Attention(nn.Module):
    """A transformer: attention, class token, places, a mask."""
    shape = (1, 3, 16, 16)
    dynamic = None
    values = ["patch", "norm", "attend.out_proj", "up", "head"]

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 12, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 12))
        self.place = nn.Parameter(torch.randn(1, 17, 12))
        self.norm = nn.LayerNorm(12)
        self.attend = nn.MultiheadAttention(12, 3, batch_first=True)
        self.up = nn.Linear(12, 24)
        self.act = nn.GELU()
        self.down = nn.Linear(24, 12)
        self.head = nn.Linear(12, 4)

    def forward(self, x):
        x = self.patch(x)
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.place
        y = self.norm(x)
        x = x + self.attend(y, y, y, need_weights=False)[0]
        x = x + self.down(self.act(self.up(x)))
        score = torch.einsum("bnc,bmc->bnm", x, x) / 12 ** 0.5
        score = score.masked_fill(torch.ones(17, 17).triu(1) > 0, float("-inf"))
        x = score.softmax(-1) @ x
        return self.head(x[:, 0] + x[:, 1:].mean(1))


class Signal(nn.Module):
    """Recurrent layers over a signal, embedding of places, one-dimensional windows."""
    shape = (3, 5, 4)
    dynamic = {0: torch.export.Dim("batch", min=1, max=64)}
    values = ["conv", "lstm", "norm", "head"]

    def __init__(self):
        super().__init__()
        self.places = nn.Embedding(16, 4)
        self.conv = nn.Conv1d(4, 6, 3, padding="same", dilation=2)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(10, 6, batch_first=True)
        self.norm = nn.InstanceNorm1d(6, affine=True)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = x + self.places(torch.arange(x.shape[1]))
        x = F.elu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        x, _ = self.lstm(x)
        x, last = self.gru(x)
        x = self.norm(x.transpose(1, 2))
        x = x.std(-1) + last[0] * x.amax(-1)
        return F.log_softmax(self.head(x), 1)


class Upward(nn.Module):
    """Transposed convolution, interpolation, padding, shuffles: a small U-Net of any size."""
    shape = (1, 2, 12, 16)
    dynamic = {2: torch.export.Dim("h", min=2, max=32) * 4,
               3: torch.export.Dim("w", min=2, max=32) * 4}
    values = ["inner", "up", "act", "outer"]

    def __init__(self):
        super().__init__()
        self.enter = nn.Conv2d(2, 8, 3, padding=1, padding_mode="reflect")
        self.inner = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)
        self.act = nn.PReLU(8)
        self.outer = nn.Conv2d(16, 8, 3, padding=1)

    def forward(self, x):
        h, w = x.shape[2] // 2, x.shape[3] // 2
        x = torch.tanh(self.enter(x))
        y = self.act(self.up(F.silu(self.inner(x))))
        y = F.interpolate(y, size=(h, w), mode="bilinear", align_corners=False)
        y = F.interpolate(y, scale_factor=2.0, mode="nearest")
        z = F.interpolate(F.pad(x, (1, 2, 0, 1), mode="replicate"), size=(2 * h, 2 * w),
                          mode="bicubic", align_corners=True)
        x = self.outer(torch.cat([y, z.clamp(-0.9, 0.9)], 1))
        return F.avg_pool2d(F.pixel_shuffle(x, 2), 2) - F.softplus(
            x.pow(2).sum(1, keepdim=True).sqrt())[:, :, :1]


class Pooled(nn.Module):
    """A map that lies in memory with its channels last, pooled, as Swin and ConvNeXt end."""
    shape = (2, 3, 9, 8)
    values = ["norm", "head"]
    dynamic = None

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.norm = nn.LayerNorm(6)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        x = self.norm(self.conv(x).permute(0, 2, 3, 1))
        return self.head(self.pool(x.permute(0, 3, 1, 2)).flatten(1))


class Derived(nn.Module):
    """Weights that are computed from others, recurrent cells, a grid that the network computes."""
    shape = (2, 3, 8, 8)
    values = ["place", "head"]
    dynamic = None

    def __init__(self):
        super().__init__()
        weight_norm = nn.utils.parametrizations.weight_norm
        self.place = nn.Linear(3, 6)
        self.conv = weight_norm(nn.Conv2d(3, 6, 3))
        self.line = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 5))
        self.memory = nn.LSTMCell(5, 4)
        self.gates = nn.GRUCell(4, 4)
        self.plain = nn.RNNCell(4, 4, bias=False)
        self.wide = weight_norm(nn.Linear(8, 6), dim=None)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        theta = torch.eye(2, 3) + self.place(x.mean((2, 3))).view(-1, 2, 3) / 4
        x = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False),
                          align_corners=False)
        x = torch.expm1(torch.tanh(self.conv(x))).flatten(2)
        like = F.cosine_similarity(x[:, :4, :9], x[:, 2:, 9:18], dim=2)
        step = self.line(x.mean(2))
        memory = self.memory(step)
        memory = self.memory(step * 2, memory)
        state = self.gates(memory[1], self.gates(memory[0]))
        return self.head(self.wide(torch.cat([self.plain(state), like], 1)))


class Held(nn.Module):
    """A gate through which no gradient goes back. Decomposed, it is an alias, which passes it."""
    shape = (2, 3, 8, 8)
    values = ["conv", "head"]
    dynamic = None
    endings = ("",)

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.tanh(self.conv(x))
        x = x * x.detach().amax((2, 3), keepdim=True)
        return self.head(x.mean((2, 3)) * x.detach()[:, :, 0, 0])


def shake(module):
    """Statistics and scales that are not those a network begins with."""
    for m in module.modules():
        if getattr(m, "running_mean", None) is not None:
            m.running_mean.normal_(0, 0.2)
            m.running_var.uniform_(0.6, 1.4)
        if isinstance(m, (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm2d, nn.InstanceNorm1d)):
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.normal_(0, 0.2)


def outputs_of(module, x, names):
    """The first call's output of the submodules named, and the gradient of the last one's mean
    square, of each sample."""
    found = {}

    def keep(name):
        def hook(_, __, y):
            found.setdefault(name, y[0] if isinstance(y, tuple) else y)
        return hook

    hooks = [module.get_submodule(n).register_forward_hook(keep(n)) for n in names
             if "out_proj" not in n]
    x = x.clone().requires_grad_(True)
    y = module(x)
    for h in hooks:
        h.remove()
    (found[names[-1]] ** 2).flatten(1).mean(1).sum().backward()
    return {n: v.detach().numpy() for n, v in found.items()}, x.grad.numpy(), y.detach()


def save(program, path, packed):
    """Without Python's line numbers; or packed again, as other programs write archives."""
    for node in program.graph.nodes:
        for key in ("stack_trace", "from_node", "source_fn_stack", "torch_fn"):
            node.meta.pop(key, None)
    program.example_inputs = None
    torch.export.save(program, path)
    if not packed:
        return
    with zipfile.ZipFile(path) as z:
        members = [(i.filename, z.read(i)) for i in z.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def write(folder, module, name):
    """One program in both forms, and its reference."""
    module.eval()
    with torch.no_grad():
        shake(module)
    x = torch.randn(module.shape)
    values, gradient, y = outputs_of(module, x, module.values)
    shapes = (module.dynamic,) if module.dynamic else None
    program = torch.export.export(module, (x,), dynamic_shapes=shapes)
    arrays = {"input": x.numpy(), f"gradient:{module.values[-1]}": gradient}
    arrays |= {f"value:{n}": v for n, v in values.items()}
    for ending in getattr(module, "endings", ("", "-core")):
        p = program.run_decompositions() if ending else program
        assert torch.allclose(p.module()(x), y, atol=1e-5)
        save(p, folder / f"{name}{ending}.pt2", packed=ending)
        numpy.savez_compressed(folder / f"{name}{ending}.npz", **arrays)


def main():
    """All of them."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for module in (Block, Attention, Signal, Upward, Pooled, Derived, Held):
        torch.manual_seed(11)
        write(folder, module(), module.__name__.lower())


if __name__ == "__main__":
    main()
