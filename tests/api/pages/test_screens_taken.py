"""Screenshots from the publishing to an auditor's own machine: page, ledger, receipt, bundle."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from consent_service import screens
from consent_service.exports.verify import HOLDS, check_bundle, unpack
from consent_service.model import Job, JobState, Role
from consent_service.signing import sha256_b64
from consent_service.web.render import iso
from tests import tools
from tests.api.pages.people import document, recorded, with_role
from tests.api.pages.test_screens import page_of, pictures
from tests.served import House, Shop, open_shop, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(database: str, folder: Path) -> AsyncIterator[House]:
    """A service that has a browser."""
    async with running_house(database, folder, browser=tools.chromium()) as running:
        yield running


async def over(shop: Shop) -> Job:
    """The version's job, once it is over: the service's own worker is at it."""
    for _ in range(1_200):
        job = (await screens.album(shop.house.store, shop.site.id, 1)).job
        assert job is not None
        if job.state not in screens.OPEN:
            return job
        await asyncio.sleep(0.1)
    raise AssertionError("no screenshot was taken")


async def entered(shop: Shop) -> None:
    """Wait until nothing of the site waits for the ledger."""
    for _ in range(300):
        if not await shop.house.store.ledger.waiting(shop.site.id):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the ledger stands still")


async def test_what_is_published_is_pictured_entered_shown_and_verified_elsewhere(
    studio: House,
) -> None:
    shop = await open_shop(studio, "tea")
    auditor = await with_role(studio, shop.site, Role.AUDITOR)
    id = await recorded(shop, layer=2, viewport="narrow")
    job = await over(shop)
    assert (job.state, job.said, job.done, job.total) == (JobState.DONE, "12 screenshots", 12, 12)
    await entered(shop)

    version = await auditor.get(page_of(shop))
    assert "All 12 screenshots are taken" in document(version).words()
    (first, *_) = [src for src in pictures(version.text) if src.endswith("narrow-2.png")]
    picture = await auditor.get(first)
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"] == "private, max-age=31536000, immutable"
    digest = sha256_b64(picture.content)
    assert digest in version.text

    receipt = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    words = document(receipt).words()
    assert "3. Exact banner code, and how it looked: holds" in words
    assert "Second layer, narrow: 360 pixels" in words
    for said in (digest, iso(studio.clock.now), "Chromium ", "of the ledger"):
        assert said in words, said
    assert pictures(receipt.text) == [first]

    bundle = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}/evidence.zip")
    files = unpack(bundle.content)
    assert files["screens/en-narrow-2.png"] == picture.content
    names = [name for name in files if name.startswith("screens/") and name.endswith(".png")]
    assert len(names) == 6
    (result,) = [each for each in check_bundle(bundle.content) if each.name == "banner"]
    assert result.state == HOLDS, result.text
    assert f"screens/en-narrow-2.png, with the SHA-256 {digest}, shows how it looked" in result.text
