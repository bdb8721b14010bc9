#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares networks with Darknet itself:  darknet.py FOVEA [NAME...]

The .cfg files of Debian's package darknet, through its library; their weights are random, with
spread statistics. A row each: the largest difference of the network's last value, of the largest
number. Darknet has no gradients to compare with. Needs numpy."""
import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

LIBRARY, CONFIGURATIONS = "/usr/lib/darknet/libdarknet.so", Path("/usr/share/darknet/cfg")
NAMES = ["tiny", "darknet", "darknet19", "alexnet", "cifar", "resnet18", "resnet50", "resnext50",
         "densenet201", "darknet53", "extraction", "vgg-conv", "yolov1-tiny", "yolov2-tiny",
         "yolov3-tiny", "yolov2", "yolov3", "yolov3-spp"]


def load_library():
    """Darknet's functions, with their types."""
    library = ctypes.CDLL(LIBRARY)
    library.load_network.restype = ctypes.c_void_p
    library.load_network.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    library.save_weights.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.set_batch_network.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.network_predict.restype = ctypes.POINTER(ctypes.c_float)
    library.network_predict.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.free_network.argtypes = [ctypes.c_void_p]
    return library


def one_picture(text):
    """The configuration for one picture at a time, and without the softmax, behind which random
    weights give one class everything."""
    text = text.split("[softmax]")[0]
    lines = [f"{key}=1" if (key := line.replace(" ", "").partition("=")[0]) in
             ("batch", "subdivisions") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def outline(text):
    """The input's shape, and the name of the last layer that computes something."""
    lines = [line.replace(" ", "") for line in text.splitlines()]
    names = [line.strip("[]") for line in lines if line.startswith("[")][1:]
    first = lines[:[i for i, line in enumerate(lines) if line.startswith("[")][1]]
    options = dict(line.split("=") for line in first if "=" in line and line[0] != "#")
    shape = 1, int(options.get("channels", 3)), int(options["height"]), int(options["width"])
    last = len(names) - 1
    return shape, f"{names[last]}_{last}"


def runs(numbers):
    """Where runs of equal numbers begin and end."""
    edges = numpy.flatnonzero(numpy.diff(numbers)) + 1
    return zip([0, *edges.tolist()], [*edges.tolist(), len(numbers)])


def spread(path, random):
    """A network that was never trained has biases, means and variances of 0 and scales of 1: behind
    n ones stand n means and n variances."""
    data = path.read_bytes()
    head = 12 if numpy.frombuffer(data, "<i4", 2)[1] < 2 else 20
    numbers = numpy.frombuffer(data[head:], "<f4").copy()
    scales = 0
    for begin, end in list(runs(numbers)):
        value, n = numbers[begin], end - begin
        if value == 1:
            numbers[begin:end] = random.uniform(0.7, 1.3, n)
        elif value == 0:
            numbers[begin:end] = random.uniform(-0.1, 0.1, n)
            numbers[begin + scales:begin + 2 * scales] = random.uniform(0.7, 1.3, scales)
        scales = n if value == 1 else 0
    path.write_bytes(data[:head] + numbers.tobytes())


def fovea(program, *words):
    """Runs the command, or fails with its complaint."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def row(program, library, name, folder):
    """The error of one network."""
    configuration, weights = folder / f"{name}.cfg", folder / f"{name}.weights"
    configuration.write_text(one_picture((CONFIGURATIONS / f"{name}.cfg").read_text()))
    paths = str(configuration).encode(), str(weights).encode()
    random = numpy.random.default_rng(5)
    network = library.load_network(paths[0], None, 0)
    library.save_weights(network, paths[1])
    library.free_network(network)
    spread(weights, random)
    network = library.load_network(*paths, 0)
    library.set_batch_network(network, 1)
    shape, last = outline(configuration.read_text())
    x = random.uniform(0, 1, shape).astype("<f4")
    numpy.save(folder / "x.npy", x)
    fovea(program, "run", configuration, "--input", folder / "x.npy", "-l", last,
          "-o", folder / "y.npy")
    got = numpy.load(folder / "y.npy").ravel()
    found = library.network_predict(network, x.ctypes.data)
    right = numpy.ctypeslib.as_array(found, (got.size,)).copy()
    library.free_network(network)
    size = weights.stat().st_size / 1e6
    weights.unlink()
    error = abs(got - right).max() / abs(right).max()
    return f"| {name} | {size:.0f} MB | {error:.1e} |", not error <= 1e-4


def main():
    """Every network, or those named; its exit is 1 where one does not agree."""
    library, failed = load_library(), False
    print("| network | weights | value |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[2:] or NAMES:
            try:
                line, bad = row(sys.argv[1], library, name, Path(folder))
            except (OSError, RuntimeError, ValueError) as problem:
                line, bad = f"| {name} | | {problem} |", True
            failed |= bool(bad)
            print(line, flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
