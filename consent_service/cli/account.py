"""`consent-service account`: people who sign in, their roles, and tokens for machines."""

import click

from consent_service import accounts
from consent_service.accounts import Grant
from consent_service.cli.running import act, with_store
from consent_service.errors import Conflict
from consent_service.model import EVERY_SITE, Account, Role
from consent_service.settings import Settings
from consent_service.store import Store

_ROLE = click.Choice([role.value for role in Role])
_SITE = click.option("--site", "key", help="The site; every site where it is left out.")


@click.group()
def account() -> None:
    """People who sign in, and what for."""


@account.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", type=_ROLE, required=True, help="What they may do.")
@_SITE
@click.pass_obj
def add(settings: Settings, email: str, name: str, role: str, key: str | None) -> None:
    """Make an account and print its one-time sign-in link, which is good for an hour.

    For an account that exists: give it the role, and a new link.
    """
    who = act()

    async def work(store: Store) -> str:
        try:
            person = await accounts.add(store, email, name, who)
        except Conflict:
            person = await store.accounts.by_email(email)
        given = Grant(Role(role), await _site_id(store, key))
        await accounts.grant(store, person, given, who)
        return await accounts.sign_in_link(store, person, who.now)

    secret = with_store(settings, work)
    click.echo(f"Sign in within the hour, once: {settings.base_url}/sign-in/{secret}")


@account.command()
@click.argument("email")
@click.pass_obj
def link(settings: Settings, email: str) -> None:
    """Print a new one-time sign-in link for an account."""
    who = act()

    async def work(store: Store) -> str:
        person = await store.accounts.by_email(email)
        return await accounts.sign_in_link(store, person, who.now)

    secret = with_store(settings, work)
    click.echo(f"Sign in within the hour, once: {settings.base_url}/sign-in/{secret}")


@account.command()
@click.option("--site", "key", required=True, help="The site that it works on.")
@click.option("--role", type=_ROLE, required=True, help="What it may do.")
@click.option("--label", required=True, help="What it is for.")
@click.pass_obj
def token(settings: Settings, key: str, role: str, label: str) -> None:
    """Make a token for a machine. It is shown once; only its hash is kept."""
    who = act()

    async def work(store: Store) -> str:
        given = Grant(Role(role), await _site_id(store, key))
        return (await accounts.add_token(store, given, label, who)).secret

    click.echo(with_store(settings, work))


@account.command("list")
@click.pass_obj
def list_accounts(settings: Settings) -> None:
    """Show every account with its roles."""

    async def work(store: Store) -> list[str]:
        names = {site.id: site.key for site in await store.sites.all()}
        return [_line(person, names) for person in await store.accounts.all()]

    for line in with_store(settings, work):
        click.echo(line)


def _line(person: Account, names: dict[int, str]) -> str:
    names = {**names, EVERY_SITE: "every site"}
    held = [
        f"{role.value} of {names[site]}" for site, roles in person.roles.items() for role in roles
    ]
    closed = " (closed)" if person.disabled else ""
    return f"{person.email}  {person.name}{closed}  {', '.join(held) or 'no role'}"


async def _site_id(store: Store, key: str | None) -> int:
    return (await store.sites.by_key(key)).id if key else EVERY_SITE
