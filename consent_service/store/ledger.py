"""The shelf of ledgers: what waits, what was entered, the tree in tiles, and the signed heads."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from consent_service.errors import Conflict
from consent_service.model import StoredReceipt
from consent_service.store.columns import uuid_bytes
from consent_service.store.database import Database, Row, Value
from consent_service.store.receipts import Receipts

EVENTS, RECEIPTS = 0, 1
"""Whose turn it is: a policy's entry lies before those of its receipts."""

_MOST_ROWS = 4_096
"""Rows in one statement: a database takes only so many values."""

_PENDING = """
    select p.turn, p.at, p.id as entry_id, p.type, p.policy, p.digest,
        r.id, r.site_id, r.recorded_at, r.version, r.form, r.payload, r.signature, k.kid,
        r.salt, v.digest as version_digest
    from pending p
    left join receipts r on p.turn = 1 and r.id = p.id
    left join keys k on k.number = r.key
    left join versions v on v.site_id = r.site_id and v.number = r.version
    where p.site_id = :site_id and (p.turn = 0 or r.id is not null) and not exists (
        select 1 from marks m where p.turn = 0 and m.site_id = p.site_id and m.id = p.id
    )"""


_PLACED = """
    select p.place, 1 as turn, r.recorded_at as at, p.id as entry_id, 1 as type,
        null as policy, null as digest,
        r.id, r.site_id, r.recorded_at, r.version, r.form, r.payload, r.signature, k.kid,
        r.salt, v.digest as version_digest
    from places p
    join receipts r on r.id = p.id
    join keys k on k.number = r.key
    join versions v on v.site_id = r.site_id and v.number = r.version"""

_RANGE = "where p.site_id = :site_id and p.place >= :begin and p.place < :end"
_COUNT_ON_FILE = "select count(*) as n from places p join receipts r on r.id = p.id"
_ON_FILE = "select p.place from places p join receipts r on r.id = p.id"
_COUNT_PLACES = "select count(*) as n from places"
_DELETE_PRUNED = "delete from receipts where id in (select id from places where"
_DELETE_PLACES = "delete from places"
_SETTLED_RECEIPTS = """
    delete from pending where site_id = :site_id and turn = 1 and at <= :last and exists (
        select 1 from places where places.site_id = pending.site_id and places.id = pending.id
    )"""
_SETTLED_EVENTS = """
    delete from pending where site_id = :site_id and turn = 0 and exists (
        select 1 from marks where marks.site_id = pending.site_id and marks.id = pending.id
    )"""
TILES_OF = """
    with wanted (site_id, level, number) as (:rows)
    select t.level, t.number, t.body from wanted w cross join tiles t
    where t.site_id = w.site_id and t.level = w.level and t.number = w.number"""
"""Joined, in this order: for `(site_id, level, number) in (:rows)` SQLite reads every tile."""
_KEPT = "select size, at, note from checkpoints where site_id = :site_id"


class Head(Struct, frozen=True, kw_only=True):
    """What a ledger is at one moment, and what was signed of it."""

    site_id: int
    origin: str
    size: int
    root: bytes
    note: bytes
    """The signed checkpoint, without the signatures of others."""
    signed_at: int
    pruned: int
    """Receipts of entries before this were erased together when their time was over."""
    holder: str
    held_until: int


class Pending(NamedTuple):
    """What happened, and is not in the ledger yet."""

    turn: int
    at: int
    """Unix seconds: what the entry will say."""
    id: bytes
    """A receipt's; else 16 bytes that name this event and no other of the site."""
    type: int
    policy: bytes | None = None
    digest: bytes | None = None
    """None for a receipt: it is made from what follows."""
    receipt: StoredReceipt | None = None
    salt: bytes = b""


class Mark(NamedTuple):
    """An entry that is not a receipt's, and where it stands."""

    place: int
    type: int
    at: int
    policy: bytes
    digest: bytes


class Prune(NamedTuple):
    """A range of entries whose receipts were erased together: `begins` up to `ends`."""

    begins: int
    ends: int
    at: int
    receipts: int


class Cosigned(NamedTuple):
    """A witness's signature of a checkpoint. It was verified before it was kept."""

    witness: str
    """The witness's key in one line: `name+id+base64`."""
    line: str


class Kept(NamedTuple):
    """A checkpoint that is kept, and who cosigned it."""

    size: int
    at: int
    note: bytes
    cosigned: tuple["Cosigned", ...] = ()


class Stamp(NamedTuple):
    """What a time-stamping authority said of a checkpoint (RFC 3161)."""

    size: int
    authority: str
    at: int
    token: bytes


Key = tuple[int, int]
"""A tile's level and number."""


class Ledger:
    """The ledgers of all sites. What is appended to one is appended under its head's lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._receipts = Receipts(database)

    # --- Heads ---------------------------------------------------------------------------------

    async def head(self, site_id: int) -> Head | None:
        """The ledger as it is; None before its first entry."""
        row = await self._database.fetch_one(
            "select * from ledgers where site_id = :site_id", site_id=site_id
        )
        return _head(row) if row else None

    async def begin(self, site_id: int, origin: str, root: bytes, note: bytes, now: int) -> None:
        """The head of a new, empty ledger. One that is there stays."""
        await self._database.execute(
            """
            insert into ledgers (site_id, origin, size, root, note, signed_at)
            values (:site_id, :origin, 0, :root, :note, :now) on conflict do nothing""",
            site_id=site_id,
            origin=origin,
            root=root,
            note=note,
            now=now,
        )

    async def lock(self, site_id: int) -> Head | None:
        """The head, and nobody else appends until this transaction ends."""
        row = await self._database.fetch_one(
            "update ledgers set held_until = held_until where site_id = :site_id returning *",
            site_id=site_id,
        )
        return _head(row) if row else None

    async def lease(self, site_id: int, holder: str, now: int, until: int) -> Head | None:
        """As `lock`, and for others to leave alone until then; None where it is another's."""
        row = await self._database.fetch_one(
            """
            update ledgers set holder = :holder, held_until = :until
            where site_id = :site_id and (holder = :holder or held_until <= :now)
            returning *""",
            site_id=site_id,
            holder=holder,
            now=now,
            until=until,
        )
        return _head(row) if row else None

    async def advance(self, head: Head, size: int, root: bytes, note: bytes, now: int) -> None:
        """The head of the same ledger, grown from `head`. Raises `Conflict` if it was another."""
        moved = await self._database.execute(
            """
            update ledgers set size = :size, root = :root, note = :note, signed_at = :now
            where site_id = :site_id and size = :seen and root = :seen_root""",
            site_id=head.site_id,
            size=size,
            root=root,
            note=note,
            now=now,
            seen=head.size,
            seen_root=head.root,
        )
        if not moved:
            raise Conflict("the ledger has grown meanwhile; read it again")

    # --- What waits ----------------------------------------------------------------------------

    async def sites_waiting(self) -> list[int]:
        """The ids of the sites that have something to enter."""
        rows = await self._database.fetch_all(
            """
            select id from sites
            where exists (select 1 from pending where pending.site_id = sites.id) order by id"""
        )
        return [row["id"] for row in rows]

    async def enter(self, site_id: int, event: Pending) -> None:
        """Let an event wait for its entry. One whose id the site has had already is nothing."""
        await self._database.execute(
            """
            insert into pending (site_id, turn, at, id, type, policy, digest)
            select id, 0, :at, :id, :type, :policy, :digest from sites
            where id = :site_id and not exists (
                select 1 from marks where site_id = :site_id and id = :id
            ) on conflict do nothing""",
            site_id=site_id,
            at=event.at,
            id=event.id,
            type=event.type,
            policy=event.policy,
            digest=event.digest,
        )

    async def pending(self, site_id: int, limit: int) -> list[Pending]:
        """What waits, in the order in which it is to be entered."""
        return await self._pending(
            f"{_PENDING} order by p.turn, p.at, p.id limit :limit", site_id=site_id, limit=limit
        )

    async def pending_receipt(self, site_id: int, receipt_id: str) -> list[Pending]:
        """What waits before that receipt of everything else, and the receipt if it waits."""
        return await self._pending(
            f"{_PENDING} and (p.turn = 0 or p.id = :id) order by p.turn, p.at, p.id",
            site_id=site_id,
            id=uuid_bytes(receipt_id),
        )

    async def pending_events(self, site_id: int) -> list[Pending]:
        """What waits and is not a receipt."""
        return await self._pending(f"{_PENDING} and p.turn = 0", site_id=site_id)

    async def waiting(self, site_id: int) -> int:
        """How many entries wait."""
        row = await self._database.fetch_one(
            "select count(*) as n from pending where site_id = :site_id", site_id=site_id
        )
        return int(row["n"]) if row else 0

    async def _pending(self, sql: str, **values: Value) -> list[Pending]:
        found = await self._database.fetch_all(sql, **values)
        # Two processes may have told of one event in different seconds: it is entered once.
        rows = list({row["entry_id"]: row for row in reversed(found)}.values())[::-1]
        receipts = iter(await self._receipts.read([row for row in rows if row["id"]]))
        return [_pending(row, next(receipts) if row["id"] else None) for row in rows]

    # --- The tree ------------------------------------------------------------------------------

    async def tiles(self, site_id: int, keys: Iterable[Key]) -> Mapping[Key, bytes]:
        """The tiles that are there of those, each as wide as it is by now."""
        wanted = [(site_id, *key) for key in keys]
        if not wanted:
            return {}
        rows = await self._database.fetch_rows(TILES_OF, wanted)
        return {(row["level"], row["number"]): row["body"] for row in rows}

    async def bundle(self, site_id: int, number: int) -> bytes:
        """256 entries, or as many as there are by now; nothing where there are none."""
        row = await self._database.fetch_one(
            "select body from bundles where site_id = :site_id and number = :number",
            site_id=site_id,
            number=number,
        )
        return row["body"] if row else b""

    async def bundles(self, site_id: int, begin: int, end: int) -> list[tuple[int, bytes]]:
        """The bundles with those numbers, `begin` up to `end`."""
        rows = await self._database.fetch_all(
            """
            select number, body from bundles
            where site_id = :site_id and number >= :begin and number < :end order by number""",
            site_id=site_id,
            begin=begin,
            end=end,
        )
        return [(row["number"], row["body"]) for row in rows]

    async def add_tiles(self, site_id: int, tiles: Sequence[tuple[Key, bytes]]) -> None:
        """Keep tiles that are new."""
        await self._insert(
            "insert into tiles (site_id, level, number, body) :rows",
            [(site_id, level, number, body) for (level, number), body in tiles],
            128,
        )

    async def widen_tile(self, site_id: int, key: Key, body: bytes) -> None:
        """Keep a tile that was narrower."""
        await self._database.execute(
            """
            update tiles set body = :body
            where site_id = :site_id and level = :level and number = :number""",
            site_id=site_id,
            level=key[0],
            number=key[1],
            body=body,
        )

    async def add_bundles(self, site_id: int, bundles: Sequence[tuple[int, bytes]]) -> None:
        """Keep bundles that are new."""
        await self._insert(
            "insert into bundles (site_id, number, body) :rows",
            [(site_id, number, body) for number, body in bundles],
            128,
        )

    async def lengthen_bundle(self, site_id: int, number: int, body: bytes) -> None:
        """Keep a bundle that was shorter."""
        await self._database.execute(
            "update bundles set body = :body where site_id = :site_id and number = :number",
            site_id=site_id,
            number=number,
            body=body,
        )

    async def settle(self, site_id: int, first: int, entered: Sequence[Pending]) -> None:
        """These stand in the ledger from `first` on, and wait no longer."""
        placed = list(enumerate(entered, start=first))
        receipts = [(each.id, site_id, at) for at, each in placed if each.turn == RECEIPTS]
        await self._insert("insert into places (id, site_id, place) :rows", receipts)
        await self._insert(
            "insert into marks (site_id, place, id, type, at, policy, digest) :rows",
            [_mark_row(site_id, at, each) for at, each in placed if each.turn == EVENTS],
        )
        # By what stands in the ledger now, not by a list of them: that costs more than the rest.
        last = max((each.at for each in entered), default=0)
        await self._database.execute(_SETTLED_RECEIPTS, site_id=site_id, last=last)
        # With what told of the same a second time.
        await self._database.execute(_SETTLED_EVENTS, site_id=site_id)

    async def _insert(
        self, sql: str, rows: Sequence[Sequence[Value]], most: int = _MOST_ROWS
    ) -> None:
        for begin in range(0, len(rows), most):
            await self._database.execute_rows(sql, rows[begin : begin + most])

    # --- Where things stand --------------------------------------------------------------------

    async def place(self, site_id: int, receipt_id: str) -> int | None:
        """Where a receipt on file stands; None where it does not yet."""
        row = await self._database.fetch_one(
            "select place from places where id = :id and site_id = :site_id",
            id=uuid_bytes(receipt_id),
            site_id=site_id,
        )
        return row["place"] if row else None

    async def salt(self, site_id: int, receipt_id: str) -> bytes | None:
        """The salt of a receipt on file."""
        row = await self._database.fetch_one(
            "select salt from receipts where id = :id and site_id = :site_id",
            id=uuid_bytes(receipt_id),
            site_id=site_id,
        )
        return row["salt"] if row else None

    async def marks(self, site_id: int, digest: bytes) -> list[Mark]:
        """The entries with that digest that are not a receipt's, the oldest first."""
        rows = await self._database.fetch_all(
            """
            select place, type, at, policy, digest from marks
            where site_id = :site_id and digest = :digest order by place""",
            site_id=site_id,
            digest=digest,
        )
        return [_mark(row) for row in rows]

    async def marks_of(self, site_id: int, kind: int) -> list[Mark]:
        """Every entry of a type, but receipts', in the order of the ledger."""
        rows = await self._database.fetch_all(
            """
            select place, type, at, policy, digest from marks
            where site_id = :site_id and type = :kind order by place""",
            site_id=site_id,
            kind=kind,
        )
        return [_mark(row) for row in rows]

    async def prune(self, site_id: int, begins: int, ends: int, now: int) -> Prune:
        """Delete the receipts of a range of entries, with their salts, and tell of it in clear.

        Part of `retention`, which enters it: call it inside a transaction, under the head's lock.
        """
        values = {"site_id": site_id, "begins": begins, "ends": ends}
        within = "site_id = :site_id and place >= :begins and place < :ends"
        row = await self._database.fetch_one(f"{_COUNT_PLACES} where {within}", **values)
        prune = Prune(begins, ends, now, int(row["n"]) if row else 0)
        await self._database.execute(
            """
            insert into prunes (site_id, begins, ends, at, receipts)
            values (:site_id, :begins, :ends, :at, :receipts)""",
            site_id=site_id,
            **prune._asdict(),
        )
        await self._database.execute(f"{_DELETE_PRUNED} {within})", **values)
        await self._database.execute(f"{_DELETE_PLACES} where {within}", **values)
        await self._database.execute(
            "update ledgers set pruned = :ends where site_id = :site_id and pruned < :ends",
            site_id=site_id,
            ends=ends,
        )
        return prune

    async def prunes(self, site_id: int) -> list[Prune]:
        """The ranges whose receipts were erased together, the first ones first."""
        rows = await self._database.fetch_all(
            """
            select begins, ends, at, receipts from prunes
            where site_id = :site_id order by begins""",
            site_id=site_id,
        )
        return [Prune(row["begins"], row["ends"], row["at"], row["receipts"]) for row in rows]

    # --- A range of entries, for whoever verifies ----------------------------------------------

    async def on_file(self, site_id: int, begin: int, end: int) -> int:
        """How many of the entries `begin` up to `end` have their receipt on file."""
        row = await self._database.fetch_one(
            f"{_COUNT_ON_FILE} {_RANGE}", site_id=site_id, begin=begin, end=end
        )
        return int(row["n"]) if row else 0

    async def places_on_file(self, site_id: int, begin: int, end: int) -> list[int]:
        """Which ones they are."""
        rows = await self._database.fetch_all(
            f"{_ON_FILE} {_RANGE}", site_id=site_id, begin=begin, end=end
        )
        return [row["place"] for row in rows]

    async def placed(self, site_id: int, begin: int, end: int) -> list[tuple[int, Pending]]:
        """The receipts of those entries that are on file, as they were when they waited."""
        rows = await self._database.fetch_all(
            f"{_PLACED} {_RANGE} order by p.place", site_id=site_id, begin=begin, end=end
        )
        receipts = await self._receipts.read(rows)
        return [
            (row["place"], _pending(row, receipt))
            for row, receipt in zip(rows, receipts, strict=True)
        ]

    # --- Checkpoints that are kept -------------------------------------------------------------

    async def keep(self, head: Head, seconds: int = 0) -> None:
        """Keep the head's checkpoint, unless one of the last `seconds` is kept."""
        await self._database.execute(
            """
            insert into checkpoints (site_id, size, at, note)
            select site_id, size, signed_at, note from ledgers
            where site_id = :site_id and size = :size and not exists (
                select 1 from checkpoints
                where site_id = :site_id and at > :after
            ) on conflict do nothing""",
            site_id=head.site_id,
            size=head.size,
            after=head.signed_at - seconds if seconds else 2**62,
        )

    async def kept(self, site_id: int, size: int) -> Kept | None:
        """The kept checkpoint of that size."""
        found = await self._kept("and size = :size", site_id=site_id, size=size)
        return found[0] if found else None

    async def kept_before(self, site_id: int, size: int, limit: int = 1) -> list[Kept]:
        """The kept checkpoints of at most that size, the largest first."""
        return await self._kept(
            "and size <= :size order by size desc limit :limit",
            site_id=site_id,
            size=size,
            limit=limit,
        )

    async def kept_from(self, site_id: int, size: int, limit: int = 1) -> list[Kept]:
        """The kept checkpoints of at least that size, the smallest first."""
        return await self._kept(
            "and size >= :size order by size limit :limit", site_id=site_id, size=size, limit=limit
        )

    async def _kept(self, rest: str, **values: Value) -> list[Kept]:
        rows = await self._database.fetch_all(f"{_KEPT} {rest}", **values)
        lines = await self._lines(values["site_id"], [row["size"] for row in rows])
        return [
            Kept(row["size"], row["at"], row["note"], tuple(lines.get(row["size"], ())))
            for row in rows
        ]

    async def _lines(self, site_id: Value, sizes: Sequence[int]) -> dict[int, list[Cosigned]]:
        lines: dict[int, list[Cosigned]] = {}
        if sizes:
            rows = await self._database.fetch_rows(
                """
                with wanted (site_id, size) as (:rows)
                select c.size, c.witness, c.line from wanted w cross join cosignatures c
                where c.site_id = w.site_id and c.size = w.size order by c.size, c.witness""",
                [(site_id, size) for size in sizes],
            )
            for row in rows:
                lines.setdefault(row["size"], []).append(Cosigned(row["witness"], row["line"]))
        return lines

    async def add_cosignature(self, site_id: int, size: int, cosigned: Cosigned, at: int) -> None:
        """Keep a witness's line under a kept checkpoint. A second of it changes nothing."""
        await self._database.execute(
            """
            insert into cosignatures (site_id, size, witness, at, line)
            values (:site_id, :size, :witness, :at, :line) on conflict do nothing""",
            site_id=site_id,
            size=size,
            at=at,
            **cosigned._asdict(),
        )

    async def cosigned(self, site_id: int, witness: str) -> int:
        """The size up to which a witness has cosigned; 0 where it never did."""
        row = await self._database.fetch_one(
            """
            select coalesce(max(size), 0) as size from cosignatures
            where site_id = :site_id and witness = :witness""",
            site_id=site_id,
            witness=witness,
        )
        return int(row["size"]) if row else 0

    async def add_stamp(self, site_id: int, stamp: Stamp) -> None:
        """Keep a time stamp over a kept checkpoint. A second of its authority changes nothing."""
        await self._database.execute(
            """
            insert into stamps (site_id, size, authority, at, token)
            values (:site_id, :size, :authority, :at, :token) on conflict do nothing""",
            site_id=site_id,
            size=stamp.size,
            authority=stamp.authority,
            at=stamp.at,
            token=stamp.token,
        )

    async def newest_stamps(self, site_id: int, limit: int) -> list[Stamp]:
        """The newest time stamps of a ledger, the newest first."""
        rows = await self._database.fetch_all(
            """
            select size, authority, at, token from stamps
            where site_id = :site_id order by size desc, authority limit :limit""",
            site_id=site_id,
            limit=limit,
        )
        return [Stamp(row["size"], row["authority"], row["at"], row["token"]) for row in rows]

    async def stamps(self, site_id: int, size: int) -> list[Stamp]:
        """The time stamps over the kept checkpoint of that size."""
        rows = await self._database.fetch_all(
            """
            select size, authority, at, token from stamps
            where site_id = :site_id and size = :size order by authority""",
            site_id=site_id,
            size=size,
        )
        return [Stamp(row["size"], row["authority"], row["at"], row["token"]) for row in rows]

    # --- Keys ----------------------------------------------------------------------------------

    async def add_key(self, public: bytes, created_at: int) -> None:
        """Keep a public key that signs checkpoints."""
        await self._database.execute(
            """
            insert into ledger_keys (public, created_at) values (:public, :created_at)
            on conflict do nothing""",
            public=public,
            created_at=created_at,
        )

    async def keys(self) -> list[bytes]:
        """The raw public keys that have signed checkpoints, the oldest first."""
        rows = await self._database.fetch_all(
            "select public from ledger_keys order by created_at, public"
        )
        return [row["public"] for row in rows]


def _head(row: Row) -> Head:
    return Head(**{name: row[name] for name in Head.__struct_fields__})


def _pending(row: Row, receipt: StoredReceipt | None) -> Pending:
    policy = row["version_digest"] if receipt else row["policy"]
    return Pending(
        row["turn"],
        row["at"],
        row["entry_id"],
        row["type"],
        policy,
        row["digest"],
        receipt,
        row["salt"] or b"",
    )


def _mark(row: Row) -> Mark:
    return Mark(row["place"], row["type"], row["at"], row["policy"], row["digest"])


def _mark_row(site_id: int, place: int, each: Pending) -> tuple[Any, ...]:
    return site_id, place, each.id, each.type, each.at, each.policy, each.digest
