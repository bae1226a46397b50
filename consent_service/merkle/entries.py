"""What stands in the ledger: entries of exactly 78 bytes, and the digests in them.

    offset  bytes
    0       4      magic, "CRL1"
    4       1      type
    5       1      flags: 0
    6       8      time, in Unix seconds
    14      32     SHA-256 of the policy version concerned; zeros where there is none
    46      32     digest, by type

All numbers are big-endian. No entry holds a text, an id or an address: a receipt's digest is keyed
with a salt of its own, and once that is deleted nothing ties the entry to anybody.
"""

import hmac
import struct
from enum import IntEnum
from hashlib import sha256
from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.text import MAX_SIZE

ENTRY_BYTES = 78
SALT_BYTES = 32
NO_POLICY = bytes(32)

_MAGIC = b"CRL1"
_LAYOUT = struct.Struct(">4sBBQ32s32s")
_BEGINNING = struct.Struct(">4sBBQ64x")


class EntryType(IntEnum):
    """What an entry records."""

    RECEIPT = 1
    POLICY = 2
    """A policy version was published."""
    ERASURE = 3
    """A receipt was erased; its entry stays."""
    KEY = 4
    """A key that signs receipts came, or went."""
    PRUNE = 5
    """The receipts of a range of entries were erased together."""
    IMPORT = 6
    """A receipt that stands for a consent given before this service was used."""
    SCRIPT = 7
    """The bytes of a banner were published."""
    AUDIT = 8
    """The audit trail up to this hour: the digest that its events are chained into."""
    SCREENSHOT = 9
    """A picture of what a version shows: the digest of its bytes."""


ENTRY_TYPES = {each.value: each for each in EntryType}
"""The types by their numbers: a look-up here is a tenth of what asking the enumeration costs."""


class Reason(IntEnum):
    """Why a receipt was erased."""

    RETENTION = 1
    REQUEST = 2
    """The visitor asked for it (GDPR 17)."""
    COURT = 3
    TEST_DATA = 4


class Entry(NamedTuple):
    """One entry, read."""

    type: EntryType
    time: int
    """Unix seconds, UTC. For a receipt its `iat`."""
    digest: bytes
    policy: bytes = NO_POLICY


def encode_entry(entry: Entry) -> bytes:
    """The 78 bytes of an entry. Raises `Invalid`."""
    type_, time, digest, policy = entry
    if len(digest) != 32 or len(policy) != 32:
        raise Invalid("an entry's digest and policy have 32 bytes each")
    if type_ not in ENTRY_TYPES:
        raise Invalid(f"there is no entry of type {type_}")
    return _LAYOUT.pack(_MAGIC, type_, 0, _u64(time, "an entry's time"), policy, digest)


def decode_entry(data: bytes) -> Entry:
    """The entry in 78 bytes. Raises `Invalid`."""
    if len(data) != ENTRY_BYTES:
        raise Invalid(f"an entry has {ENTRY_BYTES} bytes, and this one {len(data)}")
    magic, type_, flags, time, policy, digest = _LAYOUT.unpack(data)
    if magic != _MAGIC:
        raise Invalid(f"an entry begins with CRL1, and this one with {magic!a}")
    if type_ not in ENTRY_TYPES:
        raise Invalid(f"there is no entry of type {type_}")
    if flags:
        raise Invalid(f"an entry's flags are 0, and here they are {flags}")
    return Entry(ENTRY_TYPES[type_], _u64(time, "an entry's time"), digest, policy)


def beginnings(data: bytes) -> list[tuple[int, int]]:
    """The type and time of each entry in a row of them; (0, 0) for what `decode_entry` refuses.

    Of millions of entries this is all that is asked, at a tenth of the price.
    """
    return [
        (type_, time)
        if magic == _MAGIC and type_ in ENTRY_TYPES and not flags and time <= MAX_SIZE
        else (0, 0)
        for magic, type_, flags, time in _BEGINNING.iter_unpack(data)
    ]


def receipt_digest(salt: bytes, token: bytes) -> bytes:
    """The digest of a receipt, or of an imported one, from its JWS and its own random salt.

    Without the salt nobody can tell which receipt it is of, not even with the receipt in hand.
    Raises `Invalid`.
    """
    if len(salt) != SALT_BYTES:
        raise Invalid(f"a receipt's salt has {SALT_BYTES} bytes, and this one {len(salt)}")
    return hmac.digest(salt, b"consent-receipt/commit/v1\0" + token, "sha256")


def content_digest(content: bytes) -> bytes:
    """The digest of the bytes themselves: of a policy version, of a banner, of a key's canonical
    JWK, of a screenshot.
    """
    return sha256(content).digest()


def erasure_digest(index: int, reason: Reason) -> bytes:
    """The digest of an erasure: of which entry's receipt, and why. Raises `Invalid`."""
    at = _u64(index, "an entry's index")
    return sha256(b"erase/v1\0" + struct.pack(">QB", at, Reason(reason))).digest()


def prune_digest(begin: int, end: int) -> bytes:
    """The digest of a prune of the entries `begin` up to `end`. Raises `Invalid`."""
    if begin > end:
        raise Invalid(f"a prune from entry {begin} to {end} goes backwards")
    numbers = _u64(begin, "an entry's index"), _u64(end, "an entry's index")
    return sha256(b"prune/v1\0" + struct.pack(">QQ", *numbers)).digest()


def _u64(number: int, what: str) -> int:
    if not 0 <= number <= MAX_SIZE:
        raise Invalid(f"{what} is from 0 to 2^63 - 1, not {number}")
    return number
