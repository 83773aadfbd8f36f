"""hallpass and Django each find that the other's migrations left them nothing to do."""

from pathlib import Path

from .checks import Checks
from .database import Seed, query
from .databases import Create, sqlite_and_postgres
from .schema import SHARED_TABLES, rows, schema, tables
from .servers import manage, run_hallpass, temporary_folder

APPS = ["contenttypes", "auth", "authtoken", "token_blacklist"]
NOTHING_PLANNED = "Planned operations:\n  No planned migration operations.\n"


def migrations(binary: Path) -> int:
    checks = Checks()
    with temporary_folder() as folder, sqlite_and_postgres(folder) as kinds:
        for kind, create in kinds.items():
            djangos = create("made_by_django")
            manage(djangos, "migrate", "--verbosity", "0")
            check_made_by_hallpass(checks, kind, create("made_by_hallpass"), djangos, binary, folder)
            check_made_by_django(checks, kind, create, binary, folder)
    return checks.exit_code()


def check_made_by_hallpass(checks: Checks, kind: str, ours: str, djangos: str, binary: Path, folder: Path) -> None:
    run_hallpass(binary, ours, folder, "migrate")

    made = schema(ours, SHARED_TABLES)
    checks.same(f"{kind}: hallpass makes the tables that Django makes", schema(djangos, SHARED_TABLES), made)
    for app in APPS:
        plan = manage(ours, "migrate", app, "--plan")
        checks.that(f"{kind}: Django plans nothing for {app}", plan == NOTHING_PLANNED, plan)
    recorded = migration_names(djangos) - migration_names(ours)
    checks.that(f"{kind}: every migration of these apps is on record", not recorded, sorted(recorded))
    unchanged = "No changes detected" in manage(ours, "makemigrations", "--check", "--dry-run")
    checks.that(f"{kind}: Django wants no new migration", unchanged)

    manage(ours, "migrate", "--verbosity", "0")
    checks.same(f"{kind}: Django's migrate leaves them as they are", made, schema(ours, SHARED_TABLES))
    run_hallpass(binary, ours, folder, "migrate", "--check")
    checks.that(f"{kind}: hallpass has nothing to do afterwards", holds=True)


def check_made_by_django(checks: Checks, kind: str, create: Create, binary: Path, folder: Path) -> None:
    url = create("adopted")
    manage(url, "migrate", "--verbosity", "0")
    Seed().plant(url)
    names = tables(url)
    schema_before, rows_before = schema(url, names), rows(url, names)

    run_hallpass(binary, url, folder, "migrate")

    checks.same(f"{kind}: hallpass adopts Django's tables as they are", schema_before, schema(url, names))
    checks.same(f"{kind}: hallpass leaves their rows as they are", rows_before, rows(url, names))
    added = [name for name in tables(url) if name not in names]
    foreign = [name for name in added if not name.startswith("hallpass_") and name != "__diesel_schema_migrations"]
    checks.that(f"{kind}: hallpass adds only tables of its own", not foreign, foreign)
    run_hallpass(binary, url, folder, "migrate", "--check")
    checks.that(f"{kind}: a second migrate would do nothing", holds=True)


def migration_names(url: str) -> set[str]:
    """What is on record for the shared apps."""
    found = query(url, "SELECT app, name FROM django_migrations")
    return {f"{app}.{name}" for app, name in found if app in APPS}
