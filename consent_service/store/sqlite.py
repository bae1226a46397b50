"""SQLite through aiosqlite: one writer, a few readers, every commit on the disk.

A connection is a thread with a queue: what is handed to it runs in that order, also when the
one who waited for it was cancelled. The promises about cancellation below rest on that.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from consent_service.errors import ConsentError, Misconfigured
from consent_service.store.database import (
    Database,
    Dialect,
    Row,
    Value,
    check_values,
    refused,
    unavailable,
    unstorable,
)

READERS = 3
BUSY_SECONDS = 5.0
"""How long a statement waits for another process's lock."""

_STATEMENTS = 512
"""Prepared statements kept for each connection: a batch of each size has one of its own."""

_PRAGMAS = (
    "pragma foreign_keys = on",
    # Without these, `insert or replace` deletes without a delete trigger having its say.
    "pragma recursive_triggers = on",
    "pragma trusted_schema = off",
)
_WRITER = (
    "pragma journal_mode = wal",
    # NORMAL would lose the last commits in a power cut: what was answered must stay.
    "pragma synchronous = full",
    # An erased receipt is overwritten in the file, not only forgotten (R60).
    "pragma secure_delete = on",
    "pragma journal_size_limit = 67108864",
)
_READER = ("pragma query_only = on",)


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise refused(error) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise unstorable(error) from error
    # ValueError: the connection is closed.
    except (sqlite3.Error, ValueError) as error:
        raise unavailable(error) from error


class SQLite:
    """A database in one file, beside its `-wal` and `-shm`."""

    dialect: Dialect = "sqlite"

    def __init__(self, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        # Apart from the writer, so that a reader never sees half of an open transaction.
        self._readers = [_Connection(reader) for reader in readers]
        self._writer = _Connection(writer)
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None

    @classmethod
    async def open(cls, path: Path) -> "SQLite":
        """The database in that file, which is made where there is none.

        Raises `Misconfigured` where it cannot be opened, or is not a database.
        """
        try:
            _make(path)
            async with AsyncExitStack() as opened:
                writer = await _connect(opened, path, _PRAGMAS + _WRITER)
                readers = [await _connect(opened, path, _PRAGMAS + _READER) for _ in range(READERS)]
                opened.pop_all()
        except (sqlite3.Error, OSError) as error:
            raise Misconfigured(f"cannot open the database {path}: {error}") from error
        return cls(writer, readers)

    async def fetch_one(self, sql: str, **parameters: Value) -> Row | None:
        rows = await self.fetch_all(sql, **parameters)
        return rows[0] if rows else None

    async def fetch_all(self, sql: str, **parameters: Value) -> Sequence[Row]:
        if _reads(sql):
            return await self._reader().fetch(sql, parameters)
        async with self._writing():
            return await self._writer.fetch(sql, parameters)

    async def fetch_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> Sequence[Row]:
        if _reads(sql):
            return await self._reader().fetch_rows(sql, rows)
        async with self._writing():
            return await self._writer.fetch_rows(sql, rows)

    async def execute_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        async with self._writing():
            return await self._writer.execute_rows(sql, rows)

    async def execute(self, sql: str, **parameters: Value) -> int:
        async with self._writing():
            return await self._writer.execute(sql, parameters)

    async def run_script(self, script: str) -> None:
        async with self.transaction() as tx:
            await tx.run_script(script)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Database]:
        async with self._writing():
            tx = _Transaction(self._writer)
            try:
                await self._writer.execute("begin immediate", {})
                yield tx
                tx.must_stand()
                await self._writer.execute("commit", {})
            except BaseException:
                # Handed over before this can be cancelled again, hence run before anything that
                # the next holder of the lock asks for. Where nothing is open it does nothing.
                await self._writer.rollback()
                raise

    exclusive = transaction

    async def close(self) -> None:
        # A close that is interrupted would leave a thread, and the process would not end.
        closing = [c.close() for c in (*self._readers, self._writer)]
        await asyncio.shield(asyncio.gather(*closing))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        if self._holder is task:
            raise RuntimeError("inside a transaction, write through the store that it gave")
        async with self._lock:
            self._holder = task
            try:
                yield
            finally:
                self._holder = None

    def _reader(self) -> "_Connection":
        return min(self._readers, key=lambda reader: reader.waiting)


class _Connection:
    """One aiosqlite connection that raises our errors. Each call is one visit to its thread."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.waiting = 0

    async def fetch(self, sql: str, parameters: dict[str, Value]) -> Sequence[Row]:
        with _our_errors():
            check_values(parameters)
            return await self._fetch(sql, parameters)

    async def fetch_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> Sequence[Row]:
        with _our_errors():
            return await self._fetch(_with_marks(sql, rows), _flat(rows))

    async def execute_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        with _our_errors():
            return await self._execute(_with_marks(sql, rows), _flat(rows))

    async def execute(self, sql: str, parameters: dict[str, Value]) -> int:
        with _our_errors():
            check_values(parameters)
            return await self._execute(sql, parameters)

    async def _execute(self, sql: str, values: Any) -> int:
        # The cursor of a statement without an answer is done here. Closing it would be a second
        # visit to the thread.
        cursor = await self._connection.execute(sql, values)
        return cursor.rowcount

    async def _fetch(self, sql: str, values: Any) -> Sequence[Row]:
        self.waiting += 1
        try:
            return list(await self._connection.execute_fetchall(sql, values))
        finally:
            self.waiting -= 1

    async def rollback(self) -> None:
        with _our_errors():
            await self._connection.rollback()

    async def close(self) -> None:
        with _our_errors():
            await self._connection.close()


class _Transaction:
    """The writer, between begin and commit or rollback."""

    dialect: Dialect = "sqlite"

    def __init__(self, writer: _Connection) -> None:
        self._writer = writer
        self._failure: ConsentError | None = None

    def must_stand(self) -> None:
        """Refuse to go on after an error.

        Some errors (a full disk) make SQLite roll back by itself: what came after would each be
        committed alone, and PostgreSQL refuses it too.
        """
        if self._failure:
            raise self._failure

    @contextmanager
    def _lost_by_an_error(self) -> Iterator[None]:
        self.must_stand()
        try:
            yield
        except ConsentError as error:
            self._failure = error
            raise

    async def fetch_one(self, sql: str, **parameters: Value) -> Row | None:
        rows = await self.fetch_all(sql, **parameters)
        return rows[0] if rows else None

    async def fetch_all(self, sql: str, **parameters: Value) -> Sequence[Row]:
        with self._lost_by_an_error():
            return await self._writer.fetch(sql, parameters)

    async def fetch_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> Sequence[Row]:
        with self._lost_by_an_error():
            return await self._writer.fetch_rows(sql, rows)

    async def execute_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        with self._lost_by_an_error():
            return await self._writer.execute_rows(sql, rows)

    async def execute(self, sql: str, **parameters: Value) -> int:
        with self._lost_by_an_error():
            return await self._writer.execute(sql, parameters)

    async def run_script(self, script: str) -> None:
        # Not executescript(): it begins by committing what is open.
        for statement in _statements(script):
            await self.execute(statement)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Database]:
        yield self

    exclusive = transaction

    async def close(self) -> None:
        """Nothing: the connection is not this transaction's own."""


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # For its owner alone: it holds accounts. The files beside it take after it.
        path.touch(mode=0o600)


async def _connect(
    opened: AsyncExitStack, path: Path, pragmas: tuple[str, ...]
) -> aiosqlite.Connection:
    connection = aiosqlite.connect(
        path, isolation_level=None, timeout=BUSY_SECONDS, cached_statements=_STATEMENTS
    )
    await opened.enter_async_context(connection)
    for pragma in pragmas:
        await _set(connection, pragma)
    connection.row_factory = sqlite3.Row
    return connection


async def _set(connection: aiosqlite.Connection, pragma: str) -> None:
    # Turning to write-ahead logging does not wait for another process that does the same.
    for pause in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, None):
        try:
            await connection.execute_fetchall(pragma)
            return
        except sqlite3.OperationalError as error:
            if pause is None or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            await asyncio.sleep(pause)


def _with_marks(sql: str, rows: Sequence[Sequence[Value]]) -> str:
    """The statement with a place for each value where `:rows` is."""
    marks = f"({', '.join('?' * len(rows[0]))})"
    return sql.replace(":rows", f"values {', '.join([marks] * len(rows))}", 1)


def _flat(rows: Sequence[Sequence[Value]]) -> list[Value]:
    return [value for row in rows for value in row]


_FIRST_WORD = re.compile(r"\s*(\w+)")


def _reads(sql: str) -> bool:
    """Whether it may go to a reader. A wrong guess fails loudly: readers are query-only."""
    word = _FIRST_WORD.match(sql)
    return word is not None and word[1] in ("select", "with")


_AFTER_SEMICOLON = re.compile("(?<=;)")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script. Semicolons inside texts and triggers end nothing."""
    gathered = ""
    for piece in _AFTER_SEMICOLON.split(script):
        gathered += piece
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
    if gathered.strip():
        yield gathered


_conforms: type[Database] = SQLite
_conforms_inside: type[Database] = _Transaction
