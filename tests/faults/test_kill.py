"""kill -9 in the middle of a burst: every receipt that was confirmed is there, and verifies."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent_service.store import open_store
from tests.postgres import Server, running_server
from tests.store.outside import outside
from tests.store.soundness import assert_sound

ROOT = Path(__file__).parent.parent.parent
ROUNDS = (1, 700, 2500)
"""After how many confirmed receipts the process is killed, one after the other."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL that these tests may ill-treat."""
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/consent.db"
    server: Server = request.getfixturevalue("server")
    return server.new_database()


class Burst:
    """The process that stores receipts, and what it has said so far."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.burst", url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.confirmed: list[str] = []

    def __enter__(self) -> "Burst":
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self.kill()

    def read(self, receipts: int) -> None:
        """Wait until it has confirmed so many."""
        assert self._process.stdout is not None
        while len(self.confirmed) < receipts:
            line = self._process.stdout.readline()
            assert line, "it ended by itself"
            self.confirmed.append(line.decode().strip())

    def kill(self) -> None:
        """End it without a word, and take in what it had said by then."""
        self._process.kill()
        rest, _ = self._process.communicate()
        self.confirmed += rest.decode().split()


def _stored(url: str) -> set[str]:
    with outside(url) as connection:
        return {bytes(raw).hex() for (raw,) in connection.run("select id from receipts")}


def _assert_all_there(url: str, confirmed: list[str]) -> None:
    lost = {name.replace("-", "") for name in confirmed} - _stored(url)
    assert not lost, f"{len(lost)} of {len(confirmed)} confirmed receipts are lost"


async def test_no_confirmed_receipt_is_lost_when_the_process_is_killed(url: str) -> None:
    confirmed: list[str] = []
    for receipts in ROUNDS:
        with Burst(url) as burst:
            burst.read(receipts)
        confirmed += burst.confirmed
        _assert_all_there(url, confirmed)
    assert len(confirmed) == len(set(confirmed)) >= sum(ROUNDS)
    await assert_sound(url)
    async with open_store(url) as store:
        # What was stored and not yet confirmed may be there too: at most what was in flight.
        extra = await store.receipts.count(1) - len(confirmed)
    assert 0 <= extra <= len(ROUNDS) * 2 * 64


async def test_no_confirmed_receipt_is_lost_when_the_database_crashes(server: Server) -> None:
    url = server.new_database()
    with Burst(url) as burst:
        burst.read(500)
        server.crash()
    server.start()
    _assert_all_there(url, burst.confirmed)
    await assert_sound(url)
