"""Refresh with rotation and blacklist: every request is a write, and no token can be used twice."""

from __future__ import annotations

import contextlib
import random
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from . import contenders, data, load, peers, processes, tokens
from .bench import BCRYPT_COST, Bench
from .contenders import spent
from .data import Database
from .processes import Program
from .spread import Spread

GROUP = "Refresh with rotation and blacklist"
GROUPED, SINGLE = "hallpass, SQLite FULL", "hallpass, SQLite FULL, a commit a request"
POSTGRES, DJANGO = "hallpass, PostgreSQL", "Django + DRF, SQLite FULL"
ROTATING = {"JWT__ROTATE_REFRESH_TOKENS": "true", "JWT__BLACKLIST_AFTER_ROTATION": "true", "AUTH__BACKENDS": "jwt"}
# The settings with which every write is a transaction of its own: the base of the goal of group commit.
COMMIT_A_REQUEST = {"DATABASE__MAX_WRITES_PER_COMMIT": "1"}
# What one contender may use up in a second; whoever is faster ends before the time is over.
TOKENS_A_SECOND = 15_000

Start = Callable[[Database], contextlib.AbstractContextManager[Program]]


@dataclass
class Writer:
    """A server, its database, and the tokens for each round."""

    name: str
    database: Database
    start: Start
    clients: int = 64
    helpers: list[int] = field(default_factory=list)
    tokens_a_second: int = TOKENS_A_SECOND
    columns: dict[str, list[float]] = field(default_factory=lambda: {key: [] for key in ("cpu", "rate", "p50", "p99")})

    def measure(self, bench: Bench, server: Program, seconds: float) -> None:
        values = bench.folder / "refresh-tokens"
        values.write_text("\n".join(prepare(self.database, int(self.tokens_a_second * seconds))) + "\n")
        options = {"path": "/api/token/refresh/", "body": '{"refresh":"{}"}', "values": values, "once": True}
        before = [processes.family_cpu(pid) for pid in (server.pid, *self.helpers)]
        report = load.generate(bench.program("load"), server.port, seconds=seconds, connections=self.clients, **options)
        used = sum(spent(pid, earlier) for pid, earlier in zip((server.pid, *self.helpers), before, strict=True))
        load.expect_ok(report, self.name)
        for key, value in [("cpu", used / report["answers"] * 1e6), ("rate", report["answers"] / report["seconds"])]:
            self.columns[key].append(value)
        for key in ("p50", "p99"):
            self.columns[key].append(report[key])


def run(bench: Bench) -> None:
    options = bench.options
    writers = participants(bench)
    order = random.Random(3)
    with contextlib.ExitStack() as stack:
        servers = [(writer, stack.enter_context(writer.start(writer.database))) for writer in writers]
        for _ in range(options.rounds):
            order.shuffle(servers)
            for writer, server in servers:
                writer.measure(bench, server, options.seconds)
    columns = {writer.name: writer.columns for writer in writers}
    for writer in writers:
        bench.results.add(GROUP, writer.name, writer.columns, f"{writer.clients} clients")
    at = f"{writers[0].database.users:,} users"
    if SINGLE in columns:
        bench.results.reach("group_commit", at, Spread.ratio(columns[GROUPED]["rate"], columns[SINGLE]["rate"]))
    if DJANGO in columns:
        bench.results.reach("django_refresh", at, Spread.ratio(columns[DJANGO]["cpu"], columns[GROUPED]["cpu"]))


def participants(bench: Bench) -> list[Writer]:
    users = bench.middle
    original = bench.database("SQLite", users)

    def hallpass(more: dict[str, str] | None = None) -> Start:
        return lambda database: contenders.hallpass(bench.hallpass, bench.folder, database, ROTATING | (more or {}))

    def sqlite(name: str) -> Database:
        return original.copy(bench.folder / f"refresh-{name}.sqlite3")

    writers = [Writer(GROUPED, sqlite("grouped"), hallpass())]
    writers.append(Writer(SINGLE, sqlite("single"), hallpass(COMMIT_A_REQUEST)))
    if "PostgreSQL" in bench.kinds:
        database = data.postgres(bench.hallpass, bench.options.postgres, users, BCRYPT_COST, "bench_refresh")
        writers.append(Writer(POSTGRES, database, hallpass(), helpers=[bench.postmaster()]))
    if bench.options.peers and bench.options.python:
        rotating = {"ROTATE_REFRESH_TOKENS": True, "BLACKLIST_AFTER_ROTATION": True}
        # It has eight threads, and a longer queue would only time out on the lock.
        writers.append(Writer(DJANGO, sqlite("django"), lambda database: peers.django(bench, database, "jwt", **rotating),
                              clients=8, tokens_a_second=1000))
    return writers


def prepare(database: Database, count: int, lifetime: int = tokens.DAY) -> list[str]:
    """New refresh tokens, noted as given out, as a login would have."""
    users = random.choices(range(1, database.users + 1), k=count)
    rows = []
    for user_id in users:
        jti = secrets.token_hex(16)
        rows.append((tokens.jwt(user_id, "refresh", jti, lifetime), user_id, jti))
    note(database, rows)
    return [token for token, _, _ in rows]


def note(database: Database, rows: list[tuple[str, int, str]]) -> None:
    if database.kind == "SQLite":
        with contextlib.closing(sqlite3.connect(database.file, timeout=60)) as connection, connection:
            connection.executemany(
                "INSERT INTO token_blacklist_outstandingtoken (token, user_id, jti, created_at, expires_at)"
                " VALUES (?, ?, ?, datetime('now'), datetime('now', '+1 day'))", rows,
            )
        return
    copied = "".join(f"{token}\t{user_id}\t{jti}\n" for token, user_id, jti in rows)
    sql = "CREATE TEMPORARY TABLE new (token text, user_id integer, jti text);\n\\copy new FROM pstdin\n"
    insert = "INSERT INTO token_blacklist_outstandingtoken (token, user_id, jti, created_at, expires_at)"
    insert += " SELECT token, user_id, jti, now(), now() + interval '1 day' FROM new;\n"
    data.psql(database.url, sql + copied + "\\.\n" + insert)
