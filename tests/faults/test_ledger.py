"""kill -9 at every step, and two processes at one ledger: never half an entry, never a fork."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from consent_service.ledger import Wanted, verify_ledger
from consent_service.store import ReceiptWriter, open_store
from tests.postgres import Server
from tests.store import given
from tests.store.soundness import assert_sound

ROOT = Path(__file__).parent.parent.parent
SECONDS = 120


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/consent.db"
    server: Server = request.getfixturevalue("server")
    return server.new_database()


async def _fill(url: str, count: int) -> list[str]:
    async with open_store(url) as store:
        site = await given.published_policy(store)
        receipts = [given.receipt(site.id) for _ in range(count)]
        async with ReceiptWriter(store, 1000, 100) as writer:
            await asyncio.gather(*map(writer.add, receipts))
    return [receipt.id for receipt in receipts]


def _step(url: str, folder: Path, what: str, step: int) -> bool:
    """Let a process do that, to be killed at that step. Whether it came to the end."""
    command = [sys.executable, "-m", "tests.faults.steps", url, str(folder), what, str(step)]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode in (0, -9), ended.stderr
    assert (ended.stdout == "done\n") is (ended.returncode == 0)
    return ended.returncode == 0


async def _assert_whole(url: str) -> None:
    """Either all of it happened, or nothing: the ledger verifies, whatever was killed."""
    async with open_store(url) as store:
        site = await store.sites.by_key("shop")
        if await store.ledger.head(site.id) is None:
            return
        report = await verify_ledger(store, site, Wanted(receipts=True), lambda *_: None)
        assert report.findings == []


@pytest.mark.parametrize("what", ["enter", "erase", "retain"])
async def test_r60_killed_at_every_step_it_is_done_whole_or_not_at_all(
    url: str, tmp_path: Path, what: str
) -> None:
    ids = await _fill(url, 3)
    name = ids[0] if what == "erase" else what
    if what == "retain":
        assert _step(url, tmp_path, "enter", 10_000)
    step, died = 1, 0
    # Steps of three: a commit lies between any two of them often enough, in half the time.
    while not _step(url, tmp_path, name, step):
        await _assert_whole(url)
        died, step = died + 1, step + 3
    assert died > 5, "it was hardly ever killed"
    await _assert_whole(url)
    left = {"enter": 3, "erase": 2, "retain": 0}[what]
    async with open_store(url) as store:
        assert await store.receipts.count(1) == left
    await assert_sound(url)


class Entering:
    """The process that enters, and the sizes it has told so far."""

    def __init__(self, url: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.entering", url, str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def told(self, rounds: int) -> None:
        """Wait until it has gone so many rounds."""
        assert self.process.stdout is not None
        for _ in range(rounds):
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1].decode()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


async def test_two_processes_that_are_killed_again_and_again_make_one_tree(
    url: str, tmp_path: Path
) -> None:
    await _fill(url, 1)
    sizes = []
    for rounds in (1, 8, 20):
        both = [Entering(url, tmp_path) for _ in range(2)]
        try:
            for each in both:
                each.told(rounds)
        finally:
            for each in both:
                each.kill()
        async with open_store(url) as store:
            site = await store.sites.by_key("shop")
            report = await verify_ledger(store, site, Wanted(receipts=True), lambda *_: None)
            assert report.findings == []
            sizes.append(report.size)
    assert sizes[0] < sizes[1] < sizes[2]
    await assert_sound(url)
