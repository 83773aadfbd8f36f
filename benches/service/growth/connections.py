"""The same requests from one connection to a thousand."""

from __future__ import annotations

from dataclasses import replace

from .. import routes
from ..bench import Bench
from ..plot import Chart
from ..spread import Spread

GROUP = "Growth: connections, token on SQLite, one core"
COUNTS = [1, 4, 16, 64, 256, 1024]


def run(bench: Bench) -> dict[str, Chart]:
    contender = routes.hallpass(bench, routes.TOKEN, "SQLite", bench.middle)
    samples = {count: [] for count in COUNTS}
    with contender.start() as server:
        contender.measure(server, 1)
        for _ in range(bench.options.rounds):
            for count in COUNTS:
                samples[count].append(replace(contender, connections=count).measure(server, bench.options.seconds))
    rate = Chart("Requests a second", "connections", "requests/s")
    wait = Chart("How long an answer takes", "connections", "ms", is_upward_log=True)
    for count, found in samples.items():
        bench.results.add_samples(GROUP, f"{count:,} connections", found)
        rate.add("token, SQLite", count, Spread.of([sample.rate for sample in found]).median)
        wait.add("p50", count, Spread.of([sample.p50 for sample in found]).median)
        wait.add("p99", count, Spread.of([sample.p99 for sample in found]).median)
    return {"growth-connections": rate, "growth-connections-wait": wait}
