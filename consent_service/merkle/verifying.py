"""Proofs are checked here, by whoever has roots that he trusts and nothing else of the tree.

RFC 9162, sections 2.1.3 and 2.1.4. How many hashes a proof has follows from the numbers alone;
one of another length is refused before anything is hashed.
"""

from collections.abc import Sequence

from consent_service.errors import Tampered
from consent_service.merkle.hashing import EMPTY_ROOT, HASH, node_hash
from consent_service.merkle.text import MAX_SIZE


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that this proof leads to, for an entry with the hash `leaf`.

    The entry is proved if, and only if, that is a root which is trusted: see `check_inclusion`.
    Raises `Tampered` where no tree could have that proof.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise Tampered(f"the proof is for entry {index}, and the tree has {size}")
    inner, border = _shape(index, size)
    _check_hashes(f"an inclusion proof of entry {index} of {size}", inner + border, proof)
    _check_hashes("an entry", 1, [leaf])
    return _climb(index, inner, leaf, proof)


def check_inclusion(
    index: int, size: int, root: bytes, leaf: bytes, proof: Sequence[bytes]
) -> None:
    """Raises `Tampered` unless the entry with the hash `leaf` is entry `index` of that tree."""
    if verify_inclusion(index, size, leaf, proof) != root:
        raise Tampered(
            f"the inclusion proof does not lead to the root of the tree of {size}: "
            f"entry {index} is another one, or the proof is of another tree"
        )


def check_consistency(
    sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> None:
    """Raises `Tampered` unless the second tree begins with the whole of the first one."""
    old, new = sizes
    if not 0 <= old <= new <= MAX_SIZE:
        raise Tampered(f"a tree of {new} entries does not begin with one of {old}")
    if old == 0 or old == new:
        _check_trivial(old, new, roots, proof)
    else:
        _check_growth(old, new, roots, proof)


def _check_trivial(old: int, new: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> None:
    _check_hashes(f"a consistency proof from {old} to {new}", 0, proof)
    for size, root in zip((old, new), roots, strict=True):
        if size == 0 and root != EMPTY_ROOT:
            raise Tampered("the root of a tree of 0 entries is the hash of nothing")
    if old == new and roots[0] != roots[1]:
        raise Tampered(f"there are two different trees of {old} entries: the ledger was forked")


def _check_growth(old: int, new: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> None:
    # Up to the level of the last perfect tree within the old one, both trees are the same.
    shared = (old & -old).bit_length() - 1
    inner, border = _shape(old - 1, new)
    # If the old tree is perfect the climb begins at its root, else at the proof's first hash.
    begins = 0 if old == 1 << shared else 1
    count = begins + inner - shared + border
    _check_hashes(f"a consistency proof from {old} to {new}", count, proof)
    start, path = proof[0] if begins else roots[0], proof[begins:]
    last, inner = (old - 1) >> shared, inner - shared
    if _climb_old(last, inner, start, path) != roots[0]:
        raise Tampered(f"the consistency proof does not lead to the old root, of {old} entries")
    if _climb(last, inner, start, path) != roots[1]:
        raise Tampered(
            f"the consistency proof does not lead to the new root: the first {old} of the "
            f"{new} entries are not what they were"
        )


def _shape(index: int, size: int) -> tuple[int, int]:
    """How many steps there are with siblings on both sides, and then with left ones alone."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _climb(index: int, inner: int, start: bytes, path: Sequence[bytes]) -> bytes:
    for height, sibling in enumerate(path):
        is_right = height >= inner or index >> height & 1
        start = node_hash(sibling, start) if is_right else node_hash(start, sibling)
    return start


def _climb_old(index: int, inner: int, start: bytes, path: Sequence[bytes]) -> bytes:
    """As `_climb`, but past siblings on the right: they are not in the old tree."""
    for height, sibling in enumerate(path):
        if height >= inner or index >> height & 1:
            start = node_hash(sibling, start)
    return start


def _check_hashes(what: str, count: int, hashes: Sequence[bytes]) -> None:
    if len(hashes) != count:
        raise Tampered(f"{what} has {count} hashes, and this one {len(hashes)}")
    if any(len(hash_) != HASH for hash_ in hashes):
        raise Tampered(f"{what} has hashes of {HASH} bytes, and here is one that is not")
