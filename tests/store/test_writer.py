"""The group-commit writer: answered after the commit, never growing, never losing its head."""

import asyncio
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from consent_service.errors import Busy, Conflict, ConsentError, Misconfigured, Unavailable
from consent_service.model import StoredReceipt
from consent_service.store import ReceiptWriter, Store, open_store
from consent_service.store.database import Database
from consent_service.store.opening import open_database, sqlite_path
from tests.postgres import running_server
from tests.store import given
from tests.store.outside import outside


async def _add_all(writer: ReceiptWriter, receipts: list[StoredReceipt]) -> list[object]:
    return await asyncio.gather(*map(writer.add, receipts), return_exceptions=True)


async def test_a_receipt_is_there_for_everybody_once_it_is_answered(store: Store, url: str) -> None:
    site = await given.published(store)
    receipt = given.receipt(site.id)
    async with ReceiptWriter(store, 10, 10) as writer:
        assert await writer.add(receipt) == receipt
        with outside(url) as connection:
            assert connection.run("select count(*) from receipts") == [(1,)]
    assert await store.receipts.by_id(site.id, receipt.id) == receipt


async def test_many_waiting_receipts_share_few_transactions(store: Store, url: str) -> None:
    site = await given.published(store)
    receipts = [given.receipt(site.id) for _ in range(300)]
    before = _transactions(url)
    async with ReceiptWriter(store, 1000, 100) as writer:
        assert await _add_all(writer, receipts) == receipts
    assert await store.receipts.count(site.id) == 300
    # The first one may go alone; then three or four batches of at most 100.
    assert 3 <= _transactions(url) - before <= 5


def _transactions(url: str) -> int:
    """How many transactions have stored receipts, as the database's own files tell it."""
    path = sqlite_path(url)
    if path:
        return _commits(path.with_name(f"{path.name}-wal"))
    with outside(url) as connection:
        return len(connection.run("select distinct xmin::text from receipts"))


def _commits(wal: Path) -> int:
    """Commit frames in a write-ahead log: those that name the database's size after them."""
    log = wal.read_bytes()
    page, salt = struct.unpack_from(">I", log, 8)[0], log[16:24]
    frames = range(32, len(log), 24 + page)
    return sum(log[at + 8 : at + 16] == salt and any(log[at + 4 : at + 8]) for at in frames)


async def test_a_single_receipt_does_not_wait_for_company(store: Store) -> None:
    site = await given.published(store)
    async with ReceiptWriter(store, 10, 10) as writer:
        async with asyncio.timeout(5):
            for _ in range(20):
                await writer.add(given.receipt(site.id))


async def test_a_full_queue_is_told_at_once_and_harms_nobody(store: Store) -> None:
    site = await given.published(store)
    receipts = [given.receipt(site.id) for _ in range(3)]
    async with ReceiptWriter(store, 3, 10) as writer:
        waiting = [asyncio.create_task(writer.add(receipt)) for receipt in receipts]
        await asyncio.sleep(0)
        refused = writer.add(given.receipt(site.id))
        with pytest.raises(Busy) as caught:
            # Not awaited: it has to say so without waiting for anything.
            refused.send(None)
        assert caught.value.retry_after == 1
        assert await asyncio.gather(*waiting) == receipts
        assert await writer.add(receipts[0]) == receipts[0], "there is room again"
    assert await store.receipts.count(site.id) == 3


async def test_an_id_that_is_there_brings_back_what_is_stored(store: Store) -> None:
    site = await given.published(store)
    first = given.receipt(site.id)
    retry = given.receipt(site.id, first.id, at=given.NOW + 60)
    other = given.receipt(site.id, first.id, action="reject_all")
    async with ReceiptWriter(store, 10, 10) as writer:
        await writer.add(first)
        assert await _add_all(writer, [retry, other, given.receipt(site.id)])
        assert await writer.add(retry) == first
        assert await writer.add(other) == first
    assert await store.receipts.count(site.id) == 2


async def test_two_of_one_id_in_one_batch_are_both_given_the_first(store: Store) -> None:
    site = await given.published(store)
    first = given.receipt(site.id)
    second = given.receipt(site.id, first.id, action="reject_all")
    async with ReceiptWriter(store, 10, 10) as writer:
        assert await _add_all(writer, [first, second]) == [first, first]
    assert await store.receipts.page(site.id) == [first]


async def test_two_writers_of_one_database_agree_on_the_first(store: Store, url: str) -> None:
    site = await given.published(store)
    receipts = [given.receipt(site.id) for _ in range(60)]
    later = [given.receipt(site.id, r.id, action="custom") for r in receipts]
    async with (
        open_store(url) as other_store,
        ReceiptWriter(store, 100, 20) as one,
        ReceiptWriter(other_store, 100, 20) as other,
    ):
        answers = await asyncio.gather(_add_all(one, receipts), _add_all(other, later[::-1]))
    assert answers[0] == answers[1][::-1]
    stored = await store.receipts.page(site.id, None, 100)
    assert len(stored) == 60
    assert all(answer in stored for answer in answers[0])


async def test_one_bad_row_does_not_fail_its_batch_mates(store: Store) -> None:
    site = await given.published(store)
    good = [given.receipt(site.id) for _ in range(20)]
    no_version = given.receipt(site.id, number=99)
    no_site = given.receipt(99)
    no_key = replace(given.receipt(site.id), kid="unknown")
    no_id = replace(given.receipt(site.id), id="not an id")
    cut = replace(given.receipt(site.id), signature=b"short")
    bad = [no_version, no_site, no_key, no_id, cut]
    mixed = [*good[:5], no_version, *good[5:9], no_site, no_key, *good[9:], no_id, cut]
    async with ReceiptWriter(store, 100, 100) as writer:
        answers = dict(zip((r.id for r in mixed), await _add_all(writer, mixed), strict=True))
        assert await writer.add(good[0]) == good[0], "and it goes on"
    assert [answers[receipt.id] for receipt in good] == good
    assert all(isinstance(answers[receipt.id], ConsentError) for receipt in bad)
    assert isinstance(answers[no_version.id], Conflict)
    assert isinstance(answers[no_key.id], Misconfigured)
    assert await store.receipts.count(site.id) == len(good)


async def test_a_waiter_that_goes_away_takes_nobody_along(store: Store) -> None:
    site = await given.published(store)
    receipts = [given.receipt(site.id) for _ in range(60)]
    async with ReceiptWriter(store, 100, 7) as writer:
        tasks = [asyncio.create_task(writer.add(receipt)) for receipt in receipts]
        for number, task in enumerate(tasks):
            if number % 2:
                await asyncio.sleep(0)
                task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert answers[::2] == receipts[::2]
        assert await writer.add(given.receipt(site.id))
    for receipt in receipts[::2]:
        assert await store.receipts.by_id(site.id, receipt.id) == receipt


async def test_leaving_stores_what_still_waits_and_takes_no_more(store: Store) -> None:
    site = await given.published(store)
    receipts = [given.receipt(site.id) for _ in range(50)]
    writer = ReceiptWriter(store, 100, 8)
    async with writer:
        tasks = [asyncio.create_task(writer.add(receipt)) for receipt in receipts]
        await asyncio.sleep(0)
    assert await asyncio.gather(*tasks) == receipts
    with pytest.raises(Unavailable, match="stopping"):
        await writer.add(given.receipt(site.id))


async def test_a_writer_that_is_killed_leaves_nobody_waiting(store: Store) -> None:
    site = await given.published(store)
    writer = ReceiptWriter(store, 100, 2)

    async def serve() -> None:
        async with writer:
            await asyncio.Event().wait()

    serving = asyncio.create_task(serve())
    await asyncio.sleep(0)
    tasks = [asyncio.create_task(writer.add(given.receipt(site.id))) for _ in range(50)]
    await asyncio.sleep(0)
    serving.cancel()  # The drain begins.
    await asyncio.sleep(0)
    serving.cancel()  # It is cut short.
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait([serving])
    stored = [answer for answer in answers if isinstance(answer, StoredReceipt)]
    assert all(isinstance(answer, StoredReceipt | Unavailable) for answer in answers)
    for receipt in stored:
        assert await store.receipts.by_id(site.id, receipt.id) == receipt


async def test_a_server_that_goes_away_and_comes_back_loses_no_answered_receipt() -> None:
    with running_server() as server:
        async with open_store(server.new_database()) as store:
            site = await given.published(store)
            async with ReceiptWriter(store, 100, 10) as writer:
                before = [given.receipt(site.id) for _ in range(30)]
                assert await _add_all(writer, before) == before
                server.crash()
                lost = [given.receipt(site.id) for _ in range(30)]
                answers = await _add_all(writer, lost)
                assert all(isinstance(answer, Unavailable) for answer in answers)
                server.start()
                after = [await _until_it_answers(writer, receipt) for receipt in lost]
                assert after == lost
            assert await store.receipts.count(site.id) == 60
            for receipt in before + after:
                assert await store.receipts.by_id(site.id, receipt.id) == receipt


async def _until_it_answers(writer: ReceiptWriter, receipt: StoredReceipt) -> StoredReceipt:
    async with asyncio.timeout(30):
        while True:
            try:
                return await writer.add(receipt)
            except Unavailable:
                await asyncio.sleep(0.1)


async def _small(database: Database, path: Path) -> Store:
    """A store on SQLite that has little room and little patience."""
    await database.execute("pragma busy_timeout = 50")
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute("pragma page_count").fetchone()[0]
    await database.execute(f"pragma max_page_count = {pages + 20}")
    return Store(database)


async def test_a_full_disk_is_unavailable_and_what_was_answered_stays(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/consent.db"
    async with open_store(url) as store:
        site = await given.published(store)
    async with open_database(url) as database:
        store = await _small(database, tmp_path / "consent.db")
        async with ReceiptWriter(store, 1000, 10) as writer:
            receipts = [given.receipt(site.id) for _ in range(800)]
            answers = await _add_all(writer, receipts)
            failed = [answer for answer in answers if isinstance(answer, Unavailable)]
            stored = [answer for answer in answers if isinstance(answer, StoredReceipt)]
            assert failed, "the disk was never full"
            assert stored, "the disk was always full"
            assert len(failed) + len(stored) == 800
            assert await store.receipts.count(site.id) == len(stored)
            await database.execute("pragma max_page_count = 1000000")
            assert await _add_all(writer, receipts) == receipts, "there is room again"


async def test_a_database_that_another_process_locks_is_unavailable(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/consent.db"
    async with open_store(url) as store:
        site = await given.published(store)
    receipt = given.receipt(site.id)
    async with open_database(url) as database:
        store = await _small(database, tmp_path / "consent.db")
        async with ReceiptWriter(store, 10, 10) as writer:
            with outside(url) as connection:
                connection.run("begin immediate")
                with pytest.raises(Unavailable):
                    await writer.add(receipt)
                with pytest.raises(Unavailable):
                    async with store.transaction():
                        raise AssertionError("it began all the same")
                connection.run("rollback")
            assert await writer.add(receipt) == receipt
