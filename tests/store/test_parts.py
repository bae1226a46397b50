"""Parts of an export that other processes make: the same bytes, whatever becomes of those."""

import multiprocessing
import multiprocessing.spawn
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from consent_service.errors import Misconfigured
from consent_service.exports import parts, period, verify
from consent_service.exports.parts import Wanted
from consent_service.exports.period import Source, export
from consent_service.exports.verify import FAILS
from consent_service.model import StoredReceipt
from consent_service.store import Cursor, Store
from tests.store import given
from tests.store.given import NOW
from tests.store.test_period import filled, ids, lines, told, wanted


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts, so that a few receipts make several, and are many."""
    monkeypatch.setattr(period, "PART", 7)
    monkeypatch.setattr(period, "MANY", 1)


@pytest.fixture
async def origin(store: Store, url: str) -> Source:
    """A site with 25 receipts, two a second, that other processes can read as well."""
    origin, _ = await filled(store)
    return origin._replace(database=url)


@pytest.mark.parametrize(
    "asked",
    [wanted("csv"), wanted(), wanted("csv", action="custom"), wanted(version=2)],
    ids=["csv", "jsonl", "some", "none"],
)
async def test_made_beside_or_here_an_export_is_the_same(
    origin: Source, tmp_path: Path, asked: Wanted
) -> None:
    seen: list[tuple[int, int]] = []

    async def looks(done: int, total: int) -> None:
        seen.append((done, len(multiprocessing.active_children())))

    beside = await export(origin, asked, tmp_path / "beside", looks)
    assert len(seen) == 5, "begun, and four parts"
    assert (seen[0][0], seen[-1][0]) == (0, 25)
    assert {others for _, others in seen[1:]} <= {1, 2}, "made by others"
    await _ended()
    here = await export(origin._replace(database=""), asked, tmp_path / "here", told)
    assert not multiprocessing.active_children()
    assert lines(beside) == lines(here)
    assert not [result for result in verify.check_export(beside) if result.state == FAILS]


@pytest.mark.parametrize("at", [7, 14, 21])
async def test_an_export_whose_processes_are_killed_goes_on_without_them(
    origin: Source, tmp_path: Path, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    async def kills(done: int, total: int) -> None:
        if done >= at:
            for process in multiprocessing.active_children():
                process.kill()
                process.join()

    file = await export(origin, wanted(), tmp_path / "killed", kills)
    # By the third part the last one may be made already.
    assert at == 21 or "it goes on in this one" in caplog.text
    whole = await export(origin._replace(database=""), wanted(), tmp_path / "whole", told)
    assert lines(file) == lines(whole)


async def test_where_none_can_be_started_an_export_is_made_here(
    origin: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", os.fsencode(tmp_path / "nothing"))
    assert len(lines(await export(origin, wanted(), tmp_path / "out", told))) == 25
    assert "it goes on in this one" in caplog.text


async def test_what_they_cannot_read_is_told_in_our_words(origin: Source, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = origin._replace(database=f"sqlite:///{tmp_path}/file/consent.db")
    with pytest.raises(Misconfigured, match="cannot open the database"):
        await export(nowhere, wanted(), tmp_path / "out", told)


@pytest.mark.parametrize("at", [7, 21])
async def test_an_export_that_is_broken_off_leaves_no_process_and_is_taken_up(
    origin: Source, tmp_path: Path, at: int
) -> None:
    async def breaks(done: int, total: int) -> None:
        if done >= at:
            raise KeyError("broken off")

    with pytest.raises(KeyError, match="broken off"):
        await export(origin, wanted(), tmp_path / "out", breaks)
    await _ended()
    file = await export(origin, wanted(), tmp_path / "out", told)
    whole = await export(origin._replace(database=""), wanted(), tmp_path / "whole", told)
    assert lines(file) == lines(whole)


async def test_an_export_that_broke_off_after_its_last_part_has_none_twice(
    origin: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Path:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(period, "_finish", breaks)
        with pytest.raises(OSError, match="no space"):
            await export(origin, wanted(), tmp_path / "out", told)
    file = await export(origin, wanted(), tmp_path / "out", told)
    assert len(set(ids(file))) == len(ids(file)) == 25


async def test_where_a_parts_last_receipt_is_erased_meanwhile_none_comes_twice(
    store: Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin, made = await filled(store)
    monkeypatch.setattr(parts, "PAGE", 3)

    async def erases(done: int, total: int) -> None:
        if done == 3:
            await given.erased(given.desk(store, folder), origin.site, made[6].id)

    file = await export(origin, wanted(), tmp_path / "out", erases)
    assert ids(file) == [one.id for one in made if one != made[6]]


@pytest.mark.parametrize(
    ("after", "count", "found"),
    [(-1, 7, 6), (6, 7, 13), (13, 11, None), (13, 10, 23), (13, 12, None), (24, 1, None)],
)
async def test_a_border_is_the_place_of_the_receipt_that_comes_so_many_after(
    store: Store, after: int, count: int, found: int | None
) -> None:
    origin, made = await filled(store)
    period_ = (NOW, NOW + 900)
    before = Cursor.begin() if after < 0 else _place(made[after])
    border = await store.receipts.border(origin.site.id, period_, before, count)
    assert border == (None if found is None else _place(made[found]))


def _place(receipt: StoredReceipt) -> Cursor:
    return Cursor(receipt.recorded_at, receipt.id)


async def _ended() -> None:
    """No process is left, or not for long."""
    for process in multiprocessing.active_children():
        process.join(60)
    assert not multiprocessing.active_children()


_STARTER = """
import multiprocessing, time
from consent_service.exports import parts

pool = parts.pool()
pool.submit(int).result()
print(multiprocessing.active_children()[0].pid, flush=True)
time.sleep(600)
"""


def test_they_do_not_outlive_whoever_started_them() -> None:
    with subprocess.Popen([sys.executable, "-c", _STARTER], stdout=subprocess.PIPE) as starter:
        assert starter.stdout
        status = Path(f"/proc/{int(starter.stdout.readline())}/status")
        assert _runs(status)
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while _runs(status):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(status: Path) -> bool:
    """Whether the process is there, and not only its name for whoever asks how it ended."""
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
