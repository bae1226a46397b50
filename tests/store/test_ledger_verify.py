"""A whole ledger verified: what somebody with the database in hand did to it is named exactly."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from consent_service import ledger
from consent_service.ledger import Report, Wanted
from consent_service.merkle import (
    EMPTY,
    Checkpoint,
    Entry,
    EntryType,
    encode_entry,
    format_checkpoint,
    format_note,
    grow,
    leaf_hashes,
    log_key,
    parse_checkpoint,
    parse_note,
    sign_note,
)
from consent_service.model import Site
from consent_service.store import ReceiptWriter, Store, open_store
from tests.store import given
from tests.store.outside import Outside, outside

ENTRIES = 302
"""A key's, a policy's, and those of 300 receipts."""


class Kept(NamedTuple):
    """A database with a ledger, and its checkpoint as an auditor keeps it."""

    url: str
    site: Site
    checkpoint: Checkpoint


@pytest.fixture
async def kept(tmp_path: Path) -> Kept:
    """A SQLite of the test's own: what is done to it here is sound to nobody."""
    url = f"sqlite:///{tmp_path}/consent.db"
    async with open_store(url) as store:
        site = await given.published(store)
        async with ReceiptWriter(store, 1000, 100) as writer:
            receipts = [given.receipt(site.id, at=given.NOW + n) for n in range(300)]
            await asyncio.gather(*map(writer.add, receipts))
        await given.entered(given.desk(store, tmp_path), given.NOW + 400)
        note = await ledger.checkpoint(store, site.id)
    return Kept(url, site, parse_checkpoint(parse_note(note).text))


ALL = Wanted()


async def _verified(kept: Kept, wanted: Wanted = ALL) -> Report:
    async with open_store(kept.url) as store:
        return await ledger.verify_ledger(store, kept.site, wanted, lambda done, total: None)


@contextmanager
def _forced(kept: Kept) -> Iterator[Outside]:
    """The database in the hands of its owner, who has taken all triggers away."""
    with outside(kept.url) as connection:
        names = connection.run("select name from sqlite_master where type = 'trigger'")
        for (name,) in names:
            connection.run(f"drop trigger {name}")
        yield connection


def _entries(connection: Outside) -> list[bytes]:
    bodies = connection.run("select body from bundles order by number")
    joined = b"".join(body for (body,) in bodies)
    return [joined[at : at + 78] for at in range(0, len(joined), 78)]


def _keep_entries(connection: Outside, entries: list[bytes]) -> None:
    for number in range(-(-len(entries) // 256)):
        body = b"".join(entries[256 * number : 256 * (number + 1)]).hex()
        connection.run(f"update bundles set body = x'{body}' where number = {number}")


def _keep_tree(connection: Outside, entries: list[bytes]) -> None:
    """All that follows from these entries, signed anew: what the holder of every key can do."""
    growth = grow(EMPTY, leaf_hashes(entries))
    connection.run("delete from tiles")
    for tile, body in growth.tiles:
        where = f"1, {tile.level}, {tile.number}, x'{body.hex()}'"
        connection.run(f"insert into tiles (site_id, level, number, body) values ({where})")
    origin = "consent.example/ledger/shop"
    edge, pen = growth.edge, given.keyring().ledger
    text = format_checkpoint(Checkpoint(origin, edge.size, edge.root))
    note = format_note(sign_note(text, log_key(origin, pen.public), pen.sign))
    root = edge.root.hex()
    connection.run(
        f"update ledgers set size = {edge.size}, root = x'{root}', note = x'{note.hex()}'"
    )


async def test_a_sound_ledger_has_no_findings(kept: Kept) -> None:
    told: list[tuple[int, int]] = []
    async with open_store(kept.url) as store:
        wanted = Wanted(receipts=True)
        report = await ledger.verify_ledger(
            store, kept.site, wanted, lambda done, total: told.append((done, total))
        )
    assert (report.findings, report.entries, report.receipts) == ([], ENTRIES, 300)
    assert told[-1] == (ENTRIES, ENTRIES)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 302])
async def test_it_is_verified_from_a_checkpoint_on_that_was_kept(kept: Kept, size: int) -> None:
    with outside(kept.url) as connection:
        root = grow(EMPTY, leaf_hashes(_entries(connection)[:size])).edge.root
    report = await _verified(kept, Wanted(Checkpoint(kept.checkpoint.origin, size, root), True))
    assert (report.findings, report.entries) == ([], ENTRIES - size)


Change = Callable[[list[bytes]], None]


def _drop(entries: list[bytes]) -> None:
    del entries[7]


def _drop_last(entries: list[bytes]) -> None:
    del entries[-1]


def _put_in(entries: list[bytes]) -> None:
    entries.insert(9, encode_entry(Entry(EntryType.RECEIPT, given.NOW, bytes(32))))
    del entries[-1]


def _swap(entries: list[bytes]) -> None:
    entries[20], entries[30] = entries[30], entries[20]


def _alter(entries: list[bytes]) -> None:
    entries[11] = entries[11][:-1] + bytes([entries[11][-1] ^ 1])


def _garble(entries: list[bytes]) -> None:
    entries[12] = b"X" + entries[12][1:]


def _back_date(entries: list[bytes]) -> None:
    entries[299] = entries[299][:6] + (given.NOW - 9).to_bytes(8, "big") + entries[299][14:]


CHANGES: dict[str, tuple[Change, int, str]] = {
    "dropped": (_drop, 7, "it was taken out: those after it have moved up"),
    "dropped at the end": (_drop_last, 301, "it is missing"),
    "put in": (_put_in, 9, "it was put in: those after it have moved on"),
    "reordered": (_swap, 20, "entries 20, 30 stand in another order than they were entered"),
    "changed": (_alter, 11, "it is not the entry that the tree was made of"),
    "garbled": (_garble, 12, "an entry begins with CRL1, and this one with b'XRL1'"),
    "back-dated": (_back_date, 299, "seconds before one that it follows: it was back-dated"),
}


@pytest.mark.parametrize(("change", "place", "text"), CHANGES.values(), ids=CHANGES)
async def test_an_entry_that_was_changed_is_named(
    kept: Kept, change: Change, place: int, text: str
) -> None:
    with _forced(kept) as connection:
        entries = _entries(connection)
        change(entries)
        _keep_entries(connection, entries)
    report = await _verified(kept)
    assert [found for found in report.findings if found.place == place and text in found.text]
    # Nothing before it is suspected.
    assert min(found.place for found in report.findings if found.place is not None) == place


@pytest.mark.parametrize("change", [_drop, _put_in, _swap, _alter], ids=lambda each: each.__name__)
async def test_r44_a_history_that_was_made_anew_with_every_key_is_found_by_a_kept_checkpoint(
    kept: Kept, change: Change
) -> None:
    with _forced(kept) as connection:
        entries = _entries(connection)
        change(entries)
        connection.run("delete from bundles where number > 1")
        _keep_entries(connection, entries)
        _keep_tree(connection, entries)
    found = [each.text for each in (await _verified(kept, Wanted(kept.checkpoint))).findings]
    size = kept.checkpoint.size
    rewritten = f"the first {size} entries are not those of the checkpoint that was kept"
    shorter = f"the checkpoint has {size} entries and the ledger {size - 1}: 1 were taken off"
    assert any(text.startswith((rewritten, shorter)) for text in found), found


ON_FILE: dict[str, tuple[str, bool, int | None, str]] = {
    "a receipt is gone": (
        "delete from receipts where id = (select id from places where place = 50)",
        False,
        50,
        "its receipt is missing, and nothing says that it was erased",
    ),
    "a receipt is gone, with a tombstone and no entry": (
        "insert into tombstones select substr(id, 9), site_id, 1, 2, place from places "
        "where place = 51; "
        "delete from receipts where id = (select id from places where place = 51)",
        False,
        51,
        "its receipt was erased, and no entry says so",
    ),
    "receipts are said to be pruned": (
        "insert into prunes values (1, 60, 62, 1, 2); delete from receipts where id in "
        "(select id from places where place in (60, 61))",
        False,
        None,
        "receipts of the entries 60 to 62 were erased, and no entry says so",
    ),
    "a receipt says something else": (
        "update receipts set payload = x'00000000' where id = "
        "(select id from places where place = 52)",
        True,
        52,
        "its receipt is not the one that was entered",
    ),
    "a signature is another": (
        "update receipts set signature = zeroblob(64) where id = "
        "(select id from places where place = 53)",
        True,
        53,
        "its receipt does not verify",
    ),
    "a receipt has another's salt": (
        "update receipts set salt = zeroblob(32) where id = "
        "(select id from places where place = 54)",
        True,
        54,
        "its receipt is not the one that was entered",
    ),
    "a version was never entered": (
        "insert into versions select site_id, 2, randomblob(32), change_class, 1, '', body "
        "from versions",
        False,
        None,
        "policy version 2 was never entered",
    ),
    "a tile is missing": ("delete from tiles where level = 0 and number = 1", False, None, "0/001"),
    "a tile is truncated": (
        "update tiles set body = substr(body, 1, 64) where level = 0 and number = 1",
        False,
        None,
        "tile/0/001",
    ),
    "a tile above is another": (
        "update tiles set body = zeroblob(32) where level = 1",
        False,
        None,
        "tile/1/000.p/1 is not made of what is below it",
    ),
    "a bundle is missing": ("delete from bundles where number = 1", False, 256, "it is missing"),
    "the root is another": (
        "update ledgers set root = zeroblob(32)",
        False,
        None,
        "the entries do not lead to the root that was signed",
    ),
    "the checkpoint is no longer signed": (
        "update ledgers set note = x'00'",
        False,
        None,
        "the signed checkpoint does not hold",
    ),
}


@pytest.mark.parametrize(("sql", "receipts", "place", "text"), ON_FILE.values(), ids=ON_FILE)
async def test_what_was_done_to_the_tables_is_named(
    kept: Kept, sql: str, receipts: bool, place: int | None, text: str
) -> None:
    with _forced(kept) as connection:
        for statement in sql.split("; "):
            connection.run(statement)
    report = await _verified(kept, Wanted(receipts=receipts))
    assert [each for each in report.findings if each.place == place and text in each.text]


async def test_many_findings_are_counted_and_not_all_told(kept: Kept) -> None:
    with _forced(kept) as connection:
        connection.run("delete from receipts")
    report = await _verified(kept)
    assert (len(report.findings), report.more) == (100, 200)


async def test_the_checkpoint_of_another_ledger_is_named(kept: Kept) -> None:
    report = await _verified(kept, Wanted(kept.checkpoint._replace(origin="elsewhere/ledger/x")))
    assert "the checkpoint is of elsewhere/ledger/x, not of" in report.findings[0].text


async def test_what_was_erased_and_told_is_no_finding(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    receipts = [given.receipt(site.id) for _ in range(5)]
    async with ReceiptWriter(store, 10, 10) as writer:
        await asyncio.gather(*map(writer.add, receipts))
    await given.erased(desk, site, receipts[0].id)
    await given.entered(desk)
    await given.erased(desk, site, receipts[1].id)
    report = await ledger.verify_ledger(store, site, Wanted(receipts=True), lambda *_: None)
    assert (report.findings, report.receipts) == ([], 3)
