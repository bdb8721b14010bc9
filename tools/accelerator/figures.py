# SPDX-License-Identifier: Apache-2.0
"""What an update costs on a plug-in: bytes it copies, and how long the first takes."""
import json
import tempfile

RECIPES = ("fovea", "fovea-layer", "lucid", "maco", "wolfram")
BATCHES = (1, 8)
LAYER, CHANNEL = "block_8/expand/conv", 3
SIZE = 64
REPEATS = 2


def crossing(programs, model):
    """Bytes of one picture's update if only the network were on the device: pictures and the
    target's gradient in, the target and the pictures' gradient out."""
    said = json.loads(programs.run(programs.fovea, "layers", model, "--size", SIZE, "--json"))
    (shape,) = [x["output_shape"] for x in said["layers"] if x["name"] == LAYER]
    target = 4 * shape[1] * shape[2] * shape[3]
    return 2 * (3 * SIZE * SIZE * 4 + target)


def twice(programs, *words):
    """What bench says with an empty folder of programs, then with theirs."""
    with tempfile.TemporaryDirectory(dir=programs.folder) as cache:
        return [programs.bench(*words, "--size", SIZE, "--repeats", REPEATS, cache=cache)
                for _ in range(2)]


def step(programs, model, batch):
    """The network's step at one batch: (line, figures)."""
    first, again = twice(programs, model, LAYER, "--batch", batch)
    out = {"first_ms": first["first_ms"], "first_kept_ms": again["first_ms"],
           **{k: v for k, v in first.items() if k.endswith("_mb")}}
    return (f"the first after {out['first_ms'] / 1e3:.1f} s, {out['first_kept_ms'] / 1e3:.1f} s "
            "with kept programs"), out


def update(programs, model, recipe, batch):
    """One recipe at one batch: (line, figures)."""
    first, again = twice(programs, model, f"{LAYER}:{CHANNEL}", "--recipe", recipe, "--batch",
                         batch)
    out = {"to_device": again["to_device"], "from_device": again["from_device"],
           "crossing": batch * crossing(programs, model), "first_ms": first["first_ms"],
           "first_kept_ms": again["first_ms"], "update_ms": again["step_ms"],
           "peak_mb": first["peak_rss_mb"]}
    return (f"{out['to_device']:.0f} bytes in, {out['from_device']:.0f} out an update; the first "
            f"after {out['first_ms'] / 1e3:.1f} s, {out['first_kept_ms'] / 1e3:.1f} s with kept "
            "programs"), out
