"""The commands of `scripts/conformance`."""

import argparse
import signal
import sys
from pathlib import Path

from .link import link
from .live import live
from .migrations import migrations
from .moving import moving
from .record import check, record
from .side_by_side import side_by_side
from .sign import sign

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
    if options.command == "moving":
        return moving()
    if options.command == "sign":
        return sign(options.profile, options.claims)
    if options.command == "link":
        return link(options.username, options.year)
    command = {"live": live, "migrations": migrations, "side-by-side": side_by_side}[options.command]
    return command(options.binary.resolve(strict=True))


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/conformance", description="hallpass and the real stack, compared.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("record", help="record the answers of the real stack anew")
    commands.add_parser("check", help="record them aside and print what differs from the committed ones")
    commands.add_parser("moving", help="record anew what a project prints of its settings")
    signing = commands.add_parser("sign", help="print a token for a case")
    signing.add_argument("profile", help="a profile's name, which says the algorithm and the key")
    signing.add_argument("claims", help="a JSON object")
    linking = commands.add_parser("link", help="print what a mailed link holds, for a case")
    linking.add_argument("username", help="a user of the seed")
    linking.add_argument("year", type=int, nargs="?", default=2060, help="when it was mailed; one to come is as good as now")
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
