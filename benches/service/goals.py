"""What the service is meant to reach. `must` is the floor, `aim` is where it stops being interesting to go on."""

from dataclasses import dataclass

from .spread import Spread


@dataclass(frozen=True)
class Goal:
    what: str
    must: float
    aim: float
    unit: str = ""
    at_most: bool = False

    def verdict(self, reached: float) -> str:
        def holds(bound: float) -> bool:
            return reached <= bound if self.at_most else reached >= bound

        if holds(self.aim):
            return "ok, aim"
        return "ok, must" if holds(self.must) else "MISS"


GOALS = {
    "stateless": Goal("stateless JWT / bare with the same header, CPU", 0.75, 0.85),
    "jwt_user": Goal("JWT + user, SQLite / bare with the same header, CPU", 0.55, 0.75),
    "token": Goal("token, SQLite / bare with the same header, CPU", 0.65, 0.85),
    "pgbench": Goal("token, PostgreSQL / pgbench with the same query, requests a second", 0.8, 1.0),
    # Of a core that is busy, processor time is what requests a second come from, and other programs disturb it less.
    "pgbench_cpu": Goal("the same by processor time", 0.8, 1.0),
    "group_commit": Goal("refresh: group commit / a commit a request, requests a second", 2.0, 3.0),
    "flood": Goal("protected route during a login flood / idle, p99", 3.0, 2.0, at_most=True),
    "login": Goal("login with 16 clients / one raw hash of the bcrypt crate, CPU", 1.03, 0.30, at_most=True),
    "django_token": Goal("Django + DRF / hallpass: token, CPU", 50, 90, "x"),
    "django_stateless": Goal("Django + DRF / hallpass: stateless JWT, CPU", 45, 65, "x"),
    "django_jwt_user": Goal("Django + DRF / hallpass: JWT + user, CPU", 60, 100, "x"),
    "django_refresh": Goal("Django + DRF / hallpass: refresh with rotation and blacklist, CPU", 40, 65, "x"),
    "fastify_token": Goal("fastify / hallpass: token, CPU", 3, 4, "x"),
    "fastify_jwt": Goal("fastify / hallpass: stateless JWT, CPU", 3, 4, "x"),
    "freshness": Goal("requests accepted after another process's commit took the token away", 0, 0, at_most=True),
    "memory_idle": Goal("anonymous memory, idle", 10, 5, "MB", at_most=True),
    "memory_loaded": Goal("anonymous memory after traffic", 16, 8, "MB", at_most=True),
    "start": Goal("from exec to the first answer", 50, 10, "ms", at_most=True),
}


@dataclass
class Reached:
    """A goal, where it was measured, and what came out."""

    goal: str
    at: str
    spread: Spread
