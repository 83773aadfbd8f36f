"""The databases: rows put in, rows and schema read out. SQLite through the standard library, PostgreSQL through psycopg."""

import base64
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from . import jsontext
from .cases import HOME

# In an order in which rows can be deleted without breaking a reference.
SEEDED_TABLES = [
    "token_blacklist_blacklistedtoken",
    "token_blacklist_outstandingtoken",
    "authtoken_token",
    "auth_user",
]


class Seed:
    """The rows of `seed.json`."""

    def __init__(self, path: Path = HOME / "seed.json") -> None:
        content = jsontext.read(path)
        self.rows: dict[str, list[dict[str, Any]]] = {
            "auth_user": content["auth_user"],
            "authtoken_token": content["authtoken_token"],
        }
        self.passwords = {entry["username"]: entry["password"] for entry in content["passwords"]}

    @property
    def known_values(self) -> frozenset[str]:
        """What looks random in an answer and is not: the tokens' keys, the marks of the passwords in web tokens, and the
        ids of the users, as they are and as they are in mailed links."""
        marks = {hashlib.md5(row["password"].encode()).hexdigest().upper() for row in self.rows["auth_user"]}
        ids = {str(row["id"]) for row in self.rows["auth_user"]}
        uids = {base64.urlsafe_b64encode(user_id.encode()).decode().rstrip("=") for user_id in ids}
        return frozenset(marks | ids | uids | {row["key"] for row in self.rows["authtoken_token"]})

    def key_of(self, username: str) -> str:
        user_id = next(row["id"] for row in self.rows["auth_user"] if row["username"] == username)
        return str(next(row["key"] for row in self.rows["authtoken_token"] if row["user_id"] == user_id))

    def plant(self, url: str) -> None:
        """Leaves the seed's rows, and no others, in the tables of users and tokens."""
        with closing(connect(url)) as connection, connection:
            if is_sqlite(url):
                connection.execute("BEGIN IMMEDIATE")
            for table in [*SEEDED_TABLES, *own_tables(connection, url)]:
                connection.execute(f"DELETE FROM {table}")
            for table, rows in self.rows.items():
                for row in rows:
                    columns = ", ".join(row)
                    places = ", ".join(["?" if is_sqlite(url) else "%s"] * len(row))
                    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(row.values()))
            if not is_sqlite(url):
                # Rows with ids of their own do not move the sequence that numbers the next one.
                connection.execute("SELECT setval(pg_get_serial_sequence('auth_user', 'id'), max(id)) FROM auth_user")


def own_tables(connection: Any, url: str) -> list[str]:
    """The tables that only hallpass has, where it is, those that refer to another first."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'" if is_sqlite(url) else "SELECT tablename FROM pg_tables"
    there = {row[0] for row in connection.execute(tables).fetchall()}
    return sorted((name for name in there if name.startswith("hallpass_")), reverse=True)


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:")


def connect(url: str) -> Any:
    if is_sqlite(url):
        connection = sqlite3.connect(urlsplit(url).path, timeout=30, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = OFF")
        return connection

    return psycopg.connect(url, options="-c timezone=UTC")


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    with closing(connect(url)) as connection, connection:
        return [tuple(row) for row in connection.execute(sql).fetchall()]


def execute(url: str, sql: str) -> None:
    with closing(connect(url)) as connection, connection:
        connection.execute(sql)
