"""The looks of a draft: shown by the real banner, saved beside the texts, readable or refused."""

import re
from itertools import count

import httpx
import pytest
from msgspec.structs import replace

from consent_service import policies, sites
from consent_service.model import Colours, Layout, Policy, ReopenButton, Role, Scheme, Theme
from consent_service.signing import open_keyring, sha256_b64
from consent_service.web.pages.policy_form import empty_policy
from consent_service.web.pages.preview import SECONDS
from tests.api.pages.people import (
    COOKIE,
    Fields,
    Person,
    assert_message_at,
    document,
    form_of,
    stranger,
    with_role,
)
from tests.given import elaborate, policy
from tests.served import House, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)

NEW = {
    "theme.layout": "card",
    "theme.scheme": "dark",
    "theme.radius": "0",
    "theme.button": "end",
    "theme.light.back": "#FFFDF8",
    "theme.light.ink": "1c1a17",
    "theme.light.act": "#53b",
    "theme.dark.back": " #15130f ",
    "theme.dark.ink": "#f4efe6",
    "theme.dark.act": "#e2c49a",
}
SAVED = Theme(
    layout=Layout.CARD,
    scheme=Scheme.DARK,
    light=Colours(back="#fffdf8", ink="#1c1a17", act="#5533bb"),
    dark=Colours(back="#15130f", ink="#f4efe6", act="#e2c49a"),
    radius=0,
    button=ReopenButton.END,
)


def path_of(shop: Shop) -> str:
    return f"/sites/{shop.site.key}/theme"


async def body_of(shop: Shop) -> Policy:
    found = await policies.draft(shop.house.store, shop.site)
    return policies.parse_policy(found.body)


async def fields_of(shop: Shop, editor: Person) -> Fields:
    return await form_of(editor, path_of(shop), "revision")


def frame_of(answer: httpx.Response) -> str:
    """The address of the preview on the page."""
    found = re.search(r'<iframe src="([^"#]+)', answer.text)
    assert found
    return found[1]


async def test_the_looks_are_saved_beside_the_texts(shop: Shop, editor: Person) -> None:
    fields = await fields_of(shop, editor)
    assert (fields["theme.layout"], fields["theme.light.act"]) == ("bar", "#17324d")
    answer = await editor.post(path_of(shop), fields.changed({**NEW, "do": "save"}))
    assert answer.status_code == 303, answer.text
    assert await body_of(shop) == replace(policy(), theme=SAVED)
    page = document(await editor.get(answer.headers["location"]))
    assert "Saved as revision" in page.words()
    assert page.form("revision")["theme.light.act"] == "#5533bb"
    publish = document(await editor.get(f"/sites/{shop.site.key}/policy/publish")).words()
    assert "Looks: Buttons (light)" in publish
    assert "Proposed: patch." in publish


async def test_saving_the_looks_as_they_are_changes_nothing(shop: Shop, editor: Person) -> None:
    await shop.draft(elaborate())
    fields = await fields_of(shop, editor)
    assert (await editor.post(path_of(shop), fields.with_(do="save"))).status_code == 303
    assert await body_of(shop) == elaborate()


MISFITS = (
    ("theme.light.ink", "reddish", "theme-light-ink", "six digits"),
    ("theme.light.ink", "", "theme-light-ink", "six digits"),
    ("theme.dark.act", "#12345", "theme-dark-act", "six digits"),
    ("theme.light.back", "url(//evil)", "theme-light-back", "six digits"),
    ("theme.radius", "25", "theme-radius", "from 0 to 24"),
    ("theme.radius", "-1", "theme-radius", "from 0 to 24"),
    ("theme.light.ink", "#999999", "theme-light-ink", "by 2.8 to 1, and 4.5 to 1 is the least"),
    ("theme.dark.act", "#3d4a5c", "theme-dark-act", "by 1.8 to 1"),
)


@pytest.mark.parametrize("misfit", MISFITS, ids=lambda misfit: f"{misfit[0]}={misfit[1]}")
async def test_r10_what_does_not_fit_or_cannot_be_read_is_said_at_its_field(
    shop: Shop, editor: Person, misfit: tuple[str, str, str, str]
) -> None:
    field, text, at, message = misfit
    fields = await fields_of(shop, editor)
    sent = fields.changed({"theme.layout": "centred", field: text, "do": "save"})
    answer = await editor.post(path_of(shop), sent)
    page = document(answer)
    assert answer.status_code == 422
    assert_message_at(page, at, message)
    assert page.form("revision")[field] == text
    assert page.form("revision")["theme.layout"] == "centred"
    assert await body_of(shop) == policy()


@pytest.mark.parametrize("name", ["theme.layout", "theme.scheme", "theme.button"])
async def test_looks_that_there_are_not_are_refused(shop: Shop, editor: Person, name: str) -> None:
    fields = await fields_of(shop, editor)
    answer = await editor.post(path_of(shop), fields.changed({name: "huge", "do": "save"}))
    assert (answer.status_code, "Choose one of these" in answer.text) == (422, True)
    assert await body_of(shop) == policy()


async def test_two_editors_never_overwrite_each_other(
    house: House, shop: Shop, editor: Person
) -> None:
    other = await with_role(house, shop.site, Role.EDITOR)
    mine = (await fields_of(shop, editor)).changed({**NEW, "do": "save"})
    theirs = (await fields_of(shop, other)).changed({"theme.layout": "centred", "do": "save"})
    await other.post(path_of(shop), theirs)
    await shop.draft(replace(await body_of(shop), domain="tea.example"))
    answer = await editor.post(path_of(shop), mine)
    page = document(answer)
    assert answer.status_code == 409
    assert "saved meanwhile" in page.words()
    assert "Layout: theirs centred, yours card" in page.words()
    assert (await body_of(shop)).theme == Theme(layout=Layout.CENTRED)
    again = page.form("revision").with_(do="save")
    assert again["theme.light.act"] == "#53b"
    assert (await editor.post(path_of(shop), again)).status_code == 303
    assert await body_of(shop) == replace(policy(), theme=SAVED, domain="tea.example")


async def test_saving_the_texts_keeps_the_looks(shop: Shop, editor: Person) -> None:
    await shop.draft(replace(policy(), theme=SAVED))
    path = f"/sites/{shop.site.key}/policy"
    fields = await form_of(editor, path, "revision")
    answer = await editor.post(path, fields.changed({"domain": "tea.example", "do": "save"}))
    assert answer.status_code == 303
    assert await body_of(shop) == replace(policy(), theme=SAVED, domain="tea.example")


async def test_a_site_without_a_draft_begins_with_its_policy(house: House) -> None:
    key = f"plain-{next(_numbers)}"
    site = await sites.add(house.store, key, "Plain", ("https://a.example",), house.clock.now)
    editor = await with_role(house, site, Role.EDITOR)
    answer = await editor.get(f"/sites/{key}/theme")
    assert answer.headers["location"] == f"/sites/{key}/policy"


# --- The preview ---------------------------------------------------------------------------------


async def test_looks_are_shown_by_the_real_banner_and_not_saved(shop: Shop, editor: Person) -> None:
    fields = await fields_of(shop, editor)
    shown = {"do": "show", "show.language": "sv", "show.width": "wide", "show.layer": "2"}
    answer = await editor.post(path_of(shop), fields.changed({**NEW, **shown}))
    assert answer.status_code == 200
    assert await body_of(shop) == policy()
    page = document(answer)
    assert page.form("revision")["theme.light.act"] == "#53b"
    assert 'data-width="wide"' in answer.text
    assert f'<iframe src="{frame_of(answer)}#consent"' in answer.text
    anybody = stranger(shop.house)
    frame = await anybody.get(frame_of(answer))
    assert '<html lang="sv"' in frame.text
    script = await anybody.get(f"{frame_of(answer)}/banner.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "Which cookies? (sv)" in script.text
    named = re.search(r"[\"'`]([A-Za-z0-9_-]{43})[\"'`]", script.text)
    assert named
    settings = await anybody.get(f"{frame_of(answer)}/banner/{named[1]}.js")
    assert sha256_b64(settings.content) == named[1]
    assert settings.headers["access-control-allow-origin"] == "*"
    other = await anybody.get(f"{frame_of(answer)}/banner/{'a' * 43}.js")
    assert other.status_code == 404


async def test_what_reads_badly_is_shown_so_that_it_can_be_seen(shop: Shop, editor: Person) -> None:
    fields = await fields_of(shop, editor)
    answer = await editor.post(
        path_of(shop), fields.changed({"theme.light.ink": "#999999", "do": "show"})
    )
    assert answer.status_code == 200
    assert "by 2.8 to 1" in answer.text
    assert "text 2.8 to 1, buttons 13.1 to 1" in document(answer).words()


async def test_a_preview_is_a_page_of_nobody(shop: Shop, editor: Person) -> None:
    """It has no origin: its scripts have no cookie, no storage, and nobody to ask."""
    address = frame_of(await editor.get(path_of(shop)))
    frame = await stranger(shop.house).get(address)
    rules = {rule.partition(" ")[0]: rule for rule in _rules(frame)}
    assert rules["sandbox"] == "sandbox allow-scripts"
    assert rules["default-src"] == "default-src 'none'"
    assert "connect-src" not in rules
    assert rules["frame-ancestors"] == "frame-ancestors 'self'"
    assert frame.headers["x-frame-options"] == "SAMEORIGIN"
    assert "set-cookie" not in frame.headers
    assert not document(frame).inline


def _rules(answer: httpx.Response) -> list[str]:
    return [rule.strip() for rule in answer.headers["content-security-policy"].split(";")]


async def test_only_a_page_with_a_preview_may_hold_a_frame(shop: Shop, editor: Person) -> None:
    for path in (path_of(shop), f"/sites/{shop.site.key}/policy"):
        assert "frame-src 'self'" in _rules(await editor.get(path)), path
    other = await editor.get(f"/sites/{shop.site.key}/cookies")
    assert not [rule for rule in _rules(other) if rule.startswith("frame-src")]


async def test_a_preview_is_there_for_an_hour_and_for_who_was_given_its_address(
    shop: Shop, editor: Person
) -> None:
    address = frame_of(await editor.get(path_of(shop)))
    anybody = stranger(shop.house)
    assert (await anybody.get(address)).status_code == 200
    keyring = open_keyring(shop.house.settings.keys, shop.house.clock.now)
    forged = keyring.sessions.seal({"site": shop.site.key}, shop.house.clock.now, "preview")
    session = keyring.sessions.seal({"account": 1, "epoch": 0}, shop.house.clock.now)
    for token in ("any", "a.b.c", forged, session, address.removeprefix("/preview/")[:-1]):
        for file in ("", "/banner.js"):
            assert (await anybody.get(f"/preview/{token}{file}")).status_code == 404, token
    shop.house.clock.time += SECONDS + 1
    assert (await anybody.get(address)).status_code == 404


async def test_the_address_of_a_preview_opens_nothing_else(shop: Shop, editor: Person) -> None:
    token = frame_of(await editor.get(path_of(shop))).removeprefix("/preview/")
    answer = await shop.client.get("/account", headers={"cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 303


async def test_a_draft_that_says_nothing_yet_can_be_looked_at(
    house: House,
) -> None:
    key = f"blank-{next(_numbers)}"
    site = await sites.add(house.store, key, "Blank", ("https://a.example",), house.clock.now)
    editor = await with_role(house, site, Role.EDITOR)
    await policies.save_draft(house.store, site, 0, empty_policy(("sv", "en")), house.operator)
    answer = await editor.get(f"/sites/{key}/theme")
    assert answer.status_code == 200
    script = await stranger(house).get(f"{frame_of(answer)}/banner.js")
    assert script.status_code == 200
    assert "Statistik" in script.text
