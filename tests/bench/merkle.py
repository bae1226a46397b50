"""`python -m tests.bench.merkle`: how fast the ledger's floor is, in memory, on one core.

Entries are made, hashed and grown into tiles as a sequencer does it, a batch at a time; then
proofs are made and checked at random places of the finished tree, each from tiles that were not
read before, so with every hash in them made anew. All times are processor time: they hold on a busy
machine too.
"""

import argparse
import random
import time
from collections.abc import Callable
from typing import TypeVar

from consent_service.merkle import (
    EMPTY,
    Edge,
    Entry,
    EntryType,
    Hashes,
    Tile,
    check_consistency,
    check_inclusion,
    edge_of,
    encode_entry,
    grow,
    leaf_hashes,
    prove_consistency,
    prove_inclusion,
    read_edge,
    width_in,
)

BATCH = 10_000

Place = TypeVar("Place")
Made = TypeVar("Made")


def main() -> None:
    """Print one line for each figure, beside its limit."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.merkle", description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000, help="in the tree (10,000,000)")
    parser.add_argument("--proofs", type=int, default=2_000, help="of each kind (2,000)")
    options = parser.parse_args()
    edge, tiles = _appends(options.entries)
    places = random.Random(1).sample(range(1, edge.size), options.proofs)
    _inclusions(edge, tiles, places)
    _consistencies(edge, tiles, places)


def _appends(count: int) -> tuple[Edge, dict[Tile, bytes]]:
    edge, tiles = EMPTY, dict[Tile, bytes]()
    encoded = hashed = 0.0
    for begin in range(0, count, BATCH):
        start = time.thread_time()
        batch = [_entry(number) for number in range(begin, min(begin + BATCH, count))]
        between = time.thread_time()
        growth = grow(edge, leaf_hashes(batch))
        edge = growth.edge
        tiles.update((tile, data) for tile, data in growth.tiles if tile.width == 256)
        encoded += between - start
        hashed += time.thread_time() - between
    tiles.update((tile, edge.rows[tile.level]) for tile in edge_of(edge.size))
    rate = count / (encoded + hashed)
    print(f"append: {rate:,.0f} entries a second, encoded too (limit 100,000)")
    print(f"append: {count / hashed:,.0f} a second hashed and grown alone, {BATCH:,} at a time")
    return edge, tiles


def _entry(number: int) -> bytes:
    digest = number.to_bytes(32, "big")
    return encode_entry(Entry(EntryType.RECEIPT, 1_763_800_000, digest, bytes(32)))


def _inclusions(edge: Edge, tiles: dict[Tile, bytes], places: list[int]) -> None:
    leaf = [leaf_hashes([_entry(at)]) for at in places]
    proofs = _timed(
        f"inclusion proof at {edge.size:,} entries (limit p99 3 ms)",
        lambda at: prove_inclusion(at, Hashes(edge.size, tiles.__getitem__)),
        places,
    )
    many = Hashes(edge.size, tiles.__getitem__)
    _timed("the same, many from one reader", lambda at: prove_inclusion(at, many), places)
    each = list(zip(places, leaf, proofs, strict=True))
    _timed(
        "inclusion checked",
        lambda one: check_inclusion(one[0], edge.size, edge.root, one[1], one[2]),
        each,
    )


def _consistencies(edge: Edge, tiles: dict[Tile, bytes], places: list[int]) -> None:
    _timed(
        "consistency proof",
        lambda at: prove_consistency(at, Hashes(edge.size, tiles.__getitem__)),
        places,
    )
    known = [at - at % 256 or 256 for at in places[:200]]
    # A tree that ends with a full tile has its edge in the tiles of this one.
    roots = [read_edge(at, lambda tile: _wider(tiles, tile, edge.size)).root for at in known]
    proofs = [prove_consistency(at, Hashes(edge.size, tiles.__getitem__)) for at in known]
    each = list(zip(known, roots, proofs, strict=True))
    _timed(
        "consistency checked",
        lambda one: check_consistency((one[0], edge.size), (one[1], edge.root), one[2]),
        each,
    )


def _wider(tiles: dict[Tile, bytes], tile: Tile, size: int) -> bytes:
    width = width_in(size, tile.level, tile.number)
    return tiles[Tile(tile.level, tile.number, width)]


def _timed(what: str, make: Callable[[Place], Made], places: list[Place]) -> list[Made]:
    made, took = [], []
    for place in places:
        start = time.thread_time()
        made.append(make(place))
        took.append((time.thread_time() - start) * 1e6)
    took.sort()
    middle, last = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"{what}: median {middle:,.0f} us, p99 {last:,.0f} us, {len(took):,} times")
    return made


if __name__ == "__main__":
    main()
