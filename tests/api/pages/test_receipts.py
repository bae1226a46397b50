"""Receipts for an auditor: found, read, checked; every look on record."""

import asyncio
import re
from itertools import count
from pathlib import Path

import msgspec
import pytest

from consent_service.exports.verify import HOLDS, OPEN, check_bundle, unpack
from consent_service.model import Role
from consent_service.signing import Purpose, rotate
from consent_service.web.render import iso
from tests.api.pages.people import (
    Document,
    Person,
    assert_message_at,
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
    place = await entered(shop, id)
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
        "1. Signature: holds",
        "2. Exact texts: holds",
        "3. Exact banner code, and how it looked: not shown",
        "There is no screenshot of it in the bundle",
    ):
        assert text_ in words, text_
    cards = re.findall(r'<h3 lang="en">(\w+)</h3>\s*<span class="tag[^>]*>([^<]+)', answer.text)
    assert dict(cards) == {
        "Necessary": "always on",
        "Preferences": "denied",
        "Statistics": "granted",
        "Marketing": "denied",
    }
    assert await looks(shop) == [(auditor.email, f"entry {place}")]


async def test_a_receipt_is_downloaded_as_it_was_signed(shop: Shop, auditor: Person) -> None:
    id = await recorded(shop)
    place = await entered(shop, id)
    token = (await shop.get(f"/receipts/{id}")).json()["receipt"]
    page = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    assert token in page.text
    answer = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}/jws")
    assert answer.text == token
    assert answer.headers["content-disposition"] == f'attachment; filename="{id}.jws"'
    assert await looks(shop) == [(auditor.email, f"entry {place}")] * 2


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
    erasure = await shop.erase(id)
    answer = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    words = document(answer).words()
    assert answer.status_code == 410
    assert "This receipt was erased" in words
    assert "the visitor asked for it" in words
    # The trail keeps everything: it names no id, which would be left when the receipt goes (R60).
    assert await looks(shop) == [(auditor.email, f"entry {erasure.place}")]


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


# --- The five checks, and the file to take away --------------------------------------------------


async def entered(shop: Shop, id: str) -> int:
    """The receipt's place in the ledger, once it has one: the service's own sequencer is at it."""
    for _ in range(1200):
        place = await shop.house.store.ledger.place(shop.site.id, id)
        if place is not None:
            return place
        await asyncio.sleep(0.05)
    raise AssertionError("the receipt did not come into the ledger")


async def test_an_evidence_file_says_on_any_machine_what_the_page_says(
    shop: Shop, auditor: Person
) -> None:
    id = await recorded(shop)
    await entered(shop, id)
    page = document(await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")).words()
    assert "4. Place in the ledger: holds" in page
    assert "5. Time: not shown" in page
    assert "Nobody but the service says when" in page
    answer = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}/evidence.zip")
    assert answer.headers["content-disposition"] == f'attachment; filename="receipt-{id}.zip"'
    results = check_bundle(answer.content)
    assert [result.state for result in results] == [HOLDS, HOLDS, HOLDS, OPEN, HOLDS, OPEN]
    for result in results[1:]:
        assert " ".join(result.text.split()) in page
    files = unpack(answer.content)
    for name in ("policy.tlog-proof", "banner.tlog-proof", "settings.js", "kantara.json"):
        assert name in files
    assert "It is entry" in results[2].text
    events = await shop.house.store.events.page(shop.site.id, limit=500)
    assert (auditor.email, "receipt.export") in {(each.actor, each.verb) for each in events}


async def test_a_receipt_that_waits_for_its_place_says_so(shop: Shop, auditor: Person) -> None:
    id = await recorded(shop)
    page = document(await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")).words()
    place = await shop.house.store.ledger.place(shop.site.id, id)
    assert "4. Place in the ledger: not shown" in page or place is not None


async def test_the_receipts_of_one_browser_are_shown_as_a_chain(
    shop: Shop, auditor: Person
) -> None:
    first = await recorded(shop)
    shop.house.clock.time += 60
    second = await recorded(shop, previous=first, action="custom", choices=choices("statistics"))
    shop.house.clock.time += 60
    third = await recorded(
        shop, previous=second, action="withdraw", choices=choices(), source="preferences"
    )
    for id in (first, second, third):
        answer = document(await auditor.get(f"/sites/{shop.site.key}/receipts/{id}"))
        words = answer.words()
        said = [words.index(text) for text in ("Accepted everything", "Took consent back")]
        assert words.count(": this receipt") == 1
        assert all(said)
        linked = {link.rpartition("/")[2] for link in answer.links}
        assert {first, second, third} - linked == {id}
        assert "It does not belong" not in words


async def test_nobody_but_an_auditor_takes_evidence_away(shop: Shop, editor: Person) -> None:
    id = await recorded(shop)
    answer = await editor.get(f"/sites/{shop.site.key}/receipts/{id}/evidence.zip")
    assert answer.status_code == 403


# --- Search --------------------------------------------------------------------------------------


def found(page: Document) -> set[str]:
    return {link.rpartition("/")[2] for link in page.links if "/receipts/" in link}


async def test_receipts_are_found_by_what_they_say(shop: Shop, auditor: Person) -> None:
    base = f"/sites/{shop.site.key}/receipts"
    all_ = await recorded(shop)
    some = await recorded(shop, action="custom", choices=choices("statistics"))
    none = await recorded(shop, **shop.refusal())
    day = iso(shop.house.clock.now)[:10]
    for query, expected in (
        ("action=custom", {some}),
        ("statistics=granted", {all_, some}),
        ("statistics=granted&marketing=denied", {some}),
        ("marketing=denied", {some, none}),
        ("version=1", {all_, some, none}),
        ("version=2", set()),
        ("language=sv", set()),
        (f"from={day}&to={day}", {all_, some, none}),
        ("from=2000-01-01&to=2000-01-02", set()),
    ):
        page = document(await auditor.get(f"{base}?{query}"))
        assert found(page) == expected, query
    events = await shop.house.store.events.page(shop.site.id, limit=500)
    said = {each.subject for each in events if each.verb == "receipt.search"}
    assert {"custom", "statistics not marketing", "version 1"} <= said


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("from=yesterday", "from", "A day is written 2026-11-22."),
        ("from=2026-02-02&to=2026-01-01", "to", "The period ends before it begins."),
        ("version=one", "version", "A version is a number, from 1 on."),
        ("version=0", "version", "A version is a number, from 1 on."),
        ("action=dance", "action", "Choose one of the list."),
    ],
)
async def test_a_question_that_is_none_is_refused_at_its_field(
    shop: Shop, auditor: Person, query: str, field: str, message: str
) -> None:
    answer = await auditor.get(f"/sites/{shop.site.key}/receipts?{query}")
    assert answer.status_code == 422
    assert_message_at(document(answer), field, message)


async def test_a_search_goes_on_page_by_page(shop: Shop, auditor: Person) -> None:
    wanted = set()
    for number in range(60):
        shop.house.clock.time += 1
        id = await recorded(shop) if number % 6 else await recorded(shop, **shop.refusal())
        wanted |= {id} if number % 6 else set()
    ids, path = [], f"/sites/{shop.site.key}/receipts?action=accept_all"
    while path:
        page = document(await auditor.get(path))
        ids += [
            link.rpartition("/")[2] for link in page.links if len(link.rpartition("/")[2]) == 36
        ]
        path = next((link for link in page.links if "before=" in link), "")
        assert not path or "action=accept_all" in path
    assert set(ids) == wanted
    assert len(ids) == len(wanted)
