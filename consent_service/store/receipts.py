"""The shelf of receipts: append-only, by id and by time; and what is left of those erased."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from consent_service.errors import Conflict, ConsentError, Misconfigured, NotFound
from consent_service.model import Erasure, Site, StoredReceipt
from consent_service.signing import sha256_b64, token_bytes
from consent_service.store.columns import Cursor, digest_bytes, found, uuid_bytes, uuid_text
from consent_service.store.database import Database, Row, Value
from consent_service.store.finding import NAME, Asked, newest, row_of
from consent_service.store.packing import Packed, pack, unpack
from consent_service.store.sampling import draw

SALT_BYTES = 32

_TAIL = slice(8, None)
"""Of an id's bytes, what a tombstone keeps: random all of it, where the first half is a time."""

AS_SIGNED = 0
"""The form of a row that holds its payload as it is."""

_SELECT = """
    select r.id, r.site_id, r.recorded_at, r.version, r.form, r.payload, r.signature, k.kid
    from receipts r join keys k on k.number = r.key"""


class Sample(NamedTuple):
    """Some of a site's receipts, and how many entries of its ledger they stand for."""

    receipts: list[StoredReceipt]
    drawn: int
    places: int


class Receipts:
    """Receipts of all sites. `ReceiptWriter` is the way in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key_numbers: dict[str, int] = {}
        self._form_numbers: dict[bytes, int] = {}
        self._forms: dict[int, bytes] = {}

    async def add_all(
        self, receipts: Sequence[StoredReceipt]
    ) -> dict[str, StoredReceipt | ConsentError]:
        """Keep receipts of different ids, all of them in one transaction; what became of each.

        By id: the receipt as it is stored, which is an older one where the id was there already;
        or a `Conflict` where the one of that id was erased. Raises `Misconfigured` for a key
        that is not on its shelf, `Conflict` for a site or version that is not there.
        """
        # In the order of ids: new pages fill up from the left, and two processes that store the
        # same ids at once wait for each other in one direction only.
        rows = [await self._values(receipt) for receipt in sorted(receipts, key=_by_id)]
        added = await self._database.execute_rows(
            """
            insert into receipts
                (id, site_id, recorded_at, version, key, form, payload, signature, salt, kind,
                    name, former)
            :rows on conflict (id) do nothing""",
            rows,
        )
        # No `returning`: each row of an answer costs as much as a small request, and nearly
        # always all of them are new. Where they are not, what is on file says which.
        if added == len(rows):
            return {receipt.id: receipt for receipt in receipts}
        return await self._stored([receipt.id for receipt in receipts])

    async def by_id(self, site_id: int, receipt_id: str) -> StoredReceipt:
        """The site's receipt of that id. Raises `NotFound`, also where it was erased."""
        row = await self._database.fetch_one(
            f"{_SELECT} where r.id = :id and r.site_id = :site_id",
            id=uuid_bytes(receipt_id),
            site_id=site_id,
        )
        return (await self.read([found(row, f"receipt {receipt_id}")]))[0]

    async def erase(
        self, site_id: int, receipt_id: str, reason: int, now: int, place: int
    ) -> Erasure:
        """Delete a receipt and its salt, and leave a tombstone; `reason` as in `Erasure`.

        `place` is where it stands in the ledger. Raises `NotFound` where there is no such
        receipt. Part of `receipts.erase`, which enters it: call it inside a transaction.
        """
        raw = uuid_bytes(receipt_id)
        values: dict[str, Value] = {"id": raw, "site_id": site_id}
        left = await self._database.execute(
            """
            insert into tombstones (tail, site_id, erased_at, reason, place)
            select :tail, site_id, :now, :reason, :place from receipts
            where id = :id and site_id = :site_id
            on conflict do nothing""",
            tail=raw[_TAIL],
            now=now,
            reason=reason,
            place=place,
            **values,
        )
        if not left:
            raise NotFound(f"there is no receipt {receipt_id}")
        await self._database.execute(
            "delete from receipts where id = :id and site_id = :site_id", **values
        )
        await self._database.execute(
            "delete from places where id = :id and site_id = :site_id", **values
        )
        return Erasure(erased_at=now, reason=reason, place=place)

    async def erasure(self, site_id: int, receipt_id: str) -> Erasure | None:
        """The tombstone of a receipt; None where none of that id was erased."""
        row = await self._database.fetch_one(
            """
            select erased_at, reason, place from tombstones
            where tail = :tail and site_id = :site_id order by erased_at limit 1""",
            tail=uuid_bytes(receipt_id)[_TAIL],
            site_id=site_id,
        )
        return _erasure(row) if row else None

    async def erasures(self, site_id: int, begin: int, end: int) -> list[Erasure]:
        """The tombstones of receipts that stood in the ledger from `begin` up to `end`."""
        rows = await self._database.fetch_all(
            """
            select erased_at, reason, place from tombstones
            where site_id = :site_id and place >= :begin and place < :end order by place""",
            site_id=site_id,
            begin=begin,
            end=end,
        )
        return [_erasure(row) for row in rows]

    async def count(self, site_id: int) -> int:
        """How many receipts the site has now."""
        row = await self._database.fetch_one(
            "select count(*) as receipts from receipts where site_id = :site_id", site_id=site_id
        )
        return int(found(row, "count")["receipts"])

    async def page(
        self, site_id: int, before: Cursor | None = None, limit: int = 50
    ) -> list[StoredReceipt]:
        """The site's receipts, the newest first, from before the cursor on.

        The cursor of the next page is `Cursor(last.recorded_at, last.id)`.
        """
        place = before or Cursor.end()
        rows = await self._database.fetch_all(
            f"""{_SELECT}
            where r.site_id = :site_id and (r.recorded_at, r.id) < (:at, :id)
            order by r.recorded_at desc, r.id desc limit :limit""",
            site_id=site_id,
            at=place.at,
            id=uuid_bytes(place.id),
            limit=limit,
        )
        return await self.read(rows)

    async def read(self, rows: Sequence[Row]) -> list[StoredReceipt]:
        """The receipts in rows that have the columns of `_SELECT`."""
        try:
            return [_receipt(row, self._forms) for row in rows]
        except KeyError:
            known = await self._database.fetch_all("select number, body from forms")
            self._forms = {row["number"]: row["body"] for row in known}
        return [_receipt(row, self._forms) for row in rows]

    async def search(
        self, site: Site, asked: Asked, before: Cursor | None = None, limit: int = 50
    ) -> list[StoredReceipt]:
        """The site's receipts that may be asked for, the newest first, from before the cursor on.

        Nearly all of them are; `Asked.fits` tells of one that is not. As many as `limit` where
        there are so many, so that the last one's cursor leads on.
        """
        ids = await newest(
            self._database, (site.id, site.key), asked, before or Cursor.end(), limit
        )
        return await self._of(ids)

    async def named(self, site_id: int, digest: str) -> StoredReceipt | None:
        """The site's receipt whose signed form has that SHA-256 (base64url), if it is there."""
        rows = await self._database.fetch_all(
            f"""{_SELECT}
            where r.name = :name and length(r.name) > 0 and r.site_id = :site_id""",
            name=digest_bytes(digest)[:NAME],
            site_id=site_id,
        )
        return next((one for one in await self.read(rows) if _digest(one) == digest), None)

    async def after(self, site_id: int, digest: str) -> list[StoredReceipt]:
        """The site's receipts that may replace the one with that SHA-256, the oldest first."""
        rows = await self._database.fetch_all(
            f"""{_SELECT}
            where r.former = :former and length(r.former) > 0 and r.site_id = :site_id
            order by r.recorded_at, r.id limit 20""",
            former=digest_bytes(digest)[:NAME],
            site_id=site_id,
        )
        return await self.read(rows)

    async def span(
        self, site_id: int, period: tuple[int, int], after: Cursor, limit: int
    ) -> list[StoredReceipt]:
        """The site's receipts of a period, the oldest first, from after the cursor on.

        The period is unix seconds, its end not in it. Begin after `Cursor.begin()`; the cursor
        of the next page is `Cursor(last.recorded_at, last.id)`.
        """
        begin, end = period
        rows = await self._database.fetch_all(
            f"""{_SELECT}
            where r.site_id = :site_id and r.recorded_at >= :begin and r.recorded_at < :end
                and (r.recorded_at, r.id) > (:at, :id)
            order by r.recorded_at, r.id limit :limit""",
            site_id=site_id,
            begin=max(begin, after.at),
            end=end,
            at=after.at,
            id=uuid_bytes(after.id),
            limit=limit,
        )
        return await self.read(rows)

    async def border(
        self, site_id: int, period: tuple[int, int], after: Cursor, count: int
    ) -> Cursor | None:
        """The place of the receipt that comes so many after the cursor, as `span` takes it.

        None where there are no more than that: all that come are meant.
        """
        begin, end = period
        rows = await self._database.fetch_all(
            """
            select recorded_at, id from receipts
            where site_id = :site_id and recorded_at >= :begin and recorded_at < :end
                and (recorded_at, id) > (:at, :id)
            order by recorded_at, id limit 2 offset :before""",
            site_id=site_id,
            begin=max(begin, after.at),
            end=end,
            at=after.at,
            id=uuid_bytes(after.id),
            before=count - 1,
        )
        return Cursor(rows[0]["recorded_at"], uuid_text(rows[0]["id"])) if rows[1:] else None

    async def count_span(self, site_id: int, period: tuple[int, int]) -> int:
        """How many receipts the site has of a period."""
        row = await self._database.fetch_one(
            """
            select count(*) as receipts from receipts
            where site_id = :site_id and recorded_at >= :begin and recorded_at < :end""",
            site_id=site_id,
            begin=period[0],
            end=period[1],
        )
        return int(found(row, "count")["receipts"])

    async def sample(self, site_id: int, since: int, most: int) -> Sample:
        """At most so many receipts since then, drawn evenly, without those that were replaced."""
        ids, drawn, places = await draw(self._database, site_id, since, most)
        return Sample(await self._of(ids), drawn, places)

    async def _of(self, ids: Sequence[bytes]) -> list[StoredReceipt]:
        """These receipts, the newest first."""
        if not ids:
            return []
        rows = await self._database.fetch_rows(
            f"{_SELECT} where r.id in (:rows) order by r.recorded_at desc, r.id desc",
            [(id,) for id in ids],
        )
        return await self.read(rows)

    async def _values(self, receipt: StoredReceipt) -> tuple[Value, ...]:
        packed = pack(receipt.payload, receipt.id, receipt.recorded_at)
        return (
            uuid_bytes(receipt.id),
            receipt.site_id,
            receipt.recorded_at,
            receipt.version,
            await self._key_number(receipt.kid),
            await self._form_number(packed.form) if packed else AS_SIGNED,
            packed.own if packed else receipt.payload,
            receipt.signature,
            os.urandom(SALT_BYTES),
            *row_of(receipt),
        )

    async def _form_number(self, form: bytes) -> int:
        # As with keys; and two processes may reckon the same number, and then one asks again.
        while form not in self._form_numbers:
            row = await self._database.fetch_one(
                "select number from forms where body = :body", body=form
            )
            if row:
                self._form_numbers[form] = row["number"]
                break
            await self._database.execute(
                """
                insert into forms (number, body)
                select coalesce(max(number), 0) + 1, :body from forms where true
                on conflict do nothing""",
                body=form,
            )
        return self._form_numbers[form]

    async def _key_number(self, kid: str) -> int:
        # A key's number never changes, so it is asked for once.
        if kid not in self._key_numbers:
            row = await self._database.fetch_one(
                "select number from keys where kid = :kid", kid=kid
            )
            if row is None:
                raise Misconfigured(f"the database does not have the key {kid}; add it first")
            self._key_numbers[kid] = row["number"]
        return self._key_numbers[kid]

    async def _stored(self, ids: Sequence[str]) -> dict[str, StoredReceipt | ConsentError]:
        rows = await self._database.fetch_rows(
            f"{_SELECT} where r.id in (:rows)", [(uuid_bytes(name),) for name in ids]
        )
        stored: dict[str, StoredReceipt | ConsentError] = {
            name: Conflict(f"receipt {name} was erased") for name in ids
        }
        return stored | {receipt.id: receipt for receipt in await self.read(rows)}


def _by_id(receipt: StoredReceipt) -> str:
    return receipt.id


def _receipt(row: Row, forms: Mapping[int, bytes]) -> StoredReceipt:
    """Raises `KeyError` for a form that is not known yet."""
    id, at, form, payload = uuid_text(row["id"]), row["recorded_at"], row["form"], row["payload"]
    return StoredReceipt(
        site_id=row["site_id"],
        id=id,
        recorded_at=at,
        version=row["version"],
        payload=unpack(Packed(forms[form], payload), id, at) if form else payload,
        signature=row["signature"],
        kid=row["kid"],
    )


def _erasure(row: Row) -> Erasure:
    return Erasure(erased_at=row["erased_at"], reason=row["reason"], place=row["place"])


def _digest(receipt: StoredReceipt) -> str:
    return sha256_b64(token_bytes(receipt.payload, receipt.signature, receipt.kid))
