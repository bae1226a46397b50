"""Screenshots as a job: asked for with each banner, taken one by one, entered, taken up again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from consent_service import banner, jobs, policies, rendering, screens
from consent_service.audit import SERVICE, Act
from consent_service.errors import Conflict, Invalid
from consent_service.exports.verify import screen_digest
from consent_service.jobs import RENDER, Worker
from consent_service.merkle import EntryType, decode_entry
from consent_service.model import ChangeClass, Job, JobState, Screen, Site
from consent_service.policies import Publication
from consent_service.rendering import Look
from consent_service.signing import b64url, sha256_b64, unb64url
from consent_service.store import Store
from tests import tools
from tests.store import given
from tests.store.given import NOW

ED = Act("ed@shop.example", NOW + 5)


@pytest.fixture
async def site(store: Store) -> Site:
    """A site with a version in two languages: twelve screenshots."""
    return await given.published_policy(store)


async def newest(store: Store, site: Site) -> Job:
    (job, *_) = await store.jobs.page(site.id, RENDER)
    return job


def worker(store: Store, program: str = "") -> Worker:
    """A process with that browser, or with the one of this machine."""
    taking = screens.rendering(store, Look(program or tools.chromium()), lambda: NOW + 60)
    return Worker(store, {RENDER: taking}, lambda: NOW + 60, "a test")


async def all_but(store: Store, site: Site, lacking: int) -> None:
    """As if a process had taken all but so many, and then had died."""
    known = await screens.album(store, site.id, 1)
    shots = [(each.banner, shot) for each in known.pictured for shot in each.lacking]
    for of, (layer, viewport) in shots[: len(shots) - lacking]:
        await store.screens.add(given.screen(site.id, of.digest, layer, viewport), b"a picture")


async def test_a_version_is_published_with_a_job_for_its_screenshots(
    store: Store, site: Site
) -> None:
    job = await newest(store, site)
    assert (job.state, job.made_by, job.made_at) == (JobState.WAITING, "ed", NOW)
    assert screens.wish(job).version == 1
    known = await screens.album(store, site.id, 1)
    assert (known.taken, known.total, known.going_on) == (0, 12, True)
    assert [each.banner.language for each in known.pictured] == ["en", "sv"]


async def test_what_is_not_published_asks_for_nothing(store: Store, site: Site) -> None:
    draft = await policies.draft(store, site)
    asked = Publication(revision=draft.revision - 1, change_class=ChangeClass.PATCH)
    with pytest.raises(Conflict):
        await policies.publish(store, site, asked, ED)
    assert len(await store.jobs.page(site.id, RENDER)) == 1


async def test_of_two_who_publish_at_once_one_asks(store: Store, site: Site) -> None:
    draft = await policies.draft(store, site)
    asked = Publication(revision=draft.revision, change_class=ChangeClass.PATCH)
    both = [policies.publish(store, site, asked, ED) for _ in range(2)]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "VersionRecord"]
    assert len(await store.jobs.page(site.id, RENDER)) == 2


async def test_a_new_releases_banner_of_the_current_version_is_asked_for(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.jobs.stop(site.id, (await newest(store, site)).id)
    assert await policies.compose_anew(store, NOW + 9) == 0
    assert len(await store.jobs.page(site.id, RENDER)) == 1, "nothing is new"
    code = banner.built("banner.js")
    monkeypatch.setattr(banner, "release", lambda: "another")
    monkeypatch.setattr(banner, "built", _newer(code))
    assert await policies.compose_anew(store, NOW + 9) == 2
    job = await newest(store, site)
    assert (job.state, job.made_by, screens.wish(job).version) == (JobState.WAITING, SERVICE, 1)
    assert len(await store.jobs.page(site.id, RENDER)) == 2, "one for both languages"
    known = await screens.album(store, site.id, 1)
    assert known.total == 24, "the older banner's are wanted as well: receipts name it"


def _newer(code: bytes) -> Callable[[str], bytes]:
    old = banner.built

    def built(name: str) -> bytes:
        return code + b"/**/" if name == "banner.js" else old(name)

    return built


async def test_what_is_lacking_is_taken_stored_and_entered(
    store: Store, site: Site, folder: Path
) -> None:
    await all_but(store, site, 2)
    assert await worker(store).once()
    job = await newest(store, site)
    assert (job.state, job.said) == (JobState.DONE, "2 screenshots")
    assert (job.done, job.total) == (12, 12)
    known = await screens.album(store, site.id, 1)
    assert (known.taken, known.total) == (12, 12)
    # The last two of the Swedish banner: the second layer, medium and wide.
    mine = [each for each in known.pictured[1].screens if each.taken_at == NOW + 60]
    assert [(each.layer, each.viewport) for each in mine] == [(2, "medium"), (2, "wide")]
    record = await policies.current(store, site)
    await given.entered(given.desk(store, folder), NOW + 61)
    for screen in mine:
        await _assert_entered(store, screen, record.digest)
    events = await store.events.of_verb(site.id, "policy.render", 9)
    assert [(each.actor, each.subject) for each in events] == [
        (SERVICE, "version 1: 2 screenshots")
    ]


async def _assert_entered(store: Store, screen: Screen, policy: str) -> None:
    body = await store.screens.body(screen)
    assert sha256_b64(body) == screen.digest
    assert screen.taken_with.startswith("Chromium ")
    digest = screen_digest(unb64url(screen.banner), screen.layer, screen.viewport, body)
    (mark,) = await store.ledger.marks(screen.site_id, digest)
    bundle = await store.ledger.bundle(screen.site_id, 0)
    entry = decode_entry(bundle[78 * mark.place : 78 * mark.place + 78])
    assert (entry.type, entry.time, entry.digest) == (EntryType.SCREENSHOT, NOW + 60, digest)
    assert b64url(entry.policy) == policy


async def test_where_all_is_there_no_browser_is_started(store: Store, site: Site) -> None:
    await all_but(store, site, 0)
    assert await worker(store, "/nowhere/chromium").once()
    job = await newest(store, site)
    assert (job.state, job.said) == (JobState.DONE, "all were there")
    assert await store.events.of_verb(site.id, "policy.render", 9) == []


async def test_without_a_browser_the_job_stays_open_and_says_so(store: Store, site: Site) -> None:
    assert await worker(store, "/nowhere/chromium").once()
    job = await newest(store, site)
    assert job.state is JobState.WAITING
    assert job.said.startswith("/nowhere/chromium does not start: ")
    assert not await worker(store).once(), "not again at once"
    with pytest.raises(Invalid, match="asked for already"):
        await screens.ask(store, site, 1, ED)


async def test_a_job_that_waits_is_taken_up_by_whoever_has_a_browser(
    store: Store, site: Site
) -> None:
    await all_but(store, site, 1)
    await worker(store, "/nowhere/chromium").once()
    done = await worker(store).this(await newest(store, site))
    assert (done.state, done.said) == (JobState.DONE, "1 screenshots")


async def test_a_job_that_another_process_is_at_is_left_to_it(store: Store, site: Site) -> None:
    job = await newest(store, site)
    assert await store.jobs.claim((RENDER,), "another", NOW + 60, NOW + 90)
    assert (await worker(store).this(job)).holder == "another"


async def test_a_stop_keeps_what_is_taken_and_asking_again_goes_on_there(
    store: Store, site: Site
) -> None:
    await all_but(store, site, 3)
    stopping = worker(store)
    work = stopping.work[RENDER]

    async def stopped(job: Job, tell: jobs.Told) -> str:
        async def both(done: int, total: int) -> None:
            if done == 10:
                await screens.stop(store, site, 1, ED)
            await tell(done, total)

        return await work(job, both)

    assert await stopping._replace(work={RENDER: stopped}).once()
    assert (await newest(store, site)).state is JobState.STOPPED
    assert (await screens.album(store, site.id, 1)).taken == 10
    with pytest.raises(Invalid, match="is over"):
        await screens.stop(store, site, 1, ED)
    await screens.ask(store, site, 1, ED)
    assert await worker(store).once()
    assert (await newest(store, site)).said == "2 screenshots"
    events = await store.events.of_verb(site.id, "policy.ask_render", 9)
    assert [(each.actor, each.subject) for each in events] == [(ED.by, "version 1")]


async def test_a_banner_that_does_not_show_itself_fails_in_words_and_can_be_asked_for_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = await given.published(store)
    await store.policies.add_artifact(given.artifact(site.id))
    await screens.ask(store, site, 1, ED)
    monkeypatch.setattr(rendering, "PATIENCE", 1_000)
    assert await worker(store).once()
    job = await newest(store, site)
    assert job.state is JobState.FAILED
    assert job.said == "no picture of layer 1 in en, narrow: nothing showed in 1 seconds"
    assert (await screens.album(store, site.id, 1)).taken == 0
    await screens.ask(store, site, 1, ED)
    again = (await screens.album(store, site.id, 1)).job
    assert again is not None
    assert again.state is JobState.WAITING


async def test_there_must_be_something_to_ask_for(store: Store, site: Site) -> None:
    await store.jobs.stop(site.id, (await newest(store, site)).id)
    await all_but(store, site, 0)
    with pytest.raises(Invalid, match="no screenshot of version 1 is missing"):
        await screens.ask(store, site, 1, ED)
    with pytest.raises(Invalid, match="nobody asked"):
        await screens.stop(store, site, 2, ED)
