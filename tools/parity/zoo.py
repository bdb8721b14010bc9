# SPDX-License-Identifier: Apache-2.0
"""The networks of the comparison: how each is built, its input, and how it is exported.

Weights are random but alive (see `liven`): a comparison says nothing where signals die or explode.
"""
import dataclasses
from typing import Callable

import torch
from torch import nn
from torch.nn import functional as F


@dataclasses.dataclass(frozen=True)
class Export:
    exporter: str         # "old" (TorchScript) or "new" (torch.export)
    opset: int
    dynamic: bool         # batch left free; else written into the file as 1
    external: bool = False  # weights in a file of their own (new exporter only)

    @property
    def key(self):
        return f"{self.exporter}{self.opset}{'-free' if self.dynamic else ''}"


@dataclasses.dataclass(frozen=True)
class Net:
    name: str
    build: Callable[[], nn.Module]
    input: tuple = (3, 224, 224)   # without the batch
    exports: tuple = (Export("old", 17, False), Export("new", 18, True))
    samples: int = 2               # drawn; the two furthest from kinks are used
    tokens: bool = False           # some of its values have their channels on the last axis


def vision(name, **options):
    def build():
        from vision import models
        return getattr(models, name)(weights=None, **options)
    return build


class AlexNet(nn.Module):
    """Krizhevsky's net as Caffe has it: two groups in conv2, 4, 5, LRN after pool-less relu1, 2."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(),
            nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0), nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.classifier = nn.Sequential(
            nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
            nn.Dropout(), nn.Linear(4096, 1000), nn.Softmax(1))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


class UNet(nn.Module):
    """Down and up again: transposed convolution, bilinear and nearest resizing, cubic at the end,
    reflected padding, group and instance normalisation, leaky and parametric ReLU."""

    def __init__(self, w=24, size=(75, 81)):
        super().__init__()
        self.size = size
        self.down1 = self.block(3, w, nn.InstanceNorm2d(w, affine=True), nn.LeakyReLU(0.1))
        self.down2 = self.block(w, 2 * w, nn.GroupNorm(4, 2 * w), nn.PReLU(2 * w))
        self.down3 = self.block(2 * w, 4 * w, nn.BatchNorm2d(4 * w), nn.SiLU())
        self.up2 = nn.ConvTranspose2d(4 * w, 2 * w, 4, stride=2, padding=1)
        self.join2 = self.block(4 * w, 2 * w, nn.BatchNorm2d(2 * w), nn.ELU())
        self.up1 = nn.ConvTranspose2d(2 * w, w, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.join1 = self.block(2 * w, w, nn.BatchNorm2d(w), nn.Hardswish())
        self.head = nn.Conv2d(w, 5, 1)

    @staticmethod
    def block(i, o, norm, act):
        return nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(i, o, 3), norm, act)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.avg_pool2d(a, 3, 2, 1, count_include_pad=False))
        c = self.down3(F.max_pool2d(b, 2, ceil_mode=True))
        b = self.join2(torch.cat([self.up2(c), b], 1))
        a = self.join1(torch.cat([self.up1(b), a], 1))
        c = F.interpolate(c, scale_factor=4, mode="bilinear", align_corners=False)
        y = self.head(a) + c[:, :5]
        y = F.interpolate(y, scale_factor=2, mode="bicubic", align_corners=False)
        return F.interpolate(y, size=self.size, mode="nearest")


class Encoder(nn.Module):
    """A transformer encoder over a sequence of vectors, as for speech or text features."""

    def __init__(self, width=64, length=50, hidden=128, layers=3):
        super().__init__()
        self.embed = nn.Linear(40, width)
        self.position = nn.Parameter(torch.zeros(1, length, width))
        layer = nn.TransformerEncoderLayer(width, 4, hidden, activation="gelu", batch_first=True,
                                           norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, 12)

    def forward(self, x):
        return F.log_softmax(self.head(self.layers(self.embed(x) + self.position).mean(1)), 1)


class Signal(nn.Module):
    """One-dimensional convolutions over a signal, dilated and grouped, as for sound."""

    def __init__(self, w=64):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(2, w // 2, 9, stride=2, padding=4), nn.BatchNorm1d(w // 2), nn.ReLU(),
            nn.MaxPool1d(3, 2, 1), nn.Conv1d(w // 2, w, 5, padding=4, dilation=2), nn.Tanh(),
            nn.Conv1d(w, w, 3, padding=1, groups=w), nn.Mish(), nn.AvgPool1d(2),
            nn.Conv1d(w, w - 2, 1), nn.Softplus())
        self.head = nn.Linear(w - 2, 10)

    def forward(self, x):
        return self.head(self.body(x).mean(2))


OLD, NEW, FREE = "old", "new", True
NETS = [
    Net("alexnet-lrn", AlexNet, (3, 227, 227), (Export(OLD, 11, False), Export(NEW, 18, FREE))),
    Net("googlenet", vision("googlenet", aux_logits=False, init_weights=False),
        exports=(Export(OLD, 13, FREE), Export(NEW, 18, False)), samples=6),
    Net("vgg16", vision("vgg16"), exports=(Export(OLD, 12, FREE), Export(NEW, 18, False, True))),
    Net("resnet18", vision("resnet18"),
        exports=(Export(OLD, 11, FREE), Export(OLD, 17, False), Export(NEW, 20, False),
                 Export(NEW, 18, FREE))),
    Net("resnet50", vision("resnet50"), exports=(Export(OLD, 13, False), Export(NEW, 18, FREE))),
    Net("densenet121", vision("densenet121")),
    Net("squeezenet1_1", vision("squeezenet1_1"),
        exports=(Export(OLD, 11, False), Export(NEW, 19, FREE))),
    Net("mobilenet_v2", vision("mobilenet_v2"),
        exports=(Export(OLD, 12, FREE), Export(NEW, 18, False))),
    Net("mobilenet_v3_small", vision("mobilenet_v3_small"),
        exports=(Export(OLD, 13, False), Export(NEW, 20, FREE))),
    Net("mobilenet_v3_large", vision("mobilenet_v3_large"),
        exports=(Export(OLD, 14, FREE), Export(NEW, 18, False))),
    Net("shufflenet_v2_x1_0", vision("shufflenet_v2_x1_0"),
        exports=(Export(OLD, 11, FREE), Export(OLD, 16, False), Export(NEW, 18, FREE),
                 Export(NEW, 18, False))),
    Net("inception_v3", vision("inception_v3", aux_logits=False, init_weights=False),
        (3, 299, 299), (Export(OLD, 13, FREE), Export(NEW, 18, False)), samples=4),
    Net("efficientnet_b0", vision("efficientnet_b0")),
    Net("efficientnet_v2_s", vision("efficientnet_v2_s"),
        exports=(Export(OLD, 15, FREE), Export(NEW, 18, False, True))),
    Net("regnet_y_400mf", vision("regnet_y_400mf"),
        exports=(Export(OLD, 16, FREE), Export(NEW, 18, False))),
    Net("mnasnet1_0", vision("mnasnet1_0"),
        exports=(Export(OLD, 17, FREE), Export(NEW, 18, False))),
    Net("resnext50_32x4d", vision("resnext50_32x4d"),
        exports=(Export(OLD, 18, False), Export(NEW, 18, FREE))),
    Net("convnext_tiny", vision("convnext_tiny"),
        exports=(Export(OLD, 17, FREE), Export(OLD, 20, False), Export(NEW, 18, False),
                 Export(NEW, 20, FREE)), tokens=True),
    Net("vit_b_16", vision("vit_b_16"),
        exports=(Export(OLD, 17, False), Export(OLD, 14, FREE), Export(NEW, 18, FREE),
                 Export(NEW, 20, False, True)), tokens=True),
    Net("swin_t", vision("swin_t"),
        exports=(Export(OLD, 17, False), Export(OLD, 16, FREE), Export(NEW, 18, FREE),
                 Export(NEW, 18, False)), tokens=True),
    Net("swin_v2_t", vision("swin_v2_t"), (3, 256, 256),
        (Export(OLD, 17, False), Export(NEW, 18, False)), tokens=True),
    Net("maxvit_t", vision("maxvit_t"), exports=(Export(OLD, 17, False), Export(NEW, 18, False)),
        tokens=True),
    Net("unet", UNet, (3, 64, 96), (Export(OLD, 13, False), Export(OLD, 19, FREE),
                                    Export(NEW, 18, FREE), Export(NEW, 20, False))),
    Net("encoder", Encoder, (50, 40), (Export(OLD, 14, FREE), Export(OLD, 17, False),
                                       Export(NEW, 18, FREE), Export(NEW, 18, False)), tokens=True),
    Net("signal", Signal, (2, 512), (Export(OLD, 9, FREE), Export(OLD, 18, False),
                                     Export(NEW, 18, FREE), Export(NEW, 22, False))),
]


def find(name):
    return next(n for n in NETS if n.name == name)


class KeepOffKinks(torch.overrides.TorchFunctionMode):
    """While it is active, shifts biases so that no pre-activation of a ReLU is near its kink.

    Where a gradient jumps, single precision cannot tell which side it is on: of ten million ReLUs
    a handful lie within rounding of zero, and PyTorch's own single and double precision then give
    input gradients that differ by 1e-2 of the largest. Weights are random anyway, so each channel's
    bias (that of the convolution or batch norm that ran last) is moved by the little that brings
    the widest gap between nearby values of the sample over the kink."""

    KINKS = {"relu": (0.0,), "relu_": (0.0,), "leaky_relu": (0.0,), "relu6": (0.0, 6.0),
             "hardtanh": (0.0, 6.0)}

    def __init__(self, model):
        super().__init__()
        self.last, self.seen = {}, {}
        kinds = (nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.Linear)
        self.hooks = [m.register_forward_hook(self.ran) for m in model.modules()
                      if isinstance(m, kinds) and m.bias is not None]

    def ran(self, m, args, y):
        self.last[tuple(y.shape)] = m

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name in self.KINKS and isinstance(args[0], torch.Tensor):
            m = self.last.get(tuple(args[0].shape))
            if m is not None and id(m) not in self.seen:
                self.seen[id(m)] = m
                args = (self.shifted(args[0], m, self.KINKS[name]),) + args[1:]
        return func(*args, **(kwargs or {}))

    @staticmethod
    def shifted(x, m, kinks):
        v = x.transpose(0, 1).flatten(1)                          # [c][values]
        # a gap between few values may be far away; a bias of another length is not this value's
        if v.shape[1] < 64 or len(v) != len(m.bias):
            return x
        near = torch.cat([v - k for k in kinks], 1).sort(1).values  # distances, ascending
        n = near.shape[1]
        reach = min(400, n // 16)
        first = (near < 0).sum(1, keepdim=True) - reach
        at = (first + torch.arange(2 * reach)).clamp(0, n - 2)
        low, high = near.gather(1, at), near.gather(1, at + 1)
        widest = (high - low).argmax(1, keepdim=True)
        d = -(low.gather(1, widest) + high.gather(1, widest))[:, 0] / 2
        m.bias.data += d
        return x + d.reshape([1, -1] + [1] * (x.ndim - 2))


def liven(model, sample, seed, calm=None):
    """Gives every parameter and running statistic a random value of sane size.

    Constant parameters (norm weights, zero-initialised heads, layer scales) become random, every
    convolution and matrix gets the scale that makes its output's standard deviation 1 for `sample`,
    and every batch norm the statistics of its input, off by up to a quarter.
    calm: an input for which no ReLU is to be near its kink, or None."""
    g = torch.Generator().manual_seed(seed)

    def uniform(t, lo, hi):
        return torch.empty_like(t).uniform_(lo, hi, generator=g)

    for m in model.modules():
        if hasattr(m, "inplace"):
            m.inplace = False
    for name, p in model.named_parameters():
        v = p.data
        if v.numel() > 1 and v.std() > 0.03:
            continue
        if name.endswith("relative_position_bias_table"):
            v.normal_(0, 0.5, generator=g)
        elif v.mean() > 0.5:
            v.copy_(v.mean() * uniform(v, 0.6, 1.4))
        elif name.endswith("layer_scale"):
            v.copy_(uniform(v, 0.2, 0.6))
        elif v.ndim == 1 or v.abs().max() == 0:
            v.normal_(0, 0.15, generator=g)

    def before_norm(m, args):
        x = args[0]
        axes = [0] + list(range(2, x.ndim))
        mean, var = x.mean(axes), x.var(axes, unbiased=False) + 1e-3
        m.running_mean.copy_(mean + var.sqrt() * uniform(mean, -0.25, 0.25))
        m.running_var.copy_(var * uniform(var, 0.75, 1.25))

    def after_linear(m, args, y):
        s = float(y.std())
        m.weight.data /= s
        if m.bias is not None:
            m.bias.data /= s
        return y / s

    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    linears = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    hooks = [m.register_forward_pre_hook(before_norm) for m in model.modules()
             if isinstance(m, norms)]
    hooks += [m.register_forward_hook(after_linear) for m in model.modules()
              if isinstance(m, linears) and m.weight.requires_grad]
    model.eval()
    with torch.no_grad():
        model(sample)
    for h in hooks:
        h.remove()
    if calm is not None:
        keep = KeepOffKinks(model)
        with torch.no_grad(), keep:
            model(calm)
        for h in keep.hooks:
            h.remove()
    return model
