"""Receipts found by what they say: exactly those, in their order, by an index."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from consent_service.model import OPTIONAL, Claims, Site, StoredReceipt
from consent_service.signing import PublicKeys, sha256_b64
from consent_service.store import Asked, Cursor, Store, finding
from tests.store import given
from tests.store.given import NOW
from tests.store.outside import outside

ACTIONS = ("accept_all", "reject_all", "custom", "withdraw", "gpc", "expire", "import")
CATEGORIES = tuple(category.value for category in OPTIONAL)


def said(receipt: StoredReceipt, **changes: Any) -> StoredReceipt:
    """The receipt with other claims, truly signed."""
    claims = msgspec.json.decode(receipt.payload, type=Claims)
    pol = msgspec.structs.replace(claims.pol, **changes.pop("pol", {}))
    signed = given.keyring().sign_receipt(msgspec.json.encode(replace(claims, pol=pol, **changes)))
    return replace(receipt, payload=signed.payload, signature=signed.signature)


def several(site: Site, count: int) -> Iterator[StoredReceipt]:
    """Receipts that say all sorts of things."""
    dice = random.Random(1)  # The same sorts of things each time.
    for number in range(count):
        cat = {"necessary": True} | {name: dice.random() < 0.5 for name in CATEGORIES}
        version, lang = dice.choice([1, 2]), dice.choice(["en", "sv"])
        plain = given.receipt(site.id, at=NOW + number // 3, number=1)
        pol = {"v": version, "lang": lang}
        yield said(plain, act=dice.choice(ACTIONS), cat=cat, pol=pol)


def claims_of(receipt: StoredReceipt) -> Claims:
    return msgspec.json.decode(receipt.payload, type=Claims)


async def filled(store: Store, count: int = 90) -> tuple[Site, list[StoredReceipt]]:
    site = await given.published(store)
    made = list(several(site, count))
    await store.receipts.add_all(made)
    newest = sorted(made, key=lambda one: (one.recorded_at, one.id), reverse=True)
    return site, newest


ASKED = [
    Asked(action="withdraw"),
    Asked(version=2),
    Asked(language="sv"),
    Asked(granted=("marketing",)),
    Asked(denied=("marketing", "statistics")),
    Asked(granted=("preferences",), denied=("marketing",), action="custom", language="en"),
    Asked(begin=NOW + 5, end=NOW + 20, version=1),
    Asked(),
    Asked(action="custom", version=3),
]


@pytest.mark.parametrize("asked", ASKED)
async def test_exactly_what_is_asked_for_is_found_page_by_page(store: Store, asked: Asked) -> None:
    site, newest = await filled(store)
    expected = [
        one.id
        for one in newest
        if asked.fits(claims_of(one)) and asked.begin <= one.recorded_at < asked.end
    ]
    found: list[str] = []
    cursor = None
    while page := await store.receipts.search(site, asked, cursor, 7):
        assert len(page) <= 7
        found += [one.id for one in page if asked.fits(claims_of(one))]
        cursor = Cursor(page[-1].recorded_at, page[-1].id)
    assert found == expected
    assert bool(expected) is (asked.version != 3)


async def test_a_receipt_of_no_known_kind_is_found_too(store: Store, tmp_path: Path) -> None:
    site, _ = await filled(store, 4)
    strange = said(given.receipt(site.id), act="custom")
    odd = replace(strange, payload=strange.payload.replace(b'"iss"', b' "iss"'))
    # Kept as it is, for it would not come back from a form byte for byte.
    await store.receipts.add_all([odd])
    rows = await store.receipts.search(site, Asked(action="custom"), None, 50)
    assert odd.id in [one.id for one in rows]
    # Its signature does not hold: it goes, before all that is on file is verified.
    await given.erased(given.desk(store, tmp_path), site, odd.id)


async def test_only_receipts_of_the_site_are_found(store: Store) -> None:
    site, _ = await filled(store, 9)
    other = await store.sites.add("other", "Other", (), 300, NOW)
    assert await store.receipts.search(other, Asked(denied=("marketing",)), None, 50) == []
    assert site.id != other.id


async def test_the_receipts_of_one_browser_hang_together(store: Store) -> None:
    site = await given.published(store)
    first = given.receipt(site.id, at=NOW)
    second = said(given.receipt(site.id, at=NOW + 5), prev=digest(first))
    third = said(given.receipt(site.id, at=NOW + 9), prev=digest(second), act="withdraw")
    await store.receipts.add_all([first, second, third])
    assert await store.receipts.named(site.id, digest(first)) == first
    assert await store.receipts.named(site.id, digest(third)) == third
    assert await store.receipts.after(site.id, digest(first)) == [second]
    assert await store.receipts.after(site.id, digest(third)) == []
    assert await store.receipts.named(site.id, "A" * 43) is None
    assert await store.receipts.named(site.id + 1, digest(first)) is None


def digest(receipt: StoredReceipt) -> str:
    return sha256_b64(PublicKeys.assemble(receipt.payload, receipt.signature, receipt.kid).encode())


def test_each_action_and_grant_has_a_kind_of_its_own() -> None:
    every = list(finding.kinds(Asked()))
    assert every == list(range(1 + 8 * len(ACTIONS)))
    assert set(finding.kinds(Asked(action="custom", granted=CATEGORIES))) == {0, 1 + (2 << 3 | 7)}


PLANS = {
    "receipts_by_kind": "select recorded_at, id from receipts where site_id = 1 and kind = 3 and "
    "form = 1 and (recorded_at, id) < (5, {0}) and recorded_at >= 0 and recorded_at < 9 "
    "order by recorded_at desc, id desc limit 50",
    "receipts_by_name": "select id from receipts where name = {0} and length(name) > 0",
    "receipts_by_former": "select id from receipts where former = {0} and length(former) > 0",
}


@pytest.mark.parametrize("index", PLANS)
async def test_what_is_looked_for_is_found_by_an_index(store: Store, url: str, index: str) -> None:
    await given.published(store)
    sql = PLANS[index]
    with outside(url) as connection:
        if url.startswith("sqlite"):
            plan = connection.run("explain query plan " + sql.format("x'00'"))
        else:
            connection.run("set enable_seqscan = off")
            connection.run("set enable_bitmapscan = off")
            plan = connection.run("explain " + sql.format(r"'\x00'"))
    assert index in str(plan)
    assert "TEMP B-TREE" not in str(plan)
    assert "Sort" not in str(plan)
