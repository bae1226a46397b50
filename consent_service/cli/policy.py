"""`consent-service policy`: drafts and versions from a shell."""

from pathlib import Path

import click

from consent_service import policies
from consent_service.cli.running import act, with_store
from consent_service.model import Category, Change, ChangeClass, Draft, VersionRecord
from consent_service.policies import Proposal, Publication
from consent_service.settings import Settings
from consent_service.store import Store


@click.group()
def policy() -> None:
    """Drafts and published versions of a site's policy."""


@policy.command()
@click.argument("site")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def draft(settings: Settings, site: str, file: Path) -> None:
    """Save FILE, a policy in JSON, as SITE's draft, over whatever it is now."""
    who, parsed = act(), policies.parse_policy(file.read_bytes())

    async def work(store: Store) -> Draft:
        found = await store.sites.by_key(site)
        seen = await _revision(store, found.id)
        return await policies.save_draft(store, found, seen, parsed, who)

    saved = with_store(settings, work)
    click.echo(f"The draft of {site} is at revision {saved.revision}.")


@policy.command()
@click.argument("site")
@click.pass_obj
def diff(settings: Settings, site: str) -> None:
    """Show what publishing SITE's draft would mean: changes, their class, who is asked again."""

    async def work(store: Store) -> Proposal:
        return await policies.propose(store, await store.sites.by_key(site))

    proposal = with_store(settings, work)
    for change in proposal.changes:
        click.echo(_line(change))
    asked = ", ".join(proposal.asked) or "nobody"
    click.echo(f"Proposed: {proposal.proposed.value}. Asked again about: {asked}.")
    for finding in proposal.findings:
        click.echo(f"{finding.rule} {finding.field}: {finding.message}")
    if proposal.findings:
        raise click.exceptions.Exit(1)


def _line(change: Change) -> str:
    where = ", ".join(change.categories)
    about = f" [{where}]" if where else ""
    return f"{change.proposed.value:5}  {change.kind.value} {change.name}{about}: {change.reason}"


@policy.command()
@click.argument("site")
@click.option(
    "--class",
    "wanted",
    type=click.Choice([name.value for name in ChangeClass]),
    help="The version's class; the proposed one where it is left out.",
)
@click.option(
    "--ask",
    "categories",
    multiple=True,
    type=click.Choice([name.value for name in Category]),
    help="Ask again about this category too (with --class major). Repeatable.",
)
@click.option("--reason", default="", help="Why the class is lower than the proposed one.")
@click.pass_obj
def publish(
    settings: Settings, site: str, wanted: str | None, categories: tuple[str, ...], reason: str
) -> None:
    """Publish SITE's draft as it stands, as the next version."""
    who = act()

    async def work(store: Store) -> VersionRecord:
        found = await store.sites.by_key(site)
        proposal = await policies.propose(store, found)
        publication = Publication(
            revision=proposal.draft.revision,
            change_class=ChangeClass(wanted) if wanted else proposal.proposed,
            categories=tuple(Category(name) for name in categories),
            reason=reason,
        )
        return await policies.publish(store, found, publication, who)

    record = with_store(settings, work)
    click.echo(f"Published version {record.number} ({record.change_class.value}) {record.digest}")


@policy.command()
@click.argument("site")
@click.pass_obj
def versions(settings: Settings, site: str) -> None:
    """List SITE's published versions, newest first."""

    async def work(store: Store) -> list[VersionRecord]:
        found = await store.sites.by_key(site)
        return list(await store.policies.versions(found.id))

    for record in with_store(settings, work):
        click.echo(f"{record.number:4}  {record.change_class.value:5}  {record.digest}")


async def _revision(store: Store, site_id: int) -> int:
    found = await store.policies.draft(site_id)
    return found.revision if found else 0
