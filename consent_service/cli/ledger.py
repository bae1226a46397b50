"""`consent-service ledger`: look at a site's ledger, verify all of it, decide about a fork."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from consent_service import audit, ledger, vouching
from consent_service.cli.running import act, desk, with_store
from consent_service.cli.witness import run_witness
from consent_service.errors import NotFound
from consent_service.ledger import Report, Wanted
from consent_service.merkle import Checkpoint, parse_checkpoint, parse_note
from consent_service.model import Site
from consent_service.settings import Settings
from consent_service.store import Store
from consent_service.vouching import Standing

_SITE = click.option("--site", required=True, help="The site's key.")


@click.group("ledger")
def ledger_group() -> None:
    """The ledgers: checkpoints, verification, forks."""


ledger_group.add_command(run_witness)


@ledger_group.command()
@_SITE
@click.option("--keys", is_flag=True, help="Show the public keys and witnesses (tlog-policy).")
@click.option("--cosigned", is_flag=True, help="The newest that most of the witnesses cosigned.")
@click.pass_obj
def checkpoint(settings: Settings, site: str, keys: bool, cosigned: bool) -> None:
    """Show the newest signed checkpoint, to be kept or sent to somebody who keeps it."""

    async def work(store: Store) -> bytes:
        found = await store.sites.by_key(site)
        if keys:
            return await ledger.trust_of(store, found, settings.base_url)
        if cosigned:
            return await _cosigned(store, found)
        return await ledger.checkpoint(store, found.id)

    click.echo(with_store(settings, work), nl=False)


async def _cosigned(store: Store, site: Site) -> bytes:
    kept = await ledger.newest_vouched(store, site)
    if kept is None:
        raise NotFound(f"no checkpoint of {site.key} is cosigned by most of its witnesses")
    return ledger.cosigned(kept)


@ledger_group.command()
@_SITE
@click.pass_obj
def status(settings: Settings, site: str) -> None:
    """Show how it stands with a ledger, and with those who vouch for it.

    Exit status 1 where the ledger does not go on, or somebody outside does not do what was asked.
    """

    async def work(store: Store) -> Standing:
        found = await store.sites.by_key(site)
        return await vouching.standing(desk(settings, store), found)

    stands = with_store(settings, work)
    for line in _stands(stands):
        click.echo(line)
    if stands.stuck or any(party.trouble for party in stands.parties):
        sys.exit(1)


def _stands(stands: Standing) -> Iterator[str]:
    if stands.head:
        signed = f"signed {_utc(stands.head.signed_at)}"
        yield f"{stands.head.origin}: {stands.head.size:,} entries, {signed}"
    yield f"waiting for an entry: {stands.waiting:,}"
    if stands.stuck:
        yield f"STUCK: {stands.stuck}"
    if stands.vouched:
        yield f"cosigned by most witnesses: {stands.vouched.size:,} entries"
    for party in stands.parties:
        done = f"{party.size:,} entries, {_utc(party.done_at)}" if party.done_at else "never yet"
        yield f"{party.kind} {party.name}: {done}"
        if party.trouble:
            yield f"  TROUBLE since {_utc(party.trouble_at)}: it {party.trouble}"


def _utc(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


@ledger_group.command()
@_SITE
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept: the ledger must begin with it, and is verified from there.",
)
@click.option("--receipts", is_flag=True, help="Verify each receipt on file, too: slower.")
@click.pass_obj
def verify(settings: Settings, site: str, since: Path | None, receipts: bool) -> None:
    """Verify a whole ledger: every entry, the tree, the signature, and what is on file.

    Exit status 1 where something is not as it should be; each finding names its entry. May be
    interrupted at any time: it changes nothing.
    """
    wanted = Wanted(_read(since) if since else None, receipts)
    with _Bar() as bar:

        async def work(store: Store) -> Report:
            found = await store.sites.by_key(site)
            return await ledger.verify_ledger(store, found, wanted, bar.show)

        try:
            report = with_store(settings, work)
        except KeyboardInterrupt:
            click.echo(f"\nstopped: {bar.done:,} of {bar.total:,} entries were verified", err=True)
            sys.exit(130)
    _tell(report)
    if report.findings:
        sys.exit(1)


@ledger_group.command("accept-fork")
@_SITE
@click.option("--reason", required=True, help="Why the newer history is lost; for the audit trail.")
@click.pass_obj
def accept_fork(settings: Settings, site: str, reason: str) -> None:
    """Let a ledger go on from what the database holds, after a newer one was lost.

    Whoever holds the newer checkpoint can show that the ledger was forked. Tell your auditors
    first: help/ledger.md says what.
    """
    who = act()

    async def work(store: Store) -> Path | None:
        found = await store.sites.by_key(site)
        head = await ledger.head_of(store, found.id)
        aside = ledger.Outside(settings.checkpoints_folder).set_aside(head.origin, who.now)
        if aside:
            await audit.log(store, who, "ledger.accept_fork", reason, found.id)
        return aside

    aside = with_store(settings, work)
    if aside is None:
        click.echo(f"There is no checkpoint of {site} outside the database: nothing to decide.")
    else:
        click.echo(f"The checkpoint that the ledger does not go on from is now {aside}. Keep it.")


def _read(path: Path) -> Checkpoint:
    return parse_checkpoint(parse_note(path.read_bytes()).text)


def _tell(report: Report) -> None:
    for finding in report.findings:
        where = "" if finding.place is None else f"entry {finding.place}: "
        click.echo(f"{where}{finding.text}")
    if report.more:
        click.echo(f"and {report.more:,} findings more")
    found = len(report.findings) + report.more
    verdict = f"{found:,} findings" if found else "all as it should be"
    of = f", {report.receipts:,} receipts" if report.receipts else ""
    click.echo(
        f"{report.origin}: {report.entries:,} of {report.size:,} entries{of}: {verdict} "
        f"({_utc(int(time.time()))})"
    )


class _Bar:
    """A progress bar whose length is known only once the ledger is read."""

    def __init__(self) -> None:
        self._bar = click.progressbar(length=1, label="verifying", show_pos=True, file=sys.stderr)
        self.done, self.total = 0, 0

    def __enter__(self) -> "_Bar":
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.render_finish()

    def show(self, done: int, total: int) -> None:
        self._bar.length = total
        self._bar.update(done - self._bar.pos)
        self.done, self.total = done, total
