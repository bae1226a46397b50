"""With many languages a page shows what needs somebody, and folds the rest away."""

import re

import pytest

from consent_service import policies, starting
from consent_service.errors import Invalid
from consent_service.model import Policy
from consent_service.web.pages.folding import FEW, folded
from consent_service.web.pages.forms import Form
from tests.api.pages.people import Person, assert_message_at, document, form_of
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

LANGUAGES = ("sv", *sorted(starting.languages() - {"sv"}))
ABOUT = starting.About("Tea AB", "Quay 1", "privacy@tea.example", "SE", "Ada, 22 November 2026")
_FOLD = re.compile(r'<details class="fold">.*?</details>', re.DOTALL)


def begun(shop: Shop, languages: tuple[str, ...] = LANGUAGES) -> Policy:
    return starting.policy("advertising", languages, starting.Named.of(shop.site), ABOUT)


def away(html: str) -> list[str]:
    """The ids of the fields that are in a closed fold."""
    return re.findall(r'<(?:input|textarea) id="([^"]+)"', "".join(_FOLD.findall(html)))


def summary_of(html: str, stem: str) -> str:
    """What the fold says that holds a text."""
    fold = next(each for each in _FOLD.findall(html) if f' id="{stem}-' in each)
    said = re.sub(r"<[^>]+>", "", fold.partition("</summary>")[0])
    return " ".join(said.split())


async def saved(shop: Shop) -> Policy:
    return policies.parse_policy((await policies.draft(shop.house.store, shop.site)).body)


async def test_a_few_languages_are_never_folded() -> None:
    assert folded(Form(), "text", ("en", "sv", "de")) == (("en", "sv", "de"), ())
    assert folded(None, "", ("en",)) == (("en",), ())
    assert FEW == 3


async def test_the_own_language_those_with_a_fault_and_the_one_worked_on_stand_open() -> None:
    form = Form().find([("text.fi", "the text is missing")])
    form.refuse(Invalid("too long", "text.de")).refuse(Invalid("too long", "other.fr"))
    parted = folded(form, "text", ("sv", "da", "de", "fi", "fr", "nb"), "nb")
    assert parted == (("sv", "de", "fi", "nb"), ("da", "fr"))
    assert folded(form, "text", ("sv", "da", "de", "en"), "").away == ("da", "en")


async def test_a_draft_shows_its_own_language_and_folds_the_others(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(begun(shop))
    html = (await editor.get(f"/sites/{shop.site.key}/policy")).text
    folded_away = away(html)
    for stem in ("banner-title", "categories-marketing-text", "documents-privacy"):
        assert f"{stem}-sv" not in folded_away
        assert {f"{stem}-{language}" for language in LANGUAGES[1:]} <= set(folded_away)
    said = summary_of(html, "banner-title")
    assert said.startswith("Heading, in 28 more languages: Arabic, Bulgarian, Czech, Danish")
    assert "Swedish" not in said


async def test_a_draft_in_three_languages_has_no_fold(shop: Shop, editor: Person) -> None:
    await shop.draft(begun(shop, ("sv", "en", "de")))
    page = await editor.get(f"/sites/{shop.site.key}/policy")
    assert not away(page.text)
    assert 'name="in"' not in page.text


async def test_what_is_folded_away_is_saved_with_the_rest(shop: Shop, editor: Person) -> None:
    content = begun(shop)
    await shop.draft(content)
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    assert (await editor.post(path, fields.with_(do="save"))).status_code == 303
    assert await saved(shop) == content


async def test_a_language_that_lacks_a_text_stands_open_and_says_so_once(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(begun(shop))
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    await editor.post(path, fields.changed({"banner.title.fi": "", "do": "save"}))
    html = (await editor.get(path)).text
    assert "banner-title-fi" not in away(html)
    assert "banner-intro-fi" in away(html)
    assert summary_of(html, "banner-title").startswith("Heading, in 27 more languages")
    at_the_field = re.search(r'id="banner-title-fi-found">([^<]*)<', html)
    assert at_the_field
    assert at_the_field[1] == "The fi text is missing (R16)."


async def test_what_cannot_be_saved_is_not_folded_away(shop: Shop, editor: Person) -> None:
    await shop.draft(begun(shop))
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    typed = fields.changed({"categories.marketing.text.fi": "long " * 2_000_000, "do": "save"})
    answer = await editor.post(path, typed)
    assert answer.status_code == 422
    assert "categories-marketing-text-fi" not in away(answer.text)
    assert_message_at(document(answer), "categories-marketing-text-fi", "")


async def test_one_more_language_is_opened_everywhere_and_stays_so_when_saved(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(begun(shop))
    path = f"/sites/{shop.site.key}/policy"
    page = await editor.get(f"{path}?in=fi")
    assert not [each for each in away(page.text) if each.endswith("-fi")]
    fields = document(page).form("revision")
    answer = await editor.post(path, fields.with_(do="save"))
    assert answer.headers["location"].endswith("&in=fi")
    unknown = await editor.get(f"{path}?in=tlh")
    assert "banner-title-fi" in away(unknown.text)


async def test_a_cookie_shows_its_purpose_in_the_sites_own_language(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(begun(shop))
    path = f"/sites/{shop.site.key}/cookies?row=1"
    page = await editor.get(path)
    assert "purpose-sv" not in away(page.text)
    assert "purpose-fi" in away(page.text)
    fields = document(page).form("purpose.fi")
    lacking = await editor.post(path, fields.changed({"purpose.fi": "", "do": "show"}))
    assert "purpose-fi" not in away(lacking.text)


async def test_notes_are_folded_and_every_one_is_published(shop: Shop, editor: Person) -> None:
    content = begun(shop)
    await shop.draft(content)
    path = f"/sites/{shop.site.key}/policy/publish"
    page = await editor.get(path)
    assert "notice-sv" not in away(page.text)
    assert summary_of(page.text, "notice").startswith("Note, in 28 more languages")
    fields = document(page).form("revision")
    typed = {"change_class": "minor", "reason": "a test", "notice.fi": "Kaikki on toisin."}
    wrong = await editor.post(path, fields.changed({**typed, "notice.fi": "x" * 241}))
    assert wrong.status_code == 422
    assert "notice-fi" not in away(wrong.text)
    done = await editor.post(path, fields.changed(typed))
    version = (await editor.get(done.headers["location"])).text
    assert "Kaikki on toisin." in "".join(_FOLD.findall(version))
    assert 'id="texts-fi"' in "".join(_FOLD.findall(version))
    assert 'id="texts-sv"' not in "".join(_FOLD.findall(version))


async def test_what_is_new_is_told_in_every_language_of_which_one_stands_open(
    shop: Shop, editor: Person
) -> None:
    await shop.draft(begun(shop))
    html = (await editor.get(f"/sites/{shop.site.key}/policy/publish")).text
    table = html.partition("Cookies, row by row")[2].partition("</table>")[0]
    fold = next(each for each in _FOLD.findall(table) if "Finnish" in each)
    assert "Purpose, in 28 more languages" in re.sub(r"<[^>]+>", "", fold)
    assert fold.count("<li>") == len(LANGUAGES) - 1
