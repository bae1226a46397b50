"""Every test of the store runs on both databases, and leaves a sound one behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from consent_service.store import Store, open_store
from tests.postgres import Server, running_server
from tests.store.soundness import assert_sound


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all tests of this process."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A migrated database, to be copied: faster than the road to it each time."""
    url = server.new_database()
    asyncio.run(_migrate(url))
    return server.name(url)


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/consent.db"
        return
    server: Server = request.getfixturevalue("server")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database. Whatever the test did to it, it must be sound after."""
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/consent.db"
        asyncio.run(_migrate(url))
        yield url
        asyncio.run(assert_sound(url))
        return
    server: Server = request.getfixturevalue("server")
    url = server.new_database(request.getfixturevalue("template"))
    yield url
    asyncio.run(assert_sound(url))
    server.drop_database(url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where checkpoints are kept outside the database."""
    return tmp_path / "outside"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store."""
    async with open_store(url) as store:
        yield store


async def _migrate(url: str) -> None:
    async with open_store(url):
        pass
