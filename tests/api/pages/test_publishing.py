"""Publishing shows what changes and for whom, and then changes exactly that."""

import asyncio
import html
import re

import pytest

from consent_service import policies
from consent_service.model import Category, Policy
from consent_service.web.pages.diffs import compared
from tests.api.pages.people import (
    Person,
    assert_message_at,
    document,
    form_of,
    stranger,
)
from tests.given import declaration, elaborate, policy, policy_json, text
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def draft_with_new_text(shop: Shop) -> None:
    """A draft whose marketing text says something else: major."""
    categories = policy_json()["categories"]
    categories["marketing"]["text"] = text("Sold to the highest bidder, wherever you go.")
    declared = [*policy_json()["declarations"], declaration("_fresh", "marketing", provider="New")]
    await shop.draft(policy(categories=categories, declarations=declared[1:]))


async def test_the_publish_page_tells_what_changes_and_for_whom(shop: Shop, editor: Person) -> None:
    await draft_with_new_text(shop)
    answer = await editor.get(f"/sites/{shop.site.key}/policy/publish")
    page = document(answer)
    words = page.words()
    assert "What marketing cookies are for." in html.unescape(answer.text)
    assert "<ins>Sold to the highest bidder, wherever you go" in answer.text
    assert re.search(r'<tr role="row" class="added">\s*<th[^>]*><code>_fresh</code>', answer.text)
    assert re.search(
        r'<tr role="row" class="removed">\s*<th[^>]*><code>consent</code>', answer.text
    )
    assert "New is new in this category." in words
    assert "those who granted marketing are asked about that" in words
    assert page.form("revision")["change_class"] == "major"


async def test_publishing_makes_a_version_that_visitors_see_at_once(
    shop: Shop, editor: Person
) -> None:
    await draft_with_new_text(shop)
    path = f"/sites/{shop.site.key}/policy/publish"
    fields = await form_of(editor, path, "revision")
    answer = await editor.post(path, fields)
    assert answer.headers["location"] == f"/sites/{shop.site.key}/versions/2?published=1"
    page = document(await editor.get(answer.headers["location"]))
    assert "It is published" in page.words()
    public = await stranger(shop.house).get(f"/policies/{shop.site.key}/cookies")
    assert "Sold to the highest bidder" in public.text
    listed = document(await editor.get(f"/sites/{shop.site.key}/versions")).words()
    assert listed.index("Version 2") < listed.index("Version 1")
    record = await policies.version(shop.house.store, shop.site, "2")
    assert record.published_by == editor.email
    exact = next(link for link in page.links if record.digest in link)
    assert (await shop.client.get(exact)).content == record.body


async def test_a_lower_class_needs_a_reason_which_auditors_read(
    shop: Shop, editor: Person, auditor: Person
) -> None:
    await draft_with_new_text(shop)
    path = f"/sites/{shop.site.key}/policy/publish"
    lower = (await form_of(editor, path, "revision")).with_(change_class="minor", reason=" ")
    refused = await editor.post(path, lower)
    page = document(refused)
    assert refused.status_code == 422
    assert_message_at(page, "reason", "write the reason")
    assert page.form("revision")["change_class"] == "minor"
    answer = await editor.post(path, lower.with_(reason="Only <b>nicer</b> words."))
    shown = await auditor.get(answer.headers["location"])
    assert "Only <b>nicer</b> words." in document(shown).words()
    assert "<b>nicer" not in shown.text


async def test_a_major_version_must_be_about_something(shop: Shop, editor: Person) -> None:
    await shop.draft(policy(documents={"cookies": text("# Other"), "privacy": text("# Privacy")}))
    path = f"/sites/{shop.site.key}/policy/publish"
    fields = (await form_of(editor, path, "revision")).with_(change_class="major")
    refused = await editor.post(path, fields)
    assert (refused.status_code, "categories-error" in document(refused).ids) == (422, True)
    answer = await editor.post(path, fields.with_(categories="statistics"))
    assert answer.status_code == 303
    record = await policies.version(shop.house.store, shop.site, "2")
    assert policies.decode_version(record.body).epochs[Category.STATISTICS] == 2


async def test_what_keeps_a_draft_back_is_listed_and_it_is_not_published(
    shop: Shop, editor: Person
) -> None:
    declared = policy_json()["declarations"]
    declared[2]["provider"] = ""
    await shop.draft(policy(declarations=declared))
    path = f"/sites/{shop.site.key}/policy"
    page = document(await editor.get(path))
    assert "1 thing keeps it from being published" in page.words()
    assert f"/sites/{shop.site.key}/cookies?row=2#provider" in page.links
    assert "declarations-2-provider" in page.ids
    publish = await form_of(editor, f"{path}/publish", "revision")
    answer = await editor.post(f"{path}/publish", publish)
    assert answer.status_code == 422
    assert "Cookie _count_*: who sets it" in document(answer).words()
    assert (await policies.current(shop.house.store, shop.site)).number == 1


async def test_a_draft_that_moved_on_is_looked_at_again_before_it_is_published(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy/publish"
    await draft_with_new_text(shop)
    fields = await form_of(editor, path, "revision")
    await shop.draft(policy(banner={"title": text("Moved on?"), "intro": text("Choose.")}))
    answer = await editor.post(path, fields)
    page = document(answer)
    assert answer.status_code == 409
    assert "no longer at revision" in page.words()
    assert "Moved on" in page.words()
    assert (await policies.current(shop.house.store, shop.site)).number == 1
    assert (await editor.post(path, page.form("revision"))).status_code == 303


async def test_of_publishes_at_once_one_wins(shop: Shop, editor: Person) -> None:
    await draft_with_new_text(shop)
    path = f"/sites/{shop.site.key}/policy/publish"
    fields = await form_of(editor, path, "revision")
    answers = await asyncio.gather(*(editor.post(path, fields) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("the same", "the same", "the same"),
        ("one two", "one three", "one [-two][+three]"),
        ("a\nb\nc\nd\ne\nf\ng", "a\nb\nc\nd\ne\nf\nG", "a\n…\nf\n[-g][+G]"),
        ("", "new", "[+new]"),
        ("x " * 5000, "y " * 5000, f"[-{'x ' * 5000}][+{'y ' * 5000}]"),
    ],
    ids=["same", "word", "lines", "new", "long"],
)
async def test_texts_are_compared_word_by_word(before: str, after: str, shown: str) -> None:
    marks = {"ins": "[+{}]", "del": "[-{}]", "same": "{}", "gap": "{}"}
    pieces = compared(before, after)
    assert "".join(marks[piece.kind].format(piece.text) for piece in pieces) == shown


# --- What visitors are told of a minor version ---------------------------------------------------


def _new_documents() -> Policy:
    return policy(documents={"cookies": text("# New"), "privacy": text("# Privacy")})


async def test_a_minor_version_tells_visitors_what_the_editor_wrote(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(_new_documents())
    path = f"/sites/{shop.site.key}/policy/publish"
    fields = await form_of(editor, path, "revision")
    assert fields["notice.en"].endswith("The cookie policy is new. Your choice still holds.")
    assert "Kakpolicyn är ny." in fields["notice.sv"]
    sent = fields.changed({"notice.en": "We wrote <b>more</b>.", "notice.sv": " "})
    answer = await editor.post(path, sent)
    assert answer.status_code == 303, answer.text
    shown = document(await editor.get(answer.headers["location"])).words()
    assert "Note in EnglishWe wrote <b>more</b>." in shown
    assert "Note in SwedishDet vi berättar för dig" in shown


async def test_a_note_that_does_not_fit_is_said_at_its_field_and_kept(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(_new_documents())
    path = f"/sites/{shop.site.key}/policy/publish"
    sent = (await form_of(editor, path, "revision")).changed({"notice.sv": "x" * 241})
    answer = await editor.post(path, sent)
    page = document(answer)
    assert answer.status_code == 422
    assert_message_at(page, "notice-sv", "at most 240 fit")
    assert page.form("revision")["notice.sv"] == "x" * 241


async def test_what_the_fields_propose_is_not_told_by_another_class(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(_new_documents())
    path = f"/sites/{shop.site.key}/policy/publish"
    fields = await form_of(editor, path, "revision")
    sent = fields.with_(change_class="patch", reason="A typing error.")
    assert (await editor.post(path, sent)).status_code == 303
    record = await policies.version(shop.house.store, shop.site, "2")
    assert policies.decode_version(record.body).notice == {}


async def test_r02_visitors_read_that_google_is_told_before_a_yes(shop: Shop) -> None:
    path = f"/policies/{shop.site.key}/cookies"
    before = document(await stranger(shop.house).get(path)).words()
    assert "Only what is necessary is used before you have said yes." in before
    await shop.publish(elaborate(), "major")
    after = document(await stranger(shop.house).get(path)).words()
    assert "Only what is necessary is used" not in after
    assert "tags report without cookies that a page was opened" in after
