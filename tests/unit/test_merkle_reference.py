"""Trees and proofs are those of RFC 6962: published vectors, its definitions, another library."""

from functools import cache
from hashlib import sha256

import pymerkle
import pytest

from consent_service.merkle import (
    EMPTY,
    EMPTY_ROOT,
    Hashes,
    Tile,
    check_consistency,
    check_inclusion,
    grow,
    leaf_hash,
    leaf_hashes,
    prove_consistency,
    prove_inclusion,
    root_of,
    tree_root,
)
from tests.unit.ledger import LEAVES, grown

# The eight entries, roots and proofs that Certificate Transparency's implementations are tested
# with (certificate-transparency and transparency-dev/merkle, Apache-2.0).
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
A = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
B = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
E = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
G = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
AB = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
CD = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
EF = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
GH = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
ABCD = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
EFGH = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"


def reference_tree(size: int) -> Hashes:
    tiles: dict[Tile, bytes] = dict(grow(EMPTY, leaf_hashes(ENTRIES[:size])).tiles)
    return Hashes(size, tiles.__getitem__)


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS)))
def test_the_published_roots_are_reproduced(size: int, root: bytes) -> None:
    leaves = leaf_hashes(ENTRIES[:size])
    assert (
        root_of(leaves) == grow(EMPTY, leaves).edge.root == tree_root(reference_tree(size)) == root
    )


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [
        (0, 1, []),
        (0, 2, [B]),
        (1, 2, [A]),
        (2, 3, [AB]),
        (1, 5, [A, CD, E]),
        (0, 8, [B, CD, EFGH]),
        (5, 8, [E, GH, ABCD]),
    ],
)
def test_the_published_inclusion_proofs_are_reproduced(
    index: int, size: int, proof: list[str]
) -> None:
    made = prove_inclusion(index, reference_tree(size))
    assert [hash_.hex() for hash_ in made] == proof
    check_inclusion(index, size, ROOTS[size], leaf_hash(ENTRIES[index]), made)


@pytest.mark.parametrize(
    ("old", "new", "proof"),
    [
        (1, 1, []),
        (1, 8, [B, CD, EFGH]),
        (6, 8, [EF, GH, ABCD]),
        (2, 5, [CD, E]),
        (6, 7, [EF, G, ABCD]),
    ],
)
def test_the_published_consistency_proofs_are_reproduced(
    old: int, new: int, proof: list[str]
) -> None:
    made = prove_consistency(old, reference_tree(new))
    assert [hash_.hex() for hash_ in made] == proof
    check_consistency((old, new), (ROOTS[old], ROOTS[new]), made)


# The definitions of RFC 6962, sections 2.1 to 2.1.2, word for word, over the leaves D[begin:end].


@cache
def mth(begin: int, end: int) -> bytes:
    if end == begin:
        return sha256(b"").digest()
    if end - begin == 1:
        return LEAVES[begin]
    k = largest_power_of_two_below(end - begin)
    return sha256(b"\x01" + mth(begin, begin + k) + mth(begin + k, end)).digest()


def path(m: int, begin: int, end: int) -> tuple[bytes, ...]:
    if end - begin == 1:
        return ()
    k = largest_power_of_two_below(end - begin)
    if m < k:
        return (*path(m, begin, begin + k), mth(begin + k, end))
    return (*path(m - k, begin + k, end), mth(begin, begin + k))


def subproof(m: int, begin: int, end: int, *, whole: bool) -> tuple[bytes, ...]:
    if m == end - begin:
        return () if whole else (mth(begin, end),)
    k = largest_power_of_two_below(end - begin)
    if m <= k:
        return (*subproof(m, begin, begin + k, whole=whole), mth(begin + k, end))
    return (*subproof(m - k, begin + k, end, whole=False), mth(begin, begin + k))


def largest_power_of_two_below(number: int) -> int:
    k = 1
    while 2 * k < number:
        k *= 2
    return k


SIZES = range(1, 301)


def test_every_root_to_300_is_the_one_that_the_rfc_defines() -> None:
    assert mth(0, 0) == EMPTY_ROOT
    for size in SIZES:
        tiles = grown(size)
        roots = {root_of(b"".join(LEAVES[:size])), tiles.edge.root, tree_root(tiles.hashes())}
        assert roots == {mth(0, size)}


def test_every_inclusion_proof_to_300_is_the_one_that_the_rfc_defines() -> None:
    for size in SIZES:
        hashes = grown(size).hashes()
        for index in range(size):
            proof = prove_inclusion(index, hashes)
            assert proof == path(index, 0, size)
            check_inclusion(index, size, mth(0, size), LEAVES[index], proof)


def test_every_consistency_proof_to_300_is_the_one_that_the_rfc_defines() -> None:
    for new in SIZES:
        hashes = grown(new).hashes()
        for old in range(1, new + 1):
            proof = prove_consistency(old, hashes)
            assert proof == subproof(old, 0, new, whole=True)
            check_consistency((old, new), (mth(0, old), mth(0, new)), proof)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 777, 1_000])
def test_another_library_makes_the_same_tree_and_the_same_proofs(size: int) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(size):
        other.append_entry(b"entry %d" % number)
    tiles = grown(size)
    assert other.get_root() == tiles.edge.root
    for index in {0, 1, size // 3, size // 2, size - 1} & set(range(size)):
        # It counts entries from one, and a proof of its begins with the entry's own hash.
        found = other.prove_inclusion(index + 1, size)
        assert tuple(found.path[1:]) == prove_inclusion(index, tiles.hashes())
        found.verify(LEAVES[index], tiles.edge.root)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (5, 8), (255, 257), (256, 600), (300, 777)])
def test_another_library_takes_our_trees_for_consistent(old: int, new: int) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(new):
        other.append_entry(b"entry %d" % number)
    other.prove_consistency(old, new).verify(grown(old).edge.root, grown(new).edge.root)
    assert other.get_root(old) == grown(old).edge.root
