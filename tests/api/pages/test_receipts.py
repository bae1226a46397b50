"""Receipts for an auditor: found, read, checked; every look on record."""

import re
from itertools import count
from pathlib import Path

import msgspec
import pytest

from consent_service.model import Role
from consent_service.signing import Purpose, rotate
from consent_service.web.render import iso
from tests.api.pages.people import (
    Person,
    document,
    recorded,
    with_role,
)
from tests.given import choices, new_id
from tests.served import House, Shop, open_shop, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)


async def looks(shop: Shop) -> list[tuple[str, str]]:
    """The looks at receipts on record: who, and at what."""
    events = await shop.house.store.events.page(shop.site.id, limit=500)
    return [(event.actor, event.subject) for event in events if event.verb == "receipt.read"]


async def test_an_auditor_finds_a_receipt_by_its_id(shop: Shop, auditor: Person) -> None:
    first = await recorded(shop)
    id = await recorded(
        shop,
        previous=first,
        action="custom",
        choices=choices("statistics"),
    )
    found = await auditor.get(f"/sites/{shop.site.key}/receipts?id=%20{id.upper()}%20")
    assert found.headers["location"] == f"/sites/{shop.site.key}/receipts/{id}"
    answer = await auditor.get(found.headers["location"])
    words = document(answer).words()
    for text_ in (
        "The signature holds",
        "Chose by category, with the banner",
        f"UTC {iso(shop.house.clock.now)}",
        "version 1, in English",
        "What statistics cookies are for.",
        "the receipt whose JWS has the SHA-256",
        "1. Form: holds",
        "5. Claims: holds",
        "Texts: holds",
        "Banner: holds",
    ):
        assert text_ in words, text_
    cards = re.findall(r'<h3 lang="en">(\w+)</h3>\s*<span class="tag[^>]*>([^<]+)', answer.text)
    assert dict(cards) == {
        "Necessary": "always on",
        "Preferences": "denied",
        "Statistics": "granted",
        "Marketing": "denied",
    }
    assert await looks(shop) == [(auditor.email, id)]


async def test_a_receipt_is_downloaded_as_it_was_signed(shop: Shop, auditor: Person) -> None:
    id = await recorded(shop)
    token = (await shop.get(f"/receipts/{id}")).json()["receipt"]
    page = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    assert token in page.text
    answer = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}/jws")
    assert answer.text == token
    assert answer.headers["content-disposition"] == f'attachment; filename="{id}.jws"'
    assert await looks(shop) == [(auditor.email, id)] * 2


async def test_a_receipt_that_does_not_verify_is_not_read_out(
    house: House, auditor: Person, shop: Shop
) -> None:
    # Of its own, for the shop's receipts are verified in the end.
    forged_shop = (await open_shop(house, f"forged-{next(_numbers)}")).site
    person = await with_role(house, forged_shop, Role.AUDITOR)
    stored = await house.store.receipts.by_id(shop.site.id, await recorded(shop))
    id = new_id()
    forged = msgspec.structs.replace(
        stored, site_id=forged_shop.id, id=id, payload=stored.payload.replace(b"true", b"null")
    )
    await house.store.receipts.add_all([forged])
    page = document(await person.get(f"/sites/{forged_shop.key}/receipts/{id}"))
    assert "This receipt does not verify" in page.words()
    assert "4. Signature: does not hold" in page.words()
    assert "5. Claims: not reached" in page.words()
    assert "What it says" not in page.words().replace("What it says is not shown", "")


async def test_a_receipt_signed_with_another_processs_new_key_is_known_at_once(
    shop: Shop, auditor: Person, folder: Path
) -> None:
    house = shop.house
    rotate(folder / "keys", Purpose.RECEIPTS, house.clock.now)
    async with running_house(house.settings.database, folder, house.clock) as other:
        id = await recorded(Shop(other, shop.site, shop.tag))
    page = document(await auditor.get(f"/sites/{shop.site.key}/receipts/{id}"))
    assert "The signature holds" in page.words()


async def test_an_erased_receipt_says_so(shop: Shop, auditor: Person) -> None:
    id = await recorded(shop)
    await shop.erase(id)
    answer = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    words = document(answer).words()
    assert answer.status_code == 410
    assert "This receipt was erased" in words
    assert "the visitor asked for it" in words
    assert await looks(shop) == [(auditor.email, id)]


@pytest.mark.parametrize("id", ["nonsense", "%3Cscript%3E", "01a204c5-e413-7c4f-bf15-ad3e6fb5d79d"])
async def test_a_receipt_that_never_was_is_not_found(shop: Shop, auditor: Person, id: str) -> None:
    answer = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    assert answer.status_code == 404
    assert "There is no such receipt" in document(answer).words()
    assert "<script>" not in answer.text
    assert await looks(shop) == []


async def test_a_receipt_of_another_site_is_not_found(
    house: House, shop: Shop, auditor: Person
) -> None:
    other = await open_shop(house, f"apart-{next(_numbers)}")
    id = await recorded(other)
    assert (await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")).status_code == 404


async def test_receipts_are_listed_newest_first_page_by_page(shop: Shop, auditor: Person) -> None:
    ids = []
    for _ in range(52):
        shop.house.clock.time += 1
        ids.append(await recorded(shop))
    first = document(await auditor.get(f"/sites/{shop.site.key}/receipts"))
    older = next(link for link in first.links if "before=" in link)
    second = document(await auditor.get(older))
    found = [link.rpartition("/")[2] for page in (first, second) for link in page.links]
    assert [id for id in found if id in ids] == ids[::-1]
    wrong = await auditor.get(f"/sites/{shop.site.key}/receipts?before=x")
    assert wrong.status_code == 422
