# SPDX-License-Identifier: Apache-2.0
"""Makes the small reference files of this folder.  Run it with the Python of `./bootstrap parity`:

    python tests/golden/generate.py [NET...]

For every net below: NET.EXPORT.onnx as PyTorch's old and new exporter write it, and, computed by
PyTorch in double precision for a batch of 3, NET.y.npy (output), NET.a.npy (a middle value),
NET.gy.npy and NET.ga.npy (input gradients of the mean of one channel of each); nets of one input
shape share their input. cases.txt has one line a file.
"""
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools" / "parity"))
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

import export  # noqa: E402
import vision  # noqa: E402,F401
import zoo  # noqa: E402
from functools import partial  # noqa: E402
from torchvision.models import (  # noqa: E402
    convnext, densenet, efficientnet, maxvit, mobilenetv3, resnet, shufflenetv2, squeezenet,
    swin_transformer, vision_transformer)
from torchvision.models.googlenet import BasicConv2d, Inception  # noqa: E402
from zoo import FREE, NEW, OLD, Export, Net  # noqa: E402

CLASSES = 6


class Caffe(nn.Module):
    """Groups, LRN, overlapping pooling, fully connected layers: AlexNet's parts."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=2, padding=1), nn.ReLU(),
            nn.LocalResponseNorm(5, 0.5, 0.75, 1.0), nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.Conv2d(8, 12, 3, padding=1, groups=2), nn.ReLU(),
            nn.MaxPool2d(2, 2, ceil_mode=True))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(12, 16), nn.ReLU(),
                                        nn.Linear(16, CLASSES), nn.Softmax(1))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


class InceptionNet(nn.Module):
    """GoogLeNet's block between a strided stem and a global mean."""

    def __init__(self):
        super().__init__()
        self.stem = BasicConv2d(3, 8, kernel_size=3, stride=2, padding=1)
        self.block = Inception(8, 4, 4, 6, 2, 4, 4)
        self.pool = nn.AvgPool2d(3, 2, ceil_mode=True)
        self.head = nn.Linear(18, CLASSES)

    def forward(self, x):
        return self.head(self.pool(self.block(self.stem(x))).mean((2, 3)))


class Squeeze(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
            squeezenet.Fire(8, 4, 6, 6), squeezenet.Fire(12, 4, 8, 8), nn.Conv2d(16, CLASSES, 1),
            nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x):
        return self.body(x)


def mobile():
    c = mobilenetv3.InvertedResidualConfig
    rows = [c(8, 3, 10, 8, False, "RE", 1, 1, 1.0), c(8, 5, 12, 8, True, "HS", 2, 1, 1.0)]
    return mobilenetv3.MobileNetV3(rows, 12, CLASSES)


def efficient():
    c = efficientnet.MBConvConfig
    rows = [c(1, 3, 1, 8, 8, 1), c(2, 5, 2, 8, 8, 2)]
    return efficientnet.EfficientNet(rows, 0.0, num_classes=CLASSES, last_channel=16)


def residual():
    net = resnet.ResNet(resnet.BasicBlock, [1, 1, 1, 1], num_classes=CLASSES)
    net.inplanes = 8
    net.conv1, net.bn1 = nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8)
    net.layer1 = net._make_layer(resnet.BasicBlock, 8, 1)
    net.layer2 = net._make_layer(resnet.BasicBlock, 12, 1, stride=2)
    net.layer3 = net.layer4 = nn.Identity()
    net.fc = nn.Linear(12, CLASSES)
    return net


def shuffle():
    return shufflenetv2.ShuffleNetV2([2, 2, 1], [8, 8, 12, 16, 20], num_classes=CLASSES)


def dense():
    return densenet.DenseNet(4, (2, 2), 8, 2, num_classes=CLASSES)


def conv_next():
    rows = [convnext.CNBlockConfig(6, 8, 1), convnext.CNBlockConfig(8, None, 1)]
    return convnext.ConvNeXt(rows, num_classes=CLASSES)


def transformer():
    return vision_transformer.VisionTransformer(12, 4, 2, 2, 8, 16, num_classes=CLASSES)


def swin():
    return swin_transformer.SwinTransformer([2, 2], 8, [2, 1], [2, 2], [4, 4], 2.0,
                                            num_classes=CLASSES)


def max_vit():
    return maxvit.MaxVit((16, 16), 8, 4, [8], [1], 4, 0.0, num_classes=CLASSES)


class Atrous(nn.Module):
    """Dilated and strided convolutions, pooling with dilation, a pixel shuffle up, and a head that
    slices, pads and rolls."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=2, dilation=2)
        self.b = nn.Conv2d(8, 16, (3, 1), stride=(1, 2), padding=(1, 0))
        self.pool = nn.MaxPool2d(3, 2, padding=1, dilation=2)
        self.up = nn.PixelShuffle(2)
        self.c = nn.Conv2d(4, CLASSES, 3)

    def forward(self, x):
        x = torch.tanh(self.b(nn.functional.gelu(self.a(x))))
        x = self.up(self.pool(x))
        x = nn.functional.pad(torch.roll(x, (1, -2), (2, 3)), (1, 0, 2, 1), mode="replicate")
        x = nn.functional.normalize(x[:, :, 1:, ::2], dim=1)
        return torch.logsumexp(self.c(x), (2, 3))


BOTH = (Export(OLD, 17, False), Export(NEW, 18, FREE))
BOTH_SWAPPED = (Export(OLD, 13, FREE), Export(NEW, 18, False))
EACH = (Export(OLD, 16, False), Export(NEW, 18, FREE), Export(NEW, 20, False))
PICTURE, LARGER = (3, 12, 12), (3, 16, 16)
NETS = [
    Net("caffe", Caffe, PICTURE, (Export(OLD, 11, False), Export(NEW, 18, FREE))),
    Net("inception", InceptionNet, PICTURE, BOTH_SWAPPED),
    Net("residual", residual, PICTURE, (Export(OLD, 9, False), Export(NEW, 18, FREE))),
    Net("squeeze", Squeeze, PICTURE, BOTH_SWAPPED),
    Net("dense", dense, PICTURE, BOTH),
    Net("mobile", mobile, PICTURE, BOTH_SWAPPED),
    Net("efficient", efficient, PICTURE, BOTH),
    Net("shuffle", shuffle, PICTURE, EACH),
    Net("convnext", conv_next, PICTURE, EACH, tokens=True),
    Net("transformer", transformer, PICTURE, EACH + (Export(OLD, 14, FREE),), tokens=True),
    Net("swin", swin, PICTURE, (Export(OLD, 17, False), Export(NEW, 18, False)), tokens=True),
    Net("maxvit", max_vit, LARGER, BOTH, tokens=True),
    Net("unet", partial(zoo.UNet, 4, (9, 14)), (3, 12, 16),
        (Export(OLD, 11, False), Export(NEW, 18, FREE))),
    Net("atrous", Atrous, PICTURE, EACH),
    Net("encoder", partial(zoo.Encoder, 8, 7, 12, 2), (7, 40), EACH, tokens=True),
    Net("signal", partial(zoo.Signal, 12), (2, 64), BOTH),
]


def shorten(m):
    """Gives values short names: the old exporter's are long paths."""
    short = {}
    for n in m.graph.node:
        n.name = ""
        n.output[:] = [short.setdefault(o, f"v{len(short)}") if "/" in o else o for o in n.output]
        n.input[:] = [short.get(i, i) for i in n.input]


def slim(path):
    """Drops what readers do not need: doc strings, metadata of nodes, shapes of middle values."""
    m = onnx.load(str(path))
    if path.stat().st_size > 25000 and not any(a.HasField("g") for n in m.graph.node
                                               for a in n.attribute):
        shorten(m)
    for n in m.graph.node:
        n.doc_string = ""
        del n.metadata_props[:]
    for v in m.graph.initializer:
        v.doc_string = ""
        del v.metadata_props[:]
    del m.graph.metadata_props[:]
    del m.metadata_props[:]
    del m.graph.value_info[:]
    onnx.save(m, str(path))


def make(net):
    torch.manual_seed(export.SEED)
    torch.backends.mha.set_fastpath_enabled(False)
    model = net.build().eval()
    g = torch.Generator().manual_seed(export.SEED + 1)
    x = torch.randn((3,) + net.input, generator=g)
    zoo.liven(model, torch.randn((8,) + net.input, generator=g), export.SEED + 2)
    modules = export.candidates(net, model, x[:1], x[1:2])
    found = {}
    for e in net.exports:
        path = HERE / f"{net.name}.{e.key}.onnx"
        export.export_file(model, net, e, x[:1], path)
        slim(path)
        values, _ = export.run_all_values(path, x[:1].numpy())
        found[e.key] = export.match(modules, values)
    middle = export.choose(list(modules), found)[0]
    arrays, errors, channels = export.reference(net, model, x, [middle], len(x))
    given = "input-" + "x".join(map(str, net.input)) + ".npy"
    np.save(HERE / given, arrays["x"])
    for name, key in (("y", "y"), ("a", "a0"), ("gy", "gy"), ("ga", "g0")):
        np.save(HERE / f"{net.name}.{name}.npy", arrays[key])
    print(net.name, middle, {k: f"{v:.1e}" for k, v in errors.items()}, flush=True)
    return [f"{net.name}.{e.key}.onnx {net.name} {given} {0 if e.dynamic else 1} "
            f"{found[e.key][middle]} {channels[0]} {channels['y']}" for e in net.exports]


def main(names):
    cases = HERE / "cases.txt"
    rows = {}
    if cases.exists():
        rows = {r.split()[0]: r for r in cases.read_text().splitlines() if r[:1] != "#"}
    for net in NETS:
        if names and net.name not in names:
            continue
        rows.update({r.split()[0]: r for r in make(net)})
    head = (f"# Made by generate.py with PyTorch {torch.__version__}, onnx {onnx.__version__}.\n"
            "# FILE NET INPUT FIXED-BATCH(0: free) MIDDLE-VALUE CHANNEL OUTPUT-CHANNEL\n")
    order = {n.name: i for i, n in enumerate(NETS)}
    lines = sorted(rows.values(), key=lambda r: (order[r.split()[1]], r.split()[0]))
    cases.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
