"""A protected route, by every way of telling who is calling, on each database, beside the bare handler and the peers."""

from __future__ import annotations

from . import contenders, peers, rounds
from .bench import Bench
from .contenders import Contender, Sample
from .data import Database
from .spread import Spread

GROUP = "A protected route, 64 connections, one core"
BARE_TOKEN = "bare, token in the header"
BARE_JWT = "bare, JWT in the header"
STATELESS, JWT_USER, TOKEN = "stateless JWT", "JWT + user", "token"
BACKENDS = {STATELESS: "jwt_stateless", JWT_USER: "jwt", TOKEN: "token"}


def name(scheme: str, database: Database) -> str:
    return f"{scheme}, {database.kind}, {database.users:,} users"


def run(bench: Bench) -> None:
    options = bench.options
    largest = bench.largest
    plain = [
        Contender(BARE_TOKEN, lambda: contenders.bare(bench.program("bare"), bench.folder), bench.tokens(largest)),
        Contender(BARE_JWT, lambda: contenders.bare(bench.program("bare"), bench.folder), bench.access_tokens(largest)),
    ]
    ours = [hallpass(bench, scheme, kind, users) for scheme in BACKENDS for kind in bench.kinds for users in options.sizes
            # It does not look into the database, so one is enough.
            if scheme != STATELESS or (kind == "SQLite" and users == largest)]
    others = peers.contenders(bench, bench.database("SQLite", largest)) if options.peers else []
    samples = rounds.run([*plain, *ours, *others], options.rounds, options.seconds)
    for each, found in samples.items():
        base = samples[BARE_TOKEN if ", token" in f", {each}" else BARE_JWT]
        bench.results.add_samples(GROUP, each, found, base)
    judge(bench, samples)


def hallpass(bench: Bench, scheme: str, kind: str, users: int) -> Contender:
    database = bench.database(kind, users)
    credentials = bench.tokens(users) if scheme == TOKEN else bench.access_tokens(users)
    settings = {"AUTH__BACKENDS": BACKENDS[scheme]}
    helpers = [bench.postmaster()] if kind == "PostgreSQL" else []
    return Contender(
        name(scheme, database),
        lambda: contenders.hallpass(bench.hallpass, bench.folder, database, settings),
        credentials,
        helpers,
    )


def judge(bench: Bench, samples: dict[str, list[Sample]]) -> None:
    database = bench.database("SQLite", bench.largest)
    at = f"{bench.largest:,} users"
    token, user, stateless = (samples[name(scheme, database)] for scheme in (TOKEN, JWT_USER, STATELESS))

    def reach(goal: str, above: list[Sample] | None, below: list[Sample] | None) -> None:
        if above and below:
            bench.results.reach(goal, at, Spread.ratio([one.cpu for one in above], [one.cpu for one in below]))

    reach("stateless", samples[BARE_JWT], stateless)
    reach("jwt_user", samples[BARE_JWT], user)
    reach("token", samples[BARE_TOKEN], token)
    reach("django_token", samples.get(f"Django + DRF, {TOKEN}"), token)
    reach("django_stateless", samples.get(f"Django + DRF, {STATELESS}"), stateless)
    reach("django_jwt_user", samples.get(f"Django + DRF, {JWT_USER}"), user)
    reach("fastify_token", samples.get(f"fastify, {TOKEN}"), token)
    reach("fastify_jwt", samples.get(f"fastify, {STATELESS}"), stateless)
