"""The machine that is measured on: what it is, how busy it is, and which core is whose."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
# The server has one core to itself, and whatever sends it requests another one.
SERVER_CORE = CORES[0]
LOAD_CORE = CORES[-1]


def pinned(core: int | list[int], command: list[str]) -> list[str]:
    """`command` on one core, or on several."""
    cores = [core] if isinstance(core, int) else core
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]


def describe() -> dict[str, str]:
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cores": str(len(CORES)),
        "memory": f"{int(memory.group(1)) / 2**20:.0f} GiB" if memory else "unknown",
        "kernel": platform.release(),
    }


def load_average() -> float:
    """How many programs wanted a core in the last minute."""
    return os.getloadavg()[0]


def versions() -> dict[str, str]:
    """Of what the figures depend on, as far as it is installed."""
    locked = Path("Cargo.lock").read_text()

    def crate(name: str) -> str:
        found = re.search(rf'name = "{name}"\nversion = "([^"]+)"', locked)
        return found.group(1) if found else "unknown"

    return {
        "rustc": output("rustc", "--version"),
        **{name: crate(name) for name in ["hallpass", "actix-web", "diesel", "jsonwebtoken", "bcrypt", "libsqlite3-sys"]},
        "SQLite (of Python)": sqlite3.sqlite_version,
        "PostgreSQL": output("psql", "--version") if shutil.which("psql") else "not there",
        "wrk": output("wrk", "--version", fails=True),
        "Python": platform.python_version(),
    }


def output(*command: str, fails: bool = False) -> str:
    """The first line that a program prints about itself."""
    result = subprocess.run(command, capture_output=True, text=True, check=not fails)
    return (result.stdout or result.stderr).splitlines()[0]
