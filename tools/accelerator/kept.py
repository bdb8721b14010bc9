# SPDX-License-Identifier: Apache-2.0
"""The folder of compiled programs, on a real plug-in: damaged in every way, and used by two
processes at once. Whatever is there, the result is that of a program just compiled, and every file
left is whole."""
import hashlib
import os
import resource
import shutil
import signal
import tempfile
from pathlib import Path

import numpy as np

from programs import ROOT, Failed

HEAD = 65    # a hash in hexadecimal digits, and a newline
MODEL, OBJECTIVE = ROOT / "tests" / "data" / "cli" / "tiny.onnx", "head/conv:1"
PROGRAMS = 2      # of a gradient: forward and backward
ROUNDS = 4        # of two processes


def is_whole(path):
    """Whether a file begins with the hash of its name's key and of the rest."""
    data = path.read_bytes()
    key = path.name.removesuffix(".program").encode()
    return data[:HEAD] == hashlib.sha256(key + data[HEAD:]).hexdigest().encode() + b"\n"


class Folder:
    """A cache folder of its own, and a gradient that is computed with it."""

    def __init__(self, programs, top):
        self.programs, self.top = programs, Path(top)
        self.kept = self.top / "fovea" / "programs"
        x = np.random.default_rng(0).random((1, 3, 32, 32), dtype=np.float32)
        np.save(self.top / "x.npy", x)

    def start(self, out="g.npy", before=None):
        return self.programs.start(
            self.programs.fovea, "gradient", MODEL, "--input", self.top / "x.npy", "--objective",
            OBJECTIVE, "-o", self.top / out, "--device", self.programs.plugin, "--quiet",
            cache=self.top, before=before)

    def gradient(self, before=None):
        (self.top / "g.npy").unlink(missing_ok=True)
        self.programs.end(self.start(before=before), 300)
        return np.load(self.top / "g.npy")

    def files(self):
        return sorted(self.kept.glob("*.program")) if self.kept.is_dir() else []

    def check(self, want, what, least=PROGRAMS, before=None):
        """The right result, and all files that are left are whole.  least  how many there are"""
        if not np.array_equal(self.gradient(before), want):
            raise Failed(f"{what}: the result is another")
        others = [p.name for p in self.kept.iterdir() if p.suffix != ".program"] \
            if self.kept.is_dir() else []
        bad = [p.name for p in self.files() if p.is_file() and not is_whole(p)]
        if bad or others:
            raise Failed(f"{what}: left damaged: {', '.join(bad + others)}")
        whole = [p for p in self.files() if p.is_file()]
        if len(whole) < least:
            raise Failed(f"{what}: {len(whole)} programs are kept, not {least}")


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path):
    path.write_bytes(b"")


def forbid(path):
    path.chmod(0)


def make_folder(path):
    path.unlink()
    path.mkdir()
    (path / "x").write_bytes(b"x")


def no_room():
    """No file may become as large as a program: as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 10, 16 << 10))


def damage(programs):
    """Every damage in turn: (line, None)."""
    with tempfile.TemporaryDirectory(dir=programs.folder) as top:
        f = Folder(programs, top)
        want = f.gradient()
        if len(f.files()) != PROGRAMS:
            raise Failed(f"{len(f.files())} programs are kept, not {PROGRAMS}")
        f.check(want, "undamaged")
        times = [p.stat().st_mtime_ns for p in f.files()]
        f.check(want, "a second time")
        if [p.stat().st_mtime_ns for p in f.files()] == times:
            raise Failed("programs that are kept are not used")
        ways = {"cut short": truncate, "a bit flipped": flip, "empty": empty,
                "unreadable": forbid}
        for what, how in ways.items():
            for path in f.files():
                how(path)
            f.check(want, what)
        one, other = f.files()
        shutil.copyfile(one, other)
        f.check(want, "another program's content")
        for path in f.files():
            make_folder(path)
        f.check(want, "folders of their names", least=0)
        shutil.rmtree(f.kept)
        f.check(want, "a disk that is full", least=0, before=no_room)
        f.check(want, "room again")
        shutil.rmtree(f.kept)
        f.kept.mkdir(mode=0o500)
        f.check(want, "a folder that may not be written", least=0)
        f.kept.chmod(0o700)
        shutil.rmtree(f.kept)
        f.kept.write_bytes(b"")
        f.check(want, "a file in the folder's place", least=0)
        ways = len(ways) + 5
    owner = "; as root nothing is unreadable" if os.geteuid() == 0 else ""
    return f"{ways} kinds of damage, the right result after each{owner}", None


def at_once(programs):
    """Two processes that compile the same programs into an empty folder: (line, None)."""
    with tempfile.TemporaryDirectory(dir=programs.folder) as top:
        f = Folder(programs, top)
        want = f.gradient()
        for _ in range(ROUNDS):
            shutil.rmtree(f.kept)
            both = [f.start("a.npy"), f.start("b.npy")]
            for process in both:
                programs.end(process, 300)
            for name in "a.npy", "b.npy":
                if not np.array_equal(np.load(f.top / name), want):
                    raise Failed("the results differ")
            f.check(want, "two processes")
    return f"{ROUNDS} times two, the right results, the folder is whole", None
