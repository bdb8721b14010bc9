#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of docs/getting-a-model.md:  pages.py FOVEA CACHE [HEADING...]

CACHE has the environments, venv-NAME each. Blocks of Python and of the shell are run in the order
of the page, below headings that end in "(run)"; of the table, the commands of rows that end in yes,
on a file that is made here. What they write, `fovea layers` must read."""
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/getting-a-model.md"
# Which environment has the program; the others' are in that of PyTorch.
ENVIRONMENTS = {"Keras 3": "tensorflow", "TensorFlow": "tensorflow",
                "TensorFlow Lite": "tensorflow", "JAX": "jax",
                "the graph of a TensorFlow checkpoint (.meta)": "tensorflow",
                "a TensorFlow graph as text (.pbtxt)": "tensorflow"}

# torchvision, which timm imports, needs its compiled operators, or their names where its wheel is
# of another build than PyTorch's.
TORCHVISION = """
import sys, torch
try:
    import torchvision
except RuntimeError:
    for name in [m for m in sys.modules if m.startswith("torchvision")]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "roi_align", "_roi_align_backward", "roi_pool", "_roi_pool_backward",
                 "ps_roi_align", "_ps_roi_align_backward", "ps_roi_pool", "qnms", "qroi_align",
                 "_ps_roi_pool_backward", "deform_conv2d", "_deform_conv2d_backward"):
        library.define(name + "(Tensor x) -> Tensor")
"""
NET = """
import torch
class NET(torch.nn.Sequential):
    def __init__(self):
        super().__init__(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
net = NET().eval()
x = torch.zeros(1, 3, 224, 224)
"""
GRAPH = """
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
x = tf.placeholder(tf.float32, (1, 16, 16, 3))
"""
# What makes FILE of each row.
MAKERS = {
    "the graph of a TensorFlow checkpoint (.meta)": (
        "net.meta", GRAPH + "tf.nn.conv2d(x, tf.get_variable('w', (3, 3, 3, 4)), 1, 'SAME',"
        " name='OUTPUT')\ns = tf.Session()\ns.run(tf.global_variables_initializer())\n"
        "tf.train.Saver().save(s, './net')"),
    "a TensorFlow graph as text (.pbtxt)": (
        "net.pbtxt", GRAPH + "tf.nn.relu(x)\n"
        "tf.io.write_graph(tf.get_default_graph(), '.', 'net.pbtxt', True)"),
    "a TorchScript file": ("net.pt", 'torch.jit.trace(net, x).save("net.pt")'),
    "a whole PyTorch module of torch.save": (
        "net.pt", 'torch.save(torch.nn.Sequential(*net), "net.pt")'),
    "a whole PyTorch module (before 1.6)": (
        "net.pt", 'torch.save(torch.nn.Sequential(*net), "net.pt",'
        ' _use_new_zipfile_serialization=False)'),
    "a PyTorch state_dict or checkpoint": ("net.pth", 'torch.save(net.state_dict(), "net.pth")'),
    "a PyTorch state_dict or checkpoint (before 1.6)": (
        "net.pth", 'torch.save(net.state_dict(), "net.pth", _use_new_zipfile_serialization=False)'),
    "a zip archive with an ONNX file inside": ("net.zip", "import shutil, os; os.mkdir('in');"
                                               'torch.onnx.export(net, (x,), "in/net.onnx", '
                                               "dynamo=False);"
                                               "shutil.make_archive('net', 'zip', 'in')"),
    "compressed with gzip": ("net.onnx.gz", 'torch.onnx.export(net, (x,), "net.onnx", '
                             "dynamo=False); import os; os.system('gzip net.onnx')"),
    "compressed with xz": ("net.onnx.xz", 'torch.onnx.export(net, (x,), "net.onnx", '
                           "dynamo=False); import os; os.system('xz net.onnx')"),
    "a tar archive": ("net.tar", 'torch.onnx.export(net, (x,), "net.onnx", dynamo=False);'
                      "import os; os.system('tar -cf net.tar net.onnx && rm net.onnx')"),
}
# Rows whose commands name files that another test has (tests/cli/darknet.sh, caffe.sh), or whose
# result is no network.
ELSEWHERE = {"Darknet's weights", "a Caffe model (.caffemodel)", "a zip archive"}


class Failure(Exception):
    """A command that did not work."""


def run(words, folder, program=None):
    """A command, with the folder of `fovea` in its path; its complaint is what failed."""
    path = os.environ["PATH"] if program is None else f"{program.parent}:{os.environ['PATH']}"
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"})
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Failure(said[-1] if said else f"exit {done.returncode}")


def sections(page):
    """The page's headings that end in (run), with their blocks: (language, text)."""
    for part in re.split(r"^### ", page, flags=re.M)[1:]:
        heading = part.partition("\n")[0]
        if heading.endswith(" (run)"):
            blocks = re.findall(r"^```(python|sh)\n(.*?)^```$", part, flags=re.M | re.S)
            yield heading[:-len(" (run)")], blocks


def run_blocks(fovea, cache, heading, blocks, folder):
    """One heading's blocks."""
    python = cache / ("venv-" + ENVIRONMENTS.get(heading, "torch")) / "bin/python"
    for language, text in blocks:
        if language == "python":
            run([python, "-c", (TORCHVISION if heading == "timm" else "") + text], folder)
        else:
            run(["bash", "-ec", text], folder, fovea)


def rows(page):
    """The table's rows that were tried: (kind, command)."""
    for line in page.splitlines():
        cells = [c.strip() for c in line.strip("|").split(" | ")]
        if line.endswith("| yes |") and cells[0] not in ELSEWHERE:
            yield cells[0], re.findall(r"`([^`]*)`", cells[1])[-1 if "python" in line else 0]


def run_row(fovea, cache, row, folder):
    """A row's command on a file of its kind."""
    kind, command = row
    environment = ENVIRONMENTS.get(kind, "torch")
    python = cache / f"venv-{environment}/bin/python"
    name, maker = MAKERS[kind]
    run([python, "-c", maker if environment == "tensorflow" else NET + maker], folder)
    try:
        run([fovea, "layers", name], folder)
        raise Failure(f"{name} is read as it is")
    except Failure as refused:
        if "not a model that can be read" not in str(refused):
            raise
    command = command.replace("FILE", name).replace("STEM", name.split(".")[0])
    if command.startswith("m = NET()"):
        command = "python -c " + shlex.quote(NET + command)
    run(["bash", "-ec", command], folder, python)
    run([fovea, "layers", "net.pb" if environment == "tensorflow" else "net.onnx"], folder)


def main():
    """Everything, or what is below the headings that are named; its exit is 1 where one failed."""
    fovea, cache, page = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), PAGE.read_text()
    failed = False
    print("| what | result |\n|---|---|", flush=True)

    def tell(what, function, *words):
        nonlocal failed
        result = "works"
        try:
            function(fovea, cache, *words)
        except Failure as problem:
            failed, result = True, str(problem)
        print(f"| {what} | {result} |", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        for heading, blocks in sections(page):
            if len(sys.argv) < 4 or heading in sys.argv[3:]:
                tell(heading, run_blocks, heading, blocks, Path(folder))
    for row in rows(page):
        if len(sys.argv) < 4:
            with tempfile.TemporaryDirectory() as folder:
                tell(row[0], run_row, row, Path(folder))
    sys.exit(failed)


if __name__ == "__main__":
    main()
