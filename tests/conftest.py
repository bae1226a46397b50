"""What several floors of tests share: both databases, and a folder for keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Server, running_server

FIRST = ("browser", "faults")
"""The folders whose files take longest for their number of tests: what is left for the end of a run
on several processes is small, so that none of them waits for another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long files begin."""
    folder = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(folder).parts[0] not in FIRST)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all tests of this process; each test has a database of its own in it.

    Whoever lets a server crash has one of their own, which syncs to the disk.
    """
    with running_server(synced=False) as server:
        yield server


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
