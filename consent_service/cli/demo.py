"""`consent-service demo`: everything on one machine, to look at and to play with."""

from pathlib import Path

import click
import msgspec

from consent_service.cli.logs import configure_logs
from consent_service.demo.seed import SITE
from consent_service.demo.serve import Ports, Started, run_demo
from consent_service.settings import Settings

DATA = Path("data/demo")


@click.command()
@click.option("--port", default=8000, show_default=True, help="The service's port.")
@click.option("--shop-port", default=8001, show_default=True, help="The demo shop's port.")
@click.option("--tags-port", default=8002, show_default=True, help="The third parties' port.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    show_default=True,
    help="The folder of the demo's keys and, without --database, of its database.",
)
@click.option("--database", help="Another database, such as postgresql://me@localhost/demo.")
@click.pass_obj
def demo(
    settings: Settings,
    *,
    port: int,
    shop_port: int,
    tags_port: int,
    data: Path,
    database: str | None,
) -> None:
    """Run the service with a demo shop and its third parties, on this machine alone.

    The first start makes a site with a published policy and an account that may do everything;
    later ones find them again. The settings' own database and keys are never touched: a demo is
    no guest of real receipts. A port of 0 takes any that is free.
    """
    # The first screen is for reading: a log line for each start and stop would push it away.
    configure_logs("warning" if settings.log_level == "info" else settings.log_level)
    settings = msgspec.structs.replace(
        settings, database=database or f"sqlite:///{data}/demo.db", keys=data / "keys"
    )
    run_demo(settings, Ports(port, shop_port, tags_port), lambda at: click.echo(screen(at, data)))
    click.echo("Stopped.")


def screen(at: Started, folder: Path) -> str:
    """The first screen: where to look."""
    pages = f"{at.service}/sites/{SITE}"
    return f"""
The demo is running. Open these in a browser on this machine.

  Demo shop        {at.shop}/
  Sign in          {at.service}/sign-in/{at.secret}
                   (works once, within the hour)
  Editor's page    {pages}/policy
  Auditor's page   {pages}/receipts
  API docs         {at.service}/docs
  Third parties    {at.tags}/log
                   (what reached them)

The shop's front page tells a story to play. Policy version {at.version} is in force.
Everything is kept in {folder}; delete that folder to begin anew.
Press Ctrl-C to stop.
"""
