"""The shelf of screenshots: how each banner looked."""

from consent_service.model import Screen
from consent_service.store.columns import digest_bytes, digest_text, found
from consent_service.store.database import Database, Row

_LISTED = """
    select s.site_id, s.banner, s.layer, s.viewport, s.taken_at, s.taken_with, s.digest, s.entry
    from screens s"""


class Screens:
    """Pictures of banners. Added, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, screen: Screen, body: bytes) -> bool:
        """Keep a picture for ever. False where there is one of that layer and width already."""
        added = await self._database.execute(
            """
            insert into screens (site_id, banner, layer, viewport, taken_at, taken_with, digest,
                entry, body)
            values (:site_id, :banner, :layer, :viewport, :taken_at, :taken_with, :digest,
                :entry, :body)
            on conflict do nothing""",
            site_id=screen.site_id,
            banner=digest_bytes(screen.banner),
            layer=screen.layer,
            viewport=screen.viewport,
            taken_at=screen.taken_at,
            taken_with=screen.taken_with,
            digest=digest_bytes(screen.digest),
            entry=digest_bytes(screen.entry),
            body=body,
        )
        return bool(added)

    async def of(self, site_id: int, banner: str) -> list[Screen]:
        """The pictures of a banner, by its hash: without their bytes."""
        rows = await self._database.fetch_all(
            f"""{_LISTED}
            where s.site_id = :site_id and s.banner = :banner order by s.layer, s.viewport""",
            site_id=site_id,
            banner=digest_bytes(banner),
        )
        return [_screen(row) for row in rows]

    async def of_version(self, site_id: int, version: int) -> list[Screen]:
        """The pictures of every banner of a version: without their bytes."""
        rows = await self._database.fetch_all(
            f"""{_LISTED}
            join artifacts a on a.site_id = s.site_id and a.digest = s.banner
            where a.site_id = :site_id and a.version = :version
            order by a.language, s.banner, s.layer, s.viewport""",
            site_id=site_id,
            version=version,
        )
        return [_screen(row) for row in rows]

    async def body(self, screen: Screen) -> bytes:
        """The bytes of a picture. Raises `NotFound`."""
        row = await self._database.fetch_one(
            """
            select body from screens
            where site_id = :site_id and banner = :banner and layer = :layer
                and viewport = :viewport""",
            site_id=screen.site_id,
            banner=digest_bytes(screen.banner),
            layer=screen.layer,
            viewport=screen.viewport,
        )
        return bytes(found(row, "picture")["body"])


def _screen(row: Row) -> Screen:
    return Screen(
        site_id=row["site_id"],
        banner=digest_text(row["banner"]),
        layer=row["layer"],
        viewport=row["viewport"],
        taken_at=row["taken_at"],
        taken_with=row["taken_with"],
        digest=digest_text(row["digest"]),
        entry=digest_text(row["entry"]),
    )
