"""The database seen from outside: a plain connection, without our settings, code or manners."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol

import psycopg

from consent_service.store.opening import sqlite_path

Rows = list[tuple[Any, ...]]

FACTS = (
    *("versions", "artifacts", "keys", "receipts", "tombstones", "events"),
    *("forms", "places", "marks", "prunes", "checkpoints", "cosignatures", "stamps"),
    *("ledger_keys", "screens", "chain"),
)
"""The tables that only grow."""

TREES = ("tiles", "bundles")
"""The tables whose rows grow too, each from its beginning on."""

Refused = (sqlite3.DatabaseError, psycopg.DatabaseError)
"""What a plain connection raises when the database says no."""


class Outside(Protocol):
    """A connection on which each statement is committed by itself."""

    def run(self, sql: str) -> Rows:
        """What the statement answers with; nothing where it answers with no rows."""


class _SQLite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str) -> Rows:
        return self._connection.execute(sql).fetchall()


class _Postgres:
    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def run(self, sql: str) -> Rows:
        cursor = self._connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


@contextmanager
def outside(url: str) -> Iterator[Outside]:
    """A plain connection to the database at that URL."""
    path = sqlite_path(url)
    if path:
        with closing(sqlite3.connect(path, isolation_level=None)) as lite:
            yield _SQLite(lite)
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            yield _Postgres(connection)


def contents(connection: Outside, tables: Sequence[str] = FACTS) -> dict[str, Rows]:
    """All that those tables hold, in order."""
    return {table: sorted(connection.run(f"select * from {table}")) for table in tables}
