"""What an operator does to a database: look at it, migrate it, back it up."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from consent_service.errors import Conflict, Misconfigured, NotFound, Unavailable
from consent_service.store import migrate
from consent_service.store.database import Database
from consent_service.store.opening import open_database, place, sqlite_path

Progress = Callable[[int, int], None]
"""Told how many pages are copied, and of how many."""

_STEP = 1024
"""Pages copied at a time: 4 MB."""

_NOT_THERE = "there is no database {} yet: `consent-service db migrate` makes it"


class Status(Struct, frozen=True, kw_only=True):
    """How a database is."""

    place: str
    """Where it is, without a password."""
    applied: tuple[str, ...]
    pending: tuple[str, ...]
    sites: int
    receipts: int


async def status(url: str) -> Status:
    """How the database is; nothing in it changes. Raises `NotFound`, or as `open_store`."""
    path = sqlite_path(url)
    if path and not _exists(path):
        raise NotFound(_NOT_THERE.format(path))
    async with open_database(url) as database:
        pending = await migrate.pending(database)
        return Status(
            place=place(url),
            applied=tuple(await migrate.applied(database)),
            pending=tuple(pending),
            sites=0 if pending else await _count(database, _SITES),
            receipts=0 if pending else await _count(database, _RECEIPTS),
        )


_SITES = "select count(*) as n from sites"
_RECEIPTS = "select count(*) as n from receipts"


async def _count(database: Database, sql: str) -> int:
    row = await database.fetch_one(sql)
    return int(row["n"]) if row else 0


async def migrate_database(url: str) -> list[str]:
    """Apply what is pending; returns the names. Raises as `open_store`."""
    async with open_database(url) as database:
        return await migrate.migrate(database)


def back_up(source: Path, target: Path, progress: Progress) -> None:
    """Copy a SQLite database as it is at this moment into one file, while it is in use.

    The copy is checked, written to the disk, and only then given its name. Raises `NotFound`
    where there is no such database, `Conflict` where `target` is there already, `Misconfigured`
    where it cannot be written, `Unavailable` where the copy fails.
    """
    if not source.exists():
        raise NotFound(_NOT_THERE.format(source))
    if target.exists():
        raise Conflict(f"{target} is there already: name another file")
    partial = target.with_name(f"{target.name}.partial")
    with _plain_words(target):
        # For its owner alone: it holds what the database holds.
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            _copy(source, partial, progress)
            _keep(partial, target)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _plain_words(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Misconfigured(f"cannot write the backup {target}: {error}") from error
    except sqlite3.Error as error:
        raise Unavailable(f"the backup {target} failed: {error}") from error


def _copy(source: Path, partial: Path, progress: Progress) -> None:
    def told(_status: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)

    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(partial)) as copy:
        # A snapshot held from here on: else every commit meanwhile would begin the copy anew.
        live.execute("begin")
        live.execute("select count(*) from sqlite_master").fetchall()
        live.backup(copy, pages=_STEP, progress=told)
        # One file, complete in itself; the service turns it back when it opens it.
        copy.execute("pragma journal_mode = delete").fetchall()
        found = copy.execute("pragma quick_check").fetchone()[0]
    if found != "ok":
        raise Unavailable(f"the copy of {source} is damaged: {found}")


def _keep(partial: Path, target: Path) -> None:
    """Give the copy its name once the disk has it."""
    _sync(partial)
    partial.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exists(path: Path) -> bool:
    return path.exists()
