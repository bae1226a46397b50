"""The table of a draft's cookies: found, opened, saved one by one, moved, removed, put back."""

import re
from typing import Any

import pytest

from consent_service import policies, sites
from consent_service.model import Category, CookieDeclaration, Policy, Role, Storage
from tests.api.pages.people import (
    Document,
    Fields,
    Person,
    assert_message_at,
    document,
    form_of,
    with_role,
)
from tests.given import declaration, policy, policy_json
from tests.served import House, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


def path_of(shop: Shop, query: str = "") -> str:
    return f"/sites/{shop.site.key}/cookies{query}"


async def body_of(shop: Shop) -> Policy:
    found = await policies.draft(shop.house.store, shop.site)
    return policies.parse_policy(found.body)


async def names_of(shop: Shop) -> list[str]:
    return [item.name for item in (await body_of(shop)).declarations]


async def row_of(person: Person, shop: Shop, place: int | str) -> Fields:
    """The form of one row."""
    return await form_of(person, path_of(shop, f"?row={place}"), "provider")


async def saved(person: Person, shop: Shop, fields: Fields, **changes: str) -> Document | None:
    """The page with what does not fit; None where it was saved."""
    answer = await person.post(path_of(shop), fields.changed({"do": "save", **changes}))
    return None if answer.status_code == 303 else document(answer)


async def ticked(person: Person, shop: Shop, *places: int) -> Fields:
    """The form that is sent with these rows ticked."""
    html = (await person.get(path_of(shop))).text
    references = re.findall(r'name="chosen" value="([^"]+)"', html)
    fields = Fields()
    fields.pairs = [("chosen", references[place]) for place in places]
    return fields


async def test_every_declaration_is_a_row_with_what_is_to_be_seen_to(
    shop: Shop, editor: Person
) -> None:
    declared = policy_json()["declarations"]
    declared[2]["provider"] = ""
    await shop.draft(policy(declarations=declared))
    page = document(await editor.get(path_of(shop)))
    assert (
        "All 4 Necessary 1 Preferences 1 Statistics 1 Marketing 1 To be seen to 1" in page.words()
    )
    assert "Who sets it: say who sets it" in page.words()
    assert path_of(shop, "?row=2#row") in page.links


async def test_saving_a_row_as_it_is_changes_nothing(shop: Shop, editor: Person) -> None:
    for place in range(4):
        assert await saved(editor, shop, await row_of(editor, shop, place)) is None
    found = await policies.draft(shop.house.store, shop.site)
    assert policies.parse_policy(found.body) == policy()


DURATIONS = (
    ("13", "month", 13 * 2_592_000),
    ("2", "year", 2 * 31_536_000),
    ("3", "week", 3 * 604_800),
    ("90", "second", 90),
    ("", "session", None),
    ("7", "session", None),
    ("", "forever", 0),
)


@pytest.mark.parametrize(("amount", "unit", "seconds"), DURATIONS)
async def test_a_duration_is_a_number_and_a_unit(
    shop: Shop, editor: Person, amount: str, unit: str, seconds: int | None
) -> None:
    fields = await row_of(editor, shop, 1)
    assert await saved(editor, shop, fields, seconds=amount, unit=unit) is None
    assert (await body_of(shop)).declarations[1].seconds == seconds


MISFITS = (
    ({"seconds": "-1", "unit": "day"}, "seconds", "whole number, 1 or more"),
    ({"seconds": "1e3", "unit": "day"}, "seconds", "whole number"),
    ({"seconds": "99999", "unit": "year"}, "seconds", "at most ten times 400 days"),
    ({"country": "Sweden"}, "country", "Choose the country from the list"),
    ({"name": ""}, "name", "Give the name"),
    ({"name": "x" * 129}, "name", "128 characters"),
    ({"category": "other"}, "category", "one of the four categories"),
    ({"storage": "drawer"}, "storage", "a kind of storage"),
)


@pytest.mark.parametrize("misfit", MISFITS, ids=lambda misfit: str(misfit[0])[:40])
async def test_what_does_not_fit_is_said_at_its_field_and_nothing_typed_is_lost(
    shop: Shop, editor: Person, misfit: tuple[dict[str, str], str, str]
) -> None:
    typed, at, message = misfit
    fields = (await row_of(editor, shop, 2)).changed({"purpose.en": "Typed <before>"})
    page = await saved(editor, shop, fields, **typed)
    assert page
    assert_message_at(page, at, message)
    again = page.form("provider")
    kept = {"purpose.en": "Typed <before>", **typed}
    # A choice that a list does not have cannot be shown in it.
    kept = {
        name: value for name, value in kept.items() if name in ("seconds", "name", "purpose.en")
    }
    assert {name: again[name] for name in kept} == kept
    assert await body_of(shop) == policy()


async def test_a_row_is_added_at_the_end_by_its_form(shop: Shop, editor: Person) -> None:
    fields = await row_of(editor, shop, "new")
    typed = {
        "name": " _new_* ",
        "category": "marketing",
        "storage": "local_storage",
        "provider": "New AB",
        "country": "NO",
        "seconds": "2",
        "unit": "week",
        "purpose.en": "New.",
        "purpose.sv": "Nytt.",
        "hosts": "a.example, b.example",
    }
    assert await saved(editor, shop, fields, **typed) is None
    assert (await body_of(shop)).declarations[-1] == CookieDeclaration(
        name="_new_*",
        category=Category.MARKETING,
        storage=Storage.LOCAL_STORAGE,
        provider="New AB",
        country="NO",
        seconds=1_209_600,
        purpose={"en": "New.", "sv": "Nytt."},
        hosts=("a.example", "b.example"),
    )


async def test_save_and_add_another_opens_an_empty_form(shop: Shop, editor: Person) -> None:
    fields = (await row_of(editor, shop, "new")).changed({"name": "_one", "do": "another"})
    answer = await editor.post(path_of(shop), fields)
    assert "row=new" in answer.headers["location"]
    assert document(await editor.get(answer.headers["location"])).form("provider")["name"] == ""


async def test_rows_are_moved_between_categories_and_take_their_reason_not_along(
    shop: Shop, editor: Person
) -> None:
    fields = await ticked(editor, shop, 0, 3)
    answer = await editor.post(path_of(shop), fields.with_(do="move", to="preferences"))
    assert answer.status_code == 303
    declared = (await body_of(shop)).declarations
    assert [item.category.value for item in declared] == [
        "preferences",
        "preferences",
        "statistics",
        "preferences",
    ]
    assert (declared[0].reason, declared[0].reviewed) == ({}, "")


async def test_what_was_removed_is_put_back_where_it_stood(shop: Shop, editor: Person) -> None:
    page = document(
        await editor.post(path_of(shop), (await ticked(editor, shop, 0, 2)).with_(do="remove"))
    )
    assert await names_of(shop) == ["language", "_adpix"]
    assert "Removed consent, _count_*." in page.words()
    answer = await editor.post(path_of(shop), page.form("gone").with_(do="undo"))
    assert answer.status_code == 303
    assert await body_of(shop) == policy()


async def test_an_open_row_is_removed_by_its_own_button(shop: Shop, editor: Person) -> None:
    fields = await row_of(editor, shop, 1)
    page = document(await editor.post(path_of(shop), fields.with_(do="remove")))
    assert "Removed language." in page.words()
    assert await names_of(shop) == ["consent", "_count_*", "_adpix"]


@pytest.mark.parametrize("do", ["remove", "move"])
async def test_without_a_tick_nothing_is_done_and_it_is_said(
    shop: Shop, editor: Person, do: str
) -> None:
    answer = await editor.post(path_of(shop), {"do": do, "to": "marketing"})
    assert (answer.status_code, "Tick the rows first" in answer.text) == (422, True)
    assert await body_of(shop) == policy()


@pytest.mark.parametrize("gone", ["", "{}", "[[0,{}]]", '[[-5,{"name":1}]]'])
async def test_an_undo_that_is_none_is_refused(shop: Shop, editor: Person, gone: str) -> None:
    answer = await editor.post(path_of(shop), {"do": "undo", "gone": gone})
    assert answer.status_code == 422
    assert await body_of(shop) == policy()


async def test_two_people_on_two_rows_are_in_nobodys_way(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    mine, theirs = await row_of(editor, shop, 1), await row_of(other, shop, 2)
    assert await saved(other, shop, theirs, provider="Theirs AB") is None
    assert await saved(editor, shop, mine, provider="Mine AB") is None
    providers = [item.provider for item in (await body_of(shop)).declarations]
    assert providers[1:3] == ["Mine AB", "Theirs AB"]


async def test_a_row_is_found_again_where_others_removed_one_above_it(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    mine = await row_of(editor, shop, 3)
    await other.post(path_of(shop), (await ticked(other, shop, 0)).with_(do="remove"))
    assert await saved(editor, shop, mine, provider="Mine AB") is None
    declared = (await body_of(shop)).declarations
    assert [(item.name, item.provider) for item in declared][-1] == ("_adpix", "Mine AB")


async def test_two_people_on_one_row_never_overwrite_each_other(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    fields = await row_of(editor, shop, 1)
    assert await saved(other, shop, fields, provider="Theirs AB") is None
    page = await saved(editor, shop, fields, provider="Mine AB")
    assert page
    assert "Somebody changed this cookie meanwhile" in page.words()
    assert "<del>Theirs</del><ins>Mine</ins> AB" in page.html
    assert (await body_of(shop)).declarations[1].provider == "Theirs AB"
    again = page.form("provider")
    assert again["provider"] == "Mine AB"
    assert await saved(editor, shop, again) is None
    assert (await body_of(shop)).declarations[1].provider == "Mine AB"


async def test_a_row_that_others_removed_is_told_and_can_be_saved_anew(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    fields = await row_of(editor, shop, 1)
    await other.post(path_of(shop), (await ticked(other, shop, 1)).with_(do="remove"))
    page = await saved(editor, shop, fields, provider="Mine AB")
    assert page
    assert "Somebody removed this cookie meanwhile" in page.words()
    assert await saved(editor, shop, page.form("provider")) is None
    assert (await names_of(shop))[-1] == "language"


async def test_a_row_that_is_being_typed_is_saved_and_goes_on_from_there(
    shop: Shop, editor: Person
) -> None:
    fields = (await row_of(editor, shop, "new")).with_(do="autosave")
    first = await editor.post(path_of(shop), fields.changed({"name": "_a"}))
    assert (first.status_code, "Saved " in first.text) == (200, True)
    known = dict(re.findall(r'name="(row|was\.\w+)" value="([^"]*)"', first.text))
    # The first answer was lost: what it saved is not added a second time.
    assert (await editor.post(path_of(shop), fields.changed({"name": "_a"}))).status_code == 200
    again = fields.changed({**known, "name": "_ab"})
    assert (await editor.post(path_of(shop), again)).status_code == 200
    assert await names_of(shop) == ["consent", "language", "_count_*", "_adpix", "_ab"]


async def test_a_row_that_cannot_be_saved_by_itself_says_why(shop: Shop, editor: Person) -> None:
    fields = (await row_of(editor, shop, 1)).with_(do="autosave", seconds="-1", unit="day")
    answer = await editor.post(path_of(shop), fields)
    assert answer.status_code == 422
    assert "Not saved: How long it lasts: give a whole number, 1 or more" in answer.text
    assert await body_of(shop) == policy()


SAID: tuple[tuple[dict[str, str], str], ...] = (
    ({"name": "_ga", "category": "necessary"}, "known tracker: it is not strictly necessary"),
    ({"purpose.sv": ""}, "Purpose (Swedish): the sv text is missing"),
    ({"purpose.en": "To improve your experience."}, "say what it is used for"),
    ({"storage": "local_storage", "unit": "session"}, "local storage outlives the session"),
    ({"unit": "forever"}, "a cookie has an end: give its duration"),
    ({"name": "language"}, "language is declared twice"),
    ({"name": "_count_1"}, "cover the same names"),
    ({"name": "_c*"}, "It covers these of the list as well: _count_*"),
    (
        {"name": "safe\u202egpj"},
        "turn the reading direction: \u201csafe\u27e8U+202E\u27e9gpj\u201d",
    ),
)


@pytest.mark.parametrize(("typed", "said"), SAID, ids=lambda each: str(each)[:40])
async def test_what_is_to_be_seen_to_is_said_while_a_row_is_typed(
    shop: Shop, editor: Person, typed: dict[str, str], said: str
) -> None:
    fields = (await row_of(editor, shop, 3)).changed({**typed, "do": "live"})
    answer = await editor.post(path_of(shop), fields)
    assert answer.status_code == 200
    assert said in document(answer).words()
    assert await body_of(shop) == policy()


async def test_without_a_script_a_button_says_the_same(shop: Shop, editor: Person) -> None:
    fields = (await row_of(editor, shop, 3)).with_(name="_ga", category="necessary", do="show")
    page = document(await editor.post(path_of(shop), fields))
    assert "Not saved yet" in page.words()
    assert "This name belongs to a known tracker" in page.words()
    assert page.form("provider")["name"] == "_ga"


FOUND: tuple[tuple[str, list[str]], ...] = (
    ("?find=COUNT", ["_count_*"]),
    ("?find=_count_abc", ["_count_*"]),
    ("?find=nordic", ["consent", "language", "_count_*", "_adpix"]),
    ("?in=marketing", ["_adpix"]),
    ("?in=marketing&find=consent", []),
    ("?in=else&page=99", ["consent", "language", "_count_*", "_adpix"]),
    ("?find=" + "%F0%9F%8D%8B" * 300, []),
)


@pytest.mark.parametrize(("query", "names"), FOUND, ids=lambda each: str(each)[:30])
async def test_rows_are_found_by_name_company_and_category(
    shop: Shop, editor: Person, query: str, names: list[str]
) -> None:
    page = document(await editor.get(path_of(shop, query)))
    rows = [values["id"] for values in page.attributes.values() if re.match(r"c\d", values["id"])]
    declared = [item.name for item in policy().declarations]
    assert [declared[int(row[1:])] for row in rows] == names


def _many(count: int) -> list[dict[str, Any]]:
    return [declaration(f"_c{number}", "statistics") for number in range(count)]


async def test_ten_thousand_declarations_are_shown_page_by_page(shop: Shop, editor: Person) -> None:
    many = _many(10_000)
    many[9_876]["provider"] = ""
    await shop.draft(policy(declarations=many))
    for query, row in (("", 0), ("?page=200", 9_950), ("?row=9876", 9_876), ("?wrong=1", 9_876)):
        answer = await editor.get(path_of(shop, query))
        assert answer.status_code == 200
        assert f'id="c{row}"' in answer.text, query
        assert len(answer.content) < 150_000, query
    draft = await editor.get(f"/sites/{shop.site.key}/policy")
    assert "10,000 statistics" in document(draft).words()
    assert len(draft.content) < 300_000
    fields = await row_of(editor, shop, 9_876)
    assert await saved(editor, shop, fields, provider="Here AB") is None
    assert (await body_of(shop)).declarations[9_876].provider == "Here AB"
    page = await saved(editor, shop, await row_of(editor, shop, "new"), name="_one_more")
    assert page
    assert "at most 10,000 declarations" in page.words()
    assert page.form("provider")["name"] == "_one_more"


async def test_a_place_that_is_none_opens_nothing(shop: Shop, editor: Person) -> None:
    for place in ("4", "-1", "x", "999999999"):
        answer = await editor.get(path_of(shop, f"?row={place}"))
        assert (answer.status_code, 'id="row-form"' in answer.text) == (200, False)


async def test_a_site_without_a_draft_begins_with_its_policy(house: House) -> None:
    site = await sites.add(house.store, "bare-cookies", "Bare", ("https://a.example",), 0)
    editor = await with_role(house, site, Role.EDITOR)
    answer = await editor.get("/sites/bare-cookies/cookies")
    assert answer.headers["location"] == "/sites/bare-cookies/policy"
