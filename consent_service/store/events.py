"""The shelf of events: the audit trail."""

from consent_service.model import Event
from consent_service.store.columns import Cursor, uuid_bytes, uuid_text
from consent_service.store.database import Database, Row, Value

_OF_ALL = """
    select * from events where (at, id) < (:at, :id)
    order by at desc, id desc limit :limit"""

_OF_SITE = """
    select * from events where site_id = :site_id and (at, id) < (:at, :id)
    order by at desc, id desc limit :limit"""


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


def _event(row: Row) -> Event:
    return Event(
        id=uuid_text(row["id"]),
        at=row["at"],
        actor=row["actor"],
        verb=row["verb"],
        site_id=row["site_id"],
        subject=row["subject"],
    )
