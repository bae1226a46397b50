"""People with one role each on the test's shop."""

import pytest_asyncio

from consent_service.model import Role
from tests.api.pages.people import Person, with_role
from tests.served import House, Shop


@pytest_asyncio.fixture(loop_scope="module")
async def editor(house: House, shop: Shop) -> Person:
    return await with_role(house, shop.site, Role.EDITOR)


@pytest_asyncio.fixture(loop_scope="module")
async def admin(house: House, shop: Shop) -> Person:
    return await with_role(house, shop.site, Role.ADMIN)


@pytest_asyncio.fixture(loop_scope="module")
async def auditor(house: House, shop: Shop) -> Person:
    return await with_role(house, shop.site, Role.AUDITOR)
