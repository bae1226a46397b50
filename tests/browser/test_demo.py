"""The demo's own honesty: what its tags leave in a real browser is what its policy declares."""

from importlib.resources import files

from playwright.sync_api import expect

from consent_service import policies
from consent_service.model import CookieDeclaration, Storage
from tests.browser.visit import Visit

ROUNDING = 60
"""Seconds by which a cookie's end may be off: it was set a moment ago."""


def declared(storage: Storage) -> dict[str, CookieDeclaration]:
    """The demo's declarations of one kind, by name; for the wildcard, what the tags make of it."""
    body = files("consent_service.demo").joinpath("policy.json").read_bytes()
    items = policies.parse_policy(body).declarations
    return {item.name.replace("*", "4711"): item for item in items if item.storage is storage}


def test_r37_every_cookie_of_the_demo_is_declared_and_lasts_as_long_as_is_declared(
    visit: Visit,
) -> None:
    page = visit.open("/product")
    visit.press("Accept all")
    page.get_by_role("button", name="Put one in the basket").click()
    visit.open("/video")
    expected = declared(Storage.COOKIE)
    visit.until(lambda: set(visit.cookies()) >= set(expected))
    visit.settle()

    found = {cookie["name"]: cookie for cookie in visit.context.cookies()}
    assert set(found) == set(expected)
    now = page.evaluate("Date.now() / 1000")
    for name, cookie in found.items():
        item = expected[name]
        lasts = None if cookie["expires"] == -1 else cookie["expires"] - now
        if item.seconds is None:
            assert lasts is None, name
        else:
            assert lasts is not None, name
            assert abs(lasts - item.seconds) < ROUNDING, name
        assert cookie["domain"].lstrip(".") == (item.domain or "localhost"), name
    assert found["adp_seen"]["httpOnly"]
    assert set(visit.stored()) - set(found) == set(declared(Storage.LOCAL_STORAGE))
    # No address of a pixel stands anywhere else in the declarations.
    assert {f"/{name}" for name in declared(Storage.PIXEL)} <= set(visit.asked_of_tags())


def test_the_strip_on_the_page_shows_what_the_browser_holds(visit: Visit) -> None:
    page = visit.open()
    strip = page.locator(".knows")
    expect(strip.locator("dd")).to_have_text(["none", "nothing", "nothing"])
    visit.press("Accept all")
    shown = strip.locator('[data-list="cookies"] code')
    expect(shown).to_have_text(["_adp", "_nma", "_nma_s_4711", "consent", "shop_language"])
    expect(strip.locator('[data-list="asked"]')).to_contain_text("analytics.js")
    expect(strip.locator('[data-list="asked"]')).to_contain_text("pixel.gif")
