"""The mails that a server put into its folder, a file each, and what is kept of them."""

import html
import re
import time
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# The last two parts of the path in a mailed link.
UID_AND_TOKEN = re.compile(r"([\w-]+)/([0-9a-z]+-[0-9a-f]{32})(?![0-9a-f])")
HREF = re.compile(r'href="([^"]*)"')

# How long to wait for a mail that is sent in the background.
PATIENCE = 2.0


def folder(database_url: str) -> Path:
    """Where a server with this SQLite database puts its mails: beside the database."""
    return Path(f"{urlsplit(database_url).path}.mails")


def clear(database_url: str) -> None:
    for path in folder(database_url).glob("*.eml"):
        path.unlink()


def take(database_url: str, expected: int) -> list[dict[str, str]]:
    """The mails that came since the last call, oldest first, once there are as many as `expected` or none comes any more."""
    deadline = time.monotonic() + PATIENCE
    while len(paths := list(folder(database_url).glob("*.eml"))) < expected and time.monotonic() < deadline:
        time.sleep(0.02)
    mails = [read(path) for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]
    for path in paths:
        path.unlink()
    return mails


def read(path: Path) -> dict[str, str]:
    message = message_from_bytes(path.read_bytes(), policy=default)
    # A header folded before its first word begins with the blank of the fold.
    mail = {name: str(message[name]).strip() for name in ["from", "to", "subject"]} | {"text": part(message, "plain")}
    link = HREF.search(part(message, "html"))
    return mail | ({"html_link": html.unescape(link[1])} if link else {})


def part(message: Any, subtype: str) -> str:
    """The text of a part, without a newline at its end, or nothing when there is no such part."""
    found = message.get_body((subtype,))
    return "" if found is None else found.get_content().replace("\r\n", "\n").removesuffix("\n")


def link_parts(mails: list[dict[str, str]]) -> dict[str, str]:
    """The `uid` and the `token` of the first link in `mails`."""
    match = next(filter(None, (UID_AND_TOKEN.search(mail["text"]) for mail in mails)), None)
    return {"uid": match[1], "token": match[2]} if match else {}


def named(mail: dict[str, str], known: frozenset[str]) -> dict[str, str]:
    """`mail` with its token named by its pattern, and the uid too if it is not that of a `known` user."""

    def name(match: re.Match[str]) -> str:
        return f"{match[1] if match[1] in known else '{{uid}}'}/{{{{token}}}}"

    return {key: UID_AND_TOKEN.sub(name, value) for key, value in mail.items()}
