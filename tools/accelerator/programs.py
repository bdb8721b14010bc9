# SPDX-License-Identifier: Apache-2.0
"""Running the command and the tests' programs on a plug-in, and what was done already.

A folder of results has one JSON file, which is written after every part: what a part said, how long
it took, and a stamp of the plug-in and of the programs that it ran. A part whose stamp is the same
is not run again."""
import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Many small programs that run once: fast to compile is better than fast to run.
QUICK_TO_COMPILE = ("--xla_backend_optimization_level=0 "
                    "--xla_llvm_disable_expensive_passes=true")


class Failed(Exception):
    """A part that went wrong; the text says how, in one line."""


class Skipped(Exception):
    """A part that cannot be tried here; the text says why."""


def last_line(text):
    lines = [x.strip() for x in text.splitlines() if x.strip() and " note: " not in x]
    return lines[-1][:300] if lines else "it said nothing"


class Programs:
    """The build's programs, on one plug-in.

    flags  XLA_FLAGS of all that is run; "": as the plug-in is by itself
    """

    limit, test_limit = 600, 3600    # seconds of a command, of a program of the tests

    def __init__(self, build, plugin, folder, flags=""):
        self.build, self.plugin, self.folder = Path(build), Path(plugin), Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment = dict(os.environ, OMP_WAIT_POLICY="passive", XLA_FLAGS=flags,
                                TF_CPP_MIN_LOG_LEVEL="3")

    @property
    def fovea(self):
        return self.build / "fovea"

    def start(self, *command, cache=None, before=None):
        """A program that runs from the project's folder; cache: in place of ~/.cache."""
        environment = dict(self.environment, **({"XDG_CACHE_HOME": str(cache)} if cache else {}))
        return subprocess.Popen([str(c) for c in command], cwd=ROOT, env=environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=before, start_new_session=True)

    @staticmethod
    def end(process, timeout):
        """Its stdout; Failed with what it said last."""
        try:
            out, said = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed(f"took longer than {timeout:.0f} s") from error
        if process.returncode:
            name = Path(process.args[0]).name
            raise Failed(f"{name} ended with {process.returncode}: {last_line(said or out)}")
        return out

    def run(self, *command, timeout=None, **how):
        return self.end(self.start(*command, **how), timeout or self.limit)

    def test(self, name, *arguments):
        """A program of the tests; Failed with the first failure that it tells."""
        timeout = self.test_limit
        process = self.start(self.build / "tests" / name, *arguments)
        out, said = "", ""
        try:
            out, said = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed(f"took longer than {timeout:.0f} s") from error
        if process.returncode:
            bad = [x for x in (out + said).splitlines() if "FAILED" in x or "ERROR" in x]
            raise Failed(f"{Path(name).name} ended with {process.returncode}: "
                         f"{'; '.join(bad[:4]) if bad else last_line(said or out)}"[:400])
        return out

    def bench(self, *words, **how):
        """`fovea bench` on the plug-in, as a dictionary."""
        return json.loads(self.run(self.fovea, "bench", *words, "--device", self.plugin, "--json",
                                   "--quiet", **how))

    def device(self):
        """What `fovea devices` says of the plug-in's first device."""
        self.environment["FOVEA_PJRT_PLUGIN"] = str(self.plugin)
        for device in json.loads(self.run(self.fovea, "devices", "--json")):
            if device["plugin"] == str(self.plugin):
                if device["problem"]:
                    raise Failed(device["problem"])
                return device
        raise Failed(f"{self.plugin} is not among what fovea devices lists")


class Results:
    """What the parts said, in a file that is written after each."""

    def __init__(self, path, again=False):
        self.path, self.again = Path(path), again
        self.parts = {}
        if self.path.exists():
            self.parts = json.loads(self.path.read_text(encoding="utf-8"))

    def keep(self):
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.parts, indent=1) + "\n", encoding="utf-8")
        part.replace(self.path)

    def do(self, name, stamp, what):
        """Runs one part, unless it was right with the same stamp; says its line.

        what     returns the line, or (line, figures)
        returns  whether it was right, or skipped
        """
        done = self.parts.get(name)
        if done and done["stamp"] == stamp and done["state"] == "right" and not self.again:
            print(f"  {name}: {done['text']} (before)", flush=True)
            return True
        start = time.monotonic()
        figures, state = None, "right"
        try:
            text = what()
            if isinstance(text, tuple):
                text, figures = text
        except Skipped as error:
            text, state = f"skipped: {error}", "skipped"
        except (Failed, OSError, ValueError, LookupError, AttributeError) as error:
            text, state = f"FAILED: {error}", "failed"
        seconds = time.monotonic() - start
        self.parts[name] = {"state": state, "text": text, "seconds": round(seconds, 1),
                            "stamp": stamp, "figures": figures}
        self.keep()
        print(f"  {name}: {text} ({seconds:.0f} s)", flush=True)
        return state != "failed"


def stamp(plugin, *files):
    """A hash of the programs' bytes, and of which plug-in it is."""
    about = os.stat(plugin)
    h = hashlib.sha256(f"{plugin} {about.st_size} {int(about.st_mtime)}".encode())
    for path in files:
        h.update(Path(path).read_bytes())
    return h.hexdigest()[:16]


def relative(a, b):
    """The largest difference, of the largest magnitude of b."""
    import numpy as np    # which measuring speed does without
    if a.shape != b.shape:
        return float("inf")
    off = np.abs(a.astype(np.float64) - b)
    return float("inf") if np.isnan(off).any() else float(off.max() / max(np.abs(b).max(), 1e-30))
