"""One core and all of them. The generator has a core of its own only where the server leaves one."""

from __future__ import annotations

import random

from .. import contenders, machine, routes
from ..bench import Bench
from ..contenders import CONNECTIONS, Sample
from ..plot import Chart
from ..spread import Spread

GROUP = "Growth: cores; requests for each second of processor time are 1,000,000 / CPU"


def run(bench: Bench) -> dict[str, Chart]:
    database = bench.database("SQLite", bench.middle)
    chart = Chart("Requests a second", "cores", "requests/s")
    order = random.Random(4)
    found: dict[tuple[str, int], list[Sample]] = {}
    turns = [(scheme, count) for scheme in routes.BACKENDS for count in range(1, len(machine.CORES) + 1)]
    for _ in range(bench.options.rounds):
        order.shuffle(turns)
        for scheme, count in turns:
            credentials = bench.tokens(database.users) if scheme == routes.TOKEN else bench.access_tokens(database.users)
            settings, cores = {"AUTH__BACKENDS": routes.BACKENDS[scheme]}, machine.CORES[:count]
            with contenders.hallpass(bench.hallpass, bench.folder, database, settings, cores=cores) as server:
                contenders.ask(server, credentials, [], CONNECTIONS, 1)
                sample = contenders.ask(server, credentials, [], CONNECTIONS, bench.options.seconds)
            found.setdefault((scheme, count), []).append(sample)
    for (scheme, count), samples in sorted(found.items()):
        bench.results.add_samples(GROUP, f"{scheme}, {count} cores" if count > 1 else f"{scheme}, 1 core", samples)
        chart.add(scheme, count, Spread.of([sample.rate for sample in samples]).median)
    return {"growth-cores": chart}
