"""Where hallpass answers otherwise on purpose, and the comparison of two answers that allows for it."""

import re
from typing import Any

from . import jsontext
from .cases import HOME, REFERENCE, Json, fill
from .wire import Answer

PATTERNS = {"jwt": r"[\w-]+\.[\w-]+\.[\w-]+", "hex40": "[0-9a-f]{40}"}


class Departures:
    """The entries of `departures.json`."""

    def __init__(self) -> None:
        entries = jsontext.read(HOME / "departures.json")["departures"]
        self.expected: dict[tuple[str, int], Json] = {(entry["case"], entry["step"]): entry["expect"] for entry in entries}

    def none_in(self, case: str) -> bool:
        return all(name != case for name, _ in self.expected)

    def mailed(self, case: str, reference: list[Json]) -> list[int]:
        """How many mails hallpass has to send at each step, given what is kept of the reference's."""
        expected = (self.expected.get((case, number), {}) for number in range(1, len(reference) + 1))
        return [len(departure.get("mails", step.get("mails", []))) for departure, step in zip(expected, reference, strict=True)]

    def differences(self, case: str, step: int, reference: Json, hallpass: Json, answers: list[Answer]) -> list[str]:
        """What is wrong with what is kept of the last of hallpass's `answers`, given that of the reference."""
        expected = self.expected.get((case, step))
        if expected is None:
            return compare(reference, hallpass)
        if not compare(reference, hallpass):
            return ["listed as a departure, but hallpass answers as the reference does"]
        return compare_departure(expected, hallpass, answers)


def compare(reference: Json, hallpass: Json) -> list[str]:
    keys = ["status", "body", "body_base64", "tokens", "mails"]
    pairs = [(key, reference.get(key), hallpass.get(key)) for key in keys]
    names = reference["headers"] | hallpass["headers"]
    pairs += [(name, reference["headers"].get(name), hallpass["headers"].get(name)) for name in names]
    return [difference(*pair) for pair in pairs if pair[1] != pair[2]]


def compare_departure(expected: Json, hallpass: Json, answers: list[Answer]) -> list[str]:
    """Only what the departure names is compared."""
    pairs = [(key, expected[key], hallpass.get(key)) for key in ["status", "body", "tokens"] if key in expected]
    pairs += [("mails", expected["mails"], hallpass.get("mails", []))] if "mails" in expected else []
    if REFERENCE.search(expected.get("body", "")):
        pairs = [pair for pair in pairs if pair[0] != "body" or not is_same(pair[1], answers)]
    pairs += [(name, value, hallpass["headers"].get(name)) for name, value in expected.get("headers", {}).items()]
    differences = [difference(*pair) for pair in pairs if pair[1] != pair[2]]
    prefix = expected.get("body_prefix", "")
    if not hallpass.get("body", "").startswith(prefix):
        differences.append(difference("body", f"{prefix}…", hallpass.get("body")))
    return differences


def is_same(body: str, answers: list[Answer]) -> bool:
    """Whether the last answer is `body`, in which a value of an earlier one is named by its step."""
    pattern = re.escape(fill(body, answers[:-1]))
    for name, kind in PATTERNS.items():
        pattern = pattern.replace(re.escape(f"{{{{{name}}}}}"), kind)
    return re.fullmatch(pattern, answers[-1].body.decode()) is not None


def difference(what: str, expected: Any, found: Any) -> str:
    return f"{what}: expected {expected!r}, found {found!r}"
