"""What users of other banners ask for most, by the numbers of our list: each holds here.

Each is shown on a page of its own, by what was asked of the network and what was not.
"""

from collections.abc import Callable, Mapping

import msgspec
import pytest
from playwright.sync_api import Page, Route, expect
from starlette.responses import HTMLResponse

from consent_service import sites
from consent_service.model import ChangeClass, Policy, Signal
from consent_service.store import Store
from tests.browser.stage import SITE, Stage
from tests.browser.test_rules import LOOK
from tests.browser.test_story import verify_with_public_key_only, with_another_marketing_cookie
from tests.browser.visit import Visit

PATH = "/complaint"


def page_with(visit: Visit, body: str, headers: Mapping[str, str] | None = None) -> Page:
    """A page of the shop's with our tag in it, opened."""
    tag = f'<script async nonce="n" src="{visit.stage.service}/v1/sites/{SITE}/banner.js"></script>'
    html = f'<!doctype html><html lang="en"><title>A page</title>{tag}<body>{body}</body>'
    visit.stage.pages[PATH] = HTMLResponse(html, headers=headers)
    return visit.open(PATH)


def focused(page: Page) -> str:
    """What has the focus, by its text, in shadow roots too."""
    text: str = page.evaluate(
        """() => { let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return (at?.getAttribute("aria-label") ?? at?.textContent ?? "").trim(); }"""
    )
    return text


def test_ask_01_refusing_is_as_easy_and_as_visible_as_accepting(visit: Visit) -> None:
    visit.open()
    names = ("Accept all", "Reject all")
    accept, reject = (visit.banner.get_by_role("button", name=name, exact=True) for name in names)
    assert accept.evaluate(LOOK) == reject.evaluate(LOOK)
    reject.click()
    assert visit.recorded(1).claims.act == "reject_all"
    assert visit.asked_of_tags() == []


@pytest.mark.parametrize(
    ("label", "act"), [("Accept all", "accept_all"), ("Reject all", "reject_all")]
)
def test_ask_02_a_yes_and_a_no_are_both_on_record(
    visit: Visit, stage: Stage, label: str, act: str
) -> None:
    visit.open()
    visit.press(label)
    claims = verify_with_public_key_only(stage, visit.recorded(1).receipt)
    assert claims["act"] == act
    assert ("sub" in claims) is (act == "accept_all")


def test_ask_03_visitors_see_when_they_chose_and_what(visit: Visit) -> None:
    page = visit.open()
    visit.press("Choose")
    visit.dialog.get_by_role("switch", name="Statistics").check()
    visit.press("Save choices", visit.dialog)
    chosen = visit.recorded(1).claims.iat
    day = f"new Date({chosen * 1000}).toLocaleDateString('en', {{ dateStyle: 'long' }})"
    expect(visit.settings()).to_contain_text(page.evaluate(day))
    expect(visit.dialog).to_contain_text("Granted: Statistics")


STRICT = {
    "content-security-policy": "default-src 'none'; script-src 'nonce-n' 'strict-dynamic';"
    " connect-src http:; require-trusted-types-for 'script'; trusted-types consent"
}


def test_ask_04_a_strict_policy_and_trusted_types_find_nothing(visit: Visit) -> None:
    visit.context.add_init_script(
        """window.found = [];
        addEventListener("securitypolicyviolation", ({ violatedDirective }) =>
          found.push(violatedDirective));"""
    )
    held = '<script type="text/plain" data-consent="statistics" nonce="n">window.ran = 1</script>'
    page = page_with(visit, f"<h1>Strict</h1>{held}", headers=STRICT)
    visit.press("Choose")
    visit.press("Accept all", visit.dialog)
    visit.becomes("window.ran === 1")
    assert page.evaluate("window.found") == []


def test_ask_05_focus_goes_into_the_dialog_and_back_to_what_opened_it(visit: Visit) -> None:
    page = visit.open()
    opener = page.get_by_role("link", name="Cookie settings")
    opener.focus()
    page.keyboard.press("Enter")
    visit.until(lambda: focused(page) == "Cookie settings" and visit.dialog.count() == 1)
    expect(visit.dialog).to_have_accessible_name("Cookie settings")
    page.keyboard.press("Escape")
    expect(visit.dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_ask_06_the_banner_traps_no_tab(visit: Visit) -> None:
    page = page_with(visit, '<a href="#here">A link of the page</a>')
    expect(visit.banner).to_be_visible()
    seen: list[str] = []
    while "A link of the page" not in seen:
        page.keyboard.press("Tab")
        seen.append(focused(page))
        assert len(seen) < 12, seen
    assert {"Accept all", "Reject all", "Choose"} <= set(seen)
    assert len(seen) == len(set(seen))


# What can be pressed and is no native control, has no name, or plays another's part.
_UNFIT = """(layer) => [...layer.querySelectorAll("*")].filter((node) => {
  const role = node.getAttribute("role");
  const native = node.matches("button, a[href], input, summary");
  const named = node.labels?.length || node.ariaLabel || node.textContent.trim();
  const pressed = native || node.onclick || node.tabIndex >= 0 || ["button", "link"].includes(role);
  return pressed && (!native || !named || (role && role !== "switch"));
}).map((node) => node.outerHTML)"""


def test_ask_07_every_control_is_a_native_one_with_a_name(visit: Visit) -> None:
    visit.open()
    assert visit.banner.evaluate(_UNFIT) == []
    expect(visit.banner).to_have_accessible_name("Which cookies may we use?")
    visit.press("Choose")
    assert visit.dialog.evaluate(_UNFIT) == []
    headings = visit.dialog.get_by_role("heading").all_text_contents()
    assert headings == ["Cookie settings", "Necessary", "Preferences", "Statistics", "Marketing"]


@pytest.fixture
def family(stage: Stage) -> Callable[[str], str]:
    """Makes addresses of hosts below `shop.localhost`, all of them origins of the site."""
    port = stage.shop.rpartition(":")[2]
    hosts = ("shop.localhost", "www.shop.localhost", "news.shop.localhost")
    origins = tuple(f"http://{host}:{port}" for host in hosts)

    async def work(store: Store) -> None:
        site = await store.sites.by_key(SITE)
        await sites.change(store, site, site.name, (stage.shop, *origins), site.max_age)

    stage.store(work)
    return lambda host: f"http://{host}:{port}/"


def on_host(visit: Visit, address: str) -> None:
    visit.page.goto(address)
    visit.ready()


def test_ask_08_cookies_on_host_and_parent_domains_are_cleared(
    visit: Visit, family: Callable[[str], str]
) -> None:
    address = family("www.shop.localhost")
    on_host(visit, address)
    visit.press("Accept all")
    visit.recorded(1)
    visit.until(lambda: "_nma" in visit.cookies())
    scopes = ("", "; domain=shop.localhost", "; domain=www.shop.localhost", "; path=/")
    for place, scope in enumerate(scopes):
        visit.page.evaluate(f"document.cookie = '_nma_s_{place}=1{scope}'")
    assert len([name for name in visit.cookies() if name.startswith("_nma_s_")]) >= len(scopes)
    visit.press("Reject all", visit.settings())
    visit.recorded(2)
    visit.until(lambda: not [name for name in visit.cookies() if name.startswith("_nma")])


def test_ask_09_two_choice_cookies_on_two_domains_do_not_bring_the_banner_back(
    visit: Visit, family: Callable[[str], str]
) -> None:
    address = family("www.shop.localhost")
    on_host(visit, address)
    visit.press("Reject all")
    visit.recorded(1)
    value = visit.cookies()["consent"]
    older = value.replace(value.split(".")[2], "g00")
    visit.page.evaluate(f"document.cookie = 'consent={older}; path=/; domain=shop.localhost'")
    assert len(visit.context.cookies()) == 2
    on_host(visit, address)
    visit.settle()
    expect(visit.banner).to_have_count(0)
    visit.press("Accept all", visit.settings())
    visit.recorded(2)
    named = [cookie for cookie in visit.context.cookies() if cookie["name"] == "consent"]
    assert len(named) == 1
    on_host(visit, address)
    assert visit.consent()["marketing"] is True


def test_ask_10_a_marked_script_that_would_run_all_the_same_is_named() -> None:
    tag, source = "/v1/sites/demo/banner.js", "https://stats.example/count.js"
    marked = f'<script data-consent="statistics" src="{source}"></script>'
    held = marked.replace("<script", '<script type="text/plain"')
    page = f'<script async src="https://consent.example{tag}"></script>'
    for html, ungated in ((marked, (source,)), (held, ())):
        seen = sites.look("https://shop.example/", page + html, tag, frozenset({"stats.example"}))
        assert (seen.found, seen.ungated) == (True, ungated)


def test_ask_11_what_nobody_marked_is_held_where_its_host_is_declared(visit: Visit) -> None:
    page = page_with(visit, "<h1>Unmarked</h1>")
    source = f"{visit.stage.tags}/analytics.js"
    add = """(source) => document.body
      .append(Object.assign(document.createElement("script"), { src: source }))"""
    page.evaluate(add, source)
    visit.settle()
    assert visit.asked_of_tags() == []
    visit.press("Accept all")
    visit.until(lambda: visit.asked_of_tags().count("/analytics.js") == 1)


def telling_google(policy: Policy) -> Policy:
    """Google's consent mode is told."""
    return msgspec.structs.replace(policy, signals=(Signal.GOOGLE,))


def told_google(page: Page) -> list[tuple[str, dict[str, str]]]:
    """The consent commands in Google's queue, in order, without their waiting times."""
    commands = page.evaluate(
        """(window.dataLayer ?? []).filter((entry) => entry[0] === "consent")
          .map(([, kind, states]) => [kind, states])"""
    )
    return [(kind, dict(states)) for kind, states in commands]


def test_ask_12_google_is_told_the_default_first_and_then_once_what_was_chosen(
    visit: Visit, stage: Stage
) -> None:
    stage.publish(telling_google, ChangeClass.PATCH)
    page = page_with(visit, "<h1>Tags</h1>")
    ((kind, states),) = told_google(page)
    assert (kind, states["analytics_storage"]) == ("default", "denied")
    visit.press("Accept all")
    visit.recorded(1)
    default, (kind, states) = told_google(page)
    assert (kind, states["analytics_storage"]) == ("update", "granted")
    # On the next page the default, at most one update, and nothing denied in between.
    visit.reload()
    default, *updates = told_google(page)
    assert default[0] == "default"
    assert len(updates) <= 1
    assert ({**default[1], **dict(updates).get("update", {})})["analytics_storage"] == "granted"


def test_ask_13_all_that_googles_second_consent_mode_asks_for_is_told(
    visit: Visit, stage: Stage
) -> None:
    stage.publish(telling_google, ChangeClass.PATCH)
    page = page_with(visit, "<h1>Tags</h1>")
    asked = {"ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"}
    states = told_google(page)[0][1]
    assert {states[name] for name in asked} == {"denied"}
    visit.press("Reject all")
    visit.recorded(1)
    for _, states in told_google(page):
        assert {states.get(name, "denied") for name in asked} == {"denied"}


def test_ask_14_what_is_added_later_waits_too_and_a_no_loads_no_film(visit: Visit) -> None:
    page = page_with(visit, "<main></main>")
    tags = visit.stage.tags
    add = """(html) => document.querySelector("main")
      .append(document.createRange().createContextualFragment(html))"""
    film = f'<iframe data-consent="marketing" data-consent-src="{tags}/video.html" title="A film">'
    script = f'<script type="text/plain" data-consent="marketing" src="{tags}/ads.js"></script>'
    page.evaluate(add, f"{film}</iframe>{script}")
    visit.press("Reject all")
    visit.recorded(1)
    page.evaluate(add, f"{film}</iframe>{script}")
    visit.settle()
    assert visit.asked_of_tags() == []
    held = page.frame_locator("iframe >> nth=0")
    expect(held.locator("body")).to_contain_text("A film")
    held.get_by_role("button").click()
    visit.until(lambda: visit.asked_of_tags() == ["/video.html"])
    visit.settle()
    assert visit.asked_of_tags() == ["/video.html"]


@pytest.mark.parametrize("swap", ["swap()", "document.startViewTransition(swap)"])
def test_ask_15_the_banner_and_the_gate_survive_a_swapped_body(visit: Visit, swap: str) -> None:
    page = page_with(visit, "<h1>One</h1>")
    source = f"{visit.stage.tags}/analytics.js"
    tag = f'<script type="text/plain" data-consent="statistics" src="{source}">'
    page.evaluate(
        f"""(html) => {{ const swap = () => {{ const body = document.createElement("body");
        body.innerHTML = html; document.body.replaceWith(body); }}; {swap}; }}""",
        f"<h1>Two</h1>{tag}</script>",
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Two")
    expect(visit.banner).to_be_visible()
    assert visit.asked_of_tags() == []
    visit.press("Accept all")
    visit.until(lambda: "/analytics.js" in visit.asked_of_tags())


def test_ask_16_withdrawing_stops_what_runs_and_the_way_back_stays(visit: Visit) -> None:
    visit.open()
    visit.press("Accept all")
    visit.recorded(1)
    visit.until(lambda: "/analytics.js" in visit.asked_of_tags())
    with visit.loading_anew():
        visit.press("Reject all", visit.settings())
    visit.recorded(2)
    before = visit.asked_of_tags()
    visit.settle()
    assert visit.asked_of_tags() == before
    expect(visit.settings()).to_be_visible()


CHALLENGES = {403: "<p>Are you a robot?", 200: "<p>Are you a robot?", 500: ""}


@pytest.mark.parametrize("status", CHALLENGES)
def test_ask_17_a_policy_that_cannot_be_fetched_changes_no_choice(
    visit: Visit, stage: Stage, status: int
) -> None:
    visit.open()
    visit.press("Accept all")
    visit.recorded(1)
    kept = visit.cookies()["consent"]

    def challenge(route: Route) -> None:
        route.fulfill(status=status, body=CHALLENGES[status])

    address = f"{stage.service}/v1/sites/{SITE}/banner.js"
    visit.context.route(address, challenge)
    visit.page.goto(f"{stage.shop}/about")
    visit.settle()
    assert visit.cookies()["consent"] == kept
    visit.errors.clear()  # A challenge in HTML is no script: the browser says so.
    visit.context.unroute(address)
    visit.open()
    expect(visit.banner).to_have_count(0)
    assert visit.consent()["marketing"] is True


def test_ask_17_a_changed_category_is_asked_about_alone_and_says_what_changed(
    visit: Visit, stage: Stage
) -> None:
    visit.open()
    visit.press("Accept all")
    visit.recorded(1)
    stage.publish(with_another_marketing_cookie, ChangeClass.MAJOR)
    visit.open()
    expect(visit.banner).to_contain_text("_other")
    state = visit.consent()
    assert (state["statistics"], state["marketing"]) == (True, False)


def sharing(policy: Policy) -> Policy:
    """A choice that holds for a domain and all hosts below it."""
    return msgspec.structs.replace(policy, domain="shop.localhost")


def test_ask_18_one_choice_holds_for_the_hosts_that_the_policy_names(
    visit: Visit, stage: Stage, family: Callable[[str], str]
) -> None:
    stage.publish(sharing, ChangeClass.MAJOR)
    on_host(visit, family("www.shop.localhost"))
    visit.press("Reject all")
    visit.recorded(1)
    for host in ("news.shop.localhost", "shop.localhost"):
        on_host(visit, family(host))
        visit.settle()
        expect(visit.banner).to_have_count(0)
    visit.open()  # Another domain: what was said there is not known here.
    expect(visit.banner).to_be_visible()
    assert visit.asked_of_tags() == []


def test_ask_19_where_somebody_is_makes_no_difference_and_is_not_asked(
    visitor: Callable[..., Visit],
) -> None:
    there = {"latitude": 37.77, "longitude": -122.42}
    visit = visitor(
        timezone_id="America/Los_Angeles", geolocation=there, permissions=["geolocation"]
    )
    visit.open("/about")
    expect(visit.banner).to_be_visible()
    visit.settle()
    asked = {
        request.url for request in visit.requests if not request.url.startswith(visit.stage.shop)
    }
    assert asked == {f"{visit.stage.service}/v1/sites/{SITE}/banner.js"}
    assert visit.cookies() == {}


def test_ask_20_nothing_moves_and_one_request_is_all(visit: Visit) -> None:
    visit.context.add_init_script(
        """window.moved = 0;
        new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => moved += value))
          .observe({ type: "layout-shift", buffered: true });"""
    )
    page = page_with(visit, "<h1>Tea</h1>" + "<p>Some like it with milk.</p>" * 90)
    expect(visit.banner).to_be_visible()
    visit.settle()
    # The page can be scrolled beneath the banner, and no search engine quotes it.
    page.mouse.wheel(0, 300)
    visit.becomes("scrollY > 0")
    assert page.evaluate("document.body.firstElementChild.matches('[data-nosnippet]')")
    visit.press("Reject all")
    visit.recorded(1)
    assert page.evaluate("window.moved") == 0
    ours = [request.method for request in visit.requests if visit.stage.service in request.url]
    assert ours == ["GET", "POST"]
