"""Servers that live as long as their `with` block: the reference under gunicorn, hallpass, and a PostgreSQL cluster."""

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from . import mails
from .cases import HOME
from .database import is_sqlite

DJANGO = HOME / "django"
# In a profile `{{keys}}` is the folder of the keys that tokens are signed with.
KEYS = "{{keys}}"
# And this is the port of the hallpass beside it, where there is one.
HALLPASS = "{{hallpass}}"
PROFILES: dict[str, Any] = json.loads((HOME / "profiles.json").read_text().replace(KEYS, str(HOME / "keys")))
PATIENCE = 30.0

# What `startproject` writes.
VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ["UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator"]
]


def django_environment(profile: str, database_url: str, hallpass_port: int = 0) -> dict[str, str]:
    settings = PROFILES["profiles"][profile]["django"]
    simple_jwt = json.dumps(settings.get("simple_jwt", {})).replace(HALLPASS, str(hallpass_port))
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "reference.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
        "REFERENCE_SECRET_KEY": PROFILES["secret_key"],
        "REFERENCE_DATABASE_URL": database_url,
        "REFERENCE_AUTHENTICATION": ",".join(settings["authentication"]),
        "REFERENCE_KEYWORD": settings["keyword"],
        "REFERENCE_SIMPLE_JWT": simple_jwt,
        "REFERENCE_DJOSER": json.dumps(settings.get("djoser", {})),
        "REFERENCE_VALIDATORS": json.dumps(settings.get("validators", VALIDATORS)),
        "REFERENCE_THROTTLES": json.dumps(settings.get("throttles", {})),
    }
    return environment | ({"REFERENCE_MAILS": str(mail_folder(database_url))} if is_sqlite(database_url) else {})


def mail_folder(database_url: str) -> Path:
    folder = mails.folder(database_url)
    folder.mkdir(exist_ok=True)
    return folder


def manage(database_url: str, *arguments: str) -> str:
    """What `manage.py` printed. Its output is shown when it fails."""
    command = [sys.executable, "manage.py", *arguments]
    environment = django_environment("token", database_url)
    result = subprocess.run(command, cwd=DJANGO, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"manage.py {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


@contextmanager
def reference(profile: str, database_url: str, folder: Path, hallpass_port: int = 0) -> Iterator[int]:
    """Serves the reference on `database_url` and gives the port."""
    with socket.socket() as listener, (folder / "gunicorn.log").open("ab") as log:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        listener.set_inheritable(True)
        number = listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{number}", "--workers", "1", "--worker-class", "sync"]
        command += ["--timeout", "120", "--no-control-socket", "reference.wsgi"]
        environment = django_environment(profile, database_url, hallpass_port)
        with running(command, log, cwd=DJANGO, env=environment, pass_fds=[number]):
            yield listener.getsockname()[1]


def hallpass_config(profile: str, database_url: str, port: int) -> str:
    """The profile's settings as TOML."""
    settings = PROFILES["hallpass"] | PROFILES["profiles"][profile]["hallpass"]
    settings |= {"secret_key": PROFILES["secret_key"], "server.bind": f"127.0.0.1:{port}", "database.url": database_url}
    if is_sqlite(database_url):
        settings |= {"email.transport": "file", "email.directory": str(mail_folder(database_url))}
        settings |= {"email.limit_per_minute": 1000, "email.limit_per_hour": 1000}
    return "".join(f"{key} = {toml(value)}\n" for key, value in settings.items())


def toml(value: Any) -> str:
    """`value` as TOML, in which a text, a number and a truth are written as in JSON."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {toml(item)}' for key, item in value.items())}}}"
    return json.dumps(value)


@contextmanager
def hallpass(binary: Path, profile: str, database_url: str, folder: Path) -> Iterator[int]:
    """Serves hallpass on `database_url` and gives the port."""
    port = free_port()
    config = folder / f"hallpass-{port}.toml"
    config.write_text(hallpass_config(profile, database_url, port))
    command = [str(binary), "--config", str(config), "serve"]
    with (folder / "hallpass.log").open("ab") as log, running(command, log, cwd=folder) as process:
        wait_until_listening(port, process)
        yield port


def run_hallpass(binary: Path, database_url: str, folder: Path, *arguments: str, stdin: str = "") -> str:
    """What a command of hallpass, or of a binary beside it, printed. Its output is shown when it fails."""
    config = folder / "hallpass-command.toml"
    config.write_text(hallpass_config("token", database_url, free_port()))
    command = [str(binary), "--config", str(config), *arguments]
    result = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f"hallpass {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL cluster of our own, gone afterwards; gives the URL of its server, to which a database's name is added."""
    tools = postgres_tools()
    password = secrets.token_hex(16)
    port = free_port()
    home = folder / "postgres"
    home.mkdir()
    (home / "password").write_text(password)
    prefix: list[str] = []
    if os.getuid() == 0:
        # PostgreSQL refuses to run as root.
        account = pwd.getpwnam("postgres")
        for path in [home, home / "password"]:
            os.chown(path, account.pw_uid, account.pw_gid)
        folder.chmod(0o711)
        prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]

    data = home / "data"
    initdb = [*prefix, str(tools / "initdb"), "--pgdata", str(data), "--username", "conformance", "--encoding", "UTF8"]
    initdb += ["--locale", "C", "--auth", "scram-sha-256", "--pwfile", str(home / "password"), "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=home)
    server = [*prefix, str(tools / "postgres"), "-D", str(data), "-p", str(port), "-k", "", "-h", "127.0.0.1", "-F"]
    with (folder / "postgres.log").open("ab") as log, running(server, log, cwd=home) as process:
        url = f"postgres://conformance:{password}@127.0.0.1:{port}"
        wait_until_listening(port, process)
        wait_until_ready(f"{url}/postgres")
        yield url


def create_database(server_url: str, name: str) -> str:
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server_url}/{name}"


def postgres_tools() -> Path:
    """The folder that has `initdb` and `postgres` of the same version."""
    on_path = shutil.which("postgres")
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if on_path is None and not packaged:
        raise SystemExit("PostgreSQL's server programs (initdb, postgres) are needed and were not found")
    return Path(on_path).resolve().parent if on_path else packaged[-1].parent


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{process.args!r} did not start; its log follows") from None
            time.sleep(0.05)


@contextmanager
def running(command: list[str], log: Any, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `command` with its output in `log`. Ends it at the end of the block, and shows the log if it ended by itself."""
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **options)
    try:
        yield process
    finally:
        ended_by_itself = process.poll() is not None
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if ended_by_itself:
            print(Path(log.name).read_text(errors="replace")[-4000:], file=sys.stderr)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hallpass-conformance-") as name:
        yield Path(name)
