"""`policy render`: screenshots from a shell, for a service that has no browser."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_service import screens
from consent_service.cli import cli
from consent_service.jobs import RENDER
from consent_service.store import Store, open_store
from tests import tools
from tests.store import given
from tests.store.given import NOW

Run = Callable[..., Result]


@pytest.fixture
def run(url: str, tmp_path: Path) -> Run:
    """The command on a database with a site `shop`, whose version lacks one screenshot."""
    asyncio.run(_filled(url))

    def command(*arguments: str, browser: str = "") -> Result:
        environment = {
            "CONSENT_DATABASE": url,
            "CONSENT_KEYS": f"{tmp_path}/keys",
            "CONSENT_BROWSER": browser or tools.chromium(),
        }
        return CliRunner().invoke(cli, ["policy", "render", *arguments], env=environment)

    return command


async def _filled(url: str) -> None:
    async with open_store(url) as store:
        site = await given.published_policy(store)
        known = await screens.album(store, site.id, 1)
        shots = [(each.banner, shot) for each in known.pictured for shot in each.lacking]
        for banner, (layer, viewport) in shots[1:]:
            screen = given.screen(site.id, banner.digest, layer, viewport)
            await store.screens.add(screen, b"a picture")


def _taken(url: str) -> int:
    async def count() -> int:
        async with open_store(url) as store:
            return (await screens.album(store, 1, 1)).taken

    return asyncio.run(count())


def _stopped(url: str) -> None:
    async def stop(store: Store) -> None:
        for job in await store.jobs.open(1, RENDER):
            await store.jobs.stop(1, job.id)

    async def run() -> None:
        async with open_store(url) as store:
            await stop(store)

    asyncio.run(run())


def test_what_is_waited_for_is_taken_and_told_of(run: Run, url: str) -> None:
    done = run("shop")
    assert (done.exit_code, done.stdout) == (0, "version 1: 1 screenshots\n"), done.output
    assert _taken(url) == 12
    again = run("shop")
    assert (again.exit_code, again.stdout) == (0, "No screenshot is waited for.\n")


def test_a_version_is_pictured_though_nobody_waits_for_it(run: Run, url: str) -> None:
    _stopped(url)
    assert run("shop").stdout == "No screenshot is waited for.\n"
    assert run("shop", "--version", "1").stdout == "version 1: 1 screenshots\n"
    assert _taken(url) == 12
    assert run("shop", "--version", "1").stdout == "No screenshot is waited for.\n"


def test_what_another_process_is_at_is_left_to_it(run: Run, url: str) -> None:
    async def claim() -> None:
        async with open_store(url) as store:
            assert await store.jobs.claim((RENDER,), "another", NOW, 2**40)

    asyncio.run(claim())
    done = run("shop")
    assert (done.exit_code, done.stdout) == (1, "version 1: another process is at them\n")


@pytest.mark.parametrize(
    ("arguments", "browser", "said"),
    [
        (["shop"], "off", "there is no browser here: screenshots are switched off here"),
        (["shop"], "/nowhere/chromium", "and that is no program"),
        (["nowhere"], "", "there is no site nowhere"),
        (["shop", "--version", "9"], "", "there is no policy version 9"),
    ],
)
def test_what_cannot_be_is_one_line_and_takes_nothing(
    run: Run, url: str, arguments: list[str], browser: str, said: str
) -> None:
    done = run(*arguments, browser=browser)
    assert said in str(done.exception)
    assert _taken(url) == 11


def test_a_browser_that_does_not_start_is_said_and_the_job_waits(run: Run, url: str) -> None:
    done = run("shop", browser="/bin/false")
    assert done.exit_code == 1
    assert done.stdout.startswith("version 1: they still wait: /bin/false does not start: ")
    assert _taken(url) == 11
