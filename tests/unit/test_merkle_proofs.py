"""A proof that was changed anywhere proves nothing, and what is refused is named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import Invalid, Tampered
from consent_service.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    consistency_tiles,
    inclusion_tiles,
    prove_consistency,
    prove_inclusion,
    root_tiles,
    tree_root,
)
from consent_service.merkle.verifying import verify_inclusion
from tests.unit.ledger import LEAVES, changed, grown

ROOTS = [grown(size).edge.root for size in range(301)]
SIZES = range(2, 301)


def included(index: int, size: int, root: bytes, leaf: bytes, proof: tuple[bytes, ...]) -> bool:
    try:
        check_inclusion(index, size, root, leaf, proof)
    except Tampered:
        return False
    return True


def consistent(
    sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: tuple[bytes, ...]
) -> bool:
    try:
        check_consistency(sizes, roots, proof)
    except Tampered:
        return False
    return True


def hashes_of(row: bytes) -> tuple[bytes, ...]:
    return tuple(row[at : at + 32] for at in range(0, len(row), 32))


def test_every_inclusion_proof_to_300_is_refused_with_any_byte_changed() -> None:
    for size in SIZES:
        index = size * 31 // 47
        proof, root, leaf = prove_inclusion(index, grown(size).hashes()), ROOTS[size], LEAVES[index]
        assert included(index, size, root, leaf, proof)
        rows = changed(b"".join(proof))
        assert not any(included(index, size, root, leaf, hashes_of(row)) for row in rows)
        assert not any(included(index, size, other, leaf, proof) for other in changed(root))
        assert not any(included(index, size, root, other, proof) for other in changed(leaf))
        others = set(range(-1, size + 2)) - {index}
        assert not any(included(other, size, root, leaf, proof) for other in others)


def test_every_consistency_proof_to_300_is_refused_with_any_byte_changed() -> None:
    for new in SIZES:
        old = new * 31 // 47
        proof, roots = prove_consistency(old, grown(new).hashes()), (ROOTS[old], ROOTS[new])
        assert consistent((old, new), roots, proof)
        rows = changed(b"".join(proof))
        assert not any(consistent((old, new), roots, hashes_of(row)) for row in rows)
        assert not any(
            consistent((old, new), (other, roots[1]), proof) for other in changed(roots[0])
        )
        assert not any(
            consistent((old, new), (roots[0], other), proof) for other in changed(roots[1])
        )
        others = set(range(-1, new + 2)) - {old}
        assert not any(consistent((other, new), roots, proof) for other in others)


@pytest.mark.parametrize("size", [2, 3, 7, 8, 100, 256, 257, 300])
def test_a_proof_with_a_hash_more_or_less_is_refused(size: int) -> None:
    index, tiles = size // 2, grown(size)
    proof, root, leaf = prove_inclusion(index, tiles.hashes()), ROOTS[size], LEAVES[index]
    growth, roots = prove_consistency(index, tiles.hashes()), (ROOTS[index], root)
    for odd in (proof[1:], proof[:-1], (*proof, root), (root, *proof), (*proof[:-1], b"")):
        assert not included(index, size, root, leaf, odd)
    for odd in (growth[1:], growth[:-1], (*growth, root), (root, *growth), (*growth[:-1], b"")):
        assert not consistent((index, size), roots, odd)


def test_a_dropped_reordered_or_changed_entry_breaks_consistency() -> None:
    tiles = grown(200)
    proof = prove_consistency(150, tiles.hashes())
    assert consistent((150, 200), (ROOTS[150], ROOTS[200]), proof)
    for history in (
        LEAVES[:70] + LEAVES[71:201],
        [*LEAVES[:70], LEAVES[71], LEAVES[70], *LEAVES[72:200]],
        [*LEAVES[:70], LEAVES[999], *LEAVES[71:200]],
    ):
        rewritten = grown(0)
        rewritten.grow(b"".join(history))
        for made in (proof, prove_consistency(150, rewritten.hashes())):
            assert not consistent((150, 200), (ROOTS[150], rewritten.edge.root), made)


@pytest.mark.parametrize(
    ("sizes", "roots", "proof", "finding"),
    [
        ((0, 0), (EMPTY_ROOT, EMPTY_ROOT), (), None),
        ((0, 9), (EMPTY_ROOT, ROOTS[9]), (), None),
        ((9, 9), (ROOTS[9], ROOTS[9]), (), None),
        ((0, 9), (ROOTS[9], ROOTS[9]), (), "the root of a tree of 0 entries is the hash of"),
        ((0, 9), (EMPTY_ROOT, ROOTS[9]), (ROOTS[9],), "has 0 hashes, and this one 1"),
        ((9, 9), (ROOTS[9], ROOTS[8]), (), "two different trees of 9 entries: the ledger was"),
        ((9, 8), (ROOTS[9], ROOTS[8]), (), "8 entries does not begin with one of 9"),
        ((-1, 8), (ROOTS[1], ROOTS[8]), (), "does not begin with one of -1"),
        ((1, 2**63), (ROOTS[1], ROOTS[8]), (), "does not begin with one of 1"),
        ((4, 8), (ROOTS[4], ROOTS[8]), (), "a consistency proof from 4 to 8 has 1 hashes"),
        ((4, 8), (ROOTS[4], ROOTS[8]), (ROOTS[4],), "the first 4 of the 8 entries are not what"),
        ((3, 8), (ROOTS[3], ROOTS[8]), (ROOTS[4],) * 4, "lead to the old root, of 3 entries"),
    ],
)
def test_a_consistency_that_does_not_hold_is_named(
    sizes: tuple[int, int],
    roots: tuple[bytes, bytes],
    proof: tuple[bytes, ...],
    finding: str | None,
) -> None:
    if finding is None:
        check_consistency(sizes, roots, proof)
    else:
        with pytest.raises(Tampered) as error:
            check_consistency(sizes, roots, proof)
        assert finding in error.value.message


@pytest.mark.parametrize(
    ("index", "size", "leaf", "proof", "finding"),
    [
        (8, 8, LEAVES[0], (), "the proof is for entry 8, and the tree has 8"),
        (0, 0, LEAVES[0], (), "the proof is for entry 0, and the tree has 0"),
        (-1, 8, LEAVES[0], (), "the proof is for entry -1"),
        (0, 2**63, LEAVES[0], (), "and the tree has 9223372036854775808"),
        (3, 8, LEAVES[3], (ROOTS[1],), "entry 3 of 8 has 3 hashes, and this one 1"),
        (3, 8, LEAVES[3], (ROOTS[1], ROOTS[2], b"short"), "hashes of 32 bytes, and here is one"),
        (0, 1, b"short", (), "hashes of 32 bytes, and here is one that is not"),
        (3, 8, LEAVES[3], (ROOTS[1],) * 3, "does not lead to the root of the tree of 8: entry 3"),
    ],
)
def test_an_inclusion_that_does_not_hold_is_named(
    index: int, size: int, leaf: bytes, proof: tuple[bytes, ...], finding: str
) -> None:
    with pytest.raises(Tampered) as error:
        check_inclusion(index, size, ROOTS[8], leaf, proof)
    assert finding in error.value.message


@pytest.mark.parametrize(("index", "size"), [(0, 0), (8, 8), (-1, 8), (0, -1), (0, 2**63)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(Invalid):
        inclusion_tiles(index, size)


@pytest.mark.parametrize(("old", "new"), [(9, 8), (-1, 8), (0, -1), (0, 2**63)])
def test_no_proof_is_made_that_a_tree_shrank(old: int, new: int) -> None:
    with pytest.raises(Invalid):
        consistency_tiles(old, new)


@given(st.data())
def test_a_proof_reads_the_tiles_that_it_said_each_once_and_no_others(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 1_000))
    index = data.draw(st.integers(0, size - 1))
    tiles = grown(size)
    for made, said in (
        (lambda hashes: prove_inclusion(index, hashes), inclusion_tiles(index, size)),
        (lambda hashes: prove_consistency(index, hashes), consistency_tiles(index, size)),
        (tree_root, root_tiles(size)),
    ):
        tiles.asked.clear()
        made(tiles.hashes())
        assert len(tiles.asked) == len(said) == len(set(said))
        assert set(tiles.asked) == set(said)


@pytest.mark.parametrize("size", [1, 1_000, 10_000_000, 2**40 + 12_345, 2**63 - 1])
def test_a_proof_in_a_tree_of_any_size_needs_few_tiles(size: int) -> None:
    # One for each level on the way up, and the partial one of a level where they part.
    levels = (size.bit_length() + 7) // 8
    for index in {0, size // 2, size - 1}:
        assert len(inclusion_tiles(index, size)) <= 2 * levels
        assert len(consistency_tiles(index, size)) <= 2 * levels


@given(
    st.integers(-2, 2**64),
    st.integers(-2, 2**64),
    st.lists(st.binary(max_size=40) | st.just(bytes(32)), max_size=70),
)
def test_any_hashes_at_all_are_answered_or_refused_as_tampered(
    one: int, other: int, proof: list[bytes]
) -> None:
    assert not consistent((one, other), (ROOTS[3], ROOTS[9]), tuple(proof))
    with suppress(Tampered):
        assert len(verify_inclusion(one, other, ROOTS[3], proof)) == 32
