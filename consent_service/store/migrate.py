"""Migrations: numbered files, never edited, each together with its record or not at all.

A fresh database takes the same road as an old one. Two processes that start at once take turns.
`0002_tables.sql` is for both databases; `0003_append_only.sqlite.sql` is for one of them.
"""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from consent_service.errors import ConsentError, Misconfigured
from consent_service.store.database import Database, Dialect

MIGRATIONS = files("consent_service.store").joinpath("migrations")

_TABLE = "create table if not exists migrations (name text primary key)"


def available(dialect: Dialect, folder: Traversable = MIGRATIONS) -> Mapping[str, str]:
    """The scripts for this kind of database by name, such as `0002_tables`, in their order."""
    scripts = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, *kind = file.name.removesuffix(".sql").split(".")
        if file.name.endswith(".sql") and kind in ([], [dialect]):
            scripts[name] = file.read_text()
    return scripts


async def applied(database: Database) -> list[str]:
    """The names of the migrations that this database has had, in their order."""
    # One catalogue or the other: asking for the table itself would be an error without it.
    catalogue = {
        "sqlite": "select name from sqlite_master where type = 'table' and name = 'migrations'",
        "postgres": "select 1 as name where to_regclass('migrations') is not null",
    }
    if await database.fetch_one(catalogue[database.dialect]) is None:
        return []
    rows = await database.fetch_all("select name from migrations order by name")
    return [row["name"] for row in rows]


async def pending(database: Database, folder: Traversable = MIGRATIONS) -> list[str]:
    """The names of the migrations that are still to come.

    Raises `Misconfigured` where the database has had one that this release does not know.
    """
    known = available(database.dialect, folder)
    done = await applied(database)
    unknown = sorted(set(done) - set(known))
    if unknown:
        raise Misconfigured(
            f"a newer release has migrated this database ({', '.join(unknown)}): run that "
            "release, or restore a backup from before it"
        )
    return [name for name in known if name not in done]


async def migrate(database: Database, folder: Traversable = MIGRATIONS) -> list[str]:
    """Apply what is pending, each in one transaction with its record; returns the names.

    Raises `Misconfigured` where a newer release has been here, or one of them fails.
    """
    names = await pending(database, folder)
    scripts = available(database.dialect, folder)
    return [name for name in names if await _apply(database, name, scripts[name])]


async def _apply(database: Database, name: str, script: str) -> bool:
    async with database.exclusive() as tx:
        await tx.execute(_TABLE)
        # Asked again, now that we are alone: another process may have been here meanwhile.
        if name in await applied(tx):
            return False
        await _run(tx, name, script)
        await tx.execute("insert into migrations (name) values (:name)", name=name)
    return True


async def _run(tx: Database, name: str, script: str) -> None:
    try:
        await tx.run_script(script)
    except ConsentError as error:
        # For the operator's eyes: what the database said is what helps here.
        why = error.__cause__ or error
        raise Misconfigured(f"migration {name} failed and left nothing behind: {why}") from error


async def require_migrated(database: Database) -> None:
    """Raises `Misconfigured` unless the database is exactly at this release."""
    missing = await pending(database)
    if missing:
        raise Misconfigured(
            f"the database lacks migrations ({', '.join(missing)}): "
            "run `consent-service db migrate`"
        )
