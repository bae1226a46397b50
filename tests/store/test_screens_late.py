"""A screenshot that came after the receipt, and after those who vouch had seen that one."""

from pathlib import Path

import msgspec
import pytest

from consent_service import evidence, policies
from consent_service.evidence import Office
from consent_service.exports.verify import HOLDS, OPEN, Result, screen_digest
from consent_service.model import BannerReference, Claims, PolicyReference, Receipt, Site
from consent_service.signing import PublicKeys, b64url, sha256_b64, unb64url
from consent_service.store import Store
from tests.store import given
from tests.store.given import NOW
from tests.store.test_witnesses import EAST, EVERY, Clock, pointed, rounds, witness

PICTURE = b"\x89PNG\r\n\x1a\n a picture"


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def received(store: Store, site: Site) -> Receipt:
    """A receipt that names the banner in English, on file."""
    record = await policies.current(store, site)
    banner = (await store.policies.banners_of(site.id, 1))[0]
    plain = given.receipt(site.id)
    said = msgspec.structs.replace(
        msgspec.json.decode(plain.payload, type=Claims),
        pol=PolicyReference(v=1, sha256=record.digest, lang="en"),
        ui=BannerReference(sha256=banner.digest, layer=2, viewport="narrow"),
    )
    signed = given.keyring().sign_receipt(msgspec.json.encode(said))
    stored = msgspec.structs.replace(plain, payload=signed.payload, signature=signed.signature)
    await store.receipts.add_all([stored])
    return signed


async def pictured(store: Store, site: Site, receipt: Receipt) -> None:
    banner = receipt.claims.ui.sha256
    screen = msgspec.structs.replace(
        given.screen(site.id, banner, 2, "narrow"),
        digest=sha256_b64(PICTURE),
        entry=b64url(screen_digest(unb64url(banner), 2, "narrow", PICTURE)),
    )
    assert await store.screens.add(screen, PICTURE)


async def checks(store: Store, site: Site, receipt: Receipt) -> dict[str, Result]:
    """What the receipt's page shows, by the name of the check."""
    keys = PublicKeys(key.jwk for key in await store.keys.all())
    office = Office(store, keys, "https://consent.example")
    found = evidence.check(await evidence.gather(office, site, receipt))
    return {each.name: each for each in found}


async def _banner_check(store: Store, site: Site, receipt: Receipt) -> Result:
    return (await checks(store, site, receipt))["banner"]


async def test_it_is_shown_under_a_later_checkpoint_that_is_vouched_for_as_well(
    store: Store, folder: Path, clock: Clock
) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    receipt = await received(store, site)
    await given.entered(desk)
    async with witness(store, EAST, clock) as east:
        site = await pointed(store, site, east)
        await rounds(store, clock).round()
        assert "There is no screenshot" in (await _banner_check(store, site, receipt)).text
        await pictured(store, site, receipt)
        await given.entered(desk, NOW + 5)
        waits = await _banner_check(store, site, receipt)
        assert (waits.state, "the ledger does not say so" in waits.text) == (OPEN, True)
        clock.time += EVERY
        await rounds(store, clock).round()
    shown = await _banner_check(store, site, receipt)
    assert shown.state == HOLDS, shown.text
    assert "of the ledger, which had grown to" in shown.text


async def test_where_nobody_vouches_it_is_shown_under_the_receipts_checkpoint(
    store: Store, folder: Path
) -> None:
    site, desk = await given.published_policy(store), given.desk(store, folder)
    receipt = await received(store, site)
    await given.entered(desk)
    await pictured(store, site, receipt)
    assert (await _banner_check(store, site, receipt)).state == OPEN, "it waits for its entry"
    await given.entered(desk, NOW + 5)
    shown = await _banner_check(store, site, receipt)
    assert (shown.state, "had grown to" in shown.text) == (HOLDS, False), shown.text
