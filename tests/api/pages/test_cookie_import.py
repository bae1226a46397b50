"""Cookies from a file, and what a list of known cookies says of a name."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from consent_service import policies
from consent_service.app import running_service
from consent_service.errors import Misconfigured
from consent_service.model import Category, Policy
from consent_service.settings import Settings
from consent_service.web.pages.cookie_import import MAX_FORM
from tests.api.pages.people import COOKIE, Fields, Person, assert_message_at, document, form_of
from tests.given import declaration, policy
from tests.served import House, Shop, running_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIST = (
    "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,"
    "Data Controller,User Privacy & GDPR Rights Portals,Wildcard match\n"
    "1,Metrics,Analytics,_m,,Counts <b>visits</b>.,13 months,Metrics Inc,,0\n"
    "2,Metrics,Analytics,_m_,,Counts by property.,2 years,Metrics Inc,,1\n"
    "3,Shop,Security,_keep,,Keeps robots out.,session,Shop AB,,0\n"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(database: str, folder: Path) -> AsyncIterator[House]:
    """A running service whose operator has brought a list of known cookies."""
    file = folder / "known.csv"
    file.write_text(LIST)
    async with running_house(database, folder, known_cookies=str(file)) as running:
        yield running


def path_of(shop: Shop, more: str = "") -> str:
    return f"/sites/{shop.site.key}/cookies{more}"


async def body_of(shop: Shop) -> Policy:
    found = await policies.draft(shop.house.store, shop.site)
    return policies.parse_policy(found.body)


async def uploaded(person: Person, shop: Shop, content: bytes, **fields: str) -> httpx.Response:
    """The answer to a file that is chosen in the form."""
    headers = {"cookie": f"{COOKIE}={person.cookie}", "sec-fetch-site": "same-origin"}
    path, files = path_of(shop, "/import"), {"file": ("list.csv", content, "text/csv")}
    return await shop.client.post(path, data=fields, files=files, headers=headers)


async def test_a_file_is_looked_at_before_anything_is_done(shop: Shop, editor: Person) -> None:
    text = LIST + "4,X,Analytics,_count_*,,Other.,1 day,X,,0\n5,X,Sports,_s,,X.,1 day,X,,0\n"
    answer = await uploaded(editor, shop, text.encode(), do="look")
    page = document(answer)
    assert answer.status_code == 200
    assert "3 to add, 0 to change, 0 as they are, 2 left out" in page.words()
    assert "it is in the list already, and says otherwise" in page.words()
    assert "category: 'Sports' is none of the four categories" in page.words()
    assert await body_of(shop) == policy()
    added = await editor.post(path_of(shop, "/import"), page.form("csv").with_(do="add"))
    assert added.headers["location"].startswith(path_of(shop, "?saved="))
    declared = (await body_of(shop)).declarations
    assert [item.name for item in declared[4:]] == ["_m", "_m_*", "_keep"]
    assert declared[4].purpose == {"en": "Counts <b>visits</b>."}
    assert declared[6].category is Category.NECESSARY


async def test_what_is_in_the_list_is_changed_only_where_that_is_wished(
    shop: Shop, editor: Person
) -> None:
    fields = {"csv": "name,provider\n_adpix,Other AB\n", "existing": "overwrite", "do": "look"}
    page = document(await editor.post(path_of(shop, "/import"), fields))
    assert "0 to add, 1 to change" in page.words()
    assert "another provider" in page.words()
    await editor.post(path_of(shop, "/import"), fields | {"do": "add"})
    assert (await body_of(shop)).declarations[3].provider == "Other AB"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose a file, or paste a list"),
        (b"a,b\n1,2\n", "it has: a, b"),
        (b"name,category\n_n,mark\xe9ting\n", "Line 2 is not UTF-8"),
        (b'name,category\n"_n,marketing\n', "Line 2 cannot be read"),
    ],
    ids=["nothing", "columns", "encoding", "quotes"],
)
async def test_what_is_no_list_is_said_at_its_field(
    shop: Shop, editor: Person, content: bytes, said: str
) -> None:
    answer = await uploaded(editor, shop, content, do="look")
    page = document(answer)
    assert answer.status_code == 422
    assert_message_at(page, "csv" if content else "file", said)
    assert await body_of(shop) == policy()


async def test_what_was_pasted_and_does_not_fit_is_still_there(shop: Shop, editor: Person) -> None:
    pasted = "first,second\n<b>1</b>,2"
    answer = await editor.post(path_of(shop, "/import"), {"csv": pasted, "do": "add"})
    assert answer.status_code == 422
    assert document(answer).form("csv")["csv"] == pasted


async def test_ten_thousand_lines_are_counted_and_the_first_of_each_kind_listed(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(policy(declarations=[declaration("_x", "marketing")]))
    text = "name,category\n" + "".join(f"_n{number},marketing\n" for number in range(9_999))
    page = document(await uploaded(editor, shop, text.encode(), do="look"))
    assert "9,999 to add" in page.words()
    assert "The first 200 lines of each kind are shown" in page.words()
    assert page.html.count('<tr role="row" class="added">') == 200
    answer = await editor.post(path_of(shop, "/import"), page.form("csv").with_(do="add"))
    assert answer.status_code == 303
    assert len((await body_of(shop)).declarations) == 10_000
    again = await uploaded(editor, shop, b"name,category\n_more,marketing\n", do="add")
    assert_message_at(document(again), "csv", "at most 10,000 declarations")


async def test_a_form_that_is_no_form_is_refused(shop: Shop, editor: Person) -> None:
    sent = {"cookie": f"{COOKIE}={editor.cookie}", "sec-fetch-site": "same-origin"}
    form = "multipart/form-data; boundary=b"
    many = b"".join(
        b'--b\r\ncontent-disposition: form-data; name="x%d"\r\n\r\n\r\n' % n for n in range(40)
    )
    for kind, content, status in (
        ("text/csv", b"name\n", 415),
        (form, b"name\n", 422),
        ("multipart/form-data", b"--b--", 422),
        (form, many + b"--b--", 422),
        (form, b'--b\r\ncontent-disposition: form-data; name="csv"\r\n\r\n\0\r\n--b--', 422),
        (form, b"a" * (MAX_FORM + 1), 413),
    ):
        headers = {**sent, "content-type": kind}
        answer = await shop.client.post(path_of(shop, "/import"), content=content, headers=headers)
        assert answer.status_code == status, content[:40]
    assert await body_of(shop) == policy()


async def test_the_drafts_cookies_are_a_file_that_is_taken_in_as_it_is(
    shop: Shop, editor: Person
) -> None:
    answer = await editor.get(path_of(shop, ".csv"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    page = document(await uploaded(editor, shop, answer.content, do="look"))
    assert "0 to add, 0 to change, 4 as they are, 0 left out" in page.words()


async def row_of(person: Person, shop: Shop, **typed: str) -> Fields:
    fields = await form_of(person, path_of(shop, "?row=new"), "provider")
    return fields.changed(typed)


async def test_a_name_that_is_known_is_offered_and_fills_only_what_is_empty(
    shop: Shop, editor: Person
) -> None:
    fields = await row_of(editor, shop, name="_m_AB1", **{"purpose.en": "Mine."})
    live = await editor.post(path_of(shop), fields.with_(do="live"))
    assert "Known: _m_* of Metrics Inc, statistics, 2 years" in document(live).words()
    answer = await editor.post(path_of(shop, "?known=0"), fields.with_(do="fill"))
    page = document(answer)
    assert (
        "Filled in from the list of known cookies: who sets it, how long it lasts" in page.words()
    )
    filled = page.form("provider")
    assert (filled["name"], filled["provider"]) == ("_m_AB1", "Metrics Inc")
    assert (filled["seconds"], filled["unit"]) == ("2", "year")
    assert filled["purpose.en"] == "Mine."
    assert await body_of(shop) == policy()


async def test_r20_a_suggestion_never_says_that_something_is_necessary_or_why(
    shop: Shop, editor: Person
) -> None:
    fields = await row_of(editor, shop, name="_keep")
    page = document(await editor.post(path_of(shop, "?known=0"), fields.with_(do="fill")))
    filled = page.form("provider")
    assert (filled["category"], filled["reason.en"], filled["reviewed"]) == ("statistics", "", "")
    assert "only you can say (R20)" in page.words()


async def test_r20_a_known_tracker_that_is_called_necessary_is_told(
    shop: Shop, editor: Person
) -> None:
    fields = await row_of(editor, shop, name="_m_1", category="necessary")
    answer = await editor.post(path_of(shop), fields.with_(do="show"))
    said = document(answer).words()
    assert "The list knows this name as statistics, of Metrics Inc" in said
    assert "Look it up, and check" in said


@pytest.mark.parametrize("known", ["", "1", "9", "x", "-1"])
async def test_a_suggestion_that_is_none_fills_nothing(
    shop: Shop, editor: Person, known: str
) -> None:
    fields = await row_of(editor, shop, name="unheard-of")
    answer = await editor.post(path_of(shop, f"?known={known}"), fields.with_(do="fill"))
    assert (answer.status_code, document(answer).form("provider")["provider"]) == (200, "")


@pytest.mark.parametrize("content", [None, b"a,b\n1,2\n", b"\xff\xfe\xff"])
async def test_a_list_that_cannot_be_read_stops_the_start(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "known.csv"
    if content is not None:
        file.write_bytes(content)
    settings = Settings(
        database=f"sqlite:///{tmp_path}/c.db", keys=tmp_path / "keys", known_cookies=str(file)
    )
    with pytest.raises(Misconfigured, match="known_cookies: "):
        async with running_service(settings):
            raise AssertionError("it started")
