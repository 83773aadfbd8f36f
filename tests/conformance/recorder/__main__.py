"""The commands of `scripts/conformance`."""

import argparse
import signal
import sys
from pathlib import Path

from .live import live
from .migrations import migrations
from .record import check, record
from .side_by_side import side_by_side

# The messages about malformed JSON are CPython's, and other versions word some of them differently.
RECORDED_WITH = (3, 11)


def main() -> int:
    # Ends the `with` blocks, and with them the servers, as Ctrl-C does.
    for number in [signal.SIGTERM, signal.SIGHUP]:
        signal.signal(number, lambda *_: sys.exit(1))

    options = arguments().parse_args()
    if options.command in ("record", "check"):
        if sys.version_info[:2] != RECORDED_WITH:
            raise SystemExit("The answers are recorded with Python 3.11: set PYTHON to one")
        return {"record": record, "check": check}[options.command]()
    command = {"live": live, "migrations": migrations, "side-by-side": side_by_side}[options.command]
    return command(options.binary.resolve(strict=True))


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/conformance", description="hallpass and the real stack, compared.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("record", help="record the answers of the real stack anew")
    commands.add_parser("check", help="record them aside and print what differs from the committed ones")
    for name, text in [
        ("live", "send every case to the real stack and to hallpass, and print what differs"),
        ("migrations", "compare the tables that hallpass and Django make, and migrate each other's databases"),
        ("side-by-side", "run both servers on one database, SQLite and PostgreSQL"),
    ]:
        command = commands.add_parser(name, help=text)
        command.add_argument("--binary", type=Path, default=Path("target/debug/hallpass"), help="the hallpass to run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
