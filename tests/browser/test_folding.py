"""A draft in many languages: what needs nobody is folded away, and never what is to be seen to."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from consent_service import starting
from consent_service.model import ChangeClass, Role
from tests.browser.stage import SITE, Stage, running_stage
from tests.browser.test_languages import ABOUT
from tests.browser.test_pages import faults, signed_in

LANGUAGES = ("en", "ar", "da", "de", "fi", "sv")
POLICY = f"/sites/{SITE}/policy"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage with a starting point in six languages, English its own."""
    with running_stage(tmp_path_factory.mktemp("folding")) as running:
        begun = starting.policy("advertising", LANGUAGES, starting.Named(SITE, "Tea"), ABOUT)
        running.publish(lambda _: begun, ChangeClass.MAJOR)
        yield running


def opened(house: Stage, chromium: Browser, *, scripts: bool = True, width: int = 1280) -> Page:
    context = chromium.new_context(
        base_url=house.service,
        locale="en-GB",
        java_script_enabled=scripts,
        viewport={"width": width, "height": 800},
    )
    return signed_in(context.new_page(), house, Role.EDITOR)


def fold_of(page: Page, field: str) -> Locator:
    return page.locator("details.fold", has=page.locator(f"[id='{field}']"))


def test_r51_a_fold_is_opened_and_written_in_by_keyboard_without_any_script(
    house: Stage, chromium: Browser
) -> None:
    page = opened(house, chromium, scripts=False)
    page.goto(POLICY)
    field = page.get_by_label("Heading (Finnish)")
    expect(field).to_be_hidden()
    expect(page.get_by_label("Heading (English)")).to_be_visible()
    fold_of(page, "banner-title-fi").locator("summary").focus()
    page.keyboard.press("Enter")
    expect(field).to_be_visible()
    field.fill("Mitk\u00e4 ev\u00e4steet saamme tallentaa?")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved as revision")
    page.get_by_label("Texts in English, and in").select_option("fi")
    page.get_by_role("button", name="Open").click()
    expect(field).to_have_value("Mitk\u00e4 ev\u00e4steet saamme tallentaa?")
    expect(page.get_by_role("textbox", name="Privacy notice (Finnish)")).to_be_visible()
    page.context.close()


def test_what_is_to_be_seen_to_comes_out_of_its_fold_and_its_link_leads_there(
    house: Stage, chromium: Browser
) -> None:
    page = opened(house, chromium)
    page.goto(POLICY)
    fold = fold_of(page, "banner-intro-da")
    fold.locator("summary").click()
    page.get_by_label("Text (Danish)").fill("")
    fold.locator("summary").click()
    expect(page.locator("#banner-intro-da-found")).to_have_text("The da text is missing (R16).")
    expect(page.get_by_label("Text (Danish)")).to_be_visible()
    fold.locator("summary").click()
    expect(page.get_by_label("Text (Danish)")).to_be_hidden()
    page.locator("#found").get_by_role("link", name="Text of the banner (Danish)").click()
    expect(page.get_by_label("Text (Danish)")).to_be_visible()
    page.get_by_label("Text (Danish)").fill("Vi gemmer lidt. Resten venter p\u00e5 dit ja.")
    expect(page.locator("#banner-intro-da-found")).to_be_empty()
    expect(page.locator("[data-said]")).to_contain_text("Saved ")
    page.context.close()


def test_r52_pages_with_folds_are_without_fault_closed_and_open(
    house: Stage, chromium: Browser
) -> None:
    page, found = opened(house, chromium, width=320), []
    for address in (POLICY, f"{POLICY}/publish", f"/sites/{SITE}/cookies?row=1"):
        page.goto(address)
        found += faults(page)
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        found += faults(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    assert not found, "\n".join(found)
    page.context.close()
