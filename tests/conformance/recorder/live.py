"""Every case on the real stack and on a running hallpass, side by side."""

import shutil
from pathlib import Path

from .cases import CaseFile, read_case_files
from .database import Seed
from .departures import Departures, difference
from .record import play
from .servers import hallpass, manage, reference, run_hallpass, temporary_folder


def live(binary: Path) -> int:
    """Prints what differs. 1 if anything does."""
    seed = Seed()
    departures = Departures()
    files = read_case_files()
    failures = 0
    with temporary_folder() as folder:
        djangos, ours = folder / "django.sqlite3", folder / "hallpass.sqlite3"
        manage(f"sqlite://{djangos}", "migrate", "--verbosity", "0")
        run_hallpass(binary, f"sqlite://{ours}", folder, "migrate")
        for profile in dict.fromkeys(file.profile for file in files):
            there, here = folder / f"{profile}-django.sqlite3", folder / f"{profile}-hallpass.sqlite3"
            shutil.copyfile(djangos, there)
            shutil.copyfile(ours, here)
            urls = f"sqlite://{there}", f"sqlite://{here}"
            with reference(profile, urls[0], folder) as reference_port, hallpass(binary, profile, urls[1], folder) as our_port:
                ports = reference_port, our_port
                for file in files:
                    if file.profile == profile:
                        failures += compare_file(file, ports, urls, seed, departures)
    print(f"{failures} answers or rows differ" if failures else "nothing differs, departures aside")
    return 1 if failures else 0


def compare_file(file: CaseFile, ports: tuple[int, int], urls: tuple[str, str], seed: Seed, departures: Departures) -> int:
    failures = 0
    for case in file.cases:
        theirs, _ = play(case, ports[0], seed, urls[0])
        mailed = departures.mailed(case["name"], theirs["steps"])
        ours, answers = play(case, ports[1], seed, urls[1], mailed)
        for step, (expected, found) in enumerate(zip(theirs["steps"], ours["steps"], strict=True), start=1):
            differences = departures.differences(case["name"], step, expected, found, answers[:step])
            failures += bool(differences)
            for line in differences:
                print(f"{file.name}: {case['name']}, step {step}: {line}")
        if departures.none_in(case["name"]) and theirs.get("rows") != ours.get("rows"):
            failures += 1
            print(f"{file.name}: {case['name']}: {difference('rows', theirs['rows'], ours['rows'])}")
    return failures
