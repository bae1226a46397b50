"""The shelves of events and of public keys."""

import asyncio

import pytest
from msgspec.structs import replace

from consent_service.errors import Conflict
from consent_service.model import Event, PublicKey
from consent_service.store import Cursor, Store
from tests.store import given


def _event(at: int, site_id: int | None) -> Event:
    return Event(
        id=given.uuid(),
        at=at,
        actor="ed@shop.example",
        verb="policy.publish",
        site_id=site_id,
        subject="version 7",
    )


async def test_events_are_read_page_by_page_the_newest_first(store: Store) -> None:
    sites = [await given.site(store), await given.site(store, "other")]
    events = [_event(given.NOW + n // 3, sites[n % 2].id) for n in range(13)]
    events.append(_event(given.NOW + 9, None))
    for event in events:
        await store.events.add(event)
    for site_id in (None, 1, 2):
        expected = [event for event in events if site_id in (None, event.site_id)]
        seen: list[Event] = []
        cursor = None
        while page := await store.events.page(site_id, cursor, 4):
            seen += page
            cursor = Cursor(page[-1].at, page[-1].id)
        assert seen == sorted(expected, key=lambda event: (event.at, event.id), reverse=True)


async def test_an_event_twice_is_a_conflict(store: Store) -> None:
    event = _event(given.NOW, None)
    await store.events.add(event)
    with pytest.raises(Conflict):
        await store.events.add(replace(event, actor="somebody else"))
    assert await store.events.page(None) == [event]


async def test_an_event_of_a_transaction_that_fails_did_not_happen(store: Store) -> None:
    async def fail() -> None:
        async with store.transaction() as tx:
            await tx.events.add(_event(given.NOW, None))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await store.events.page(None) == []


async def test_a_key_is_kept_once_and_as_it_came_first(store: Store) -> None:
    keys = [PublicKey(kid=f"kid {n}", jwk=b"{%d}" % n, created_at=n) for n in range(3)]
    for key in keys:
        await store.keys.add(key)
    await store.keys.add(replace(keys[0], jwk=b"other", created_at=99))
    assert await store.keys.all() == keys


async def test_keys_added_at_once_are_all_kept_once(store: Store) -> None:
    keys = [PublicKey(kid=f"kid {n}", jwk=b"{}", created_at=n) for n in range(5)]
    await asyncio.gather(*(store.keys.add(key) for key in keys * 2))
    assert sorted(await store.keys.all(), key=lambda key: key.created_at) == keys


async def test_the_newest_events_of_one_verb_are_found(store: Store) -> None:
    site, other = await given.site(store), await given.site(store, "other")
    events = [_event(given.NOW + n, site.id) for n in range(4)]
    events[1] = replace(events[1], verb="policy.draft")
    events.append(_event(given.NOW + 9, other.id))
    for event in events:
        await store.events.add(event)
    assert await store.events.of_verb(site.id, "policy.publish", 2) == [events[3], events[2]]
    assert await store.events.of_verb(site.id, "policy.draft", 9) == [events[1]]
    assert await store.events.of_verb(site.id, "sign_in", 9) == []
