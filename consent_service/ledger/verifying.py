"""A whole ledger verified, entry by entry, in flat memory: what an operator and an auditor run.

1. head       The signed checkpoint holds, and is of this ledger.
2. since      A checkpoint that somebody kept is the beginning of this tree.
3. tree       The tiles are those of the entries, up to the root that was signed.
4. entries    Each is one, and no receipt's lies far behind those that it follows.
5. file       Every receipt that was entered is on file, or an entry says that it was erased.
              Every policy, banner and screenshot on file was entered, and is those bytes.
6. receipts   On demand: each receipt on file verifies, and is the one that was entered.

What is wrong is named by the entry where it is.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from consent_service.errors import ConsentError
from consent_service.ledger.comparing import differences
from consent_service.ledger.entering import entry_of, prepared
from consent_service.ledger.filed import strays
from consent_service.ledger.proving import head_of, reading
from consent_service.merkle import (
    EMPTY,
    ENTRY_BYTES,
    Checkpoint,
    Edge,
    EntryType,
    Reason,
    beginnings,
    decode_entry,
    edge_of,
    encode_entry,
    erasure_digest,
    grow,
    leaf_hashes,
    log_key,
    open_note,
    parse_checkpoint,
    parse_note,
    prune_digest,
    read_edge,
)
from consent_service.merkle.tiles import FULL
from consent_service.model import Site, StoredReceipt
from consent_service.signing import PublicKeys, verify
from consent_service.store import Store
from consent_service.store.ledger import Head

BUNDLES = 64
"""Bundles of 256 entries that are looked at together."""

LATE = 120
"""Seconds by which a receipt's entry may lie behind one that it follows: clocks differ."""

MOST = 100
"""Findings that are told. Of more there is a count."""

Told = Callable[[int, int], None]
"""Told how many entries are verified, and of how many."""

_OF_RECEIPTS = frozenset((EntryType.RECEIPT, EntryType.IMPORT))


class Finding(NamedTuple):
    """Something that is not as it should be."""

    place: int | None
    """The entry concerned; none where it is the ledger as a whole."""
    text: str


class Report:
    """What was verified, and what was found."""

    def __init__(self, origin: str, size: int) -> None:
        self.origin, self.size = origin, size
        self.entries = 0
        """Entries that were verified."""
        self.receipts = 0
        """Receipts on file that were verified."""
        self.findings: list[Finding] = []
        self.more = 0
        """Findings beyond those that are told."""

    def add(self, text: str, place: int | None = None) -> None:
        """Note what was found."""
        if len(self.findings) < MOST:
            self.findings.append(Finding(place, text))
        else:
            self.more += 1


class Wanted(NamedTuple):
    """What is verified, beside the tree."""

    since: Checkpoint | None = None
    """From this checkpoint on. That the tree begins with it is checked too."""
    receipts: bool = False
    """Each receipt on file: its signature, and that it is the one that was entered."""


async def verify_ledger(store: Store, site: Site, wanted: Wanted, told: Told) -> Report:
    """Verify a site's ledger as it is now. Raises `NotFound` before its first entry."""
    run = _Run(store, await head_of(store, site.id))
    await run.check_head()
    edge = await run.start(wanted.since)
    keys = PublicKeys(key.jwk for key in await store.keys.all()) if wanted.receipts else None
    async for entries in run.entries(edge.size):
        first, edge = edge.size, await run.check_tree(edge, entries)
        await run.check_entries(first, entries)
        if keys:
            await run.check_receipts(first, entries, keys)
        run.report.entries += len(entries) // ENTRY_BYTES
        told(edge.size, run.head.size)
    if edge.root != run.head.root:
        run.report.add("the entries do not lead to the root that was signed")
    await run.check_what_is_told()
    return run.report


class _Run:
    """One verification."""

    def __init__(self, store: Store, head: Head) -> None:
        self.head, self.report = head, Report(head.origin, head.size)
        self._store, self._site_id = store, head.site_id
        self._newest = 0

    async def check_head(self) -> None:
        keys = [log_key(self.head.origin, each) for each in await self._store.ledger.keys()]
        try:
            note = parse_note(self.head.note)
            open_note(note, keys, verify)
            said = parse_checkpoint(note.text)
        except ConsentError as error:
            self.report.add(f"the signed checkpoint does not hold: {error.message}")
            return
        if said != Checkpoint(self.head.origin, self.head.size, self.head.root):
            self.report.add(f"the signed checkpoint is of {said.size} entries of {said.origin}")

    async def start(self, since: Checkpoint | None) -> Edge:
        """Where to begin: after the checkpoint that was kept, if the tree begins with it."""
        if since is None:
            return EMPTY
        head = self.head
        if since.origin != head.origin:
            self.report.add(f"the checkpoint is of {since.origin}, not of {head.origin}")
        elif since.size > head.size:
            self.report.add(
                f"the checkpoint has {since.size} entries and the ledger {head.size}: "
                f"{since.size - head.size} were taken off its end"
            )
        else:
            edge = await self._edge(since.size)
            if edge and edge.root == since.root:
                return edge
            self.report.add(
                f"the first {since.size} entries are not those of the checkpoint that was kept: "
                "the ledger was rewritten"
            )
        return EMPTY

    async def _edge(self, size: int) -> Edge | None:
        try:
            return read_edge(size, await reading(self._store, self._site_id, edge_of(size)))
        except ConsentError as error:
            self.report.add(f"the tree of {size} entries cannot be read: {error.message}")
            return None

    async def entries(self, begin: int) -> AsyncIterator[bytes]:
        """The entries from there on, many at a time, in a row. One that is missing is zeros."""
        last, whole = -(-self.head.size // FULL), FULL * ENTRY_BYTES
        for number in range(begin // FULL, last, BUNDLES):
            end = min(number + BUNDLES, last)
            held = dict(await self._store.ledger.bundles(self._site_id, number, end))
            bodies = [
                held.get(each, b"")[:whole].ljust(whole, b"\0") for each in range(number, end)
            ]
            first = number * FULL
            span = slice(
                ENTRY_BYTES * (max(begin, first) - first),
                ENTRY_BYTES * (min(self.head.size, end * FULL) - first),
            )
            yield b"".join(bodies)[span]

    async def check_tree(self, edge: Edge, entries: bytes) -> Edge:
        growth = grow(edge, leaf_hashes(_cut(entries)))
        keys = [(tile.level, tile.number) for tile, _ in growth.tiles]
        held = await self._store.ledger.tiles(self._site_id, keys)
        named = False
        for tile, made in growth.tiles:
            kept = held.get((tile.level, tile.number), b"")[: len(made)]
            if kept == made:
                continue
            if tile.level == 0 and len(kept) == len(made):
                named = True
                for place, text in differences(kept, made, tile.number * FULL):
                    self.report.add(text, place)
            elif tile.level == 0 or not named:
                # Above a leaf that was named, all that is made of it differs as well.
                what = "is not made of what is below it" if kept else "is missing"
                self.report.add(f"{tile.path} {what}")
        return growth.edge

    async def check_entries(self, first: int, entries: bytes) -> None:
        entered = []
        for place, (kind, time) in enumerate(beginnings(entries), start=first):
            if kind in _OF_RECEIPTS:
                entered.append(place)
                if kind == EntryType.RECEIPT:
                    self._check_time(place, time)
            elif not kind:
                self._tell_of_none(place, _entry(entries, place - first))
        await self._check_file(first, first + len(entries) // ENTRY_BYTES, entered)

    def _check_time(self, place: int, time: int) -> None:
        if time < self._newest - LATE:
            self.report.add(
                f"it says a time {self._newest - time} seconds before one that it "
                "follows: it was back-dated",
                place,
            )
        self._newest = max(self._newest, time)

    def _tell_of_none(self, place: int, data: bytes) -> None:
        try:
            decode_entry(data)
        except ConsentError as error:
            self.report.add(error.message if any(data) else "it is missing", place)

    async def _check_file(self, begin: int, end: int, entered: Sequence[int]) -> None:
        """Of each receipt that was entered, the receipt, or an entry that says why it is gone."""
        ledger = self._store.ledger
        if await ledger.on_file(self._site_id, begin, end) == len(entered):
            return
        here = set(await ledger.places_on_file(self._site_id, begin, end))
        erased = await self._store.receipts.erasures(self._site_id, begin, end)
        gone = {erasure.place for erasure in erased}
        pruned = [range(each.begins, each.ends) for each in await ledger.prunes(self._site_id)]
        for place in entered:
            told = place in here or place in gone or any(place in each for each in pruned)
            if not told:
                self.report.add(
                    "its receipt is missing, and nothing says that it was erased", place
                )
        for erasure in erased:
            digest = erasure_digest(erasure.place or 0, Reason(erasure.reason))
            if not await ledger.marks(self._site_id, digest):
                self.report.add("its receipt was erased, and no entry says so", erasure.place)

    async def check_receipts(self, first: int, entries: bytes, keys: PublicKeys) -> None:
        last = first + len(entries) // ENTRY_BYTES
        for begin in range(first, last, 1_000):
            end = min(begin + 1_000, last)
            for place, found in await self._store.ledger.placed(self._site_id, begin, end):
                if found.receipt:
                    self._check_signature(keys, found.receipt, place)
                if encode_entry(entry_of(prepared(found))) != _entry(entries, place - first):
                    self.report.add("its receipt is not the one that was entered", place)
                self.report.receipts += 1

    def _check_signature(self, keys: PublicKeys, receipt: StoredReceipt, place: int) -> None:
        try:
            keys.verify_parts(receipt.payload, receipt.signature, receipt.kid)
        except ConsentError as error:
            self.report.add(f"its receipt does not verify: {error.message}", place)

    async def check_what_is_told(self) -> None:
        """What other tables tell in clear has its entries."""
        ledger = self._store.ledger
        async for text in strays(self._store, self._site_id):
            self.report.add(text)
        for prune in await ledger.prunes(self._site_id):
            if not await ledger.marks(self._site_id, prune_digest(prune.begins, prune.ends)):
                self.report.add(
                    f"receipts of the entries {prune.begins} to {prune.ends} were erased, "
                    "and no entry says so"
                )


def _entry(entries: bytes, at: int) -> bytes:
    return entries[at * ENTRY_BYTES : (at + 1) * ENTRY_BYTES]


def _cut(entries: bytes) -> list[bytes]:
    return [entries[at : at + ENTRY_BYTES] for at in range(0, len(entries), ENTRY_BYTES)]
