"""A visitor's browser, and everything it asked for: also what it did not."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
from playwright.sync_api import BrowserContext, Error, Locator, Page, Request

from consent_service.web.api.receipts import Readable
from tests.browser.stage import SITE, Stage

PATIENCE = 30_000
"""Milliseconds that a page may take on a busy machine."""


class Visit:
    """One visitor with a fresh profile, on one page of the shop."""

    def __init__(self, stage: Stage, context: BrowserContext) -> None:
        self.stage, self.context = stage, context
        self.requests: list[Request] = []
        self.errors: list[str] = []
        context.set_default_timeout(PATIENCE)
        self._under_way: set[Request] = set()
        self._last = 0.0
        context.on("request", self._asked)
        context.on("requestfinished", self._answered)
        context.on("requestfailed", self._answered)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page = context.new_page()

    def open(self, path: str = "/") -> Page:
        """Open a page of the shop and wait until the widget is there."""
        self.page.goto(f"{self.stage.shop}{path}")
        return self.ready()

    def reload(self) -> Page:
        """Load the page again and wait until the widget is there."""
        self.page.reload()
        return self.ready()

    def ready(self) -> Page:
        """Wait until the widget is there."""
        self.becomes("window.consent && window.consent.get")
        return self.page

    @contextmanager
    def loading_anew(self) -> Iterator[None]:
        """What is pressed in this block makes the page load itself again: wait for the widget."""
        self.page.evaluate("window.before = true")
        yield
        self.becomes("!window.before && window.consent && window.consent.get")

    def becomes(self, expression: str, page: Page | None = None) -> None:
        """Wait until it holds in the page, or in the one that this page goes on to.

        Not `wait_for_function`: it evaluates in the page, which the shop's policy forbids.
        """
        self.until(lambda: _holds(page or self.page, expression))

    @property
    def banner(self) -> Locator:
        """Layer one."""
        return self.page.locator("section[role=region]")

    @property
    def dialog(self) -> Locator:
        """Layer two."""
        return self.page.get_by_role("dialog")

    def press(self, label: str, within: Locator | None = None) -> None:
        """Press a button by its name."""
        (within or self.banner).get_by_role("button", name=label, exact=True).click()

    def settings(self) -> Locator:
        """Open layer two from the link at the foot of the page."""
        self.page.get_by_role("link", name="Cookie settings").click()
        self.dialog.wait_for()
        return self.dialog

    def posts(self) -> list[dict[str, Any]]:
        """The choices that were posted, in order."""
        bodies = (
            request.post_data
            for request in self.requests
            if request.method == "POST"
            and request.url.startswith(self.stage.service)
            # Of some page views the banner also tells what it had to hold.
            and request.url.endswith("/receipts")
        )
        return [json.loads(body or "{}") for body in bodies]

    def asked_of_tags(self) -> list[str]:
        """The third parties' paths that this browser requested, the log's own left out."""
        return [
            request.url.removeprefix(self.stage.tags).partition("?")[0]
            for request in self.requests
            if request.url.startswith(self.stage.tags) and not request.url.endswith("/log")
        ]

    def cookies(self) -> dict[str, str]:
        """Every cookie in the browser, of whatever host, HttpOnly too."""
        return {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}

    def stored(self) -> list[str]:
        """The names in both storages of the page."""
        names = self.page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
        return sorted(names)

    def consent(self) -> dict[str, Any]:
        """What the page's scripts are told."""
        answer: dict[str, Any] = self.page.evaluate("window.consent.get()")
        return answer

    def until(self, true: Callable[[], object]) -> None:
        """Wait for something that the browser does by itself."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not true():
            assert time.monotonic() < deadline, "waited too long"
            self.page.wait_for_timeout(30)

    def recorded(self, count: int) -> Readable:
        """The receipt of the `count`-th choice, once the service has it."""
        self.until(lambda: len(self.posts()) >= count)
        receipt_id = self.posts()[count - 1]["id"]
        self.until(lambda: self._receipt(receipt_id))
        # The browser knows it too: a page left before that would rightly send it again.
        self.until(lambda: not self.cookies().get("consent", "").endswith(".p"))
        found = self._receipt(receipt_id)
        assert found is not None
        return found

    def _receipt(self, receipt_id: str) -> Readable | None:
        address = f"{self.stage.service}/v1/sites/{SITE}/receipts/{receipt_id}"
        answer = httpx.get(address, timeout=PATIENCE / 1000)
        return msgspec.json.decode(answer.content, type=Readable) if answer.is_success else None

    def settle(self) -> None:
        """Give whatever might still be asked for the time to be asked for."""
        self.page.wait_for_load_state()
        # Not "networkidle": it never comes where a frame that is asking is taken away.
        self.until(self._is_quiet)
        self.page.wait_for_timeout(300)

    def _asked(self, request: Request) -> None:
        self.requests.append(request)
        self._under_way.add(request)
        self._last = time.monotonic()

    def _answered(self, request: Request) -> None:
        self._under_way.discard(request)
        self._last = time.monotonic()

    def _is_quiet(self) -> bool:
        """Nothing is under way; or what is will not be heard of, its frame being gone."""
        silent = time.monotonic() - self._last
        return silent > (3.0 if self._under_way else 0.5)


def _holds(page: Page, expression: str) -> bool:
    try:
        return bool(page.evaluate(f"!!({expression})"))
    except Error as error:
        # The page goes on to another meanwhile.
        if "context was destroyed" in error.message:
            return False
        raise
