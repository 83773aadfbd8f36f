"""How long a protected route takes while many log in at once, beside how long it takes when nobody does."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from . import contenders, load, login, machine
from .bench import BCRYPT_COST, Bench
from .processes import Program
from .spread import Spread

GROUP = "A protected route, asked at a steady rate, while 64 connections log in; all cores for everybody"
RATE = 2000
CONNECTIONS = 32
LOGINS = 64


def run(bench: Bench) -> None:
    database = bench.database("SQLite", min(bench.options.sizes))
    names = bench.credentials("names", "", database.users, lambda user_id: f"user{user_id}").values
    values = bench.tokens(database.users).values
    seconds = max(bench.options.seconds, 2)
    found: dict[str, list[dict[str, float]]] = {"idle": [], "during the flood": []}
    logins = []
    settings = {"AUTH__BACKENDS": "token", "PASSWORD__BCRYPT_COST": str(BCRYPT_COST)}
    with contenders.hallpass(bench.hallpass, bench.folder, database, settings, cores=machine.CORES) as server:

        def paced(seconds: float) -> dict[str, float]:
            header = "Authorization: Token {}"
            report = load.generate(
                bench.program("load"), server.port, core=machine.CORES, path="/hello/", header=header, values=values,
                rate=RATE, connections=CONNECTIONS, seconds=seconds,
            )
            load.expect_ok(report, "the protected route")
            return report

        paced(1)
        for _ in range(bench.options.rounds):
            found["idle"].append(paced(seconds))
            flood = begin(bench, server, seconds + 1, names)
            # Until the queue is full.
            time.sleep(0.5)
            found["during the flood"].append(paced(seconds))
            report = json.loads(flood.communicate()[0])
            logins.append(report["statuses"].get("200", 0) / report["seconds"])
    for name, reports in found.items():
        columns = {"p50": [report["p50"] for report in reports], "p99": [report["p99"] for report in reports]}
        columns["rate"] = [report["answers"] / report["seconds"] for report in reports]
        bench.results.add(GROUP, name, columns)
    bench.results.add(GROUP, "logins meanwhile", {"rate": logins})
    idle, flooded = ([report["p99"] for report in found[name]] for name in found)
    bench.results.reach("flood", f"{RATE} requests/s", Spread.ratio(flooded, idle))


def begin(bench: Bench, server: Program, seconds: float, names: Path) -> subprocess.Popen[str]:
    return load.start(
        bench.program("load"), server.port, core=machine.CORES, seconds=seconds, connections=LOGINS, values=names,
        **login.login(),
    )
