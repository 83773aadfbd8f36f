"""The requests in `cases/`, the answers in `recorded/`, and the way from one to the other."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import jsontext, mails, tokens
from .wire import Answer

HOME = Path(__file__).resolve().parent.parent
CASES = HOME / "cases"
RECORDED = HOME / "recorded"

# The headers that are the frameworks' doing. `Content-Length` joins them in answers to HEAD, where no body tells it.
HEADERS = [
    "Content-Type",
    "WWW-Authenticate",
    "Retry-After",
    "Location",
    "Vary",
    "Allow",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
]

# An HTML page longer than this is the browsable API, with a CSRF token that differs each time.
LONGEST_HTML = 1000

REFERENCE = re.compile(r"\{\{step(\d+)\.((?:mail\.)?\w+)\}\}")
USER_ID = re.compile(r'(?<="id":)\d+')
HEX_40 = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")

Json = dict[str, Any]


@dataclass(frozen=True)
class CaseFile:
    name: str
    profile: str
    cases: list[Json]


def read_case_files() -> list[CaseFile]:
    files = []
    for path in sorted(CASES.glob("*.json")):
        content = jsontext.read(path)
        files.append(CaseFile(path.name, content["profile"], content["cases"]))
    refuse_duplicate_names(files)
    return files


def refuse_duplicate_names(files: list[CaseFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        for case in file.cases:
            if case["name"] in seen:
                raise SystemExit(f"{file.name} and {seen[case['name']]} both have a case {case['name']!r}")
            seen[case["name"]] = file.name


def fill(text: str, earlier: list[Answer]) -> str:
    """`text` with the values that it takes from `earlier` answers of its case."""
    return REFERENCE.sub(lambda match: value_of(match[2], earlier[int(match[1]) - 1]), text)


def value_of(name: str, answer: Answer) -> str:
    """A field of the JSON in `answer`, or with `mail.` before its name a part of the link in the mail that came with it."""
    if name.startswith("mail."):
        return mails.link_parts(answer.mails).get(name.removeprefix("mail."), "")
    return str(json.loads(answer.body)[name])


def request_bytes(request: Json, earlier: list[Answer]) -> bytes:
    """The request as it is sent."""
    body = body_bytes(request, earlier)
    lines = [f"{request['method']} {fill(request['target'], earlier)} HTTP/1.1", "Host: testserver", "Connection: close"]
    lines += [f"{name}: {fill(value, earlier)}" for name, value in request["headers"]]
    if body is not None and not request.get("no_content_length", False):
        lines.append(f"Content-Length: {len(body)}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + (body or b"")


def body_bytes(request: Json, earlier: list[Answer]) -> bytes | None:
    if "body" in request:
        return fill(request["body"], earlier).encode()
    if "body_base64" in request:
        return base64.b64decode(request["body_base64"])
    if "body_repeated" in request:
        return "".join(text * times for text, times in request["body_repeated"]).encode()
    return None


def recorded_step(request: Json, answer: Answer, known: frozenset[str], earlier: list[Answer]) -> Json:
    """What is kept of `answer`: no dates, and in place of what is random the name of its pattern."""
    headers = {name: answer.header(name) for name in HEADERS}
    if request["method"] == "HEAD":
        headers["Content-Length"] = answer.header("Content-Length")
    step: Json = {"status": answer.status, "headers": {name: value for name, value in headers.items() if value is not None}}
    try:
        text = answer.body.decode()
    except UnicodeDecodeError:
        return step | {"body_base64": base64.b64encode(answer.body).decode()}
    if (answer.header("Content-Type") or "").startswith("text/html") and len(text) > LONGEST_HTML:
        text = "{{html}}"
    step["body"] = name_random_values(text, request, known, earlier)
    new = opened_tokens(request, answer, known, earlier)
    step |= {"tokens": new} if new else {}
    return step | ({"mails": [mails.named(mail, known) for mail in answer.mails]} if answer.mails else {})


def name_random_values(text: str, request: Json, known: frozenset[str], earlier: list[Answer]) -> str:
    sent = json.dumps(request)

    def name_value(found: str, pattern: str) -> str:
        if found in known:
            return found
        for number, answer in enumerate(earlier, start=1):
            for field, value in json_fields(answer):
                if str(value) == found:
                    return f"{{{{step{number}.{field}}}}}"
        return pattern

    text = HEX_40.sub(lambda match: match[0] if match[0] in sent else name_value(match[0], "{{hex40}}"), text)
    text = USER_ID.sub(lambda match: name_value(match[0], "{{id}}"), text)
    # Never the name of an earlier step: two tokens made within one second can be the same, or not.
    return tokens.JWT.sub(lambda match: match[0] if match[0] in sent else "{{jwt}}", text)


def opened_tokens(request: Json, answer: Answer, known: frozenset[str], earlier: list[Answer]) -> Json:
    """The tokens in the fields of `answer` that `request` did not hold."""
    sent = json.dumps(request)
    return {
        field: tokens.opened(value, answer.asked_at, lambda text: name_known(text, sent, known, earlier))
        for field, value in json_fields(answer)
        if isinstance(value, str) and tokens.JWT.fullmatch(value) and value not in sent
    }


def name_known(value: str, sent: str, known: frozenset[str], earlier: list[Answer]) -> str | None:
    """`value` itself if it is `known` or a token that was `sent` says it, a reference if one of an `earlier` answer does."""
    if value in known or any(value in tokens.claims(token).values() for token in tokens.JWT.findall(sent)):
        return value
    for number, answer in enumerate(earlier, start=1):
        for field, token in json_fields(answer):
            if field == "id" and str(token) == value:
                return f"{{{{step{number}.id}}}}"
            for claim, said in tokens.claims(str(token)).items():
                if said == value:
                    return f"{{{{step{number}.{field}.{claim}}}}}"
    return None


def json_fields(answer: Answer) -> Iterator[tuple[str, Any]]:
    try:
        content = json.loads(answer.body)
    except ValueError:
        return
    if isinstance(content, dict):
        yield from content.items()
