"""The looks page in a real browser: the real banner beside the form, and nothing comes of it."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from consent_service.model import Role
from tests.browser.stage import SITE, Stage, running_stage

LOOKS = f"/sites/{SITE}/theme"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One service for all tests of this file."""
    with running_stage(tmp_path_factory.mktemp("looks")) as running:
        yield running


@pytest.fixture
def editor(house: Stage, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Signs an editor in, in a fresh profile, and opens the looks."""
    contexts: list[BrowserContext] = []

    def make(**options: bool) -> Page:
        context = chromium.new_context(base_url=house.service, locale="en-GB", **options)  # type: ignore[arg-type]  # Playwright's keywords, passed through
        contexts.append(context)
        page = context.new_page()
        page.goto(house.sign_in_link(Role.EDITOR))
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(re.compile("/account"))
        page.goto(LOOKS)
        return page

    yield make
    for context in contexts:
        context.close()


def preview(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def test_the_real_banner_follows_what_is_typed(editor: Callable[..., Page]) -> None:
    page = editor()
    banner = preview(page).get_by_role("region")
    expect(banner.get_by_role("button")).to_have_text(["Accept all", "Reject all", "Choose"])
    expect(page.get_by_role("button", name="Show", exact=True).last).to_be_hidden()
    page.get_by_label("Language").select_option("sv")
    expect(banner.get_by_role("button")).to_have_text(["Godkänn alla", "Neka alla", "Välj själv"])
    page.get_by_label("What", exact=True).select_option("2")
    expect(preview(page).get_by_role("dialog")).to_be_visible()
    page.get_by_label("Width").select_option("wide")
    expect(page.locator("iframe")).to_have_css("width", "1440px")
    page.get_by_label("Text (light)", exact=True).fill("#999999")
    expect(page.get_by_role("alert")).to_contain_text("by 2.8 to 1")
    page.get_by_label("Pick: text (light)").fill("#101010")
    expect(page.get_by_label("Text (light)", exact=True)).to_have_value("#101010")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Save the looks").click()
    expect(page.get_by_role("status")).to_contain_text("Saved as revision")
    expect(page.get_by_label("Text (light)", exact=True)).to_have_value("#101010")


def test_r32_a_choice_in_the_preview_is_nobodys(house: Stage, editor: Callable[..., Page]) -> None:
    """It leaves nothing in the browser, and the service hears of nothing."""
    page = editor()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(f"{sent.method} {sent.url}"))
    before = page.context.cookies()
    preview(page).get_by_role("button", name="Accept all").click()
    expect(preview(page).get_by_role("button", name="Accept all")).to_have_count(0)
    page.wait_for_timeout(300)
    assert page.context.cookies() == before
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert not [each for each in asked if "receipts" in each or each.startswith("POST")]
    assert page.frames[1].evaluate("origin") == "null"


def test_the_looks_are_changed_without_any_script(editor: Callable[..., Page]) -> None:
    page = editor(java_script_enabled=False)
    page.get_by_label("Card").check()
    page.get_by_label("Buttons (light)", exact=True).fill("#777777")
    page.get_by_label("Width").select_option("medium")
    page.get_by_role("button", name="Show", exact=True).last.click()
    expect(page.get_by_label("Card")).to_be_checked()
    expect(page.locator("iframe")).to_have_css("width", "768px")
    expect(page.get_by_text("by 4.4 to 1").first).to_be_visible()
    page.get_by_role("button", name="Save the looks").click()
    expect(page.get_by_role("alert")).to_contain_text("4.5 to 1 is the least")
    page.get_by_label("Buttons (light)", exact=True).fill("#767676")
    page.get_by_role("button", name="Save the looks").click()
    expect(page.get_by_role("status")).to_contain_text("Saved as revision")
    expect(page.get_by_label("Card")).to_be_checked()
