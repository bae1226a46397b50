"""What the tests of the ledger's floor share: a tree in memory, its tiles, and keys that sign."""

from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent_service.merkle import (
    EMPTY,
    Edge,
    Hashes,
    Key,
    Sign,
    Tile,
    grow,
    leaf_hash,
    log_key,
    witness_key,
)

ORIGIN = "consent.example/ledger/shop"
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(1_000)]


class Tiles:
    """A tree's tiles in memory. It knows which were asked for."""

    def __init__(self) -> None:
        self.edge: Edge = EMPTY
        self.held: dict[Tile, bytes] = {}
        self.asked: list[Tile] = []

    def grow(self, leaves: bytes) -> None:
        growth = grow(self.edge, leaves)
        self.edge = growth.edge
        self.held.update(growth.tiles)

    def read(self, tile: Tile) -> bytes:
        self.asked.append(tile)
        return self.held[tile]

    def hashes(self) -> Hashes:
        return Hashes(self.edge.size, self.read)


def grown(size: int, step: int = 1_000) -> Tiles:
    """The tiles of the first `size` leaves, appended `step` at a time."""
    tiles = Tiles()
    for begin in range(0, size, step):
        tiles.grow(b"".join(LEAVES[begin : min(begin + step, size)]))
    return tiles


def changed(data: bytes) -> Iterator[bytes]:
    """`data` with one byte of it changed, each in turn: its lowest bit, and its letter's case."""
    for at, byte in enumerate(data):
        for bits in (0x01, 0x20):
            yield data[:at] + bytes([byte ^ bits]) + data[at + 1 :]


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519, as a caller of the ledger's floor hands it in."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer(seed: bytes) -> Sign:
    """Signs by the key of that seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign


def public(seed: bytes) -> bytes:
    """The public half of a seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


LOG_SEED, EAST_SEED, WEST_SEED, OTHER_SEED = (bytes([number]) * 32 for number in (1, 2, 3, 4))
LOG: Key = log_key(ORIGIN, public(LOG_SEED))
EAST: Key = witness_key("east.example/w", public(EAST_SEED))
WEST: Key = witness_key("west.example/w", public(WEST_SEED))
