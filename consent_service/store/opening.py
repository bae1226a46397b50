"""From a URL to a database: the one place that knows which driver is which."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from consent_service.errors import Misconfigured
from consent_service.store.database import Database
from consent_service.store.postgres import Postgres, without_password
from consent_service.store.sqlite import SQLite

_SQLITE = "sqlite:///"


def sqlite_path(url: str) -> Path | None:
    """The file of `sqlite:///path`; None for another kind of URL.

    Raises `Misconfigured` where there is no path.
    """
    if not url.startswith(_SQLITE):
        return None
    path = url.removeprefix(_SQLITE)
    if path in ("", ":memory:"):
        raise Misconfigured("database must name a file: sqlite:///data/consent.db")
    return Path(path)


def place(url: str) -> str:
    """Where the database at `url` is, in words that may stand in a log: without a password."""
    path = sqlite_path(url)
    return f"SQLite, {path}" if path else f"PostgreSQL, {without_password(url)}"


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """The database at `url`, as it is: not migrated. Raises as `open_store`."""
    database = await _open(url)
    try:
        yield database
    finally:
        await database.close()


async def _open(url: str) -> Database:
    path = sqlite_path(url)
    if path is not None:
        return await SQLite.open(path)
    if url.startswith("postgresql://"):
        return await Postgres.open(url)
    raise Misconfigured("database must begin with sqlite:/// or postgresql://")
