"""What several floors of tests share: one PostgreSQL for all tests of a process."""

from collections.abc import Iterator

import pytest

from tests.postgres import Server, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all tests of this process; each test has a database of its own in it."""
    with running_server() as server:
        yield server
