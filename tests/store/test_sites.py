"""The shelf of sites."""

import asyncio

import pytest

from consent_service.errors import Conflict, NotFound
from consent_service.model import Site
from consent_service.store import Store
from tests.store import given

ORIGINS = ("https://shop.example", "https://www.shop.example:8443")


async def test_a_site_comes_back_as_it_was_added(store: Store) -> None:
    site = await store.sites.add("shop", "Nordlund Te & Kaffe", ORIGINS, 300, given.NOW)
    assert site == Site(
        id=1,
        key="shop",
        name="Nordlund Te & Kaffe",
        origins=ORIGINS,
        max_age=300,
        created_at=given.NOW,
    )
    assert await store.sites.by_key("shop") == site
    assert await store.sites.by_id(1) == site


async def test_sites_are_numbered_from_one_and_listed_by_key(store: Store) -> None:
    for key in ("shop", "blog", "club"):
        await given.site(store, key)
    assert [(site.key, site.id) for site in await store.sites.all()] == [
        ("blog", 2),
        ("club", 3),
        ("shop", 1),
    ]


async def test_a_key_that_is_taken_is_a_conflict_that_names_it(store: Store) -> None:
    await given.site(store)
    with pytest.raises(Conflict, match="already a site shop"):
        await given.site(store)


async def test_an_unknown_site_is_not_found_in_words(store: Store) -> None:
    with pytest.raises(NotFound, match="there is no site nowhere"):
        await store.sites.by_key("nowhere")
    with pytest.raises(NotFound):
        await store.sites.by_id(7)
    with pytest.raises(NotFound, match="there is no site nowhere"):
        await store.sites.change("nowhere", "Name", ORIGINS, 60)


async def test_a_changed_site_keeps_its_id_and_its_day(store: Store) -> None:
    before = await given.site(store)
    after = await store.sites.change("shop", "Another name", ORIGINS, 60)
    assert (after.id, after.created_at) == (before.id, before.created_at)
    assert (after.name, after.origins, after.max_age) == ("Another name", ORIGINS, 60)
    assert await store.sites.by_key("shop") == after


async def test_sites_added_at_once_get_ids_of_their_own(store: Store) -> None:
    sites = await asyncio.gather(*(given.site(store, f"shop-{n}") for n in range(8)))
    assert sorted(site.id for site in sites) == list(range(1, 9))


async def test_of_one_key_added_five_times_at_once_one_is_kept(store: Store) -> None:
    added = await asyncio.gather(*(given.site(store) for _ in range(5)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in added) == ["Conflict"] * 4 + ["Site"]


async def test_whether_a_second_person_approves_is_kept_with_the_site(store: Store) -> None:
    before = await given.site(store)
    assert not before.approval
    assert (await store.sites.set_approval("shop", True)).approval
    await store.sites.change("shop", "Another name", ORIGINS, 60)
    assert (await store.sites.by_key("shop")).approval
    assert await store.sites.set_approval("shop", False) == await store.sites.by_key("shop")
    with pytest.raises(NotFound):
        await store.sites.set_approval("nowhere", True)
