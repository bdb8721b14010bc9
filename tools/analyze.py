#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Static analysis of all sources of the library and the command: GCC's -fanalyzer, and clang-tidy
with the checks that .clang-tidy names.

    analyze.py BUILD [--only gcc|tidy] [FILE...]

BUILD is a folder configured by meson for gcc. Nothing is silenced in the sources: what a tool gets
wrong is listed below, by file, kind and words, with the reason.
A line of the list that nothing matches any more is refused too, once all files were looked at."""
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# (file, kind, words of the message): why it is wrong
WRONG = {
    ("src/image/image.c", "-Wanalyzer-malloc-leak", "leak of ‘copy’"):
        "GCC 12 loses a pointer stored at an index it does not know: the item keeps it",
    ("cli/commands/cmd_weights.c", "clang-analyzer-core.NullDereference",
     "null pointer (loaded from"):
        "every layer of the list is read and drawn before, or the command has ended",
    ("src/backend/onednn/kernels/fused.c", "-Wanalyzer-null-dereference",
     "dereference of NULL ‘b.s"):
        "a normalisation is fused only where its scale and shift are constants",
    ("src/inspect/dataset/pool.c", "-Wanalyzer-malloc-leak", "leak of ‘<unknown>’"):
        "GCC 12 loses a pointer stored at an index it does not know: fvi_meter_free frees it",
    ("src/inspect/weights/weights_draw.c", "-Wanalyzer-use-of-uninitialized-value", "‘*_1 + _3’"):
        "gather has written as many values as count_of counts",
    ("src/vis/param/start.c", "-Wanalyzer-use-of-uninitialized-value", "‘rows["):
        "two lines are drawn before the first is read: have goes from -1 to cell + 1",
    ("src/vis/objective/bind.c", "-Wanalyzer-malloc-leak", "leak of ‘<unknown>’"):
        "as in examples_meter.c: fvi_bound_free frees it",
    ("src/vis/transform/transform.c", "-Wanalyzer-malloc-leak", "leak of ‘<unknown>’"):
        "as in examples_meter.c: fvi_chain_free frees it",
    ("src/vis/transform/transform.c", "-Wanalyzer-null-dereference", "dereference of NULL ‘0’"):
        "kinds of transforms are checked before a chain is made: each has its entry",
    ("src/inspect/dataset/store.c", "bugprone-not-null-terminated-result", "'memcpy'"):
        "bytes of a file, with their length: no text",
    ("src/base/array/npy.c", "clang-analyzer-core.UndefinedBinaryOperatorResult", "garbage value"):
        "the text is one of those in the list: it has two characters",
    ("cli/output/report.c", "clang-analyzer-valist.Uninitialized", "'vfprintf'"):
        "va_start stands in the line before",
    ("cli/commands/visualize/visualize_output.c", "-Wanalyzer-null-dereference", "‘any’"):
        "at least one picture is shown where one was written",
    ("cli/commands/visualize/visualize_output.c", "clang-analyzer-core.NullDereference", "'any'"):
        "at least one picture is shown where one was written",
    ("src/base/file.c", "cert-err34-c", "'sscanf'"):
        "a name that does not read as one of ours is left alone",
    ("src/model/network/layer_words.c", "clang-analyzer-core.CallAndMessage",
     "uninitialized value"):
        "a window has n kernels and strides; a word has as many %g as its row says",
    ("src/graph/fold/constant_fold.c", "clang-analyzer-core.NullDereference", "'x'"):
        "products are folded only where both operands are constants",
    ("src/graph/fold/math.c", "clang-analyzer-core.CallAndMessage", "uninitialized value"):
        "sum is filled where the sum is not exact, whole where it is",
    ("src/graph/fold/move.c", "clang-analyzer-core.uninitialized.Assign", "garbage"):
        "stride has a number for each axis of shape",
    ("src/model/network/layer_attrs.c", "clang-analyzer-core.CallAndMessage",
     "uninitialized value"):
        "as in layer_words.c: n numbers are there",
    ("src/graph/batch.c", "clang-analyzer-core.UndefinedBinaryOperatorResult", "garbage value"):
        "rebatch_new fills all of `of`, or fails",
    ("src/graph/batch.c", "clang-analyzer-unix.Malloc", "memory leak"):
        "lifting_free frees what rules have added",
    ("src/model/onnx/operators/einsum.c", "clang-analyzer-core.CallAndMessage",
     "uninitialized value"):
        "v is filled for each operand, or the status says that it is not",
    ("src/graph/cost.c", "bugprone-integer-division", "integer division"):
        "whole blocks are meant",
    ("src/backend/onednn/dnnl/dnnl_layout.c", "clang-analyzer-core.uninitialized.ArraySubscript",
     "undefined"):
        "order[0..i) was filled in the rounds before",
    ("src/backend/onednn/convolution/winograd.c",
     "bugprone-implicit-widening-of-multiplication-result", "type 'int'"):
        "products of a tile's constants, far below 2^31",
    ("src/backend/onednn/convolution/winograd_product.c",
     "bugprone-implicit-widening-of-multiplication-result",
     "type 'int'"): "as in winograd.c",
    ("src/backend/onednn/convolution/winograd_transform.c",
     "bugprone-implicit-widening-of-multiplication-result",
     "type 'int'"): "as in winograd.c",
    ("src/base/sha256.c", "bugprone-implicit-widening-of-multiplication-result", "type 'int'"):
        "places in 32 bytes",
    ("src/runtime/nonfinite.c", "bugprone-implicit-widening-of-multiplication-result",
     "type 'int'"):
        "products of constants, far below 2^31",
    ("src/vis/render/memory_fit.c", "bugprone-implicit-widening-of-multiplication-result",
     "type 'int'"):
        "six arrays of a picture's channels, far below 2^31",
    ("src/vis/update/receptive_crop.c", "-Wanalyzer-use-of-uninitialized-value", "‘reach["):
        "look_all has filled the reach of every value, or found none",
    ("src/vis/transform/transform.c", "clang-analyzer-optin.portability.UnixAPI", "size of 0"):
        "a chain of no transforms has room for none",
    ("src/backend/onednn/schedule/schedule.c", "clang-analyzer-core.NullDereference", "'shape'"):
        "every caller has a shape",
    ("src/backend/onednn/ops/resize.c", "clang-analyzer-core.uninitialized.Assign", "garbage"):
        "pass_order has written n_pass numbers",
    ("src/inspect/compare.c", "clang-analyzer-core.UndefinedBinaryOperatorResult", "garbage value"):
        "sizes are read only where they were found",
    ("src/inspect/weights/weights_draw.c", "clang-analyzer-core.uninitialized.Assign", "garbage"):
        "gather has written as many values as count_of counts",
    ("src/signal/blur.c", "clang-analyzer-core.CallAndMessage", "uninitialized value"):
        "the kernel has 2 r + 1 numbers",
    ("src/vis/render/dream.c", "clang-analyzer-core.UndefinedBinaryOperatorResult",
     "garbage value"):
        "the photo has a width and a height before its octaves are counted",
    ("src/vis/update/evaluate.c", "clang-analyzer-optin.portability.UnixAPI", "size of 0"):
        "there is at least one picture, of at least one number",
    ("src/vis/param/param_laplacian.c", "clang-analyzer-core.UndefinedBinaryOperatorResult",
     "garbage"):
        "fvi_sample_adjoint writes every number of a level",
    ("src/base/pool.c", "clang-analyzer-valist.Uninitialized", "'vsnprintf'"):
        "va_start stands in the line before",
    ("src/signal/fft.c", "bugprone-implicit-widening-of-multiplication-result", "type 'int'"):
        "lengths of a transform are sides of a picture: twice one is far below 2^31",
    ("src/signal/fft_line.c", "bugprone-implicit-widening-of-multiplication-result", "type 'int'"):
        "as in fft.c",
    ("src/image/text.c", "bugprone-implicit-widening-of-multiplication-result", "type 'int'"):
        "in libvips's VIPS_IMAGE_ADDR, whose x is 0 here",
    ("cli/main.c", "concurrency-mt-unsafe", "function is not thread safe"):
        "setlocale, as the first thing the program does: there is no other thread",
}


def commands(build):
    """{file: compile command} of our C files, without what names outputs."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        file = os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
        if file.startswith(("src/", "cli/")) and file.endswith(".c") and file not in found:
            words = shlex.split(entry["command"])
            keep = [w for i, w in enumerate(words) if not w.startswith("-M") and
                    w not in ("-o",) and words[i - 1] not in ("-o", "-MF", "-MQ")]
            found[file] = keep + ["-o", os.devnull]
    return found


def run(words, folder):
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    return done.stdout


def findings(output):
    """(file, line, kind, message) of each warning or error."""
    found = []
    for m in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*?)(?: \[([^][]*)\])?$", output,
                         re.MULTILINE):
        file = os.path.relpath(os.path.join(ROOT / "build", m.group(1)), ROOT)
        kind = (m.group(4) or "error").split(",")[0]
        found.append((file, int(m.group(2)), kind, m.group(3)))
    return found


def analyze(tool, file, words, build):
    if tool == "gcc":
        plain = ["-DFVI_ANALYZE", "-Wno-unused-value", "-fanalyzer",
                 "-fdiagnostics-color=never", "-fdiagnostics-path-format=none"]
        return findings(run(words + plain, build))
    return findings(run(["clang-tidy", "-p", str(build), "--quiet", "--extra-arg=-DFVI_ANALYZE",
                         "--extra-arg=-Wno-unused-value", str(ROOT / file)], ROOT))


def main():
    arguments = sys.argv[1:]
    tools = ["gcc", "tidy"]
    if "--only" in arguments:
        at = arguments.index("--only")
        tools = [arguments[at + 1]]
        del arguments[at:at + 2]
    build, wanted = Path(arguments[0]).resolve(), arguments[1:]
    all_commands = commands(build)
    jobs = [(tool, f, w) for tool in tools for f, w in sorted(all_commands.items())
            if not wanted or f in wanted]
    if not jobs:
        sys.exit(f"analyze: {build} compiles none of these files")
    problems, used = set(), set()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for found in pool.map(lambda j: analyze(*j, build), jobs):
            for file, line, kind, message in found:
                known = [k for k in WRONG if k[0] == file and k[1] == kind and k[2] in message]
                used.update(known)
                if not known:
                    problems.add(f"{file}:{line}: {message} [{kind}]")
    if not wanted and len(tools) == 2:
        problems |= {f"tools/analyze.py: {' '.join(k)}: matches nothing any more"
                     for k in WRONG if k not in used}
    for problem in sorted(problems):
        print(problem)
    print(f"analyze: {len(jobs)} runs of {' and '.join(tools)}: {len(problems)} findings")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
