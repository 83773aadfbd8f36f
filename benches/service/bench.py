"""What every part of a run is given: the programs, the databases, how long to measure, and where results go."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from . import data, machine, processes, tokens
from .contenders import BEARER, TOKEN
from .data import Database
from .load import Credentials
from .results import Results

# As expensive as a password is in these databases; what a login costs is compared at the same cost.
BCRYPT_COST = 10


@dataclass
class Bench:
    options: argparse.Namespace
    folder: Path
    results: Results = field(default_factory=Results)
    made: dict[tuple[str, int], Database] = field(default_factory=dict)

    @property
    def hallpass(self) -> Path:
        return self.program("hallpass")

    def program(self, name: str) -> Path:
        """One of the programs that cargo built."""
        target: Path = self.options.target
        return target / name if name == "hallpass" else target / "examples" / name

    @property
    def kinds(self) -> list[str]:
        return ["SQLite", "PostgreSQL"] if self.options.postgres else ["SQLite"]

    @property
    def largest(self) -> int:
        size: int = max(self.options.sizes)
        return size

    @property
    def middle(self) -> int:
        """A size for what does not depend on it."""
        size: int = min(max(self.options.sizes), 100_000)
        return size

    def database(self, kind: str, users: int) -> Database:
        """Made when it is first asked for."""
        if (kind, users) not in self.made:
            print(f"  filling {kind} with {users:,} users", file=sys.stderr)
            if kind == "SQLite":
                file = self.folder / f"users-{users}.sqlite3"
                database = data.sqlite(self.hallpass, file, users, BCRYPT_COST)
            else:
                database = data.postgres(self.hallpass, self.options.postgres, users, BCRYPT_COST)
            self.made[kind, users] = database
        return self.made[kind, users]

    def tokens(self, users: int) -> Credentials:
        return self.credentials(f"tokens-{users}", TOKEN, users, tokens.key)

    def access_tokens(self, users: int) -> Credentials:
        return self.credentials(f"access-{users}", BEARER, users, tokens.access)

    def credentials(self, name: str, header: str, users: int, of: Callable[[int], str]) -> Credentials:
        """Of the users that send requests, where a database has so many."""
        file = self.folder / name
        if file.exists():
            return Credentials(header, file)
        return Credentials.write(header, [of(user_id) for user_id in tokens.working_set(users)], file)

    def postmaster(self) -> int:
        """The process of the PostgreSQL server that all its others come from, kept on the server's core."""
        return postmaster(self.options.postgres)


@cache
def postmaster(url: str) -> int:
    folder = data.psql(url, "SHOW data_directory").strip()
    pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    for each in processes.family(pid):
        subprocess.run(
            ["taskset", "--all-tasks", "--pid", "--cpu-list", str(machine.SERVER_CORE), str(each)],
            check=True, stdout=subprocess.DEVNULL,
        )
    return pid
