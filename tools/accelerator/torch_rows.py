# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of the measurements on an accelerator: EfficientNet-Lite0 and VGG16, eager and
compiled, and Lucent's loop. One measurement a process, whose answer is one line of JSON.

    python torch_rows.py NETWORK MODE PRECISION BATCH [--repeats N] [--device cuda]

MODE: eager, compile: forward to the logits, backward to the input; lucent: an update of Lucent's
render_vis, with its own transforms, of BATCH pictures. Weights are random: time does not depend on
them, as long as nothing dies or explodes.
"""
import argparse
import importlib
import json
import sys
import time
import types

import torch
from torch import nn

SIDE = 224
WARM_UP = 3
# Of EfficientNet-Lite0: repeats, kernel, first stride, expansion, outputs.
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
          (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]
VGG16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512)
LUCENT_UNIT = {"efficientnet-lite0": "blocks_8_expand:3", "vgg16-trunk": "5:3"}


def convolution(inputs, outputs, kernel=1, stride=1, groups=1, active=True):
    """With batch normalisation; padding as at stride 1, which costs the same as TensorFlow's."""
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if active else []))


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        wide = inputs * expansion
        self.expand = convolution(inputs, wide) if expansion > 1 else nn.Identity()
        self.depthwise = convolution(wide, wide, kernel, stride, wide)
        self.project = convolution(wide, outputs, active=False)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.adds else y


class Lite0(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, blocks, width = convolution(3, 32, 3, 2), [], 32
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for k in range(repeats):
                blocks.append(Block(width, outputs, kernel, 1 if k else stride, expansion))
                width = outputs
        self.blocks, self.head = nn.Sequential(*blocks), convolution(width, 1280)
        self.logits = nn.Linear(1280, 1000)

    def forward(self, x):
        return self.logits(self.head(self.blocks(self.stem(x))).mean((2, 3)))


def vgg16_trunk():
    layers, width = [], 3
    for outputs in VGG16:
        if outputs:
            layers += [nn.Conv2d(width, outputs, 3, padding=1), nn.ReLU()]
            width = outputs
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


NETWORKS = {"efficientnet-lite0": Lite0, "vgg16-trunk": vgg16_trunk}


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def steps(net, options, device):
    """Seconds of each step, and of the first, which compiles."""
    if options.mode == "compile":
        net = torch.compile(net)
    x = torch.randn(options.batch, 3, SIDE, SIDE, device=device)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_(True)
    seconds = []
    for _ in range(WARM_UP + options.repeats):
        start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=options.precision == "bf16"):
            y = net(x)
        torch.autograd.grad(y, x, torch.ones_like(y))
        wait(device)
        seconds.append(time.perf_counter() - start)
    return seconds[WARM_UP:], seconds[0]


def stand_in(name, **members):
    """A module in place of one that cannot be imported here, and that nothing below needs."""
    try:
        importlib.import_module(name)
    except Exception:  # torchvision is not always there, or not of this PyTorch
        module = types.ModuleType(name)
        vars(module).update(members)
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


def lucent(net, options, device):
    """Seconds of Lucent's updates, without the first ones."""
    for name in ("IPython", "IPython.display", "matplotlib", "matplotlib.pyplot", "torchvision",
                 "torchvision.datasets"):
        stand_in(name)
    stand_in("torchvision.transforms", Normalize=None)
    stand_in("torchvision.datasets.utils", download_url=None)
    from lucent.optvis import param, render

    def run(updates):
        start = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=options.precision == "bf16"):
            render.render_vis(net, LUCENT_UNIT[options.network],
                              lambda: param.image(SIDE, batch=options.batch),
                              thresholds=(updates,), preprocess=False, progress=False,
                              show_image=False)
        wait(device)
        return time.perf_counter() - start
    first = run(1)
    total = run(WARM_UP + options.repeats) - run(WARM_UP)
    return [max(total, 1e-9) / options.repeats] * options.repeats, first


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("network", choices=sorted(NETWORKS))
    p.add_argument("mode", choices=("eager", "compile", "lucent"))
    p.add_argument("precision", choices=("f32", "tf32", "bf16"))
    p.add_argument("batch", type=int)
    p.add_argument("--repeats", type=int, default=20)
    p.add_argument("--device", default="cuda")
    options = p.parse_args()
    device = torch.device(options.device)
    torch.manual_seed(0)
    tf32 = options.precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    net = NETWORKS[options.network]().eval().requires_grad_(False).to(device)
    net = net.to(memory_format=torch.channels_last)
    seconds, first = (lucent if options.mode == "lucent" else steps)(net, options, device)
    seconds.sort()
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else 0
    print(json.dumps({"ms": 1e3 * seconds[len(seconds) // 2], "first_ms": 1e3 * first,
                      "memory_mb": memory / 2 ** 20, "torch": torch.__version__,
                      "device": torch.cuda.get_device_name() if memory else "processor"}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
