"""The rules of law and research that a browser can check, each by its number."""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from consent_service.model import OPTIONAL
from tests.browser.stage import SITE, Stage
from tests.browser.visit import Visit

PAGES = ("/", "/product", "/video", "/about", "/sv/", "/no-such-page")
WIDTHS: dict[str, ViewportSize] = {
    "narrow": {"width": 320, "height": 640},
    "medium": {"width": 768, "height": 1024},
    "wide": {"width": 1440, "height": 900},
}
LABELS = {
    "/": ("Accept all", "Reject all"),
    "/sv/": ("Godkänn alla", "Neka alla"),
}


def databases(page: Page) -> list[str]:
    names: list[str] = page.evaluate("indexedDB.databases().then(all => all.map(d => d.name))")
    return names


def assert_nothing_ran(visit: Visit) -> None:
    visit.settle()
    assert visit.asked_of_tags() == []
    assert [path for path in visit.stage.asked_of_tags() if path != "/log"] == []


def test_r01_nothing_is_stored_or_read_before_a_yes(visit: Visit) -> None:
    for path in PAGES:
        page = visit.open(path)
        page.mouse.wheel(0, 2_000)
        assert_nothing_ran(visit)
    page = visit.open("/carriers")
    assert_nothing_ran(visit)
    assert visit.cookies() == {}
    assert visit.stored() == []
    assert databases(page) == []


def test_r01_a_yes_lets_every_carrier_go(visit: Visit) -> None:
    page = visit.open("/carriers")
    visit.press("Accept all")
    asked = {"/collect", "/analytics.js", "/ads.js", "/video.html", "/pixel.gif"}
    visit.until(lambda: set(visit.asked_of_tags()) >= asked)
    visit.until(lambda: {"inline", "module", "_nma", "_adp"} <= set(visit.cookies()))
    assert databases(page) == ["inline"]
    by = {request.url.rpartition("by=")[2] for request in visit.requests if "by=" in request.url}
    assert {"link", "image", "video", "template"} <= by


def test_r02_no_request_leaves_for_a_third_party_before_a_yes(visit: Visit) -> None:
    for path in PAGES:
        visit.open(path)
        visit.settle()
    # The shop's panel reads the tags' log, to show what it holds: it is no tag.
    asked = [url for url in (request.url for request in visit.requests) if "/log" not in url]
    ours = (visit.stage.shop, visit.stage.service)
    assert [url for url in asked if not url.startswith(ours)] == []
    # The page with a held film loads what draws the notice in it, under its hash.
    own = f"{visit.stage.service}/v1/sites/{SITE}/banner"
    loaded = {url for url in asked if url.startswith(visit.stage.service)}
    by_hash = {url for url in loaded if re.fullmatch(r"/[\w-]{43}\.js", url.removeprefix(own))}
    assert loaded - by_hash == {f"{own}.js", f"{own}.js?lang=sv"}
    assert len(by_hash) == 1


def _close_dialog(page: Page) -> None:
    page.get_by_role("button", name="Choose", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()


def _escape_dialog(page: Page) -> None:
    page.get_by_role("button", name="Choose", exact=True).click()
    page.keyboard.press("Escape")


def _next_page(page: Page) -> None:
    page.get_by_role("link", name="About", exact=True).click()
    expect(page).to_have_url(re.compile("/about"))


NOT_A_CHOICE: dict[str, Callable[[Page], Any]] = {
    "scroll": lambda page: page.mouse.wheel(0, 5_000),
    "click elsewhere": lambda page: page.mouse.click(5, 200),
    "Escape": lambda page: page.keyboard.press("Escape"),
    "close layer two": _close_dialog,
    "Escape in layer two": _escape_dialog,
    "next page": _next_page,
    "back": lambda page: page.go_back(),
    "reload": lambda page: page.reload(),
    "wait": lambda page: page.wait_for_timeout(3_000),
}


@pytest.mark.parametrize("action", NOT_A_CHOICE)
def test_r04_silence_is_never_a_yes(visit: Visit, action: str) -> None:
    visit.open("/product")
    page = visit.open("/")
    expect(visit.banner).to_be_visible()
    NOT_A_CHOICE[action](page)
    visit.ready()
    assert_nothing_ran(visit)
    state = visit.consent()
    assert [state[category] for category in OPTIONAL] == [False, False, False]
    assert state["decided"] is False
    assert visit.posts() == []
    assert visit.cookies() == {}
    expect(visit.banner).to_be_visible()


def _break_cookies(visit: Visit) -> None:
    visit.context.add_init_script(
        """Object.defineProperty(Document.prototype, "cookie", {
          get() { throw new DOMException("blocked", "SecurityError"); },
          set() { throw new DOMException("blocked", "SecurityError"); } });
        for (const name of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, name, {
            get() { throw new DOMException("blocked", "SecurityError"); } });"""
    )


def _answer(action: Callable[[Route], None]) -> Callable[[Visit], None]:
    def apply(visit: Visit) -> None:
        visit.context.route(f"{visit.stage.service}/**", action)

    return apply


BAD_LUCK: dict[str, Callable[[Visit], None]] = {
    "the service is down": _answer(lambda route: route.abort()),
    "the banner is an error page": _answer(lambda route: route.fulfill(status=503, body="<p>")),
    "the banner throws": _answer(lambda route: route.fulfill(body="throw new Error('broken')")),
    "the banner is half": _answer(lambda route: route.fulfill(body="(()=>{var a=1;")),
    "storage is blocked": _break_cookies,
}


@pytest.mark.parametrize("trouble", BAD_LUCK)
def test_r06_whatever_fails_nothing_gated_runs_and_the_page_works(
    visit: Visit, trouble: str
) -> None:
    BAD_LUCK[trouble](visit)
    page = visit.page
    page.goto(f"{visit.stage.shop}/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_nothing_ran(visit)
    page.get_by_role("link", name="About", exact=True).click()
    expect(page).to_have_url(f"{visit.stage.shop}/about")
    # What a script of ours or of the test threw is on the page's console, and breaks nothing. It
    # may still be coming: of a page that was left nothing comes any more.
    page.goto("about:blank")
    visit.errors.clear()


def test_r06_a_choice_holds_while_the_service_cannot_be_reached(visit: Visit) -> None:
    visit.open()
    visit.context.route(
        f"{visit.stage.service}/**/receipts", lambda route: route.abort("connectionrefused")
    )
    visit.press("Reject all")
    expect(visit.banner).to_have_count(0)
    visit.reload()
    expect(visit.banner).to_have_count(0)
    assert_nothing_ran(visit)


def _sizes_and_schemes(visit: Visit) -> Iterator[tuple[str, str, str]]:
    """The shop's pages in each language, size and colour scheme, each as on a first visit."""
    for path, width, dark in itertools.product(LABELS, WIDTHS, (False, True)):
        visit.context.clear_cookies()
        # What has just come slides in.
        scheme: Literal["light", "dark"] = "dark" if dark else "light"
        visit.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        visit.page.set_viewport_size(WIDTHS[width])
        visit.open(path)
        expect(visit.banner).to_be_visible()
        yield path, width, scheme


def _in_view(page: Page, button: Locator) -> bool:
    box, window = button.bounding_box(), page.viewport_size
    assert box is not None
    assert window is not None
    inside = box["x"] >= 0 and box["x"] + box["width"] <= window["width"]
    return inside and box["y"] >= 0 and box["y"] + box["height"] <= window["height"]


@pytest.mark.parametrize("label", [0, 1], ids=["accept", "reject"])
def test_r08_reject_is_one_click_on_layer_one(visit: Visit, label: int) -> None:
    for count, (path, width, scheme) in enumerate(_sizes_and_schemes(visit), 1):
        buttons = [
            visit.banner.get_by_role("button", name=name, exact=True) for name in LABELS[path]
        ]
        assert [button.count() for button in buttons] == [1, 1], (path, width, scheme)
        assert all(_in_view(visit.page, button) for button in buttons), (path, width, scheme)
        buttons[label].click()
        expect(visit.banner).to_have_count(0)
        # Else the next page would rightly send it once more.
        visit.recorded(count)


def test_r08_accept_and_reject_are_as_many_key_presses_away(visit: Visit) -> None:
    page = visit.open()
    expect(visit.banner).to_be_visible()
    reached: dict[str, int] = {}
    for presses in range(1, 12):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => { let at = document.activeElement;
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            return at.textContent.trim(); }"""
        )
        reached.setdefault(name, presses)
    assert abs(reached["Accept all"] - reached["Reject all"]) <= 1


def test_r09_reject_is_a_button_beside_accept_and_not_a_link_in_the_text(visit: Visit) -> None:
    visit.open()
    accept = visit.banner.get_by_role("button", name="Accept all", exact=True)
    reject = visit.banner.get_by_role("button", name="Reject all", exact=True)
    assert reject.evaluate("node => node.tagName") == "BUTTON"
    assert reject.evaluate("node => node.closest('p') === null")
    other = reject.element_handle()
    assert accept.evaluate("(node, other) => node.parentNode === other.parentNode", other)


LOOK = """node => { const style = getComputedStyle(node), box = node.getBoundingClientRect();
  const names = ["font-size", "font-weight", "font-family", "color", "background-color",
    "border-top-width", "border-top-color", "border-radius", "padding-top", "padding-left",
    "text-decoration-line", "opacity", "box-shadow", "text-transform", "letter-spacing"];
  return { class: node.className, width: Math.round(box.width), height: Math.round(box.height),
    ...Object.fromEntries(names.map(name => [name, style.getPropertyValue(name)])) }; }"""


def _channels(colour: str) -> list[float]:
    numbers = colour.partition("(")[2].rstrip(")").replace(",", " ").split()[:3]
    return [float(number) / 255 for number in numbers]


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_r10_accept_and_reject_look_alike(visit: Visit) -> None:
    for path, width, scheme in _sizes_and_schemes(visit):
        accept, reject = (
            visit.banner.get_by_role("button", name=name, exact=True).evaluate(LOOK)
            for name in LABELS[path]
        )
        assert accept == reject, (path, width, scheme)
        contrast = _contrast(accept["color"], accept["background-color"])
        assert contrast >= 4.5, (path, width, scheme, contrast)


def test_r12_no_switch_is_on_at_first_on_any_layer(visit: Visit) -> None:
    visit.open()
    expect(visit.banner).to_be_visible()
    assert visit.banner.locator("input").count() == 0
    visit.press("Choose")
    switches = visit.dialog.get_by_role("switch")
    expect(switches).to_have_count(4)
    assert [switches.nth(index).is_checked() for index in range(4)] == [True, False, False, False]
    assert visit.dialog.get_by_text("legitimate").count() == 0


NAMES = ("Preferences", "Statistics", "Marketing")
COMBINATIONS = list(itertools.product((False, True), repeat=3))


@pytest.mark.parametrize("wanted", COMBINATIONS)
def test_r18_r19_each_category_is_a_choice_of_its_own_and_save_stores_what_is_shown(
    visit: Visit, wanted: tuple[bool, bool, bool]
) -> None:
    visit.open()
    visit.press("Choose")
    for name, on in zip(NAMES, wanted, strict=True):
        visit.dialog.get_by_role("switch", name=name).set_checked(on)
    visit.press("Save choices", visit.dialog)
    visit.recorded(1)
    expected = dict(zip((category.value for category in OPTIONAL), wanted, strict=True))
    [posted] = visit.posts()
    assert posted["choices"] == {"necessary": True, **expected}
    visit.reload()
    expect(visit.banner).to_have_count(0)
    visit.settle()
    state = visit.consent()
    assert {name: state[name] for name in expected} == expected
    # R25: exactly what was granted runs.
    asked = set(visit.asked_of_tags())
    assert ("/analytics.js" in asked) == expected["statistics"]
    assert ("/ads.js" in asked) == expected["marketing"]
    assert ("shop_language" in visit.cookies()) == expected["preferences"]
    dialog = visit.settings()
    shown = [dialog.get_by_role("switch", name=name).is_checked() for name in NAMES]
    assert tuple(shown) == wanted


def test_r23_after_a_no_nothing_gated_loads_on_any_page(visit: Visit) -> None:
    visit.open()
    visit.press("Reject all")
    visit.recorded(1)
    for path in PAGES * 4:
        visit.open(path)
    visit.open("/carriers")
    assert_nothing_ran(visit)
    assert set(visit.cookies()) == {"consent"}
    assert visit.stored() == []


def test_r24_withdrawal_stops_what_ran_and_removes_what_it_stored(visit: Visit) -> None:
    visit.open()
    visit.press("Accept all")
    visit.recorded(1)
    visit.until(lambda: {"_nma", "_nma_s_4711", "_adp", "shop_language"} <= set(visit.cookies()))
    visit.until(lambda: "_nma_pages" in visit.stored())
    visit.open("/video")
    visit.until(lambda: "/video.html" in visit.asked_of_tags())
    dialog = visit.settings()
    with visit.loading_anew():
        visit.press("Reject all", dialog)
    visit.recorded(2)
    visit.until(lambda: "_nma" not in visit.cookies())
    visit.settle()
    asked = len(visit.asked_of_tags())
    # The analytics script reports, and writes its cookies again, every five seconds.
    visit.page.wait_for_timeout(6_000)
    assert len(visit.asked_of_tags()) == asked
    on_shop = {c["name"] for c in visit.context.cookies(visit.stage.shop)}
    assert on_shop == {"consent"}
    assert visit.stored() == []
    assert visit.page.locator("iframe[src]").count() == 0


def test_r24_withdrawing_one_category_leaves_the_others_alone(visit: Visit) -> None:
    visit.open()
    visit.press("Accept all")
    visit.recorded(1)
    visit.until(lambda: {"_nma", "_adp", "shop_language"} <= set(visit.cookies()))
    dialog = visit.settings()
    dialog.get_by_role("switch", name="Marketing").uncheck()
    visit.press("Save choices", dialog)
    visit.recorded(2)
    visit.until(lambda: "_adp" not in visit.cookies())
    assert {"_nma", "shop_language", "consent"} <= set(visit.cookies())
    assert visit.posts()[1]["action"] == "withdraw"


@pytest.mark.parametrize("label", ["Accept all", "Reject all"])
def test_r29_a_no_is_remembered_as_well_as_a_yes(visit: Visit, label: str) -> None:
    visit.open()
    visit.press(label)
    visit.recorded(1)
    for path in PAGES:
        visit.open(path)
        expect(visit.banner).to_have_count(0)
    other_tab = visit.context.new_page()
    other_tab.goto(visit.stage.shop)
    visit.becomes("window.consent && window.consent.get", other_tab)
    expect(other_tab.locator("section[role=region]")).to_have_count(0)
    assert len(visit.posts()) == 1


def test_r32_the_choice_cookie_is_small_does_not_slide_and_names_nobody_after_a_no(
    visit: Visit,
) -> None:
    visit.open()
    visit.press("Reject all")
    visit.recorded(1)
    [cookie] = visit.context.cookies()
    assert cookie["name"] == "consent"
    version, number, day, bits, epochs = cookie["value"].split(".")
    assert (version, number, bits, epochs) == ("1", "1", "0", "1-1-1")
    assert len(day) <= 4
    expires = cookie["expires"]
    visit.reload()
    assert visit.context.cookies()[0]["expires"] == expires
    dialog = visit.settings()
    visit.press("Accept all", dialog)
    visit.recorded(2)
    value = visit.cookies()["consent"]
    assert len(f"consent={value}") <= 64


@pytest.mark.parametrize("path", PAGES)
def test_r33_the_settings_open_from_every_page_with_the_stored_state(
    visit: Visit, path: str
) -> None:
    visit.open("/about")
    visit.press("Choose")
    visit.dialog.get_by_role("switch", name="Statistics").check()
    visit.press("Save choices", visit.dialog)
    visit.recorded(1)
    page = visit.open(path)
    control = page.locator("[data-consent-open]")
    assert control.count() == 1
    control.focus()
    page.keyboard.press("Enter")
    switches = visit.dialog.get_by_role("switch")
    states = [switches.nth(index).is_checked() for index in range(4)]
    assert states == [True, False, True, False]


def test_r34_withdrawing_takes_one_step_more_than_accepting(visit: Visit) -> None:
    visit.open()
    visit.press("Accept all")
    visit.recorded(1)
    dialog = visit.settings()  # One step to open,
    visit.press("Reject all", dialog)  # and one to withdraw.
    visit.recorded(2)
    assert visit.posts()[1]["choices"] == {
        "necessary": True,
        "preferences": False,
        "statistics": False,
        "marketing": False,
    }


def test_r42_every_choice_makes_a_receipt_with_the_services_time(
    visit: Visit, stage: Stage
) -> None:
    stage.clock.ahead = 3_600
    visit.open()
    visit.press("Reject all")
    visit.recorded(1)
    for number, (name, on) in enumerate([("Statistics", True), ("Statistics", False)], 2):
        dialog = visit.settings()
        dialog.get_by_role("switch", name=name).set_checked(on)
        visit.press("Save choices", dialog)
        visit.recorded(number)
        visit.ready()
    answers = [visit.recorded(number) for number in (1, 2, 3)]
    assert [post["action"] for post in visit.posts()] == ["reject_all", "custom", "withdraw"]
    assert visit.posts()[2]["previous"] == answers[1].id
    assert visit.posts()[1]["previous"] is None
    for answer in answers:
        assert answer.claims.iat - time.time() > 3_000  # An hour ahead of the visitor's clock.
