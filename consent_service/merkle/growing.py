"""How the tree grows: from its edge and the hashes of new entries to the tiles that are new.

Nothing is changed in place. If a transaction fails, the edge that it began with is still true.
"""

from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.hashing import EMPTY_ROOT, HASH, fold, pyramid
from consent_service.merkle.reading import Read
from consent_service.merkle.tiles import FULL, Tile, check_size, edge_of, tile_hashes, tile_root


class Edge(NamedTuple):
    """The right edge of a tree: all that must be known of it to let it grow."""

    size: int
    rows: tuple[bytes, ...]
    """The partial tile of each level, lowest first; empty where the level has none."""

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        found = [hash_ for row in reversed(self.rows) for hash_ in _perfect(row)]
        return fold(found) if found else EMPTY_ROOT


class Growth(NamedTuple):
    """What new entries make of a tree."""

    edge: Edge
    tiles: tuple[tuple[Tile, bytes], ...]
    """The tiles that are new, or wider than before, with their bytes."""


EMPTY = Edge(0, ())


def read_edge(size: int, read: Read) -> Edge:
    """The edge of a tree of `size` entries, from its partial tiles: those of `edge_of`.

    Compare its `root` with the signed one before anything is appended. Raises `Invalid`.
    """
    rows = {tile.level: tile_hashes(tile, read(tile)) for tile in edge_of(size)}
    return Edge(size, tuple(rows.get(level, b"") for level in range(max(rows, default=-1) + 1)))


def grow(edge: Edge, leaves: bytes) -> Growth:
    """The tree with more entries: `leaves` are their hashes, 32 bytes each. Raises `Invalid`."""
    if len(leaves) % HASH:
        raise Invalid(f"{len(leaves)} bytes are not whole hashes of {HASH}")
    size = edge.size + len(leaves) // HASH
    check_size(size)
    rows, tiles = list(edge.rows), list[tuple[Tile, bytes]]()
    level = 0
    while leaves:
        if level == len(rows):
            rows.append(b"")
        first = edge.size >> 8 * (level + 1)
        new = _cut(level, first, rows[level] + leaves)
        tiles += new
        rows[level] = new[-1][1] if new[-1][0].width < FULL else b""
        leaves = b"".join([tile_root(data) for tile, data in new if tile.width == FULL])
        level += 1
    return Growth(Edge(size, tuple(rows)), tuple(tiles))


def _cut(level: int, first: int, row: bytes) -> list[tuple[Tile, bytes]]:
    """A row of hashes as the tiles of a level, from number `first` on."""
    parts = [row[at : at + FULL * HASH] for at in range(0, len(row), FULL * HASH)]
    numbered = enumerate(parts, start=first)
    return [(Tile(level, number, len(part) // HASH), part) for number, part in numbered]


def _perfect(row: bytes) -> list[bytes]:
    """The hashes of the perfect trees that the hashes of a partial tile consist of."""
    # In each row of the pyramid it is the last hash, where that one has no sibling.
    rows = [part for part in pyramid(row) if len(part) % (2 * HASH)]
    return [part[-HASH:] for part in reversed(rows)]
