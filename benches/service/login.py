"""A login with a password, beside a hash of the same cost and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from . import contenders, load, machine, processes
from .bench import BCRYPT_COST, Bench
from .contenders import spent
from .data import PASSWORD
from .processes import Program
from .spread import Spread

GROUP = f"Obtain a token by password, bcrypt at cost {BCRYPT_COST}, one core"
RAW = "one hash of the bcrypt crate"
CLIENTS = [1, 16]
HASHES = 20


def run(bench: Bench) -> None:
    seconds = bench.options.seconds * 2
    database = bench.database("SQLite", min(bench.options.sizes))
    names = bench.credentials("names", "", database.users, lambda user_id: f"user{user_id}").values
    found: dict[str, list[tuple[float, float, float]]] = {}
    settings = {"AUTH__BACKENDS": "token", "PASSWORD__BCRYPT_COST": str(BCRYPT_COST)}
    with contenders.hallpass(bench.hallpass, bench.folder, database, settings) as server:
        for _ in range(bench.options.rounds):
            found.setdefault(RAW, []).append((raw_hash(bench), 0.0, 0.0))
            for clients in CLIENTS:
                sample = log_in(bench, server, clients, seconds, names)
                found.setdefault(f"login, {clients} clients" if clients > 1 else "login, 1 client", []).append(sample)
    for name, samples in found.items():
        cpu, rate, p99 = zip(*samples, strict=True)
        more = {} if name == RAW else {"rate": rate, "p99": p99}
        bench.results.add(GROUP, name, {"cpu_ms": cpu, **more})
    raw, many = ([cpu for cpu, _, _ in found[name]] for name in (RAW, f"login, {CLIENTS[-1]} clients"))
    bench.results.reach("login", f"cost {BCRYPT_COST}", Spread.ratio(many, raw))


def raw_hash(bench: Bench) -> float:
    """Milliseconds of processor time."""
    command = [str(bench.program("raw_bcrypt")), str(BCRYPT_COST), str(HASHES)]
    process = subprocess.Popen(machine.pinned(machine.SERVER_CORE, command))
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"raw_bcrypt ended with exit code {process.returncode}")
    return (used.ru_utime + used.ru_stime) / HASHES * 1000


def log_in(bench: Bench, server: Program, clients: int, seconds: float, names: Path) -> tuple[float, float, float]:
    """Milliseconds of processor time for a login, logins a second, and the p99 in milliseconds."""
    before = processes.family_cpu(server.pid)
    report = load.generate(bench.program("load"), server.port, seconds=seconds, connections=clients, values=names, **login())
    load.expect_ok(report, "login")
    used = spent(server.pid, before)
    return used / report["answers"] * 1000, report["answers"] / report["seconds"], report["p99"]


def login() -> dict[str, str]:
    """What our generator is told for a login; the names come from a file."""
    return {"path": "/api-token-auth/", "body": json.dumps({"username": "{}", "password": PASSWORD})}
