"""The shelf of events: the audit trail."""

from collections.abc import Sequence
from typing import NamedTuple

from consent_service.model import Event
from consent_service.store.columns import Cursor, uuid_bytes, uuid_text
from consent_service.store.database import Database, Row, Value

_OF_ALL = """
    select * from events where (at, id) < (:at, :id)
    order by at desc, id desc limit :limit"""

_OF_SITE = """
    select * from events where site_id = :site_id and (at, id) < (:at, :id)
    order by at desc, id desc limit :limit"""


_LATE = 86_400
"""Seconds by which a transaction may end after its event's time, and the event still be found."""


class Link(NamedTuple):
    """One event's place in the chain, and the hash over it and all before it."""

    number: int
    hash: bytes


class Asked(NamedTuple):
    """Which events somebody wants to see."""

    site_id: int | None
    """None for those of every site and of none."""
    begin: int = 0
    end: int = 2**62
    verb: str = ""
    actor: str = ""


class Events:
    """Who did what, when. Added, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, event: Event) -> None:
        """Keep an event for ever. Raises `Conflict` where its id is taken."""
        await self._database.execute(
            """
            insert into events (id, at, actor, verb, site_id, subject)
            values (:id, :at, :actor, :verb, :site_id, :subject)""",
            id=uuid_bytes(event.id),
            at=event.at,
            actor=event.actor,
            verb=event.verb,
            site_id=event.site_id,
            subject=event.subject,
        )

    async def page(
        self, site_id: int | None, before: Cursor | None = None, limit: int = 50
    ) -> list[Event]:
        """Events of a site (None for everything), the newest first, from before the cursor on.

        The cursor of the next page is `Cursor(last.at, last.id)`.
        """
        place = before or Cursor.end()
        values: dict[str, Value] = {"at": place.at, "id": uuid_bytes(place.id), "limit": limit}
        if site_id is None:
            rows = await self._database.fetch_all(_OF_ALL, **values)
        else:
            rows = await self._database.fetch_all(_OF_SITE, site_id=site_id, **values)
        return [_event(row) for row in rows]

    async def of_verb(self, site_id: int, verb: str, limit: int) -> list[Event]:
        """A site's newest events of one verb, the newest first."""
        rows = await self._database.fetch_all(
            """
            select * from events where site_id = :site_id and verb = :verb
            order by at desc, id desc limit :limit""",
            site_id=site_id,
            verb=verb,
            limit=limit,
        )
        return [_event(row) for row in rows]

    async def search(self, asked: Asked, before: Cursor | None, limit: int) -> list[Event]:
        """The events that are asked for, the newest first, from before the cursor on."""
        place = before or Cursor.end()
        rows = await self._database.fetch_all(
            """
            select * from events
            where (:every = 1 or site_id = :site_id) and (at, id) < (:at, :id)
                and at >= :begin and at < :end
                and (:verb = '' or verb = :verb) and (:actor = '' or actor = :actor)
            order by at desc, id desc limit :limit""",
            every=int(asked.site_id is None),
            site_id=asked.site_id or 0,
            at=place.at,
            id=uuid_bytes(place.id),
            begin=asked.begin,
            end=asked.end,
            verb=asked.verb,
            actor=asked.actor,
            limit=limit,
        )
        return [_event(row) for row in rows]

    async def loose(self, limit: int) -> list[Event]:
        """Events that are not in the chain yet, in the order in which they will be."""
        rows = await self._database.fetch_all(
            """
            select e.* from events e
            where e.at >= coalesce((
                select last.at from events last join chain c on c.event_id = last.id
                order by c.number desc limit 1
            ) - :late, 0) and not exists (select 1 from chain c where c.event_id = e.id)
            order by e.at, e.id limit :limit""",
            late=_LATE,
            limit=limit,
        )
        return [_event(row) for row in rows]

    async def head(self) -> Link | None:
        """The newest link of the chain; None before the first."""
        row = await self._database.fetch_one(
            "select number, hash from chain order by number desc limit 1"
        )
        return Link(row["number"], row["hash"]) if row else None

    async def link(self, links: Sequence[tuple[Link, Event]]) -> None:
        """Add links to the chain. Under `exclusive`: one process at a time reckons them."""
        await self._database.execute_rows(
            "insert into chain (number, event_id, hash) :rows",
            [(link.number, uuid_bytes(event.id), link.hash) for link, event in links],
        )

    async def linked(self, after: int, limit: int) -> list[tuple[Link, Event]]:
        """The links after that number, the oldest first, each with its event."""
        rows = await self._database.fetch_all(
            """
            select c.number, c.hash, e.* from chain c join events e on e.id = c.event_id
            where c.number > :after order by c.number limit :limit""",
            after=after,
            limit=limit,
        )
        return [(Link(row["number"], row["hash"]), _event(row)) for row in rows]


def _event(row: Row) -> Event:
    return Event(
        id=uuid_text(row["id"]),
        at=row["at"],
        actor=row["actor"],
        verb=row["verb"],
        site_id=row["site_id"],
        subject=row["subject"],
    )
