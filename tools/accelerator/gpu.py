# SPDX-License-Identifier: Apache-2.0
"""What an accelerator is worth: one prepared run on a machine that has one.

    python gpu.py --build FOLDER --cache FOLDER [--quick] [--minutes M] [--again] [PLUGIN.so]

It needs the built command and a plug-in: PLUGIN.so, else what `fovea devices` finds, else the wheel
for NVIDIA that pip can install. In order: it is found and classifies; networks and recipes are
right on it; steps and updates a second by batch and precision, beside PyTorch and Lucent where this
Python has them. Everything has a time limit of its own, all together that of --minutes; a second
run goes on where the first one ended. Results: FOLDER/gpu/results.json and report.md.

--quick: small batches and few of everything, to try this script on any plug-in.
"""
import argparse
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import report
from programs import QUICK_TO_COMPILE, ROOT, Failed, Programs, Results, Skipped, last_line, stamp

UNIT = "block_8/expand/conv:3"
PRECISIONS = ("bf16", "f32", "tf32")
BATCHES, QUICK_BATCHES = (1, 8, 32, 128, 256), (1, 2)
CORRECT = ("efficientnet-lite0", "pp-lcnet-orientation", "dinov2-small", "onet", "320n")
RUN_LIMIT, TEST_LIMIT = 90, 120    # seconds
WHEELS = ("jax-cuda13-pjrt", "jax-cuda12-pjrt")


def found(build):
    """Plug-ins of accelerators that the command finds by itself."""
    done = subprocess.run([build / "fovea", "devices", "--json"], capture_output=True, text=True,
                          check=False)
    return [d["plugin"] for d in json.loads(done.stdout or "[]") if d["plugin"] and
            d["platform"] != "cpu" and not d["problem"]]


def choose_plugin(options):
    """The plug-in that is named, found, or can be installed."""
    if options.plugin:
        return options.plugin.resolve()
    plugins = found(options.build)
    for wheel in () if plugins else WHEELS:
        print(f"==> pip install {wheel}", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", wheel], check=False,
                       timeout=300)
        plugins = found(options.build)
        if plugins:
            break
    if not plugins:
        sys.exit("there is no accelerator that fovea devices lists; a plug-in can be named: "
                 "./bootstrap accelerator --gpu PLUGIN.so")
    return Path(plugins[0])


class Clock:
    """The time that is left of all."""

    def __init__(self, minutes):
        self.end = time.monotonic() + 60 * minutes

    def limit(self, most):
        left = self.end - time.monotonic()
        if left < 5:
            raise Skipped("the time is over: run it again, it goes on here")
        return min(most, left)


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
    import check
    programs.test_limit = clock.limit(TEST_LIMIT)
    return check.updates(programs, *check.TWO)


def traces(programs, clock):
    import check
    programs.test_limit = clock.limit(TEST_LIMIT)
    return check.peers(programs)


def step(programs, model, layer, batch, precision, repeats, clock):
    """A step to a layer and back on the plug-in: (line, figures)."""
    r = programs.bench(programs.models / f"{model}.onnx", layer, "--batch", batch, "--precision",
                       precision, "--repeats", repeats, timeout=clock.limit(RUN_LIMIT))
    return rate(r["step_ms"], batch, memory_mb=r.get("device_mb"))


def update(programs, model, recipe, batch, precision, repeats, clock):
    """An update of a recipe on the plug-in: (line, figures)."""
    r = programs.bench(programs.models / f"{model}.onnx", UNIT, "--recipe", recipe, "--batch",
                       batch, "--precision", precision, "--repeats", repeats,
                       timeout=clock.limit(RUN_LIMIT))
    return rate(r["step_ms"], batch, first_ms=r["first_ms"])


def peer(programs, options, model, mode, batch, precision, repeats, clock):
    """PyTorch's, or Lucent's, in a process of its own: (line, figures)."""
    device = "cpu" if options.quick else "cuda"
    done = programs.run(sys.executable, ROOT / "tools/accelerator/torch_rows.py", model, mode,
                        precision, batch, "--repeats", repeats, "--device", device,
                        timeout=clock.limit(RUN_LIMIT))
    r = json.loads(last_line(done))
    return rate(r["ms"], batch, first_ms=r["first_ms"], memory_mb=r["memory_mb"])


def rate(ms, batch, **more):
    """Pictures' steps a second."""
    figures = {"ms": ms, "batch": batch, "a_second": 1e3 * batch / ms,
               **{k: v for k, v in more.items() if v}}
    return f"{ms:.4g} ms, {figures['a_second']:.4g} pictures a second", figures


def has(*names):
    return all(importlib.util.find_spec(name) for name in names)


def rows(programs, options, clock):
    """[(part, what measures it)], the most telling first."""
    batches = QUICK_BATCHES if options.quick else BATCHES
    repeats = 2 if options.quick else 20
    precisions = PRECISIONS[:2] if options.quick else PRECISIONS
    model, out = "efficientnet-lite0", []
    for precision in precisions:
        for batch in batches:
            a = (batch, precision, repeats, clock)
            key = f"{precision}, batch {batch}"
            out.append((f"step: fovea, {key}", lambda a=a: step(programs, model, "logits", *a)))
            out += [(f"update: fovea, recipe {r}, {key}",
                     lambda a=a, r=r: update(programs, model, r, *a)) for r in ("fovea", "lucent")]
            if has("torch"):
                out += [(f"step: PyTorch {m}, {key}",
                         lambda a=a, m=m: peer(programs, options, model, m, *a))
                        for m in ("eager", "compile")]
            if has("torch", "lucent"):
                out.append((f"update: Lucent, {key}",
                            lambda a=a: peer(programs, options, model, "lucent", *a)))
    return out


def correctness(programs, options, clock):
    """[(part, what runs it)]: what is said of speed counts only where it is right."""
    out = []
    if has("numpy", "onnx"):
        import networks
        for name, path, shape in networks.find(options.cache, fetch=False):
            if name in (CORRECT[:2] if options.quick else CORRECT):
                out.append((f"network {name}", lambda n=name, p=path, s=shape:
                            correct(programs, n, p, s, clock)))
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
    p.add_argument("--quick", action="store_true", help="small, to try the script anywhere")
    p.add_argument("--minutes", type=float, default=8)
    p.add_argument("--again", action="store_true", help="also what was measured before")
    p.add_argument("plugin", type=Path, nargs="?", metavar="PLUGIN.so")
    options = p.parse_args()
    options.build = options.build.resolve()
    clock = Clock(options.minutes)
    folder = options.cache / "accelerator" / ("gpu-quick" if options.quick else "gpu")
    programs = Programs(options.build, choose_plugin(options), folder,
                        QUICK_TO_COMPILE if options.quick else "")
    programs.models = options.cache / "models"
    results, wrong = Results(folder / "results.json", options.again), []
    mark = stamp(programs.plugin, options.build / "libfovea.so", options.build / "fovea")
    todo = [("device", lambda: smoke(programs, clock)), *correctness(programs, options, clock),
            *rows(programs, options, clock)]
    for name in ("torch", "lucent"):
        if not has(name):
            print(f"  not measured: this Python has no {name} (pip install "
                  f"{'torch-lucent' if name == 'lucent' else name})")
    for name, what in todo:
        if not results.do(name, mark, what):
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
