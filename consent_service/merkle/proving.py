"""Proofs are made here: that an entry is in the tree, that a tree is the beginning of another.

RFC 6962, sections 2.1.1 and 2.1.2. First comes what is needed: from a store that waits, ask for
`inclusion_tiles`, then prove from what came.
"""

from consent_service.errors import Invalid
from consent_service.merkle.hashing import EMPTY_ROOT
from consent_service.merkle.reading import Hashes, Node, peaks, tiles_with
from consent_service.merkle.tiles import Tile, check_size

Proof = tuple[bytes, ...]
"""Hashes of 32 bytes, from the bottom of the tree to its top."""


def root_tiles(size: int) -> tuple[Tile, ...]:
    """The tiles that `tree_root` reads. Raises `Invalid`."""
    check_size(size)
    return tiles_with(peaks(0, size), size)


def tree_root(hashes: Hashes) -> bytes:
    """The root of the tree."""
    return hashes.over(peaks(0, hashes.size)) if hashes.size else EMPTY_ROOT


def inclusion_tiles(index: int, size: int) -> tuple[Tile, ...]:
    """The tiles that `prove_inclusion` reads. Raises `Invalid`."""
    return _tiles(_inclusion(index, size), size)


def prove_inclusion(index: int, hashes: Hashes) -> Proof:
    """That entry `index`, from 0, is in the tree. Raises `Invalid` if it has no such entry."""
    return tuple(hashes.over(nodes) for nodes in _inclusion(index, hashes.size))


def consistency_tiles(old: int, new: int) -> tuple[Tile, ...]:
    """The tiles that `prove_consistency` reads. Raises `Invalid`."""
    return _tiles(_consistency(old, new), new)


def prove_consistency(old: int, hashes: Hashes) -> Proof:
    """That the first `old` entries of the tree are what they were. Raises `Invalid`.

    Nothing needs to be shown of an empty tree or of the same one: then the proof is empty.
    """
    return tuple(hashes.over(nodes) for nodes in _consistency(old, hashes.size))


# Both walk from the root down to what is to be shown. At each fork, what lies on the other side
# goes into the proof.


def _inclusion(index: int, size: int) -> list[list[Node]]:
    check_size(size)
    if not 0 <= index < size:
        raise Invalid(f"there is no entry {index} in a tree of {size}")
    begin, end, proof = 0, size, []
    while end - begin > 1:
        fork = _fork(begin, end)
        if index < fork:
            proof.append(peaks(fork, end))
            end = fork
        else:
            proof.append(peaks(begin, fork))
            begin = fork
    return proof[::-1]


def _consistency(old: int, new: int) -> list[list[Node]]:
    check_size(new)
    if not 0 <= old <= new:
        raise Invalid(f"a tree of {new} entries does not begin with one of {old}")
    begin, end, proof = 0, new, []
    while 0 < old < end:
        fork = _fork(begin, end)
        if old <= fork:
            proof.append(peaks(fork, end))
            end = fork
        else:
            proof.append(peaks(begin, fork))
            begin = fork
    # Where the old tree is one perfect tree, whoever checks has its hash: it is the old root.
    return ([peaks(begin, end)] if begin else []) + proof[::-1]


def _fork(begin: int, end: int) -> int:
    """Where the right half of that tree begins: after the largest power of two below its size."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _tiles(proof: list[list[Node]], size: int) -> tuple[Tile, ...]:
    return tiles_with((node for nodes in proof for node in nodes), size)
