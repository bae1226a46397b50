"""A process that does one thing to a ledger or a plan and is killed at a given step of it.

`python -m tests.faults.steps URL FOLDER WHAT STEP` dies, without a last word, right before or right
after its STEPth visit to the database: a statement, a commit. Where there are fewer, it
prints `done`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from consent_service import ledger, plans, receipts, retention
from consent_service.audit import Act
from consent_service.merkle import Reason
from consent_service.signing import open_keyring
from consent_service.store import Store
from consent_service.store.database import Database, Dialect, Row, Value
from consent_service.store.opening import open_database
from tests.store import given

Found = TypeVar("Found")

LATER = given.NOW + 9 * 366 * 86_400
"""When everything of `given.NOW` is kept no longer."""


class Fuse:
    """Counts visits, and ends the process at the one that it is set to."""

    def __init__(self, step: int) -> None:
        self.left = step

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Fused:
    """A database whose every visit burns the fuse twice: before and after."""

    def __init__(self, database: Database, fuse: Fuse) -> None:
        self._database, self._fuse = database, fuse

    @property
    def dialect(self) -> Dialect:
        return self._database.dialect

    async def fetch_one(self, sql: str, **parameters: Value) -> Row | None:
        return await self._visit(lambda: self._database.fetch_one(sql, **parameters))

    async def fetch_all(self, sql: str, **parameters: Value) -> Sequence[Row]:
        return await self._visit(lambda: self._database.fetch_all(sql, **parameters))

    async def fetch_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> Sequence[Row]:
        return await self._visit(lambda: self._database.fetch_rows(sql, rows))

    async def execute_rows(self, sql: str, rows: Sequence[Sequence[Value]]) -> int:
        return await self._visit(lambda: self._database.execute_rows(sql, rows))

    async def execute(self, sql: str, **parameters: Value) -> int:
        return await self._visit(lambda: self._database.execute(sql, **parameters))

    async def run_script(self, script: str) -> None:
        await self._database.run_script(script)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Database]:
        async with self._database.transaction() as tx:
            yield Fused(tx, self._fuse)
            self._fuse.burn()
        self._fuse.burn()

    exclusive = transaction

    async def close(self) -> None:
        await self._database.close()

    async def _visit(self, do: Callable[[], Awaitable[Found]]) -> Found:
        self._fuse.burn()
        done = await do()
        self._fuse.burn()
        return done


async def _do(url: str, folder: Path, what: str, step: int) -> None:
    keyring = open_keyring(folder / "keys", given.NOW)
    async with open_database(url) as database:
        store = Store(Fused(database, Fuse(step)))
        site = await Store(database).sites.by_key("shop")
        desk = given.desk(store, folder, keyring)
        if what == "enter":
            await ledger.sequence(desk, site, LATER)
        elif what == "publish":
            await plans.publish_due(store, LATER)
        elif what == "retain":
            await retention.retain(desk, site, Act("service", LATER))
        else:
            await receipts.erase(desk, site, what, Reason.REQUEST, Act("service", LATER))
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(_do(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
