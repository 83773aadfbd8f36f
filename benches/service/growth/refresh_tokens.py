"""Refreshes while ten thousand to ten million tokens are kept, half of them expired, alone and while those are flushed."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator

from .. import contenders, data, processes, tokens
from ..bench import BCRYPT_COST, Bench
from ..data import Database
from ..plot import Chart
from ..processes import Program
from ..refresh import ROTATING, Writer
from ..spread import Spread

GROUP = "Growth: refresh tokens in the table, rotation and blacklist, 64 clients"

# Tokens of the usual length; those with odd numbers have expired.
FILL_SQLITE = """
INSERT INTO token_blacklist_outstandingtoken (token, user_id, jti, created_at, expires_at)
WITH RECURSIVE numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
SELECT printf('%0230d', n), 1 + n % :users, lower(hex(randomblob(16))), datetime('now', '-2 days'),
       datetime('now', iif(n % 2, '-1 day', '+1 day'))
FROM numbers
"""
FILL_POSTGRES = """
SET session_replication_role = replica;
INSERT INTO token_blacklist_outstandingtoken (token, user_id, jti, created_at, expires_at)
SELECT lpad(n::text, 230, '0'), 1 + n % :users, md5(random()::text || n), now() - interval '2 days',
       now() + CASE n % 2 WHEN 1 THEN interval '-1 day' ELSE interval '1 day' END
FROM generate_series(:first, :last) AS n;
VACUUM ANALYZE token_blacklist_outstandingtoken;
CHECKPOINT;
"""

TABLE = "token_blacklist_outstandingtoken"
FIRST_EXPIRED = f"SELECT id FROM {TABLE} WHERE expires_at < CURRENT_TIMESTAMP ORDER BY id LIMIT 1"


def run(bench: Bench) -> dict[str, Chart]:
    chart = Chart("Refreshes a second", "refresh tokens in the table", "requests/s")
    wait = Chart("How long a refresh takes, p99", "refresh tokens in the table", "ms", is_upward_log=True)
    for kind in bench.kinds:
        database = empty(bench, kind)
        last = 0
        for count in bench.options.refresh_tokens:
            print(f"  {kind}: {count:,} refresh tokens", file=sys.stderr)
            fill(database, last + 1, count)
            last = count
            for name, writer in measure(bench, database, count).items():
                bench.results.add(GROUP, f"{writer.name}, {name}", writer.columns)
                chart.add(f"{kind}, {name}", count, Spread.of(writer.columns["rate"]).median)
                wait.add(f"{kind}, {name}", count, Spread.of(writer.columns["p99"]).median)
    return {"growth-refresh-tokens": chart, "growth-refresh-tokens-wait": wait}


def empty(bench: Bench, kind: str) -> Database:
    if kind == "SQLite":
        return bench.database(kind, bench.middle).copy(bench.folder / "growth.sqlite3")
    return data.postgres(bench.hallpass, bench.options.postgres, bench.middle, BCRYPT_COST, "bench_growth")


def fill(database: Database, first: int, last: int) -> None:
    values = {"first": first, "last": last, "users": database.users}
    if database.kind == "SQLite":
        with contextlib.closing(sqlite3.connect(database.file, isolation_level=None)) as connection:
            connection.execute("PRAGMA cache_size = -2000000")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(FILL_SQLITE, values)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    sql = FILL_POSTGRES
    for name, value in values.items():
        sql = sql.replace(f":{name}", str(value))
    data.psql(database.url, sql)


def query(database: Database, sql: str) -> str:
    """The only value of the only row, or nothing."""
    if database.kind == "PostgreSQL":
        return data.psql(database.url, sql).strip()
    with contextlib.closing(sqlite3.connect(database.file, timeout=60)) as connection:
        row = connection.execute(sql).fetchone()
    return str(row[0]) if row else ""


def measure(bench: Bench, database: Database, count: int) -> dict[str, Writer]:
    name = f"{database.kind}, {count:,} tokens"
    helpers = [bench.postmaster()] if database.kind == "PostgreSQL" else []

    def start(database: Database) -> contextlib.AbstractContextManager[Program]:
        return contenders.hallpass(bench.hallpass, bench.folder, database, ROTATING)

    alone, flushed = (Writer(name, database, start, helpers=helpers) for _ in range(2))
    with start(database) as server:
        for _ in range(bench.options.rounds):
            alone.measure(bench, server, bench.options.seconds)
        for _ in range(bench.options.rounds):
            with flushing(bench, database):
                flushed.measure(bench, server, bench.options.seconds)
    return {"alone": alone, "while flushing": flushed}


@contextlib.contextmanager
def flushing(bench: Bench, database: Database) -> Iterator[None]:
    """Runs `flush-expired-tokens` beside, on any core, and ends it when the block does: it stops between batches.

    The block begins when the first row has gone, since the command counts before it deletes.
    """
    first = query(database, FIRST_EXPIRED)
    environment = {"HALLPASS__DATABASE__URL": database.url, "HALLPASS__SECRET_KEY": tokens.SECRET_KEY}
    process = subprocess.Popen(
        [bench.hallpass, "flush-expired-tokens"], env=os.environ | environment, cwd=bench.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        while first and process.poll() is None and query(database, f"SELECT id FROM {TABLE} WHERE id = {first}"):
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(processes.PATIENCE)
