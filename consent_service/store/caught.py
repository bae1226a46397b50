"""The shelf of what automatic blocking had to catch: counts by site, day, host and kind."""

from consent_service.model import Caught, CaughtKind
from consent_service.store.database import Database


class CaughtShelf:
    """Counts, and nothing else: who was there, and on which page, is never known here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, site_id: int, day: int, host: str, kind: CaughtKind) -> int:
        """Count one more on that day (days since 1970, UTC); the day's count so far."""
        row = await self._database.fetch_one(
            """
            insert into caught (site_id, day, declared, kind, count)
            values (:site_id, :day, :host, :kind, 1)
            on conflict (site_id, day, declared, kind) do update set count = caught.count + 1
            returning count""",
            site_id=site_id,
            day=day,
            host=host,
            kind=kind.value,
        )
        return int(row["count"]) if row else 0

    async def forget(self, site_id: int, before: int) -> None:
        """Drop what is older than that day."""
        await self._database.execute(
            "delete from caught where site_id = :site_id and day < :before",
            site_id=site_id,
            before=before,
        )

    async def since(self, site_id: int, week: int, month: int) -> list[Caught]:
        """What was caught since the days `week` and `month`, the most first."""
        rows = await self._database.fetch_all(
            """
            select declared, kind, max(day) as last_day, sum(count) as in_month,
                sum(case when day >= :week then count else 0 end) as in_week
            from caught where site_id = :site_id and day >= :month
            group by declared, kind order by in_month desc, declared, kind""",
            site_id=site_id,
            week=week,
            month=month,
        )
        return [
            Caught(
                host=row["declared"],
                kind=CaughtKind(row["kind"]),
                in_week=int(row["in_week"]),
                in_month=int(row["in_month"]),
                last_day=row["last_day"],
            )
            for row in rows
        ]
