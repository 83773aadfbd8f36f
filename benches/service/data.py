"""Databases full of users, each with a token. hallpass makes the tables, and one statement each fills them."""

import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from . import tokens

# All users have the password of the one that is hashed first.
PASSWORD = "correct-horse-battery-staple"

FILL_SQLITE = """
PRAGMA synchronous = OFF;
PRAGMA cache_size = -500000;
BEGIN;
WITH RECURSIVE numbers (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM numbers WHERE id < :users)
INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name)
SELECT numbers.id, first.password, 0, 'user' || numbers.id, '', 'user' || numbers.id || '@example.com', 0, 1,
       first.date_joined, ''
FROM numbers, auth_user AS first WHERE first.id = 1;
INSERT INTO authtoken_token (key, created, user_id)
SELECT token_key(id) AS key, date_joined, id FROM auth_user ORDER BY key;
COMMIT;
ANALYZE;
PRAGMA wal_checkpoint(TRUNCATE);
"""

# The references are right by themselves: to check each of a million takes longer than to write it.
FILL_POSTGRES = """
SET session_replication_role = replica;
INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
SELECT number, password, false, 'user' || number, '', '', 'user' || number || '@example.com', false, true, date_joined
FROM generate_series(2, :users) AS number, auth_user AS first WHERE first.id = 1;
SELECT setval(pg_get_serial_sequence('auth_user', 'id'), :users);
INSERT INTO authtoken_token (key, created, user_id)
SELECT substr(md5(id::text) || md5('x' || id), 1, 40), date_joined, id FROM auth_user;
VACUUM ANALYZE;
CHECKPOINT;
"""


@dataclass
class Database:
    """A database with users 1 to `users`, whose names are user1, user2 and so on."""

    kind: str
    users: int
    url: str

    @property
    def file(self) -> Path:
        return Path(urlsplit(self.url).path)

    def copy(self, file: Path) -> "Database":
        """The same on SQLite once more, for what is going to be written to."""
        shutil.copyfile(self.file, file)
        return Database(self.kind, self.users, f"sqlite://{file}")


def sqlite(hallpass: Path, file: Path, users: int, cost: int) -> Database:
    database = Database("SQLite", users, f"sqlite://{file}")
    create_first_user(hallpass, database, cost)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.create_function("token_key", 1, tokens.key, deterministic=True)
    connection.executescript(FILL_SQLITE.replace(":users", str(users)))
    connection.close()
    return database


def postgres(hallpass: Path, server: str, users: int, cost: int, name: str = "") -> Database:
    """A database beside the one that `server` names."""
    name = name or f"bench_{users}"
    psql(server, f"CREATE DATABASE {name}")
    database = Database("PostgreSQL", users, f"{server.rpartition('/')[0]}/{name}")
    create_first_user(hallpass, database, cost)
    psql(database.url, FILL_POSTGRES.replace(":users", str(users)))
    return database


def create_first_user(hallpass: Path, database: Database, cost: int) -> None:
    environment = {
        "HALLPASS__DATABASE__URL": database.url,
        "HALLPASS__SECRET_KEY": tokens.SECRET_KEY,
        "HALLPASS__PASSWORD__BCRYPT_COST": str(cost),
    }
    for command in [["migrate"], ["create-user", "user1", "--password-stdin"]]:
        subprocess.run([hallpass, *command], env=environment, input=PASSWORD, text=True, check=True, capture_output=True)


def psql(url: str, sql: str) -> str:
    """Each statement is a transaction of its own."""
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", url]
    return subprocess.run(command, input=sql, text=True, check=True, stdout=subprocess.PIPE).stdout
