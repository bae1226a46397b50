"""Facts are never changed: attacks on a full database, from a connection that is not ours.

Each attack is refused or does nothing at all. `ATTACKS` are for both databases; those after it
use what only one of them has.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from consent_service import audit, ledger
from consent_service.errors import Conflict, NotFound
from consent_service.merkle import Entry, EntryType, Reason, erasure_digest
from consent_service.model import Event
from consent_service.store import ReceiptWriter, Store, open_store
from consent_service.store.ledger import Cosigned, Stamp
from tests.store import given
from tests.store.outside import FACTS, TREES, Outside, Refused, contents, outside

ATTACKS = (
    *(f"delete from {table}" for table in FACTS),
    "update versions set body = '{}'",
    "update versions set number = number + 1",
    "update artifacts set body = brotli",
    "update keys set jwk = kid",
    "update receipts set payload = signature",
    "update receipts set id = salt where version = 1",
    "update tombstones set reason = 3",
    "update events set actor = 'somebody else'",
    "update screens set body = digest",
    "update chain set hash = event_id",
    "insert into screens select * from screens where true "
    "on conflict (site_id, banner, layer, viewport) do update set body = excluded.digest",
    "insert into receipts select * from receipts where true "
    "on conflict (id) do update set payload = excluded.signature",
    "insert into events select * from events where true "
    "on conflict (id) do update set actor = 'somebody else'",
    "delete from receipts where substr(id, 9) not in (select tail from tombstones)",
    # What was erased comes back under the part of its id that is known.
    "insert into receipts (id, site_id, recorded_at, version, key, salt, signature, payload) "
    "select substr(r.id, 1, 8) || t.tail, t.site_id, 1, 1, r.key, r.salt, r.signature, r.payload "
    "from tombstones t, receipts r",
    # A tombstone of another site, or of another place, opens no door.
    "insert into tombstones select substr(p.id, 9), 2, 1, 2, p.place from places p limit 1; "
    "delete from receipts where substr(id, 9) in (select tail from tombstones)",
    "insert into tombstones select substr(salt, 1, 8), 1, 1, 2, 900 from receipts limit 1; "
    "delete from receipts",
    # Nor does one that only this session sees.
    "create temporary table tombstones as select substr(id, 9) as tail, site_id, place "
    "from places; delete from receipts",
)

SQLITE_ATTACKS = (
    *(f"insert or replace into {table} select * from {table}" for table in FACTS),
    *(f"update or replace {table} set rowid = rowid" for table in (*FACTS, *TREES)),
    *(f"update or ignore {table} set rowid = rowid + 1" for table in (*FACTS, *TREES)),
    *(f"insert or replace into {table} select * from {table}" for table in TREES),
    "insert or replace into versions "
    "select site_id, number, randomblob(32), 'patch', 0, '', '{}' from versions",
    "insert or replace into versions "
    "select site_id, number + 100, digest, 'patch', 0, '', '{}' from versions",
    "replace into versions (rowid, site_id, number, digest, change_class, published_at, "
    "published_by, body) select rowid, 1, 99, randomblob(32), 'patch', 0, '', '{}' from versions",
    "insert or replace into artifacts select site_id, version, language, randomblob(8), digest, "
    "0, '', '', '' from artifacts",
    "insert or replace into artifacts select site_id, version, language, tag, randomblob(32), "
    "0, '', '', '' from artifacts",
    "insert or replace into keys select number, 'other', '{}', 0 from keys",
    "insert or replace into keys select number + 1, kid, '{}', 0 from keys",
    "insert or replace into receipts select id, site_id, recorded_at, version, key, salt, "
    "signature, x'00', 0 from receipts",
    "insert or replace into receipts (rowid, id, site_id, recorded_at, version, key, salt, "
    "signature, payload) select rowid, randomblob(16), site_id, recorded_at, version, key, salt, "
    "signature, x'00' from receipts",
    "replace into tombstones select tail, site_id, 0, 1, place from tombstones",
    "replace into tombstones (rowid, tail, site_id, erased_at, reason) "
    "select rowid, randomblob(8), site_id, 0, 1 from tombstones",
    "replace into events select id, 0, '', '', null, '' from events",
    "replace into events (rowid, id, at, actor, verb, site_id, subject) "
    "select rowid, randomblob(16), 0, '', '', null, '' from events",
    "replace into screens "
    "select site_id, banner, layer, viewport, 0, digest, '', entry, '' from screens",
    "replace into chain select number, event_id, randomblob(32) from chain",
)

POSTGRES_ATTACKS = (
    *(f"truncate {table}" for table in FACTS),
    "truncate receipts, tombstones",
    "truncate sites, versions, keys, accounts cascade",
    "set session_replication_role = replica; update receipts set payload = signature",
    "set session_replication_role = replica; delete from receipts",
    "set session_replication_role = replica; truncate events",
    "create schema mine; create table mine.tombstones as select substr(id, 9) as tail, site_id, "
    "place from places; "
    "set search_path = mine, public; delete from receipts",
    "set search_path = ''; delete from public.receipts",
)


async def _fill(store: Store, folder: Path) -> None:
    """Something in each table of facts, two receipts among them, and one that was erased."""
    site = await given.published(store)
    await given.site(store, "other")
    artifact = given.artifact(site.id)
    await store.policies.add_artifact(artifact)
    await store.screens.add(given.screen(site.id, artifact.digest), b"a picture")
    receipts = [given.receipt(site.id) for _ in range(3)]
    async with ReceiptWriter(store, 10, 10) as writer:
        for receipt in receipts:
            await writer.add(receipt)
    desk = given.desk(store, folder)
    await given.erased(desk, site, receipts[2].id)
    await given.entered(desk)
    kept = await store.ledger.kept_before(site.id, 99)
    await store.ledger.add_cosignature(site.id, kept[0].size, Cosigned("w", "a line"), 1)
    await store.ledger.add_stamp(site.id, Stamp(kept[0].size, "a", 1, b"token"))
    await store.ledger.prune(site.id, 0, 1, 1)
    await store.events.add(
        Event(id=given.uuid(), at=1, actor="service", verb="test", site_id=1, subject="")
    )
    await audit.chain(store)


def _attack(connection: Outside, sql: str) -> None:
    for statement in sql.split("; "):
        try:
            connection.run(statement)
        except Refused:
            return


async def _assert_nothing_moves(url: str, folder: Path, attacks: Sequence[str]) -> None:
    async with open_store(url) as store:
        await _fill(store, folder)
    with outside(url) as connection:
        before = contents(connection)
    assert all(before.values()), "an empty table proves nothing"
    for attack in attacks:
        # The tombstone of the other site stays, and is a fact itself by then.
        watched = [table for table in FACTS if table != "tombstones" or "limit 1" not in attack]
        with outside(url) as connection:
            _attack(connection, attack)
        with outside(url) as connection:
            after = contents(connection, watched)
        assert after == {table: before[table] for table in watched}, attack
        with outside(url) as connection:
            before = contents(connection)


async def test_no_attack_from_outside_changes_a_fact(url: str, folder: Path) -> None:
    await _assert_nothing_moves(url, folder, ATTACKS)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_no_way_of_replacing_rows_in_sqlite_changes_a_fact(url: str, folder: Path) -> None:
    await _assert_nothing_moves(url, folder, SQLITE_ATTACKS)


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_no_way_around_triggers_in_postgres_changes_a_fact(url: str, folder: Path) -> None:
    await _assert_nothing_moves(url, folder, POSTGRES_ATTACKS)


@pytest.mark.parametrize("table", FACTS)
async def test_an_update_of_a_fact_is_refused_not_ignored(
    url: str, folder: Path, table: str
) -> None:
    async with open_store(url) as store:
        await _fill(store, folder)
    with outside(url) as connection:
        assert connection.run(f"select * from {table} limit 1")
        column = {
            "versions": "published_at",
            "artifacts": "created_at",
            "keys": "created_at",
            "receipts": "recorded_at",
            "tombstones": "erased_at",
            "forms": "body",
            "places": "place",
            "ledger_keys": "created_at",
            "screens": "taken_at",
            "chain": "number",
        }.get(table, "at")
        with pytest.raises(Refused, match=f"{table} are append-only"):
            connection.run(f"update {table} set {column} = {column}")


async def test_a_receipt_with_a_tombstone_can_be_deleted_and_nothing_else(
    url: str, folder: Path
) -> None:
    async with open_store(url) as store:
        await _fill(store, folder)
        keeps, goes = await store.receipts.page(1)
        place = await store.ledger.place(1, goes.id) or 0
        # What is deleted without its entry is a finding: here it has one.
        erased = erasure_digest(place, Reason.REQUEST)
        await ledger.enter(store, 1, Entry(EntryType.ERASURE, given.NOW, erased))
    raw = goes.id.replace("-", "")
    lite = url.startswith("sqlite")
    literal, tail = (f"x'{each}'" if lite else f"'\\x{each}'" for each in (raw, raw[16:]))
    with outside(url) as connection:
        connection.run(f"insert into tombstones values ({tail}, 1, 5, 2, {place})")
        with pytest.raises(Refused, match="only after its tombstone"):
            connection.run("delete from receipts")
        with pytest.raises(Refused, match="goes with its receipt"):
            connection.run("delete from places")
        connection.run(f"delete from receipts where id = {literal}")
        connection.run(f"delete from places where id = {literal}")
    async with open_store(url) as store:
        assert await store.receipts.page(1) == [keeps]
        with pytest.raises(NotFound):
            await store.receipts.by_id(1, goes.id)


async def test_what_was_erased_does_not_come_back_through_the_writer(
    store: Store, folder: Path
) -> None:
    site = await given.published(store)
    receipt, other = given.receipt(site.id), given.receipt(site.id)
    async with ReceiptWriter(store, 10, 10) as writer:
        await writer.add(receipt)
        await given.erased(given.desk(store, folder), site, receipt.id)
        with pytest.raises(Conflict, match="was erased"):
            await writer.add(receipt)
        assert await writer.add(other) == other
    assert await store.receipts.page(site.id) == [other]
