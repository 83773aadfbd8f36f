"""The machine that is measured on: what it is, how busy it is, and which core is whose."""

import os
import platform
import re
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


def sentence() -> str:
    about = describe()
    return f"{about['cpu']}, {about['cores']} cores, {about['memory']} of memory, Linux {about['kernel']}"


def load_average() -> float:
    """How many programs wanted a core in the last minute."""
    return os.getloadavg()[0]
