"""What a database is made of, and what is in it, as lines that can be compared."""

from .database import is_sqlite, query

# The tables that Django and hallpass share.
SHARED_TABLES = [
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "auth_user",
    "auth_user_groups",
    "auth_user_user_permissions",
    "authtoken_token",
    "django_content_type",
    "django_migrations",
    "token_blacklist_blacklistedtoken",
    "token_blacklist_outstandingtoken",
]

SQLITE_SCHEMA = "SELECT tbl_name, type, name, coalesce(sql, '') FROM sqlite_master ORDER BY tbl_name, type, name"

POSTGRES_SCHEMA = [
    # The place among the columns that there are: `ordinal_position` also counts those that a migration dropped.
    """SELECT table_name, 'column', row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position) AS place,
              column_name, data_type, character_maximum_length, is_nullable,
              is_identity, identity_generation, column_default, collation_name
       FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, place""",
    """SELECT relname, 'constraint', conname, contype, condeferrable, condeferred, pg_get_constraintdef(pg_constraint.oid)
       FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
       WHERE pg_constraint.connamespace = 'public'::regnamespace ORDER BY relname, conname""",
    """SELECT tablename, 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
       ORDER BY tablename, indexname""",
    """SELECT owner.relname, 'sequence', own.relname, format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax
       FROM pg_sequence JOIN pg_class own ON own.oid = seqrelid
       JOIN pg_depend ON pg_depend.objid = seqrelid AND pg_depend.refclassid = 'pg_class'::regclass
            AND pg_depend.deptype IN ('a', 'i')
       JOIN pg_class owner ON owner.oid = pg_depend.refobjid ORDER BY owner.relname, own.relname""",
]


def schema(url: str, tables: list[str]) -> list[str]:
    """One line for each column, constraint, index and sequence of `tables`; on SQLite one for each statement."""
    queries = [SQLITE_SCHEMA] if is_sqlite(url) else POSTGRES_SCHEMA
    return [" | ".join(map(str, row)) for sql in queries for row in query(url, sql) if row[0] in tables]


def tables(url: str) -> list[str]:
    """The names of all the tables."""
    if is_sqlite(url):
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    else:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    return [str(row[0]) for row in query(url, sql)]


def rows(url: str, names: list[str]) -> list[str]:
    """Every row of the tables called `names`."""
    return [f"{name} | {row!r}" for name in names for row in sorted(query(url, f"SELECT * FROM {name}"), key=repr)]
