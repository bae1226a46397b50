"""What a company's privacy and cookie page told its visitors in 2018: each line of it works here.

The policy is a starting point as it is offered, published on the stage; every line is looked for
on the pages that visitors read.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from consent_service import starting
from consent_service.model import ChangeClass
from tests.browser.stage import SITE, Stage, running_stage

ABOUT = starting.About(
    controller="Nordlund Tea AB",
    address="Storgatan 1, 620 99 Lindehamn",
    email="privacy@tea.example",
    country="SE",
    reviewed="Ada, 22 November 2026",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage with the starting point that has most to tell as version 2."""
    with running_stage(tmp_path_factory.mktemp("seed")) as running:
        begun = starting.policy("advertising", ("en", "sv"), starting.Named(SITE, "Tea"), ABOUT)
        running.publish(lambda _: begun, ChangeClass.MAJOR)
        yield running


@pytest.fixture
def page(house: Stage, chromium: Browser) -> Iterator[Page]:
    """A visitor without JavaScript."""
    context = chromium.new_context(
        base_url=house.service, locale="en-GB", java_script_enabled=False
    )
    yield context.new_page()
    assert context.cookies() == []
    context.close()


COOKIES, PRIVACY, CHANGES = (
    f"/policies/{SITE}/{name}" for name in ("cookies", "privacy", "changes")
)

# The line of the page of 2018; where it stands now; what is said there.
SEED: dict[str, tuple[str, str]] = {
    "session and persistent cookies are told apart": (COOKIES, r"A session cookie is gone when"),
    "persistent cookies have their expiry": (COOKIES, r"Persistent: 2 years"),
    "a word on previously stored cookies": (COOKIES, r"stay until their time is up or you delete"),
    "last updated": (COOKIES, r"Version 2, published on \d+ \w+ \d{4}"),
    "changes are told on the page": (CHANGES, r"Version 2 \d+ \w+ \d{4} Asked again applies now"),
    "and by an alert on the website": (PRIVACY, r"we tell you on the site before the change"),
    "who the controller is": (PRIVACY, r"Nordlund Tea AB, Storgatan 1, 620 99 Lindehamn"),
    "what information, and why": (PRIVACY, r"What we use, why, and for how long"),
    "on which legal basis": (PRIVACY, r"article 6\(1\)\(f\).*article 6\(1\)\(b\)"),
    "how long it is stored": (PRIVACY, r"while your yes stands and for three years after"),
    "to whom it is disclosed": (PRIVACY, r"Who else receives it"),
    "the right of access": (PRIVACY, r"\(access\)"),
    "the right to rectification": (PRIVACY, r"\(rectification\)"),
    "the right to erasure": (PRIVACY, r"\(erasure\)"),
    "within one calendar month": (PRIVACY, r"You have an answer within one month"),
    "no sensitive data in forms": (PRIVACY, r"Do not write about health, beliefs"),
    "an e-mail is a postcard": (PRIVACY, r"like a postcard"),
    "external links": (PRIVACY, r"A link marked with an arrow leads to another website"),
    "not aimed at children": (PRIVACY, r"This site is not aimed at children"),
    "the newsletter rests on consent": (PRIVACY, r"newsletter.*because you agreed.*6\(1\)\(a\)"),
    "and is unsubscribed from": (PRIVACY, r"a link that takes you off the list at once"),
    "tell us if you are not content": (PRIVACY, r"If you are not content with us, tell us"),
    "or your country's authority": (PRIVACY, r"Choose your country"),
}


@pytest.mark.parametrize("line", SEED)
def test_a_line_of_the_page_of_2018_is_told(page: Page, line: str) -> None:
    address, said = SEED[line]
    page.goto(address)
    words = " ".join(page.locator("body").inner_text().split())
    assert re.search(said, words), words[:3000]


@pytest.mark.parametrize(
    ("category", "names"),
    [
        ("Necessary", ["consent"]),
        ("Preferences", []),
        ("Statistics", ["_ga", "_ga_*"]),
        ("Marketing", ["_gcl_au", "_fbp"]),
    ],
)
def test_four_categories_each_with_its_text_and_its_cookies_by_name(
    page: Page, category: str, names: list[str]
) -> None:
    page.goto(COOKIES)
    section = page.get_by_role("region", name=category, exact=True)
    assert len(section.locator("p").first.inner_text()) > 20
    rows = section.get_by_role("rowheader")
    assert [text.strip() for text in rows.all_inner_texts()] == names


@pytest.mark.parametrize("browser", ["Chrome", "Edge", "Firefox", "Safari (Mac)", "Opera"])
def test_how_to_turn_cookies_off_is_told_for_each_browser_by_name(page: Page, browser: str) -> None:
    page.goto(COOKIES)
    link = page.get_by_role("link", name=browser)
    expect(link).to_have_attribute("href", re.compile("^https://"))
    expect(link).to_contain_text("leads to another site")


def test_the_rights_have_a_link_to_use_them(page: Page) -> None:
    page.goto(f"{PRIVACY}#rights")
    link = page.get_by_role("link", name="Write to us to use any of these rights")
    expect(link).to_have_attribute("href", "mailto:privacy@tea.example")


def test_the_authority_of_ones_own_country_is_chosen_without_javascript(page: Page) -> None:
    page.goto(PRIVACY)
    sweden = page.get_by_role("link", name="Integritetsskyddsmyndigheten")
    expect(sweden).to_be_hidden()
    page.get_by_text("Choose your country").click()
    expect(sweden).to_be_visible()
    page.goto(f"{PRIVACY}?lang=sv")
    expect(page.get_by_role("link", name="Integritetsskyddsmyndigheten").first).to_be_visible()


def test_every_version_has_its_date_and_an_address_of_its_own(page: Page) -> None:
    page.goto(CHANGES)
    page.get_by_role("link", name="Version 1").click()
    expect(page).to_have_url(re.compile(r"/versions/1\?"))
    page.get_by_role("link", name=re.compile("^Cookies on")).last.click()
    expect(page.get_by_text("This is an old version.")).to_be_visible()
