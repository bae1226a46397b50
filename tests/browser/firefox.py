"""A real Firefox, spoken to in WebDriver BiDi: the browser itself is all that it needs.

Only what the tests use of that protocol is here: https://w3c.github.io/webdriver-bidi/.
"""

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from consent_service.signing import PublicKeys
from consent_service.store import Store
from tests import tools
from tests.browser.stage import SITE, Stage
from tests.browser.test_story import verify_with_public_key_only

PATIENCE = 60
"""Seconds that the browser may take for one thing on a busy machine."""

# A banner that slides in is pressed where it was a moment ago.
_PREFERENCES = {"ui.prefersReducedMotion": 1}

# Whatever a page shows that has this name and matches this selector, in shadow roots too: where
# its middle is. Nothing unless it is one element.
_FIND = """(selector, name) => {
  const roots = [document];
  for (const root of roots)
    for (const { shadowRoot } of root.querySelectorAll("*"))
      if (shadowRoot) roots.push(shadowRoot);
  const named = (element) =>
    element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
  const found = roots
    .flatMap((root) => [...root.querySelectorAll(selector)])
    .filter((element) => named(element).trim() === name && element.checkVisibility());
  if (found.length !== 1) return "";
  found[0].scrollIntoView({ block: "center" });
  const { x, y, width, height } = found[0].getBoundingClientRect();
  return JSON.stringify([Math.round(x + width / 2), Math.round(y + height / 2)]);
}"""

_SHOWN = """(selector) => [document, ...[...document.querySelectorAll("*")]
  .map(({ shadowRoot }) => shadowRoot)]
  .flatMap((root) => [...(root?.querySelectorAll(selector) ?? [])])
  .filter((element) => element.checkVisibility())
  .map((element) => element.textContent).join("\\n")"""


class Refused(Exception):
    """What the browser was asked for it does not do."""


class Firefox:
    """The browser, on one connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Have the browser do something; its result. What it tells meanwhile is in `events`."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        self._connection.send(json.dumps(message))
        while True:
            answer: dict[str, Any] = json.loads(self._connection.recv(PATIENCE))
            if answer["type"] == "event":
                self.events.append(answer)
            elif answer.get("id") == self._last:
                if answer["type"] != "success":
                    raise Refused(answer)
                result: dict[str, Any] = answer["result"]
                return result


@contextlib.contextmanager
def running_firefox(profile: Path, preferences: dict[str, bool] | None = None) -> Iterator[Firefox]:
    """A Firefox with a new profile, until the block ends."""
    profile.mkdir()
    lines = (
        f'user_pref("{name}", {json.dumps(value)});\n'
        for name, value in (_PREFERENCES | (preferences or {})).items()
    )
    (profile / "user.js").write_text("".join(lines))
    command = [tools.firefox(), "--headless", "--no-remote", "--remote-debugging-port", "0"]
    with (
        (profile / "log").open("w") as log,
        subprocess.Popen([*command, "--profile", str(profile)], stdout=log, stderr=log) as process,
    ):
        try:
            address = _address(profile / "log", process)
            with connect(f"{address}/session", max_size=None) as connection:
                firefox = Firefox(connection)
                firefox.command("session.new", capabilities={})
                firefox.command(
                    "session.subscribe", events=["network.beforeRequestSent", "log.entryAdded"]
                )
                yield firefox
                firefox.command("browser.close")
            process.wait(PATIENCE)
        finally:
            process.kill()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (found := re.search(r"BiDi listening on (ws://\S+)", log.read_text())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return found[1]


class Visitor:
    """One visitor with cookies and storage of their own, on one page of the shop."""

    def __init__(self, firefox: Firefox, stage: Stage) -> None:
        self._firefox, self._stage = firefox, stage
        firefox.events.clear()
        made = firefox.command("browser.createUserContext")
        self._user: str = made["userContext"]
        tab = firefox.command("browsingContext.create", type="tab", userContext=self._user)
        self._tab: str = tab["context"]

    def leave(self) -> None:
        """Forget the visitor. No page may have failed in the end."""
        self._firefox.command("browser.removeUserContext", userContext=self._user)
        told = [event["params"] for event in self._firefox.events]
        errors = [entry["text"] for entry in told if entry.get("level") == "error"]
        assert not errors, errors

    def open(self, path: str = "/") -> None:
        """Open a page of the shop and wait until the widget is there."""
        url = f"{self._stage.shop}{path}"
        self._firefox.command(
            "browsingContext.navigate", context=self._tab, url=url, wait="complete"
        )
        self.becomes("window.consent?.get")

    def becomes(self, expression: str) -> None:
        """Wait until it holds in the page, or in the one that this page goes on to."""

        def holds() -> bool:
            try:
                return bool(self.evaluate(f"!!({expression})"))
            except Refused:
                # The page goes on to another meanwhile.
                return False

        self.until(holds)

    def press(self, name: str, selector: str = "section.one button", frame: bool = False) -> None:
        """Press with the mouse what has this name; in the page's frame if so said."""
        context = self._frame() if frame else self._tab
        place: list[int] = []

        def found() -> bool:
            place[:] = json.loads(self._call(_FIND, context, selector, name) or "[]")
            return bool(place)

        self.until(found)
        x, y = place
        moves = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": moves}
        self._firefox.command("input.performActions", context=context, actions=[mouse])

    def shown(self, selector: str) -> str:
        """The text of what is visible and matches, in shadow roots too."""
        text: str = self._call(_SHOWN, self._tab, selector)
        return text

    def evaluate(self, expression: str) -> Any:
        """What an expression of JSON values is in the page."""
        return json.loads(self._call(f"() => JSON.stringify({expression})", self._tab))

    def asked_of_tags(self) -> list[str]:
        """The third parties' paths that this browser requested, the log's own left out."""
        self.evaluate("1")
        urls = [
            event["params"]["request"]["url"]
            for event in self._firefox.events
            if event["method"] == "network.beforeRequestSent"
        ]
        return [
            url.removeprefix(self._stage.tags).partition("?")[0]
            for url in urls
            if url.startswith(self._stage.tags) and not url.endswith("/log")
        ]

    def cookies(self) -> dict[str, str]:
        """Every cookie of this visitor, of whatever host, HttpOnly too."""
        partition = {"type": "storageKey", "userContext": self._user}
        found = self._firefox.command("storage.getCookies", partition=partition)["cookies"]
        return {cookie["name"]: cookie["value"]["value"] for cookie in found}

    def stored(self) -> list[str]:
        """The names in both storages of the page."""
        names: list[str] = self.evaluate(
            "[...Object.keys(localStorage), ...Object.keys(sessionStorage)]"
        )
        return names

    def recorded(self, count: int) -> list[dict[str, Any]]:
        """The claims of the site's receipts, oldest first, once there are so many; verified."""
        self.until(lambda: len(self._tokens()) >= count)
        self.until(lambda: not self.cookies().get("consent", "").endswith(".p"))
        return [verify_with_public_key_only(self._stage, token) for token in self._tokens()]

    def until(self, true: Callable[[], object]) -> None:
        """Wait for something that the browser does by itself."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.03)

    def settle(self) -> None:
        """Give whatever might still be asked for the time to be asked for."""
        self.evaluate("1")
        time.sleep(0.3)

    def _tokens(self) -> list[str]:
        async def work(store: Store) -> list[str]:
            site = await store.sites.by_key(SITE)
            stored = await store.receipts.page(site.id)
            rows = [(row.payload, row.signature, row.kid) for row in reversed(stored)]
            return [PublicKeys.assemble(*row) for row in rows]

        return self._stage.store(work)

    def _frame(self) -> str:
        tree = self._firefox.command("browsingContext.getTree", root=self._tab)
        ((frame,),) = (tab["children"] for tab in tree["contexts"])
        context: str = frame["context"]
        return context

    def _call(self, function: str, context: str, *arguments: str) -> Any:
        answer = self._firefox.command(
            "script.callFunction",
            functionDeclaration=function,
            target={"context": context},
            arguments=[{"type": "string", "value": value} for value in arguments],
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value")
