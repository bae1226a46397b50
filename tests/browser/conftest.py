"""A real Chromium, three real servers, a fresh profile for each test."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import tools
from tests.browser.stage import Stage, running_stage
from tests.browser.visit import PATIENCE, Visit

_CHROMIUM = json.loads(Path(__file__).with_name("chromium.json").read_text())
_OFF = itertools.chain.from_iterable(_CHROMIUM["off"].values())
# A browser takes the last list only: Playwright's own has to stand in ours again.
ARGUMENTS = [*_CHROMIUM["arguments"], f"--disable-features={','.join(_OFF)}"]

expect.set_options(timeout=PATIENCE)


# Not for the session: Playwright keeps an event loop running in this thread, and the tests that
# come after these in the same process need one of their own.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this folder."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tools.chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The service, the shop and the third parties, with version 1 published."""
    with running_stage(tmp_path) as running:
        yield running


@pytest.fixture
def visitor(stage: Stage, chromium: Browser) -> Iterator[Callable[..., Visit]]:
    """Makes visitors, each with a fresh profile. No page may have failed in the end."""
    visits: list[Visit] = []

    def make(**options: object) -> Visit:
        context = chromium.new_context(locale="en-GB", **options)  # type: ignore[arg-type]  # Playwright's keywords, passed through
        visits.append(Visit(stage, context))
        return visits[-1]

    yield make
    for visit in visits:
        visit.context.close()
        assert not visit.errors, visit.errors


@pytest.fixture
def visit(visitor: Callable[..., Visit]) -> Visit:
    """One visitor."""
    return visitor()
