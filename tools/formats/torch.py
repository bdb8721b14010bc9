#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares whole networks in .pt2 files with PyTorch:  torch.py FOVEA [--decomposed] [NAME...]

Networks of torchvision ("tv:resnet18", "seg:fcn_resnet50") and timm ("timm:levit_128s") with random
weights, batch normalisation with statistics that are spread. Of each the value of the first output
and the gradient of its mean square, as largest difference of the largest number, for f32; of the
gradient also how far PyTorch's own f32 is from its f64. Needs torch 2.13.0, torchvision 0.28.0,
timm 1.0."""
# pylint: disable=import-error,protected-access,too-many-locals
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path = [p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent]
import numpy  # noqa: E402
import torch  # noqa: E402

TORCHVISION = {"alexnet": 224, "vgg11_bn": 224, "resnet18": 224, "resnet50": 224,
               "densenet121": 224, "googlenet": 224, "inception_v3": 299, "squeezenet1_1": 224,
               "resnext50_32x4d": 224, "mobilenet_v2": 224, "mobilenet_v3_small": 224,
               "mobilenet_v3_large": 224, "shufflenet_v2_x1_0": 224, "mnasnet1_0": 224,
               "efficientnet_b0": 224, "efficientnet_v2_s": 224, "regnet_y_400mf": 224,
               "convnext_tiny": 224, "vit_b_16": 224, "swin_t": 224, "swin_v2_t": 224,
               "maxvit_t": 224}
SEGMENTATION = {"fcn_resnet50": 128, "deeplabv3_mobilenet_v3_large": 128,
                "lraspp_mobilenet_v3_large": 128}
TIMM = {"deit_tiny_patch16_224": 224, "convnext_atto": 224, "mobilevit_xxs": 256,
        "mobilevitv2_050": 256, "efficientformer_l1": 224, "levit_128s": 224, "mixer_s32_224": 224,
        "resmlp_12_224": 224, "davit_tiny": 224, "coat_lite_tiny": 224,
        "edgenext_xx_small": 256, "poolformer_s12": 224, "ghostnet_100": 224, "resnet26d": 224,
        "mobilenetv4_conv_small": 224, "repvgg_a0": 224, "xcit_nano_12_p16_224": 224,
        "fastvit_t8": 256, "eva02_tiny_patch14_224": 224, "vit_tiny_patch16_224": 224,
        "deit_tiny_distilled_patch16_224": 224, "mvitv2_tiny": 224}


def define_torchvision():
    """Lets torchvision be imported without its compiled operators."""
    try:
        import torchvision  # noqa: F401
        return
    except RuntimeError:
        for name in [m for m in sys.modules if m.startswith("torchvision")]:
            del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "roi_align", "_roi_align_backward", "roi_pool", "_roi_pool_backward",
                 "ps_roi_align", "_ps_roi_align_backward", "ps_roi_pool", "qnms", "qroi_align",
                 "_ps_roi_pool_backward", "deform_conv2d", "_deform_conv2d_backward"):
        library.define(name + "(Tensor x) -> Tensor")
    define_torchvision.library = library


def make(name):
    """A network and the size of its pictures."""
    kind, _, name = name.rpartition(":")
    torch.manual_seed(7)
    define_torchvision()
    if kind == "timm" or (not kind and name in TIMM):
        import timm
        return timm.create_model(name, pretrained=False), TIMM.get(name, 224)
    from torchvision import models
    if name in SEGMENTATION:
        return (getattr(models.segmentation, name)(weights=None, weights_backbone=None),
                SEGMENTATION[name])
    more = {"init_weights": False, "aux_logits": False} if name in ("googlenet",
                                                                     "inception_v3") else {}
    return getattr(models, name)(weights=None, **more), TORCHVISION.get(name, 224)


def spread(model):
    """Statistics, scales and shifts that are not those a network begins with."""
    g = torch.Generator().manual_seed(3)
    for m in model.modules():
        if getattr(m, "running_mean", None) is not None:
            m.running_mean.copy_(torch.randn(m.running_mean.shape, generator=g) * 0.2)
            m.running_var.copy_(torch.rand(m.running_var.shape, generator=g) * 0.8 + 0.6)
        for p in m.parameters(recurse=False):
            if p.dim() > 1 and not p.abs().any():
                p.copy_(torch.randn(p.shape, generator=g) * 0.05)
        for key in ("gamma", "layer_scale"):
            p = getattr(m, key, None)
            if isinstance(p, torch.nn.Parameter):
                p.data.copy_(torch.rand(p.shape, generator=g) * 0.4 + 0.2)


def first(y):
    """The first tensor of an output."""
    if isinstance(y, dict):
        y = next(iter(y.values()))
    return y[0] if isinstance(y, (tuple, list)) else y


def gradient(model, x):
    """The output, and the gradient of its mean square. The picture stands there twice: of one
    alone PyTorch 2.13.0 reads the gradient behind a batch normalisation in the wrong order where
    the channels were moved last after it."""
    x = torch.cat([x, x]).requires_grad_(True)
    y = first(model(x))
    (y * y).mean().mul(2).backward()
    return y[:1].detach().numpy(), x.grad[:1].numpy()


def error(got, right):
    """The largest difference, of the largest number."""
    got = got.reshape(right.shape)
    return float(abs(got - right).max() / max(abs(right).max(), 1e-30))


def double(name, model):
    """The same network in float64."""
    exact = make(name)[0]
    exact.load_state_dict(model.state_dict())
    return exact.double().eval().requires_grad_(False)


def at_input(fovea, named, folder, output, x):
    """Errors of value and gradient at one picture; those to float64 only where the gradient is not
    PyTorch's."""
    name, model = named
    y, g = gradient(model, x)
    numpy.save(folder / "x.npy", x.numpy())
    run(fovea, "run", folder / "net.pt2", "--input", folder / "x.npy", "-o", folder / "y.npy")
    run(fovea, "gradient", folder / "net.pt2", "--input", folder / "x.npy", "--objective",
        output, "-o", folder / "g.npy")
    found, value = numpy.load(folder / "g.npy"), error(numpy.load(folder / "y.npy"), y)
    if error(found, g) <= 1e-3:
        return value, error(found, g), 0, 0
    best = gradient(double(name, model), x.double())[1]
    return value, error(found, g), error(found, best), error(g, best)


def compare(fovea, name, decomposed):
    """One row of the table. A gradient whose ReLU or maximum goes the other way is of another
    function: then another picture is taken, of at most four."""
    model, size = make(name)
    model.eval().requires_grad_(False)  # some keep what follows from their weights
    with torch.no_grad():
        spread(model)
    first_x = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(5))
    program = torch.export.export(model, (first_x,))
    if decomposed:
        program = program.run_decompositions()
    output = program.graph_signature.user_outputs[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        torch.export.save(program, folder / "net.pt2")
        del program
        start = time.time()
        run(fovea, "layers", folder / "net.pt2")
        seconds = time.time() - start
        for tries in range(1, 5):
            x = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(4 + tries))
            row = at_input(fovea, (name, model), folder, output, x)
            if row[2] <= max(1e-3, row[3]) or row[1] <= 1e-3:
                break
    return *row, tries, seconds


def run(fovea, *words):
    """Runs the command, or fails with its complaint."""
    done = subprocess.run([str(fovea), *map(str, words)], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def main():
    """All networks, or those named; its exit is 1 where one does not agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fovea")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--decomposed", action="store_true", help="after run_decompositions()")
    a = parser.parse_intermixed_args()
    names = a.names or [*TORCHVISION, *SEGMENTATION, *(f"timm:{n}" for n in TIMM)]
    good = True
    print("| network | value | gradient | to float64 | PyTorch's f32 to float64 "
          "| picture | `layers` |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in names:
        try:
            v, g, own, theirs, tries, seconds = compare(a.fovea, name, a.decomposed)
            good &= v <= 1e-4 and own <= max(1e-3, 2 * theirs)
            own, theirs = (f"{own:.1e}", f"{theirs:.1e}") if own else ("", "")
            print(f"| {name} | {v:.1e} | {g:.1e} | {own} | {theirs} "
                  f"| {tries} | {seconds:.2f} s |", flush=True)
        except (RuntimeError, ValueError, TypeError, AssertionError) as problem:
            print(f"| {name} | {str(problem).splitlines()[0][:300]} |", flush=True)
            good = False
    sys.exit(not good)


if __name__ == "__main__":
    main()
