"""The peers: what others would build the same service with, on the same database, each as its makers say to run it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .. import processes, tokens
from ..bench import Bench
from ..contenders import Contender
from ..data import Database
from ..load import Credentials
from ..processes import Program

HERE = Path(__file__).parent
# The project that hallpass's answers are recorded from: what `startproject` makes, with REST framework and SimpleJWT.
DJANGO = Path("tests/conformance/django")

DJANGO_SCHEMES = {"token": "token", "stateless JWT": "jwt_stateless", "JWT + user": "jwt"}


def contenders(bench: Bench, database: Database) -> list[Contender]:
    """Those that could be installed."""
    credentials = {"token": bench.tokens(database.users), "jwt": bench.access_tokens(database.users)}
    found = []
    if bench.options.python:
        for name, scheme in DJANGO_SCHEMES.items():
            sent = credentials["token" if scheme == "token" else "jwt"]
            start = partial(django, bench, database, scheme)
            found.append(Contender(f"Django + DRF, {name}", start, sent, connections=32))
        found += pair("FastAPI", lambda: fastapi(bench, database), credentials)
    if bench.options.node:
        found += pair("fastify", lambda: fastify(bench, database), credentials)
    return found


def pair(
    name: str, start: Callable[[], contextlib.AbstractContextManager[Program]], credentials: dict[str, Credentials]
) -> list[Contender]:
    return [
        Contender(f"{name}, token", start, credentials["token"], connections=32, path="/token"),
        Contender(f"{name}, stateless JWT", start, credentials["jwt"], connections=32, path="/jwt"),
    ]


def django(bench: Bench, database: Database, scheme: str, **simple_jwt: bool) -> contextlib.AbstractContextManager[Program]:
    """Under gunicorn with two workers of four threads."""
    port = processes.free_port()
    environment = {
        "DJANGO_SETTINGS_MODULE": "reference.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
        "REFERENCE_SECRET_KEY": tokens.SECRET_KEY,
        "REFERENCE_DATABASE_URL": database.url,
        "REFERENCE_AUTHENTICATION": scheme,
        "REFERENCE_KEYWORD": "Token",
        "REFERENCE_SIMPLE_JWT": json.dumps(simple_jwt),
        "REFERENCE_DJOSER": "{}",
        "REFERENCE_VALIDATORS": "[]",
        "REFERENCE_THROTTLES": "{}",
    }
    command = [str(bench.options.python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "120", "reference.wsgi"]
    log = bench.folder / f"django-{port}.log"
    return processes.running(command, port, log, cwd=DJANGO, environment=environment)


def fastapi(bench: Bench, database: Database) -> contextlib.AbstractContextManager[Program]:
    """Under uvicorn with one process, as there is one core."""
    port = processes.free_port()
    command = [str(bench.options.python), "-m", "uvicorn", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    command += ["fastapi_app:app"]
    return processes.running(command, port, bench.folder / f"fastapi-{port}.log", cwd=HERE, environment=environment(database))


def fastify(bench: Bench, database: Database) -> contextlib.AbstractContextManager[Program]:
    port = processes.free_port()
    # Node looks for packages beside the file that imports them.
    program = bench.options.node / "fastify_app.mjs"
    program.write_text((HERE / "fastify_app.mjs").read_text())
    command = ["node", str(program), str(port)]
    log = bench.folder / f"fastify-{port}.log"
    return processes.running(command, port, log, environment={**environment(database), "NODE_ENV": "production"})


def environment(database: Database) -> dict[str, str]:
    return {"BENCH_DATABASE": str(database.file), "BENCH_SECRET_KEY": tokens.SECRET_KEY, "PYTHONDONTWRITEBYTECODE": "1"}
