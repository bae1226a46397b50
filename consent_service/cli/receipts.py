"""`consent-service receipts`: evidence from a shell."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from consent_service import audit
from consent_service.cli.running import act, with_store
from consent_service.exports import period
from consent_service.exports.period import Source, Wanted
from consent_service.model import OPTIONAL, Action
from consent_service.settings import Settings
from consent_service.signing import jwks
from consent_service.store import Store

_OPTIONAL = [category.value for category in OPTIONAL]


@click.group()
def receipts() -> None:
    """Receipts: take those of a period away."""


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
        source = Source(store, found, keys, who.now)
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
