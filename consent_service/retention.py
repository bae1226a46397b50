"""Retention: receipts whose time is over are erased by themselves (R48), range by range.

A receipt is kept while its consent stands, and for the site's years after that. How long a consent
may stand is what the site's versions say: the longest counts for all, so that a range of entries
ends together. Nothing is erased under a legal hold.
"""

from typing import NamedTuple

from consent_service import audit, ledger, policies
from consent_service.audit import Act
from consent_service.merkle import ENTRY_BYTES, EntryType, decode_entry, prune_digest
from consent_service.merkle.tiles import FULL
from consent_service.model import SECONDS_A_DAY, Site
from consent_service.store import Store
from consent_service.store.ledger import Head, Prune

STEP = 4
"""Bundles of 256 entries whose receipts go in one transaction: others wait only shortly."""

YEAR = 365.25 * SECONDS_A_DAY

_OF_RECEIPTS = (EntryType.RECEIPT, EntryType.IMPORT)


class Due(NamedTuple):
    """What retention has to do, or has done, on one site."""

    before: int
    """Receipts recorded before this moment are over; unix seconds."""
    hold: bool
    """A legal hold: nothing is erased."""
    entries: int
    """Entries gone through."""
    receipts: int
    """Receipts erased."""


async def due_before(store: Store, site: Site, now: int) -> int:
    """The moment before which every receipt's time is over."""
    days = [0]
    for record in await store.policies.versions(site.id):
        stood = policies.decode_version(record.body).policy.days
        days.append(max(stood.granted, stood.refused))
    return int(now - site.keeping.years * YEAR - max(days) * SECONDS_A_DAY)


async def due(store: Store, site: Site, now: int) -> Due:
    """What there is to erase now; nothing is done."""
    before = await due_before(store, site, now)
    receipts = await store.receipts.count_span(site.id, (0, max(before, 0)))
    return Due(before, site.keeping.hold, 0, receipts)


async def retain(desk: ledger.Desk, site: Site, act: Act) -> Due:
    """Erase the receipts of a site whose time is over, and report how many.

    Raises `Forked` where the ledger is stuck: then nothing is erased.
    """
    before = await due_before(desk.store, site, act.now)
    done = Due(before, site.keeping.hold, 0, 0)
    head = await desk.store.ledger.head(site.id)
    # Looked at before anything is locked: mostly there is nothing to do.
    if done.hold or head is None or await _ends(desk.store, head, before) == head.pruned:
        return done
    while (prune := await _step(desk, site, before, act)) is not None:
        entries = done.entries + prune.ends - prune.begins
        done = done._replace(entries=entries, receipts=done.receipts + prune.receipts)
    return done


async def _step(desk: ledger.Desk, site: Site, before: int, act: Act) -> Prune | None:
    """Erase the next range of receipts, enter it and tell of it: all of that or nothing."""
    async with desk.store.transaction() as tx:
        head = await ledger.lock(tx, site)
        ends = await _ends(tx, head, before)
        if ends == head.pruned:
            return None
        said = ledger.event(EntryType.PRUNE, prune_digest(head.pruned, ends), act.now)
        grown = await ledger.append(tx, desk, head, [said], act.now)
        prune = await tx.ledger.prune(site.id, head.pruned, ends, act.now)
        subject = f"entries {prune.begins} to {prune.ends}: {prune.receipts} receipts"
        await audit.log(tx, act, "receipts.prune", subject, site.id)
    await ledger.publish(desk, grown)
    return prune


async def _ends(store: Store, head: Head, before: int) -> int:
    """After which entry the next range ends: a receipt's that is over, like all before it."""
    ends = head.pruned
    for number in range(head.pruned // FULL, -(-head.size // FULL)):
        body = await store.ledger.bundle(head.site_id, number)
        for at in range(0, len(body), ENTRY_BYTES):
            entry = decode_entry(body[at : at + ENTRY_BYTES])
            place = number * FULL + at // ENTRY_BYTES
            if place < head.pruned or entry.type not in _OF_RECEIPTS:
                continue
            if entry.time >= before:
                return ends
            ends = place + 1
        if ends - head.pruned >= STEP * FULL:
            return ends
    return ends
