"""The shelves of jobs and of screenshots."""

import asyncio

import pytest

from consent_service.errors import NotFound
from consent_service.model import Job, JobState
from consent_service.store import Cursor, Store
from tests.store import given
from tests.store.given import NOW

KINDS = ("export", "render")


def job(site_id: int = 1, kind: str = "export", at: int = NOW) -> Job:
    return Job(
        id=given.uuid(),
        site_id=site_id,
        kind=kind,
        wanted=b"{}",
        made_at=at,
        made_by="ed@x.example",
    )


async def claim(store: Store, who: str = "one", now: int = NOW) -> Job | None:
    return await store.jobs.claim(KINDS, who, now, now + 30)


async def test_the_oldest_job_is_claimed_by_one(store: Store) -> None:
    site = await given.site(store)
    jobs = [job(site.id, at=NOW + number) for number in range(3)]
    for each in reversed(jobs):
        await store.jobs.add(each)
    claimed = await asyncio.gather(*(claim(store, f"process {n}") for n in range(5)))
    ids = [each.id for each in claimed if each]
    while len(ids) < 3:
        more = await claim(store, "later")
        assert more is not None
        ids.append(more.id)
    assert sorted(ids) == sorted(each.id for each in jobs), "each once"
    assert await claim(store, "one more") is None


async def test_only_jobs_of_the_kinds_asked_for_are_claimed(store: Store) -> None:
    site = await given.site(store)
    await store.jobs.add(job(site.id, "render"))
    assert await store.jobs.claim(("export",), "one", NOW, NOW + 30) is None
    assert await claim(store) is not None


async def test_a_job_whose_process_died_is_taken_up_by_another(store: Store) -> None:
    site = await given.site(store)
    await store.jobs.add(job(site.id))
    first = await claim(store, "one")
    assert first is not None
    assert await claim(store, "two", NOW + 29) is None
    second = await claim(store, "two", NOW + 30)
    assert second is not None
    assert second.id == first.id
    assert not await store.jobs.tell(first, 5, 10, NOW + 60), "it is not its own any more"
    assert await store.jobs.tell(second, 6, 10, NOW + 60)
    await store.jobs.end(first, JobState.FAILED, "late")
    assert (await store.jobs.by_id(site.id, first.id)).state is JobState.RUNNING
    await store.jobs.end(second, JobState.DONE, "file.zip")
    found = await store.jobs.by_id(site.id, first.id)
    assert (found.state, found.said, found.done, found.total) == (JobState.DONE, "file.zip", 6, 10)


async def test_a_job_is_stopped_by_somebody_and_its_process_learns_of_it(store: Store) -> None:
    site = await given.site(store)
    await store.jobs.add(job(site.id))
    running = await claim(store)
    assert running is not None
    assert await store.jobs.stop(site.id, running.id)
    assert not await store.jobs.tell(running, 1, 2, NOW + 60)
    assert not await store.jobs.stop(site.id, running.id), "it is over"
    assert await claim(store) is None


async def test_a_job_that_was_let_go_waits_until_then(store: Store) -> None:
    site = await given.site(store)
    await store.jobs.add(job(site.id))
    running = await claim(store)
    assert running is not None
    await store.jobs.release(running, NOW + 10)
    assert [each.state for each in await store.jobs.open(site.id, "export")] == [JobState.WAITING]
    assert await claim(store, "two", NOW + 9) is None
    assert await claim(store, "two", NOW + 10) is not None


async def test_jobs_are_listed_page_by_page_the_newest_first(store: Store) -> None:
    sites = [await given.site(store), await given.site(store, "other")]
    jobs = [job(sites[n % 2].id, at=NOW + n // 3) for n in range(9)]
    for each in jobs:
        await store.jobs.add(each)
    mine = [each for each in jobs if each.site_id == sites[0].id]
    first = await store.jobs.page(sites[0].id, "export", None, 3)
    rest = await store.jobs.page(sites[0].id, "export", Cursor(first[-1].made_at, first[-1].id), 9)
    expected = sorted(mine, key=lambda each: (each.made_at, each.id), reverse=True)
    assert [each.id for each in first + rest] == [each.id for each in expected]
    assert await store.jobs.page(sites[0].id, "render") == []


async def test_a_job_of_another_site_is_not_there(store: Store) -> None:
    site = await given.site(store)
    await store.jobs.add(made := job(site.id))
    with pytest.raises(NotFound):
        await store.jobs.by_id(site.id + 1, made.id)
    assert not await store.jobs.stop(site.id + 1, made.id)


async def test_a_picture_is_kept_once_and_for_ever(store: Store) -> None:
    site = await given.published(store)
    artifact = given.artifact(site.id)
    await store.policies.add_artifact(artifact)
    screens = [given.screen(site.id, artifact.digest, layer) for layer in (1, 2)]
    for screen in screens:
        assert await store.screens.add(screen, b"a picture")
        assert not await store.screens.add(screen, b"another")
    assert await store.screens.of(site.id, artifact.digest) == screens
    assert await store.screens.body(screens[0]) == b"a picture"
    assert await store.screens.of(site.id, "A" * 43) == []
