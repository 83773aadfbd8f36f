"""Who is measured with requests to a protected route, side by side: each is a server and the credentials sent to it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import load, machine, processes, tokens
from .data import Database
from .load import Credentials
from .processes import Program

CONNECTIONS = 64
TOKEN = "Authorization: Token "
BEARER = "Authorization: Bearer "


@dataclass
class Sample:
    """One contender in one round."""

    rate: float
    # Processor time of one request, in microseconds: the server's, and the database server's for it.
    cpu: float
    # The database server's part of it.
    database: float
    p50: float
    p99: float


@dataclass
class Contender:
    """A name in the table, and how its server is started."""

    name: str
    start: Callable[[], contextlib.AbstractContextManager[Program]]
    credentials: Credentials
    # Processes beside the server that work for it.
    helpers: list[int] = field(default_factory=list)
    connections: int = CONNECTIONS
    path: str = "/hello/"

    def measure(self, server: Program, seconds: float) -> Sample:
        return ask(server, self.credentials, self.helpers, self.connections, seconds, self.path)


def ask(
    server: Program, credentials: Credentials, helpers: list[int], connections: int, seconds: float, path: str = "/hello/"
) -> Sample:
    """What a server, with the processes that work for it, makes of so many connections."""
    pids = [server.pid, *helpers]
    before = [processes.family_cpu(pid) for pid in pids]
    answers = load.wrk(server.port, credentials, connections=connections, seconds=seconds, path=path)
    # A line for each request adds up.
    os.truncate(server.log, 0)
    own, *others = (spent(pid, earlier) / answers.count * 1e6 for pid, earlier in zip(pids, before, strict=True))
    return Sample(answers.rate, own + sum(others), sum(others), answers.p50, answers.p99)


def spent(pid: int, before: dict[int, float]) -> float:
    """What a family has used since."""
    return sum(now - before.get(each, 0.0) for each, now in processes.family_cpu(pid).items())


def hallpass(
    binary: Path,
    folder: Path,
    database: Database,
    settings: Mapping[str, str],
    *,
    cores: int | list[int] = machine.SERVER_CORE,
) -> contextlib.AbstractContextManager[Program]:
    """The service on a database. A setting is named as AUTH__BACKENDS; the log goes to a file, as it would."""
    port = processes.free_port()
    environment = {
        "HALLPASS__SERVER__BIND": f"127.0.0.1:{port}",
        "HALLPASS__DATABASE__URL": database.url,
        "HALLPASS__SECRET_KEY": tokens.SECRET_KEY,
        "HALLPASS__EMAIL__TRANSPORT": "none",
        # Nobody is to be held off for asking too often.
        "HALLPASS__THROTTLE__LOGIN": "",
        **{f"HALLPASS__{name}": value for name, value in settings.items()},
    }
    log = folder / f"hallpass-{port}.log"
    return processes.running([str(binary), "serve"], port, log, cores=cores, cwd=folder, environment=environment)


def bare(program: Path, folder: Path) -> contextlib.AbstractContextManager[Program]:
    port = processes.free_port()
    return processes.running([str(program), f"127.0.0.1:{port}"], port, folder / "bare.log")
