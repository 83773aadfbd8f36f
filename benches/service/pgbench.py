"""The lookup of a token on PostgreSQL, beside what PostgreSQL's own benchmark reaches with the same query."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import contenders, machine, processes, tokens
from .bench import Bench
from .data import Database
from .processes import Program
from .spread import Spread

GROUP = "A token on PostgreSQL, one core for it and the service"
QUERY = """SELECT u.id, u.username, u.is_active, u.is_staff, u.is_superuser, t.created FROM authtoken_token AS t \
JOIN auth_user AS u ON u.id = t.user_id WHERE t.key = :key;
"""
CLIENTS = [64, 16]
# A number of them and not a time, which pgbench counts from before it connects.
TRANSACTIONS_A_SECOND = 20_000


@dataclass
class PgBench:
    """pgbench asks for one key again and again, which is in its favour."""

    database: Database
    script: Path
    postmaster: int

    def measure(self, clients: int, seconds: float) -> tuple[float, float]:
        """Transactions a second, and PostgreSQL's processor time for one in microseconds."""
        each = int(TRANSACTIONS_A_SECOND * seconds) // clients
        # What connecting takes is in both.
        _, connecting = self.run(clients, 1)
        rate, used = self.run(clients, each + 1)
        return rate, (used - connecting) / (each * clients) * 1e6

    def run(self, clients: int, transactions: int) -> tuple[float, float]:
        """Transactions a second without the time to connect, and PostgreSQL's processor time in all."""
        key = tokens.key(tokens.working_set(self.database.users)[0])
        command = ["pgbench", "--no-vacuum", "--protocol", "prepared", "--client", str(clients)]
        command += ["--transactions", str(transactions), "--file", str(self.script), "--define", f"key={key}"]
        command = machine.pinned(machine.LOAD_CORE, [*command, self.database.url])
        processes_before, before = len(processes.family(self.postmaster)), self.cpu()
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        # The processes of its connections end a moment after it.
        until = time.monotonic() + processes.PATIENCE
        while len(processes.family(self.postmaster)) > processes_before and time.monotonic() < until:
            time.sleep(0.05)
        found = re.search(r"tps = ([\d.]+)", output)
        if not found:
            raise SystemExit(f"pgbench did not say how fast it was:\n{output}")
        return float(found.group(1)), self.cpu() - before

    def cpu(self) -> float:
        """The processor time of all that the server has started, of what has ended in ticks of the system's clock."""
        fields = Path(f"/proc/{self.postmaster}/stat").read_text().rpartition(")")[2].split()
        ended = sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
        return ended + sum(processes.family_cpu(self.postmaster).values())


def run(bench: Bench) -> None:
    if "PostgreSQL" not in bench.kinds:
        return
    database = bench.database("PostgreSQL", bench.largest)
    script = bench.folder / "lookup.sql"
    script.write_text(QUERY)
    pgbench = PgBench(database, script, bench.postmaster())
    order = random.Random(2)
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    with contenders.hallpass(bench.hallpass, bench.folder, database, {"AUTH__BACKENDS": "token"}) as server:
        ask(bench, server, pgbench, CLIENTS[0], 1)
        turns = [(who, clients) for clients in CLIENTS for who in ("hallpass", "pgbench")]
        for turn in turns:
            found[turn] = []
        for _ in range(bench.options.rounds):
            order.shuffle(turns)
            for who, clients in turns:
                if who == "pgbench":
                    sample = pgbench.measure(clients, bench.options.seconds)
                else:
                    sample = ask(bench, server, pgbench, clients, bench.options.seconds)
                found[who, clients].append(sample)
    for (who, clients), samples in found.items():
        rates, cpus = zip(*samples, strict=True)
        bench.results.add(GROUP, f"{who}, {clients} clients", {"rate": rates, "cpu": cpus})
    for clients in CLIENTS:
        (rates, cpus), (their_rates, their_cpus) = (
            zip(*found[who, clients], strict=True) for who in ("hallpass", "pgbench")
        )
        bench.results.reach("pgbench", f"{clients} clients", Spread.ratio(rates, their_rates))
        bench.results.reach("pgbench_cpu", f"{clients} clients", Spread.ratio(their_cpus, cpus))


def ask(bench: Bench, server: Program, pgbench: PgBench, clients: int, seconds: float) -> tuple[float, float]:
    """Requests a second, and the processor time of one, in hallpass and in PostgreSQL."""
    sample = contenders.ask(server, bench.tokens(pgbench.database.users), [pgbench.postmaster], clients, seconds)
    return sample.rate, sample.cpu
