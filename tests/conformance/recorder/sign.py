"""A token for a case, signed as a profile says."""

import json
from pathlib import Path

import jwt

from .servers import PROFILES


def sign(profile: str, claims: str) -> int:
    """Prints the token that says `claims`, a JSON object, in their order."""
    settings = PROFILES["profiles"][profile]["django"].get("simple_jwt", {})
    key = settings.get("SIGNING_KEY", PROFILES["secret_key"])
    if key.startswith("file:"):
        key = Path(key.removeprefix("file:")).read_text(encoding="ascii")
    print(jwt.encode(json.loads(claims), key, settings.get("ALGORITHM", "HS256")))
    return 0
