"""A visitor checks a receipt on the visitor's own device: nothing of it is sent anywhere."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import SITE, Stage
from tests.browser.test_pages import browse, faults, house, receipt
from tests.unit.signed import TOKEN

__all__ = ["browse", "house", "receipt"]


@pytest.fixture
def token(house: Stage, receipt: str) -> str:
    """A receipt as its visitor has it."""
    answer = httpx.get(f"{house.service}/v1/sites/{SITE}/receipts/{receipt}", timeout=60)
    return str(answer.json()["receipt"])


@pytest.fixture
def page(browse: Callable[..., Page]) -> Page:
    """The page, with a note of what it asks for."""
    opened = browse()
    opened.goto("/verify")
    return opened


def check(page: Page, text: str) -> None:
    page.get_by_label("Your receipt", exact=True).fill(text)
    page.get_by_role("button", name="Check it").click()


def test_a_true_receipt_is_said_to_be_true_and_read_out(page: Page, token: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    check(page, token)
    result = page.locator("#result")
    expect(result).to_contain_text("This receipt is true")
    expect(result).to_be_focused()
    for said in (
        "Chosen by category",
        "Statistics",
        "Preferences and Marketing",
        "Version 1: read it",
    ):
        expect(result).to_contain_text(said)
    expect(result.locator("li .passed")).to_have_count(4)
    # The tab's icon is fetched when the browser finds time for it, be it before or after the click.
    icon = page.locator("link[rel=icon]").get_attribute("href")
    sent = [re.sub(r"GET http://[^/]+", "", address) for address in asked]
    paths = [path for path in sent if path != icon]
    assert paths[0] == "/.well-known/jwks.json"
    assert re.fullmatch(rf"/v1/sites/{SITE}/policy/versions/[\w-]{{43}}", paths[1])
    assert len(paths) == 2, "no request may tell which receipt it was"


@pytest.mark.parametrize("around", ["{}", "  {}\n", '{{"id": "x", "receipt": "{}"}}'])
def test_a_receipt_is_found_in_what_was_pasted(page: Page, token: str, around: str) -> None:
    check(page, around.format(token))
    expect(page.locator("#result")).to_contain_text("This receipt is true")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "QA"), "Signature:"),
        (lambda token: token.replace(".", "", 1), "Form:"),
        (lambda token: token[1:], "Form:"),
        (lambda token: "", "Form:"),
        (lambda token: "<img src=x>", "Form:"),
    ],
)
def test_what_is_not_true_is_named(
    page: Page, token: str, change: Callable[[str], str], said: str
) -> None:
    check(page, change(token))
    result = page.locator("#result")
    expect(result).to_contain_text("This receipt is not true as it stands")
    expect(result.locator("li", has=page.locator(".failed"))).to_contain_text(said)
    expect(result).not_to_contain_text("What it says")


def test_a_receipt_of_another_service_names_a_key_that_is_not_known(page: Page) -> None:
    check(page, TOKEN)
    expect(page.locator("#result")).to_contain_text("a key that this service has not published")


@pytest.mark.parametrize("name", ["receipt.jws", "bundle.zip"])
def test_a_file_is_read_where_it_lies(page: Page, token: str, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(token)
    if name.endswith(".zip"):
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("README.txt", "read me")
            made.writestr("receipt.jws", f"{token}\n")
    page.get_by_label("The file with your receipt").set_input_files(file)
    expect(page.locator("#result")).to_contain_text("This receipt is true")


def test_a_browser_that_cannot_do_it_says_so_and_what_can(
    browse: Callable[..., Page], token: str
) -> None:
    page = browse()
    page.add_init_script("SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('no'))")
    page.goto("/verify")
    check(page, token)
    expect(page.locator("#result")).to_contain_text("Your browser cannot check this kind")


def test_where_the_keys_cannot_be_had_that_is_said(page: Page, token: str) -> None:
    page.route("**/jwks.json", lambda route: route.fulfill(status=503))
    check(page, token)
    expect(page.locator("#result")).to_contain_text("could not be fetched")


def test_the_page_speaks_the_visitors_language(browse: Callable[..., Page], token: str) -> None:
    page = browse()
    page.goto("/verify?lang=sv")
    expect(page.locator("h1")).to_have_text("Kontrollera ditt kvitto")
    page.get_by_label("Ditt kvitto", exact=True).fill(token)
    page.get_by_role("button", name="Kontrollera").click()
    expect(page.locator("#result")).to_contain_text("Kvittot är äkta")


def test_without_scripts_it_says_why_and_what_to_do(browse: Callable[..., Page]) -> None:
    page = browse(java_script_enabled=False)
    page.goto("/verify")
    expect(page.locator("main")).to_contain_text("For that it needs JavaScript")
    expect(page.get_by_role("button", name="Check it")).to_be_hidden()
    expect(page.get_by_role("link", name="Download verify.py")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_r52_the_result_is_without_fault_for_those_who_use_it_otherwise(
    browse: Callable[..., Page], token: str, width: int
) -> None:
    page = browse(viewport={"width": width, "height": 800})
    page.goto("/verify")
    check(page, token)
    expect(page.locator("#result")).to_contain_text("This receipt is true")
    assert faults(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
