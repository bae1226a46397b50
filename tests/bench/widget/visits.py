"""Visits to a contender's page in a real Chromium, and what each of them measures."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Page,
    ViewportSize,
    sync_playwright,
)

from tests import tools
from tests.bench.widget import trace
from tests.bench.widget.contenders import PLAIN, Contender
from tests.bench.widget.site import STRICT, Site
from tests.tools import ROOT

ROUND_TRIP = 150
"""Milliseconds."""
SLOWER = 4
"""How many times slower the processor is made."""

_LINK = {
    "offline": False,
    "latency": ROUND_TRIP,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# Else two peers hide from what says that it is driven by a program.
_ARGUMENTS += ["--disable-blink-features=AutomationControlled"]
_PHONE: ViewportSize = {"width": 412, "height": 823}
_PROBE = (Path(__file__).parent / "probe.js").read_text()
_AXE = (ROOT / "widget/node_modules/axe-core/axe.min.js").read_text()
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_PATIENCE = 15
_QUIET = 1.0
"""Seconds without a request after which a page is taken to have come to rest."""

Figures = dict[str, float]


@dataclass(frozen=True)
class Visitor:
    """A browser with a fresh profile in one contender's page."""

    site: Site
    browser: Browser
    context: BrowserContext
    page: Page
    session: CDPSession
    contender: Contender

    def go(self, name: str = "") -> None:
        """Open the page."""
        self.page.goto(self.site.origin + self.contender.address + name, wait_until="commit")

    def rest(self, slower: int = 1) -> None:
        """Wait until the page asks for nothing more and its timers have had time to run."""
        asked, since = len(self.site.asked), time.monotonic()
        while time.monotonic() - since < _QUIET * slower:
            self.page.wait_for_timeout(50)
            if len(self.site.asked) != asked:
                asked, since = len(self.site.asked), time.monotonic()

    def watch(self) -> None:
        """Have the probe in the page, before anything else."""
        self.page.add_init_script(f"({_PROBE})({json.dumps(self.contender.banner or None)})")

    @property
    def seen(self) -> dict[str, Any]:
        """What the probe has seen."""
        seen: dict[str, Any] = self.page.evaluate("seen")
        return seen

    def until(self, true: Callable[[], bool]) -> bool:
        """Whether it came true in time."""
        late = time.monotonic() + _PATIENCE
        while time.monotonic() < late:
            if true():
                return True
            self.page.wait_for_timeout(100)
        return False

    def click(self, selector: str) -> None:
        """As soon as it can be clicked."""
        self.page.locator(selector).first.click(timeout=1000 * _PATIENCE)

    def traced(self, slower: int = 1) -> trace.Work:
        """Open the page and see what its main thread does."""
        self.browser.start_tracing(page=self.page, categories=trace.CATEGORIES)
        self.go()
        self.rest(slower)
        events = json.loads(self.browser.stop_tracing())["traceEvents"]
        return trace.work(events, self.contender.address)


@contextmanager
def visitor(site: Site, browser: Browser, contender: Contender) -> Iterator[Visitor]:
    """A visitor who was never here."""
    context = browser.new_context(viewport=_PHONE, locale="en-GB")
    page = context.new_page()
    site.took()
    try:
        yield Visitor(site, browser, context, page, context.new_cdp_session(page), contender)
    finally:
        context.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for all visits."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tools.chromium(), args=_ARGUMENTS)
        yield browser
        browser.close()


def on_a_slow_link(on: Visitor) -> Figures:
    """A first visit at 150 ms and 1.6 Mbit/s: when what is seen, and what moves."""
    on.session.send("Network.enable")
    on.session.send("Network.emulateNetworkConditions", _LINK)
    on.watch()
    on.go()
    on.until(lambda: on.seen["readable"] is not None or not on.contender.banner)
    on.rest()
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    figures = {
        "requests": len(on.site.took()) - 1,
        "paint": on.page.evaluate(paint),
        "shift": on.seen["shift"],
    }
    times = {name: on.seen[name] for name in ("visible", "readable")}
    return figures | {name: time for name, time in times.items() if time is not None}


def work(on: Visitor) -> Figures:
    """A first visit, everything accepted, and the next visit: what the main thread does."""
    first = on.traced()
    on.click(on.contender.accept)
    on.rest()
    on.site.took()
    again = on.traced()
    requests = {"requests again": len(on.site.took()) - 1}
    return _named("first", first) | _named("again", again) | requests


def slow_work(on: Visitor) -> Figures:
    """The same with a slow processor, and how long accepting takes to be painted."""
    on.session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    first = on.traced(SLOWER)
    answered = _answered(on)
    on.rest(SLOWER)
    again = on.traced(SLOWER)
    return _named("slow first", first) | _named("slow again", again) | answered


def _named(visit: str, done: trace.Work) -> Figures:
    return {f"{visit} {name}": took for name, took in asdict(done).items()}


_TIMED = """() => {
  window.answer = { waited: null, longest: 0, handled: 0 };
  new PerformanceObserver((list) => {
    for (const { name, duration, processingStart, processingEnd } of list.getEntries()) {
      if (!["pointerdown", "pointerup", "click"].includes(name)) continue;
      answer.longest = Math.max(answer.longest, duration);
      answer.handled = Math.max(answer.handled, processingEnd - processingStart);
    }
  }).observe({ type: "event", durationThreshold: 16 });
  addEventListener("click", (e) => (answer.waited = performance.now() - e.timeStamp), true);
}"""


def _answered(on: Visitor) -> Figures:
    """From the click on "accept" to the frame that shows it; and the browser's own count."""
    on.page.evaluate(_TIMED)
    box = on.page.locator(on.contender.accept).first.bounding_box(timeout=1000 * _PATIENCE)
    if not box:
        raise ValueError("no button to accept with is shown")
    on.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    on.page.wait_for_timeout(500)
    on.browser.start_tracing(page=on.page, categories=trace.FRAMES)
    on.page.mouse.down()
    on.page.mouse.up()
    # The browser tells of an event some time after it was painted.
    on.page.wait_for_timeout(1000)
    events = json.loads(on.browser.stop_tracing())["traceEvents"]
    answer = on.page.evaluate("answer")
    answer["painted"] = answer.pop("waited") + trace.painted(events, "click")
    return {f"answer {name}": value for name, value in answer.items()}


def weigh(on: Visitor) -> Figures:
    """Bytes of everything that is loaded, brotli-11: by every page, and by opening layer two."""
    own, plain = on.site.files[on.contender.address], on.site.files[PLAIN.address]
    tags = len(own.brotli) - len(plain.brotli)
    on.go()
    on.rest()
    first = set(on.site.took()) - {on.contender.address}
    if on.contender.more:
        on.click(on.contender.more)
        on.page.locator(on.contender.second).first.wait_for()
        on.rest()
    second = set(on.site.took()) - first
    return {"bytes": tags + _size(on, first), "bytes of layer two": _size(on, second)}


def _size(on: Visitor, addresses: set[str]) -> int:
    paths = {address.partition("?")[0] for address in addresses}
    return sum(len(on.site.files[path].brotli) for path in paths if path in on.site.files)


def judged(on: Visitor) -> Figures:
    """What axe finds on both layers."""
    on.go()
    on.rest()
    on.page.evaluate(_AXE)
    found: Figures = {"axe": len(_violations(on))}
    if on.contender.more:
        on.click(on.contender.more)
        on.page.locator(on.contender.second).first.wait_for()
        on.rest()
        found["axe of layer two"] = len(_violations(on))
    return found


def _violations(on: Visitor) -> list[str]:
    ran = f"axe.run(document, {{ runOnly: {json.dumps(_AXE_TAGS)} }})"
    ids: list[str] = on.page.evaluate(f"{ran}.then((r) => r.violations.map(({{ id }}) => id))")
    return ids


def under_a_strict_policy(on: Visitor) -> Figures:
    """What a page reports that allows scripts by nonce, no inline style, and no HTML from text."""
    on.watch()
    on.go(STRICT)
    on.rest()
    shown = not on.contender.banner or on.page.locator(on.contender.banner).first.is_visible()
    if shown and on.contender.more:
        on.click(on.contender.more)
        on.rest()
    return {"refused": len(on.seen["refused"]), "missing": float(not shown)}
