# SPDX-License-Identifier: Apache-2.0
"""Everything that is held to the truth on a plug-in for processors (./bootstrap accelerator).

    python check.py --build FOLDER --plugin PLUGIN.so [--second PLUGIN.so] --cache FOLDER
                    [--again] [PART...]

Each part says one line, and is not run again with the same programs and plug-in, unless it went
wrong. PART: operators, networks, real, recipes, faults, kept, second, figures; all without one.
Writes FOLDER/accelerator/results.json and report.md. Exit code 1 if a part failed.
"""
import argparse
import re
import sys
from pathlib import Path

import figures
import kept
import networks
import report
from programs import QUICK_TO_COMPILE, ROOT, Programs, Results, stamp

OPS, WHOLE = "backend/ops/test_ops_on", "backend/test_executable"
UPDATES, PEERS = "vis/update/test_vis_update_device_update", "test_recipes"
FAULTS = ("test_plugin", "test_update", "test_rendering")
FEW = 25                            # of the operators' cases the second plug-in runs one in so many
TWO = ("fovea", "maco")             # recipes on it


def tables():
    text = (ROOT / "tests/backend/ops/cases.def").read_text(encoding="utf-8")
    return re.findall(r"^FVI_CASES\((\w+)\)", text, re.M)


def operators(programs, every, *table):
    """Cases of tables: (line, figures)."""
    out = programs.test(OPS, programs.plugin, every, *table)
    rows = re.findall(r"^\w+: (\d+) cases right, output within (\S+), gradients within (\S+)$", out,
                      re.M)
    cases = sum(int(r[0]) for r in rows)
    values, gradients = (max(float(r[k]) for r in rows) for k in (1, 2))
    return (f"{cases} cases right, output within {values:.1e}, gradients within {gradients:.1e}",
            {"cases": cases, "values": values, "gradient": gradients})


def whole(programs):
    out = programs.test(WHOLE, programs.plugin, 1)
    line = re.search(r"^(\d+) networks, targets within (\S+), gradients within (\S+)$", out, re.M)
    return line.group(0), {"values": float(line.group(2)), "gradient": float(line.group(3))}


def updates(programs, *cases):
    """Recipes' updates next to the processor's: (line, figures)."""
    out = programs.test(UPDATES, programs.plugin, *cases)
    off = {}
    for name, worst in re.findall(r"^(.*?), .*: \d+ updates, values within (\S+) of", out, re.M):
        off[name] = max(off.get(name, 0), float(worst))
    return f"{len(off)} kinds of updates, values within {max(off.values()):.1e}", off


def peers(programs):
    """Recipes' first updates next to those of the programs they come from: (line, figures)."""
    out = programs.test(PEERS, programs.plugin)
    rows = dict(re.findall(r"^(\S+)\.txt: \d+ updates of \d+; off by at most (\S+),", out, re.M))
    for name in re.findall(r"^(\S+)\.txt: not compared", out, re.M):
        rows.pop(name)
    off = {name: float(worst) for name, worst in rows.items()}
    return f"{len(off)} programs' traces, values within {max(off.values()):.1e}", off


def faults(programs, name):
    folder = programs.build / "tests/backend/stablehlo"
    out = programs.test(f"backend/stablehlo/{name}", folder)
    return f"{len(re.findall(r'^.  +OK .', out, re.M))} tests right", None


def second_plugin(programs):
    """[(part, what runs it)] on another plug-in."""
    smoke = "second plug-in: smoke", lambda: (said(programs), None)
    few = "second plug-in: operators", lambda: operators(programs, FEW)
    two = "second plug-in: recipes", lambda: updates(programs, *TWO)
    return [smoke, few, two]


def said(programs):
    about = programs.device()
    programs.bench(ROOT / "tests/data/cli/tiny.onnx", "head/conv", "--repeats", 2)
    return f"{about['version']}, a step runs"


def parts(options, quick, plain):
    """[(word, part, what runs it, programs that decide it)]"""
    tests, fovea = options.build / "tests", [options.build / "libfovea.so", options.build / "fovea"]
    out = [("operators", f"operators: {t}", lambda t=t: operators(quick, 1, t), [tests / OPS])
           for t in tables()]
    out.append(("networks", "small networks", lambda: whole(quick), [tests / WHOLE]))
    if not options.parts or "real" in options.parts:
        out += [("real", f"network {name}", lambda p=p, s=s: networks.compare(quick, p, s), fovea)
                for name, p, s in networks.find(options.cache)]
    out += [("recipes", "recipes: the processor's", lambda: updates(quick), [tests / UPDATES]),
            ("recipes", "recipes: their programs'", lambda: peers(quick), [tests / PEERS])]
    out += [("faults", f"faults: {name}", lambda name=name: faults(quick, name),
             [tests / "backend/stablehlo" / x for x in (name, "fake.so")]) for name in FAULTS]
    out += [("kept", "kept programs: damage", lambda: kept.damage(quick), fovea),
            ("kept", "kept programs: two processes", lambda: kept.at_once(quick), fovea)]
    if options.second:
        other = Programs(options.build, options.second, quick.folder, QUICK_TO_COMPILE)
        out += [("second", name, what, [tests / OPS, tests / UPDATES])
                for name, what in second_plugin(other)]
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
        if not results.do(name, stamp(plugin, *files), what):
            wrong.append(name)
    report.write(results, quick.device(), folder / "report.md")
    print(f"==> {folder / 'report.md'} has the tables, results.json all figures")
    if wrong:
        print(f"==> FAILED: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
