"""What a command of `policy` is about: a FILE at a running service, or a SITE on this machine."""

from collections.abc import Callable
from typing import NamedTuple

import click

from consent_service.cli.remote import Remote

TARGET = click.argument("target", metavar="SITE|FILE")


class Service(NamedTuple):
    """Which service, and what opens it."""

    url: str
    token: str

    def of(self, site: str) -> Remote:
        """One site of it."""
        return Remote(self.url, self.token, site)


def is_file(target: str) -> bool:
    """Whether that names a file: a site's key has neither a dot nor a slash."""
    return "." in target or "/" in target or "\\" in target


def with_service(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that speaks to a running service."""
    url = click.option(
        "--url",
        envvar="CONSENT_URL",
        show_envvar=True,
        help="The running service, such as https://consent.example.",
    )
    token = click.option(
        "--token",
        envvar="CONSENT_TOKEN",
        show_envvar=True,
        help="An editor's token of the site. Better in the environment: others see options.",
    )
    return url(token(command))


def service_at(url: str | None, token: str | None) -> Service:
    address = (url or "").rstrip("/")
    if not address.startswith(("https://", "http://")):
        raise click.UsageError("say which service with --url or CONSENT_URL: https://...")
    secret = (token or "").strip()
    if not secret.isascii() or not secret:
        raise click.UsageError("give an editor's token with --token or CONSENT_TOKEN")
    return Service(address, secret)
