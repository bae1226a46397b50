"""From entries to a grown tree with a signed head, in one transaction."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from consent_service.errors import ConsentError, Forked, NotFound
from consent_service.ledger.entering import entry_of, key_event
from consent_service.ledger.outside import DECIDE, Outside
from consent_service.merkle import (
    EMPTY_ROOT,
    ENTRY_BYTES,
    Checkpoint,
    Edge,
    Growth,
    edge_of,
    encode_entry,
    format_checkpoint,
    format_note,
    grow,
    leaf_hashes,
    log_key,
    parse_checkpoint,
    parse_note,
    read_edge,
    sign_note,
)
from consent_service.merkle.tiles import FULL
from consent_service.model import Site
from consent_service.signing import Keyring
from consent_service.store import Store
from consent_service.store.ledger import Head, Pending

KEEP_EVERY = 3_600
"""Seconds after which one more checkpoint is kept for good."""


class Desk(NamedTuple):
    """What it takes to append to ledgers, outside of a transaction."""

    store: Store
    keyring: Keyring
    base_url: str
    outside: Outside
    holder: str
    """Names the process, for the lease."""


def origin_of(base_url: str, site: Site) -> str:
    """A ledger's name (C2SP): where it is, without the scheme. It is fixed at its beginning."""
    parts = urlsplit(base_url)
    return f"{parts.netloc}{parts.path}/ledger/{site.key}"


async def begun(desk: Desk, site: Site, now: int) -> Head:
    """The site's ledger; where there is none yet it is made, empty and signed."""
    head = await desk.store.ledger.head(site.id)
    if head is None:
        async with desk.store.transaction() as tx:
            await _begin(tx, desk, site, now)
            return await lock(tx, site)
    return head


async def lock(tx: Store, site: Site) -> Head:
    """The site's ledger, which nobody else appends to until this transaction ends."""
    head = await tx.ledger.lock(site.id)
    if head is None:
        raise NotFound(f"{site.key} has no ledger yet")
    return head


async def publish(desk: Desk, head: Head) -> None:
    """Keep the head's checkpoint outside the database too, after its commit."""
    await asyncio.to_thread(desk.outside.write, head)


async def trouble(desk: Desk, site: Site) -> str:
    """Why the next append would be refused; empty where it would not be."""
    said, size = "", -1
    while head := await desk.store.ledger.head(site.id):
        # What is found wrong may be an append that another process is in the middle of: look again.
        if head.size == size:
            return said
        try:
            await desk.outside.check(desk.store, head)
            await _edge(desk.store, head)
        except ConsentError as error:
            said, size = error.message, head.size
            continue
        return ""
    return ""


async def _begin(tx: Store, desk: Desk, site: Site, now: int) -> None:
    origin = origin_of(desk.base_url, site)
    note = await _signed(tx, desk, Checkpoint(origin, 0, EMPTY_ROOT))
    await tx.ledger.begin(site.id, origin, EMPTY_ROOT, note, now)
    for known in await tx.keys.all():
        await tx.ledger.enter(site.id, key_event(known, known.created_at))


async def append(tx: Store, desk: Desk, head: Head, entries: Sequence[Pending], now: int) -> Head:
    """The ledger with these entries at its end, signed. `head` is locked in this transaction.

    Raises `Forked` where the tree is not the one that was signed: then nothing is written.
    """
    await desk.outside.check(tx, head)
    edge = await _edge(tx, head)
    encoded = [encode_entry(entry_of(each)) for each in entries]
    growth = grow(edge, leaf_hashes(encoded))
    await _write_tiles(tx, head, edge, growth)
    await _write_bundles(tx, head, encoded)
    await tx.ledger.settle(head.site_id, head.size, entries)
    grown = await _grown(tx, desk, head, growth.edge, now)
    await tx.ledger.advance(head, grown.size, grown.root, grown.note, now)
    await tx.ledger.keep(grown, KEEP_EVERY)
    return grown


async def _grown(tx: Store, desk: Desk, head: Head, edge: Edge, now: int) -> Head:
    root = edge.root
    note = await _signed(tx, desk, Checkpoint(head.origin, edge.size, root))
    return replace(head, size=edge.size, root=root, note=note, signed_at=now)


async def _signed(tx: Store, desk: Desk, checkpoint: Checkpoint) -> bytes:
    newest, pen = desk.keyring.ledger_keys[-1], desk.keyring.ledger
    # Whoever reads the checkpoint finds the key on its shelf.
    await tx.ledger.add_key(newest.public, newest.created_at)
    key = log_key(checkpoint.origin, pen.public)
    return format_note(sign_note(format_checkpoint(checkpoint), key, pen.sign))


async def _edge(tx: Store, head: Head) -> Edge:
    """Where the tree grows on, if it is the tree that was signed."""
    keys = [(tile.level, tile.number) for tile in edge_of(head.size)]
    held = await tx.ledger.tiles(head.site_id, keys)
    wide = {(tile.level, tile.number): tile.width * 32 for tile in edge_of(head.size)}
    said = parse_checkpoint(parse_note(head.note).text)
    if any(len(held.get(key, b"")) != width for key, width in wide.items()):
        raise Forked(f"the tiles of {head.origin} are not those of {head.size} entries; {DECIDE}")
    edge = read_edge(head.size, lambda tile: held[tile.level, tile.number])
    if not (edge.root == head.root == said.root and said.size == head.size):
        raise Forked(
            f"the tree of {head.origin} is not the one that was signed with {said.size} entries; "
            f"{DECIDE}"
        )
    return edge


async def _write_tiles(tx: Store, head: Head, edge: Edge, growth: Growth) -> None:
    new = []
    for tile, body in growth.tiles:
        key, partial = (tile.level, tile.number), _partial(edge, tile.level)
        if partial and tile.number == edge.size >> 8 * (tile.level + 1):
            await tx.ledger.widen_tile(head.site_id, key, body)
        else:
            new.append((key, body))
    await tx.ledger.add_tiles(head.site_id, new)


def _partial(edge: Edge, level: int) -> bytes:
    return edge.rows[level] if level < len(edge.rows) else b""


async def _write_bundles(tx: Store, head: Head, encoded: Sequence[bytes]) -> None:
    number, within = divmod(head.size, FULL)
    held = await tx.ledger.bundle(head.site_id, number) if within else b""
    if len(held) != within * ENTRY_BYTES:
        raise Forked(f"the last entries of {head.origin} are not there; {DECIDE}")
    rest = FULL - within if within else 0
    if rest:
        await tx.ledger.lengthen_bundle(head.site_id, number, held + b"".join(encoded[:rest]))
        number += 1
    parts = [encoded[at : at + FULL] for at in range(rest, len(encoded), FULL)]
    bundles = [(number + at, b"".join(part)) for at, part in enumerate(parts)]
    await tx.ledger.add_bundles(head.site_id, bundles)
