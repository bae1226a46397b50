"""Hashes of any part of the tree, from as few tiles as hold them.

What is read is not believed here: a proof made from wrong tiles does not verify, and that is how
one finds out.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.hashing import HASH, fold, pyramid
from consent_service.merkle.tiles import Tile, check_size, tile_hashes, width_in

Read = Callable[[Tile], bytes]
"""Gives the bytes of a tile, or of a wider one in its place."""


class Node(NamedTuple):
    """A perfect tree within the tree: that of entries `number << level`, `1 << level` of them."""

    level: int
    number: int


def peaks(begin: int, end: int) -> list[Node]:
    """The perfect trees that entries `begin` up to `end` consist of, the largest first.

    `begin` must be where a tree of that many entries can begin: 0, or as proofs ask for.
    """
    nodes = []
    for level in range((end - begin).bit_length() - 1, -1, -1):
        if (end - begin) >> level & 1:
            nodes.append(Node(level, begin >> level))
            begin += 1 << level
    return nodes


def tile_with(node: Node, size: int) -> Tile:
    """The tile, in a tree of `size` entries, that a node's hash is found in."""
    level, height = divmod(node.level, 8)
    number = node.number << height >> 8
    return Tile(level, number, width_in(size, level, number))


def tiles_with(nodes: Iterable[Node], size: int) -> tuple[Tile, ...]:
    """Those tiles for many nodes, each once."""
    return tuple(dict.fromkeys(tile_with(node, size) for node in nodes))


class Hashes:
    """The hashes of a tree of `size` entries. A tile is read when it is first needed, and kept."""

    def __init__(self, size: int, read: Read) -> None:
        check_size(size)
        self.size = size
        self._read = read
        self._pyramids: dict[Tile, list[bytes]] = {}

    def node(self, node: Node) -> bytes:
        """The hash of a perfect tree. Raises `Invalid` if it is not in this tree, or was not read.

        Whatever `read` raises comes through.
        """
        if (node.number + 1) << node.level > self.size:
            raise Invalid(f"{node} is not in a tree of {self.size} entries")
        tile = tile_with(node, self.size)
        height = node.level % 8
        at = (node.number - (tile.number << 8 - height)) * HASH
        return self._pyramid(tile)[height][at : at + HASH]

    def over(self, nodes: Iterable[Node]) -> bytes:
        """The one hash over perfect trees that stand side by side, the largest first."""
        return fold([self.node(node) for node in nodes])

    def _pyramid(self, tile: Tile) -> list[bytes]:
        found = self._pyramids.get(tile)
        if found is None:
            found = self._pyramids[tile] = pyramid(tile_hashes(tile, self._read(tile)))
        return found
