"""A fresh database of each kind, for checks that are made on both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .servers import create_database, postgres

# Gives the URL of an empty database of the name.
Create = Callable[[str], str]


@contextmanager
def sqlite_and_postgres(folder: Path) -> Iterator[dict[str, Create]]:
    with postgres(folder) as server_url:
        yield {
            "SQLite": lambda name: f"sqlite://{folder / name}.sqlite3",
            "PostgreSQL": lambda name: create_database(server_url, name),
        }
