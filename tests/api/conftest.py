"""Every test of the API runs against the real application on both databases.

One service a module, a new site for each test. Whatever a test did there, the site's receipts
verify afterwards from public keys alone.
"""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from tests.postgres import Server
from tests.served import House, Shop, assert_receipts_verify, open_shop, running_house

_numbers = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/consent.db"
        return
    server: Server = request.getfixturevalue("server")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service's keys are."""
    return tmp_path_factory.mktemp("house")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(database: str, folder: Path) -> AsyncIterator[House]:
    """A running service."""
    async with running_house(database, folder) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def shop(house: House) -> AsyncIterator[Shop]:
    """A new site with a published policy."""
    opened = await open_shop(house, f"shop-{next(_numbers)}")
    yield opened
    await assert_receipts_verify(opened)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stall(house: House) -> AsyncIterator[Shop]:
    """A site for tests that leave it as it is: nothing is published there."""
    opened = await open_shop(house, f"stall-{next(_numbers)}")
    yield opened
    await assert_receipts_verify(opened)
