"""The audit trail: who did what to which thing, when. Events are added, never changed.

They are chained: each one's hash is over the one before it as well. An event is added without
looking at the chain, so that nobody waits for anybody; a moment later it is linked. Once an hour
the chain's head is entered into each ledger, and from there on the trail is as fixed as that.
"""

from hashlib import sha256
from typing import NamedTuple

import msgspec

from consent_service import ledger
from consent_service.errors import Tampered
from consent_service.merkle import Entry, EntryType
from consent_service.model import Event
from consent_service.signing import uuid7
from consent_service.store import Store
from consent_service.store.events import Link

SERVICE = "service"
"""The actor of what nobody in particular did."""

MACHINE = "token:"
"""How the actor begins where it is a machine; the token's id follows."""


class Act(NamedTuple):
    """Who does a thing, and when: what every verb that leaves a trace is told."""

    by: str
    """An account's e-mail, `token:<id>` or `service`."""
    at: float
    """Unix seconds."""

    @property
    def now(self) -> int:
        """Whole unix seconds."""
        return int(self.at)


async def log(store: Store, act: Act, verb: str, subject: str, site_id: int | None = None) -> None:
    """Add one event: `act` did `verb`, such as `policy.publish`, to `subject`.

    Called inside the transaction of what it tells of, so that neither is there without the other.
    """
    event = Event(
        id=uuid7(int(act.at * 1000)),
        at=act.now,
        actor=act.by,
        verb=verb,
        site_id=site_id,
        subject=subject,
    )
    await store.events.add(event)


# --- The chain -----------------------------------------------------------------------------------

PATIENCE = 300
"""Seconds after which an event that is in no chain is a finding."""

_START = bytes(32)
_LOT = 500


class Chained(NamedTuple):
    """A chain that was gone through, and holds."""

    events: int
    head: bytes
    """The hash over all of them; 32 zero bytes where there is none."""
    met: frozenset[bytes]
    """The digests among those looked for that are of this chain, at one point or another."""


def link(before: bytes, event: Event) -> bytes:
    """The hash of an event and of all before it."""
    said = (event.id, event.at, event.actor, event.verb, event.site_id, event.subject)
    return sha256(b"event/v1\0" + before + msgspec.json.encode(said)).digest()


def entry_digest(head: bytes) -> bytes:
    """The digest by which a ledger's entry names the chain's head (type AUDIT)."""
    return sha256(b"audit/v1\0" + head).digest()


async def chain(store: Store) -> bytes:
    """Chain the events that are not yet; the head. Any process may do it, as often as it likes."""
    while True:
        async with store.exclusive() as tx:
            head = await tx.events.head()
            number, hash_ = head or (0, _START)
            links = []
            for event in await tx.events.loose(_LOT):
                number, hash_ = number + 1, link(hash_, event)
                links.append((Link(number, hash_), event))
            if links:
                await tx.events.link(links)
        if len(links) < _LOT:
            return hash_


async def verify(store: Store, now: int, wanted: frozenset[bytes] = frozenset()) -> Chained:
    """Go through the whole trail. Raises `Tampered`, which names the first event that is not so.

    `wanted` are digests that ledgers have of its heads: which of them are met is said.
    """
    number, hash_, met = 0, _START, set[bytes]()
    while links := await store.events.linked(number, _LOT):
        for found, event in links:
            number, hash_ = number + 1, link(hash_, event)
            if found != (number, hash_):
                raise Tampered(
                    f"event {number} of the chain ({event.verb}, {event.id}) is not what was "
                    "chained, or one before it is missing"
                )
            met |= {entry_digest(hash_)} & wanted
    for event in await store.events.loose(1):
        if event.at < now - PATIENCE:
            raise Tampered(f"the event {event.id} ({event.verb}) is in no chain")
    return Chained(number, hash_, frozenset(met))


async def enter_head(store: Store, now: int) -> bytes:
    """Enter the chain's head into every ledger, where it is not yet; the head.

    From there on nobody can replace the trail up to here without the ledger telling.
    """
    head = await chain(store)
    entry = Entry(EntryType.AUDIT, now, entry_digest(head))
    for site in await store.sites.all():
        if head != _START and not await store.ledger.marks(site.id, entry.digest):
            await ledger.enter(store, site.id, entry)
    return head


class Trail(NamedTuple):
    """What a whole audit trail was found to be."""

    events: int
    entered: int
    """How many heads of it the ledgers have: all of them are of this chain."""


async def verify_all(store: Store, now: int) -> Trail:
    """Go through the whole trail, and hold it against what the ledgers have. Raises `Tampered`."""
    entered: dict[bytes, str] = {}
    for site in await store.sites.all():
        for mark in await store.ledger.marks_of(site.id, EntryType.AUDIT):
            entered[mark.digest] = f"entry {mark.place} of the ledger of {site.key}"
    found = await verify(store, now, frozenset(entered))
    missing = [where for digest, where in entered.items() if digest not in found.met]
    if missing:
        raise Tampered(
            f"{missing[0]} names a trail that is not this one: events were replaced or taken out"
        )
    return Trail(found.events, len(entered))
