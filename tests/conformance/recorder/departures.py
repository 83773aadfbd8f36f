"""Where hallpass answers otherwise on purpose, and the comparison of two answers that allows for it."""

from typing import Any

from . import jsontext
from .cases import HOME, Json


class Departures:
    """The entries of `departures.json`."""

    def __init__(self) -> None:
        entries = jsontext.read(HOME / "departures.json")["departures"]
        self.expected: dict[tuple[str, int], Json] = {(entry["case"], entry["step"]): entry["expect"] for entry in entries}

    def differences(self, case: str, step: int, reference: Json, hallpass: Json) -> list[str]:
        """What is wrong with the answer of hallpass, given that of the reference to the same request."""
        expected = self.expected.get((case, step))
        if expected is None:
            return compare(reference, hallpass)
        if not compare(reference, hallpass):
            return ["listed as a departure, but hallpass answers as the reference does"]
        return compare_departure(expected, hallpass)


def compare(reference: Json, hallpass: Json) -> list[str]:
    keys = ["status", "body", "body_base64"]
    pairs = [(key, reference.get(key), hallpass.get(key)) for key in keys]
    names = reference["headers"] | hallpass["headers"]
    pairs += [(name, reference["headers"].get(name), hallpass["headers"].get(name)) for name in names]
    return [difference(*pair) for pair in pairs if pair[1] != pair[2]]


def compare_departure(expected: Json, hallpass: Json) -> list[str]:
    """Only what the departure names is compared."""
    pairs = [(key, expected[key], hallpass.get(key)) for key in ["status", "body"] if key in expected]
    pairs += [(name, value, hallpass["headers"].get(name)) for name, value in expected.get("headers", {}).items()]
    differences = [difference(*pair) for pair in pairs if pair[1] != pair[2]]
    prefix = expected.get("body_prefix", "")
    if not hallpass.get("body", "").startswith(prefix):
        differences.append(difference("body", f"{prefix}…", hallpass.get("body")))
    return differences


def difference(what: str, expected: Any, found: Any) -> str:
    return f"{what}: expected {expected!r}, found {found!r}"
