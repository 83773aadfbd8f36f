"""How cost grows: with the users, the connections, the cores, and the refresh tokens that are kept."""

from __future__ import annotations

from pathlib import Path

from ..bench import Bench
from . import connections, cores, refresh_tokens, users

PARTS = {"users": users.run, "connections": connections.run, "cores": cores.run, "refresh-tokens": refresh_tokens.run}


def run(bench: Bench, part: str) -> None:
    """Measures, and draws what it found into the folder of the charts."""
    folder: Path = bench.options.charts
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in PARTS[part](bench).items():
        chart.write(folder / f"{name}.svg")
