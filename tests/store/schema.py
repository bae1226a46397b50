"""The schema of a migrated database as a page to read, kept in `tests/golden`.

`python -m tests.store.schema` writes the pages anew, after a migration was added.
"""

import asyncio
import tempfile
from pathlib import Path

from consent_service.store import open_store
from tests.postgres import running_server
from tests.store.outside import Outside, outside

GOLDEN = Path(__file__).parent.parent / "golden"

_COLUMNS = """
    select table_name, column_name, coalesce(domain_name, data_type), is_nullable, column_default
    from information_schema.columns where table_schema = 'public'
    order by table_name, ordinal_position"""

_CONSTRAINTS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace and contype in ('p','u','f','c')
    order by 1, contype = 'c', contype = 'f', 2"""

_INDEXES = """
    select tablename, indexname, indexdef from pg_indexes
    where schemaname = 'public' order by 1, 2"""

_TRIGGERS = """
    select tgrelid::regclass::text, tgenabled, pg_get_triggerdef(oid)
    from pg_trigger where not tgisinternal order by 1, tgname"""

_FUNCTIONS = """
    select pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace order by proname"""


def golden(kind: str) -> Path:
    """The page of that kind of database."""
    return GOLDEN / f"schema.{kind}.sql"


def described(url: str) -> str:
    """The schema of the database at that URL, as text."""
    with outside(url) as connection:
        if url.startswith("sqlite"):
            return _sqlite(connection)
        return _postgres(connection)


def _sqlite(connection: Outside) -> str:
    made = connection.run(
        "select sql from sqlite_master where sql is not null order by tbl_name, type = 'trigger', "
        "type = 'index', name"
    )
    return "\n".join(f"{sql};\n" for (sql,) in made)


def _postgres(connection: Outside) -> str:
    tables: dict[str, list[str]] = {}
    for table, column, kind, nullable, default in connection.run(_COLUMNS):
        rest = ("" if nullable == "YES" else " not null") + (f" default {default}" * bool(default))
        tables.setdefault(table, []).append(f"    {column} {kind}{rest}")
    for table, name, definition in connection.run(_CONSTRAINTS):
        tables[table].append(f"    constraint {name} {definition}")
    pages = [f"table {table}\n" + "\n".join(lines) + "\n" for table, lines in tables.items()]
    indexes = [f"{definition}\n" for _, _, definition in connection.run(_INDEXES)]
    triggers = [f"{sql} -- enabled: {how}\n" for _, how, sql in connection.run(_TRIGGERS)]
    functions = [f"{body}\n" for (body,) in connection.run(_FUNCTIONS)]
    return "\n".join([*pages, *indexes, *triggers, *functions])


async def _migrate(url: str) -> None:
    async with open_store(url):
        pass


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        urls = {"sqlite": f"sqlite:///{folder}/consent.db", "postgres": server.new_database()}
        for kind, url in urls.items():
            asyncio.run(_migrate(url))
            golden(kind).write_text(described(url))


if __name__ == "__main__":
    _write()
