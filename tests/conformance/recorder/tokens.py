"""JSON web tokens opened, and what is random or of the moment in them named."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")

# A moment further away than this was written into a case by hand; tokens made by a server end sooner.
A_MOMENT_OF_THE_SERVER = 400 * 86400

# Moments are told to the nearest multiple, so that it does not matter how long an answer took.
GRAIN = 5

RANDOM = {"hex32": re.compile(r"[0-9a-f]{32}"), "HEX32": re.compile(r"[0-9A-F]{32}")}


def opened(token: str, now: float, name_known: Callable[[str], str | None]) -> dict[str, str]:
    """The two JSON texts in `token`. A random value is named by `name_known`, or by its pattern when that knows none."""

    def name(value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value - now) < A_MOMENT_OF_THE_SERVER:
            return moment(value, now)
        if isinstance(value, str) and value.isdecimal():
            return json.dumps(name_known(value) or value)
        for pattern, kind in RANDOM.items():
            if isinstance(value, str) and kind.fullmatch(value):
                return json.dumps(name_known(value) or f"{{{{{pattern}}}}}")
        return json.dumps(value, separators=(",", ":"))

    header, payload = (base64url(part).decode() for part in token.split(".")[:2])
    # Another layout of the same JSON shows as a difference.
    if json.dumps(json.loads(payload), separators=(",", ":")) == payload:
        payload = "{" + ",".join(f"{json.dumps(key)}:{name(value)}" for key, value in json.loads(payload).items()) + "}"
    return {"header": header, "claims": payload}


def moment(value: float, now: float) -> str:
    """`value` as seconds from `now`."""
    offset = round((value - now) / GRAIN) * GRAIN
    return f"{{{{now{offset:+}}}}}" if offset else "{{now}}"


def claims(token: str) -> dict[str, Any]:
    """What `token` says, or nothing when it is not one."""
    try:
        content = json.loads(base64url(token.split(".")[1]))
    except (ValueError, IndexError):
        return {}
    return content if isinstance(content, dict) else {}


def base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
