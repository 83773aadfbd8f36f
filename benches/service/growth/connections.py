"""The same requests from one connection to a thousand."""

from __future__ import annotations

from dataclasses import replace

from .. import processes, routes
from ..bench import Bench
from ..contenders import Sample
from ..plot import Chart
from ..spread import Spread

GROUP = "Growth: connections, token on SQLite, one core"
COUNTS = [1, 4, 16, 64, 256, 1024]


def run(bench: Bench) -> dict[str, Chart]:
    contender = routes.hallpass(bench, routes.TOKEN, "SQLite", bench.middle)
    samples: dict[int, list[Sample]] = {count: [] for count in COUNTS}
    memory = {}
    with contender.start() as server:
        # Memory that was needed once is kept, so it is looked at while they become more for the first time.
        for count in COUNTS:
            replace(contender, connections=count).measure(server, 1)
            memory[count] = processes.anonymous_memory(server.pid)
        for _ in range(bench.options.rounds):
            for count in COUNTS:
                samples[count].append(replace(contender, connections=count).measure(server, bench.options.seconds))
    rate = Chart("Requests a second", "connections", "requests/s")
    wait = Chart("How long an answer takes", "connections", "ms", is_upward_log=True)
    for count, found in samples.items():
        bench.results.add_samples(GROUP, f"{count:,} connections" if count > 1 else "1 connection", found)
        bench.results.figures[-1].columns["memory"] = [memory[count]]
        rate.add("token, SQLite", count, Spread.of([sample.rate for sample in found]).median)
        wait.add("p50", count, Spread.of([sample.p50 for sample in found]).median)
        wait.add("p99", count, Spread.of([sample.p99 for sample in found]).median)
    return {"growth-connections": rate, "growth-connections-wait": wait}
