"""`consent-service site`: make and list sites."""

from collections.abc import Mapping
from typing import Any, BinaryIO

import click
import msgspec

from consent_service import audit, sites, vouching
from consent_service.cli.running import act, with_store
from consent_service.model import Keeping, Site
from consent_service.settings import Settings
from consent_service.store import Store


@click.group()
def site() -> None:
    """The sites that this service serves."""


@site.command()
@click.argument("key")
@click.option("--name", required=True, help="What the site is called.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    required=True,
    help="An origin whose pages may post choices, such as https://shop.example. Repeatable.",
)
@click.pass_obj
def add(settings: Settings, key: str, name: str, origins: tuple[str, ...]) -> None:
    """Make a site. KEY is its name in addresses: 3 to 40 of a-z, 0-9 and hyphen."""
    who = act()

    async def work(store: Store) -> Site:
        async with store.transaction() as tx:
            made = await sites.add(tx, key, name, origins, who.now)
            await audit.log(tx, who, "site.add", key, made.id)
        return made

    made = with_store(settings, work)
    click.echo(f"Made {made.key}. Its script tag, once a policy is published:")
    click.echo(f'  <script async src="{settings.base_url}/v1/sites/{made.key}/banner.js"></script>')


@site.command("list")
@click.pass_obj
def list_sites(settings: Settings) -> None:
    """Show every site with its origins."""

    async def work(store: Store) -> list[Site]:
        return list(await store.sites.all())

    for each in with_store(settings, work):
        click.echo(f"{each.key}  {each.name}  {', '.join(each.origins)}")


@site.command()
@click.argument("key")
@click.option("--years", type=click.IntRange(1, 6), help="Years after a consent lapsed.")
@click.option("--hold/--no-hold", default=None, help="A legal hold: nothing is erased by itself.")
@click.pass_obj
def keep(settings: Settings, /, key: str, **asked: Any) -> None:
    """Say how long KEY's receipts are kept. Without options: show.

    Receipts are erased by themselves once their consent has lapsed and the years are over.
    """
    who = act()

    async def work(store: Store) -> Site:
        found = await store.sites.by_key(key)
        changed = _changed(found.keeping, asked)
        if changed == found.keeping:
            return found
        async with store.transaction() as tx:
            kept = await sites.keep(tx, found, changed)
            await audit.log(tx, who, "site.keep", f"{key} {changed.years} years", found.id)
        return kept

    _show(with_store(settings, work).keeping)


@site.command()
@click.argument("key")
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    nargs=2,
    metavar="VKEY URL",
    help="A witness: its public key and its address. Repeatable; takes the place of all others.",
)
@click.option("--no-witnesses", is_flag=True, help="Ask no witness any more.")
@click.option(
    "--authority",
    help="The address of a time-stamping authority (RFC 3161). Another one than before drops the "
    "certificates of the former, unless its own are given too.",
)
@click.option("--no-authority", is_flag=True, help="Have nothing stamped any more.")
@click.option(
    "--authority-certificates",
    type=click.File("rb"),
    metavar="FILE",
    help="Certificates (PEM): a stamp that leads to none of them is not kept.",
)
@click.option(
    "--no-authority-certificates", is_flag=True, help="Keep stamps whatever they lead to."
)
@click.option(
    "--mail",
    multiple=True,
    metavar="ADDRESS",
    help="Whom the newest checkpoint is mailed to, once a day. Repeatable; takes the place of all.",
)
@click.option("--no-mail", is_flag=True, help="Mail to nobody any more.")
@click.pass_obj
def vouch(settings: Settings, /, key: str, **asked: Any) -> None:
    """Say who vouches for KEY's ledger. Without options: show.

    The running service asks them; `consent-service ledger status` says how it stands.
    """
    who, changes = act(), _vouching(settings, asked)

    async def work(store: Store) -> Site:
        return await vouching.point(store, await store.sites.by_key(key), changes, who)

    _show_vouching(with_store(settings, work).keeping)


def _vouching(settings: Settings, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What an operator wants to be another way."""
    changes: dict[str, Any] = {}
    if asked["witnesses"] or asked["no_witnesses"]:
        each = (" ".join(pair) for pair in asked["witnesses"])
        changes["witnesses"] = tuple(map(sites.parse_witness, each))
    if asked["authority"] or asked["no_authority"]:
        changes["authority"] = asked["authority"] or ""
    if asked["authority_certificates"] or asked["no_authority_certificates"]:
        changes["authority_pem"] = _certificates(asked["authority_certificates"])
    if asked["mail"] or asked["no_mail"]:
        changes["mail_to"] = vouching.check_mail(settings, tuple(dict.fromkeys(asked["mail"])))
    return changes


def _certificates(file: BinaryIO | None) -> str:
    """What is in that file; nothing where there is none."""
    if file is None:
        return ""
    # One byte more is too long, and is told so.
    return sites.parse_certificates(file.read(sites.MOST_PEM + 1).decode(errors="replace"))


def _show_vouching(keeping: Keeping) -> None:
    for witness in keeping.witnesses:
        click.echo(f"witness    {witness.key} {witness.url}")
    if not keeping.witnesses:
        click.echo("witness    none")
    click.echo(f"authority  {keeping.authority or 'none'}")
    for each in sites.pinned(keeping):
        click.echo(f"leads to   {each.name}, SHA-256 {each.fingerprint}")
    click.echo(f"mailed to  {', '.join(keeping.mail_to) or 'nobody'}")


@site.command()
@click.argument("key")
@click.option("--on/--off", "wanted", default=None, help="Whether a second person is wanted.")
@click.pass_obj
def approval(settings: Settings, key: str, wanted: bool | None) -> None:
    """Say whether a second person approves what is published on KEY. Without options: show."""
    who = act()

    async def work(store: Store) -> Site:
        found = await store.sites.by_key(key)
        if wanted in (None, found.approval):
            return found
        return await sites.set_approval(store, found, bool(wanted), who)

    on = with_store(settings, work).approval
    click.echo("A second person approves." if on else "Nobody need approve.")


def _changed(now: Keeping, asked: Mapping[str, Any]) -> Keeping:
    changes = {name: value for name, value in asked.items() if value is not None}
    return msgspec.structs.replace(now, **changes)


def _show(keeping: Keeping) -> None:
    click.echo(f"years      {keeping.years}")
    click.echo(f"hold       {'yes: nothing is erased by itself' if keeping.hold else 'no'}")
