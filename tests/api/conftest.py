"""Every test of the API runs against the real application on both databases.

One service a module, a new site for each test. Whatever a test did there, the site's receipts
verify afterwards from public keys alone.
"""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest_asyncio

from tests.served import House, Shop, assert_receipts_verify, open_shop, running_house

_numbers = count(1)


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
