"""The hashes of a Merkle tree (RFC 6962, section 2.1), one by one and by the tile.

Many hashes are one string of bytes, 32 for each: that is what a tile holds, and what is fast.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH = 32
"""Bytes in a hash."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree that has no entries."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """The hashes of many entries, in a row."""
    return b"".join([sha256(b"\x00" + entry).digest() for entry in entries])


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two hashes."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: bytes) -> bytes:
    """The hashes over each two of a row. The last one of an odd number has none."""
    starts = range(0, len(hashes) - 2 * HASH + 1, 2 * HASH)
    return b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH]).digest() for at in starts])


def pyramid(hashes: bytes) -> list[bytes]:
    """A row of hashes, the row of their parents above it, and so on while there are any."""
    rows = [hashes]
    while len(rows[-1]) >= 2 * HASH:
        rows.append(parents(rows[-1]))
    return rows


def root_of(hashes: bytes) -> bytes:
    """The root of the tree with these leaf hashes.

    A last hash without a sibling rises as it is: the same tree as the one that RFC 6962 defines
    by cutting at the largest power of two.
    """
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > HASH:
        alone = hashes[-HASH:] if len(hashes) % (2 * HASH) else b""
        hashes = parents(hashes) + alone
    return hashes


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over perfect trees that stand side by side, each smaller than the one before."""
    root = hashes[-1]
    for hash_ in reversed(hashes[:-1]):
        root = node_hash(hash_, root)
    return root
