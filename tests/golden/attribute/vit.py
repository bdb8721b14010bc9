#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the reference that class activation maps of tokens are held against: a small random vision
transformer as ONNX, an input, and Grad-CAM at the first normalisation of its last block, as
pytorch-grad-cam computes it with `reshape_transform`: tokens without the first three are rows and
columns.

    vit.py [FOLDER]

Needs torch and onnx; made with torch 2.13. The files it makes are committed.

    vit.onnx           3x24x40 -> patches of 8, a class token and two registers, two blocks with two
                       heads -> the class token's 4 classes; output "y"
    vit_x.npy          one input, [1][3][24][40]
    vit_cells.npy      relu(sum_k mean(dy/dA_k) A_k), class 1, at blocks.1.norm1            [3][5]
"""
import os
import sys

import numpy as np
import torch
from torch import nn

CLASS, PREFIX, ROWS, COLUMNS = 1, 3, 3, 5


class Block(nn.Module):
    def __init__(self, n=12, heads=2):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(n), nn.LayerNorm(n)
        self.qkv, self.join = nn.Linear(n, 3 * n), nn.Linear(n, n)
        self.up, self.down = nn.Linear(n, 2 * n), nn.Linear(2 * n, n)

    def forward(self, x):
        b, t, n = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(-2, -1) / (n // self.heads) ** 0.5).softmax(-1)
        x = x + self.join((a @ v).transpose(1, 2).reshape(b, t, n))
        return x + self.down(torch.relu(self.up(self.norm2(x))))


class Net(nn.Module):
    def __init__(self, n=12):
        super().__init__()
        self.patch = nn.Conv2d(3, n, 8, 8)
        self.prefix = nn.Parameter(torch.randn(1, PREFIX, n))
        self.place = nn.Parameter(torch.randn(1, PREFIX + ROWS * COLUMNS, n))
        self.blocks = nn.ModuleList([Block(), Block()])
        self.norm, self.head = nn.LayerNorm(n), nn.Linear(n, 4)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.prefix.expand(x.shape[0], -1, -1), x], 1) + self.place
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.manual_seed(5)
    net = Net().eval()
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(2)
    x = torch.randn(1, 3, 24, 40)
    kept = {}

    def keep(module, inputs, out):
        out.retain_grad()
        kept["a"] = out

    hook = net.blocks[1].norm1.register_forward_hook(keep)
    net(x)[0, CLASS].backward()
    hook.remove()
    a, g = (t[0, PREFIX:].reshape(ROWS, COLUMNS, -1) for t in (kept["a"].detach(), kept["a"].grad))
    cells = torch.relu((a * g.mean((0, 1))).sum(2))
    np.save(os.path.join(folder, "vit_x.npy"), x.numpy())
    np.save(os.path.join(folder, "vit_cells.npy"), cells.numpy())
    with torch.no_grad():
        torch.onnx.export(net, (x,), os.path.join(folder, "vit.onnx"), dynamo=False,
                          opset_version=17, input_names=["x"], output_names=["y"])


if __name__ == "__main__":
    main()
