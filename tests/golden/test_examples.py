# SPDX-License-Identifier: Apache-2.0
"""`fovea examples` on 500 photos: of 50 units, the photos and positions PyTorch found.

    python3 test_examples.py FOVEA

Needs the default network in the cache folder (./bootstrap models) and the photos in ../shared
(or FOVEA_SHARED); exit code 77, skipped, without them. examples/head.json was made photo by photo
in PyTorch, by tools/parity/examples.py. Where two values are as good as equal (1e-5), the photos
may change places.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NEAR, SAME = 1e-4, 1e-5


def skipped(why):
    print(f"skipped: {why}")
    return 77


def near(a, b, share):
    return abs(a - b) <= share * max(abs(a), abs(b), 1e-3)


def problems_of(name, wanted, found):
    """What is wrong with one list; wanted [[photo, value, y, x]], found as the program says."""
    if len(wanted) != len(found):
        yield f"{name}: {len(found)} photos instead of {len(wanted)}"
        return
    for k, (w, f) in enumerate(zip(wanted, found)):
        if not near(w[1], f["value"], NEAR):
            yield f"{name}: value {k} is {f['value']}, not {w[1]}"
        tied = any(i != k and near(w[1], o[1], SAME) for i, o in enumerate(wanted))
        last = k == len(wanted) - 1  # its rival may be the first photo that is not listed
        if w[0] != f["photo"] and not tied and not last:
            yield f"{name}: photo {k} is {f['photo']}, not {w[0]}"
        if len(w) > 2 and w[0] == f["photo"] and w[2:] != f["position"]:
            yield f"{name}: {w[0]} at {f['position']}, not {w[2:]}"


def ask(fovea, photos, by):
    done = subprocess.run([fovea, "examples", "efficientnet-lite0", "head/conv", str(photos), "-q",
                           "--no-index", "--by", by, "--top", "9", "--bottom", "9", "--json"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["units"]


def main(fovea):
    shared = Path(os.environ.get("FOVEA_SHARED") or HERE.parents[2] / "shared")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    photos = shared / "images" / "imagenet"
    if not photos.is_dir():
        return skipped(f"there are no photos in {photos}")
    if not (cache / "models" / "efficientnet-lite0.onnx").exists():
        return skipped("efficientnet-lite0 is not in the cache folder (./bootstrap models)")
    table = json.loads((HERE / "examples" / "head.json").read_text(encoding="utf-8"))
    peaks, means = ask(fovea, photos, "max"), ask(fovea, photos, "mean")
    problems = []
    for unit, lists in table.items():
        u = int(unit)
        problems += problems_of(f"head/conv:{u} top", lists["top"], peaks[u]["top"])
        problems += problems_of(f"head/conv:{u} bottom", lists["bottom"], peaks[u]["bottom"])
        problems += problems_of(f"head/conv:{u} mean", lists["mean"], means[u]["top"])
    for problem in problems[:20]:
        print(problem)
    print(f"{len(table)} units of {len(peaks)}, {len(problems)} problems")
    return 1 if problems or len(table) != 50 or len(peaks) != 1280 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
