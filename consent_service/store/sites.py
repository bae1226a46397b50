"""The shelf of sites."""

import msgspec

from consent_service.errors import Conflict
from consent_service.model import Keeping, Site, Witness
from consent_service.store.columns import found
from consent_service.store.database import Database, Row


class Sites:
    """Sites, by their id inside and by their key in addresses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, key: str, name: str, origins: tuple[str, ...], max_age: int, now: int
    ) -> Site:
        """A new site; `max_age` and `now` in seconds. Raises `Conflict` where the key is taken."""
        row = None
        # Two processes may reckon the same id: the later one stores nothing and reckons again.
        while row is None:
            if await self._row(key):
                raise Conflict(f"there is already a site {key}", "key")
            row = await self._database.fetch_one(
                """
                insert into sites (id, key, name, origins, max_age, created_at)
                select coalesce(max(id), 0) + 1, :key, :name, :origins, :max_age, :now
                from sites where true
                on conflict do nothing returning *""",
                key=key,
                name=name,
                origins=_packed(origins),
                max_age=max_age,
                now=now,
            )
        return _site(row)

    async def by_key(self, key: str) -> Site:
        """The site with that key. Raises `NotFound`."""
        return _site(found(await self._row(key), f"site {key}"))

    async def by_id(self, site_id: int) -> Site:
        """The site with that id. Raises `NotFound`."""
        row = await self._database.fetch_one(
            "select * from sites where id = :site_id", site_id=site_id
        )
        return _site(found(row, f"site with the id {site_id}"))

    async def all(self) -> list[Site]:
        """Every site, by key."""
        return [
            _site(row) for row in await self._database.fetch_all("select * from sites order by key")
        ]

    async def change(self, key: str, name: str, origins: tuple[str, ...], max_age: int) -> Site:
        """The site with another name, other origins, another cache time. Raises `NotFound`."""
        row = await self._database.fetch_one(
            """
            update sites set name = :name, origins = :origins, max_age = :max_age
            where key = :key returning *""",
            key=key,
            name=name,
            origins=_packed(origins),
            max_age=max_age,
        )
        return _site(found(row, f"site {key}"))

    async def keep(self, key: str, keeping: Keeping) -> Site:
        """The site with other rules of keeping, and other witnesses. Raises `NotFound`."""
        row = await self._database.fetch_one(
            """
            update sites set retention_years = :years, hold = :hold, witnesses = :witnesses,
                authority = :authority, authority_pem = :authority_pem, mail_to = :mail_to
            where key = :key returning *""",
            key=key,
            years=keeping.years,
            hold=int(keeping.hold),
            witnesses=msgspec.json.encode(keeping.witnesses).decode(),
            authority=keeping.authority,
            authority_pem=keeping.authority_pem,
            mail_to=_packed(keeping.mail_to),
        )
        return _site(found(row, f"site {key}"))

    async def set_approval(self, key: str, wanted: bool) -> Site:
        """The site where a second person approves, or nobody need to. Raises `NotFound`."""
        row = await self._database.fetch_one(
            "update sites set approval = :approval where key = :key returning *",
            key=key,
            approval=int(wanted),
        )
        return _site(found(row, f"site {key}"))

    async def _row(self, key: str) -> Row | None:
        return await self._database.fetch_one("select * from sites where key = :key", key=key)


def _packed(texts: tuple[str, ...]) -> str:
    return msgspec.json.encode(texts).decode()


def _site(row: Row) -> Site:
    return Site(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        origins=msgspec.json.decode(row["origins"], type=tuple[str, ...]),
        max_age=row["max_age"],
        created_at=row["created_at"],
        keeping=Keeping(
            years=row["retention_years"],
            hold=bool(row["hold"]),
            witnesses=msgspec.json.decode(row["witnesses"], type=tuple[Witness, ...]),
            authority=row["authority"],
            authority_pem=row["authority_pem"],
            mail_to=msgspec.json.decode(row["mail_to"], type=tuple[str, ...]),
        ),
        approval=bool(row["approval"]),
    )
