"""Every language on the smallest phone: both layers and the pages, in a starting point's words."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from starlette.responses import HTMLResponse

from consent_service import starting, words
from consent_service.model import ChangeClass
from tests.browser.stage import SITE, Stage, running_stage

ABOUT = starting.About(
    controller="Nordlund Tea AB",
    address="Storgatan 1, 620 99 Lindehamn",
    email="privacy@tea.example",
    country="SE",
    reviewed="Ada, 22 November 2026",
)
LANGUAGES = tuple(sorted(starting.languages()))
PHONE = ViewportSize(width=320, height=640)
_PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Tea</title>
<script async src="{service}/v1/sites/{site}/banner.js"></script><h1>Tea</h1><p>{text}</p>"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage with the fullest starting point in every language, and a page in each."""
    with running_stage(tmp_path_factory.mktemp("languages")) as running:
        begun = starting.policy("advertising", LANGUAGES, starting.Named(SITE, "Tea"), ABOUT)
        running.publish(lambda _: begun, ChangeClass.MAJOR)
        for language in LANGUAGES:
            page = _PAGE.format(
                language=language,
                direction=words.direction(language),
                service=running.service,
                site=SITE,
                text="Tea is a drink. " * 500,
            )
            running.pages[f"/in/{language}"] = HTMLResponse(page)
        yield running


@pytest.fixture(scope="module")
def phone(house: Stage, chromium: Browser) -> Iterator[Page]:
    """One profile for all: nobody answers, so everybody is asked."""
    context = chromium.new_context(
        base_url=house.shop, locale="en-GB", viewport=PHONE, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


_LAYER = """() => {
  const { shadowRoot } = document.body.querySelector("div[data-nosnippet]");
  const layer = shadowRoot.querySelector("dialog[open], section");
  const { width, height } = layer.getBoundingClientRect();
  const range = document.createRange();
  const tops = (rects) => new Set([...rects].filter((each) => each.width).map((each) => each.top));
  const buttons = [...layer.querySelectorAll(".b")].map((button) => {
    const box = button.getBoundingClientRect();
    const text = button.firstChild;
    const broken = [...text.data.matchAll(/[^\\s-]+/g)].filter(({ 0: word, index }) => {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      return tops(range.getClientRects()).size > 1;
    });
    range.selectNodeContents(text);
    const said = range.getBoundingClientRect();
    return {
      label: text.data,
      size: [Math.round(box.width * 10), Math.round(box.height * 10)],
      left: box.left,
      lines: tops(range.getClientRects()).size,
      broken: broken.map(([word]) => word),
      cut: said.left < box.left || said.right > box.right || said.top < box.top
        || said.bottom > box.bottom || box.left < 0 || box.right > innerWidth,
    };
  });
  const wide = [...layer.querySelectorAll(".text, .acts, p, dl, h2, h3")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1);
  return {
    width, height, buttons, wide: wide.map((each) => each.textContent.slice(0, 80)),
    page: document.documentElement.scrollWidth,
    direction: getComputedStyle(layer).direction,
    language: layer.getRootNode().host.lang,
  };
}"""


_SAY = """(labels) => document.body.querySelector("div[data-nosnippet]").shadowRoot
  .querySelectorAll(".b").forEach((button, place) => button.firstChild.data = labels[place])"""


def assert_buttons_are_sound(layer: dict[str, Any], labels: tuple[str, ...]) -> None:
    """Equal in size, whole, at most two lines each, no word broken."""
    assert [each["label"] for each in layer["buttons"]] == list(labels)
    assert len({tuple(each["size"]) for each in layer["buttons"]}) == 1, layer["buttons"]
    for each in layer["buttons"]:
        assert not each["cut"], each
        assert not each["broken"], each
        assert each["lines"] <= 2, each


@pytest.mark.parametrize("language", LANGUAGES)
def test_r10_r53_both_layers_fit_the_smallest_phone(phone: Page, language: str) -> None:
    say, direction = words.texts(language)["banner"], words.direction(language)
    phone.goto(f"/in/{language}")
    expect(phone.get_by_role("region").get_by_role("button")).to_have_count(3)
    one = phone.evaluate(_LAYER)
    assert (one["language"], one["direction"]) == (language, direction)
    assert_buttons_are_sound(one, (say["accept"], say["reject"], say["choose"]))
    assert one["height"] <= PHONE["height"] / 3
    # As the same buttons read where a visitor is asked again, about some categories.
    again = (say["yes"], say["no"], say["choose"])
    phone.evaluate(_SAY, again)
    assert_buttons_are_sound(phone.evaluate(_LAYER), again)
    phone.get_by_role("button", name=say["choose"], exact=True).click()
    open_all(phone)
    two = phone.evaluate(_LAYER)
    assert_buttons_are_sound(two, (say["save"], say["accept"], say["reject"]))
    for layer in (one, two):
        assert (layer["width"], layer["page"], layer["wide"]) == (320, 320, [])
        places = [each["left"] for each in layer["buttons"]]
        assert places == sorted(places, reverse=direction == "rtl")


PAGES = ("cookies", "privacy", "changes", "versions/2")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_for_visitors_fits_the_smallest_phone(
    house: Stage, phone: Page, language: str
) -> None:
    addresses = [*(f"/policies/{SITE}/{each}" for each in PAGES), "/verify"]
    for address in addresses:
        phone.goto(f"{house.service}{address}?lang={language}")
        root = phone.locator("html")
        expect(root).to_have_attribute("lang", language)
        expect(root).to_have_attribute("dir", words.direction(language))
        assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"], address
        expect(phone.get_by_role("heading", level=1)).to_be_in_viewport()
        assert not re.search(r"\{\w+\}", phone.locator("body").inner_text()), address


_ORDER = """(found) => {
  const text = found.firstChild, range = document.createRange();
  return [0, 1].map((at) => {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect().left;
  });
}"""


def open_all(phone: Page) -> None:
    """Open what each category of layer two has folded away, once the layer is there."""
    expect(phone.get_by_role("dialog")).to_be_visible()
    summaries = phone.get_by_role("dialog").locator("summary")
    expect(summaries).not_to_have_count(0)
    for summary in summaries.all():
        summary.click()


def test_a_cookies_name_reads_from_the_left_in_arabic_too(house: Stage, phone: Page) -> None:
    """Where the page's direction reaches into a name, `_ga` reads `ga_`."""
    phone.goto(f"{house.service}/policies/{SITE}/cookies?lang=ar")
    in_page = phone.get_by_text("_ga", exact=True).evaluate(_ORDER)
    assert in_page == sorted(in_page)
    phone.goto("/in/ar")
    phone.get_by_role("button", name=words.texts("ar")["banner"]["choose"], exact=True).click()
    open_all(phone)
    in_layer = phone.get_by_role("dialog").get_by_text("_ga", exact=True).evaluate(_ORDER)
    assert in_layer == sorted(in_layer)
