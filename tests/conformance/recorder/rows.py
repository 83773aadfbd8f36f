"""The rows that a case left behind, as lines in which what is random or of the moment is named as in a token."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from . import tokens
from .cases import json_fields
from .database import Seed, query
from .wire import Answer

LAST_LOGINS = "SELECT username, last_login FROM auth_user ORDER BY id"
OUTSTANDING = "SELECT user_id, jti, created_at, expires_at, token FROM token_blacklist_outstandingtoken ORDER BY id"
BLACKLISTED = """SELECT jti, blacklisted_at FROM token_blacklist_blacklistedtoken blacklisted
    JOIN token_blacklist_outstandingtoken outstanding ON outstanding.id = token_id ORDER BY blacklisted.id"""


def lines(url: str, answers: list[Answer], seed: Seed) -> list[str]:
    """A line for each login that was noted, each token on record, and each that is blacklisted."""
    now = answers[-1].asked_at
    name_token, name_jti = namers(answers)
    seeded = {row["username"]: row["last_login"] for row in seed.rows["auth_user"]}
    found = [
        f"last login of {username}: {moment(at, now)}"
        for username, at in query(url, LAST_LOGINS)
        if at is not None and at != seeded[username]
    ]
    found += [
        f"outstanding {name_jti(jti)} of user {user_id}, since {moment(created, now)}, until {moment(expires, now)}: "
        f"{name_token(token)}"
        for user_id, jti, created, expires, token in query(url, OUTSTANDING)
    ]
    found += [f"blacklisted {name_jti(jti)} since {moment(at, now)}" for jti, at in query(url, BLACKLISTED)]
    return found


def namers(answers: list[Answer]) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """What names a token of one of the `answers`, and what names the `jti` of one. Others are as they are."""
    by_token: dict[str, str] = {}
    by_jti: dict[str, str] = {}
    for number, answer in enumerate(answers, start=1):
        for field, value in json_fields(answer):
            by_token.setdefault(str(value), f"{{{{step{number}.{field}}}}}")
            for claim, said in tokens.claims(str(value)).items():
                by_jti.setdefault(str(said), f"{{{{step{number}.{field}.{claim}}}}}")

    return lambda token: by_token.get(token, token), lambda jti: by_jti.get(jti, jti)


def moment(stored: Any, now: float) -> str:
    """A time as the column holds it; one far from `now` in full."""
    time = datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)
    if abs(time.timestamp() - now) < tokens.A_MOMENT_OF_THE_SERVER:
        return tokens.moment(time.timestamp(), now)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
