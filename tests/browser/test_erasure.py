"""R60 on a real service: a visitor's receipts go, and with them the consent."""

from typing import Any

import httpx
from playwright.sync_api import expect

from consent_service.ledger import Wanted, verify_ledger
from consent_service.merkle import Reason, erasure_digest
from consent_service.model import Site
from consent_service.store import Store
from tests.browser.stage import SITE, Stage
from tests.browser.visit import Visit


def verified(stage: Stage, token: str) -> dict[str, Any]:
    """What the service says of a receipt that somebody kept a copy of."""
    headers = {"content-type": "text/plain"}
    answer = httpx.post(
        f"{stage.service}/v1/receipts/verify", content=token, headers=headers, timeout=60
    )
    found: dict[str, Any] = answer.json()
    return found


def status(stage: Stage, id: str) -> int:
    """What whoever asks for a receipt by its id is answered."""
    return httpx.get(f"{stage.service}/v1/sites/{SITE}/receipts/{id}", timeout=60).status_code


def entered(visit: Visit, id: str) -> tuple[int, bytes]:
    """Where the receipt stands in the ledger, and its salt, once it is there."""

    async def look(store: Store) -> tuple[int | None, bytes | None]:
        site = await store.sites.by_key(SITE)
        return await store.ledger.place(site.id, id), await store.ledger.salt(site.id, id)

    visit.until(lambda: visit.stage.store(look)[0] is not None)
    place, salt = visit.stage.store(look)
    assert place is not None
    assert salt
    return place, salt


def test_r60_a_visitor_has_it_erased_from_the_browser_that_holds_its_id(
    visit: Visit, stage: Stage
) -> None:
    visit.open()
    visit.press("Accept all")
    first = visit.recorded(1)
    settings = visit.settings()
    settings.get_by_role("switch", name="Preferences").click()
    with visit.loading_anew():
        visit.press("Save choices", settings)
    second = visit.recorded(2)
    assert second.claims.prev
    places = [entered(visit, each.id)[0] for each in (first, second)]
    settings = visit.settings()
    settings.get_by_text("Erase this receipt").click()
    with visit.loading_anew():
        visit.press("Erase and withdraw", settings)
    withdrawn = visit.recorded(3)
    # What the browser still said of the receipt before, the service did not find any more.
    assert visit.posts()[2]["previous"] == second.id
    assert (withdrawn.claims.act, withdrawn.claims.prev) == ("withdraw", None)
    assert isinstance(first.claims.sub, str)
    assert first.claims.sub not in withdrawn.receipt
    consent = visit.consent()
    assert (consent["statistics"], consent["marketing"], consent["id"]) == (False, False, None)
    assert ".0." in visit.cookies()["consent"]
    assert not {"_adp", "_nma"} & visit.cookies().keys()
    expect(visit.settings().get_by_text("Erase this receipt")).to_have_count(0)
    for each in (first, second):
        assert status(stage, each.id) == 404
        *_, last = verified(stage, each.receipt)["steps"]
        assert (last["name"], last["passed"]) == ("file", False)
        assert "was erased" in last["text"]
    assert status(stage, withdrawn.id) == 200
    stage.store(lambda store: assert_told(store, [first.id, second.id], places))


async def assert_told(store: Store, ids: list[str], places: list[int]) -> None:
    """The ledger tells of the erasures, the salts are gone, and the whole still verifies."""
    site = await store.sites.by_key(SITE)
    for id, place in zip(ids, places, strict=True):
        assert await store.ledger.salt(site.id, id) is None
        told = await store.receipts.erasure(site.id, id)
        assert told is not None
        assert (told.place, told.reason) == (place, Reason.REQUEST)
        assert await store.ledger.marks(site.id, erasure_digest(place, Reason.REQUEST))
    await assert_verifies(store, site)


async def assert_verifies(store: Store, site: Site) -> None:
    """As an operator runs it."""
    report = await verify_ledger(store, site, Wanted(receipts=True), lambda done, total: None)
    assert report.findings == []


def test_r60_while_the_service_is_out_of_reach_nothing_changes(visit: Visit, stage: Stage) -> None:
    visit.open()
    visit.press("Accept all")
    receipt = visit.recorded(1)
    visit.context.route("**/erasure", lambda route: route.abort())
    settings = visit.settings()
    settings.get_by_text("Erase this receipt").click()
    visit.press("Erase and withdraw", settings)
    expect(settings.get_by_text("It could not be erased, and nothing has changed.")).to_be_visible()
    assert visit.consent()["id"] == receipt.id
    assert status(stage, receipt.id) == 200
    assert len(visit.posts()) == 1
