"""`consent-service db`: look at the database, migrate it, back it up."""

import asyncio
from pathlib import Path

import click

from consent_service.settings import Settings
from consent_service.store import maintenance
from consent_service.store.opening import sqlite_path

PG_DUMP = """\
This database is on a PostgreSQL server, which has its own tools for this:

    pg_dump --format=custom --file={target} "$CONSENT_DATABASE"

and to restore it into an empty database:

    pg_restore --no-owner --dbname="postgresql://..." {target}

Or let the server archive its log, and come back to any moment (pg_basebackup).
Back the signing keys up as well, apart from it."""


@click.group()
def db() -> None:
    """The database: its state, migrations, backups."""


@db.command()
@click.pass_obj
def status(settings: Settings) -> None:
    """Show where the database is, which migrations it has had, and what it holds.

    Nothing in it changes.
    """
    found = asyncio.run(maintenance.status(settings.database))
    click.echo(f"database  {found.place}")
    for name in found.applied:
        click.echo(f"applied   {name}")
    for name in found.pending:
        click.echo(f"pending   {name}")
    if not found.pending:
        click.echo(f"sites     {found.sites}\nreceipts  {found.receipts}")


@db.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to this release; make it, where there is none.

    `consent-service serve` does it as well, at its start. Each migration is applied whole or
    not at all.
    """
    names = asyncio.run(maintenance.migrate_database(settings.database))
    for name in names:
        click.echo(f"applied   {name}")
    if not names:
        click.echo("nothing to do: the database is at this release")


@db.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def backup(context: click.Context, path: Path) -> None:
    """Copy the database to PATH, as it is at this moment, while the service goes on.

    SQLite only; for PostgreSQL it says which command to use.
    """
    settings: Settings = context.obj
    source = sqlite_path(settings.database)
    if source is None:
        click.echo(PG_DUMP.format(target=path), err=True)
        context.exit(1)
    with _Bar() as bar:
        maintenance.back_up(source, path, bar.show)
    click.echo(f"{path}: {path.stat().st_size:,} bytes. Back the signing keys up as well.")


class _Bar:
    """A progress bar whose length is known only once the copying has begun."""

    def __init__(self) -> None:
        self._bar = click.progressbar(length=1, label="copying", show_pos=True)

    def __enter__(self) -> "_Bar":
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.render_finish()

    def show(self, copied: int, total: int) -> None:
        self._bar.length = total
        self._bar.update(copied - self._bar.pos)
