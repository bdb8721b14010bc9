# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of a measurement: a process that waits for orders on stdin and answers in JSON.

    python worker.py NAME --weights WHEEL --threads N [--batch N] [--size N]

Orders, one JSON object a line:
    {"do": "prepare", "mode": M}                 runs a few steps; answers {"ms", "rss_mb"}
    {"do": "run", "mode": M, "steps": N}         answers {"ms": [each step's]}
    {"do": "gradient", "channel": C, "out": F}   the gradient of a channel's mean, as NPY
    {"do": "idle", "seconds": S}                 sleeps; answers {"cpu": processor seconds used}
    {"do": "threads", "count": N}
Modes: eager, channels-last, bf16 (autocast), compile (torch.compile): forward to what the network
gives, backward to its input. lucent: Lucent's render_vis with its own defaults; a step is an update
of the picture, and what is around the steps (start, last picture) is counted in.
"""
import argparse
import copy
import json
import os
import resource
import sys
import time
from pathlib import Path

WARM_UP = 3
SLOW_MS = 3000    # a step as long as this needs no warming up
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)    # whatever a package prints is no answer

import numpy as np  # noqa: E402
import torch  # noqa: E402

import networks  # noqa: E402


class Step:
    """Forward and the gradient at the input, in one of PyTorch's modes."""

    def __init__(self, net, mode, batch, size):
        self.net, self.x, self.bf16 = net, networks.picture(batch, size), mode == "bf16"
        if mode == "channels-last":
            self.net = copy.deepcopy(net).to(memory_format=torch.channels_last)
            self.x = self.x.contiguous(memory_format=torch.channels_last)
        elif mode == "compile":
            self.net = torch.compile(net)
        self.x.requires_grad_(True)
        self.ones = None

    def run(self):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            y = self.net(self.x)
        if self.ones is None:
            self.ones = torch.ones_like(y)
        return torch.autograd.grad(y, self.x, self.ones)[0]

    def times(self, steps):
        out = []
        for _ in range(steps):
            start = time.perf_counter()
            self.run()
            out.append(1e3 * (time.perf_counter() - start))
        return out


class Lucent:
    """Lucent's loop with its own picture, transforms and optimizer."""

    def __init__(self, net, layer, size):
        networks.stand_in_for_displays()
        from lucent.optvis import param, render
        self.net, self.layer, self.size = net, layer, size
        self.param, self.render = param, render

    def run(self, steps=1):
        (picture,) = self.render.render_vis(
            self.net, f"{self.layer}:11", lambda: self.param.image(self.size),
            thresholds=(steps,), progress=False, show_image=False)
        return picture

    def times(self, steps):
        start = time.perf_counter()
        self.run(steps)
        return [1e3 * (time.perf_counter() - start) / steps]


class Worker:
    def __init__(self, options):
        self.options, self.runs = options, {}
        state = options.state if options.state and options.state.exists() else None
        self.net = networks.make(options.name, options.weights, state)

    def mode(self, name):
        if name not in self.runs:
            told, o = networks.NETWORKS[self.options.name], self.options
            self.runs[name] = (Lucent(self.net, told.lucent, o.size) if name == "lucent"
                               else Step(self.net, name, o.batch, o.size))
        return self.runs[name]

    def prepare(self, order):
        run = self.mode(order["mode"])
        for i in range(WARM_UP):
            ms = run.times(1)[0]
            if ms > SLOW_MS and (i or order["mode"] != "compile"):    # its first step compiles
                break
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"ms": ms, "rss_mb": rss}

    def run(self, order):
        return {"ms": self.mode(order["mode"]).times(order["steps"])}

    def gradient(self, order):
        x = networks.picture(1, self.options.size).requires_grad_(True)
        y = self.net(x)[:, order["channel"]].mean()
        np.save(order["input"], x.detach().numpy())
        np.save(order["out"], torch.autograd.grad(y, x)[0].numpy())
        return {}

    def idle(self, order):
        self.mode("eager").run()
        before = time.process_time()
        time.sleep(order["seconds"])
        return {"cpu": time.process_time() - before}

    def threads(self, order):
        torch.set_num_threads(order["count"])
        return {}

    def serve(self):
        self.answer({"ready": True})
        for line in sys.stdin:
            order = json.loads(line)
            try:
                self.answer(getattr(self, order["do"])(order))
            except Exception as error:  # the asker decides what it means
                text = f"{type(error).__name__}: {error}"
                self.answer({"error": " ".join(text.split())[:300]})

    @staticmethod
    def answer(what):
        answers.write(json.dumps(what) + "\n")
        answers.flush()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("name", choices=sorted(networks.NETWORKS))
    p.add_argument("--weights", type=Path, required=True, help="wheel with EfficientNet-Lite0")
    p.add_argument("--state", type=Path, help="the network's weights, as networks.py wrote them")
    p.add_argument("--threads", type=int, required=True)
    p.add_argument("--batch", type=int, default=1)
    p.add_argument("--size", type=int, default=networks.SIDE)
    options = p.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    Worker(options).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
