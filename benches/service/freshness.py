"""How many requests are still accepted after another process has committed that they must not be."""

from __future__ import annotations

import contextlib
import http.client
import sqlite3
from collections.abc import Callable

from . import contenders, data, machine, tokens
from .bench import BCRYPT_COST, Bench
from .data import Database
from .spread import Spread

GROUP = "Requests accepted after another process's commit"
# Enough that every worker has some.
CONNECTIONS = 8
BEFORE, AFTER = 10, 25
ATTEMPTS = 20

DELETE_TOKEN = "DELETE FROM authtoken_token WHERE user_id = {}"
DEACTIVATE = "UPDATE auth_user SET is_active = false WHERE id = {}"
WAYS: dict[str, tuple[str, Callable[[int], str], str]] = {
    "its token deleted": ("token", lambda user_id: f"Token {tokens.key(user_id)}", DELETE_TOKEN),
    "its user made inactive, token": ("token", lambda user_id: f"Token {tokens.key(user_id)}", DEACTIVATE),
    "its user made inactive, JWT": ("jwt", lambda user_id: f"Bearer {tokens.access(user_id)}", DEACTIVATE),
}


def run(bench: Bench) -> None:
    users = min(bench.options.sizes)
    for kind in bench.kinds:
        for number, (name, (backend, header, sql)) in enumerate(WAYS.items()):
            database = fresh_database(bench, kind, users, number)
            settings = {"AUTH__BACKENDS": backend}
            with contenders.hallpass(bench.hallpass, bench.folder, database, settings, cores=machine.CORES) as server:
                accepted = [attempt(server.port, database, user_id, header, sql) for user_id in range(1, ATTEMPTS + 1)]
            of = f"{ATTEMPTS * AFTER} requests on {CONNECTIONS} connections"
            bench.results.add(GROUP, f"{name}, {kind}", {"value": [sum(accepted)]}, of)
            bench.results.reach("freshness", f"{name}, {kind}", Spread.of([float(sum(accepted))]))


def fresh_database(bench: Bench, kind: str, users: int, number: int) -> Database:
    """A copy, since rows are changed in it."""
    if kind == "SQLite":
        return bench.database(kind, users).copy(bench.folder / f"freshness-{number}.sqlite3")
    return data.postgres(bench.hallpass, bench.options.postgres, users, BCRYPT_COST, f"bench_freshness_{number}")


def attempt(port: int, database: Database, user_id: int, header: Callable[[int], str], sql: str) -> int:
    """Has every worker accept the credential, takes it away, and counts who still accepts it."""
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)))
            for _ in range(CONNECTIONS)
        ]
        headers = {"Authorization": header(user_id)}
        before = [ask(client, headers) for _ in range(BEFORE) for client in clients]
        if set(before) != {200}:
            raise SystemExit(f"the credential was not good to begin with: {set(before)}")
        commit(database, sql.format(user_id))
        after = [ask(clients[number % CONNECTIONS], headers) for number in range(AFTER)]
    return after.count(200)


def commit(database: Database, sql: str) -> None:
    """Returns when it is committed."""
    if database.kind == "SQLite":
        with contextlib.closing(sqlite3.connect(database.file, timeout=60)) as connection, connection:
            connection.execute(sql)
    else:
        data.psql(database.url, sql)


def ask(client: http.client.HTTPConnection, headers: dict[str, str]) -> int:
    client.request("GET", "/hello/", headers=headers)
    response = client.getresponse()
    response.read()
    return response.status
