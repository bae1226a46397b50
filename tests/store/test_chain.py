"""The audit trail's chain: nothing in it can be changed, dropped or put in between unseen."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from consent_service import audit, ledger
from consent_service.audit import Act, Chained, Trail, entry_digest, link
from consent_service.errors import Tampered
from consent_service.merkle import EntryType
from consent_service.model import Event
from consent_service.store import Store, open_store
from tests.store import given
from tests.store.given import NOW
from tests.store.outside import Outside, outside

LATER = NOW + 100


async def happened(store: Store, count: int, at: float = NOW) -> None:
    for number in range(count):
        await audit.log(store, Act("ed@shop.example", at + number), "policy.draft", f"{number}")


async def test_every_event_is_linked_once_in_its_order(store: Store) -> None:
    await happened(store, 7)
    first = await audit.chain(store)
    assert await audit.chain(store) == first
    await happened(store, 3, NOW + 50)
    head = await audit.chain(store)
    events = (await store.events.page(None, None, 100))[::-1]
    expected = bytes(32)
    for event in events:
        expected = link(expected, event)
    assert head == expected
    assert await audit.verify(store, LATER) == Chained(10, head, frozenset())


async def test_an_event_that_was_committed_late_comes_last(store: Store) -> None:
    await happened(store, 3)
    await audit.chain(store)
    await happened(store, 1, NOW - 30)
    await audit.chain(store)
    found = await audit.verify(store, LATER)
    assert found.events == 4
    ((_, last),) = await store.events.linked(3, 10)
    assert last.at == NOW - 30


async def test_many_events_are_linked_in_several_lots(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_LOT", 4)
    await happened(store, 11)
    await audit.chain(store)
    assert (await audit.verify(store, LATER)).events == 11


async def test_two_processes_chain_at_once_and_make_one_chain(store: Store, url: str) -> None:
    await happened(store, 40)
    async with open_store(url) as other:
        await asyncio.gather(*(audit.chain(each) for each in (store, other, store, other)))
    assert (await audit.verify(store, LATER)).events == 40


async def test_a_head_that_a_ledger_has_is_met(store: Store) -> None:
    await happened(store, 2)
    early = entry_digest(await audit.chain(store))
    await happened(store, 2, NOW + 9)
    await audit.chain(store)
    strange = entry_digest(b"x" * 32)
    found = await audit.verify(store, LATER, frozenset({early, strange}))
    assert found.met == {early}


async def test_an_empty_trail_holds(store: Store) -> None:
    assert await audit.chain(store) == bytes(32)
    assert await audit.verify(store, LATER) == Chained(0, bytes(32), frozenset())


async def test_an_event_in_no_chain_is_a_finding_after_a_while(store: Store) -> None:
    await happened(store, 1)
    assert (await audit.verify(store, NOW + audit.PATIENCE)).events == 0
    with pytest.raises(Tampered, match="is in no chain"):
        await audit.verify(store, NOW + audit.PATIENCE + 1)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "somebody else"},
        {"subject": "another"},
        {"verb": "policy.publish"},
        {"at": NOW + 1},
        {"site_id": 2},
        {"id": "019aabcd-ef01-7abc-8def-0123456789ab"},
    ],
)
def test_every_member_of_an_event_is_in_its_hash(change: dict[str, object]) -> None:
    event = Event(id=given.uuid(), at=NOW, actor="a", verb="v", site_id=1, subject="s")
    assert link(bytes(32), replace(event, **change)) != link(bytes(32), event)


Attack = Callable[[Outside], object]


def _unguarded(connection: Outside, sqlite: bool, table: str) -> None:
    """As somebody could who owns the database: the guards taken away."""
    if sqlite:
        names = connection.run(
            f"select name from sqlite_master where type = 'trigger' and tbl_name = '{table}'"
        )
        for (name,) in names:
            connection.run(f"drop trigger {name}")
    else:
        connection.run(f"alter table {table} disable trigger user")


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        ("events", "update events set actor = 'somebody else' where subject = '2'"),
        ("events", "update events set at = at + 1 where subject = '0'"),
        ("chain", "delete from chain where number = 3"),
        ("chain", "delete from chain where number = 1"),
        ("chain", "update chain set number = number + 10 where number > 4"),
    ],
)
async def test_what_the_owner_of_the_database_changes_is_found(
    kind: str, empty_url: str, table: str, sql: str
) -> None:
    # In a database of its own: it is not sound afterwards.
    async with open_store(empty_url) as attacked:
        await happened(attacked, 6)
        await audit.chain(attacked)
        with outside(empty_url) as connection:
            _unguarded(connection, kind == "sqlite", table)
            connection.run(sql)
        with pytest.raises(Tampered, match=r"event [0-9] of the chain|is in no chain"):
            await audit.verify(attacked, NOW + 1_000)


async def test_a_dropped_last_event_is_found_by_what_a_ledger_has(
    kind: str, empty_url: str
) -> None:
    async with open_store(empty_url) as attacked:
        await happened(attacked, 6)
        known = entry_digest(await audit.chain(attacked))
        with outside(empty_url) as connection:
            for table in ("chain", "events"):
                _unguarded(connection, kind == "sqlite", table)
            connection.run("delete from chain where number = 6")
            connection.run("delete from events where subject = '5'")
        found = await audit.verify(attacked, LATER, frozenset({known}))
        assert (found.events, found.met) == (5, frozenset())


# --- What the ledgers have of it -----------------------------------------------------------------


async def entered(store: Store, folder: Path) -> None:
    """Enter the chain's head, and let every ledger take it."""
    await audit.enter_head(store, LATER)
    for site in await store.sites.all():
        desk = given.desk(store, folder)
        while await ledger.sequence(desk, site, LATER):
            pass


async def test_the_trail_is_held_against_what_the_ledgers_have(store: Store, folder: Path) -> None:
    sites = [await given.site(store), await given.site(store, "other")]
    await happened(store, 3)
    await entered(store, folder)
    assert await audit.verify_all(store, LATER) == Trail(3, 1)
    await entered(store, folder)
    assert await audit.verify_all(store, LATER) == Trail(3, 1), "once is enough"
    await happened(store, 2, NOW + 20)
    await entered(store, folder)
    assert await audit.verify_all(store, LATER) == Trail(5, 2)
    for site in sites:
        marks = await store.ledger.marks_of(site.id, EntryType.AUDIT)
        assert [mark.at for mark in marks] == [LATER, LATER]


async def test_a_trail_made_anew_is_found_out_by_the_ledgers(
    kind: str, empty_url: str, folder: Path
) -> None:
    async with open_store(empty_url) as attacked:
        await given.site(attacked)
        await happened(attacked, 4)
        await entered(attacked, folder)
        with outside(empty_url) as connection:
            for table in ("chain", "events"):
                _unguarded(connection, kind == "sqlite", table)
            connection.run("delete from chain")
            connection.run("update events set actor = 'somebody else'")
        await audit.chain(attacked)
        assert (await audit.verify(attacked, LATER)).events == 4, "by itself it looks whole"
        with pytest.raises(Tampered, match="of the ledger of shop names a trail that is not"):
            await audit.verify_all(attacked, LATER)
