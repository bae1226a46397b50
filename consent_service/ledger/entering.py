"""What waits for its entry, and what the entry says."""

import secrets
from hashlib import sha256

from consent_service.errors import NotFound
from consent_service.merkle import (
    ENTRY_TYPES,
    NO_POLICY,
    Entry,
    EntryType,
    content_digest,
    receipt_digest,
)
from consent_service.model import PublicKey
from consent_service.signing import token_bytes
from consent_service.store import Store
from consent_service.store.ledger import EVENTS, RECEIPTS, Head, Pending

_IMPORTED = b',"act":"import",'


async def enter(store: Store, site_id: int, entry: Entry) -> None:
    """Let an event of a site wait for its entry. The same event a second time is nothing.

    Called inside the transaction of what it tells of, so that neither is there without the other.
    Policies, banners and receipts are entered by the database itself.
    """
    name = sha256(b"%d\0" % entry.type + entry.digest + entry.policy).digest()[:16]
    await store.ledger.enter(
        site_id, Pending(EVENTS, entry.time, name, entry.type, entry.policy, entry.digest)
    )


async def enter_key(store: Store, key: PublicKey, now: int, gone: bool = False) -> None:
    """Enter into every ledger that a key that signs receipts came, or went."""
    for site in await store.sites.all():
        await store.ledger.enter(site.id, key_event(key, now, gone))


def key_event(key: PublicKey, now: int, gone: bool = False) -> Pending:
    """That a key came, or went. Both have the same digest: the second entry says that it went."""
    digest = content_digest(key.jwk)
    name = sha256(b"gone\0" + digest if gone else b"came\0" + digest).digest()[:16]
    return Pending(EVENTS, now, name, EntryType.KEY, NO_POLICY, digest)


def prepared(pending: Pending) -> Pending:
    """What waits, with its digest: for a receipt it is made from its exact bytes and its salt."""
    receipt = pending.receipt
    if pending.turn != RECEIPTS or receipt is None:
        return pending
    token = token_bytes(receipt.payload, receipt.signature, receipt.kid)
    kind = EntryType.IMPORT if _IMPORTED in receipt.payload else EntryType.RECEIPT
    return pending._replace(type=kind, digest=receipt_digest(pending.salt, token))


def event(kind: EntryType, digest: bytes, now: int) -> Pending:
    """What happens now, and need not wait."""
    return Pending(EVENTS, now, secrets.token_bytes(16), kind, NO_POLICY, digest)


async def place_now(tx: Store, head: Head, receipt_id: str) -> tuple[int, list[Pending]]:
    """Where a receipt stands, or will once those are appended that wait before it and it itself.

    Under the head's lock. Raises `NotFound` where there is no such receipt.
    """
    place = await tx.ledger.place(head.site_id, receipt_id)
    if place is not None:
        return place, []
    waiting = [prepared(each) for each in await tx.ledger.pending_receipt(head.site_id, receipt_id)]
    if not waiting or waiting[-1].turn != RECEIPTS:
        raise NotFound(f"there is no receipt {receipt_id}")
    return head.size + len(waiting) - 1, waiting


def entry_of(pending: Pending) -> Entry:
    """The entry of what waits, once it is prepared."""
    return Entry(
        ENTRY_TYPES[pending.type], pending.at, pending.digest or b"", pending.policy or NO_POLICY
    )
