# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/quality.md from the rows' scores."""

START, END = "<!-- tables -->\n", "<!-- end of tables -->"
ALL = 50    # classes


def table(head, lines, rest="---:"):
    """A markdown table; `head` and every line are lists of cells."""
    rule = ["---"] + [rest] * (len(head) - 1)
    return "".join("| " + " | ".join(line) + " |\n" for line in [head, rule, *lines])


def pair(scores):
    """Top-1 and top-5 in percent, "98/100"; where there was no such judge, a dash."""
    return "–" if scores is None else f"{scores[0]:.0f}/{scores[1]:.0f}"


def number(value, form="{:.0f}"):
    return "–" if value is None else form.format(value)


def title(row, scores):
    """The row's name in the table, with what is to be said about it."""
    few = f"first {scores['classes']} classes" if scores["classes"] < ALL else ""
    notes = "; ".join(n for n in (few, row.note) if n)
    return f"{row.title} ({notes})" if notes else row.title


def recognition(rows, judges, photos):
    """The first table: who names the pictures; rows are (row, scores, seconds)."""
    head = ["pictures by", "evaluations", *(f"{j}, ordinary" for j in judges),
            *(f"{j}, whole" for j in judges), "seconds"]
    lines = [[title(row, scores), str(row.evaluations),
              *(pair(scores[way].get(j)) for way in ("ordinary", "whole") for j in judges),
              number(seconds, "{:.1f}")] for row, scores, seconds in rows]
    if photos:
        lines.append(["photographs (500 of other classes)", "",
                      *(pair(photos[way].get(j)) for way in ("ordinary", "whole")
                        for j in judges), ""])
    return table(head, lines)


def activation(rows):
    """The second table: how strongly the own network answers, and what is left after damage."""
    head = ["pictures by", "logit", "of the best photo's", "JPEG, quality 80",
            "shifted by 2 pixels", "to 0.8 and back"]
    return table(head, [
        [row.title, number(s["logit"], "{:.1f}"), number(s.get("photos"), "{:.1f} times"),
         *(number(s[k], "{:.0f} %") for k in ("jpeg", "shift", "resize"))]
        for row, s, _ in rows])


def spread(groups, judges):
    """The third table: top-1/top-5 for each seed; groups are {recipe: [(seed, scores)]}."""
    groups = {recipe: runs for recipe, runs in groups.items() if len(runs) > 1}
    if not groups:
        return ""
    head = ["recipe", "seed", *(f"{j}, ordinary" for j in judges), *(f"{j}, whole" for j in judges)]
    return table(head, [
        [f"`{recipe}`", str(seed),
         *(pair(s[way].get(j)) for way in ("ordinary", "whole") for j in judges)]
        for recipe, runs in groups.items() for seed, s in runs])


def commands(rows):
    """The options each row was made with."""
    return table(["row", "made with"], [
        [f"`{row.name}`", f"`{'peers.py ' + row.peer if row.peer else 'fovea visualize'} "
                          f"{row.options}`"] for row, _, _ in rows], "---")


def replace_between(text, body):
    """The document with new tables between the marks."""
    if text.count(START) != 1 or text.count(END) != 1:
        raise ValueError("the document has not one pair of marks for the tables")
    before, rest = text.split(START)
    return before + START + body + END + rest.split(END)[1]
