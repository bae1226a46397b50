"""Receipts: a visitor's choice becomes signed, durable evidence; an auditor reads it back.

The promise is the order: check, sign, store durably, then answer.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from consent_service import audit, ledger
from consent_service.audit import Act
from consent_service.errors import Conflict, Invalid, NotFound, Retired, TooLarge
from consent_service.merkle import EntryType, Reason, erasure_digest
from consent_service.model import (
    OPTIONAL,
    SECONDS_A_DAY,
    Action,
    Artifact,
    BannerReference,
    Category,
    Choice,
    Claims,
    Erasure,
    PolicyReference,
    PolicyVersion,
    Receipt,
    Site,
    StoredReceipt,
    VersionRecord,
    WidgetAction,
)
from consent_service.parsing import parse
from consent_service.signing import Keyring, PublicKeys, b64url, sha256_b64
from consent_service.store import ReceiptWriter, Store
from consent_service.store.ledger import Head

MAX_BODY = 8_192
"""Bytes of a posted choice."""

BASIS = "opt-in"
"""The rule set applied to everybody: the strictest, so that no location is needed (R55)."""

_AT_ONCE = 50
"""Receipts that are erased in one transaction: appending waits for it."""

_CATEGORIES = tuple(Category)
_ALL, _NONE = frozenset(OPTIONAL), frozenset[Category]()
_GRANTS = {
    WidgetAction.ACCEPT_ALL: _ALL,
    WidgetAction.REJECT_ALL: _NONE,
}


class Asked(NamedTuple):
    """What the visitor had on the screen: the version answered, and the code that asked."""

    record: VersionRecord
    version: PolicyVersion
    artifact: Artifact


class Recorded(NamedTuple):
    """A choice on file. `new` is false where a retry found what it had stored before."""

    token: str
    """The receipt, a compact JWS."""
    at: int
    """When it was recorded: unix seconds."""
    new: bool


class Gone(NamedTuple):
    """What a visitor had erased."""

    erasure: Erasure
    replaced: int
    """How many receipts went with it that it had replaced."""


def parse_choice(body: bytes) -> Choice:
    """Bytes from a stranger to a choice. Total: it returns, or raises `Invalid` or `TooLarge`."""
    if len(body) > MAX_BODY:
        raise TooLarge(f"a choice has at most {MAX_BODY} bytes")
    choice = parse(Choice, body)
    if not choice.choices.necessary:
        raise Invalid("choices.necessary: necessary items are not a choice: true", "choices")
    expected = _GRANTS.get(choice.action)
    if expected is not None and expected != frozenset(choice.choices.granted):
        message = f"choices: {choice.action.value} does not mean these choices"
        raise Invalid(message, "choices")
    return choice


def check_answerable(asked: Asked, choice: Choice, now: int, retire_seconds: int) -> None:
    """Whether this version can be answered so (R45). Raises `Retired` or `Invalid`."""
    superseded = asked.record.superseded_at
    if superseded is not None and now - superseded > retire_seconds:
        raise Retired(
            f"version {choice.version} was superseded too long ago: load the banner again",
            "version",
        )
    if choice.language not in asked.version.policy.languages:
        languages = ", ".join(asked.version.policy.languages)
        raise Invalid(f"language: version {choice.version} exists in {languages}", "language")
    if (asked.artifact.version, asked.artifact.language) != (choice.version, choice.language):
        raise Invalid("artifact: this banner belongs to another version or language", "artifact")


class Desk(NamedTuple):
    """What it takes to make receipts: a pen, a file, and the name of the house."""

    keyring: Keyring
    keys: PublicKeys
    writer: ReceiptWriter
    issuer: str
    """Base URL of the service: `iss`."""


async def record(
    desk: Desk, asked: Asked, choice: Choice, previous: Receipt | None, now: int
) -> Recorded:
    """Sign the choice and store it durably; return its receipt only then.

    A retry of the same choice gets the receipt that is on file. Raises `Conflict` where the id
    stands for another choice, `Busy` if the queue is full, `Unavailable` if nothing was stored.
    """
    claims = _claims(desk.issuer, asked, choice, previous, now)
    signed = desk.keyring.sign_receipt(msgspec.json.encode(claims))
    stored = await desk.writer.add(
        StoredReceipt(
            site_id=asked.record.site_id,
            id=choice.id,
            recorded_at=now,
            version=choice.version,
            payload=signed.payload,
            signature=signed.signature,
            kid=signed.kid,
        )
    )
    if stored.signature == signed.signature:
        return Recorded(signed.token, now, new=True)
    same = _same(stored, claims, desk.keys)
    return Recorded(same.token, same.claims.iat, new=False)


def _same(stored: StoredReceipt, claims: Claims, keys: PublicKeys) -> Receipt:
    """The receipt on file, if it says what this choice says."""
    receipt = keys.verify_parts(stored.payload, stored.signature, stored.kid)
    other = receipt.claims.prev and claims.prev and receipt.claims.prev != claims.prev
    if other or _choice_of(receipt.claims) != _choice_of(claims):
        raise Conflict("id: this id was used for another choice: make a new one", "id")
    return receipt


def _choice_of(claims: Claims) -> Claims:
    """The claims without what may differ in a retry.

    The time, and the random id given to a browser; the house's name, which its operator may have
    changed; and the receipt before, which may have been erased meanwhile.
    """
    return msgspec.structs.replace(claims, iss="", iat=0, exp_consent=0, sub=UNSET, prev=None)


def _claims(
    issuer: str, asked: Asked, choice: Choice, previous: Receipt | None, now: int
) -> Claims:
    granted = choice.choices.granted
    days = asked.version.policy.days
    return Claims(
        iss=issuer,
        jti=choice.id,
        iat=now,
        site=asked.version.site,
        sub=_subject(previous) if granted else UNSET,
        act=Action(choice.action.value).value,
        src=choice.source.value,
        cat={category: getattr(choice.choices, category) for category in _CATEGORIES},
        pol=PolicyReference(v=choice.version, sha256=asked.record.digest, lang=choice.language),
        ui=BannerReference(
            sha256=asked.artifact.digest, layer=choice.layer, viewport=choice.viewport.value
        ),
        epoch={category: asked.version.epochs[category] for category in OPTIONAL},
        basis=BASIS,
        gpc=choice.gpc,
        exp_consent=now + (days.granted if granted else days.refused) * SECONDS_A_DAY,
        prev=sha256_b64(previous.token.encode()) if previous else None,
    )


def _subject(previous: Receipt | None) -> str:
    """This browser's id on this site: that of the receipt it replaces, else a new random one."""
    if previous is not None and previous.claims.sub is not UNSET:
        return previous.claims.sub
    return b64url(secrets.token_bytes(16))


async def read(store: Store, keys: PublicKeys, site: Site, id: str) -> Receipt:
    """A receipt by its id: verified, then read. Needs no private key.

    Raises `NotFound`, and `Tampered` if what is stored does not verify.
    """
    stored = await store.receipts.by_id(site.id, id)
    return keys.verify_parts(stored.payload, stored.signature, stored.kid)


async def previous(store: Store, keys: PublicKeys, site: Site, id: str | None) -> Receipt | None:
    """The receipt that a choice replaces; None where it is not on file, or was erased."""
    if id is None:
        return None
    try:
        return await read(store, keys, site, id)
    except NotFound:
        return None


async def erase(desk: ledger.Desk, site: Site, id: str, reason: Reason, act: Act) -> Erasure:
    """Delete a receipt and its salt; leave a tombstone, and an entry that says so. All or nothing.

    A second time changes nothing and gives the tombstone. Raises `NotFound` if it was never
    there, `Forked` where the ledger is stuck.
    """
    return _found(await _erase(desk, site, [id], reason, act), id)


async def erase_own(desk: ledger.Desk, site: Site, id: str, act: Act) -> Gone:
    """Erase what a browser holds the id of: that receipt, and those before it that it replaced.

    The oldest go first, so that after a crash the id still leads to all that are left. Raises as
    `erase` does.
    """
    ids, gone = await _with_replaced(desk.store, site.id, id), dict[str, Erasure]()
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        gone |= await _erase(desk, site, some, Reason.REQUEST, act)
    return Gone(_found(gone, id), len(gone) - 1)


def _found(gone: Mapping[str, Erasure], id: str) -> Erasure:
    if id not in gone:
        raise NotFound(f"there is no receipt {id}")
    return gone[id]


async def _with_replaced(store: Store, site_id: int, id: str) -> list[str]:
    """The receipts that `prev` leads to from this one, the oldest first; itself the last."""
    ids, digest = [id], await _previous_of(store, site_id, id)
    while digest and (stored := await store.receipts.named(site_id, digest)):
        ids.append(stored.id)
        digest = _prev(stored)
    return ids[::-1]


async def _previous_of(store: Store, site_id: int, id: str) -> str | None:
    try:
        return _prev(await store.receipts.by_id(site_id, id))
    except NotFound:
        return None


def _prev(stored: StoredReceipt) -> str | None:
    return msgspec.json.decode(stored.payload, type=Claims).prev


async def _erase(
    desk: ledger.Desk, site: Site, ids: Sequence[str], reason: Reason, act: Act
) -> dict[str, Erasure]:
    """The tombstones of those that were there, together or not at all."""
    await ledger.begun(desk, site, act.now)
    gone = dict[str, Erasure]()
    async with desk.store.transaction() as tx:
        head = locked = await ledger.lock(tx, site)
        for id in ids:
            head, erasure = await _erase_one(tx, desk, head, id, (reason, act))
            if erasure:
                gone[id] = erasure
    if head is not locked:
        await ledger.publish(desk, head)
    return gone


async def _erase_one(
    tx: Store, desk: ledger.Desk, head: Head, id: str, why: tuple[Reason, Act]
) -> tuple[Head, Erasure | None]:
    reason, act = why
    try:
        place, waiting = await ledger.place_now(tx, head, id)
    except NotFound:
        return head, await tx.receipts.erasure(head.site_id, id)
    said = ledger.event(EntryType.ERASURE, erasure_digest(place, reason), act.now)
    grown = await ledger.append(tx, desk, head, [*waiting, said], act.now)
    erasure = await tx.receipts.erase(head.site_id, id, reason, act.now, place)
    await audit.log(tx, act, "receipt.erase", _called(place), head.site_id)
    return grown, erasure


async def called(store: Store, site: Site, id: str) -> str:
    """What the audit trail calls a receipt: by its place in the ledger, if it has one yet.

    Never by its id: the trail keeps everything, and an erased receipt's id must not stay (R60).
    """
    place = await store.ledger.place(site.id, id)
    if place is None:
        erasure = await store.receipts.erasure(site.id, id)
        place = erasure.place if erasure else None
    return "not entered yet" if place is None else _called(place)


def _called(place: int) -> str:
    return f"entry {place}"
