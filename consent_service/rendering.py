"""Pictures of banners, by a headless Chromium: the only user of Playwright.

The exact bytes of a banner run in a page of ours that has no network. What the page asks for is
answered from memory: itself, and the banner's two files under the addresses by which they know
each other. Everything else fails, as if there were no service. Nobody presses anything but the
way to the second layer, so no receipt is made, and each picture is taken in a profile of its own.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from consent_service.errors import NotRendered
from consent_service.exports.verify import WIDTHS
from consent_service.jobs import NotHere

if TYPE_CHECKING:
    # The extra `render`: the service runs without it.
    from playwright.async_api import Browser, Page, Playwright, Route

OFF = "off"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

HEIGHTS = {"narrow": 740, "medium": 1024, "wide": 900}
"""How high each window is, in CSS pixels: of a phone, a tablet, a laptop."""

TALLEST = 4_000
"""The second layer is pictured in a window so high that nothing in it is scrolled out of sight, up
to this."""

PATIENCE = 15_000
"""Milliseconds that each step of a picture may take: less than a job may stay silent for."""

STARTING = 30_000
"""Milliseconds that a browser may take to be there."""

_ORIGIN = "https://page.invalid"
_LAYERS = {1: "section.one", 2: "dialog.two"}

_ARGUMENTS = (
    # Should anything ask past the page: no name leads anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    # The same pixels, whatever screen the machine has.
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
)

_HIDDEN = """
    (layer) => Math.max(0, ...[layer, ...layer.querySelectorAll("*")].map((each) =>
        getComputedStyle(each).overflowY === "visible" ? 0 : each.scrollHeight - each.clientHeight))
"""
"""How many pixels of a layer are scrolled out of sight."""


class Look(NamedTuple):
    """The browser of this process, as far as can be told without starting it."""

    program: str = ""
    """Empty for the one that Playwright brings."""
    missing: str = ""
    """Why there is none; empty where there is."""


class Sitter(NamedTuple):
    """A banner to be pictured: its exact bytes, and what its page must know."""

    site: str
    language: str
    direction: str
    banner: bytes
    settings: Mapping[str, bytes]
    """The second layer by its hash, as the banner names it."""
    at: int
    """The time that the page's clock shows: unix seconds."""


def look(setting: str) -> Look:
    """Which browser the setting `browser` means on this machine."""
    if setting == OFF:
        return Look(missing="screenshots are switched off here")
    if find_spec("playwright") is None:
        return Look(missing="the extra [render] is not installed")
    if not setting:
        return Look(next(filter(None, map(shutil.which, PROGRAMS)), ""))
    if shutil.which(setting) is None:
        return Look(missing=f"the setting browser says {setting}, and that is no program")
    return Look(setting)


class Studio:
    """A running browser."""

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser

    @property
    def name(self) -> str:
        """Which browser, such as `Chromium 143.0.7499.40`."""
        return f"Chromium {self._browser.version}"

    async def close(self) -> None:
        """End it. One that broke is gone already."""
        with _quiet():
            await self._browser.close()

    async def take(self, sitter: Sitter, layer: int, viewport: str) -> bytes:
        """A picture (PNG) of one layer in a window of that width. Raises `NotRendered`."""
        what = f"layer {layer} in {sitter.language}, {viewport}"
        with _named(what):
            context = await self._browser.new_context(
                viewport={"width": WIDTHS[viewport], "height": HEIGHTS[viewport]},
                device_scale_factor=1,
                color_scheme="light",
                reduced_motion="reduce",
                forced_colors="none",
                locale=sitter.language,
                timezone_id="UTC",
                service_workers="block",
            )
            try:
                page = await context.new_page()
                page.set_default_timeout(PATIENCE)
                await page.clock.set_fixed_time(sitter.at * 1000)
                await page.route("**/*", _answering(sitter))
                return await _picture(page, layer)
            finally:
                await context.close()


@contextlib.asynccontextmanager
async def studio(found: Look) -> AsyncIterator[Studio]:
    """A browser, until the block ends. Raises `NotHere` where it does not start."""
    async with _driver() as playwright:
        opened = Studio(await _started(playwright, found))
        try:
            yield opened
        finally:
            await opened.close()


@contextlib.asynccontextmanager
async def _driver() -> AsyncIterator["Playwright"]:
    """What drives a browser, until the block ends."""
    try:
        from playwright.async_api import async_playwright

        async with asyncio.timeout(STARTING / 1000):
            playwright = await async_playwright().start()
    # Where its program does not run, Playwright says so with a bare Exception.
    except Exception as error:
        raise NotHere(f"Playwright does not start: {_first_line(error)}") from error
    try:
        yield playwright
    finally:
        await playwright.stop()


async def _started(playwright: "Playwright", found: Look) -> "Browser":
    from playwright.async_api import Error

    try:
        return await playwright.chromium.launch(
            executable_path=found.program or None,
            args=_ARGUMENTS,
            timeout=STARTING,
            # The service ends its jobs in good order; the browser is not to go before it.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
    except Error as error:
        where = found.program or "the Chromium of Playwright"
        raise NotHere(f"{where} does not start: {_first_line(error)}") from error


@contextlib.contextmanager
def _named(what: str) -> Iterator[None]:
    from playwright.async_api import Error, TimeoutError

    try:
        yield
    except TimeoutError as error:
        seconds = PATIENCE // 1000
        raise NotRendered(f"no picture of {what}: nothing showed in {seconds} seconds") from error
    except Error as error:
        raise NotRendered(f"no picture of {what}: {_first_line(error)}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    from playwright.async_api import Error

    with contextlib.suppress(Error):
        yield


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _answering(sitter: Sitter) -> "_Answer":
    return _Answer(sitter)


class _Answer:
    """What the page is given: itself, the banner's files, and nothing else."""

    def __init__(self, sitter: Sitter) -> None:
        below = f"{_ORIGIN}/v1/sites/{sitter.site}/banner"
        page = _PAGE.format(
            language=sitter.language, direction=sitter.direction, banner=f"{below}/banner.js"
        )
        self._bodies = {
            f"{_ORIGIN}/": ("text/html; charset=utf-8", page.encode()),
            f"{below}/banner.js": ("text/javascript; charset=utf-8", sitter.banner),
        }
        for digest, body in sitter.settings.items():
            self._bodies[f"{below}/{digest}.js"] = ("text/javascript; charset=utf-8", body)

    async def __call__(self, route: "Route") -> None:
        known = self._bodies.get(route.request.url)
        if known is None:
            await route.abort("connectionfailed")
            return
        content_type, body = known
        await route.fulfill(
            body=body, headers={"content-type": content_type, "content-security-policy": _POLICY}
        )


async def _picture(page: "Page", layer: int) -> bytes:
    await page.goto(f"{_ORIGIN}/")
    await page.locator(_LAYERS[1]).wait_for()
    if layer == 2:
        await page.evaluate("consent.open()")
        await page.locator(_LAYERS[2]).wait_for()
        await _make_room(page)
    return await page.screenshot(animations="disabled", caret="hide", scale="css")


async def _make_room(page: "Page") -> None:
    """Make the window higher until nothing of the second layer is scrolled out of sight."""
    size = page.viewport_size or {"width": 0, "height": 0}
    width, height = size["width"], size["height"]
    # A layer may take a share of the window: what is hidden is given twice.
    while height < TALLEST and (hidden := await page.locator(_LAYERS[2]).evaluate(_HIDDEN)) > 0:
        height = min(TALLEST, height + 2 * round(hidden) + 1)
        await page.set_viewport_size({"width": width, "height": height})


# A page that is none: shapes where a site has its words and pictures.
_POLICY = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'"
_PAGE = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Page</title>
<style>
* {{ box-sizing: border-box }}
body {{ margin: 0; background: #f7f4ee }}
div {{ margin: 1rem 5vw; border-radius: .4rem; background: #e4ded2 }}
.head {{ height: 1.6rem; width: 6rem; background: #cfc7b6 }}
.hero {{ height: 14rem; background: #cfc7b6 }}
.line {{ height: .8rem; max-width: 40rem }}
</style>
<script src="{banner}"></script>
</head>
<body>
<div class="head"></div>
<div class="hero"></div>
<div class="line"></div><div class="line"></div><div class="line"></div>
</body>
</html>
"""
