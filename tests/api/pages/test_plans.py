"""Publishing later, and by two people: from the form to the version, through the pages alone."""

import pytest
import pytest_asyncio

from consent_service import plans, policies, sites
from consent_service.model import PlanState, Role
from tests.api.pages.people import Person, assert_message_at, document, form_of, stranger, with_role
from tests.given import policy, text
from tests.served import House, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATER = {
    "when": "later",
    "day": "2027-03-01",
    "time": "09:00",
    "zone": "Europe/Stockholm",
    "announce": "on",
}


async def new_documents(shop: Shop) -> None:
    """A draft with a rewritten page: minor."""
    await shop.draft(policy(documents={"cookies": text("# New"), "privacy": text("# Privacy")}))


async def asked(shop: Shop, person: Person, **changes: str) -> str:
    """Publish by the form, which goes well; where it leads."""
    path = f"/sites/{shop.site.key}/policy/publish"
    answer = await person.post(path, (await form_of(person, path, "revision")).with_(**changes))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


@pytest_asyncio.fixture(loop_scope="module")
async def second(house: House, shop: Shop) -> Person:
    return await with_role(house, shop.site, Role.EDITOR)


async def four_eyes(shop: Shop, admin: Person) -> None:
    """Wanted on the site's page, by an admin."""
    fields = await form_of(admin, f"/sites/{shop.site.key}", "max_age")
    assert "approval" not in fields
    await admin.post(f"/sites/{shop.site.key}/approval", fields.with_(approval="on"))
    assert (await form_of(admin, f"/sites/{shop.site.key}", "approval"))["approval"] == "on"


async def test_the_form_offers_a_time_that_leaves_visitors_two_weeks(
    shop: Shop, editor: Person
) -> None:
    await new_documents(shop)
    path = f"/sites/{shop.site.key}/policy/publish"
    fields = await form_of(editor, path, "revision")
    assert (fields["when"], fields["time"], fields["zone"]) == ("now", "09:00", "UTC")
    assert "announce" in fields
    await asked(shop, editor, **LATER)
    await shop.draft(policy())
    assert (await form_of(editor, path, "revision"))["zone"] == "Europe/Stockholm"


async def test_a_version_is_scheduled_shown_and_cancelled(
    shop: Shop, editor: Person, auditor: Person
) -> None:
    await new_documents(shop)
    address = await asked(shop, editor, **LATER)
    words = document(await auditor.get(address)).words()
    assert "This is published on 2027-03-01 09:00 (Europe/Stockholm)." in words
    assert f"Planned by{editor.email}" in words.replace("Planned by ", "Planned by")
    assert "Note in English" in words
    assert "Cancel it" not in words
    for page in ("policy/publish", "versions"):
        shown = document(await editor.get(f"/sites/{shop.site.key}/{page}"))
        said = f"scheduled for 2027-03-01 09:00 (Europe/Stockholm), by {editor.email}."
        assert said in shown.words()
        assert address in shown.links
    answer = await editor.post(address, {"do": "cancel"})
    assert answer.status_code == 303
    assert "This was not published" in document(await editor.get(address)).words()
    late = await editor.post(address, {"do": "cancel"})
    assert (late.status_code, "this is over" in late.text.lower()) == (409, True)


NO_TIMES = [
    ({"day": ""}, "day", "Choose the day"),
    ({"time": ""}, "time", "Choose the time"),
    ({"day": "2026-01-01"}, "day", "is over: choose a later time"),
    ({"day": "2027-03-28", "time": "02:30"}, "day", "the clocks go forward"),
    ({"day": "2027-10-31", "time": "02:30"}, "day", "comes twice"),
    ({"day": "first of May"}, "day", "Write the day and the time as"),
    ({"zone": "Stockholm"}, "zone", "There is no time zone"),
]


@pytest.mark.parametrize(("changes", "field", "message"), NO_TIMES)
async def test_a_time_that_is_none_is_said_at_its_field_and_nothing_is_lost(
    shop: Shop, editor: Person, changes: dict[str, str], field: str, message: str
) -> None:
    await new_documents(shop)
    path = f"/sites/{shop.site.key}/policy/publish"
    sent = (await form_of(editor, path, "revision")).changed(
        {**LATER, **changes, "notice.en": "We wrote more.", "reason": "None."}
    )
    answer = await editor.post(path, sent)
    page = document(answer)
    assert answer.status_code == 422
    assert_message_at(page, field, message)
    kept = page.form("revision")
    assert {name: kept[name] for name, _ in sent.items()} == dict(sent.items())
    assert await shop.house.store.plans.page(shop.site.id) == []


async def test_of_a_patch_visitors_are_not_told_before(shop: Shop, editor: Person) -> None:
    await new_documents(shop)
    await asked(shop, editor, **LATER, change_class="patch", reason="A typing error.")
    plan = await shop.house.store.plans.waiting(shop.site.id)
    assert plan is not None
    assert not plan.announce


async def test_what_could_not_be_published_when_due_is_told_where_editors_look(
    shop: Shop, editor: Person, admin: Person
) -> None:
    await new_documents(shop)
    await asked(shop, editor, **LATER)
    await four_eyes(shop, admin)
    plan = await shop.house.store.plans.waiting(shop.site.id)
    assert plan is not None
    words = document(await editor.get(f"/sites/{shop.site.key}/plans/{plan.id}")).words()
    assert "the site wants a second person. It will not be published" in words
    await plans.publish_due(shop.house.store, plan.due_at)
    words = document(await editor.get(f"/sites/{shop.site.key}/policy/publish")).words()
    assert "It could not be published" in words
    assert "on this site a second person approves what is published" in words


# --- Two people ----------------------------------------------------------------------------------


async def test_one_proposes_and_another_approves(
    shop: Shop, editor: Person, admin: Person, second: Person
) -> None:
    await four_eyes(shop, admin)
    await new_documents(shop)
    page = document(await editor.get(f"/sites/{shop.site.key}/policy/publish"))
    assert "Propose version 2" in page.words()
    address = await asked(shop, editor)
    own = document(await editor.get(address)).words()
    assert "You proposed this" in own
    assert "Approve version 2" not in own
    refused = await editor.post(address, {"do": "approve"})
    assert (refused.status_code, "somebody else is to approve it" in refused.text) == (403, True)
    assert (await policies.current(shop.house.store, shop.site)).number == 1
    assert "Approve version 2" in document(await second.get(address)).words()
    answer = await second.post(address, {"do": "approve"})
    assert answer.headers["location"] == f"/sites/{shop.site.key}/versions/2?published=1"
    words = document(await second.get(answer.headers["location"])).words()
    assert f"by {editor.email}" in words
    assert f"approved by {second.email}" in words
    public = await stranger(shop.house).get(f"/policies/{shop.site.key}/changes")
    assert "Version 2" in document(public).words()


async def test_a_proposal_is_sent_back_with_a_word_that_is_read(
    shop: Shop, editor: Person, admin: Person, second: Person
) -> None:
    await four_eyes(shop, admin)
    await new_documents(shop)
    address = await asked(shop, editor, **LATER)
    refused = await second.post(address, {"do": "return", "word": " "})
    assert refused.status_code == 422
    assert_message_at(document(refused), "word", "Say why")
    word = "Name <b>the vendor</b>."
    await second.post(address, {"do": "return", "word": word})
    shown = await editor.get(f"/sites/{shop.site.key}/policy/publish")
    assert f"{word} ({second.email})" in document(shown).words()
    assert "<b>the" not in shown.text


async def test_a_saved_draft_takes_back_what_was_proposed(
    shop: Shop, editor: Person, admin: Person, second: Person
) -> None:
    await four_eyes(shop, admin)
    await new_documents(shop)
    address = await asked(shop, editor)
    await shop.draft(policy(domain="tea.example"))
    answer = await second.post(address, {"do": "approve"})
    assert answer.status_code == 409
    assert "the draft was changed" in document(answer).words()
    listed = document(await editor.get(f"/sites/{shop.site.key}/versions"))
    assert "at once, when approved cancelled" in listed.words()
    assert address in listed.links
    assert (await policies.current(shop.house.store, shop.site)).number == 1


async def test_whoever_writes_is_told_what_a_change_means_for_what_waits(
    shop: Shop, editor: Person, admin: Person
) -> None:
    await new_documents(shop)
    base = f"/sites/{shop.site.key}"
    address = await asked(shop, editor, **LATER)
    for page in ("policy", "cookies"):
        shown = document(await editor.get(f"{base}/{page}"))
        assert "A version is scheduled for 1 March 2027, 08:00:00 UTC." in shown.words()
        assert address in shown.links
    await editor.post(address, {"do": "cancel"})
    await four_eyes(shop, admin)
    await asked(shop, editor)
    for page in ("policy", "cookies"):
        words = document(await editor.get(f"{base}/{page}")).words()
        assert "A change of the draft takes that back." in words
    words = document(await editor.get(f"{base}/policy/publish")).words()
    assert "A version is proposed already: cancel it before you propose another." in words


async def test_what_is_none_of_the_decisions_decides_nothing(
    shop: Shop, editor: Person, second: Person
) -> None:
    await new_documents(shop)
    address = await asked(shop, editor, **LATER)
    assert (await second.post(address, {"do": "x"})).status_code == 422
    assert (await second.post(address)).status_code == 422
    (plan,) = await shop.house.store.plans.page(shop.site.id)
    assert plan.state is PlanState.SCHEDULED


async def test_the_setting_is_an_event_and_an_auditor_reads_it(
    shop: Shop, admin: Person, auditor: Person
) -> None:
    await four_eyes(shop, admin)
    site = await shop.house.store.sites.by_id(shop.site.id)
    assert site.approval
    words = document(await auditor.get(f"/sites/{shop.site.key}/events")).words()
    assert "Set whether two people publish" in words
    assert "nobody publishes alone" in document(await auditor.get(f"/sites/{site.key}")).words()
    await admin.post(f"/sites/{site.key}/approval")
    assert not (await shop.house.store.sites.by_id(site.id)).approval


# --- Taking back ---------------------------------------------------------------------------------


async def test_an_older_version_is_published_anew_as_a_new_one(shop: Shop, editor: Person) -> None:
    await shop.publish(policy(domain="tea.example"))
    path = f"/sites/{shop.site.key}/versions/1"
    fields = await form_of(editor, path, "revision")
    answer = await editor.post(path, fields)
    assert answer.headers["location"] == f"/sites/{shop.site.key}/policy/publish"
    assert await asked(shop, editor) == f"/sites/{shop.site.key}/versions/3"
    store = shop.house.store
    first, third = [await policies.version(store, shop.site, number) for number in "13"]
    assert first.digest != third.digest
    said = [policies.decode_version(record.body) for record in (first, third)]
    assert said[0].policy == said[1].policy
    assert said[1].epochs.keys() == said[0].epochs.keys()


async def test_unpublished_work_is_not_replaced_unasked(shop: Shop, editor: Person) -> None:
    await shop.publish(policy(domain="tea.example"))
    await new_documents(shop)
    path = f"/sites/{shop.site.key}/versions/1"
    fields = await form_of(editor, path, "revision")
    refused = await editor.post(path, fields)
    assert refused.status_code == 422
    assert_message_at(document(refused), "replace", "not published: tick this")
    draft = await policies.draft(shop.house.store, shop.site)
    assert "# New" in draft.body.decode()
    assert (await editor.post(path, fields.with_(replace="on"))).status_code == 303
    draft = await policies.draft(shop.house.store, shop.site)
    assert policies.parse_policy(draft.body) == policy()


async def test_a_draft_that_was_saved_meanwhile_is_not_replaced(shop: Shop, editor: Person) -> None:
    await shop.publish(policy(domain="tea.example"))
    path = f"/sites/{shop.site.key}/versions/1"
    fields = await form_of(editor, path, "revision")
    await new_documents(shop)
    answer = await editor.post(path, fields.with_(replace="on"))
    assert (answer.status_code, "no longer at revision" in answer.text) == (409, True)


async def test_an_auditor_reads_a_version_and_takes_nothing_back(
    shop: Shop, auditor: Person
) -> None:
    path = f"/sites/{shop.site.key}/versions/1"
    assert "into the draft" not in document(await auditor.get(path)).words()
    assert (await auditor.post(path)).status_code == 403


async def test_with_four_eyes_an_older_version_is_proposed_too(shop: Shop, editor: Person) -> None:
    await shop.publish(policy(domain="tea.example"))
    await sites.set_approval(shop.house.store, shop.site, True, shop.house.operator)
    path = f"/sites/{shop.site.key}/versions/1"
    await editor.post(path, await form_of(editor, path, "revision"))
    assert "/plans/" in await asked(shop, editor)
    assert (await policies.current(shop.house.store, shop.site)).number == 2
