"""`consent-service key`: look at the signing keys, and rotate them."""

import time
from datetime import UTC, datetime

import click

from consent_service import signing
from consent_service.settings import Settings
from consent_service.signing import KeyFile, Purpose


@click.group()
def key() -> None:
    """The keys that sign receipts and seal sessions."""


@key.command("list")
@click.pass_obj
def list_keys(settings: Settings) -> None:
    """Show the keys, oldest to newest. The newest of each purpose is in use."""
    keys = signing.list_keys(settings.keys)
    newest = {key.purpose: key for key in keys}
    for each in keys:
        click.echo(f"{_line(each)}  {'in use' if each == newest[each.purpose] else 'retired'}")


@key.command()
@click.argument(
    "purpose", type=click.Choice([purpose.value for purpose in Purpose]), default="receipts"
)
@click.pass_obj
def rotate(settings: Settings, purpose: str) -> None:
    """Make a new key for PURPOSE (receipts if not said); the older ones still verify."""
    made = signing.rotate(settings.keys, Purpose(purpose), int(time.time()))
    click.echo(f"{_line(made)}  in use")
    click.echo(f"Back up {made.path} now, apart from the database.")


def _line(key: KeyFile) -> str:
    made = datetime.fromtimestamp(key.created_at, UTC)
    return f"{key.purpose:8}  {made:%Y-%m-%dT%H:%M:%SZ}  {key.kid}"
