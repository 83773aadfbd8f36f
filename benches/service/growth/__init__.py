"""How cost grows: with the users, the connections, the cores, and the refresh tokens that are kept."""

from __future__ import annotations

from pathlib import Path

from .. import machine, report
from ..bench import Bench
from . import connections, cores, refresh_tokens, users

PARTS = {"users": users, "connections": connections, "cores": cores, "refresh-tokens": refresh_tokens}
PAGE = "performance.md"


def run(bench: Bench, part: str) -> None:
    """Measures, and puts what it found into the page about it: the table between its marks, the charts beside."""
    folder: Path = bench.options.charts
    folder.mkdir(parents=True, exist_ok=True)
    before = machine.load_average()
    for name, chart in PARTS[part].run(bench).items():
        chart.write(folder / f"{name}.svg")
    group = PARTS[part].GROUP
    table = report.table([figure for figure in bench.results.figures if figure.group == group])
    about = f"Measured on {machine.sentence()}; load average {before:.1f} before and {machine.load_average():.1f} after."
    replace(folder / PAGE, part, "\n".join([*table, "", about]))


def replace(page: Path, part: str, text: str) -> None:
    """Puts `text` between the two comments that name the part, if the page is there and has them."""
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->\n"
    if not page.exists():
        return
    before, found, rest = page.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if found and closed:
        page.write_text(f"{before}{begin}{text}\n{end}{after}")
