"""What was planned is published once: by processes that die, and by two that live."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from consent_service import plans, policies
from consent_service.audit import Act
from consent_service.model import ChangeClass, Plan, PlanState, Policy, Site
from consent_service.policies import Publication
from consent_service.settings import Settings
from consent_service.store import Store, open_store
from tests import given as all_given
from tests.faults.steps import LATER
from tests.postgres import Server
from tests.process import Process, serve
from tests.store import given
from tests.store.soundness import assert_sound
from tests.tools import ROOT

SECONDS = 120


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/consent.db"
    server: Server = request.getfixturevalue("server")
    return server.new_database()


async def _plan(url: str, now: float, due: float) -> None:
    """A site with version 1, and a plan for version 2 that is due then."""
    async with open_store(url) as store:
        site = await given.published_policy(store)
        await _planned(store, site, Act("ed@shop.example", now), int(due))


async def _planned(store: Store, site: Site, act: Act, due: int) -> None:
    policy = msgspec.convert(all_given.with_another_advertiser(), Policy)
    seen = (await policies.draft(store, site)).revision
    draft = await policies.save_draft(store, site, seen, policy, act)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
    asked = Publication(revision=draft.revision, change_class=ChangeClass.MAJOR, at=at)
    assert isinstance(await plans.submit(store, site, asked, act), Plan)


def _step(url: str, folder: Path, step: int) -> bool:
    """Let a process publish what is due, to be killed at that step. Whether it came to the end."""
    command = [sys.executable, "-m", "tests.faults.steps", url, str(folder), "publish", str(step)]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode in (0, -9), ended.stderr
    return ended.returncode == 0


async def _stands(url: str) -> tuple[list[int], int, str]:
    """The versions, the banners of the second one, and how the plan stands."""
    async with open_store(url) as store:
        site = await store.sites.by_key("shop")
        numbers = [record.number for record in await store.policies.versions(site.id)]
        banners = await store.policies.banners_of(site.id, 2)
        (plan,) = await store.plans.page(site.id)
    return numbers, len(banners), plan.state.value


WAITS = ([1], 0, PlanState.SCHEDULED.value)
DONE = ([2, 1], 2, PlanState.PUBLISHED.value)


async def test_killed_at_every_step_it_is_published_whole_or_not_at_all(
    url: str, tmp_path: Path
) -> None:
    await _plan(url, given.NOW, given.NOW + 86_400)
    step, died = 1, 0
    while not _step(url, tmp_path, step):
        stands = await _stands(url)
        assert stands in (WAITS, DONE)
        died, step = died + 1, step + 5
        if stands == DONE:
            break
    assert died > 3, "it was hardly ever killed"
    assert _step(url, tmp_path, 10_000)
    assert await _stands(url) == DONE
    async with open_store(url) as store:
        assert await plans.publish_due(store, LATER) == []
    await assert_sound(url)


def _settings(database: str, folder: Path) -> Settings:
    return Settings(database=database, keys=folder / "keys", base_url="https://consent.example")


async def _until_changed(process: Process, path: str, before: bytes) -> None:
    """Until this process serves other bytes at that address."""
    deadline = time.monotonic() + SECONDS
    async with httpx.AsyncClient(base_url=process.url, timeout=30) as client:
        while (await client.get(path)).content == before:
            assert time.monotonic() < deadline, process.written()
            await asyncio.sleep(0.1)


async def _now_in_force(url: str) -> tuple[bytes, bytes]:
    """The bytes of the version in force, and of its banner in English."""
    async with open_store(url) as store:
        site = await store.sites.by_key("shop")
        record = await policies.current(store, site)
        artifact = await store.policies.artifact(site.id, record.number, "en")
    return record.body, artifact.body


async def test_two_processes_publish_once_what_is_due_and_both_serve_it(
    url: str, tmp_path: Path
) -> None:
    settings = _settings(url, tmp_path)
    now = time.time()
    await _plan(url, now, now + 8)
    version, banner = await _now_in_force(url)
    with serve(settings, tmp_path / "a.log") as one, serve(settings, tmp_path / "b.log") as two:
        for process in (one, two):
            await _until_changed(process, "/v1/sites/shop/policy", version)
            await _until_changed(process, "/v1/sites/shop/banner.js", banner)
    assert await _stands(url) == DONE
    await assert_sound(url)


async def test_what_came_due_while_nobody_ran_is_published_at_the_start_with_the_true_time(
    url: str, tmp_path: Path
) -> None:
    now = time.time()
    await _plan(url, now - 7_200, now - 3_600)
    version, _ = await _now_in_force(url)
    with serve(_settings(url, tmp_path), tmp_path / "a.log") as process:
        await _until_changed(process, "/v1/sites/shop/policy", version)
    async with open_store(url) as store:
        site = await store.sites.by_key("shop")
        assert (await policies.current(store, site)).published_at >= int(now)
    await assert_sound(url)
