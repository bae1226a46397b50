"""A full queue, and a database that goes away: nothing is stored, nothing is promised."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from consent_service.errors import Unavailable
from consent_service.store.opening import sqlite_path
from tests.postgres import Server
from tests.served import Clock, House, Shop, assert_receipts_verify, open_shop, running_house


@pytest.fixture
async def house(database: str, folder: Path) -> AsyncIterator[House]:
    """A service in whose queue there is room for one."""
    async with running_house(database, folder, Clock(), receipts_queue=1) as running:
        yield running


@pytest.fixture
async def shop(house: House, request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    """A site of it. Whatever happens, what is on file verifies after."""
    opened = await open_shop(house, f"shop-{abs(hash(request.node.name)) % 10**9}")
    yield opened
    await assert_receipts_verify(opened)


@asynccontextmanager
async def locked(database: str) -> AsyncIterator[None]:
    """Nobody else can store a receipt meanwhile; all can read.

    The lock is waited for in a thread: the service runs in this one, and may have a transaction
    open that it must have its turn to end.
    """
    path = sqlite_path(database)
    if path:
        lite = sqlite3.connect(path, 60, isolation_level=None, check_same_thread=False)
        with closing(lite):
            await asyncio.to_thread(lite.execute, "begin immediate")
            yield
            lite.execute("rollback")
    else:
        with psycopg.connect(database) as connection:
            lock = "lock table receipts in share row exclusive mode"
            await asyncio.to_thread(connection.execute, lock)
            yield
            connection.rollback()


async def test_a_full_queue_is_said_at_once_and_nothing_is_stored(shop: Shop) -> None:
    await shop.post(shop.choice())
    before = await shop.house.store.receipts.count(shop.site.id)
    choices = [shop.choice() for _ in range(5)]
    async with locked(shop.house.settings.database):
        posts = [asyncio.create_task(shop.post(choice)) for choice in choices]
        while len(done := [post for post in posts if post.done()]) < 4:
            await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED, timeout=0.05)
        for answer in (post.result() for post in done):
            assert_try_again(answer, "1")
        assert await shop.house.store.receipts.count(shop.site.id) == before
    answers = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [201, 503, 503, 503, 503]
    assert await shop.house.store.receipts.count(shop.site.id) == before + 1
    retries = [(await shop.post(choice)).status_code for choice in choices]
    assert sorted(retries) == [200, 201, 201, 201, 201]


def assert_try_again(answer: httpx.Response, seconds: str) -> None:
    """A refusal that is not final, and that the page may read."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == seconds
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


async def test_a_database_that_cannot_write_is_said_and_nothing_is_stored(shop: Shop) -> None:
    choice = shop.choice()
    async with locked(shop.house.settings.database):
        assert_try_again(await shop.post(choice), "5")
        assert (await shop.get("/policy")).status_code == 200
    assert await shop.house.store.receipts.count(shop.site.id) == 0
    assert (await shop.post(choice)).status_code == 201


@contextmanager
def gone(server: Server, database: str) -> Iterator[None]:
    """The server refuses this database, and has thrown everybody out of it."""
    name = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(database)["dbname"]))
    allow = sql.SQL("alter database {} allow_connections {}")
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(allow.format(name, sql.SQL("false")))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
            [name.as_string(connection).strip('"')],
        )
        try:
            yield
        finally:
            connection.execute(allow.format(name, sql.SQL("true")))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_a_database_that_went_away_is_waited_for(
    shop: Shop, server: Server, database: str
) -> None:
    choice = shop.choice()
    assert (await shop.post(shop.refusal())).status_code == 201
    with gone(server, database):
        assert_try_again(await shop.post(choice), "5")
        ready = await shop.client.get("/readyz")
        assert (ready.status_code, ready.headers["retry-after"]) == (503, "5")
        assert (await shop.client.get("/healthz")).status_code == 200
        # What is remembered is still served: a banner needs no database for its second.
        assert (await shop.get("/banner.js")).status_code == 200
    deadline = time.monotonic() + 60
    while (answer := await shop.post(choice)).status_code == 503:
        assert time.monotonic() < deadline, answer.text
    assert answer.status_code == 201
    assert (await shop.client.get("/readyz")).status_code == 200
    assert await _counted(shop, deadline) == 2


async def _counted(shop: Shop, deadline: float) -> int:
    """How many receipts there are; our own store, too, has lost its connections."""
    while True:
        try:
            return await shop.house.store.receipts.count(shop.site.id)
        except Unavailable:
            assert time.monotonic() < deadline
