"""The versions of all that the figures depend on."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from . import data
from .bench import Bench

CRATES = ["hallpass", "actix-web", "diesel", "jsonwebtoken", "bcrypt"]
PYTHON_PEERS = ["Django", "djangorestframework", "djangorestframework-simplejwt", "gunicorn", "fastapi", "uvicorn", "PyJWT"]


def versions(bench: Bench) -> dict[str, str]:
    options = bench.options
    found = {"rustc": output("rustc", "--version").split()[1], **crates()}
    if options.postgres:
        found["PostgreSQL"] = data.psql(options.postgres, "SHOW server_version").strip()
    found["wrk"] = output("wrk", "--version").split()[1]
    if options.peers and options.python:
        program = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
        found |= {"Python": platform.python_version(), **json.loads(output(str(options.python), "-c", program, *PYTHON_PEERS))}
    if options.peers and options.node:
        package: dict[str, Any] = json.loads((options.node / "package.json").read_text())
        found |= {"Node.js": output("node", "--version"), **package["dependencies"]}
    return found


def crates() -> dict[str, str]:
    """As Cargo.lock has them, and the SQLite that is compiled in."""
    packages = json.loads(output("cargo", "metadata", "--locked", "--format-version", "1"))["packages"]
    found = {package["name"]: package["version"] for package in packages if package["name"] in CRATES}
    sqlite = next(package for package in packages if package["name"] == "libsqlite3-sys")
    header = Path(sqlite["manifest_path"]).with_name("sqlite3") / "sqlite3.h"
    version = re.search(r'#define SQLITE_VERSION\s+"(.*)"', header.read_text())
    return {**found, "SQLite": version.group(1) if version else "unknown"}


def output(*command: str) -> str:
    """The first line that a program prints; wrk's exit code is not 0 when it tells its version."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[0]
