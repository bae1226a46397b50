"""`consent-service policy render`: take screenshots here, for a service that has no browser."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from consent_service import rendering, screens
from consent_service.audit import Act
from consent_service.cli.running import act, with_store
from consent_service.errors import NotRendered
from consent_service.jobs import RENDER, Told, Work, Worker
from consent_service.model import Job, JobState, Site
from consent_service.settings import Settings
from consent_service.store import Store


@click.command()
@click.argument("site")
@click.option(
    "--version",
    "number",
    type=int,
    help="Also take those that this version lacks though nobody waits for them.",
)
@click.pass_obj
def render(settings: Settings, site: str, number: int | None) -> None:
    """Take the screenshots that SITE's versions wait for, here and now.

    For a machine that has a browser, on the database of a service that has none. Needs the extra
    `render`. May be interrupted: what was taken is kept, and the same command goes on there.
    """
    found = rendering.look(settings.browser)
    if found.missing:
        raise NotRendered(f"there is no browser here: {found.missing}")
    who = act()
    with click.progressbar(length=1, label="taking", show_pos=True, file=sys.stderr) as bar:

        async def work(store: Store) -> list[Job]:
            taking = _shown(screens.rendering(store, found, time.time), bar)
            worker = Worker.of(store, {RENDER: taking}, time.time)
            wanted = await _asked(store, await store.sites.by_key(site), number, who)
            return [await worker.this(job) for job in wanted]

        try:
            done = with_store(settings, work)
        except KeyboardInterrupt:
            click.echo(f"\nstopped: {bar.pos} of {bar.length} screenshots are there", err=True)
            sys.exit(130)
    _tell(done)


async def _asked(store: Store, site: Site, number: int | None, who: Act) -> list[Job]:
    """The open jobs of the site, with one for that version if it lacks anything."""
    if number is not None:
        await store.policies.version(site.id, number)
        known = await screens.album(store, site.id, number)
        if known.taken < known.total and not known.going_on:
            await screens.ask(store, site, number, who)
    return await store.jobs.open(site.id, RENDER)


def _shown(work: Work, bar: Any) -> Work:
    """The work, with its progress on the bar as well."""

    async def shown(job: Job, told: Told) -> str:
        async def both(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)
            await told(done, total)

        return await work(job, both)

    return shown


def _tell(jobs: list[Job]) -> None:
    """What came of each; exit status 1 where not all is done."""
    if not jobs:
        click.echo("No screenshot is waited for.")
    for line in _lines(jobs):
        click.echo(line)
    if any(job.state is not JobState.DONE for job in jobs):
        sys.exit(1)


def _lines(jobs: list[Job]) -> Iterator[str]:
    said = {
        JobState.WAITING: "they still wait: {}",
        JobState.RUNNING: "another process is at them",
        JobState.FAILED: "{}",
        JobState.STOPPED: "somebody stopped it",
    }
    for job in jobs:
        how = said.get(job.state, "{}").format(job.said)
        yield f"version {screens.wish(job).version}: {how}"
