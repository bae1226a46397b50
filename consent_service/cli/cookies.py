"""`consent-service policy cookies`: a list of cookies into a draft, from a shell."""

from collections import Counter
from pathlib import Path

import click

from consent_service import cookie_lists, policies
from consent_service.cli.running import act, with_store
from consent_service.cookie_lists import Step
from consent_service.settings import Settings
from consent_service.store import Store

_DONE = {"add": "added", "change": "changed", "same": "as they are", "skip": "left out"}


@click.command()
@click.argument("site")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--overwrite", is_flag=True, help="What FILE says takes the place of what is in the draft."
)
@click.option("--dry-run", is_flag=True, help="Only show what it would do. Nothing is saved.")
@click.pass_obj
def cookies(settings: Settings, site: str, file: Path, overwrite: bool, dry_run: bool) -> None:
    """Take the cookies of FILE, a CSV list, into SITE's draft."""
    who, text = act(), cookie_lists.text_of(file.read_bytes())

    async def work(store: Store) -> tuple[Step, ...]:
        found = await store.sites.by_key(site)
        draft = await policies.draft(store, found)
        before = policies.decode_draft(draft.body)
        steps = cookie_lists.steps(text, before, overwrite=overwrite)
        if not dry_run:
            policy = cookie_lists.applied(before, steps)
            await policies.save_draft(store, found, draft.revision, policy, who)
        return steps

    steps = with_store(settings, work)
    for step in steps:
        if step.does == "skip":
            click.echo(f"line {step.line}: {step.name or 'no name'}: {step.why}", err=True)
    counts = Counter(step.does for step in steps)
    said = ", ".join(f"{counts[does]} {done}" for does, done in _DONE.items())
    click.echo(f"{said}{' (nothing was saved)' if dry_run else ''}.")
