"""The ledger: what happens is entered once, in order, signed, and can be proved."""

import asyncio
from pathlib import Path

import pytest

from consent_service import ledger
from consent_service.errors import Conflict, Forked, Invalid, NotFound
from consent_service.merkle import (
    ENTRIES,
    Entry,
    EntryType,
    Reason,
    Tile,
    check_consistency,
    check_proof,
    content_digest,
    decode_bundle,
    decode_entry,
    erasure_digest,
    leaf_hash,
    parse_checkpoint,
    parse_note,
    parse_proof,
    parse_trust,
    receipt_digest,
)
from consent_service.model import Site, StoredReceipt
from consent_service.signing import PublicKeys, unb64url, verify
from consent_service.store import ReceiptWriter, Store
from tests.store import given
from tests.store.outside import outside

ORIGIN = "consent.example/ledger/shop"


async def _stored(store: Store, site: Site, count: int, at: int = given.NOW) -> list[StoredReceipt]:
    made = [given.receipt(site.id, at=at) for _ in range(count)]
    async with ReceiptWriter(store, 10_000, 256) as writer:
        await asyncio.gather(*map(writer.add, made))
    return made


async def _entries(store: Store, site: Site) -> list[EntryType]:
    bundles = await store.ledger.bundles(site.id, 0, 2**40)
    joined = b"".join(body for _, body in bundles)
    return [decode_entry(joined[at : at + 78]).type for at in range(0, len(joined), 78)]


def _token(receipt: StoredReceipt) -> bytes:
    return PublicKeys.assemble(receipt.payload, receipt.signature, receipt.kid).encode()


async def test_keys_policies_and_banners_stand_before_the_receipts(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    await store.policies.add_artifact(given.artifact(site.id, at=given.NOW + 9))
    await _stored(store, site, 2, given.NOW - 100)
    assert await given.entered(given.desk(store, folder)) == 5
    kinds = await _entries(store, site)
    assert sorted(kinds[:3]) == [EntryType.POLICY, EntryType.KEY, EntryType.SCRIPT]
    assert kinds[3:] == [EntryType.RECEIPT] * 2


@pytest.mark.parametrize("count", [1, 255, 256, 257, 700])
async def test_whatever_the_rounds_the_tree_is_that_of_its_entries(
    store: Store, folder: Path, count: int
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await _stored(store, site, count)
    # In odd portions, so that tiles grow at every width. Soundness is checked after the test.
    while await ledger.sequence(desk, site, given.NOW, 193):
        pass
    assert await store.ledger.waiting(site.id) == 0
    assert await given.entered(desk) == 0


async def test_a_receipt_is_proved_from_public_keys_alone(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    receipt, *_ = await _stored(store, site, 300)
    assert await ledger.prove(store, site.id, receipt.id) is None
    await given.entered(desk)
    proved = await ledger.prove(store, site.id, receipt.id)
    assert proved
    read = parse_proof(proved.text)
    entry = decode_entry(proved.entry)
    assert entry.digest == receipt_digest(read.extra, _token(receipt))
    trust = parse_trust(await ledger.trust_of(store, site, "https://consent.example"))
    vouched = check_proof(read, leaf_hash(proved.entry), ORIGIN, trust, verify)
    assert vouched.checkpoint.size == proved.size == 302


async def test_a_published_version_and_a_key_are_proved_too(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await given.entered(desk)
    version = await store.policies.version(site.id, 1)
    key = (await store.keys.all())[0]
    for digest, kind in (
        (unb64url(version.digest), EntryType.POLICY),
        (content_digest(key.jwk), EntryType.KEY),
    ):
        proved = await ledger.mark_proof(store, site.id, digest)
        assert proved
        entry = decode_entry(proved.entry)
        assert (entry.type, entry.digest) == (kind, digest)
    assert await ledger.mark_proof(store, site.id, bytes(32)) is None


async def test_the_tree_begins_with_every_tree_that_it_was(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    seen = []
    for _ in range(6):
        await _stored(store, site, 97)
        await given.entered(desk)
        seen.append(parse_checkpoint(parse_note(await ledger.checkpoint(store, site.id)).text))
    for old in seen:
        for new in seen[seen.index(old) :]:
            proof = await ledger.consistency(store, site.id, old.size, new.size)
            check_consistency((old.size, new.size), (old.root, new.root), proof)
    with pytest.raises(Invalid, match="backwards"):
        await ledger.consistency(store, site.id, 5, 4)
    with pytest.raises(NotFound, match="not 10000"):
        await ledger.consistency(store, site.id, 5, 10_000)


async def test_tiles_and_bundles_are_given_as_wide_as_they_are_asked_for(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await _stored(store, site, 300)
    await given.entered(desk)
    full = await ledger.tile_bytes(store, site.id, Tile(0, 0))
    assert len(full) == 8192
    assert await ledger.tile_bytes(store, site.id, Tile(0, 0, 7)) == full[: 7 * 32]
    bundle = decode_bundle(await ledger.tile_bytes(store, site.id, Tile(ENTRIES, 1, 46)))
    row = await ledger.tile_bytes(store, site.id, Tile(0, 1, 46))
    assert b"".join(leaf_hash(entry) for entry in bundle) == row
    for missing in (Tile(0, 1, 47), Tile(1, 0), Tile(2, 0, 1), Tile(ENTRIES, 2, 1)):
        with pytest.raises(NotFound, match="is not in a tree of 302"):
            await ledger.tile_bytes(store, site.id, missing)


async def test_a_lease_keeps_other_processes_away_until_it_is_over(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    other = desk._replace(holder="another process")
    await given.entered(desk)
    await _stored(store, site, 1)
    assert await ledger.sequence(other, site, given.NOW) is None
    assert await ledger.sequence(other, site, given.NOW + 11)
    await _stored(store, site, 1)
    assert await ledger.sequence(desk, site, given.NOW + 12) is None


async def test_many_that_append_at_once_make_one_tree(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    receipts = await _stored(store, site, 60)
    desks = [desk._replace(holder=f"process {number}") for number in range(4)]

    async def append(each: ledger.Desk) -> None:
        for number in range(20):
            # Each after the other's lease, so that all of them try.
            await ledger.sequence(each, site, given.NOW + 100 * number, 3)

    erasing = [given.erased(desk, site, receipt.id) for receipt in receipts[:5]]
    await asyncio.gather(*map(append, desks), *erasing)
    await given.entered(desk, given.NOW + 10_000)
    assert await store.ledger.waiting(site.id) == 0


@pytest.mark.parametrize("waiting", [True, False], ids=["while it waits", "once it is entered"])
async def test_r60_an_erasure_is_an_entry_and_old_proofs_stay_good(
    store: Store, folder: Path, waiting: bool
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    gone, stays = await _stored(store, site, 2)
    if not waiting:
        await given.entered(desk)
    erasure = await given.erased(desk, site, gone.id, Reason.COURT)
    assert erasure.place is not None
    marks = await store.ledger.marks(site.id, erasure_digest(erasure.place, Reason.COURT))
    assert [mark.type for mark in marks] == [EntryType.ERASURE]
    assert marks[0].place > erasure.place
    kept = decode_entry(await ledger.entry_at(store, site.id, erasure.place))
    assert kept.type == EntryType.RECEIPT
    with pytest.raises(NotFound):
        await ledger.prove(store, site.id, gone.id)
    await given.entered(desk)
    assert await ledger.prove(store, site.id, stays.id)


# --- Forks ---------------------------------------------------------------------------------------


async def test_a_database_put_back_to_an_older_state_signs_nothing(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await given.entered(desk)
    head = await store.ledger.head(site.id)
    assert head
    later = head.note.replace(b"\n2\n", b"\n9\n")
    desk.outside.path(ORIGIN).write_bytes(later)
    fresh = given.desk(store, folder)
    receipt, *_ = await _stored(store, site, 1)
    with pytest.raises(Forked, match=r"signed with 9 entries, and the database has 2"):
        await ledger.sequence(fresh, site, given.NOW)
    with pytest.raises(Forked):
        await given.erased(fresh, site, receipt.id)
    assert await store.receipts.by_id(site.id, receipt.id) == receipt
    assert (await store.ledger.head(site.id)) == head
    # A person decided that the newer one is lost.
    assert fresh.outside.set_aside(ORIGIN, given.NOW)
    assert await given.entered(fresh) == 1


async def test_a_database_with_another_history_signs_nothing(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await given.entered(desk)
    path = desk.outside.path(ORIGIN)
    root = path.read_text().split("\n")[2]
    path.write_text(path.read_text().replace(root, "A" * 43 + "="))
    await _stored(store, site, 1)
    with pytest.raises(Forked, match=r"the first 2 entries .* are not those that were signed"):
        await ledger.sequence(given.desk(store, folder), site, given.NOW)
    path.write_bytes(b"")
    with pytest.raises(Forked, match="is not a checkpoint"):
        await ledger.sequence(given.desk(store, folder), site, given.NOW)
    path.unlink()
    assert await given.entered(given.desk(store, folder)) == 1


async def test_one_site_that_is_stuck_holds_up_no_other(store: Store, folder: Path) -> None:
    site, other = await given.published(store), await given.site(store, "other")
    await store.policies.add_version(given.version(other.id))
    desk = given.desk(store, folder)
    await given.entered(desk)
    desk.outside.path(ORIGIN).write_bytes(b"what is this?\n")
    await _stored(store, site, 1)
    await _stored(store, other, 1)
    sequencer = ledger.Sequencer(given.desk(store, folder), lambda: given.NOW)
    assert await sequencer.round() == 1
    assert list(sequencer.stuck) == ["shop"]
    assert "is not a checkpoint" in sequencer.stuck["shop"]


async def test_a_stale_checkpoint_outside_is_no_fork(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await given.entered(desk)
    old = desk.outside.path(ORIGIN).read_bytes()
    await _stored(store, site, 3)
    await given.entered(desk)
    desk.outside.path(ORIGIN).write_bytes(old)
    await _stored(store, site, 3)
    assert await given.entered(given.desk(store, folder)) == 3


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_tree_that_was_tampered_with_is_not_signed(
    store: Store, url: str, folder: Path
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await given.entered(desk)
    await _stored(store, site, 1)
    with outside(url) as connection:
        connection.run("drop trigger tiles_only_grow")
        sound = connection.run("select body from tiles")[0][0]
        connection.run("update tiles set body = zeroblob(64)")
    with pytest.raises(Forked, match="is not the one that was signed with 2 entries"):
        await ledger.sequence(desk, site, given.NOW)
    with outside(url) as connection:
        connection.run("update tiles set body = zeroblob(32)")
    with pytest.raises(Forked, match=r"the tiles of .* are not those of 2 entries"):
        await ledger.sequence(desk, site, given.NOW)
    with outside(url) as connection:
        connection.run(f"update tiles set body = x'{sound.hex()}'")
        connection.run(
            "create trigger tiles_only_grow before update on tiles when new.body = old.body "
            "begin select raise(abort, 'tiles only grow'); end"
        )
    assert await given.entered(desk) == 1


async def test_a_head_that_another_has_moved_is_not_moved_again(store: Store, folder: Path) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    await given.entered(desk)
    head = await store.ledger.head(site.id)
    assert head
    await _stored(store, site, 1)
    await given.entered(desk)
    with pytest.raises(Conflict, match="has grown meanwhile"):
        await store.ledger.advance(head, 3, bytes(32), b"", given.NOW)


async def test_an_event_that_two_processes_tell_of_is_entered_once(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published(store), given.desk(store, folder)
    for late in (0, 1, 0, 2):
        await ledger.enter(store, site.id, Entry(EntryType.AUDIT, given.NOW + late, bytes(32)))
    await given.entered(desk)
    await ledger.enter(store, site.id, Entry(EntryType.AUDIT, given.NOW + 9, bytes(32)))
    await given.entered(desk)
    assert await store.ledger.waiting(site.id) == 0
    assert (await _entries(store, site)).count(EntryType.AUDIT) == 1
