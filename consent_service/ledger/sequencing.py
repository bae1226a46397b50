"""The sequencer: every second, what waits is entered into the ledger of its site."""

import asyncio
import logging
from collections.abc import Callable

from consent_service.errors import ConsentError
from consent_service.ledger.appending import Desk, append, begun, publish
from consent_service.ledger.entering import prepared
from consent_service.model import Site
from consent_service.store.ledger import Head, Pending

BATCH = 1_024
"""Entries in one transaction. Receipts wait for as long as it takes: a few milliseconds."""

LEASE = 10
"""Seconds for which other processes leave a ledger alone after one has appended to it."""

_SLICE = 128
"""Entries that are made before anybody else has a turn."""

_log = logging.getLogger(__name__)


async def sequence(desk: Desk, site: Site, now: int, limit: int = BATCH) -> tuple[Head, int] | None:
    """Enter what waits, up to `limit`; the new head, and how many were entered.

    None where nothing waits, or another process has the lease, or was here meanwhile. Raises
    `Forked` where a person must decide.
    """
    seen = await begun(desk, site, now)
    waiting = await desk.store.ledger.pending(site.id, limit)
    if not waiting or (seen.holder != desk.holder and seen.held_until > now):
        return None
    entries = await _prepared(waiting)
    async with desk.store.transaction() as tx:
        head = await tx.ledger.lease(site.id, desk.holder, now, now + LEASE)
        # Whoever entered something since then has made the tree grow; else all of it still waits.
        if head is None or head.size != seen.size:
            return None
        grown = await append(tx, desk, head, entries, now)
    await publish(desk, grown)
    return grown, len(entries)


async def _prepared(waiting: list[Pending]) -> list[Pending]:
    entries: list[Pending] = []
    for begins in range(0, len(waiting), _SLICE):
        entries += map(prepared, waiting[begins : begins + _SLICE])
        await asyncio.sleep(0)
    return entries


class Sequencer:
    """Enters what waits, of every site, again and again: one task of a running service."""

    def __init__(self, desk: Desk, now: Callable[[], float]) -> None:
        self._desk, self._now = desk, now
        self.stuck: dict[str, str] = {}
        """Why a site's ledger does not go on, by the site's key."""

    async def run(self, seconds: float) -> None:
        """Go on until cancelled, with so many seconds between."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.round()
            except ConsentError as error:
                _log.warning("the ledgers did not go on: %s", error)
            except Exception:
                # Our own mistake must not end it: receipts go on, and the log says why.
                _log.exception("the ledgers did not go on")

    async def round(self) -> int:
        """Enter all that waits; how many that was. One site that is stuck holds up no other."""
        entered = 0
        for site_id in await self._desk.store.ledger.sites_waiting():
            site = await self._desk.store.sites.by_id(site_id)
            try:
                entered += await self._all_of(site)
                self.stuck.pop(site.key, None)
            except ConsentError as error:
                self._complain(site, error)
        return entered

    async def _all_of(self, site: Site) -> int:
        entered = 0
        while done := await sequence(self._desk, site, int(self._now())):
            entered += done[1]
            if done[1] < BATCH:
                break
        return entered

    def _complain(self, site: Site, error: ConsentError) -> None:
        # Once, not every second.
        if self.stuck.get(site.key) != error.message:
            _log.error("the ledger of %s is stuck: %s", site.key, error)
        self.stuck[site.key] = error.message
