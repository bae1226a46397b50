"""What must hold in any store, whatever a test did to it: checked after each one."""

import tempfile
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from consent_service import ledger
from consent_service.merkle import (
    EMPTY,
    EntryType,
    check_inclusion,
    decode_entry,
    grow,
    leaf_hashes,
    log_key,
    open_note,
    parse_checkpoint,
    parse_note,
    receipt_digest,
    root_of,
)
from consent_service.model import StoredReceipt
from consent_service.signing import PublicKeys, b64url, sha256_b64, verify
from consent_service.store import Store, open_store
from consent_service.store.ledger import Head
from tests.store import given
from tests.store.outside import FACTS, TREES, Outside, Refused, outside


async def assert_sound(url: str) -> None:
    """Receipts verify, ledgers hold all of them, and facts cannot be changed."""
    async with open_store(url, migrate=False) as store:
        with tempfile.TemporaryDirectory() as folder:
            # Past every lease.
            await given.entered(given.desk(store, Path(folder)), 2**62)
        for site in await store.sites.all():
            await _assert_versions_are_sound(store, site.id)
            await _assert_receipts_verify(store, site.id)
            await assert_ledger_is_sound(store, site.id)
    with outside(url) as connection:
        _assert_rows_agree(connection)
        _assert_facts_stand(connection)
        if url.startswith("sqlite"):
            assert connection.run("pragma integrity_check") == [("ok",)]
            assert connection.run("pragma foreign_key_check") == []


async def _assert_receipts_verify(store: Store, site_id: int) -> None:
    public = PublicKeys(key.jwk for key in await store.keys.all())
    receipts = await store.receipts.page(site_id, None, 1_000_000)
    assert len(receipts) == await store.receipts.count(site_id)
    for receipt in receipts:
        verified = public.verify_parts(receipt.payload, receipt.signature, receipt.kid)
        assert (verified.claims.jti, verified.claims.iat) == (receipt.id, receipt.recorded_at)
        assert await store.receipts.erasure(site_id, receipt.id) is None


async def _assert_versions_are_sound(store: Store, site_id: int) -> None:
    versions = (await store.policies.versions(site_id))[::-1]
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    for version, after in zip_longest(versions, versions[1:]):
        assert sha256_b64(version.body) == version.digest
        assert version.superseded_at == (after and after.published_at)
        for language in await store.policies.languages(site_id, version.number):
            artifact = await store.policies.artifact(site_id, version.number, language)
            assert sha256_b64(artifact.body) == artifact.digest


async def assert_ledger_is_sound(store: Store, site_id: int) -> None:
    """The tree is that of the entries, it is signed, and each thing on file stands in it."""
    head = await store.ledger.head(site_id)
    if head is None:
        assert await store.ledger.waiting(site_id) == await store.receipts.count(site_id) == 0
        return
    entries = await _entries(store, site_id, head.size)
    await _assert_tree(store, head, entries)
    receipts = await store.receipts.page(site_id, None, 1_000_000)
    places = [await store.ledger.place(site_id, receipt.id) for receipt in receipts]
    assert len({place for place in places if place is not None}) == len(receipts)
    for receipt in receipts[:: len(receipts) // 50 + 1]:
        await _assert_entered(store, receipt, entries)
    kinds = Counter(decode_entry(entry).type for entry in entries)
    on_file = await store.receipts.count(site_id)
    pruned = sum(prune.receipts for prune in await store.ledger.prunes(site_id))
    entered = kinds[EntryType.RECEIPT] + kinds[EntryType.IMPORT]
    assert entered == on_file + kinds[EntryType.ERASURE] + pruned
    assert kinds[EntryType.POLICY] == len(await store.policies.versions(site_id))


async def _entries(store: Store, site_id: int, size: int) -> list[bytes]:
    bundles = await store.ledger.bundles(site_id, 0, 2**40)
    assert [number for number, _ in bundles] == list(range(-(-size // 256)))
    joined = b"".join(body for _, body in bundles)
    assert len(joined) == 78 * size
    return [joined[at : at + 78] for at in range(0, len(joined), 78)]


async def _assert_tree(store: Store, head: Head, entries: list[bytes]) -> None:
    assert root_of(leaf_hashes(entries)) == head.root
    tiles = dict(grow(EMPTY, leaf_hashes(entries)).tiles)
    held = await store.ledger.tiles(head.site_id, [(tile.level, tile.number) for tile in tiles])
    assert held == {(tile.level, tile.number): body for tile, body in tiles.items()}
    keys = [log_key(head.origin, public) for public in await store.ledger.keys()]
    assert open_note(parse_note(head.note), keys, verify)
    said = parse_checkpoint(parse_note(head.note).text)
    assert said == (head.origin, head.size, head.root, ())


async def _assert_entered(store: Store, receipt: StoredReceipt, entries: list[bytes]) -> None:
    proved = await ledger.prove(store, receipt.site_id, receipt.id)
    assert proved, f"receipt {receipt.id} is not in the ledger"
    assert proved.entry == entries[proved.place]
    token = PublicKeys.assemble(receipt.payload, receipt.signature, receipt.kid).encode()
    version = await store.policies.version(receipt.site_id, receipt.version)
    entry = decode_entry(proved.entry)
    assert entry.digest == receipt_digest(proved.salt, token)
    kind = EntryType.IMPORT if b'"act":"import"' in receipt.payload else EntryType.RECEIPT
    assert (entry.time, entry.type) == (receipt.recorded_at, kind)
    assert b64url(entry.policy) == version.digest
    root = parse_checkpoint(parse_note(proved.checkpoint).text).root
    check_inclusion(proved.place, proved.size, root, proved.leaf, proved.hashes)


def _assert_rows_agree(connection: Outside) -> None:
    salts = connection.run("select salt from receipts")
    assert len(set(salts)) == len(salts), "two receipts share a salt"
    assert all(len(salt) == 32 and any(salt) for (salt,) in salts)
    both = connection.run(
        "select r.id from receipts r join tombstones t "
        "on t.tail = substr(r.id, 9) and t.site_id = r.site_id"
    )
    assert both == [], "an erased receipt is there"


def _assert_facts_stand(connection: Outside) -> None:
    for table in (*FACTS, *TREES, "ledgers", "pending"):
        if connection.run(f"select count(*) from {table}") != [(0,)]:
            _assert_refused(connection, f"delete from {table}")
            _assert_refused(connection, f"{_AN_UPDATE[table].format(table=table)}")


_AN_UPDATE = {
    "versions": "update {table} set published_at = 0",
    "artifacts": "update {table} set created_at = 0",
    "keys": "update {table} set created_at = 0",
    "receipts": "update {table} set recorded_at = 0",
    "tombstones": "update {table} set erased_at = 0",
    "events": "update {table} set at = 0",
    "forms": "update {table} set body = number",
    "places": "update {table} set place = place + 1",
    "marks": "update {table} set at = 0",
    "prunes": "update {table} set at = 0",
    "checkpoints": "update {table} set at = 0",
    "cosignatures": "update {table} set at = 0",
    "stamps": "update {table} set at = 0",
    "ledger_keys": "update {table} set created_at = 0",
    "tiles": "update {table} set body = body",
    "bundles": "update {table} set body = body",
    "ledgers": "update {table} set size = size - 1",
    "pending": "update {table} set at = 0",
    "screens": "update {table} set taken_at = 0",
    "chain": "update {table} set number = number + 1",
}


def _assert_refused(connection: Outside, sql: str) -> None:
    try:
        connection.run(sql)
    except Refused:
        return
    raise AssertionError(f"the database let this happen: {sql}")
