"""The draft as a form: what is typed is kept, or said to be wrong at its field."""

import re
from itertools import count

import pytest

from consent_service import policies, sites, words
from consent_service.model import Policy, Reload, Role, Signal, Withdrawal
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


DURATIONS = (
    ("13", "month", 13 * 2_592_000),
    ("2", "year", 2 * 31_536_000),
    ("90", "second", 90),
    ("", "session", None),
    ("7", "session", None),
    ("", "forever", 0),
)


@pytest.mark.parametrize(("amount", "unit", "seconds"), DURATIONS)
async def test_a_duration_is_a_number_and_a_unit(
    shop: Shop, editor: Person, amount: str, unit: str, seconds: int | None
) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    typed = {"declarations[1].seconds": amount, "declarations[1].unit": unit, "do": "save"}
    assert (await editor.post(path, fields.changed(typed))).status_code == 303
    assert (await body_of(shop)).declarations[1].seconds == seconds


MISFITS = (
    ("declarations[1].seconds", "-1", "declarations-1-seconds", "whole number"),
    ("declarations[1].seconds", "1e3", "declarations-1-seconds", "whole number"),
    ("declarations[1].seconds", "99999", "declarations-1-seconds", "whole number"),
    ("declarations[2].country", "Sweden", "declarations-2-country", "two capital letters"),
    ("declarations[0].name", "", "declarations-0-name", "Give the name"),
    ("declarations[0].name", "x" * 129, "declarations-0-name", "128 characters"),
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


async def test_rows_are_added_and_removed_without_saving(shop: Shop, editor: Person) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = (await form_of(editor, path, "revision")).changed({"banner.title.en": "Typed"})
    grown = document(await editor.post(path, fields.with_(do="add"))).form("revision")
    assert grown["banner.title.en"] == "Typed"
    assert grown["declarations[4].name"] == ""
    named = grown.changed({"declarations[4].name": "_new", "declarations[4].purpose.en": "New."})
    shrunk = document(await editor.post(path, named.with_(do="remove-1"))).form("revision")
    names = [shrunk[f"declarations[{row}].name"] for row in range(4)]
    assert names == ["consent", "_count_*", "_adpix", "_new"]
    assert "declarations[4].name" not in shrunk
    assert await body_of(shop) == policy()
    added = {"declarations[3].unit": "session", "do": "save"}
    assert (await editor.post(path, shrunk.changed(added))).status_code == 303
    assert [item.name for item in (await body_of(shop)).declarations] == names


async def test_a_row_left_empty_is_no_cookie(shop: Shop, editor: Person) -> None:
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    grown = document(await editor.post(path, fields.with_(do="add"))).form("revision")
    assert (await editor.post(path, grown.with_(do="save"))).status_code == 303
    assert await body_of(shop) == policy()


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
