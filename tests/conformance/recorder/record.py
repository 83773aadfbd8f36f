"""Answers recorded from the real stack, and the comparison with those that are committed."""

import difflib
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from . import jsontext, mails, rows
from .cases import RECORDED, Json, read_case_files, recorded_step, request_bytes
from .database import Seed
from .servers import manage, reference, temporary_folder
from .wire import Answer, exchange


def record(destination: Path = RECORDED) -> int:
    """Writes a file of answers into `destination` for every file of cases, and removes those whose cases are gone. 0."""
    seed = Seed()
    files = read_case_files()
    with temporary_folder() as folder:
        pristine = folder / "pristine.sqlite3"
        manage(f"sqlite://{pristine}", "migrate", "--verbosity", "0")
        for profile in dict.fromkeys(file.profile for file in files):
            database = folder / f"{profile}.sqlite3"
            shutil.copyfile(pristine, database)
            with reference(profile, f"sqlite://{database}", folder) as port:
                for file in files:
                    if file.profile == profile:
                        cases = [play(case, port, seed, f"sqlite://{database}")[0] for case in file.cases]
                        jsontext.write(destination / file.name, {"profile": profile, "cases": cases})
                        print(f"{file.name}: {len(cases)} cases, {sum(len(case['steps']) for case in cases)} exchanges")
    for stale in {path.name for path in destination.glob("*.json")} - {file.name for file in files}:
        (destination / stale).unlink()
    return 0


def play(
    case: Json, port: int, seed: Seed, database_url: str, mailed: list[int] | None = None
) -> tuple[Json, list[Answer]]:
    """What is kept of the answers to `case`, on a database that holds the seed at first, and the answers.

    After each step as many mails are waited for as `mailed` says, none without it.
    """
    answers = exchanges(case, port, seed, database_url, mailed or [0] * len(case["steps"]))
    steps = [
        recorded_step(step["request"], answer, seed.known_values, answers[:index])
        for index, (step, answer) in enumerate(zip(case["steps"], answers, strict=True))
    ]
    kept = {"name": case["name"], "steps": steps}
    return kept | ({"rows": rows.lines(database_url, answers, seed)} if case.get("rows", False) else {}), answers


def exchanges(case: Json, port: int, seed: Seed, database_url: str, mailed: list[int]) -> list[Answer]:
    seed.plant(database_url)
    mails.clear(database_url)
    answers: list[Answer] = []
    for step, count in zip(case["steps"], mailed, strict=True):
        try:
            answer = exchange(port, request_bytes(step["request"], answers))
            answers.append(replace(answer, mails=mails.take(database_url, count)))
        except Exception as error:
            raise SystemExit(f"{case['name']}, step {len(answers) + 1}: {error!r}") from error
    return answers


def check() -> int:
    """Records anew, aside, and prints what differs from the committed files. 1 if anything does."""
    with temporary_folder() as folder:
        record(folder)
        names = sorted({path.name for place in [folder, RECORDED] for path in place.glob("*.json")})
        differences = [line for name in names for line in difference(RECORDED / name, folder / name)]
    sys.stdout.writelines(differences)
    return 1 if differences else 0


def difference(committed: Path, anew: Path) -> list[str]:
    before, after = ([] if not path.exists() else path.read_text().splitlines(keepends=True) for path in [committed, anew])
    return list(difflib.unified_diff(before, after, f"committed/{committed.name}", f"anew/{anew.name}"))
