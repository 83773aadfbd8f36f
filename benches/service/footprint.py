"""What the service takes besides processor time: memory, the time until it answers, and the size of its program."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from . import contenders, load, processes, tokens
from .bench import Bench
from .contenders import CONNECTIONS, TOKEN
from .data import Database
from .load import Credentials
from .spread import Spread

GROUP = "Memory, start, size"
# So many different users have their token looked up before memory is measured again.
VISITORS = 200_000
STARTS = 10


def run(bench: Bench) -> None:
    results = bench.results
    for kind in bench.kinds:
        database = bench.database(kind, bench.largest)
        at = f"{kind}, {database.users:,} users"
        idle, loaded = memory(bench, database)
        results.add(GROUP, f"anonymous memory, idle, {at}", {"value": [idle]}, "MB")
        results.add(GROUP, f"anonymous memory, after traffic, {at}", {"value": [loaded]}, "MB")
        results.reach("memory_idle", at, Spread.of([idle]))
        results.reach("memory_loaded", at, Spread.of([loaded]))
        times, cpus = zip(*(start(bench, database) for _ in range(STARTS)), strict=True)
        results.add(GROUP, f"from exec to the first answer, {at}", {"value": times, "cpu_ms": cpus}, "ms")
        results.reach("start", at, Spread.of(times))
    results.add(GROUP, "the program", {"value": [bench.hallpass.stat().st_size / 1e6]}, "MB")


def memory(bench: Bench, database: Database) -> tuple[float, float]:
    """In MB, of the service with both ways of authentication."""
    keys = [tokens.key(user_id) for user_id in range(1, min(database.users, VISITORS) + 1)]
    visitors = Credentials.write(TOKEN, keys, bench.folder / "visitors")
    with contenders.hallpass(bench.hallpass, bench.folder, database, {"AUTH__BACKENDS": "token,jwt"}) as server:
        idle = processes.anonymous_memory(server.pid)
        load.wrk(server.port, visitors, connections=CONNECTIONS, seconds=max(5, bench.options.seconds))
        return idle, processes.anonymous_memory(server.pid)


def start(bench: Bench, database: Database) -> tuple[float, float]:
    """Milliseconds until the first answer, asked for without a pause and on any core, and of processor time until then."""
    port = processes.free_port()
    environment = {
        "HALLPASS__SERVER__BIND": f"127.0.0.1:{port}",
        "HALLPASS__DATABASE__URL": database.url,
        "HALLPASS__SECRET_KEY": tokens.SECRET_KEY,
    }
    began = time.monotonic()
    process = subprocess.Popen(
        [bench.hallpass, "serve"], env=os.environ | environment, cwd=bench.folder, stderr=subprocess.DEVNULL
    )
    try:
        while not processes.answers(port, "/livez"):
            if process.poll() is not None or time.monotonic() - began > processes.PATIENCE:
                raise SystemExit("hallpass did not start")
        return (time.monotonic() - began) * 1000, processes.cpu_seconds(process.pid) * 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
