"""Retention (R48): what is kept no longer goes by itself, and its going is told of."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from consent_service import ledger, retention, sites
from consent_service.audit import Act
from consent_service.errors import Forked, Invalid
from consent_service.ledger import Wanted
from consent_service.merkle import EntryType, prune_digest
from consent_service.model import SECONDS_A_DAY, Keeping, Site, Witness
from consent_service.store import ReceiptWriter, Store
from tests.store import given
from tests.unit.authority import authority

DAYS = 182
"""The longest that a consent of the tests' policy stands."""

OVER = int(given.NOW + 3 * 365.25 * SECONDS_A_DAY + DAYS * SECONDS_A_DAY)
"""The second in which a receipt of `given.NOW` has been kept for as long as it may be."""


async def _recorded(store: Store, site: Site, count: int, at: int) -> list[str]:
    made = [given.receipt(site.id, at=at) for _ in range(count)]
    async with ReceiptWriter(store, 5000, 256) as writer:
        await asyncio.gather(*map(writer.add, made))
    return [receipt.id for receipt in made]


async def _retain(desk: ledger.Desk, site: Site, now: int) -> int:
    return (await retention.retain(desk, site, Act("service", now))).receipts


async def test_r48_a_receipt_is_kept_to_its_last_second_and_not_longer(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    await _recorded(store, site, 3, given.NOW)
    await _recorded(store, site, 2, given.NOW + 1)
    await given.entered(desk)
    assert await _retain(desk, site, OVER) == 0
    assert (await retention.due(store, site, OVER + 1)).receipts == 3
    assert await _retain(desk, site, OVER + 1) == 3
    assert await store.receipts.count(site.id) == 2
    assert await _retain(desk, site, OVER + 1) == 0
    assert await _retain(desk, site, OVER + 2) == 2


@pytest.mark.parametrize("years", [1, 6])
async def test_r48_the_sites_own_years_count(store: Store, folder: Path, years: int) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    site = await sites.keep(store, site, Keeping(years=years))
    await _recorded(store, site, 1, given.NOW)
    await given.entered(desk)
    over = int(given.NOW + years * 365.25 * SECONDS_A_DAY + DAYS * SECONDS_A_DAY)
    assert await _retain(desk, site, over) == 0
    assert await _retain(desk, site, over + 1) == 1


async def test_r48_under_a_legal_hold_nothing_is_erased(store: Store, folder: Path) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    site = await sites.keep(store, site, Keeping(hold=True))
    await _recorded(store, site, 1, given.NOW)
    await given.entered(desk)
    done = await retention.retain(desk, site, Act("service", OVER * 2))
    assert (done.hold, done.receipts) == (True, 0)
    assert await store.receipts.count(site.id) == 1


async def test_a_range_is_an_entry_told_in_clear_and_leaves_no_id(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    ids = await _recorded(store, site, 1_500, given.NOW)
    await given.entered(desk)
    await given.erased(desk, site, ids[700])
    assert await _retain(desk, site, OVER + 9) == 1_499
    prunes = await store.ledger.prunes(site.id)
    assert sum(prune.receipts for prune in prunes) == 1_499
    for prune in prunes:
        found = await store.ledger.marks(site.id, prune_digest(prune.begins, prune.ends))
        assert [mark.type for mark in found] == [EntryType.PRUNE]
    events = await store.events.page(site.id)
    told = [event.subject for event in events if event.verb == "receipts.prune"]
    assert len(told) == len(prunes)
    assert await store.receipts.erasure(site.id, ids[0]) is None, "no tombstone for ever"
    report = await ledger.verify_ledger(store, site, Wanted(receipts=True), lambda *_: None)
    assert (report.findings, report.receipts) == ([], 0)


async def test_what_is_entered_later_goes_later(store: Store, folder: Path) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    for round_ in range(4):
        await _recorded(store, site, 300, given.NOW + 1_000 * round_)
        await given.entered(desk)
    for round_ in range(4):
        assert await _retain(desk, site, OVER + 1_000 * round_ + 1) == 300
        assert await store.receipts.count(site.id) == 300 * (3 - round_)


async def test_a_site_without_a_ledger_or_a_version_has_nothing_to_erase(
    store: Store, folder: Path
) -> None:
    site = await given.site(store)
    assert await _retain(given.desk(store, folder), site, OVER) == 0


async def test_nothing_is_erased_while_the_ledger_is_stuck(store: Store, folder: Path) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    await _recorded(store, site, 1, given.NOW)
    await given.entered(desk)
    path = next((folder / "checkpoints").glob("*.checkpoint"))
    path.write_bytes(b"")
    with pytest.raises(Forked):
        await _retain(given.desk(store, folder), site, OVER + 1)
    assert await store.receipts.count(site.id) == 1


REFUSED = {
    "no year": (Keeping(years=0), "1 to 6 years"),
    "too many years": (Keeping(years=7), "1 to 6 years"),
    "no key": (Keeping(witnesses=(Witness(key="x", url="https://w.example"),)), "name"),
    "no address": (Keeping(authority="ftp://tsa.example"), "http or https"),
    "no certificate": (
        Keeping(authority="https://tsa.example", authority_pem="x"),
        "a certificate cannot be read, or there is none",
    ),
    "no authority": (Keeping(authority_pem="x"), "these certificates are of no authority"),
}


@pytest.mark.parametrize(("keeping", "text"), REFUSED.values(), ids=REFUSED)
async def test_rules_of_keeping_that_cannot_be_are_refused(
    store: Store, keeping: Keeping, text: str
) -> None:
    site = await given.site(store)
    with pytest.raises(Invalid, match=text):
        await sites.keep(store, site, keeping)
    assert (await store.sites.by_key("shop")).keeping == Keeping()


async def test_rules_of_keeping_come_back_as_they_were_given(store: Store, tmp_path: Path) -> None:
    site, pem = await given.site(store), authority(tmp_path).root.decode()
    keeping = Keeping(years=5, hold=True, authority="https://tsa.example/", authority_pem=pem)
    assert (await sites.keep(store, site, keeping)).keeping == keeping
    assert (await store.sites.by_key("shop")).keeping == keeping
    assert msgspec.structs.replace(site, keeping=keeping) == await store.sites.by_id(site.id)
