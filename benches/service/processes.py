"""Programs that run while they are measured: how much processor time they took, and how much memory they hold."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import machine

PATIENCE = 60.0


def cpu_seconds(pid: int) -> float:
    """The processor time of a process, with all the threads that it has and had, to the nanosecond."""
    # This is what clock_getcpuclockid(3) gives for a process.
    return time.clock_gettime((~pid << 3) | 2)


def family(pid: int) -> list[int]:
    """A process and all that came from it and still run."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def family_cpu(pid: int) -> dict[int, float]:
    """The processor time of each process of a family."""
    times = {}
    for each in family(pid):
        with contextlib.suppress(OSError):
            times[each] = cpu_seconds(each)
    return times


def anonymous_memory(pid: int) -> float:
    """What the processes of a family hold that is not a file's, in MB."""
    total = 0
    for each in family(pid):
        found = re.search(r"RssAnon:\s*(\d+)", Path(f"/proc/{each}/status").read_text())
        total += int(found.group(1)) if found else 0
    return total / 1024


@dataclass
class Program:
    """A server that runs."""

    pid: int
    port: int
    log: Path


@contextlib.contextmanager
def running(
    command: list[str],
    port: int,
    log: Path,
    *,
    cores: int | list[int] = machine.SERVER_CORE,
    path: str = "/hello/",
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Program]:
    """Runs a server until the block ends; it is ready when it answers at `path`, whatever it answers."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            machine.pinned(cores, command), stdout=output, stderr=output, cwd=cwd, env=os.environ | (environment or {})
        )
        try:
            wait_until_ready(process, port, path, log)
            yield Program(process.pid, port, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if answers(port, path):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise SystemExit(f"{process.args!r} did not become ready; its log ends:\n{end}")


def answers(port: int, path: str) -> bool:
    """Whether a server gives any HTTP answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(16).startswith(b"HTTP/1.1 ")
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
