# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/performance.md and README.md from the rows' records."""
START, END = "<!-- peers -->\n", "<!-- end of peers -->"
PYTORCH = ("eager", "channels-last", "bf16", "compile")
BF16 = "fovea bf16"


def table(head, lines, text=1):
    """A markdown table; the first `text` columns are text, the others numbers."""
    rule = ["---"] * text + ["---:"] * (len(head) - text)
    return "".join("| " + " | ".join(line) + " |\n" for line in [head, rule, *lines])


def number(value):
    """Three places that count; the milliseconds of a second or more without a point."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def value(line, side, key="ms"):
    return line["sides"].get(side, {}).get(key)


def times(a, b):
    """How many times b is in a: "2.5"."""
    return "–" if not a or not b else f"{a / b:.1f}" if a / b >= 10 else f"{a / b:.2f}"


def best(line):
    """PyTorch's fastest f32 mode."""
    have = [value(line, mode) for mode in ("eager", "channels-last", "compile")]
    return min((ms for ms in have if ms), default=None)


def has(lines, side):
    return any(value(line, side) for line in lines)


def steps(groups):
    """One step: every network and batch."""
    every = [(row, line) for row, record in groups for line in record["lines"]]
    lines = [line for _, line in every]
    bf16 = has(lines, BF16)
    head = ["network", "batch", "fovea", *(["fovea bf16"] if bf16 else []), *PYTORCH,
            "times eager", "times its best", *(["bf16: times eager"] if bf16 else []),
            "memory", "eager's", "share"]
    out = []
    for row, line in every:
        ours, eager = value(line, "fovea"), value(line, "eager")
        rss = [value(line, side, "rss_mb") for side in ("fovea", "eager")]
        out.append([row.title, str(line["batch"]), number(ours),
                    *([number(value(line, BF16))] if bf16 else []),
                    *(number(value(line, mode)) for mode in PYTORCH), times(eager, ours),
                    times(best(line), ours),
                    *([times(eager, value(line, BF16))] if bf16 else []),
                    *(number(x) for x in rss), times(rss[0], rss[1])])
    return ("One step, forward and backward to the input, 224 x 224: milliseconds, how many times "
            "fovea is faster, and peak memory in MB.\n\n" + table(head, out))


def loops(groups):
    every = [(row, line) for row, record in groups for line in record["lines"]]
    bf16 = has([line for _, line in every], f"{BF16} lucid")
    head = ["layer", "picture", "fovea, recipe lucid", "recipe lucent",
            *(["bf16, lucid"] if bf16 else []), "Lucent", "times (lucid)", "times (lucent)"]
    out = []
    for row, line in every:
        peer = value(line, "Lucent")
        lucid, lucent = value(line, "fovea lucid"), value(line, "fovea lucent")
        out.append([row.title, str(line["size"]), number(lucid), number(lucent),
                    *([number(value(line, f"{BF16} lucid"))] if bf16 else []), number(peer),
                    times(peer, lucid), times(peer, lucent)])
    return ("One update of a picture in the whole loop, beside Lucent's `render_vis`: "
            "milliseconds.\n\n" + table(head, out))


def pair(groups, title, ours, theirs, key, unit):
    """A table of two columns and their ratio; what is kept in seconds may be shown in ms."""
    scale = 1e3 if key != "ms" and unit == "milliseconds" else 1
    out = []
    for row, record in groups:
        for line in record["lines"]:
            a, b = ((value(line, side, key) or 0) * scale for side, _ in (ours, theirs))
            out.append([row.title, number(a), number(b), times(b, a)])
    return f"{title}: {unit}.\n\n" + table(["", ours[1], theirs[1], "times"], out)


def threads(groups):
    out = []
    for row, record in groups:
        first = record["lines"][0]
        for line in record["lines"]:
            ours, eager = value(line, "fovea"), value(line, "eager")
            out.append([row.title, str(line["threads"]), number(ours), number(eager),
                        times(value(first, "fovea"), ours), times(value(first, "eager"), eager)])
    head = ["", "threads", "fovea", "eager", "fovea: times one thread", "eager: times one thread"]
    return "More threads: milliseconds of a step.\n\n" + table(head, out)


def machine(groups):
    out = [[str(line["threads"]), number(line["gflops"]), number(line["gbytes"])]
           for _, record in groups for line in record["lines"]]
    return ("The most this machine does (`fovea bench --machine`).\n\n"
            + table(["threads", "GFLOP/s", "GB/s"], out, 0))


def roofline(groups):
    out = []
    for row, record in groups:
        for line in record["lines"]:
            ms = line["step_ms"]
            rate = 1e3 * line["gflop"] / ms
            out.append([row.title, str(line["batch"]), number(ms), number(rate),
                        *(f"{100 * x:.0f} %" for x in (
                            rate / line["peak"]["gflops"], line["arithmetic_ms"] / ms,
                            line["roof_ms"] / ms, line["memory_bound_ms"] / ms,
                            line["loops_ms"] / ms))])
    head = ["network", "batch", "ms", "GFLOP/s", "of the peak", "arithmetic", "roofline",
            "in memory-bound ops", "in own loops"]
    return "Where the steps stand under the roofline.\n\n" + table(head, out)


TABLES = (
    ("step", steps),
    ("loop", loops),
    ("picture", lambda g: pair(
        g, "A picture of 512 updates, from the command to its file, 128 x 128",
        ("fovea lucent", "fovea, recipe lucent"), ("Lucent", "Lucent"), "seconds", "seconds")),
    ("nightmare", lambda g: pair(
        g, "One iteration of Darknet's `nightmare`, 224 x 224",
        ("fovea darknet", "fovea, recipe darknet"), ("Darknet", "Darknet"), "ms",
        "milliseconds")),
    ("many", lambda g: pair(
        g, "Pictures of 64 channels, 128 x 128, 16 updates each, whole program",
        ("in batches", "in batches"), ("one at a time", "one at a time"), "seconds", "seconds")),
    ("start", lambda g: pair(
        g, "Starting: from the command to the end of a program that makes one step",
        ("fovea", "fovea"), ("eager", "PyTorch"), "seconds", "seconds")),
    ("threads", threads),
    ("idle", lambda g: pair(
        g, "Waiting: processor time used in 2 seconds after a step",
        ("fovea", "fovea"), ("eager", "PyTorch"), "cpu", "milliseconds")),
    ("machine", machine),
    ("roofline", roofline),
)


def failures(records, rows):
    """What could not be measured, and why."""
    why = {}
    for row in rows:
        for line in records.get(row.name, {"lines": []})["lines"]:
            for side, entry in line["sides"].items():
                if "failed" in entry:
                    at = f"{row.name}{' at batch ' + str(line['batch']) if 'batch' in line else ''}"
                    why.setdefault((side, entry["failed"]), []).append(at)
    told = [f"`{side}`: {text}: {', '.join(at)}" for (side, text), at in why.items()]
    missing = [row.name for row in rows if row.name not in records]
    if missing:
        told.append(f"not measured: {', '.join(missing)}")
    return "".join(f"- {x}\n" for x in told)


def heading(records):
    """Processor, threads, versions and dates."""
    some = list(records.values())
    machine, dates = some[-1]["machine"], sorted({r["date"] for r in some})
    flags = ", ".join(machine["flags"]).upper() or "none of AVX2, AVX-512 and AMX"
    count = machine["threads"]
    return (f"{machine['cpu']} ({flags}), {count} thread{'s' if count > 1 else ''}; "
            f"{some[-1]['versions']}; {' to '.join(dict.fromkeys((dates[0], dates[-1])))}.\n")


def full(records, rows):
    parts = [heading(records)]
    for group, make in TABLES:
        of = [(row, records[row.name]) for row in rows
              if row.group == group and row.name in records]
        if of:
            parts.append(make(of))
    parts.append(failures(records, rows))
    return "\n".join(p for p in parts if p)


def short(records, rows):
    """For README.md: a line for each network and each loop."""
    out = []
    for row in rows:
        for line in records.get(row.name, {"lines": []})["lines"]:
            if row.group == "step" and line["batch"] == 1:
                ours, peer = value(line, "fovea"), value(line, "eager")
                out.append([f"{row.title}, one step", number(ours), number(peer),
                            "PyTorch, eager", times(peer, ours)])
            elif row.group == "loop":
                ours, peer = value(line, "fovea lucid"), value(line, "Lucent")
                out.append([f"{row.title}, an update at {line['size']}", number(ours),
                            number(peer), "Lucent", times(peer, ours)])
            elif row.group == "nightmare":
                ours, peer = value(line, "fovea darknet"), value(line, "Darknet")
                out.append([f"{row.title}, an iteration", number(ours), number(peer), "Darknet",
                            times(peer, ours)])
    return f"{table(['', 'fovea', 'peer', '', 'times'], out)}\n{heading(records)}"


def replace_between(text, body, name):
    if text.count(START) != 1 or text.count(END) != 1:
        raise ValueError(f"{name} has not one pair of marks for the tables")
    before, rest = text.split(START)
    return before + START + body + END + rest.split(END)[1]


def write(root, records, rows):
    if not records:
        return
    for name, make in (("docs/performance.md", full), ("README.md", short)):
        path = root / name
        text = replace_between(path.read_text(encoding="utf-8"), make(records, rows), name)
        path.write_text(text, encoding="utf-8")
