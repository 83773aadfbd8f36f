"""What `scripts/bench` runs once everything is built and installed."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from . import flood, footprint, freshness, growth, login, machine, pgbench, refresh, report, routes, versions
from .bench import Bench

# In the order in which they are run.
ROWS = {
    "routes": routes.run,
    "pgbench": pgbench.run,
    "login": login.run,
    "refresh": refresh.run,
    "flood": flood.run,
    "freshness": freshness.run,
    "footprint": footprint.run,
}

# How many users, and with --growth how many refresh tokens.
SIZES = [1_000, 100_000, 1_000_000]
GROWING = [1_000, 10_000, 100_000, 1_000_000]
TOKENS = [10_000, 100_000, 1_000_000, 10_000_000]
QUICK = [1_000]


def main() -> None:
    options = parse()
    # So that the servers are ended and the databases removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    load = [machine.load_average()]
    with tempfile.TemporaryDirectory(prefix="hallpass-bench.") as folder:
        # PostgreSQL's own user has to get through.
        os.chmod(folder, 0o711)
        bench = Bench(options, Path(folder))
        for what in os.environ.get("BENCH_LEFT_OUT", "").splitlines():
            bench.results.left_out.append(what)
        for name in options.only:
            print(f"{name}:", file=sys.stderr)
            if options.growth:
                growth.run(bench, name)
            else:
                ROWS[name](bench)
        load.append(machine.load_average())
        about = (versions.versions(bench), load, bench.results)
    print(report.markdown(*about))
    if options.json:
        options.json.write_text(json.dumps(report.to_json(*about), indent=1) + "\n")


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--target", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--python", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--node", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--sizes", type=numbers)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--charts", type=Path)
    parser.add_argument("--refresh-tokens", type=numbers)
    options = parser.parse_args()
    if options.growth and options.quick and not options.charts:
        parser.error("--quick means nothing: say with --charts where the charts go")
    options.charts = options.charts or Path("docs")
    known = list(growth.PARTS if options.growth else ROWS)
    options.only = options.only or known
    if unknown := [name for name in options.only if name not in known]:
        parser.error(f"--only: there is no {', '.join(unknown)}; there are {', '.join(known)}")
    options.sizes = options.sizes or (QUICK if options.quick else GROWING if options.growth else SIZES)
    options.refresh_tokens = options.refresh_tokens or (QUICK if options.quick else TOKENS)
    options.rounds = options.rounds or (1 if options.quick else 3 if options.growth else 7)
    options.seconds = options.seconds or (1 if options.quick else 2)
    options.postgres = os.environ.get("HALLPASS_TEST_POSTGRES_URL")
    return options


if __name__ == "__main__":
    main()
