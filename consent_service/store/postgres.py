"""PostgreSQL through psycopg 3 and its pool."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from consent_service.errors import Misconfigured
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

Connection = psycopg.AsyncConnection[DictRow]

CONNECTIONS = (2, 10)
"""How many the pool keeps, and how many it may open."""

WAIT_SECONDS = 5.0
"""How long a statement waits for a connection, and for another's lock."""

_EXCLUSIVE = 0x636F6E73656E74
"""The advisory lock of `exclusive()`: "consent" in ASCII."""


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.IntegrityError as error:
        raise refused(error) from error
    except (psycopg.DataError, UnicodeEncodeError) as error:
        raise unstorable(error) from error
    except psycopg.Error as error:
        raise unavailable(error) from error


class Postgres:
    """A database on a server, through a pool of connections."""

    dialect: Dialect = "postgres"

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._checks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str) -> "Postgres":
        """The database at `postgresql://name:password@host:port/database`.

        Raises `Misconfigured` for a URL that is none, `Unavailable` where nothing answers.
        """
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise Misconfigured(f"the database's address is malformed: {error}") from error
        pool = _pool(url)
        try:
            with _our_errors():
                await pool.open(wait=True, timeout=2 * WAIT_SECONDS)
        except BaseException:
            await pool.close()
            raise
        return cls(pool)

    async def fetch_one(self, sql: str, **parameters: Value) -> Row | None:
        async with self._connection() as connection:
            return await connection.fetch_one(sql, **parameters)

    async def fetch_all(self, sql: str, **parameters: Value) -> Sequence[Row]:
        async with self._connection() as connection:
            return await connection.fetch_all(sql, **parameters)

    async def fetch_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> Sequence[Row]:
        async with self._connection() as connection:
            return await connection.fetch_rows(sql, rows)

    async def execute_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        async with self._connection() as connection:
            return await connection.execute_rows(sql, rows)

    async def execute(self, sql: str, **parameters: Value) -> int:
        async with self._connection() as connection:
            return await connection.execute(sql, **parameters)

    async def run_script(self, script: str) -> None:
        async with self._connection() as connection:
            await connection.run_script(script)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Database]:
        async with self._connection() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[Database]:
        async with self.transaction() as tx:
            # The other one may be at a long migration: wait for it, however long.
            await tx.execute("set local lock_timeout = 0")
            await tx.fetch_one("select pg_advisory_xact_lock(:key)", key=_EXCLUSIVE)
            yield tx

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["_Connection"]:
        with _our_errors():
            async with self._pool.connection() as connection:
                try:
                    yield _Connection(connection)
                finally:
                    if connection.broken:
                        self._look_after_the_others()

    def _look_after_the_others(self) -> None:
        # A server that went away took all connections with it: have them replaced now, instead
        # of one failed request at a time.
        task = asyncio.create_task(self._pool.check())
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)


class _Connection:
    """One of the pool's connections; a transaction, once begun."""

    dialect: Dialect = "postgres"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        with _our_errors():
            async with self._connection.transaction():
                yield
                await self._must_stand()

    async def _must_stand(self) -> None:
        # After an error PostgreSQL answers a commit with a rollback and no complaint.
        if self._connection.info.transaction_status is psycopg.pq.TransactionStatus.INERROR:
            await self._connection.execute("select 1")

    async def fetch_one(self, sql: str, **parameters: Value) -> Row | None:
        cursor = await self._run(sql, parameters)
        return await cursor.fetchone()

    async def fetch_all(self, sql: str, **parameters: Value) -> Sequence[Row]:
        cursor = await self._run(sql, parameters)
        return await cursor.fetchall()

    async def fetch_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> Sequence[Row]:
        cursor = await self._run_rows(sql, rows)
        return await cursor.fetchall()

    async def execute_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        return (await self._run_rows(sql, rows)).rowcount

    async def execute(self, sql: str, **parameters: Value) -> int:
        return (await self._run(sql, parameters)).rowcount

    async def run_script(self, script: str) -> None:
        with _our_errors():
            await self._connection.execute(script.encode())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Database]:
        yield self

    exclusive = transaction

    async def close(self) -> None:
        """Nothing: the connection is the pool's."""

    async def _run_rows(
        self, sql: str, rows: Sequence[Sequence[Value]]
    ) -> psycopg.AsyncCursor[DictRow]:
        # One array a column: one statement, prepared once, whatever the number of rows.
        columns: dict[str, Any] = {
            f"column_{number}": list(values)
            for number, values in enumerate(zip(*rows, strict=True))
        }
        with _our_errors():
            return await self._connection.execute(_unnested(sql, tuple(columns)), columns)

    async def _run(self, sql: str, parameters: dict[str, Value]) -> psycopg.AsyncCursor[DictRow]:
        with _our_errors():
            check_values(parameters)
            return await self._connection.execute(_converted(sql), parameters)


def _pool(url: str) -> AsyncConnectionPool[Connection]:
    least, most = CONNECTIONS
    return AsyncConnectionPool(
        url,
        connection_class=Connection,
        kwargs={"autocommit": True, "row_factory": dict_row, "client_encoding": "utf8"},
        configure=_configure,
        min_size=least,
        max_size=most,
        open=False,
        timeout=WAIT_SECONDS,
        # Tried for so long at a stretch; after that, again when somebody asks. Longer, and the
        # growing pauses would keep us waiting for a server that is back.
        reconnect_timeout=WAIT_SECONDS,
    )


async def _configure(connection: Connection) -> None:
    await connection.execute(f"set lock_timeout = {int(WAIT_SECONDS * 1000)}")
    # `off` would answer before the disk has it. Stronger settings of the operator stay.
    await connection.execute("""
        select set_config('synchronous_commit', 'on', false)
        where current_setting('synchronous_commit') = 'off'""")


def without_password(url: str) -> str:
    """Which database the address means, in words: nothing in it is secret."""
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "at a malformed address"
    return f"{parts.get('dbname', 'the default database')} at {parts.get('host', 'localhost')}"


_PARAMETER = re.compile(
    r"""('(?:[^']|'')*' | "[^"]*" | --[^\n]* | ::) | :([a-z_][a-z0-9_]*)""", re.VERBOSE
)


@lru_cache(maxsize=512)
def _converted(sql: str) -> bytes:
    """Our `:name` as psycopg's `%(name)s`; not in quotes or comments, and not `::casts`."""
    escaped = sql.replace("%", "%%")
    return _PARAMETER.sub(lambda m: m[1] or f"%({m[2]})s", escaped).encode()


@lru_cache(maxsize=64)
def _unnested(sql: str, columns: tuple[str, ...]) -> bytes:
    """`:rows` as a query over arrays, in binary: as text each byte of them would be escaped."""
    arrays = ", ".join(f"%({column})b" for column in columns)
    source = "select * from unnest(:arrays)".replace(":arrays", arrays)
    return sql.replace("%", "%%").replace(":rows", source, 1).encode()


_conforms: type[Database] = Postgres
_conforms_inside: type[Database] = _Connection
