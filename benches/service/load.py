"""The two generators of load: wrk, as fast as it goes, and our own for what wrk cannot do."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import machine

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass
class Credentials:
    """What begins a request's header, as "Authorization: Token ", and the file with what follows, a line each request."""

    header: str
    values: Path

    @classmethod
    def write(cls, header: str, values: list[str], file: Path) -> "Credentials":
        file.write_text("\n".join(values) + "\n")
        return cls(header, file)


@dataclass
class Answers:
    """What came back. Times are in milliseconds."""

    count: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds


def wrk(port: int, credentials: Credentials, *, connections: int, seconds: float, path: str = "/hello/") -> Answers:
    """Asks from `connections` connections at once. Every answer must be 2xx: a refusal would be cheaper."""
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:.0f}s"]
    command += ["--timeout", "20s", "--script", str(SCRIPT), f"http://127.0.0.1:{port}{path}"]
    command += ["--", credentials.header, str(credentials.values)]
    result = subprocess.run(machine.pinned(machine.LOAD_CORE, command), capture_output=True, text=True, check=True)
    report = json.loads(result.stdout.splitlines()[-1])
    if report["refused"] or report["failed"] or not report["requests"]:
        raise SystemExit(f"port {port}: not all requests were answered well: {report}")
    return Answers(report["requests"], report["seconds"], report["p50"], report["p99"])


def generate(load: Path, port: int, **options: Any) -> dict[str, Any]:
    """Runs our own generator, whose options are in `benches/load`. Gives its report; times are in milliseconds."""
    process = start(load, port, **options)
    output, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"the generator ended with exit code {process.returncode}")
    report: dict[str, Any] = json.loads(output)
    return report


def start(load: Path, port: int, *, core: int | list[int] = machine.LOAD_CORE, **options: Any) -> subprocess.Popen[str]:
    """The same, and does not wait for its end."""
    command = [str(load), f"127.0.0.1:{port}"]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return subprocess.Popen(machine.pinned(core, command), stdout=subprocess.PIPE, text=True)


def expect_ok(report: dict[str, Any], what: str) -> None:
    """A refusal would be cheaper than what is measured."""
    if report["failures"] or set(report["statuses"]) != {"200"}:
        raise SystemExit(f"{what}: not all requests were answered well: {report}")
