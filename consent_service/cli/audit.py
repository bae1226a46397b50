"""`consent-service audit`: the audit trail from a shell."""

import click

from consent_service import audit as trail
from consent_service.audit import Trail
from consent_service.cli.running import act, with_store
from consent_service.settings import Settings
from consent_service.store import Store


@click.group()
def audit() -> None:
    """The audit trail: who did what, when."""


@audit.command()
@click.pass_obj
def verify(settings: Settings) -> None:
    """Go through the whole trail: its chain, and the heads of it that the ledgers have.

    Says which event is not what was chained, or that events were replaced; then the exit status
    is 1.
    """
    who = act()

    async def work(store: Store) -> Trail:
        await trail.chain(store)
        return await trail.verify_all(store, who.now)

    found = with_store(settings, work)
    click.echo(
        f"{found.events} events, each linked to the one before; the ledgers have {found.entered} "
        "heads of this chain."
    )
