# SPDX-License-Identifier: Apache-2.0
"""The programs of the tests on a plug-in, and the figures that they print."""
import re

from programs import ROOT

OPS, WHOLE = "backend/ops/test_ops_on", "backend/test_executable"
UPDATES, PEERS = "vis/update/test_vis_update_device_update", "test_recipes"
FAULTS = ("test_plugin", "test_update", "test_rendering")
TWO = ("fovea", "maco")    # recipes where few have to do


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
