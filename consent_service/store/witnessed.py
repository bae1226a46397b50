"""The shelf of a witness: the last checkpoint of each ledger that it has cosigned."""

from typing import NamedTuple

from consent_service.store.database import Database


class Seen(NamedTuple):
    """A ledger as it was last cosigned."""

    size: int
    root: bytes
    note: bytes
    """The signed checkpoint, as it was sent."""
    at: int
    """Unix seconds."""


class Witnessed:
    """One row a ledger. It only grows; the database refuses anything else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, origin: str) -> Seen | None:
        """The ledger of that name as it was last cosigned; None where it never was."""
        row = await self._database.fetch_one(
            "select size, root, note, at from witnessed where origin = :origin", origin=origin
        )
        return Seen(row["size"], row["root"], row["note"], row["at"]) if row else None

    async def move(self, origin: str, before: Seen | None, now: Seen) -> bool:
        """Remember `now` if what is remembered is still `before`. Of several callers, one wins."""
        if before is None:
            return await self._begin(origin, now)
        moved = await self._database.execute(
            """
            update witnessed set size = :size, root = :root, note = :note, at = :at
            where origin = :origin and size = :before and root = :before_root""",
            origin=origin,
            before=before.size,
            before_root=before.root,
            **now._asdict(),
        )
        return moved == 1

    async def _begin(self, origin: str, now: Seen) -> bool:
        row = await self._database.fetch_one(
            """
            insert into witnessed (origin, size, root, note, at)
            values (:origin, :size, :root, :note, :at) on conflict do nothing returning size""",
            origin=origin,
            **now._asdict(),
        )
        return row is not None
