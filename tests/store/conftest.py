"""Every test of the store runs on both databases, and leaves a sound one behind."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from consent_service.store import Store, open_store
from tests.postgres import Server
from tests.store.soundness import assert_sound


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A migrated database, to be copied: faster than the road to it each time."""
    url = server.new_database()
    asyncio.run(_migrate(url))
    return server.name(url)


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("template") / "consent.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


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
        shutil.copy(request.getfixturevalue("file"), tmp_path)
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
