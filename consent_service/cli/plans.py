"""Planned publications from a shell: what waits, and deciding about it.

Approving and sending back are for people, so they are done on the service's machine or in its
pages: a token may propose and cancel.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from consent_service import plans
from consent_service.audit import Act
from consent_service.cli.policy_code import opened
from consent_service.cli.policy_text import plan_line
from consent_service.cli.running import act, with_store
from consent_service.cli.targets import TARGET, is_file, service_at, with_service
from consent_service.errors import NotFound
from consent_service.model import Plan, Site, VersionRecord
from consent_service.settings import Settings
from consent_service.store import Store
from consent_service.web.api.plans import MOST, document

_SITE = click.argument("site")
Decision = Callable[[Store, Site, str, Act], Awaitable[Plan | VersionRecord]]


@click.command()
@TARGET
@with_service
@click.pass_obj
def planned(settings: Settings, target: str, url: str | None, token: str | None) -> None:
    """List what is planned to be published, and what became of it, the newest first."""

    async def work(store: Store) -> list[Plan]:
        site = await store.sites.by_key(target)
        return await store.plans.page(site.id, None, MOST)

    if is_file(target):
        found = service_at(url, token).of(opened(Path(target)).file.site).plans()
    else:
        found = tuple(document(plan) for plan in with_store(settings, work))
    for plan in found:
        click.echo(plan_line(plan))


@click.command()
@TARGET
@with_service
@click.pass_obj
def cancel(settings: Settings, target: str, url: str | None, token: str | None) -> None:
    """Take back what waits to be published."""
    if is_file(target):
        remote = service_at(url, token).of(opened(Path(target)).file.site)
        waiting = [plan for plan in remote.plans() if plan.ended_at is None]
        if not waiting:
            raise NotFound(f"nothing of {remote.site} waits to be published")
        click.echo(plan_line(remote.cancel(waiting[0].id)))
    else:
        _decide(settings, target, plans.cancel)


@click.command()
@_SITE
@click.pass_obj
def approve(settings: Settings, site: str) -> None:
    """Approve what somebody else proposed to publish on SITE. The audit trail says: operator."""
    _decide(settings, site, plans.approve)


@click.command("return")
@_SITE
@click.option("--word", required=True, help="Why; whoever proposed it reads this.")
@click.pass_obj
def return_(settings: Settings, site: str, word: str) -> None:
    """Send back what somebody proposed to publish on SITE."""

    async def send_back(store: Store, found: Site, id: str, who: Act) -> Plan:
        return await plans.send_back(store, found, id, word, who)

    _decide(settings, site, send_back)


def _decide(settings: Settings, site: str, decision: Decision) -> None:
    who = act()

    async def work(store: Store) -> Plan | VersionRecord:
        found = await store.sites.by_key(site)
        waiting = await store.plans.waiting(found.id)
        if waiting is None:
            raise NotFound(f"nothing of {site} waits to be published")
        return await decision(store, found, waiting.id, who)

    done = with_store(settings, work)
    if isinstance(done, Plan):
        click.echo(plan_line(document(done)))
    else:
        click.echo(f"Published version {done.number} ({done.change_class.value}) {done.digest}")
