# SPDX-License-Identifier: Apache-2.0
"""What an accelerator is worth: one prepared run on a machine that has one.

    python gpu.py --build FOLDER --cache FOLDER [--torch PYTHON] [--quick] [--minutes M]
                  [--again] [PLUGIN.so]

It needs the built command and a plug-in: PLUGIN.so, else what `fovea devices` finds, else the
wheels for NVIDIA, which pip installs into an environment of their own (3 GB). In order: it is found
and classifies; networks and recipes are right on it; steps and updates a second by batch and
precision, beside PyTorch and Lucent where PYTHON has them. Everything has a time limit of its own,
all together that of --minutes; a second run goes on where the first one ended. Results:
FOLDER/accelerator/gpu/results.json and report.md.

--quick: small batches and few of everything, to try this script on any plug-in.
"""
import argparse
import functools
import json
import subprocess
import sys
import time
from pathlib import Path

import report
import suites
from programs import QUICK_TO_COMPILE, ROOT, Failed, Programs, Results, Skipped, last_line, stamp

# A network, its last layer, and the unit that pictures are made of.
NETWORKS = {"efficientnet-lite0": ("logits", "block_8/expand/conv:3"),
            "vgg16-trunk": ("block5_pool", "block2_conv2:3")}
ALL, SOME, FEW = (1, 8, 32, 128, 256), (1, 32, 256), (1, 8)
# What is measured, who, in which precision, at which batches: the most telling first.
PLAN = [("update", "fovea, recipe lucent", "bf16", ALL), ("update", "Lucent", "tf32", FEW),
        ("step", "fovea", "bf16", ALL), ("step", "PyTorch eager", "bf16", ALL),
        ("step", "PyTorch compile", "bf16", SOME), ("update", "fovea, recipe lucent", "tf32", SOME),
        ("step", "fovea", "tf32", SOME), ("step", "PyTorch eager", "tf32", SOME),
        ("update", "fovea, recipe fovea", "bf16", SOME), ("step", "fovea", "f32", SOME),
        ("step", "PyTorch eager", "f32", SOME), ("update", "fovea, recipe lucent", "f32", SOME),
        ("update", "Lucent", "f32", FEW), ("step", "PyTorch compile", "tf32", SOME)]
LARGER = [("update", "fovea, recipe lucent", "bf16", FEW), ("step", "fovea", "bf16", FEW),
          ("step", "PyTorch eager", "bf16", FEW)]    # of the second network
CORRECT = ("efficientnet-lite0", "pp-lcnet-orientation", "dinov2-small", "onet", "320n")
RUN_LIMIT, TEST_LIMIT = 120, 120    # seconds
SIDE = 224    # of pictures, as in torch_rows.py
INSTALL_LIMIT = 600
WHEELS = ("jax-cuda13-plugin[with-cuda]", "jax-cuda12-plugin[with-cuda]")


def found(build):
    """Plug-ins of accelerators that the command finds by itself."""
    done = subprocess.run([build / "fovea", "devices", "--json"], capture_output=True, text=True,
                          check=False)
    return [d["plugin"] for d in json.loads(done.stdout or "[]") if d["plugin"] and
            d["platform"] != "cpu" and not d["problem"]]


def installed(folder):
    """Plug-ins for NVIDIA in an environment of their own, which is made; those of the newest CUDA
    that pip can get."""
    for wheel in WHEELS:
        plugins = sorted(folder.glob("lib/python*/site-packages/jax_plugins/*/*.so"))
        if plugins:
            return plugins
        print(f"==> pip install {wheel} into {folder}", flush=True)
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", wheel],
                           check=False, timeout=INSTALL_LIMIT)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"    {error}", flush=True)
    return sorted(folder.glob("lib/python*/site-packages/jax_plugins/*/*.so"))


def choose_plugin(options):
    """The plug-in that is named, found, or can be installed."""
    if options.plugin:
        return options.plugin.resolve()
    plugins = found(options.build) or installed(options.cache / "accelerator" / "gpu-venv")
    if not plugins:
        sys.exit("there is no accelerator that fovea devices lists; a plug-in can be named: "
                 "./bootstrap accelerator --gpu PLUGIN.so")
    return Path(plugins[0])


class Clock:
    """The time that is left of all."""

    def __init__(self, minutes):
        self.end = time.monotonic() + 60 * minutes

    def limit(self, most):
        return max(1, min(most, self.end - time.monotonic()))

    def within(self, what):
        """Runs a part, if there is time; one that the end cuts short has not failed."""
        try:
            if time.monotonic() < self.end:
                return what()
        except Failed:
            if time.monotonic() < self.end:
                raise
        raise Skipped("the time is over: run it again, it goes on here")


def smoke(programs, clock):
    about = programs.device()
    photo = programs.folder / "grey.ppm"
    photo.write_bytes(b"P6 64 64 255\n" + bytes(range(256)) * 48)
    model = programs.models / "efficientnet-lite0.onnx"
    if not model.exists():
        raise Failed(f"no {model}: ./bootstrap models")
    programs.run(programs.fovea, "classify", model, photo, "--device", programs.plugin,
                 timeout=clock.limit(RUN_LIMIT))
    return f"{about['kind']}, {about['version']}; it classifies", about


def correct(programs, name, path, shape, clock):
    import networks
    programs.limit = clock.limit(RUN_LIMIT)
    return networks.compare(programs, path, shape)


def recipes(programs, clock):
    programs.test_limit = clock.limit(TEST_LIMIT)
    return suites.updates(programs, *suites.TWO)


def traces(programs, clock):
    programs.test_limit = clock.limit(TEST_LIMIT)
    return suites.peers(programs)


def ours(programs, model, kind, who, batch, precision, repeats, clock):
    """A step, or an update of a recipe, on the plug-in: (line, figures)."""
    layer, unit = NETWORKS[model]
    words = [layer]
    if kind == "update":
        words = [unit, "--recipe", who.split()[-1], "--size", SIDE]
    r = programs.bench(programs.models / f"{model}.onnx", *words, "--batch", batch, "--precision",
                       precision, "--repeats", repeats, timeout=clock.limit(RUN_LIMIT))
    memory = sum(r.get(k, 0) for k in ("argument_mb", "result_mb", "temporary_mb"))
    return rate(r["step_ms"], batch, first_ms=r["first_ms"], memory_mb=memory)


def theirs(programs, model, who, batch, precision, repeats, clock):
    """PyTorch's, or Lucent's, in a process of its own: (line, figures)."""
    module = "lucent" if who == "Lucent" else "torch"
    if module not in programs.peers:
        raise Skipped(f"{programs.torch} has no {module}")
    done = programs.run(programs.torch, ROOT / "tools/accelerator/torch_rows.py", model,
                        who.lower().split()[-1], precision, batch, "--repeats", repeats,
                        "--device", "cpu" if programs.quick else "cuda",
                        timeout=clock.limit(RUN_LIMIT))
    r = json.loads(last_line(done))
    return rate(r["ms"], batch, first_ms=r["first_ms"], memory_mb=r["memory_mb"])


def rate(ms, batch, **more):
    """Pictures' steps a second."""
    figures = {"ms": ms, "batch": batch, "a_second": 1e3 * batch / ms,
               **{k: v for k, v in more.items() if v}}
    return f"{ms:.4g} ms, {figures['a_second']:.4g} pictures a second", figures


def has(python, name):
    """Whether a Python has a module."""
    return not subprocess.run([python, "-c", "import importlib.util, sys; "
                               f"sys.exit(not importlib.util.find_spec('{name}'))"],
                              check=False).returncode


def rows(programs, clock):
    """[(part, what measures it)] of both plans."""
    repeats, out = 2 if programs.quick else 20, []
    for model, plan in zip(NETWORKS, (PLAN, LARGER)):
        if not (programs.models / f"{model}.onnx").exists():
            continue
        for kind, who, precision, batches in plan:
            for batch in (1, 2)[:len(batches)] if programs.quick else batches:
                a = (batch, precision, repeats, clock)
                if who.startswith("fovea"):
                    what = functools.partial(ours, programs, model, kind, who, *a)
                else:
                    what = functools.partial(theirs, programs, model, who, *a)
                out.append((f"{kind}: {model}: {who}: {precision}: {batch}", what))
    return out


def correctness(programs, options, clock):
    """[(part, what runs it)]: what is said of speed counts only where it is right."""
    out = []
    if has(sys.executable, "numpy") and has(sys.executable, "onnx"):
        import networks
        for name, path, shape in networks.find(options.cache, fetch=False):
            if name in (CORRECT[:2] if options.quick else CORRECT):
                out.append((f"network {name}", lambda n=name, p=path, s=shape:
                            correct(programs, n, p, s, clock)))
    else:
        print(f"  not run: networks next to the processor: {sys.executable} has no numpy and onnx")
    if (options.build / "tests/test_recipes").exists():
        out += [("recipes: the processor's", lambda: recipes(programs, clock)),
                ("recipes: their programs'", lambda: traces(programs, clock))]
    else:
        print("  not run: recipes next to others', whose tests are not built (ninja -C build)")
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--build", type=Path, required=True)
    p.add_argument("--cache", type=Path, required=True, help="with models/efficientnet-lite0.onnx")
    p.add_argument("--torch", default=sys.executable, metavar="PYTHON", help="with PyTorch, Lucent")
    p.add_argument("--quick", action="store_true", help="small, to try the script anywhere")
    p.add_argument("--minutes", type=float, default=8)
    p.add_argument("--again", action="store_true", help="also what was measured before")
    p.add_argument("plugin", type=Path, nargs="?", metavar="PLUGIN.so")
    options = p.parse_args()
    options.build = options.build.resolve()
    folder = options.cache / "accelerator" / ("gpu-quick" if options.quick else "gpu")
    programs = Programs(options.build, choose_plugin(options), folder,
                        QUICK_TO_COMPILE if options.quick else "")
    programs.models, programs.quick = options.cache / "models", options.quick
    programs.torch = options.torch
    programs.peers = [name for name in ("torch", "lucent") if has(options.torch, name)]
    clock = Clock(options.minutes)
    results, wrong = Results(folder / "results.json", options.again), []
    mark = stamp(programs.plugin, options.build / "libfovea.so", options.build / "fovea")
    todo = [("device", lambda: smoke(programs, clock)), *correctness(programs, options, clock),
            *rows(programs, clock)]
    for name, what in todo:
        if not results.do(name, mark, lambda what=what: clock.within(what)):
            wrong.append(name)
            if name == "device":
                break
    report.write_speed(results, folder / "report.md")
    print(f"==> {folder / 'report.md'} has the table, results.json all figures")
    if wrong:
        print(f"==> FAILED: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
