"""Finding receipts by what they say: a number for the action and what was granted, and an index.

Whatever is asked for is a set of pairs of such a number and a form (a version, a language, a
banner: see `packing`). In the index the receipts of a pair lie in the order of time, so that the
newest of each are at hand, however many there are; and the newest of all pairs are among them.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice, product
from typing import Any, NamedTuple

import msgspec

from consent_service.model import OPTIONAL, Action, Claims, StoredReceipt
from consent_service.signing import token_bytes, unb64url
from consent_service.store.columns import Cursor, uuid_bytes
from consent_service.store.database import Database

UNKNOWN = 0
"""The kind of a receipt that was stored before there were kinds, or is of none."""

NAME = 8
"""Bytes of a receipt's hash that are enough to find it by."""

_AT_ONCE = 100
"""Pairs in one statement: SQLite takes at most 500."""

_ACTIONS = tuple(action.value for action in Action)
_decode = msgspec.json.Decoder(Claims).decode


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which receipts somebody looks for. What is empty is not asked about."""

    begin: int = 0
    """Unix seconds."""
    end: int = 2**62
    """Unix seconds; not in it."""
    version: int = 0
    action: str = ""
    language: str = ""
    granted: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    @property
    def filters(self) -> bool:
        """Whether anything but the time decides."""
        return bool(self.version or self.action or self.language or self.granted or self.denied)

    def fits(self, claims: Claims) -> bool:
        """Whether a receipt says what is asked for. Its time is not looked at."""
        return (
            self.version in (0, claims.pol.v)
            and self.action in ("", claims.act)
            and self.language in ("", claims.pol.lang)
            and all(claims.cat[name] for name in self.granted)
            and not any(claims.cat[name] for name in self.denied)
        )


class Found(NamedTuple):
    """What a receipt's row says of it beside the payload."""

    kind: int
    name: bytes
    former: bytes
    """Empty where it replaces none."""


def row_of(receipt: StoredReceipt) -> Found:
    """The columns by which a receipt is found."""
    token = token_bytes(receipt.payload, receipt.signature, receipt.kid)
    name = sha256(token).digest()[:NAME]
    try:
        claims = _decode(receipt.payload)
        return Found(_kind(claims), name, unb64url(claims.prev)[:NAME] if claims.prev else b"")
    except (msgspec.MsgspecError, ValueError, KeyError):
        return Found(UNKNOWN, name, b"")


def _kind(claims: Claims) -> int:
    bits = sum(claims.cat[name] << at for at, name in enumerate(OPTIONAL))
    return 1 + (_ACTIONS.index(claims.act) << 3 | bits)


def kinds(asked: Asked) -> Iterator[int]:
    """The kinds that may fit; which of the unknown ones do is to be seen."""
    yield UNKNOWN
    for number, action in enumerate(_ACTIONS):
        for bits in range(8):
            granted = {name.value for at, name in enumerate(OPTIONAL) if bits >> at & 1}
            fits = granted >= set(asked.granted) and not granted & set(asked.denied)
            if fits and asked.action in ("", action):
                yield 1 + (number << 3 | bits)


async def newest(
    database: Database, site: tuple[int, str], asked: Asked, before: Cursor, limit: int
) -> list[bytes]:
    """The ids of the newest receipts before the cursor that may be asked for, the newest first.

    `site` is its number and its key.
    """
    number, key = site
    forms = [0, *await _forms(database, key, asked)]
    found: list[tuple[int, bytes]] = []
    every = product(kinds(asked), forms)
    while pairs := tuple(islice(every, _AT_ONCE)):
        rows = await database.fetch_all(
            _union(pairs),
            site_id=number,
            at=before.at,
            id=uuid_bytes(before.id),
            begin=asked.begin,
            end=asked.end,
            limit=limit,
        )
        found += [(row["recorded_at"], row["id"]) for row in rows]
        # What is older than the last that is wanted need not be carried along.
        found = sorted(found, reverse=True)[:limit]
    return [id for _, id in found]


async def _forms(database: Database, key: str, asked: Asked) -> list[int]:
    rows = await database.fetch_all("select number, body from forms")
    return [row["number"] for row in rows if _fits(msgspec.json.decode(row["body"]), key, asked)]


def _fits(form: Sequence[Any], key: str, asked: Asked) -> bool:
    _, site, version, _, language, *_ = form
    return site == key and asked.version in (0, version) and asked.language in ("", language)


_PLACES = "select recorded_at, id from"


def _union(pairs: Iterable[tuple[int, int]]) -> str:
    # Whole numbers of our own, so that a statement can be prepared for each set of pairs.
    return " union all ".join(
        f"""{_PLACES} ({_PLACES} receipts
            where site_id = :site_id and kind = {kind:d} and form = {form:d}
                and (recorded_at, id) < (:at, :id)
                and recorded_at >= :begin and recorded_at < :end
            order by recorded_at desc, id desc limit :limit
        ) as of_{kind:d}_{form:d}"""
        for kind, form in pairs
    )
