"""The shelf of errands: what is to be done at those outside who vouch for a site's ledger."""

from enum import StrEnum
from typing import NamedTuple

from consent_service.store.database import Database, Row


class Kind(StrEnum):
    """What is done there."""

    WITNESS = "witness"
    STAMP = "stamp"
    MAIL = "mail"


Name = tuple[Kind, str]
"""What is done, and at whom."""


class Errand(NamedTuple):
    """How it stands with one of them."""

    kind: Kind
    whom: str
    """A witness's key, an authority's address, an e-mail address."""
    due_at: int
    done_at: int = 0
    """When it was last done, unix seconds; 0 for never."""
    size: int = 0
    """Of the checkpoint that it was last done for."""
    trouble: str = ""
    """Why it is not done; empty where it is."""
    trouble_at: int = 0
    """Since when."""

    @property
    def name(self) -> Name:
        """By this it is known among those of its site."""
        return self.kind, self.whom


class Errands:
    """One row for each errand of a site. It is no evidence: that lies with the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, site_id: int, kind: Kind, whom: str, now: int, until: int) -> bool:
        """Take an errand that is due, until then. Of many processes, one has it."""
        row = await self._database.fetch_one(
            """
            insert into errands (site_id, kind, whom, due_at)
            values (:site_id, :kind, :whom, :until)
            on conflict (site_id, kind, whom) do update set due_at = :until
            where errands.due_at <= :now
            returning due_at""",
            site_id=site_id,
            kind=kind.value,
            whom=whom,
            now=now,
            until=until,
        )
        return row is not None

    async def settle(self, site_id: int, errand: Errand) -> None:
        """How it stands from now on."""
        await self._database.execute(
            """
            update errands set due_at = :due_at, done_at = :done_at, size = :size,
                trouble = :trouble, trouble_at = :trouble_at
            where site_id = :site_id and kind = :kind and whom = :whom""",
            site_id=site_id,
            **{**errand._asdict(), "kind": errand.kind.value},
        )

    async def of(self, site_id: int) -> list[Errand]:
        """Every errand of a site, by kind and whom."""
        rows = await self._database.fetch_all(
            "select * from errands where site_id = :site_id order by kind, whom", site_id=site_id
        )
        return [_errand(row) for row in rows]

    async def all(self) -> dict[int, list[Errand]]:
        """Every errand there is, by the site's id."""
        found: dict[int, list[Errand]] = {}
        for row in await self._database.fetch_all("select * from errands"):
            found.setdefault(row["site_id"], []).append(_errand(row))
        return found

    async def forget(self, site_id: int, errand: Errand, now: int) -> None:
        """Drop one that is no longer asked for, once it is due: who comes back is not gone to
        before.
        """
        await self._database.execute(
            """
            delete from errands where site_id = :site_id and kind = :kind
                and whom = :whom and due_at <= :now""",
            site_id=site_id,
            kind=errand.kind.value,
            whom=errand.whom,
            now=now,
        )


def _errand(row: Row) -> Errand:
    values = {name: row[name] for name in Errand._fields}
    return Errand(**{**values, "kind": Kind(row["kind"])})
