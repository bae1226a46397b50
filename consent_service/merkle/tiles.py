"""Tiles: the tree as files that never change (C2SP tlog-tiles), their names and what they hold.

A full tile holds 256 hashes of one level, of which each stands for 256 of the level below; level 0
has the hashes of the entries. The last tile of a level may be partial: it holds fewer, and the
full tile that follows begins with the same ones.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.hashing import HASH, pyramid
from consent_service.merkle.text import MAX_SIZE, shown

FULL = 256
"""Hashes in a full tile, entries in a full bundle."""

ENTRIES = -1
"""The level of an entry bundle: below the hashes stand the entries themselves."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class Tile(NamedTuple):
    """Where a tile, or an entry bundle, stands in the tree."""

    level: int
    """From 0; or `ENTRIES`."""
    number: int
    """From 0, in its level."""
    width: int = FULL
    """How many hashes, or entries, it holds: 1 to 256."""

    @property
    def path(self) -> str:
        """Its address below the ledger's: `tile/0/x001/x234/067`, `tile/1/000.p/17`."""
        groups = re.findall("...", _in_threes(str(self.number)))
        number = "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = f".p/{self.width}" if self.width < FULL else ""
        return f"tile/{level}/{number}{partial}"


def parse_path(path: str) -> Tile:
    """The tile with that address. Raises `Invalid` for all that is not exactly one's address."""
    found = _PATH.fullmatch(path)
    if not found:
        raise Invalid(f"this is not the path of a tile: {shown(path)}")
    level = ENTRIES if found["level"] == "entries" else int(found["level"])
    number = int(re.sub("[x/]", "", found["number"]))
    tile = Tile(level, number, int(found["width"] or FULL))
    # A leading x000, and 256 or more after .p/: another way to write, or no tile at all.
    if level > 63 or tile.width > FULL or tile.path != path:
        raise Invalid(f"this is not the path of a tile: {shown(path)}")
    return tile


def width_in(size: int, level: int, number: int) -> int:
    """How many hashes that tile has in a tree of `size` entries; 0 or less where there is none."""
    return min(FULL, (size >> 8 * max(level, 0)) - FULL * number)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of hashes in a tree of `size` entries, level by level."""
    level = 0
    while size >> 8 * level:
        full, rest = divmod(size >> 8 * level, FULL)
        yield from (Tile(level, number) for number in range(full))
        if rest:
            yield Tile(level, full, rest)
        level += 1


def edge_of(size: int) -> tuple[Tile, ...]:
    """The partial tiles of a tree of `size` entries, lowest level first: where it grows on."""
    check_size(size)
    digits = ((size >> 8 * level, level) for level in range((size.bit_length() + 7) // 8))
    return tuple(Tile(level, at // FULL, at % FULL) for at, level in digits if at % FULL)


def tile_hashes(tile: Tile, data: bytes) -> bytes:
    """The hashes of `tile` in what was read for it: the tile itself, or a later, wider one.

    Raises `Invalid` if there are too few bytes, too many, or not whole hashes.
    """
    if len(data) % HASH or not tile.width * HASH <= len(data) <= FULL * HASH:
        raise Invalid(
            f"{tile.path} has {len(data)} bytes; {tile.width} hashes are {tile.width * HASH}"
        )
    return data[: tile.width * HASH]


def tile_root(data: bytes) -> bytes:
    """The hash that stands for a full tile in the level above. Raises `Invalid`."""
    if len(data) != FULL * HASH:
        raise Invalid(f"a full tile has {FULL * HASH} bytes, and this one {len(data)}")
    return pyramid(data)[-1]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle holds them: each after its length, 16 bits, big-endian."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def decode_bundle(data: bytes) -> tuple[bytes, ...]:
    """The entries in a bundle. Raises `Invalid` if it ends within one, or has above 256."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise Invalid(f"the bundle ends within entry {len(entries)}, at byte {len(data)}")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) > FULL:
        raise Invalid(f"the bundle has {len(entries)} entries; {FULL} is the most")
    return tuple(entries)


def check_size(size: int) -> None:
    """Raises `Invalid` if no ledger can have that many entries."""
    if not 0 <= size <= MAX_SIZE:
        raise Invalid(f"a ledger has from 0 to 2^63 - 1 entries, not {size}")


def _in_threes(digits: str) -> str:
    return digits.zfill(-(-len(digits) // 3) * 3)
