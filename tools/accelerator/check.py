# SPDX-License-Identifier: Apache-2.0
"""Everything that is held to the truth on a plug-in for processors (./bootstrap accelerator).

    python check.py --build FOLDER --plugin PLUGIN.so [--second PLUGIN.so] --cache FOLDER
                    [--again] [PART...]

Each part says one line, and is not run again with the same programs and plug-in, unless it went
wrong. PART: operators, networks, real, recipes, faults, kept, second, figures; all without one.
Writes FOLDER/accelerator/results.json and report.md. Exit code 1 if a part failed.
"""
import argparse
import sys
from pathlib import Path

import figures
import kept
import networks
import report
import suites
from programs import QUICK_TO_COMPILE, ROOT, Programs, Results, stamp

FEW = 25                   # of the operators' cases the second plug-in runs one in so many


def second_plugin(programs):
    """[(part, what runs it)] on another plug-in."""
    smoke = "second plug-in: smoke", lambda: (said(programs), None)
    few = "second plug-in: operators", lambda: suites.operators(programs, FEW)
    two = "second plug-in: recipes", lambda: suites.updates(programs, *suites.TWO)
    return [smoke, few, two]


def said(programs):
    about = programs.device()
    programs.bench(ROOT / "tests/data/cli/tiny.onnx", "head/conv", "--repeats", 2)
    return f"{about['version']}, a step runs"


def parts(options, quick, plain):
    """[(word, part, what runs it, programs that decide it beside the library)]"""
    tests, fovea = options.build / "tests", [options.build / "fovea"]
    fakes = tests / "backend" / "stablehlo"
    ops, whole = [tests / suites.OPS], [tests / suites.WHOLE]
    updates, peers = [tests / suites.UPDATES], [tests / suites.PEERS]
    out = [("operators", f"operators: {t}", lambda t=t: suites.operators(quick, 1, t), ops)
           for t in suites.tables()]
    out.append(("networks", "small networks", lambda: suites.whole(quick), whole))
    if not options.parts or "real" in options.parts:
        out += [("real", f"network {name}", lambda p=p, s=s: networks.compare(quick, p, s), fovea)
                for name, p, s in networks.find(options.cache)]
    out += [("recipes", "recipes: the processor's", lambda: suites.updates(quick), updates),
            ("recipes", "recipes: their programs'", lambda: suites.peers(quick), peers)]
    out += [("faults", f"faults: {name}", lambda name=name: suites.faults(quick, name),
             [fakes / name, fakes / "fake.so"]) for name in suites.FAULTS]
    out += [("kept", "kept programs: damage", lambda: kept.damage(quick), fovea),
            ("kept", "kept programs: two processes", lambda: kept.at_once(quick), fovea)]
    if options.second:
        other = Programs(options.build, options.second, quick.folder, QUICK_TO_COMPILE)
        out += [("second", name, what, ops + updates) for name, what in second_plugin(other)]
    model = options.cache / "models" / "efficientnet-lite0.onnx"
    for batch in figures.BATCHES:
        out.append(("figures", f"step: batch {batch}",
                    lambda b=batch: figures.step(plain, model, b), fovea))
        out += [("figures", f"update: {recipe}, batch {batch}",
                 lambda r=recipe, b=batch: figures.update(plain, model, r, b), fovea)
                for recipe in figures.RECIPES]
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--build", type=Path, required=True)
    p.add_argument("--plugin", type=Path, required=True)
    p.add_argument("--second", type=Path, help="another plug-in, for a few of them")
    p.add_argument("--cache", type=Path, required=True, help="with models and packages")
    p.add_argument("--again", action="store_true", help="also what was right before")
    p.add_argument("parts", nargs="*", metavar="PART")
    options = p.parse_args()
    options.build = options.build.resolve()
    folder = options.cache / "accelerator"
    quick = Programs(options.build, options.plugin, folder, QUICK_TO_COMPILE)
    plain = Programs(options.build, options.plugin, folder)
    results, wrong = Results(folder / "results.json", options.again), []
    todo = parts(options, quick, plain)
    words = {word for word, *_ in todo}
    for word in options.parts:
        if word not in words:
            p.error(f"there is no part {word}; allowed: {', '.join(sorted(words))}")
    for word, name, what, files in todo:
        if options.parts and word not in options.parts:
            continue
        plugin = options.second if word == "second" else options.plugin
        if not results.do(name, stamp(plugin, options.build / "libfovea.so", *files), what):
            wrong.append(name)
    report.write(results, quick.device(), folder / "report.md")
    print(f"==> {folder / 'report.md'} has the tables, results.json all figures")
    if wrong:
        print(f"==> FAILED: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
