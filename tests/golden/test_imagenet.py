# SPDX-License-Identifier: Apache-2.0
"""`fovea classify` on 500 photos: at least 430 right at top-1, and at least 495 as PyTorch says.

    python3 test_imagenet.py FOVEA

Needs the default network in the cache folder (./bootstrap models) and the photos in ../shared
(or FOVEA_SHARED); exit code 77, skipped, without them. What PyTorch says stands in
imagenet_top1.txt.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RIGHT, SAME = 430, 495


def skipped(why):
    print(f"skipped: {why}")
    return 77


def main(fovea):
    shared = Path(os.environ.get("FOVEA_SHARED") or HERE.parents[2] / "shared")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    photos = sorted((shared / "images" / "imagenet").glob("*.jpg"))
    if not photos:
        return skipped(f"there are no photos in {shared / 'images' / 'imagenet'}")
    if not (cache / "models" / "efficientnet-lite0.onnx").exists():
        return skipped("efficientnet-lite0 is not in the cache folder (./bootstrap models)")
    rows = [r.split() for r in (HERE / "imagenet_top1.txt").read_text().splitlines()
            if not r.startswith("#")]
    wanted = {name: int(index) for name, index in rows}
    done = subprocess.run([fovea, "classify", "efficientnet-lite0", "--json", *map(str, photos)],
                          capture_output=True, text=True)
    if done.returncode:
        print(f"exit code {done.returncode}: {done.stderr}")
        return 1
    answers = json.loads(done.stdout)
    right = same = 0
    for photo, answer in zip(photos, answers):
        index = answer["top"][0]["index"]
        right += index == int(photo.name.split("_")[0])
        same += index == wanted[photo.name]
    print(f"{right} of {len(answers)} right at top-1, {same} as PyTorch says")
    ok = len(answers) == len(photos) == 500 and right >= RIGHT and same >= SAME
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
