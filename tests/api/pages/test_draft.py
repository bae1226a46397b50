"""The draft as a form: what is typed is kept, or said to be wrong at its field."""

import re
from collections.abc import Callable
from itertools import count

import pytest

from consent_service import policies, sites, words
from consent_service.audit import Act
from consent_service.model import ChangeClass, Policy, Reload, Role, Signal, Withdrawal
from consent_service.policies import Publication
from tests.api.pages.people import (
    COOKIE,
    Fields,
    Person,
    assert_message_at,
    document,
    form_of,
    with_role,
)
from tests.given import elaborate, policy
from tests.served import House, Shop, open_shop
from tests.tools import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)


async def body_of(shop: Shop) -> Policy:
    found = await policies.draft(shop.house.store, shop.site)
    return policies.parse_policy(found.body)


async def test_a_new_site_begins_with_an_empty_policy_in_its_languages(house: House) -> None:
    key = f"fresh-{next(_numbers)}"
    site = await sites.add(house.store, key, "Fresh", ("https://a.example",), house.clock.now)
    editor = await with_role(house, site, Role.EDITOR)
    path = f"/sites/{key}/policy"
    assert "Begin the policy" in (await editor.get(path)).text
    empty = await editor.post(path, {"do": "start"})
    assert (empty.status_code, "Choose at least one" in empty.text) == (422, True)
    started = Fields()
    started.pairs = [("do", "start"), ("languages", "sv"), ("languages", "en")]
    assert (await editor.post(path, started)).headers["location"] == f"{path}?saved=1"
    page = document(await editor.get(f"{path}?saved=1"))
    assert "Saved as revision 1" in page.words()
    assert page.form("revision")["categories.marketing.title.sv"] == "Marknadsföring"
    assert "keep it from being published" in page.words()


async def test_a_new_site_is_offered_every_language_by_its_own_name(house: House) -> None:
    key = f"fresh-{next(_numbers)}"
    site = await sites.add(house.store, key, "Fresh", ("https://a.example",), house.clock.now)
    editor = await with_role(house, site, Role.EDITOR)
    page = document(await editor.get(f"/sites/{key}/policy"))
    boxes = re.findall(r'name="languages" value="([\w-]+)"', page.html)
    assert boxes == sorted(words.languages())
    assert "svenska (Swedish)" in page.words()
    started = {"do": "start", "language": "sv", "languages": "en"}
    await editor.post(f"/sites/{key}/policy", started)
    found = await policies.draft(house.store, site)
    assert policies.parse_policy(found.body).languages == ("sv", "en")


@pytest.mark.parametrize("source", ["given", "elaborate", "demo"])
async def test_saving_a_draft_as_it_is_changes_nothing_of_it(house: House, source: str) -> None:
    file = ROOT / "consent_service/demo/policy.json"
    given = {"given": policy, "elaborate": elaborate}
    content = given.get(source, lambda: policies.parse_policy(file.read_bytes()))()
    shop = await open_shop(house, f"same-{next(_numbers)}", content)
    editor = await with_role(house, shop.site, Role.EDITOR)
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    answer = await editor.post(path, fields.with_(do="save"))
    assert answer.status_code == 303
    assert await body_of(shop) == content
    assert "The draft says what version 1 says" in document(await editor.get(path)).words()


MISFITS = (
    ("days.granted", "400", "days-granted", "from 1 to 365"),
    ("days.refused", "soon", "days-refused", "from 120 to 365"),
    ("domain", "https://shop.example/", "domain", "a domain such as"),
    ("withdrawal.hook", "//evil.example/x", "withdrawal-hook", "a path of your site"),
    ("withdrawal.hook", "withdrawn", "withdrawal-hook", "a path of your site"),
)


@pytest.mark.parametrize("misfit", MISFITS, ids=lambda misfit: f"{misfit[0]}={misfit[1][:9]}")
async def test_what_does_not_fit_is_said_at_its_field_and_nothing_typed_is_lost(
    shop: Shop, editor: Person, misfit: tuple[str, str, str, str]
) -> None:
    field, typed, at, message = misfit
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    sent = fields.changed({field: typed, "banner.title.en": "Typed <before>", "do": "save"})
    answer = await editor.post(path, sent)
    page = document(answer)
    assert answer.status_code == 422
    assert_message_at(page, at, message)
    again = page.form("revision")
    assert set(again.items()) >= {pair for pair in sent.items() if pair[0] != "do"}
    assert (await body_of(shop)) == policy()


async def test_what_the_banner_does_is_ticked_and_typed(shop: Shop, editor: Person) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    assert fields["blocking"] == "on"
    fields.pairs = [(name, value) for name, value in fields.pairs if name != "blocking"]
    typed = {"signals.meta": "on", "signals.google": "on", "google_advanced": "on", "do": "save"}
    typed |= {"withdrawal.reload": "offer", "withdrawal.hook": " /withdrawn "}
    assert (await editor.post(path, fields.changed(typed))).status_code == 303
    saved = await body_of(shop)
    assert saved.signals == (Signal.GOOGLE, Signal.META)
    assert (saved.google_advanced, saved.blocking) == (True, False)
    assert saved.withdrawal == Withdrawal(reload=Reload.OFFER, hook="/withdrawn")
    page = document(await editor.get(path))
    assert "Told to vendors: Google before a yes" in page.words()


async def test_r02_google_before_a_yes_is_kept_back_where_nothing_would_tell_it(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    await editor.post(path, fields.changed({"google_advanced": "on", "do": "save"}))
    page = document(await editor.get(path))
    assert "#google_advanced" in page.links
    assert "turn Google's signal on first" in page.words()


async def test_two_editors_never_overwrite_each_other(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    path = f"/sites/{shop.site.key}/policy"
    first = await form_of(editor, path, "revision")
    theirs = first.changed({"banner.title.en": "Their title", "do": "save"})
    assert (await other.post(path, theirs)).status_code == 303
    typed = first.changed({"banner.title.en": "My title", "banner.intro.en": "Mine.", "do": "save"})
    answer = await editor.post(path, typed)
    page = document(answer)
    assert answer.status_code == 409
    assert f"{other.email} saved meanwhile" in page.words()
    assert re.search(r"<del>Their</del><ins>My</ins> title", answer.text)
    assert (await body_of(shop)).banner.title["en"] == "Their title"
    again = page.form("revision")
    assert (again["banner.title.en"], again["banner.intro.en"]) == ("My title", "Mine.")
    assert (await editor.post(path, again.with_(do="save"))).status_code == 303
    assert (await body_of(shop)).banner.title["en"] == "My title"


async def test_who_works_on_another_part_of_the_draft_is_in_nobodys_way(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    path = f"/sites/{shop.site.key}/policy"
    texts = await form_of(editor, path, "revision")
    looks = await form_of(other, f"/sites/{shop.site.key}/theme", "revision")
    row = await form_of(other, f"/sites/{shop.site.key}/cookies?row=1", "provider")
    theirs = looks.changed({"theme.radius": "3", "do": "save"})
    assert (await other.post(f"/sites/{shop.site.key}/theme", theirs)).status_code == 303
    theirs = row.changed({"provider": "Theirs AB", "do": "save"})
    assert (await other.post(f"/sites/{shop.site.key}/cookies", theirs)).status_code == 303
    typed = texts.changed({"banner.title.en": "My title", "do": "save"})
    assert (await editor.post(path, typed)).status_code == 303
    saved = await body_of(shop)
    assert (saved.theme.radius, saved.banner.title["en"]) == (3, "My title")
    assert saved.declarations[1].provider == "Theirs AB"


async def test_what_follows_the_typing_says_what_keeps_it_back_and_saves_nothing(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    typed = {"banner.title.sv": "", "days.granted": "many", "do": "live"}
    typed |= {"documents.privacy.en": "Please check this page regularly."}
    answer = await editor.post(path, fields.changed(typed))
    said = document(answer).words()
    assert answer.status_code == 200
    assert "3 things keep it from being published" in said
    for each in (
        "Days that a yes stands: give a whole number of days, from 1 to 365",
        "Heading of the banner (Swedish): the sv text is missing (R16)",
        "Privacy notice (English): visitors need not come back to look for changes",
    ):
        assert each in said
    assert await body_of(shop) == policy()


async def test_every_fault_of_a_draft_is_said_at_once(shop: Shop, editor: Person) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    typed = {"days.granted": "many", "domain": "https://", "withdrawal.hook": "x", "do": "live"}
    said = document(await editor.post(path, fields.changed(typed))).words()
    for name in ("Days that a yes stands", "Domain that the choice holds for", "Path that is told"):
        assert name in said


async def test_r41_what_keeps_it_back_stands_at_its_field_without_a_script(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    typed = fields.changed({"documents.cookies.en": "Check this page regularly!", "do": "show"})
    page = document(await editor.post(path, typed))
    assert (
        "documents-cookies-en-found" in page.attributes["documents-cookies-en"]["aria-describedby"]
    )
    assert "Visitors need not come back to look for changes" in page.words()
    assert page.form("revision")["documents.cookies.en"] == "Check this page regularly!"
    assert await body_of(shop) == policy()


HOSTILE_MARKDOWN = """# Heading

<script>alert(1)</script> <b onclick="x">bold</b>

[one](javascript:alert(1)) [two](data:text/html;base64,eA==) [three](https://a.example)
![picture](https://b.example/p.gif)
"""


async def test_a_page_is_shown_beside_its_markdown_as_visitors_will_read_it(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    typed = {"documents.cookies.en": HOSTILE_MARKDOWN, "do": "show"}
    answer = await editor.post(path, fields.changed(typed))
    page = document(answer)
    assert page.inline == []
    assert "https://a.example" in page.links
    assert not [link for link in page.links if link.startswith(("javascript:", "data:"))]
    assert "shown-documents-cookies-en-heading" in page.ids
    assert len(page.ids) == len(set(page.ids))
    assert "<b onclick" not in answer.text
    assert "<img" not in answer.text


async def test_a_language_that_does_not_exist_is_refused_at_its_field(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    for code, status, said in (
        ("sverige!", 422, "by a code such as sv or pt-BR"),
        ("xx", 303, "do not exist in 'xx' yet"),
    ):
        fields = await form_of(editor, path, "revision")
        fields.pairs.append(("languages", code))
        answer = await editor.post(path, fields.with_(do="save"))
        assert answer.status_code == status, code
        page = document(answer if status == 422 else await editor.get(path))
        assert said in page.words()
        assert "#languages" in page.links


async def test_r11_a_text_that_turns_its_direction_unseen_is_kept_shown_and_refused(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    turned = "Safe\u202egnp.exe"
    typed = fields.changed({"controller.name": turned, "do": "save"})
    assert (await editor.post(path, typed)).status_code == 303
    page = document(await editor.get(path))
    assert "\u201cSafe\u27e8U+202E\u27e9gnp.exe\u201d (R11)" in page.words()
    assert page.form("revision")["controller.name"] == turned


async def test_a_page_that_saves_by_itself_says_so_and_goes_on_from_there(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = (await form_of(editor, path, "revision")).with_(do="autosave")
    first = await editor.post(path, fields.changed({"banner.title.en": "First"}))
    assert first.status_code == 200
    assert re.search(r'<p id="said">Saved \d\d:\d\d UTC</p>', first.text)
    known = _state(first.text)
    again = fields.changed({**known, "banner.title.en": "Second"})
    assert (await editor.post(path, again)).status_code == 200
    assert (await body_of(shop)).banner.title["en"] == "Second"


async def test_what_is_not_saved_by_itself_is_told_with_its_field(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = (await form_of(editor, path, "revision")).with_(do="autosave")
    typed = {"banner.title.en": "Typed", "days.refused": "soon"}
    answer = await editor.post(path, fields.changed(typed))
    assert answer.status_code == 422
    assert "Not saved: Days that a no stands: give a whole number" in document(answer).words()
    assert await body_of(shop) == policy()


async def test_a_page_that_saves_by_itself_never_overwrites_anybody(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    theirs = fields.changed({"banner.title.en": "Their title", "do": "autosave"})
    assert (await other.post(path, theirs)).status_code == 200
    mine = fields.changed({"banner.title.en": "My title", "do": "autosave"})
    answer = await editor.post(path, mine)
    assert answer.status_code == 409
    assert f"Not saved: {other.email} saved meanwhile" in document(answer).words()
    assert dict(mine.items()).items() >= _state(answer.text).items()
    assert (await body_of(shop)).banner.title["en"] == "Their title"
    shown = await editor.post(path, mine.with_(do="save"))
    assert (shown.status_code, "<del>Their</del><ins>My</ins>" in shown.text) == (409, True)


def _state(html: str) -> dict[str, str]:
    return dict(re.findall(r'name="(revision|seen)" value="([^"]*)"', html))


async def test_another_language_brings_its_fields(shop: Shop, editor: Person) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    one = Fields()
    one.pairs = [pair for pair in fields.items() if pair != ("languages", "en")]
    one.pairs = [pair for pair in one.pairs if pair[0] != "language"]
    one.pairs += [("language", "sv"), ("do", "save")]
    assert (await editor.post(path, one)).status_code == 303
    assert (await body_of(shop)).languages == ("sv",)
    kept = await form_of(editor, path, "revision")
    assert "banner.title.en" not in kept
    kept.pairs.append(("languages", "en"))
    assert (await editor.post(path, kept.with_(do="save"))).status_code == 303
    assert (await body_of(shop)).languages == ("sv", "en")
    assert (await form_of(editor, path, "revision"))["banner.title.en"] == ""


async def test_a_form_that_is_no_form_is_refused(shop: Shop, editor: Person) -> None:
    path = f"/sites/{shop.site.key}/policy"
    sent = {"cookie": f"{COOKIE}={editor.cookie}", "sec-fetch-site": "same-origin"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    for content, headers, status in (
        (b"{}", {"content-type": "application/json"}, 415),
        (b"name=%FF", form, 422),
        (b"name=\xff", form, 422),
        (b"do=save&domain=%00", form, 422),
        (b"a" * 16_000_001, form, 413),
    ):
        answer = await shop.client.post(path, content=content, headers={**sent, **headers})
        assert answer.status_code == status, content[:20]
    assert await body_of(shop) == policy()


@pytest.mark.parametrize(
    ("pasted", "status", "said"),
    [
        ("x" * 5_000_000, 422, "at most 4000000 bytes, and this one has 500"),
        ("x" * 300_000, 303, ""),
    ],
    ids=["5 MB", "300 kB"],
)
async def test_a_paste_that_is_too_long_is_told_and_not_lost(
    shop: Shop, editor: Person, pasted: str, status: int, said: str
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    typed = {"do": "save", "documents.privacy.en": pasted}
    answer = await editor.post(path, fields.changed(typed))
    assert (answer.status_code, said in answer.text) == (status, True)
    if status == 303:
        page = document(await editor.get(path))
        assert "300000 characters: at most 200000 fit here" in page.words()
    else:
        assert pasted in answer.text
        assert await body_of(shop) == policy()


BEGUN = {
    "do": "start",
    "languages": "en",
    "point": "advertising",
    "controller.name": "Fresh AB",
    "controller.address": "Storgatan 1",
    "controller.email": "a@b.example",
    "country": "se",
}


async def test_a_new_site_begins_with_a_policy_that_may_be_published(house: House) -> None:
    key = f"begun-{next(_numbers)}"
    site = await sites.add(house.store, key, "Fresh", ("https://a.example",), house.clock.now)
    editor = await with_role(house, site, Role.EDITOR)
    path = f"/sites/{key}/policy"
    assert "Statistics with Matomo" in (await editor.get(path)).text
    assert (await editor.post(path, BEGUN)).headers["location"] == f"{path}?saved=1"
    assert "keep it from being published" not in (await editor.get(path)).text
    asked = {"revision": "1", "change_class": "major"}
    answer = await editor.post(f"{path}/publish", asked)
    assert answer.headers["location"] == f"/sites/{key}/versions/1?published=1"
    privacy = await house.client.get(f"/policies/{key}/privacy")
    assert "Fresh AB, Storgatan 1, decides what happens" in privacy.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("controller.name", " ", "Company: Give this: visitors are told it."),
        ("controller.email", "", "E-mail: Give this"),
        ("country", "Sweden", "two capital letters"),
        ("country", "XX", "two capital letters"),
    ],
)
async def test_a_starting_point_asks_for_what_it_cannot_know(
    house: House, field: str, value: str, said: str
) -> None:
    key = f"asked-{next(_numbers)}"
    site = await sites.add(house.store, key, "Fresh", ("https://a.example",), house.clock.now)
    editor = await with_role(house, site, Role.EDITOR)
    answer = await editor.post(f"/sites/{key}/policy", BEGUN | {field: value})
    assert (answer.status_code, said in document(answer).words()) == (422, True)
    assert document(answer).form("country")["controller.address"] == "Storgatan 1"
    assert await house.store.policies.draft(site.id) is None


async def test_a_page_that_saves_by_itself_leaves_one_trace_a_sitting(
    house: House, shop: Shop
) -> None:
    anna, bo = Act("anna@a.example", 0), Act("bo@a.example", 0)
    # Who saves, how many seconds later, whether a page does it by itself; and what is logged.
    steps = (
        (anna, 1, True, "policy.autosave"),
        (anna, 1, True, ""),
        (anna, 1, False, "policy.draft"),
        (anna, 1, True, "policy.autosave"),
        (bo, 1, True, "policy.autosave"),
        (anna, 1, True, "policy.autosave"),
        (anna, 1, True, ""),
        (anna, policies.SITTING, True, "policy.autosave"),
    )
    at, said = house.clock.time + 1_000, []
    for number, (who, later, by_itself, _) in enumerate(steps):
        at += later
        before = await _traces(shop)
        changed = policy(domain=f"a{number}.example")
        act = Act(who.by, at)
        await policies.edit_draft(
            house.store, shop.site, _becomes(changed), act, by_itself=by_itself
        )
        after = await _traces(shop)
        said.append(after[0] if len(after) > len(before) else "")
    assert said == [verb for *_, verb in steps]


def _becomes(policy: Policy) -> Callable[[Policy], Policy]:
    return lambda _: policy


async def _traces(shop: Shop) -> list[str]:
    page = await shop.house.store.events.page(shop.site.id, None, 50)
    return [event.verb for event in page if event.verb in ("policy.draft", "policy.autosave")]


async def test_who_saved_since_is_known_also_where_a_page_saved_by_itself(
    house: House, shop: Shop
) -> None:
    found = await policies.draft(house.store, shop.site)
    at, seen = house.clock.time + 1_000, found.revision
    for number, by in enumerate(("anna", "anna", "bo", "bo", "bo")):
        act, changed = Act(by, at + number), policy(domain=f"b{number}.example")
        await policies.edit_draft(house.store, shop.site, _becomes(changed), act, by_itself=True)
    for after, who in ((0, ["bo", "anna"]), (1, ["bo", "anna"]), (2, ["bo"]), (4, ["bo"]), (5, [])):
        savings = await policies.saved_since(house.store, shop.site, seen + after)
        assert [saving.by for saving in savings] == who, after


async def test_what_a_page_saved_by_itself_does_not_stand_for_a_publication(
    house: House, shop: Shop
) -> None:
    at = house.clock.time + 1_000
    change = _becomes(policy(domain="c.example"))
    made = await policies.edit_draft(
        house.store, shop.site, change, Act("anna", at), by_itself=True
    )
    asked = Publication(revision=made.revision, change_class=ChangeClass.PATCH, reason="a test")
    await policies.publish(house.store, shop.site, asked, Act("bo", at + 1))
    assert await policies.saved_since(house.store, shop.site, made.revision) == ()
    back = _becomes(policy())
    await policies.edit_draft(house.store, shop.site, back, Act("anna", at + 2), by_itself=True)
    savings = await policies.saved_since(house.store, shop.site, made.revision)
    assert [(each.by, each.revision) for each in savings] == [("anna", made.revision + 2)]


async def test_a_draft_that_is_left_as_it_is_is_not_saved_again(house: House, shop: Shop) -> None:
    before = await policies.draft(house.store, shop.site)
    act = Act("anna", house.clock.time)
    after = await policies.edit_draft(house.store, shop.site, lambda same: same, act)
    assert after == before
