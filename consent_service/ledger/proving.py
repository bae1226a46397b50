"""What an auditor asks a ledger for: its checkpoint, its tiles, and proofs."""

from typing import NamedTuple

from consent_service.errors import Invalid, NotFound, Tampered
from consent_service.merkle import (
    ENTRIES,
    ENTRY_BYTES,
    EntryProof,
    Hashes,
    Key,
    Read,
    Tile,
    consistency_tiles,
    encode_bundle,
    format_note,
    format_proof,
    inclusion_tiles,
    leaf_hash,
    log_key,
    parse_note,
    parse_signatures,
    prove_consistency,
    prove_inclusion,
    with_signatures,
)
from consent_service.merkle.tiles import FULL, width_in
from consent_service.store import Store
from consent_service.store.ledger import Head, Kept


class Proved(NamedTuple):
    """Where an entry stands, and all that it takes to check it without this service."""

    place: int
    entry: bytes
    """The 78 bytes."""
    size: int
    """Of the tree that the checkpoint is of."""
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note, with the lines of those who cosigned it."""
    salt: bytes = b""
    """A receipt's: with it, and only with it, the receipt leads to the entry's digest."""

    @property
    def text(self) -> bytes:
        """The same as a file (C2SP tlog-proof)."""
        note = parse_note(self.checkpoint)
        return format_proof(EntryProof(self.place, self.hashes, note, self.salt))

    @property
    def leaf(self) -> bytes:
        """The hash that the proof begins with."""
        return leaf_hash(self.entry)


async def head_of(store: Store, site_id: int) -> Head:
    """The ledger's head. Raises `NotFound` before its first entry."""
    head = await store.ledger.head(site_id)
    if head is None:
        raise NotFound("this site's ledger has no entry yet")
    return head


async def checkpoint(store: Store, site_id: int) -> bytes:
    """The newest signed checkpoint, cosigned by those who have by now. Raises `NotFound`."""
    head = await head_of(store, site_id)
    kept = await store.ledger.kept(site_id, head.size)
    return cosigned(kept) if kept else head.note


def cosigned(kept: Kept) -> bytes:
    """A kept checkpoint with all its signatures."""
    note = parse_note(kept.note)
    lines = [parse_signatures(each.line)[0] for each in kept.cosigned]
    return format_note(with_signatures(note, lines))


async def prove(
    store: Store, site_id: int, receipt_id: str, size: int | None = None
) -> Proved | None:
    """A receipt's place in the ledger, and the proof of it; None while it waits for its entry.

    `size` asks for the proof under that kept checkpoint instead of the newest one. Raises
    `NotFound` where there is no such receipt, or where it stands after that checkpoint.
    """
    salt = await store.ledger.salt(site_id, receipt_id)
    if salt is None:
        raise NotFound(f"there is no receipt {receipt_id}")
    place = await store.ledger.place(site_id, receipt_id)
    if place is None:
        return None
    proved = await prove_place(store, site_id, place, size)
    return proved._replace(salt=salt)


async def prove_place(store: Store, site_id: int, place: int, size: int | None = None) -> Proved:
    """The proof of any entry, by where it stands. Raises `NotFound`."""
    if size is None:
        head = await head_of(store, site_id)
        size, note = head.size, await checkpoint(store, site_id)
    else:
        kept = await store.ledger.kept(site_id, size)
        if kept is None:
            raise NotFound(f"no checkpoint of {size} entries is kept")
        note = cosigned(kept)
    if not 0 <= place < size:
        raise NotFound(f"there is no entry {place} among {size}")
    read = await reading(store, site_id, inclusion_tiles(place, size))
    hashes = prove_inclusion(place, Hashes(size, read))
    return Proved(place, await entry_at(store, site_id, place), size, hashes, note)


async def entry_at(store: Store, site_id: int, place: int) -> bytes:
    """The 78 bytes of an entry. Raises `NotFound`."""
    number, within = divmod(place, FULL)
    body = await store.ledger.bundle(site_id, number)
    entry = body[within * ENTRY_BYTES : (within + 1) * ENTRY_BYTES]
    if len(entry) != ENTRY_BYTES:
        raise NotFound(f"there is no entry {place}")
    return entry


async def mark_proof(
    store: Store, site_id: int, digest: bytes, size: int | None = None
) -> Proved | None:
    """The proof of the first entry with that digest that is not a receipt's: of a policy's or a
    banner's SHA-256, of a key's. None where there is none yet.
    """
    found = await store.ledger.marks(site_id, digest)
    return await prove_place(store, site_id, found[0].place, size) if found else None


async def consistency(store: Store, site_id: int, old: int, new: int) -> tuple[bytes, ...]:
    """That the first `old` of the first `new` entries are what they were.

    Raises `NotFound` where the ledger is not that long, `Invalid` where `old` is the larger.
    """
    head = await head_of(store, site_id)
    if not 0 <= old <= new:
        raise Invalid(f"from {old} to {new} goes backwards", "from")
    if new > head.size:
        raise NotFound(f"the ledger has {head.size} entries, not {new}")
    read = await reading(store, site_id, consistency_tiles(old, new))
    return prove_consistency(old, Hashes(new, read))


async def reading(store: Store, site_id: int, tiles: tuple[Tile, ...]) -> Read:
    """A reader of those tiles, which are fetched at once."""
    held = await store.ledger.tiles(site_id, [(tile.level, tile.number) for tile in tiles])

    def read(tile: Tile) -> bytes:
        body = held.get((tile.level, tile.number))
        if body is None:
            raise Tampered(f"{tile.path} is missing from the ledger")
        return body

    return read


async def tile_bytes(store: Store, site_id: int, tile: Tile) -> bytes:
    """A tile, or a bundle of entries, as it is published. Raises `NotFound`.

    A partial one that has grown since is still given: it is the beginning of what it became.
    """
    head = await head_of(store, site_id)
    if tile.width > width_in(head.size, tile.level, tile.number):
        raise NotFound(f"{tile.path} is not in a tree of {head.size} entries")
    if tile.level == ENTRIES:
        body = await store.ledger.bundle(site_id, tile.number)
        parts = [body[at : at + ENTRY_BYTES] for at in range(0, len(body), ENTRY_BYTES)]
        return encode_bundle(parts[: tile.width])
    held = await store.ledger.tiles(site_id, [(tile.level, tile.number)])
    return held.get((tile.level, tile.number), b"")[: tile.width * 32]


async def vkeys(store: Store, site_id: int) -> tuple[Key, ...]:
    """The keys that sign this ledger's checkpoints, or have, the oldest first."""
    head = await head_of(store, site_id)
    return tuple(log_key(head.origin, public) for public in await store.ledger.keys())
