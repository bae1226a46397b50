"""The choice cookie set again by the service, where it shares the site's host or domain."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, BrowserContext, Response
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consent_service.model import ChangeClass
from tests.browser.stage import SITE, Stage, running_stage
from tests.browser.visit import Visit

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tea</title>
<script async src="{service}/v1/sites/{site}/banner.js"></script></head>
<body><h1>Tea</h1><button data-consent-open>Cookie settings</button></body></html>"""


@contextmanager
def staged(folder: Path, domain: str, **how: Any) -> Iterator[Stage]:
    """A stage with a page that has the tag and nothing else."""
    with running_stage(folder, **how) as stage:
        stage.pages["/tea"] = HTMLResponse(_PAGE.format(service=stage.service, site=SITE))
        if domain:
            stage.publish(lambda policy: replace(policy, domain=domain), ChangeClass.MAJOR)
        yield stage


@contextmanager
def visiting(stage: Stage, chromium: Browser) -> Iterator[Visit]:
    context = chromium.new_context(locale="en-GB")
    yield Visit(stage, context)
    context.close()


def answers(context: BrowserContext) -> list[Response]:
    """The answers to choices, as they come."""
    seen: list[Response] = []
    context.on("response", lambda each: seen.append(each) if "/receipts" in each.url else None)
    return seen


def the_cookie(visit: Visit) -> dict[str, Any]:
    (cookie,) = [each for each in visit.context.cookies() if each.get("name") == "consent"]
    return dict(cookie)


def assert_set_again(
    visit: Visit, came: list[Response], count: int, bits: str, domain: str
) -> None:
    """The answer sets the cookie of this choice, and it is what stays."""
    visit.until(lambda: len(came) == count)
    assert came[-1].status == 201
    value = came[-1].all_headers()["set-cookie"].partition(";")[0].removeprefix("consent=")
    assert value.split(".")[3] == bits
    assert not value.endswith(".p")
    visit.until(lambda: bool(the_cookie(visit)["value"] == value))
    assert (the_cookie(visit)["domain"], the_cookie(visit)["httpOnly"]) == (domain, False)


# The service's host, the shop's, the policy's domain; the domain of the cookie.
SHARED = {
    "two hosts under one domain": (
        "consent.tea.localhost",
        "shop.tea.localhost",
        "tea.localhost",
        ".tea.localhost",
    ),
    "one host, two ports": ("localhost", "localhost", "", "localhost"),
}


@pytest.mark.parametrize("name", SHARED)
def test_r32_the_answer_sets_the_cookie_again_and_the_script_does_not(
    tmp_path: Path, chromium: Browser, name: str
) -> None:
    service, shop, domain, expected = SHARED[name]
    with (
        staged(tmp_path, domain, service=service, shop=shop) as stage,
        visiting(stage, chromium) as visit,
    ):
        came = answers(visit.context)
        page = visit.open("/tea")
        visit.press("Accept all")
        assert_set_again(visit, came, 1, "7", expected)
        page.get_by_role("button", name="Cookie settings").click()
        visit.press("Reject all", visit.dialog)
        assert_set_again(visit, came, 2, "0", expected)
        visit.reload()
        assert visit.banner.count() == 0


def test_r26_a_service_elsewhere_is_sent_no_cookie_and_sets_none(
    tmp_path: Path, chromium: Browser
) -> None:
    with staged(tmp_path, "") as stage, visiting(stage, chromium) as visit:
        came = answers(visit.context)
        visit.open("/tea")
        visit.press("Accept all")
        visit.until(lambda: len(came) == 1 and not the_cookie(visit)["value"].endswith(".p"))
        assert "set-cookie" not in came[0].all_headers()
        assert "cookie" not in came[0].request.all_headers()


def one_late(app: ASGIApp) -> ASGIApp:
    """The service, its answer to the first choice held until the second is answered."""
    order: list[str] = []
    second = asyncio.Event()

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        order.append(scope["path"])
        held: list[Message] = []
        if len(order) > 1:
            await app(scope, receive, send)
            second.set()
            return

        async def hold(message: Message) -> None:
            held.append(message)

        await app(scope, receive, hold)
        await asyncio.wait_for(second.wait(), 60)
        await asyncio.sleep(0.2)
        for message in held:
            await send(message)

    return around


def test_r24_a_late_answer_brings_nothing_back(tmp_path: Path, chromium: Browser) -> None:
    with (
        staged(tmp_path, "", service="localhost", around=one_late) as stage,
        visiting(stage, chromium) as visit,
    ):
        came = answers(visit.context)
        page = visit.open("/tea")
        visit.press("Accept all")
        page.get_by_role("button", name="Cookie settings").click()
        visit.press("Reject all", visit.dialog)
        visit.until(lambda: len(came) == 2)
        # It did come last, and with the grant's cookie.
        assert ".7." in came[1].all_headers()["set-cookie"]
        page.wait_for_timeout(300)
        assert the_cookie(visit)["value"].split(".")[3] == "0"
        assert page.evaluate("consent.get().marketing") is False
        visit.reload()
        assert page.evaluate("consent.get().marketing") is False
