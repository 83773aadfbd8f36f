"""A lookup in a table of a thousand to a million users."""

from __future__ import annotations

from .. import rounds, routes
from ..bench import Bench
from ..plot import Chart
from ..spread import Spread

GROUP = "Growth: users, one core, 64 connections"


def run(bench: Bench) -> dict[str, Chart]:
    schemes = [routes.TOKEN, routes.JWT_USER]
    contenders = {
        (scheme, kind, users): routes.hallpass(bench, scheme, kind, users)
        for kind in bench.kinds for users in bench.options.sizes for scheme in schemes
    }
    samples = rounds.run(list(contenders.values()), bench.options.rounds, bench.options.seconds)
    chart = Chart("Processor time of a request", "users", "µs")
    for (scheme, kind, users), contender in contenders.items():
        found = samples[contender.name]
        bench.results.add_samples(GROUP, contender.name, found)
        chart.add(f"{scheme}, {kind}", users, Spread.of([sample.cpu for sample in found]).median)
    return {"growth-users": chart}
