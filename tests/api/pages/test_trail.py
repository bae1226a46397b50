"""Nobody looks at a receipt, takes one away, publishes, or is let in without an event of it."""

from collections import Counter

import pytest

from consent_service.model import Event
from consent_service.web.render import iso
from tests.api.pages.people import Person, account, form_of, recorded
from tests.served import House, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def told(shop: Shop) -> list[Event]:
    """What the whole house's trail says."""
    return await shop.house.store.events.page(None, limit=500)


async def done(shop: Shop, person: Person) -> list[tuple[str, str]]:
    """What somebody did, and to what."""
    return [
        (event.verb, event.subject) for event in await told(shop) if event.actor == person.email
    ]


async def verbs(shop: Shop, person: Person) -> Counter[str]:
    """How often somebody did what."""
    return Counter(verb for verb, _ in await done(shop, person))


async def test_each_way_to_a_receipt_leaves_one_event(shop: Shop, auditor: Person) -> None:
    id = await recorded(shop)
    base = f"/sites/{shop.site.key}"
    day = iso(shop.house.clock.now)[:10]
    ways = {
        f"/receipts/{id}": "receipt.read",
        f"/receipts/{id}/jws": "receipt.read",
        f"/receipts/{id}/evidence.zip": "receipt.export",
        f"/receipts?from={day}&to={day}&action=accept_all": "receipt.search",
    }
    for path, verb in ways.items():
        before = await verbs(shop, auditor)
        assert (await auditor.get(base + path)).status_code == 200
        assert await verbs(shop, auditor) - before == {verb: 1}, path
    before = await verbs(shop, auditor)
    asked = await auditor.post(f"{base}/exports", {"format": "csv", "from": day, "to": day})
    assert asked.status_code == 303
    assert await verbs(shop, auditor) - before == {"receipt.export": 1}


async def test_each_look_is_an_event_of_its_own(shop: Shop, auditor: Person) -> None:
    id = await recorded(shop)
    for _ in range(3):
        await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    events = await shop.house.store.events.page(shop.site.id, limit=500)
    assert len([each for each in events if each.verb == "receipt.read"]) == 3
    assert {each.at for each in events if each.verb == "receipt.read"} == {shop.house.clock.now}


async def test_publishing_and_signing_in_are_events(shop: Shop, editor: Person) -> None:
    fields = await form_of(editor, f"/sites/{shop.site.key}/policy/publish", "revision")
    answer = await editor.post(f"/sites/{shop.site.key}/policy/publish", fields)
    assert answer.status_code == 303
    did = await done(shop, editor)
    assert ("sign_in", "by link") in did
    (subject,) = [subject for verb, subject in did if verb == "policy.publish"]
    assert subject.startswith("version 2 ")


async def test_a_role_that_comes_and_goes_is_two_events(
    house: House, shop: Shop, admin: Person
) -> None:
    path, other = f"/sites/{shop.site.key}/access", await account(house)
    fields = {"do": "invite", "email": other.email, "name": "", "role": "editor"}
    assert (await admin.post(path, fields)).status_code == 303
    revoked = {"do": "revoke", "account": str(other.id), "role": "editor"}
    assert (await admin.post(path, revoked)).status_code == 303
    did = await done(shop, admin)
    assert ("role.grant", f"editor to {other.email}") in did
    assert ("role.revoke", f"editor of {other.email}") in did


async def test_a_key_that_signs_is_an_event_of_the_service(shop: Shop) -> None:
    (newest, *_) = [event for event in await told(shop) if event.verb == "key.publish"]
    assert newest.actor == "service"
    keys = await shop.house.store.keys.all()
    assert newest.subject in {key.kid for key in keys}
