"""`consent-service policy`: drafts and versions from a shell.

A FILE is kept in step with a running service, over HTTP; a SITE is one of this machine's database.
"""

from pathlib import Path
from typing import Any

import click

from consent_service import plans, policies, policy_files, starting
from consent_service.cli.cookies import cookies
from consent_service.cli.plans import approve, cancel, planned, return_
from consent_service.cli.policy_code import (
    Wanted,
    diff_file,
    publish_file,
    pull_file,
    push_file,
)
from consent_service.cli.policy_text import found_lines, proposed_line, report, told_waiting
from consent_service.cli.running import act, with_store
from consent_service.cli.screens import render
from consent_service.cli.targets import TARGET, is_file, service_at, with_service
from consent_service.model import Category, ChangeClass, Draft, Plan, Text, VersionRecord
from consent_service.policies import Proposal
from consent_service.policy_files import PolicyFile
from consent_service.settings import Settings
from consent_service.store import Store
from consent_service.web.api.plans import document


@click.group()
def policy() -> None:
    """Drafts and published versions of a site's policy."""


policy.add_command(render)
policy.add_command(cookies)


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


_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="Only show what it would do. Nothing is saved."
)


@policy.command()
@_FILE
@click.option("--site", default="", help="The site's key, for a file that does not name it yet.")
@click.option("--version", "number", type=int, help="That published version, not the draft.")
@click.option("--replace", is_flag=True, help="Write over a file that says something else.")
@with_service
def pull(
    *, file: Path, site: str, number: int | None, replace: bool, url: str | None, token: str | None
) -> None:
    """Write a running service's draft into FILE, as YAML."""
    pull_file(service_at(url, token), file, site, number, replace)


@policy.command()
@_FILE
@_DRY_RUN
@with_service
def push(file: Path, dry_run: bool, url: str | None, token: str | None) -> None:
    """Save FILE as the draft of a running service, unless somebody else saved since."""
    push_file(service_at(url, token), file, dry_run)


@policy.command()
@_FILE
@click.option("--site", required=True, help="The site's key.")
@click.option("--name", required=True, help="What the site is called.")
@click.option(
    "--begin",
    type=click.Choice(list(starting.points("en"))),
    default="necessary",
    show_default=True,
    help="; ".join(f"{name}: {text}" for name, text in starting.points("en").items()),
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    type=click.Choice(sorted(starting.languages())),
    default=("en",),
    help="A language; the first is the site's own. Repeatable.",
)
@click.option("--controller", required=True, help="The company that answers for the site.")
@click.option("--address", required=True, help="Its postal address.")
@click.option("--email", required=True, help="Where visitors reach it about their data.")
@click.option("--country", required=True, help="Its country, in two letters such as SE.")
@click.option(
    "--reviewed", required=True, help="Who confirms what is strictly necessary, and when."
)
@click.pass_obj
def new(
    settings: Settings, /, *, file: Path, site: str, name: str, begin: str, **more: Any
) -> None:
    """Write a policy to begin with into FILE, which must not be there. It passes every check."""
    if file.exists():
        raise click.UsageError(f"{file} is there already: give another name")
    languages = more.pop("languages")
    begun = starting.policy(begin, languages, starting.Named(site, name), starting.About(**more))
    made = PolicyFile(site=site, policy=begun)
    schema = f"{settings.base_url}{policy_files.SCHEMA_PATH}"
    file.write_text(policy_files.written(made, schema), "utf-8")
    click.echo(f"Read {file}, then: consent-service policy publish {file}")


@policy.command()
@TARGET
@with_service
@click.pass_obj
def diff(settings: Settings, target: str, url: str | None, token: str | None) -> None:
    """Show what publishing would mean: changes, their class, who is asked again.

    Of FILE, at a running service; exit status 1 where anything is different or in the way. Or of
    SITE's draft in the database of this machine; exit status 1 where something is in the way.
    """
    if is_file(target):
        diff_file(service_at(url, token), Path(target))
    else:
        _diff_here(settings, target)


def _diff_here(settings: Settings, site: str) -> None:
    async def work(store: Store) -> Proposal:
        return await policies.propose(store, await store.sites.by_key(site))

    proposal = with_store(settings, work)
    if proposal.current:
        before = proposal.current.policy
        for line in report(proposal.changes, before, proposal.policy):
            click.echo(line)
    click.echo(proposed_line(proposal.proposed, proposal.asked))
    for line in found_lines(proposal.findings):
        click.echo(line)
    if proposal.findings:
        raise click.exceptions.Exit(1)


@policy.command()
@TARGET
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
@click.option(
    "--notice",
    "notices",
    multiple=True,
    help="A note to visitors for a minor version, such as 'en=We ...'. Repeatable.",
)
@click.option(
    "--at",
    default="",
    help="When, such as 2026-12-01T09:00 (in --zone) or 2026-12-01T09:00+01:00. Else now.",
)
@click.option("--zone", default="", help="The time zone of --at: Europe/Stockholm. Else UTC.")
@click.option("--announce", is_flag=True, help="Tell visitors before, in the list of changes.")
@_DRY_RUN
@with_service
@click.pass_obj
def publish(
    settings: Settings,
    /,
    *,
    target: str,
    wanted: str | None,
    categories: tuple[str, ...],
    reason: str,
    notices: tuple[str, ...],
    at: str,
    zone: str,
    announce: bool,
    dry_run: bool,
    url: str | None,
    token: str | None,
) -> None:
    """Publish, as the next version: FILE at a running service, or SITE's draft on this machine.

    FILE is pushed first. Where the version in force says it already, there is nothing to do.
    Where the site wants a second person, it is proposed, and the exit status is 6.
    """
    how = Wanted(
        change_class=ChangeClass(wanted) if wanted else None,
        categories=tuple(Category(name) for name in categories),
        reason=reason,
        notice=_notice(notices),
        at=at,
        zone=zone,
        announce=announce,
    )
    if is_file(target):
        publish_file(service_at(url, token), Path(target), how, dry_run)
    elif dry_run:
        _diff_here(settings, target)
    else:
        _publish_here(settings, target, how)


def _notice(notices: tuple[str, ...]) -> Text:
    pairs = [note.partition("=") for note in notices]
    if any(not (language and text.strip()) for language, _, text in pairs):
        raise click.UsageError("give a note as its language, =, and the text: 'en=We ...'")
    return {language: text for language, _, text in pairs}


def _publish_here(settings: Settings, site: str, how: Wanted) -> None:
    who = act()

    async def work(store: Store) -> VersionRecord | Plan:
        found = await store.sites.by_key(site)
        proposal = await policies.propose(store, found)
        publication = how.publication(proposal.draft.revision, proposal.proposed)
        return await plans.submit(store, found, publication, who)

    done = with_store(settings, work)
    if isinstance(done, Plan):
        told_waiting(document(done))
    else:
        click.echo(f"Published version {done.number} ({done.change_class.value}) {done.digest}")


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


for command in (planned, approve, return_, cancel):
    policy.add_command(command)


async def _revision(store: Store, site_id: int) -> int:
    found = await store.policies.draft(site_id)
    return found.revision if found else 0
