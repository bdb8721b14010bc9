# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/accelerators.md, out of what check.py found."""
import datetime
import os
import platform


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            names = [x.split(":")[1].strip() for x in f if x.startswith("model name")]
        return f"{names[0]}, {len(names)} processors"
    except (OSError, IndexError):
        return f"{platform.machine()}, {os.cpu_count()} processors"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(str(x) for x in row) + " |" for row in rows]


def figures_of(results, start):
    return {name[len(start):]: part["figures"] for name, part in results.parts.items()
            if name.startswith(start) and part["state"] == "right" and part["figures"]}


def errors(results):
    rows = []
    ops = figures_of(results, "operators: ")
    for name, f in sorted(ops.items()):
        rows.append((f"{name} ({f['cases']} cases)", f"{f['values']:.1e}", f"{f['gradient']:.1e}"))
    for name, f in figures_of(results, "small networks").items():
        rows.append(("fourteen small networks" + name, f"{f['values']:.1e}",
                     f"{f['gradient']:.1e}"))
    for name, f in figures_of(results, "network ").items():
        rows.append((name, f"{f['values']:.1e}", f"{f['gradient']:.1e}"))
    return table(("operators' tables, networks", "values", "gradient"), rows)


def traces(results):
    rows = [("next to " + start.split(": ")[1], ", ".join(
        f"{name} {off:.0e}" for name, off in f.items()))
        for start in ("recipes: the processor's", "recipes: their programs'")
        for f in figures_of(results, start).values()]
    return table(("first updates", "largest error of a value"), rows)


def kb(number):
    return f"{number / 1e3:.2f}" if number < 1e5 else f"{number / 1e3:.0f}"


def updates(results):
    rows = []
    for name, f in figures_of(results, "step: ").items():
        rows.append(("the network's step", name.split()[1], "", "", "",
                     f"{f['first_ms'] / 1e3:.1f}", f"{f['first_kept_ms'] / 1e3:.1f}"))
    for name, f in sorted(figures_of(results, "update: ").items()):
        recipe, batch = name.split(", batch ")
        rows.append((recipe, batch, kb(f["to_device"]), kb(f["from_device"]), kb(f["crossing"]),
                     f"{f['first_ms'] / 1e3:.1f}", f"{f['first_kept_ms'] / 1e3:.1f}"))
    return table(("recipe", "batch", "kB in an update", "kB out", "kB with the network alone there",
                  "s to the first", "with kept programs"), rows)


def write(results, device, path):
    """Markdown, from what the parts' figures are."""
    head = (f"{device['kind']}, {device['version']}; {processor()}; "
            f"{datetime.date.today().isoformat()}; `./bootstrap accelerator`.")
    lines = [head, "", *errors(results), "", *traces(results), "", *updates(results), ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def write_speed(results, path):
    """Markdown of gpu.py: right or not, then pictures a second by precision and batch."""
    state = [(name, part["text"]) for name, part in results.parts.items()
             if not name.startswith(("step", "update"))]
    speed = {}
    for kind in ("step", "update"):
        for name, f in figures_of(results, f"{kind}: ").items():
            model, who, precision, batch = name.split(": ")
            speed.setdefault((model, kind, precision, who), {})[int(batch)] = f
    batches = sorted({b for found in speed.values() for b in found})
    rows = []
    for key, found in sorted(speed.items()):
        first = max(f.get("first_ms", 0) for f in found.values())
        memory = max(f.get("memory_mb", 0) for f in found.values())
        rates = [f"{found[b]['a_second']:.4g}" if b in found else "" for b in batches]
        rows.append((*key, *rates, f"{first / 1e3:.1f}", f"{memory:.0f}" if memory else ""))
    lines = [f"{processor()}; {datetime.date.today().isoformat()}; "
             "`./bootstrap accelerator --gpu`.", "", *table(("what", "result"), state), "",
             "Pictures a second, by batch (nothing: not measured); seconds until the first step or "
             "update was done, and the device's memory, both at most.", "",
             *table(("network", "", "", "", *map(str, batches), "s", "MB"), rows), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
