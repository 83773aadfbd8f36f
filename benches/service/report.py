"""The results for people, as tables of Markdown, and for programs, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from . import machine
from .goals import GOALS
from .results import Figure, Results
from .spread import Spread

# What the columns are called, and how many digits after the point mean anything.
COLUMNS = {
    "cpu": ("CPU, µs", 1),
    "database": ("of it PostgreSQL, µs", 1),
    "cpu_ms": ("CPU, ms", 2),
    "rate": ("requests/s", 0),
    "ratio": ("base's CPU / its", 2),
    "p50": ("p50, ms", 2),
    "p99": ("p99, ms", 2),
    "memory": ("memory, MB", 1),
    "value": ("value", 2),
}

ABOUT = """\
Times are noisy on a machine that is shared: each figure is the median of the rounds, with the quartiles behind it, and the
ratios, which compare what was measured moments apart in the same round, are what counts. CPU is processor time in the
server and, with PostgreSQL, in its processes too. A server has one core to itself, and the generator of load another one.
"""


def markdown(versions: dict[str, str], load: list[float], results: Results) -> str:
    lines = ["# hallpass beside what it is compared with", "", ABOUT]
    lines += [f"Machine: {machine.sentence()}; load average {load[0]:.1f} at the start, {load[1]:.1f} at the end.", ""]
    lines += [f"Versions: {', '.join(f'{name} {value}' for name, value in versions.items())}.", ""]
    for group in dict.fromkeys(figure.group for figure in results.figures):
        lines += [f"## {group}", "", *table([figure for figure in results.figures if figure.group == group]), ""]
    lines += goals(results)
    lines += [f"**** NOT MEASURED: {what}" for what in results.left_out]
    return "\n".join(lines) + "\n"


def table(figures: list[Figure]) -> list[str]:
    columns = [key for key in COLUMNS if any(key in figure.columns for figure in figures)]
    has_notes = any(figure.note for figure in figures)
    rows = [["", *(COLUMNS[key][0] for key in columns), *(["of"] if has_notes else [])]]
    for figure in figures:
        cells = [Spread.of(figure.columns[key]).text(COLUMNS[key][1]) if key in figure.columns else "" for key in columns]
        rows.append([figure.name, *cells, *([figure.note] if has_notes else [])])
    return aligned(rows)


def goals(results: Results) -> list[str]:
    rows = [["goal", "where", "must", "aim", "reached", ""]]
    for reached in results.reached:
        goal = GOALS[reached.goal]
        bound = "<= " if goal.at_most else ">= "
        digits = 2 if goal.unit == "" else 1
        text = f"{reached.spread.text(digits)} {goal.unit}".strip()
        must, aim = (f"{bound}{value:g} {goal.unit}".strip() for value in (goal.must, goal.aim))
        rows.append([goal.what, reached.at, must, aim, text, goal.verdict(reached.spread.median)])
    return ["## Goals", "", *aligned(rows), ""] if results.reached else []


def aligned(rows: list[list[str]]) -> list[str]:
    """A table of Markdown that can be read as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return [line(rows[0]), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows[1:])]


def to_json(versions: dict[str, str], load: list[float], results: Results) -> dict[str, Any]:
    """Everything, each round included."""
    reached = [
        {**asdict(each), **asdict(GOALS[each.goal]), "verdict": GOALS[each.goal].verdict(each.spread.median)}
        for each in results.reached
    ]
    figures = [asdict(figure) for figure in results.figures]
    return {
        "machine": machine.describe(), "versions": versions, "load_average": load, "figures": figures, "goals": reached,
        "not_measured": results.left_out,
    }
