"""Both servers on one database: what one writes, the other believes at once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checks import Checks
from .database import Seed, execute, query
from .databases import sqlite_and_postgres
from .servers import hallpass, manage, reference, run_hallpass, temporary_folder
from .wire import exchange

PROFILE = "token_jwt"

# A profile for each way of signing.
ALGORITHMS = [f"jwt_{name}" for name in "hs384 hs512 rs256 rs384 rs512 ps256 ps384 ps512 es256 es384 eddsa".split()]
KEY_SET = "jwt_key_set"


@dataclass(frozen=True)
class Server:
    name: str
    port: int

    def post(self, path: str, body: dict[str, str]) -> tuple[int, Any]:
        return self.ask("POST", path, "Content-Type: application/json\r\n", json.dumps(body))

    def get(self, path: str, authorization: str) -> tuple[int, Any]:
        return self.ask("GET", path, f"Authorization: {authorization}\r\n")

    def ask(self, method: str, path: str, headers: str, body: str = "") -> tuple[int, Any]:
        head = f"{method} {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n{headers}"
        answer = exchange(self.port, f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode())
        return answer.status, json.loads(answer.body) if answer.body else None

    def log_in(self, username: str, password: str) -> str:
        """The token, or what was answered instead."""
        _, content = self.post("/api-token-auth/", {"username": username, "password": password})
        return str(content.get("token", content))

    def status(self, key: str) -> int:
        return self.get("/whoami/", f"Token {key}")[0]


@dataclass(frozen=True)
class Pair:
    """A database and the two servers on it."""

    kind: str
    url: str
    django: Server
    hallpass: Server
    binary: Path
    folder: Path

    def both_ways(self) -> list[tuple[Server, Server]]:
        return [(self.hallpass, self.django), (self.django, self.hallpass)]

    def stored_password(self, username: str) -> str:
        return str(query(self.url, f"SELECT password FROM auth_user WHERE username = '{username}'")[0][0])


def side_by_side(binary: Path) -> int:
    checks = Checks()
    seed = Seed()
    with temporary_folder() as folder, sqlite_and_postgres(folder) as kinds:
        for kind, create in kinds.items():
            url = create("shared")
            manage(url, "migrate", "--verbosity", "0")
            seed.plant(url)
            run_hallpass(binary, url, folder, "migrate")
            with reference(PROFILE, url, folder) as django_port, hallpass(binary, PROFILE, url, folder) as hallpass_port:
                servers = Server("Django", django_port), Server("hallpass", hallpass_port)
                pair = Pair(kind, url, *servers, binary, folder)
                for check in [check_tokens, check_hashes, check_revocation, check_users, check_command, check_json_web_tokens]:
                    check(checks, pair, seed)
            check_algorithms(checks, kind, url, binary, folder, seed)
    return checks.exit_code()


def check_tokens(checks: Checks, pair: Pair, seed: Seed) -> None:
    for username, (maker, other) in zip(["erin", "plus+sign"], pair.both_ways(), strict=True):
        key = maker.log_in(username, seed.passwords[username])
        checks.that(f"{pair.kind}: a token made by {maker.name} works on {other.name}", other.status(key) == 200, key)
        again = other.log_in(username, seed.passwords[username])
        checks.that(f"{pair.kind}: {other.name} gives the token that {maker.name} made", again == key, again)


def check_hashes(checks: Checks, pair: Pair, seed: Seed) -> None:
    for username, (maker, other) in zip(["pbkdf2-sha256-cheap", "argon2id-cheap"], pair.both_ways(), strict=True):
        password = seed.passwords[username]
        key = maker.log_in(username, password)
        stored = pair.stored_password(username)
        checks.that(f"{pair.kind}: {maker.name} renews a hash", stored.startswith("bcrypt_sha256$$2b$04$"), stored)
        again = other.log_in(username, password)
        checks.that(f"{pair.kind}: {other.name} verifies the hash that {maker.name} renewed", again == key, again)
        checks.that(f"{pair.kind}: {other.name} leaves it as it is", pair.stored_password(username) == stored)


def check_revocation(checks: Checks, pair: Pair, seed: Seed) -> None:
    key = seed.key_of("alice")
    checks.that(f"{pair.kind}: alice's token works on hallpass", pair.hallpass.status(key) == 200)
    execute(pair.url, "UPDATE auth_user SET is_active = false WHERE username = 'alice'")
    checks.that(f"{pair.kind}: hallpass refuses a user deactivated a moment ago", pair.hallpass.status(key) == 401)
    execute(pair.url, "UPDATE auth_user SET is_active = true WHERE username = 'alice'")
    checks.that(f"{pair.kind}: hallpass takes the user back", pair.hallpass.status(key) == 200)

    manage(pair.url, "drf_create_token", "--reset", "alice")
    checks.that(f"{pair.kind}: hallpass refuses a token that Django replaced", pair.hallpass.status(key) == 401)

    key = seed.key_of("carol")
    checks.that(f"{pair.kind}: carol's token works on Django", pair.django.status(key) == 200)
    run_hallpass(pair.binary, pair.url, pair.folder, "change-password", "carol", "--password-stdin", stdin="marmalade-4-tea\n")
    checks.that(f"{pair.kind}: Django refuses a token that hallpass revoked", pair.django.status(key) == 401)
    again = pair.django.log_in("carol", "marmalade-4-tea")
    checks.that(f"{pair.kind}: Django takes the password that hallpass changed", pair.django.status(again) == 200, again)


def check_users(checks: Checks, pair: Pair, seed: Seed) -> None:
    run_hallpass(pair.binary, pair.url, pair.folder, "create-user", "made-here", "--password-stdin", stdin="marmalade-4-tea\n")
    key = pair.django.log_in("made-here", "marmalade-4-tea")
    checks.that(f"{pair.kind}: a user made by hallpass logs in at Django", pair.django.status(key) == 200, key)

    create = "from django.contrib.auth.models import User; User.objects.create_user('made-there', password='marmalade-4-tea')"
    manage(pair.url, "shell", "--command", create)
    key = pair.hallpass.log_in("made-there", "marmalade-4-tea")
    checks.that(f"{pair.kind}: a user made by Django logs in at hallpass", pair.hallpass.status(key) == 200, key)


def check_command(checks: Checks, pair: Pair, seed: Seed) -> None:
    said = run_hallpass(pair.binary.with_name("create_token"), pair.url, pair.folder, "frank")
    key = said.split()[2]
    checks.that(f"{pair.kind}: a token of create_token works on Django", pair.django.status(key) == 200, said)
    again = manage(pair.url, "drf_create_token", "frank")
    checks.that(f"{pair.kind}: create_token says what drf_create_token says", said == again, (said, again))


def check_json_web_tokens(checks: Checks, pair: Pair, seed: Seed) -> None:
    for username, (maker, other) in zip(["dave", "colon-password"], pair.both_ways(), strict=True):
        credentials = {"username": username, "password": seed.passwords[username]}
        _, tokens = maker.post("/api/token/", credentials)
        status, _ = other.get("/whoami/", f"Bearer {tokens.get('access')}")
        checks.that(f"{pair.kind}: an access token made by {maker.name} works on {other.name}", status == 200, tokens)
        refresh = {"refresh": tokens.get("refresh", "")}
        status, refreshed = other.post("/api/token/refresh/", refresh)
        checks.that(f"{pair.kind}: {other.name} refreshes a token made by {maker.name}", status == 200, refreshed)
        status, answer = other.post("/api/token/blacklist/", refresh)
        checks.that(f"{pair.kind}: {other.name} blacklists a token made by {maker.name}", status == 200, answer)
        status, answer = maker.post("/api/token/refresh/", refresh)
        checks.that(f"{pair.kind}: {maker.name} refuses it then", status == 401, answer)


def check_algorithms(checks: Checks, kind: str, url: str, binary: Path, folder: Path, seed: Seed) -> None:
    """Tokens signed in every way, and with a key that Django finds in the set that hallpass publishes."""
    credentials = {"username": "dave", "password": seed.passwords["dave"]}
    for profile in [*ALGORITHMS, KEY_SET]:
        with hallpass(binary, profile, url, folder) as our_port, reference(profile, url, folder, our_port) as django_port:
            ours, django = Server("hallpass", our_port), Server("Django", django_port)
            # There Django has no key of its own to sign with.
            for maker, other in [(ours, django)] if profile == KEY_SET else [(ours, django), (django, ours)]:
                _, tokens = maker.post("/api/token/", credentials)
                access, refresh = tokens.get("access"), {"refresh": tokens.get("refresh", "")}
                answers = [other.get("/whoami/", f"Bearer {access}"), other.post("/api/token/verify/", {"token": str(access)})]
                if profile != KEY_SET:
                    answers += [other.post("/api/token/refresh/", refresh)]
                good = all(status == 200 for status, _ in answers)
                checks.that(f"{kind}, {profile}: {other.name} takes what {maker.name} signed", good, answers)
