"""`consent-service receipts`: evidence from a shell."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from consent_service import audit, retention
from consent_service.cli.running import act, desk, with_store
from consent_service.exports import period
from consent_service.exports.parts import Wanted
from consent_service.exports.period import Source
from consent_service.merkle import Reason
from consent_service.model import OPTIONAL, Action, Erasure
from consent_service.receipts import erase as erase_receipt
from consent_service.settings import Settings
from consent_service.signing import jwks
from consent_service.store import Store

_OPTIONAL = [category.value for category in OPTIONAL]


@click.group()
def receipts() -> None:
    """Receipts: take those of a period away, erase."""


@receipts.command()
@click.argument("site")
@click.option(
    "--from",
    "begin",
    required=True,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="The first day, or moment, in UTC.",
)
@click.option(
    "--to",
    "end",
    required=True,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="The day, or moment, that is not in it any more, in UTC.",
)
@click.option(
    "--format",
    type=click.Choice(["csv", "jsonl"]),
    default="jsonl",
    show_default=True,
    help="A table, or JSON Lines: these hold the signed receipts.",
)
@click.option(
    "--into",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A folder. The same command again goes on where it broke off.",
)
@click.option("--version", type=int, default=0, help="Of this policy version alone.")
@click.option(
    "--action", type=click.Choice([each.value for each in Action]), help="Of this action alone."
)
@click.option("--language", default="", help="Of this language alone, such as en.")
@click.option(
    "--granted", multiple=True, type=click.Choice(_OPTIONAL), help="Where this was. Repeatable."
)
@click.option(
    "--denied", multiple=True, type=click.Choice(_OPTIONAL), help="Where this was. Repeatable."
)
@click.pass_obj
def export(settings: Settings, /, site: str, folder: Path, **asked: Any) -> None:
    """Write SITE's receipts of a period into a folder, with a manifest of counts and hashes.

    Check the file that comes of it with verify.py, on any machine.
    """
    begin, end = (_unix(asked.pop(name)) for name in ("begin", "end"))
    only = {name: value for name, value in asked.items() if value}
    wanted, who = period.check(Wanted(begin=begin, end=end, **only)), act()

    async def work(store: Store) -> Path:
        found = await store.sites.by_key(site)
        await audit.log(store, who, "receipt.export", period.said(wanted), found.id)
        keys = jwks(key.jwk for key in await store.keys.all())
        source = Source(store, found, keys, who.now, settings.database)
        with _bar(site) as bar:
            return await period.export(source, wanted, folder, _shown(bar))

    click.echo(with_store(settings, work))


def _shown(bar: Any) -> period.Told:
    async def told(done: int, total: int) -> None:
        bar.length = max(total, 1)
        bar.update(done - bar.pos)

    return told


def _bar(label: str) -> Any:
    return click.progressbar(length=1, label=label, file=sys.stderr)


def _unix(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


@receipts.command()
@click.argument("site")
@click.argument("id")
@click.option(
    "--reason",
    type=click.Choice([reason.name.lower() for reason in Reason]),
    required=True,
    help="Why: its time is over, the visitor asked for it, a court, or test data.",
)
@click.pass_obj
def erase(settings: Settings, site: str, id: str, reason: str) -> None:
    """Erase one receipt of SITE for good: its row and its salt.

    Its entry in the ledger stays, and nobody can tell whose it was; another entry says that it was
    erased, and why. Copies in backups stay until you delete those.
    """
    who = act()

    async def work(store: Store) -> Erasure:
        found = await store.sites.by_key(site)
        return await erase_receipt(desk(settings, store), found, id, Reason[reason.upper()], who)

    gone = with_store(settings, work)
    click.echo(f"Erased. Its entry, number {gone.place}, stays in the ledger and is nobody's.")


@receipts.command()
@click.argument("site")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.pass_obj
def retain(settings: Settings, site: str, dry_run: bool) -> None:
    """Erase the receipts of SITE whose time is over. A running service does so by itself.

    How long they are kept is said by `consent-service site keep`.
    """
    who = act()

    async def work(store: Store) -> retention.Due:
        found = await store.sites.by_key(site)
        if dry_run:
            return await retention.due(store, found, who.now)
        return await retention.retain(desk(settings, store), found, who)

    done = with_store(settings, work)
    before = datetime.fromtimestamp(max(done.before, 0), UTC)
    if done.hold:
        click.echo("A legal hold stands: nothing is erased.")
    click.echo(f"Recorded before {before:%Y-%m-%dT%H:%M:%SZ}: {done.receipts:,} receipts.")
