"""The shelf of receipts: found by id and by time, erased with a tombstone."""

import asyncio
from pathlib import Path

import pytest

from consent_service.errors import Invalid, NotFound
from consent_service.merkle import Reason
from consent_service.model import Erasure, StoredReceipt
from consent_service.store import Cursor, ReceiptWriter, Store, open_store
from tests.store import given
from tests.store.outside import outside


async def _stored(store: Store, receipts: list[StoredReceipt]) -> None:
    async with ReceiptWriter(store, 1000, 100) as writer:
        await asyncio.gather(*map(writer.add, receipts))


async def test_a_receipt_comes_back_byte_for_byte(store: Store) -> None:
    site = await given.published(store)
    receipt = given.receipt(site.id)
    await _stored(store, [receipt])
    assert await store.receipts.by_id(site.id, receipt.id) == receipt


async def test_a_receipt_is_not_found_on_another_site(store: Store, folder: Path) -> None:
    site, other = await given.published(store), await given.published(store, "other")
    receipt = given.receipt(site.id)
    await _stored(store, [receipt])
    with pytest.raises(NotFound, match=f"there is no receipt {receipt.id}"):
        await store.receipts.by_id(other.id, receipt.id)
    with pytest.raises(NotFound):
        await given.erased(given.desk(store, folder), other, receipt.id)
    assert await store.receipts.erasure(other.id, receipt.id) is None
    assert await store.receipts.by_id(site.id, receipt.id) == receipt


NO_IDS = {
    "unknown": "01890a5d-ac96-774b-bcce-b302099a8057",
    "empty": "",
    "not hex": "zzzzzzzz-ac96-774b-bcce-b302099a8057",
    "upper case": "01890A5D-AC96-774B-BCCE-B302099A8057",
    "without hyphens": "01890a5dac96774bbcceb302099a8057",
    "braces": "{01890a5d-ac96-774b-bcce-b302099a8057}",
    "too long": "01890a5d-ac96-774b-bcce-b302099a805700",
    "quotes": "' or 1 = 1 --",
    "NUL": "01890a5d-ac96-774b-bcce-b302099a805\0",
}


@pytest.mark.parametrize("name", NO_IDS.values(), ids=NO_IDS)
async def test_what_is_no_receipts_id_is_not_found(store: Store, folder: Path, name: str) -> None:
    site = await given.published(store)
    await _stored(store, [given.receipt(site.id)])
    with pytest.raises(NotFound):
        await store.receipts.by_id(site.id, name)
    with pytest.raises(NotFound):
        await given.erased(given.desk(store, folder), site, name)


async def test_pages_run_from_the_newest_to_the_oldest_and_miss_none(store: Store) -> None:
    site, other = await given.published(store), await given.published(store, "other")
    # Several share a second, also across the edge of a page.
    receipts = [given.receipt(site.id, at=given.NOW + n // 4) for n in range(23)]
    await _stored(store, [*receipts, given.receipt(other.id)])
    seen: list[StoredReceipt] = []
    cursor = None
    while page := await store.receipts.page(site.id, cursor, 5):
        assert len(page) == 5 or len(seen) == 20
        seen += page
        cursor = Cursor(page[-1].recorded_at, page[-1].id)
    assert seen == sorted(receipts, key=lambda r: (r.recorded_at, r.id), reverse=True)
    assert await store.receipts.count(site.id) == 23
    assert await store.receipts.count(other.id) == 1


async def test_an_erased_receipt_leaves_a_tombstone_and_nothing_else(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    gone, kept = given.receipt(site.id), given.receipt(site.id)
    await _stored(store, [gone, kept])
    desk = given.desk(store, folder)
    await given.entered(desk)
    place = await store.ledger.place(site.id, gone.id)
    erasure = await given.erased(desk, site, gone.id, now=given.NOW + 5)
    assert erasure == Erasure(erased_at=given.NOW + 5, reason=2, place=place)
    assert await store.ledger.place(site.id, gone.id) is None
    assert await store.receipts.erasure(site.id, gone.id) == erasure
    assert await store.receipts.erasure(site.id, kept.id) is None
    assert await store.receipts.page(site.id) == [kept]
    with pytest.raises(NotFound):
        await store.receipts.by_id(site.id, gone.id)


async def test_erasing_twice_keeps_the_first_tombstone(store: Store, folder: Path) -> None:
    site = await given.published(store)
    receipt = given.receipt(site.id)
    await _stored(store, [receipt])
    desk = given.desk(store, folder)
    erasures = await asyncio.gather(
        *(given.erased(desk, site, receipt.id, reason) for reason in Reason)
    )
    assert len(set(erasures)) == 1
    assert await given.erased(desk, site, receipt.id, Reason.COURT, 9) == erasures[0]


async def test_erasing_within_a_transaction_that_fails_erases_nothing(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    receipt = given.receipt(site.id)
    await _stored(store, [receipt])

    async def fail() -> None:
        async with store.transaction() as tx:
            await given.erased(given.desk(tx, folder), site, receipt.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await store.receipts.by_id(site.id, receipt.id) == receipt
    assert await store.receipts.erasure(site.id, receipt.id) is None


async def test_r60_an_erased_receipt_is_gone_from_the_files_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/consent.db"
    async with open_store(url) as store:
        site = await given.published(store)
        receipts = [given.receipt(site.id) for _ in range(30)]
        await _stored(store, receipts)
        with outside(url) as connection:
            connection.run("pragma wal_checkpoint(truncate)")
        gone = receipts[10]
        salt = await store.ledger.salt(site.id, gone.id) or b""
        file = (tmp_path / "consent.db").read_bytes()
        assert gone.signature in file
        assert salt in file
        await given.erased(given.desk(store, tmp_path), site, gone.id)
        with outside(url) as connection:
            connection.run("pragma wal_checkpoint(truncate)")
        names = ("consent.db", "consent.db-wal", "consent.db-shm")
        files = b"".join((tmp_path / name).read_bytes() for name in names)
    assert salt not in files
    assert gone.signature not in files
    assert receipts[11].signature in files


async def test_every_receipt_has_a_random_salt_of_its_own(store: Store, url: str) -> None:
    site = await given.published(store)
    await _stored(store, [given.receipt(site.id) for _ in range(50)])
    with outside(url) as connection:
        salts = {bytes(salt) for (salt,) in connection.run("select salt from receipts")}
    assert len(salts) == 50
    assert {len(salt) for salt in salts} == {32}


def test_a_cursor_is_a_word_that_can_stand_in_an_address() -> None:
    cursor = Cursor(given.NOW, "01890a5d-ac96-774b-bcce-b302099a8057")
    assert str(cursor) == f"{given.NOW}.01890a5d-ac96-774b-bcce-b302099a8057"
    assert Cursor.parse(str(cursor)) == cursor


NO_CURSORS = ["", ".", "1", "1.x", "x.01890a5d-ac96-774b-bcce-b302099a8057", "9" * 5000, "1.2.3"]


@pytest.mark.parametrize("text", NO_CURSORS)
def test_what_is_no_cursor_is_invalid(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        Cursor.parse(text)
    assert caught.value.field == "before"
