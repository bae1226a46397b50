"""A visitor's own erasure: what goes, what stays, and that nobody's id is left (R60)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent_service import receipts
from consent_service.audit import Act
from consent_service.errors import Conflict, Forked, NotFound
from consent_service.ledger import Wanted, verify_ledger
from consent_service.merkle import EntryType, Reason, decode_entry, erasure_digest
from consent_service.model import Erasure, Site, StoredReceipt
from consent_service.store import ReceiptWriter, Store, open_store
from consent_service.store.columns import uuid_bytes, uuid_text
from consent_service.store.migrate import MIGRATIONS, migrate
from consent_service.store.opening import open_database
from tests.store import given
from tests.store.outside import Outside, outside

VISITOR = Act("visitor", given.NOW + 9)


async def _stored(store: Store, *receipts: StoredReceipt) -> None:
    async with ReceiptWriter(store, 10, 10) as writer:
        for receipt in receipts:
            await writer.add(receipt)


def _chain(site: Site, length: int) -> list[StoredReceipt]:
    """What one browser chose, each in place of the one before it."""
    chain: list[StoredReceipt] = []
    for at in range(length):
        before = chain[-1] if chain else None
        chain.append(given.receipt(site.id, at=given.NOW + at, replaces=before))
    return chain


def _values(connection: Outside, lite: bool) -> Iterator[Any]:
    """Every value of every table."""
    names = (
        "select name from sqlite_master where type = 'table'"
        if lite
        else "select table_name from information_schema.tables where table_schema = 'public' "
        "and table_type = 'BASE TABLE'"
    )
    for (table,) in connection.run(names):
        for row in connection.run(f'select * from "{table}"'):
            yield from row


def _everything(url: str) -> bytes:
    """All that the database holds, one value after another."""
    with outside(url) as connection:
        found = list(_values(connection, url.startswith("sqlite")))
    return b"\n".join(each if isinstance(each, bytes) else str(each).encode() for each in found)


@pytest.mark.parametrize("entered", [True, False], ids=["in the ledger", "waiting for it"])
async def test_r60_no_store_holds_the_id_the_salt_or_a_word_of_what_was_erased(
    store: Store, url: str, folder: Path, entered: bool
) -> None:
    site = await given.published(store)
    chain, other = _chain(site, 3), given.receipt(site.id)
    await _stored(store, *chain, other)
    desk = given.desk(store, folder)
    if entered:
        await given.entered(desk)
    salts = [await store.ledger.salt(site.id, each.id) or b"" for each in chain]
    ids = [uuid_bytes(each.id) for each in chain]
    named = [*salts, *ids, *(each.id.encode() for each in chain)]
    named += [each.signature for each in chain]
    before = _everything(url)
    assert all(part in before for part in (*salts, *ids))
    gone = await receipts.erase_own(desk, site, chain[2].id, VISITOR)
    assert (gone.replaced, gone.erasure.reason) == (2, Reason.REQUEST)
    await given.entered(desk)
    after = _everything(url)
    assert [part for part in named if part in after] == []
    assert await store.receipts.page(site.id) == [other]


async def test_r60_each_has_its_entry_its_tombstone_and_its_event(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    chain = _chain(site, 3)
    await _stored(store, *chain)
    desk = given.desk(store, folder)
    await given.entered(desk)
    places = [await store.ledger.place(site.id, each.id) for each in chain]
    await receipts.erase_own(desk, site, chain[2].id, VISITOR)
    for receipt, place in zip(chain, places, strict=True):
        assert place is not None
        told = await store.receipts.erasure(site.id, receipt.id)
        assert told == Erasure(erased_at=VISITOR.now, reason=Reason.REQUEST, place=place)
        assert await store.ledger.marks(site.id, erasure_digest(place, Reason.REQUEST))
    body = await store.ledger.bundle(site.id, 0)
    entries = [decode_entry(body[at : at + 78]) for at in range(0, len(body), 78)]
    assert [each.type for each in entries[-3:]] == [EntryType.ERASURE] * 3
    events = [each for each in await store.events.page(site.id) if each.verb == "receipt.erase"]
    assert {(each.actor, each.subject) for each in events} == {
        ("visitor", f"entry {place}") for place in places
    }
    report = await verify_ledger(store, site, Wanted(receipts=True), lambda *_: None)
    assert report.findings == []


async def test_r60_those_that_came_after_it_stay(store: Store, folder: Path) -> None:
    site = await given.published(store)
    chain = _chain(site, 4)
    await _stored(store, *chain)
    gone = await receipts.erase_own(given.desk(store, folder), site, chain[1].id, VISITOR)
    assert gone.replaced == 1
    assert await store.receipts.page(site.id) == [chain[3], chain[2]]


async def test_a_chain_that_breaks_off_is_followed_as_far_as_it_is_there(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    chain, desk = _chain(site, 4), given.desk(store, folder)
    await _stored(store, *chain)
    await given.erased(desk, site, chain[1].id)
    gone = await receipts.erase_own(desk, site, chain[3].id, VISITOR)
    assert gone.replaced == 1
    assert await store.receipts.page(site.id) == [chain[0]]


async def test_a_long_chain_goes_whole(store: Store, folder: Path) -> None:
    site = await given.published(store)
    chain, desk = _chain(site, 120), given.desk(store, folder)
    await _stored(store, *chain)
    await given.entered(desk)
    gone = await receipts.erase_own(desk, site, chain[-1].id, VISITOR)
    assert gone.replaced == 119
    assert await store.receipts.count(site.id) == 0


async def test_a_second_time_the_tombstone_is_given_and_a_strangers_id_is_not_found(
    store: Store, folder: Path
) -> None:
    site, other = await given.published(store), await given.published(store, "other")
    receipt, desk = given.receipt(site.id), given.desk(store, folder)
    await _stored(store, receipt)
    with pytest.raises(NotFound):
        await receipts.erase_own(desk, other, receipt.id, VISITOR)
    first = await receipts.erase_own(desk, site, receipt.id, VISITOR)
    later = Act("visitor", given.NOW + 99)
    assert await receipts.erase_own(desk, site, receipt.id, later) == first
    with pytest.raises(NotFound):
        await receipts.erase_own(desk, site, given.uuid(), VISITOR)


async def test_where_the_ledger_is_stuck_nothing_of_the_chain_goes(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    chain, desk = _chain(site, 3), given.desk(store, folder)
    await _stored(store, *chain)
    await given.entered(desk)
    head = await store.ledger.head(site.id)
    assert head
    file = desk.outside.path(head.origin)
    kept = file.read_bytes()
    file.write_bytes(kept.replace(f"\n{head.size}\n".encode(), f"\n{head.size + 7}\n".encode()))
    with pytest.raises(Forked):
        await receipts.erase_own(given.desk(store, folder), site, chain[2].id, VISITOR)
    file.write_bytes(kept)
    assert await store.receipts.count(site.id) == 3


async def test_an_id_that_was_made_to_resemble_an_erased_one_is_erased_too(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    first = given.receipt(site.id)
    tail = uuid_bytes(first.id)[8:]
    second = given.receipt(site.id, uuid_text(uuid_bytes(given.uuid())[:8] + tail))
    await _stored(store, first, second)
    await receipts.erase_own(desk, site, first.id, VISITOR)
    assert await store.receipts.page(site.id) == [second]
    await receipts.erase_own(desk, site, second.id, VISITOR)
    assert await store.receipts.page(site.id) == []
    # Whoever does so shuts out nobody but ids of that tail.
    with pytest.raises(Conflict, match="was erased"):
        await _stored(store, second)


async def test_tombstones_of_older_releases_lose_their_ids_and_nothing_else(
    empty_url: str, tmp_path: Path
) -> None:
    old = tmp_path / "migrations"
    old.mkdir()
    for file in MIGRATIONS.iterdir():
        if file.name < "0011":
            (old / file.name).write_text(file.read_text())
    ids = [uuid_bytes(given.uuid()) for _ in range(3)]
    async with open_database(empty_url) as database:
        await migrate(database, old)
        await database.execute(
            "insert into sites (id, key, name, origins, max_age, created_at) "
            "values (1, 'shop', 'Shop', '[]', 300, 1)"
        )
        # From before there was a ledger, none has a place.
        for at, (id, place) in enumerate(zip(ids, (None, None, 7), strict=True)):
            await database.execute(
                "insert into tombstones values (:id, 1, :at, 2, :place)", id=id, at=at, place=place
            )
    async with open_store(empty_url) as store:
        for at, (id, place) in enumerate(zip(ids, (None, None, 7), strict=True)):
            told = await store.receipts.erasure(1, uuid_text(id))
            assert told == Erasure(erased_at=at, reason=2, place=place)
        for public in given.keyring().public_keys:
            await store.keys.add(public)
        await store.policies.add_version(given.version(1))
        with pytest.raises(Conflict, match="was erased"):
            await _stored(store, given.receipt(1, uuid_text(ids[0])))
    assert [id for id in ids if id in _everything(empty_url)] == []
