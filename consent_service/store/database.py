"""The seam between our SQL and a database. Two drivers implement it: SQLite and PostgreSQL.

- SQL is the common subset of the two dialects, with `:name` parameters.
- A write returns only after it is durable: a power cut after it takes nothing back.
- A single statement is a transaction of its own.
- Inside `transaction()` all statements commit together, or none does. An error inside it, or a
  cancellation, loses the whole transaction: the block cannot go on, on either database.
- A reader never sees half of a transaction.
- What is raised is one of ours: `Conflict` where a constraint or an append-only table refuses,
  `Invalid` for a value that no database can keep, `Unavailable` for everything else (the
  connection is lost, a lock is not had in time, the disk is full). No driver's exception.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

from consent_service.errors import Conflict, Invalid, Unavailable

Dialect = Literal["sqlite", "postgres"]

Value = str | bytes | int | None
"""What a column holds. Booleans are 0 and 1, times are unix seconds, ids are raw bytes."""


class Row(Protocol):
    """One row of an answer: values by the column's name."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of that column."""


class Database(Protocol):
    """Runs SQL. What the module's docstring promises holds for every method."""

    @property
    def dialect(self) -> Dialect:
        """Which of the two it is: for migrations, and for what only one of them can do."""

    async def fetch_one(self, sql: str, **parameters: Value) -> Row | None:
        """The first row of the answer, or None. For `select`, and for `... returning`."""

    async def fetch_all(self, sql: str, **parameters: Value) -> Sequence[Row]:
        """Every row of the answer. For `select`, and for `... returning`."""

    async def fetch_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> Sequence[Row]:
        """As `fetch_all`, with many rows of values going in at once, in one statement.

        `:rows` in the SQL stands for them, as a query of so many columns:
        `insert into t (a, b) :rows returning a`, `select a from t where id in (:rows)`.
        There is at least one row, all have the same columns, and a column has one type and no
        nulls.
        """

    async def execute_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        """As `execute`, with many rows of values going in at once, as in `fetch_rows`."""

    async def execute(self, sql: str, **parameters: Value) -> int:
        """Run one statement that answers with no rows; returns how many rows it touched."""

    async def run_script(self, script: str) -> None:
        """Run several statements, separated by semicolons: all of them or none."""

    def transaction(self) -> "AbstractAsyncContextManager[Database]":
        """A database of which everything commits when the block ends, or nothing does.

        Inside a transaction: the same one again.
        """

    def exclusive(self) -> "AbstractAsyncContextManager[Database]":
        """A transaction that overlaps with no other exclusive one, of whatever process."""

    async def close(self) -> None:
        """Let go of every connection."""


def check_values(values: Mapping[str, Value]) -> None:
    """Refuse what only one of the databases could keep. Raises `Invalid`, which names it."""
    for name, value in values.items():
        if isinstance(value, str) and "\0" in value:
            raise Invalid("a text cannot hold the character NUL", name)


def refused(error: Exception) -> Conflict:
    """A constraint or a trigger said no. The reason stays in the cause: it is for logs."""
    conflict = Conflict("this does not fit what is already stored; read it again")
    conflict.__cause__ = error
    return conflict


def unstorable(error: Exception) -> Invalid:
    """A value has no place in any column: broken text, or a number beyond 64 bits."""
    invalid = Invalid("this holds a text or number that cannot be stored")
    invalid.__cause__ = error
    return invalid


def unavailable(error: Exception) -> Unavailable:
    """The database did not do it. The reason stays in the cause: it is for logs."""
    failure = Unavailable("the database does not answer; nothing was stored")
    failure.__cause__ = error
    return failure
