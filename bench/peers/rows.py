# SPDX-License-Identifier: Apache-2.0
"""The rows of docs/performance.md: what is measured in each, and how. Every row gives a list of
lines, {"what", "sides": {name: {"ms" or "seconds", ...}}, ...}, kept as JSON; report.py makes tables
of them."""
import dataclasses
import json
import shutil
import time
from pathlib import Path
from statistics import median
from typing import Callable

from measure import (FAR_SLOWER, Failed, Ours, Theirs, Worker, interleaved, run, say,
                     seconds_of)

CHANNEL = 11
NEAR = 0.03        # relative L2 distance of two gradients that are the same but for rounding
MODES = ("eager", "channels-last", "bf16")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    group: str
    title: str
    measure: Callable
    arguments: tuple = ()


# ---- one step ---------------------------------------------------------------------------------

def check_gradient(context, name, worker):
    """Both programs must give the same gradient, or it is not the same work that is timed."""
    import numpy as np
    x, theirs, ours = (context.cache / f"{part}.npy" for part in ("input", "theirs", "ours"))
    worker.ask(do="gradient", channel=CHANNEL, input=str(x), out=str(theirs))
    run([context.fovea, "gradient", context.network(name), "-i", x, "--objective",
         f"output:{CHANNEL}", "-o", ours])
    a, b = np.load(theirs).astype(np.float64), np.load(ours).astype(np.float64)
    distance = float(np.linalg.norm(a - b) / np.linalg.norm(a))
    if not distance < NEAR:
        raise Failed(f"{name}: the gradients differ by {distance:.3g} of their length")
    return distance


def our_sides(context, model, target, *options):
    """fovea, and fovea with bf16 where the command and the processor have it."""
    sides = {"fovea": Ours(context, model, target, *options)}
    if context.has_bf16:
        sides["fovea bf16"] = Ours(context, model, target, *options, "--precision", "bf16")
    return sides


def slowness(results, mode):
    """How many times slower a mode is than eager; 0 where that is not known."""
    ms, eager = (results.get(side, {}).get("ms") for side in (mode, "eager"))
    return ms / eager if ms and eager else 0


def step(context, name, batches=(1, 8)):
    """Forward and backward. What is far slower than eager is not tried with larger batches."""
    lines = []
    slow = {} if context.fast_bf16 else {"bf16": "the processor has no instructions for it"}
    batches = batches[:1] if context.trial else batches
    for batch in batches:
        sides = our_sides(context, context.network(name), "output", "--batch", batch)
        with Worker(context, name, batch) as worker:
            distance = check_gradient(context, name, worker) if batch == 1 else None
            sides.update({mode: Theirs(worker, mode) for mode in MODES if mode not in slow})
            compiler = None
            try:
                if batch == 1 and context.compile_limit:
                    compiler = Worker(context, name, batch)
                    sides["compile"] = Theirs(compiler, "compile", context.compile_limit)
                results = interleaved(sides, context.rounds, "eager")
            finally:
                if compiler:
                    compiler.stop()
        results.update({mode: {"failed": why} for mode, why in slow.items()})
        slow.update({mode: f"not tried: {ratio:.0f} times slower than eager at batch {batch}"
                     for mode in MODES for ratio in [slowness(results, mode)]
                     if ratio > FAR_SLOWER and mode not in slow})
        lines.append({"what": name, "batch": batch, "size": 224, "sides": results,
                      "gradients_differ_by": distance})
    return lines


# ---- the whole loop ---------------------------------------------------------------------------

def loop(context, name, sizes):
    lines = []
    for size in sizes:
        with Worker(context, name, size=size) as worker:
            model, target = context.network(name), f"output:{CHANNEL}"
            sides = {}
            for recipe in ("lucid", "lucent"):
                for side, ours in our_sides(context, model, target, "--recipe", recipe, "--size",
                                            size).items():
                    sides[f"{side} {recipe}"] = ours
            sides["Lucent"] = Theirs(worker, "lucent")
            results = interleaved(sides, context.rounds, "Lucent")
        lines.append({"what": name, "size": size, "sides": results})
    return lines


def whole_picture(context, name, size, steps):
    """From the command to the picture's file; PyTorch's process is started anew, too."""
    steps = 4 if context.trial else steps
    out = context.cache / "picture.png"
    ours = seconds_of([context.fovea, "visualize", context.network(name), f"output:{CHANNEL}",
                       "--recipe", "lucent", "--size", size, "--steps", steps, "--threads",
                       context.threads, "-o", out])
    start = time.perf_counter()
    with Worker(context, name, size=size) as worker:
        worker.ask(do="run", mode="lucent", steps=steps)
        theirs = time.perf_counter() - start
    say(f"fovea {ours:.1f} s, Lucent {theirs:.1f} s")
    return [{"what": name, "size": size, "steps": steps,
             "sides": {"fovea lucent": {"seconds": ours}, "Lucent": {"seconds": theirs}}}]


def nightmare(context, name, model, cfg, weights, layer, target):
    """Darknet has no way to time its iterations: the difference of programs with more and fewer."""
    darknet = shutil.which("darknet")
    if not darknet:
        raise Failed("there is no darknet here")
    picture, folder = context.noise(224), context.cache / "darknet"
    folder.mkdir(exist_ok=True)

    def theirs(iterations):
        return seconds_of([darknet, "nightmare", cfg, weights, picture, layer, "-iters", iterations,
                           "-octaves", 1, "-rounds", 1, "-range", 1, "-prefix", folder])

    def ours(steps):
        return seconds_of([context.fovea, "visualize", model, target, "--recipe", "darknet",
                           "--transforms", "translate(7,1,1;repeat) flip(0.5)", "--init", picture,
                           "--size", 224, "--steps", steps, "--threads", context.threads, "-o",
                           context.cache / "picture.png"])

    few, many = 3, 43
    sides = {"fovea darknet": [], "Darknet": []}
    for _ in range(1 if context.trial else 3):
        sides["fovea darknet"].append(1e3 * (ours(many) - ours(few)) / (many - few))
        sides["Darknet"].append(1e3 * (theirs(1) - theirs(0)))
        say(", ".join(f"{k} {v[-1]:.0f} ms" for k, v in sides.items()))
    if min(min(v) for v in sides.values()) <= 0:
        raise Failed("the machine is too busy: more iterations took less time")
    return [{"what": name, "size": 224,
             "sides": {k: {"ms": median(v), "rounds": v} for k, v in sides.items()}}]


def nightmare_vgg(context):
    base = context.network("vgg16-conv4_1")
    return nightmare(context, "vgg16-conv4_1", base, base.with_suffix(".cfg"), base.with_suffix(".weights"),
                     10, "output")


def nightmare_tiny(context):
    model = context.shared / "models" / "tiny-darknet.onnx"
    cfg, weights = Path("/usr/share/darknet/cfg/tiny.cfg"), model.with_suffix(".weights")
    if not (cfg.exists() and model.exists() and weights.exists()):
        raise Failed("Tiny Darknet's files are not at hand")
    return nightmare(context, "tiny-darknet", model, cfg, weights, 12, "leaky10")


# ---- many units, starting, memory, threads ----------------------------------------------------

def many_units(context, name, units, steps):
    """Pictures of many channels: in batches of the command's own choice, and one at a time."""
    if context.trial:
        units, steps = 4, 2

    def make(*options):
        return seconds_of([context.fovea, "visualize", context.network(name),
                           f"output:0-{units - 1}", "--recipe", "lucid", "--size", 128, "--steps",
                           steps, "--threads", context.threads, "-o",
                           context.cache / "montage.png", *options])

    sides = {"one at a time": [], "in batches": []}
    for _ in range(2):
        sides["one at a time"].append(make("--batch", 1))
        sides["in batches"].append(make())
    return [{"what": name, "size": 128, "units": units, "steps": steps,
             "sides": {k: {"seconds": median(v), "rounds": v} for k, v in sides.items()}}]


def start(context, name, rounds=3):
    """From the command to the end of a program that makes one step. Ours also writes a picture."""
    model = context.network(name)

    def ours():
        return seconds_of([context.fovea, "visualize", model, f"output:{CHANNEL}", "--recipe",
                           "lucid", "--size", 224, "--steps", 1, "--threads", context.threads,
                           "-o", context.cache / "picture.png"])

    def theirs():
        begin = time.perf_counter()
        with Worker(context, name) as worker:
            worker.ask(do="run", mode="eager", steps=1)
            return time.perf_counter() - begin

    ours(), theirs()    # the files are in memory afterwards
    sides = {"fovea": [], "eager": []}
    for _ in range(rounds):
        sides["fovea"].append(ours())
        sides["eager"].append(theirs())
    return [{"what": name, "model_mb": model.stat().st_size / 1e6,
             "sides": {k: {"seconds": median(v), "rounds": v} for k, v in sides.items()}}]


def thread_counts(most):
    n, counts = 1, []
    while n < most:
        counts.append(n)
        n *= 2
    return counts + [most]


def threads(context, name, batch):
    lines = []
    for count in thread_counts(context.threads):
        with Worker(context, name, batch, threads=count) as worker:
            ours = Ours(context, context.network(name), "output", "--batch", batch)
            ours.command[ours.command.index("--threads") + 1] = count
            results = interleaved({"fovea": ours, "eager": Theirs(worker, "eager")}, 3, "eager")
        lines.append({"what": name, "batch": batch, "threads": count, "sides": results})
    return lines


def idle(context, name, seconds=2):
    ours = float(run([context.fovea.parent / "bench" / "idle", context.network(name),
                      f"output:{CHANNEL}", seconds]))
    with Worker(context, name) as worker:
        theirs = worker.ask(do="idle", seconds=seconds)["cpu"]
    say(f"fovea {ours:.4f} s, PyTorch {theirs:.4f} s")
    return [{"what": name, "waited": seconds,
             "sides": {"fovea": {"cpu": ours}, "eager": {"cpu": theirs}}}]


# ---- the roofline -----------------------------------------------------------------------------

def machine(context):
    speeds = json.loads(run([context.fovea, "bench", "--machine", "--json", "--threads",
                             context.threads]))["speeds"]
    return [dict(speed, sides={}) for speed in speeds]


def roofline(context, name, batches=(1, 8)):
    """How far the steps of a network are from what its arithmetic and its tensors would take."""
    peak = machine(context)[-1]
    lines = []
    batches = batches[:1] if context.trial else batches
    for batch in batches:
        told = json.loads(run([context.fovea, "bench", context.network(name), "output", "--ops",
                               "--json", "--batch", batch, "--threads", context.threads,
                               "--repeats", 1 if context.trial else 10 if batch == 1 else 4]))
        ops = told["ops"]
        bounds = [(op["gflop"] / peak["gflops"], op["gbyte"] / peak["gbytes"]) for op in ops]
        memory = sum(op["ms"] for op, (a, m) in zip(ops, bounds) if m >= a)
        lines.append({"what": name, "batch": batch, "step_ms": told["step_ms"],
                      "gflop": told["gflop"], "peak": peak, "sides": {},
                      "roof_ms": 1e3 * sum(max(b) for b in bounds),
                      "arithmetic_ms": 1e3 * sum(a for a, _ in bounds),
                      "memory_bound_ms": memory,
                      "loops_ms": sum(op["ms"] for op in ops
                                      if op["implementation"] == "own loop")})
    return lines


# ---- all of them ------------------------------------------------------------------------------

STEPS = [("googlenet-4d", "GoogLeNet to inception4d"), ("vgg16-conv5_3", "VGG16 to conv5_3"),
         ("alexnet", "AlexNet"), ("resnet50", "ResNet-50"), ("densenet121", "DenseNet-121"),
         ("mobilenet_v2", "MobileNetV2"), ("efficientnet-lite0", "EfficientNet-Lite0"),
         ("vit_b_16", "ViT-B/16")]
LOOPS = [("inceptionv1", "InceptionV1 mixed4a (Lucent's own network)", (128,)),
         ("vgg16-features", "VGG16 conv5_3", (128,)),
         ("lite0-block11", "EfficientNet-Lite0 block 11", (128, 224))]
ROWS = ([Row(name, "step", title, step, (name,)) for name, title in STEPS]
        + [Row(f"loop-{name}", "loop", title, loop, (name, sizes)) for name, title, sizes in LOOPS]
        + [Row("picture", "picture", "EfficientNet-Lite0 block 11, a whole picture", whole_picture,
               ("lite0-block11", 128, 512)),
           Row("nightmare-vgg", "nightmare", "VGG16 to conv4_1 (Darknet's layer 10)",
               nightmare_vgg),
           Row("nightmare-tiny", "nightmare", "Tiny Darknet, layer 12", nightmare_tiny),
           Row("many", "many", "EfficientNet-Lite0 block 11, 64 channels", many_units,
               ("lite0-block11", 64, 16)),
           Row("start-small", "start", "EfficientNet-Lite0", start, ("efficientnet-lite0",)),
           Row("start-large", "start", "VGG16, whole", start, ("vgg16",)),
           Row("threads", "threads", "GoogLeNet to inception4d", threads, ("googlenet-4d", 1)),
           Row("threads-8", "threads", "EfficientNet-Lite0, batch 8", threads,
               ("efficientnet-lite0", 8)),
           Row("idle", "idle", "GoogLeNet to inception4d", idle, ("googlenet-4d",)),
           Row("machine", "machine", "the machine", machine)]
        + [Row(f"roofline-{name}", "roofline", title, roofline, (name,))
           for name, title in STEPS])
BY_NAME = {row.name: row for row in ROWS}
