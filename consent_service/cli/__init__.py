"""`consent-service`: everything an operator does from a shell.

The command line reads the clock and the settings; below it nothing does.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from consent_service import __version__
from consent_service.cli.account import account
from consent_service.cli.audit import audit
from consent_service.cli.db import db
from consent_service.cli.demo import demo
from consent_service.cli.key import key
from consent_service.cli.ledger import ledger_group
from consent_service.cli.policy import policy
from consent_service.cli.receipts import receipts
from consent_service.cli.serve import health, serve
from consent_service.cli.site import site
from consent_service.errors import ConsentError
from consent_service.settings import load_settings

_HELP = {"-h", "--help"}
_ASKED_FOR_HELP = f"{__name__}.asked_for_help"


class _Commands(click.Group):
    """Notes whether help is asked for: of this command, or of one below it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_ASKED_FOR_HELP] = bool(_HELP & set(args))
        return super().parse_args(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file with settings. Else the file that CONSENT_CONFIG names, if any.",
)
@click.pass_context
def cli(context: click.Context, config: Path | None) -> None:
    """Self-hosted cookie consent: one script tag, signed receipts, policy versions.

    Settings come from the environment (CONSENT_DATABASE, CONSENT_BASE_URL, ...) and from a
    TOML file; the page help/settings.md lists them all. To look around first:

        consent-service demo
    """
    # `--help` of a command must work whatever the settings are.
    if not context.meta[_ASKED_FOR_HELP]:
        context.obj = load_settings(os.environ, config)


for command in (serve, demo, site, account, policy, receipts, audit, key, ledger_group, db, health):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. What the domain refuses is one line on stderr, and exit status 1."""
    try:
        cli.main(args=arguments, standalone_mode=True)
    except ConsentError as error:
        click.echo(f"consent-service: {error.message}", err=True)
        for finding in getattr(error, "findings", ()):
            click.echo(f"  {finding.rule} {finding.field}: {finding.message}", err=True)
        sys.exit(1)
