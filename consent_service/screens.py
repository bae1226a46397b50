"""Screenshots: how each banner of a version looked, in three widths, both layers.

A job is added where a banner comes to be, in the same transaction. Some process that has a browser
takes it up, or none does: then it stays open, and the version's page says so.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from consent_service import audit, jobs, words
from consent_service.audit import SERVICE, Act
from consent_service.errors import Invalid
from consent_service.exports.verify import WIDTHS, screen_digest
from consent_service.jobs import RENDER, Told, Work
from consent_service.model import Composed, Job, JobState, Screen, Site
from consent_service.rendering import Look, Sitter, Studio, studio
from consent_service.signing import b64url, sha256_b64, unb64url
from consent_service.store import Store

LAYERS = (1, 2)
SHOTS = tuple((layer, viewport) for layer in LAYERS for viewport in WIDTHS)
"""What is taken of each banner: both layers, in windows of three widths."""

OPEN = (JobState.WAITING, JobState.RUNNING)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a job of this kind is for: every screenshot of a version that is not there yet."""

    version: int


class Pictured(NamedTuple):
    """A banner and its screenshots, as far as they are taken."""

    banner: Composed
    screens: tuple[Screen, ...]

    @property
    def in_order(self) -> list[Screen]:
        """The first layer before the second, narrow windows before wide ones."""
        return sorted(self.screens, key=lambda each: SHOTS.index((each.layer, each.viewport)))

    @property
    def lacking(self) -> tuple[tuple[int, str], ...]:
        """The layers and widths that are not there yet."""
        there = {(screen.layer, screen.viewport) for screen in self.screens}
        return tuple(shot for shot in SHOTS if shot not in there)


class Album(NamedTuple):
    """The screenshots of a version, and the newest job that takes them."""

    pictured: tuple[Pictured, ...]
    job: Job | None

    @property
    def total(self) -> int:
        """How many there are to be."""
        return len(SHOTS) * len(self.pictured)

    @property
    def taken(self) -> int:
        """How many there are."""
        return sum(len(each.screens) for each in self.pictured)

    @property
    def going_on(self) -> bool:
        """Whether the job is not over."""
        return self.job is not None and self.job.state in OPEN


async def album(store: Store, site_id: int, version: int) -> Album:
    """The screenshots of every banner of a version: without their bytes."""
    screens = await store.screens.of_version(site_id, version)
    pictured = tuple(
        Pictured(banner, tuple(each for each in screens if each.banner == banner.digest))
        for banner in await store.policies.banners_of(site_id, version)
    )
    return Album(pictured, await store.jobs.newest(site_id, RENDER, _wish(version)))


def wish(job: Job) -> Wanted:
    """What a job of this kind is for."""
    return msgspec.json.decode(job.wanted, type=Wanted)


def _wish(version: int) -> bytes:
    return msgspec.json.encode(Wanted(version=version))


async def enqueue(tx: Store, site: Site, version: int, act: Act) -> bool:
    """Have the screenshots of a version taken, in the transaction of what brings its banners.

    False where that is about to be done already.
    """
    newest = await tx.jobs.newest(site.id, RENDER, _wish(version))
    if newest is not None and newest.state in OPEN:
        return False
    await tx.jobs.add(jobs.new(site, RENDER, _wish(version), act))
    return True


async def ask(store: Store, site: Site, version: int, act: Act) -> None:
    """Have those taken that a version lacks. Raises `Invalid` where there is nothing to ask for."""
    async with store.transaction() as tx:
        known = await album(tx, site.id, version)
        if known.taken == known.total:
            raise Invalid(f"no screenshot of version {version} is missing")
        if not await enqueue(tx, site, version, act):
            raise Invalid(f"the screenshots of version {version} are asked for already")
        await audit.log(tx, act, "policy.ask_render", f"version {version}", site.id)


async def stop(store: Store, site: Site, version: int, act: Act) -> None:
    """Stop taking them. Raises `Invalid` where nobody is about to."""
    newest = await store.jobs.newest(site.id, RENDER, _wish(version))
    if newest is None:
        raise Invalid(f"nobody asked for screenshots of version {version}")
    await jobs.stop(store, site, newest.id, act)


def rendering(store: Store, found: Look, now: Callable[[], float]) -> Work:
    """How screenshots are taken: one after the other, each stored before the next."""

    async def work(job: Job, told: Told) -> str:
        version, site = wish(job).version, await store.sites.by_id(job.site_id)
        known = await album(store, site.id, version)
        await told(known.taken, known.total)
        if known.taken == known.total:
            return "all were there"
        async with studio(found) as running:
            taken = await _Session(store, site, running, now).take(known, told)
        said = f"{taken} screenshots"
        subject = f"version {version}: {said}"
        await audit.log(store, Act(SERVICE, now()), "policy.render", subject, site.id)
        return said

    return work


class _Session(NamedTuple):
    """One job's time with a browser."""

    store: Store
    site: Site
    studio: Studio
    now: Callable[[], float]

    async def take(self, known: Album, told: Told) -> int:
        """Take what is lacking; how many. Only one banner and one picture are held at a time."""
        taken = 0
        for banner, shots in _lacking(known):
            sitter = await self._sitter(banner)
            for layer, viewport in shots:
                await self._keep(banner, layer, viewport, sitter)
                taken += 1
                await told(known.taken + taken, known.total)
        return taken

    async def _sitter(self, banner: Composed) -> Sitter:
        shelf = self.store.policies
        first = await shelf.artifact_by_digest(self.site.id, banner.digest)
        second = await shelf.second_layer(first)
        return Sitter(
            site=self.site.key,
            language=banner.language,
            direction=words.direction(banner.language),
            banner=first.body,
            settings={second.digest: second.body} if second else {},
            at=banner.created_at,
        )

    async def _keep(self, banner: Composed, layer: int, viewport: str, sitter: Sitter) -> None:
        body = await self.studio.take(sitter, layer, viewport)
        screen = Screen(
            site_id=self.site.id,
            banner=banner.digest,
            layer=layer,
            viewport=viewport,
            taken_at=int(self.now()),
            taken_with=self.studio.name,
            digest=sha256_b64(body),
            entry=b64url(screen_digest(unb64url(banner.digest), layer, viewport, body)),
        )
        await self.store.screens.add(screen, body)


def _lacking(known: Album) -> Iterator[tuple[Composed, tuple[tuple[int, str], ...]]]:
    for each in known.pictured:
        if each.lacking:
            yield each.banner, each.lacking
