"""The shelf of public keys."""

from consent_service.model import PublicKey
from consent_service.store.database import Database, Row


class Keys:
    """Every public key that a receipt may name. None is ever taken away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: PublicKey) -> None:
        """Keep a key. One that is there already stays as it is."""
        # Two processes may reckon the same number: the later one stores nothing and reckons again.
        while not await self._has(key.kid):
            await self._database.execute(
                """
                insert into keys (number, kid, jwk, created_at)
                select coalesce(max(number), 0) + 1, :kid, :jwk, :created_at from keys where true
                on conflict do nothing""",
                kid=key.kid,
                jwk=key.jwk,
                created_at=key.created_at,
            )

    async def all(self) -> list[PublicKey]:
        """Every key, the oldest first."""
        return [
            _key(row)
            for row in await self._database.fetch_all(
                "select kid, jwk, created_at from keys order by number"
            )
        ]

    async def _has(self, kid: str) -> bool:
        row = await self._database.fetch_one(
            "select 1 as there from keys where kid = :kid", kid=kid
        )
        return row is not None


def _key(row: Row) -> PublicKey:
    return PublicKey(kid=row["kid"], jwk=row["jwk"], created_at=row["created_at"])
