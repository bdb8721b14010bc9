# SPDX-License-Identifier: Apache-2.0
"""Running the programs that are measured: ours anew for each round, PyTorch's as a process that
waits, asleep, while others have the machine."""
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
LEAST = 0.6        # seconds a round of steps lasts, about
MOST_STEPS = 20
FAR_SLOWER = 3     # times eager: of such a mode the last step of warming up is the measurement

# Everybody's own habit of waiting, whatever this process was started with.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}


class Failed(Exception):
    """A measurement that could not be made; the text says why."""


def say(text):
    print(f"    {text}", file=sys.stderr, flush=True)


def steps_for(ms, most=MOST_STEPS):
    """How many steps fill a round."""
    return max(1, min(most, round(1e3 * LEAST / max(ms, 1e-3))))


def run(command, timeout=None, **options):
    """A program's stdout; Failed with what it said last."""
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                              env=ENVIRONMENT, stdin=subprocess.DEVNULL, timeout=timeout,
                              check=False, **options)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"longer than {timeout:.0f} s") from error
    if done.returncode:
        told = [x for x in (done.stderr or done.stdout).split("\n") if x and " note: " not in x]
        raise Failed(f"{Path(command[0]).name} ended with {done.returncode}: "
                     f"{told[-1][:200] if told else 'it said nothing'}")
    return done.stdout


def seconds_of(command, **options):
    """Wall-clock seconds of a whole program."""
    start = time.perf_counter()
    run(command, **options)
    return time.perf_counter() - start


class Worker:
    """A process of worker.py. It is asleep between orders."""

    def __init__(self, context, name, batch=1, size=224, threads=None):
        command = [context.python, HERE / "worker.py", name, "--weights", context.weights,
                   "--state", context.network(name).with_suffix(".pt"), "--batch", batch,
                   "--size", size, "--threads", threads or context.threads]
        self.log = open(context.cache / "worker.log", "a", encoding="utf-8")
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log,
                                        env=dict(ENVIRONMENT, **context.variables),
                                        start_new_session=True)
        self.rest = b""
        try:
            self.answer(300)
        except Failed:
            self.stop()
            raise

    def answer(self, timeout):
        end = time.monotonic() + timeout
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], end - time.monotonic())
            if not ready:
                self.kill()    # it would go on beside what is measured next
                raise Failed(f"not done after {timeout:.0f} s")
            got = os.read(self.process.stdout.fileno(), 65536)
            if not got:
                raise Failed("PyTorch's process ended; see worker.log in the cache folder")
            self.rest += got
        line, _, self.rest = self.rest.partition(b"\n")
        told = json.loads(line)
        if "error" in told:
            raise Failed(told["error"])
        return told

    def ask(self, timeout=900, **order):
        if self.process.poll() is not None:
            raise Failed("PyTorch's process has ended")
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        return self.answer(timeout)

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)    # with the compilers it has started
            self.process.wait()

    def stop(self):
        self.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Ours:
    """One way of `fovea bench`: a new process a round, which warms itself up."""

    def __init__(self, context, model, target, *options):
        self.command = [context.fovea, "bench", model, target, "--json", "--threads",
                        context.threads, *options]
        self.rss = 0

    def ask(self, repeats):
        told = json.loads(run([*self.command, "--repeats", repeats]))
        self.rss = max(self.rss, told["peak_rss_mb"])
        return told

    def prepare(self):
        told = self.ask(2)
        return {"ms": told["step_ms"], "rss_mb": told["peak_rss_mb"],
                "precision": told.get("precision", "f32")}

    def run(self, steps):
        return self.ask(steps)["step_ms"]


class Theirs:
    """One mode of a worker."""

    def __init__(self, worker, mode, limit=900):
        self.worker, self.mode, self.limit, self.rss = worker, mode, limit, 0

    def prepare(self):
        told = self.worker.ask(self.limit, do="prepare", mode=self.mode)
        self.rss = told["rss_mb"]
        return told

    def run(self, steps):
        return median(self.worker.ask(do="run", mode=self.mode, steps=steps)["ms"])


def interleaved(sides, rounds, first):
    """Measures all sides in turn, A B C A B C, and gives {side: {"ms", "rounds", "rss_mb"}}.

    sides  {name: Ours or Theirs}, in the order of running
    first  the side that tells what is far slower; it stands first among PyTorch's
    """
    results, steps = {}, {}
    for name, side in sides.items():
        try:
            told = side.prepare()
        except Failed as error:
            results[name] = {"failed": str(error)}
            say(f"{name}: {error}")
            continue
        results[name] = {"warm_up_ms": told["ms"], "rss_mb": told["rss_mb"], "rounds": []}
        if "precision" in told:
            results[name]["precision"] = told["precision"]
        steps[name] = steps_for(told["ms"])
    usual = results.get(first, {}).get("warm_up_ms", 0)
    for _ in range(rounds):
        for name in steps:
            entry = results[name]
            if usual and entry["warm_up_ms"] > FAR_SLOWER * usual:
                entry["rounds"] = [entry["warm_up_ms"]]
            else:
                entry["rounds"].append(sides[name].run(steps[name]))
    for name in steps:
        entry = results[name]
        entry["ms"] = median(entry["rounds"])
        say(f"{name}: {entry['ms']:.2f} ms")
    return results
