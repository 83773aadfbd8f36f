"""The lookup of a token on PostgreSQL, beside what PostgreSQL's own benchmark reaches with the same query."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

from . import contenders, load, machine, tokens
from .bench import Bench
from .data import Database
from .spread import Spread

GROUP = "A token on PostgreSQL, one core for it and the service"
QUERY = """SELECT u.id, u.username, u.is_active, u.is_staff, u.is_superuser, t.created FROM authtoken_token AS t \
JOIN auth_user AS u ON u.id = t.user_id WHERE t.key = :key;
"""
CLIENTS = [64, 16]
# A number of them and not a time, which pgbench counts from before it connects.
TRANSACTIONS_A_SECOND = 20_000


def run(bench: Bench) -> None:
    if "PostgreSQL" not in bench.kinds:
        return
    seconds = bench.options.seconds
    database = bench.database("PostgreSQL", bench.largest)
    credentials = bench.tokens(database.users)
    bench.postmaster()
    script = bench.folder / "lookup.sql"
    script.write_text(QUERY)
    order = random.Random(2)
    rates: dict[str, list[float]] = {}
    with contenders.hallpass(bench.hallpass, bench.folder, database, AUTH__BACKENDS="token") as server:
        load.wrk(server.port, credentials, connections=CLIENTS[0], seconds=1)
        turns = [(who, clients) for who in ("hallpass", "pgbench") for clients in CLIENTS]
        for _ in range(bench.options.rounds):
            order.shuffle(turns)
            for who, clients in turns:
                if who == "pgbench":
                    rate = pgbench(database, script, clients, seconds)
                else:
                    rate = load.wrk(server.port, credentials, connections=clients, seconds=seconds).rate
                rates.setdefault(f"{who}, {clients} clients", []).append(rate)
    for name, found in rates.items():
        bench.results.add(GROUP, name, rate=found)
    for clients in CLIENTS:
        ours, theirs = (rates[f"{who}, {clients} clients"] for who in ("hallpass", "pgbench"))
        bench.results.reach("pgbench", f"{clients} clients", Spread.ratio(ours, theirs))


def pgbench(database: Database, script: Path, clients: int, seconds: float) -> float:
    """Transactions a second. It asks for one key again and again, which is in its favour."""
    key = tokens.key(tokens.working_set(database.users)[0])
    command = ["pgbench", "--no-vacuum", "--protocol", "prepared", "--client", str(clients)]
    command += ["--transactions", str(int(TRANSACTIONS_A_SECOND * seconds) // clients)]
    command += ["--file", str(script), "--define", f"key={key}", database.url]
    output = subprocess.run(machine.pinned(machine.LOAD_CORE, command), capture_output=True, text=True, check=True).stdout
    found = re.search(r"tps = ([\d.]+)", output)
    if not found:
        raise SystemExit(f"pgbench did not say how fast it was:\n{output}")
    return float(found.group(1))
