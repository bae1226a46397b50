"""How many consents a publication would ask again: counted where they are few, else estimated."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from consent_service import policies
from consent_service.model import OPTIONAL, Category, Claims, PolicyVersion, Site, StoredReceipt
from consent_service.reach import LONGEST, Estimate, estimated, reach
from consent_service.signing import PublicKeys, sha256_b64
from consent_service.store import ReceiptWriter, Store
from consent_service.store.sampling import evenly
from tests.store import given

DAY = 86_400
MARKETING, STATISTICS = (Category.MARKETING,), (Category.STATISTICS,)


def receipt(site: Site, *granted: str, at: int = given.NOW, **changes: object) -> StoredReceipt:
    """A receipt that grants these categories."""
    plain = given.receipt(site.id, at=at)
    claims = msgspec.json.decode(plain.payload, type=Claims)
    cat = {name.value: name.value in (*granted, "necessary") for name in Category}
    changed = msgspec.structs.replace(claims, cat=cat, **changes)
    signed = given.keyring().sign_receipt(msgspec.json.encode(changed))
    return msgspec.structs.replace(plain, payload=signed.payload, signature=signed.signature)


def hash_of(stored: StoredReceipt) -> str:
    token = PublicKeys.assemble(stored.payload, stored.signature, stored.kid)
    return sha256_b64(token.encode())


async def entered(store: Store, folder: Path, *receipts: StoredReceipt) -> None:
    async with ReceiptWriter(store, 10_000, 500) as writer:
        await asyncio.gather(*map(writer.add, receipts))
    await given.entered(given.desk(store, folder))


async def in_force(store: Store, site: Site) -> PolicyVersion:
    return policies.decode_version((await policies.current(store, site)).body)


async def test_only_consents_that_stand_are_counted(store: Store, folder: Path) -> None:
    site = await given.published_policy(store)
    first = receipt(site, "statistics", "marketing")
    await entered(
        store,
        folder,
        first,
        # The same browser, later: it keeps statistics alone.
        receipt(site, "statistics", prev=hash_of(first), at=given.NOW + 1),
        receipt(site, "statistics"),
        receipt(site, "marketing"),
        # A refusal, one that lapsed, one that is asked about already, one from long ago.
        receipt(site),
        receipt(site, "marketing", exp_consent=given.NOW),
        receipt(site, "marketing", epoch=dict.fromkeys(OPTIONAL, 0)),
        receipt(site, "marketing", at=given.NOW - LONGEST - DAY, exp_consent=given.NOW + DAY),
    )
    version = await in_force(store, site)
    found = await reach(store, site, version, MARKETING, given.NOW + 5)
    assert found.asked == Estimate(1)
    assert found.each == {
        Category.PREFERENCES: Estimate(0),
        Category.STATISTICS: Estimate(2),
        Category.MARKETING: Estimate(1),
    }
    both = await reach(store, site, version, MARKETING + STATISTICS, given.NOW + 5)
    assert both.asked == Estimate(3)


async def test_an_erased_receipt_is_asked_nothing(store: Store, folder: Path) -> None:
    site = await given.published_policy(store)
    receipts = [receipt(site, "marketing") for _ in range(3)]
    await entered(store, folder, *receipts)
    await given.erased(given.desk(store, folder), site, receipts[0].id)
    found = await reach(store, site, await in_force(store, site), MARKETING, given.NOW + 5)
    assert found.asked == Estimate(2)


async def test_where_there_is_no_receipt_nobody_is_asked(store: Store) -> None:
    site = await given.published_policy(store)
    found = await reach(store, site, await in_force(store, site), MARKETING, given.NOW)
    assert (found.asked, found.drawn, found.places) == (Estimate(0), 0, 0)


async def test_of_many_a_sample_is_looked_at_and_the_truth_lies_within_the_margin(
    store: Store, folder: Path
) -> None:
    site = await given.published_policy(store)
    every = [
        receipt(site, *(["marketing"] if number % 10 < 3 else []), at=given.NOW + number // 50)
        for number in range(2_500)
    ]
    await entered(store, folder, *every)
    version = await in_force(store, site)
    found = await reach(store, site, version, MARKETING, given.NOW + 100)
    assert (found.drawn, found.places) == (1_000, 2_500)
    assert 0 < found.asked.margin < 150
    assert abs(found.asked.consents - 750) <= found.asked.margin
    assert found == await reach(store, site, version, MARKETING, given.NOW + 100)


@pytest.mark.parametrize(
    ("places", "most", "picked"),
    [
        (range(0), 5, []),
        (range(7, 8), 5, [7]),
        (range(3, 8), 5, [3, 4, 5, 6, 7]),
        (range(10), 2, [2, 7]),
        (range(100, 200), 4, [112, 137, 162, 187]),
    ],
)
async def test_places_are_drawn_evenly(places: range, most: int, picked: list[int]) -> None:
    assert evenly(places, most) == picked


@pytest.mark.parametrize(
    ("hits", "drawn", "places", "found"),
    [
        (0, 0, 0, Estimate(0)),
        (3, 10, 10, Estimate(3)),
        (300, 1_000, 1_000_000, Estimate(300_000, 28_000)),
        (0, 1_000, 1_000_000, Estimate(0, 2_000)),
        (1_000, 1_000, 1_000_000, Estimate(1_000_000, 2_000)),
        (500, 1_000, 1_001, Estimate(500, 1)),
    ],
)
async def test_an_estimate_says_by_how_much_it_may_be_off(
    hits: int, drawn: int, places: int, found: Estimate
) -> None:
    assert estimated(hits, drawn, places) == found
