"""The pages in a real browser: for keyboards, phones, readers of screens, and without scripts."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from consent_service import plans, policies, screens
from consent_service.audit import Act
from consent_service.model import Category, ChangeClass, Plan, Role
from consent_service.policies import Publication
from consent_service.store import Store
from tests import given, tools
from tests.browser.stage import SITE, Stage, running_stage
from tests.store import given as store_given
from tests.tools import ROOT

AXE = ROOT / "widget/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SITE_PAGES = f"/sites/{SITE}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One service for all tests of this file, with a receipt, and a draft that says more."""
    with running_stage(tmp_path_factory.mktemp("pages")) as running:
        running.store(_pictured)
        yield running


async def _pictured(store: Store) -> None:
    """Some picture in the place of each screenshot of the first language."""
    site = await store.sites.by_key(SITE)
    body = (ROOT / "consent_service/help/banner.png").read_bytes()
    first = (await screens.album(store, site.id, 1)).pictured[0]
    for layer, viewport in first.lacking:
        made = store_given.screen(site.id, first.banner.digest, layer, viewport)
        await store.screens.add(made, body)


@pytest.fixture(scope="module")
def receipt(house: Stage) -> str:
    """The id of a receipt on file."""
    script = httpx.get(f"{house.service}/v1/sites/{SITE}/banner.js", timeout=60).text
    tag = re.search(r'artifact:"([0-9a-f]{16})"', script)
    assert tag
    choice = given.choice(tag[1], action="custom", choices=given.choices("statistics"))
    answer = httpx.post(
        f"{house.service}/v1/sites/{SITE}/receipts",
        json=choice,
        headers={"origin": house.shop, "content-type": "text/plain"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return str(choice["id"])


@pytest.fixture(scope="module")
def plan(house: Stage) -> str:
    """The id of a plan that waits for another person."""

    async def work(store: Store) -> str:
        site = await store.sites.by_key(SITE)
        await store.sites.set_approval(SITE, True)
        draft = await policies.draft(store, site)
        asked = Publication(
            revision=draft.revision,
            change_class=ChangeClass.MAJOR,
            categories=(Category.MARKETING,),
        )
        made = await plans.submit(store, site, asked, Act("ed@demo.example", house.clock()))
        await store.sites.set_approval(SITE, False)
        assert isinstance(made, Plan)
        return made.id

    return house.store(work)


@pytest.fixture
def browse(house: Stage, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages of the service, each in a fresh profile. Nothing may be refused by the policy
    of a page, and no script may fail.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def make(**options: Any) -> Page:
        context = chromium.new_context(base_url=house.service, locale="en-GB", **options)
        context.on("weberror", lambda error: troubles.append(str(error.error)))
        context.on("console", lambda said: troubles.append(said.text) if _serious(said) else None)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert not troubles, troubles


def _serious(said: Any) -> bool:
    # A page that answers 404 or 422 is told to the console too, and is what a test asked for.
    return said.type == "error" and "the server responded with a status of" not in said.text


def signed_in(page: Page, house: Stage, *roles: Role) -> Page:
    """The page, of somebody new with these roles."""
    page.goto(house.sign_in_link(*roles))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/account"))
    return page


@pytest.fixture(scope="module")
def addresses(receipt: str, plan: str) -> tuple[str, ...]:
    """Every page, and the ways in which it can look."""
    return (
        "/account",
        "/sites",
        SITE_PAGES,
        f"{SITE_PAGES}/policy",
        f"{SITE_PAGES}/policy/publish",
        f"{SITE_PAGES}/cookies",
        f"{SITE_PAGES}/cookies?row=2",
        f"{SITE_PAGES}/cookies?row=new",
        f"{SITE_PAGES}/cookies/import",
        f"{SITE_PAGES}/theme",
        f"{SITE_PAGES}/versions",
        f"{SITE_PAGES}/versions/1",
        f"{SITE_PAGES}/plans/{plan}",
        f"{SITE_PAGES}/receipts",
        f"{SITE_PAGES}/receipts/{receipt}",
        f"{SITE_PAGES}/receipts/none",
        f"{SITE_PAGES}/receipts?version=x",
        f"{SITE_PAGES}/exports",
        f"{SITE_PAGES}/ledger",
        f"{SITE_PAGES}/events",
        "/verify",
        f"{SITE_PAGES}/access",
        f"/policies/{SITE}/cookies",
        f"/policies/{SITE}/cookies?lang=sv",
        f"/policies/{SITE}/privacy",
        f"/policies/{SITE}/changes",
        f"/policies/{SITE}/versions/1",
        f"/policies/{SITE}/versions/1/cookies",
        "/sign-in/any",
        "/help",
        *(f"/help/{path.stem}" for path in (ROOT / "consent_service/help").glob("*.md")),
        "/docs",
        "/nowhere",
    )


SCHEMES = ("light", "dark")


def faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands, in light colours and in dark ones."""
    page.evaluate(AXE.read_text())
    return [fault for scheme in SCHEMES for fault in _faults_in(page, scheme)]


def _faults_in(page: Page, scheme: Any) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    run = f"axe.run(document, {{runOnly: {RULES}}})"
    found: list[dict[str, Any]] = page.evaluate(run)["violations"]
    where = f"{page.url} at {page.evaluate('innerWidth')}, {scheme}"
    return [
        f"{where}: {fault['id']} {[node['target'] for node in fault['nodes'][:3]]}"
        for fault in found
    ]


@pytest.mark.parametrize("width", [320, 1280])
def test_r52_every_page_is_without_fault_for_those_who_use_it_otherwise(
    house: Stage, addresses: tuple[str, ...], browse: Callable[..., Page], width: int
) -> None:
    page = browse(viewport={"width": width, "height": 800})
    found = _opened(page, "/sign-in")
    signed_in(page, house, Role.ADMIN)
    for address in addresses:
        found += _opened(page, address)
    for show in (_wrong_draft, _wrong_row, _token_shown, _wrong_page_checked):
        show(page)
        found += faults(page)
    assert not found, "\n".join(found)


def _opened(page: Page, address: str) -> list[str]:
    """The faults of a page, among them that it is wider than its window."""
    page.goto(address)
    too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return faults(page) + ([f"{address} is wider than the window"] if too_wide else [])


def _wrong_draft(page: Page) -> None:
    page.goto(f"{SITE_PAGES}/policy")
    page.get_by_label("Days that a yes stands").fill("many")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("from 1 to 365")


def _wrong_row(page: Page) -> None:
    page.goto(f"{SITE_PAGES}/cookies?row=2")
    form = page.locator("#row-form")
    form.get_by_label("Category", exact=True).select_option("necessary")
    expect(page.locator("#row-found")).to_contain_text("say who confirmed")
    form.get_by_label("Name", exact=True).fill("")
    form.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("Give the name")


def _token_shown(page: Page) -> None:
    page.goto(f"{SITE_PAGES}/access")
    page.get_by_label("What for").fill("a build")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("status")).to_contain_text("shown here only now")


def _wrong_page_checked(page: Page) -> None:
    page.goto(SITE_PAGES)
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("The tag is on the page")).to_be_visible()


def test_axe_sees_a_fault(browse: Callable[..., Page]) -> None:
    page = browse()
    page.goto("/sign-in")
    page.evaluate("document.querySelector('label').remove()")
    assert any("label" in fault for fault in faults(page))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_sees_a_colour_that_cannot_be_read_in_either_scheme(
    browse: Callable[..., Page], scheme: str
) -> None:
    page = browse()
    page.goto("/sign-in")
    page.evaluate(
        """(scheme) => { const sheet = new CSSStyleSheet();
        sheet.replaceSync(`@media (prefers-color-scheme: ${scheme}) {
          h1 { color: #888; background: #777 } }`);
        document.adoptedStyleSheets = [sheet]; }""",
        scheme,
    )
    (fault,) = faults(page)
    assert f"{scheme}: color-contrast" in fault


def test_a_colour_scheme_changes_colours_alone() -> None:
    sheets = [*(ROOT / "consent_service/web/static").glob("*.css")]
    dark = r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}"
    found = [each for sheet in sheets for each in re.findall(dark, sheet.read_text())]
    assert len(found) == sum(sheet.read_text().count("prefers-color-scheme") for sheet in sheets)
    for line in filter(None, map(str.strip, ";".join(found).split(";"))):
        assert re.fullmatch(r"--[\w-]+: #[0-9a-f]{6}", line), line


def test_r51_a_person_signs_in_and_saves_by_keyboard_alone(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = browse()
    page.goto(house.sign_in_link(Role.EDITOR))
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Sign in")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/account"))
    page.goto(f"{SITE_PAGES}/policy")
    page.get_by_label("Heading (English)").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Which cookies may we set?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved as revision")
    expect(page.get_by_label("Heading (English)")).to_have_value("Which cookies may we set?")


def test_r51_what_has_the_focus_is_seen_and_nothing_holds_it(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = signed_in(browse(), house, Role.ADMIN)
    page.goto(f"{SITE_PAGES}/access")
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        style = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            return [e.outerHTML.slice(0, 90), parseFloat(s.outlineWidth), s.outlineStyle]; }"""
        )
        assert style[1] >= 2, style
        assert style[2] != "none", style
        seen.append(style[0])
    assert len(set(seen)) > 15


def test_a_cookie_is_added_in_place_saves_itself_and_is_put_back_after_its_removal(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = signed_in(browse(), house, Role.EDITOR)
    page.goto(f"{SITE_PAGES}/cookies")
    page.get_by_role("link", name="Add a cookie").click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    page.keyboard.type("_added_*")
    expect(page.get_by_text("A pattern: it stands for")).to_be_visible()
    expect(page.locator("#provider-found")).to_have_text("Say who sets it (R37).")
    page.get_by_label("Who sets it").fill("Added AB")
    expect(page.locator("#provider-found")).to_be_empty()
    expect(page.get_by_label("Who confirmed it")).to_be_hidden()
    page.get_by_label("Category", exact=True).first.select_option("necessary")
    expect(page.get_by_label("Who confirmed it")).to_be_visible()
    page.get_by_label("Category", exact=True).first.select_option("marketing")
    expect(page.locator("[data-said]")).to_contain_text("Saved ")
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#row-form")).to_have_count(0)
    page.get_by_label("Find by name").fill("_added_1")
    row = page.get_by_role("row", name="_added_*")
    expect(row).to_contain_text("Added AB")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_label("Tick _added_*").check()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved as revision")
    expect(page.get_by_role("row", name="_added_*")).to_contain_text("marketing")


def test_r51_a_row_is_opened_and_closed_by_keyboard_and_the_focus_comes_back(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = signed_in(browse(), house, Role.EDITOR)
    page.goto(f"{SITE_PAGES}/cookies")
    link = page.locator("#c1 a")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_role("link", name="Close").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#row-form")).to_have_count(0)
    expect(link).to_be_focused()


def test_a_draft_saves_itself_and_what_cannot_be_saved_comes_back(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = signed_in(browse(), house, Role.EDITOR)
    page.goto(f"{SITE_PAGES}/policy")
    said = page.locator("[data-said]")
    page.get_by_role("textbox", name="Phone").fill("+46 8 2")
    expect(said).to_contain_text("Saved ")
    page.reload()
    expect(page.get_by_role("textbox", name="Phone")).to_have_value("+46 8 2")
    page.get_by_label("Days that a yes stands").fill("many")
    expect(said).to_contain_text("Not saved: Days that a yes stands")
    expect(page.locator("#days-granted-found")).to_contain_text("from 1 to 365")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_label("Days that a yes stands")).to_have_value("many")
    page.get_by_label("Days that a yes stands").fill("182")
    expect(said).to_contain_text("Saved ")
    page.reload()
    expect(page.get_by_label("Days that a yes stands")).to_have_value("182")
    assert page.evaluate("sessionStorage.length") == 0


def test_two_people_at_one_text_are_told_and_nothing_is_overwritten(
    house: Stage, browse: Callable[..., Page]
) -> None:
    pages = [signed_in(browse(), house, Role.EDITOR) for _ in range(2)]
    for page in pages:
        page.goto(f"{SITE_PAGES}/policy")
    first, second = pages
    first.get_by_role("textbox", name="Postal address").fill("Theirs 1")
    expect(first.locator("[data-said]")).to_contain_text("Saved ")
    second.get_by_role("textbox", name="Postal address").fill("Mine 2")
    expect(second.locator("[data-said]")).to_contain_text("saved meanwhile. Press Save to see both")
    second.get_by_role("button", name="Save", exact=True).last.click()
    expect(second.get_by_role("alert")).to_contain_text("Theirs")
    expect(second.get_by_role("textbox", name="Postal address")).to_have_value("Mine 2")
    first.reload()
    expect(first.get_by_role("textbox", name="Postal address")).to_have_value("Theirs 1")


def test_the_banner_and_the_pages_are_shown_as_they_are_typed(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = signed_in(browse(viewport={"width": 1440, "height": 900}), house, Role.EDITOR)
    page.goto(f"{SITE_PAGES}/policy")
    shown = page.frame_locator("iframe")
    page.get_by_label("Heading (Swedish)").fill("Vilka kakor f\u00e5r vi spara?")
    page.get_by_label("Language", exact=True).select_option("sv")
    expect(shown.get_by_text("Vilka kakor f\u00e5r vi spara?").first).to_be_visible()
    page.get_by_role("textbox", name="Privacy notice (English)").fill(
        "## A new heading\n\n- one **bold** thing"
    )
    read = page.locator("#documents-privacy-en-read")
    expect(read.locator("h3, h4, strong")).to_have_text(["A new heading", "bold"])


def test_a_site_is_looked_after_without_any_script(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = signed_in(browse(java_script_enabled=False), house, Role.EDITOR)
    page.goto(f"{SITE_PAGES}/cookies")
    page.get_by_role("link", name="Add a cookie").click()
    page.get_by_label("Name", exact=True).fill("_ga")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status").first).to_contain_text("Not saved yet")
    expect(page.locator("#row-found")).to_contain_text("say who sets it")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved as revision")
    page.get_by_label("Find by name").fill("_ga")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("Tick _ga", exact=True).check()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("Removed _ga.")
    page.goto(f"{SITE_PAGES}/policy")
    page.get_by_role("textbox", name="Phone").fill("+46 8 1")
    page.get_by_label("Language", exact=True).select_option("sv")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status").first).to_contain_text("Not saved yet")
    expect(page.locator("#documents-cookies-sv-read").get_by_role("heading").first).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved as revision")
    page.get_by_role("link", name="Review and publish").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Publish version")


def test_the_lines_on_a_receipts_page_check_it_with_another_library(
    house: Stage, receipt: str, browse: Callable[..., Page], tmp_path: Path
) -> None:
    page = signed_in(browse(), house, Role.AUDITOR)
    page.goto(f"{SITE_PAGES}/receipts/{receipt}")
    for line in page.locator("#fetch").inner_text().splitlines():
        curl, options, output, file, address = shlex.split(line)
        assert (curl, options, output) == ("curl", "-fsS", "-o")
        (tmp_path / file).write_bytes(httpx.get(address, timeout=60).raise_for_status().content)
    lines = page.locator("#verify").inner_text()
    assert '"jti"' in _run(lines, tmp_path)
    forged = (tmp_path / "receipt.json").read_text().replace('"receipt":"ey', '"receipt":"eY', 1)
    (tmp_path / "receipt.json").write_text(forged)
    with pytest.raises(subprocess.CalledProcessError):
        _run(lines, tmp_path)


def _run(lines: str, folder: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", lines], cwd=folder, capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_the_tag_is_copied_as_it_stands(house: Stage, browse: Callable[..., Page]) -> None:
    page = browse(permissions=["clipboard-read", "clipboard-write"])
    signed_in(page, house, Role.EDITOR)
    page.goto(SITE_PAGES)
    page.get_by_role("button", name="Copy the tag", exact=True).click()
    expect(page.get_by_role("button", name="Copied").first).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f'<script async src="{house.service}/v1/sites/{SITE}/banner.js"></script>'


def test_what_everybody_may_read_leaves_nothing_on_the_device_and_prints(
    browse: Callable[..., Page],
) -> None:
    page = browse()
    page.goto(f"/policies/{SITE}/cookies")
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    expect(page.get_by_role("table")).to_have_count(4)
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation").first).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_pages_script_fits_its_types() -> None:
    typescript = ROOT / "widget/node_modules/typescript/bin/tsc"
    script = ROOT / "consent_service/web/static/pages.js"
    options = ["--noEmit", "--checkJs", "--strict", "--ignoreConfig", "--target", "es2022"]
    libraries = ["--lib", "es2022,dom,dom.iterable", "--types", ""]
    ran = subprocess.run(
        [tools.node(), typescript, *options, *libraries, script], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout


def test_r51_a_table_that_is_wider_than_its_place_is_scrolled_by_keyboard(
    house: Stage, browse: Callable[..., Page]
) -> None:
    page = signed_in(browse(viewport={"width": 1280, "height": 800}), house, Role.ADMIN)
    page.goto(f"/sites/{SITE}/events")
    table = page.locator(".scroll")
    expect(table.locator("tbody tr").first).to_be_visible()
    expect(table).not_to_have_attribute("tabindex", "0")
    page.locator(".scroll td").first.evaluate("cell => { cell.style.minWidth = '2000px'; }")
    expect(page.get_by_role("region", name="Events, newest first")).to_have_attribute(
        "tabindex", "0"
    )
    assert faults(page) == []
    page.locator(".scroll td").first.evaluate("cell => { cell.style.minWidth = ''; }")
    expect(table).not_to_have_attribute("tabindex", "0")
