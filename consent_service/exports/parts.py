"""A part of an export: the receipts of a stretch of it, in one file.

Of a large export two parts are made at a time, each by a process of its own: nearly all that an
export takes is time of a processor, and of that one process has one, which visitors wait for too.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from asyncio import get_running_loop, to_thread
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from consent_service.exports import csv, jsonl
from consent_service.model import Claims, StoredReceipt
from consent_service.signing import token_bytes
from consent_service.store import Asked, Cursor, Store, open_store

PAGE = 2_000
"""Receipts that are read at once."""

AT_A_TIME = 2
"""Parts of a large export."""

_POLITE = 10
"""How far a process that makes parts stands back for the one that visitors wait for."""

_DECODER = msgspec.json.Decoder(Claims)

_log = logging.getLogger(__name__)


class Wanted(Asked, frozen=True, kw_only=True):
    """What an auditor asks for."""

    format: str
    """`csv`, `jsonl` or `bundles`."""


class Stretch(NamedTuple):
    """Receipts that stand one after the other, and the file for those of them that are wanted."""

    wanted: Wanted
    site_id: int
    period: tuple[int, int]
    after: Cursor
    until: Cursor | None
    """The last one; None for all that there are."""
    most: int
    """How many they are at the most."""
    path: Path


class Made(NamedTuple):
    """A part, on the disk."""

    bytes: int
    sha256: str
    """In hex digits."""
    seen: int
    """Receipts that were looked at."""
    last: Cursor | None
    """The last of these."""
    actions: dict[str, int]
    """The receipts in it, by action."""

    @property
    def receipts(self) -> int:
        """How many are in it."""
        return sum(self.actions.values())


Pack = Callable[[Sequence[StoredReceipt]], Awaitable[bytes]]
"""From receipts to a bundle of their bundles."""

Seen = Callable[[int], Awaitable[None]]
"""Is told how many more receipts were looked at. What it raises ends the making."""

Make = Callable[[Stretch], Coroutine[Any, Any, Made]]
"""Makes a part."""


async def make(store: Store, stretch: Stretch, seen: Seen, pack: Pack | None = None) -> Made:
    """Make the part here. With `pack` it is made of bundles, and else of lines."""
    wanted = stretch.wanted
    with _File(stretch.path) as file:
        if wanted.format == "csv":
            file.write(csv.HEAD)
        async for found in _pages(store, stretch):
            # In a thread: it is work for a processor, and visitors are waiting.
            fitting = await to_thread(_fitting, wanted, found)
            data = await (pack(fitting) if pack else to_thread(_lines, wanted, fitting))
            await to_thread(file.add, data, fitting, found)
            await seen(len(found))
        return await to_thread(file.made)


async def _pages(store: Store, stretch: Stretch) -> AsyncGenerator[list[StoredReceipt], None]:
    after, until, limit = stretch.after, stretch.until, min(PAGE, stretch.most)
    while after != until:
        found = await store.receipts.span(stretch.site_id, stretch.period, after, limit)
        # The last one may have been erased meanwhile.
        within = [one for one in found if _place(one) <= until] if until else found
        if within:
            yield within
        if len(within) < limit:
            return
        after = _place(within[-1])


def _place(receipt: StoredReceipt) -> Cursor:
    return Cursor(receipt.recorded_at, receipt.id)


class _File:
    """The file of a part, while it is written. It is gone if it was not finished."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, path.open("wb")
        self._digest, self._bytes = sha256(), 0
        self._seen = 0
        self._last: Cursor | None = None
        self._actions: Counter[bytes] = Counter()
        self._finished = False

    def write(self, data: bytes) -> None:
        """Put this into it."""
        self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def add(
        self, data: bytes, receipts: Sequence[StoredReceipt], seen: Sequence[StoredReceipt]
    ) -> None:
        """Put these receipts into it, found among those."""
        self.write(data)
        self._seen, self._last = self._seen + len(seen), _place(seen[-1])
        self._actions.update(map(_action, receipts))

    def made(self) -> Made:
        """What it is, brought to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._finished = True
        actions = {name.decode(): number for name, number in self._actions.items()}
        return Made(self._bytes, self._digest.hexdigest(), self._seen, self._last, actions)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self._finished:
            self._path.unlink(missing_ok=True)


def _lines(wanted: Wanted, receipts: Sequence[StoredReceipt]) -> bytes:
    line = csv.row if wanted.format == "csv" else jsonl.line
    return b"".join(
        [line(one.payload, token_bytes(one.payload, one.signature, one.kid)) for one in receipts]
    )


def _fitting(wanted: Wanted, receipts: Sequence[StoredReceipt]) -> Sequence[StoredReceipt]:
    if not wanted.filters:
        return receipts
    return [receipt for receipt in receipts if wanted.fits(_DECODER.decode(receipt.payload))]


def _action(receipt: StoredReceipt) -> bytes:
    # In JSON no text holds these bytes, for its quotes are escaped: they are the claim's.
    payload = receipt.payload
    begin = payload.index(b'"act":"') + 7
    return payload[begin : payload.index(b'"', begin)]


# --- In other processes --------------------------------------------------------------------------


@asynccontextmanager
async def making_beside(store: Store, database: str, seen: Seen) -> AsyncIterator[Make]:
    """What has parts made by other processes; and here, slower, where that fails."""

    async def made(stretch: Stretch) -> Made:
        try:
            made = await get_running_loop().run_in_executor(others, _made, database, stretch)
        except (BrokenExecutor, OSError) as error:
            _log.warning("a process of an export failed: %s; it goes on in this one", error)
            return await make(store, stretch, seen)
        await seen(made.seen)
        return made

    others = pool()
    try:
        yield made
    finally:
        # Until none of them writes any more: whoever goes on may write the same files.
        await to_thread(others.shutdown, cancel_futures=True)


def pool() -> ProcessPoolExecutor:
    """Processes that make parts. They end with this one, whatever ends it."""
    # Not forked: threads of ours may hold locks that nobody would ever open there.
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(AT_A_TIME, spawn, initializer=_begin)


def _begin() -> None:
    """In the process: end with whoever started it, and not by Ctrl-C midway."""
    os.nice(_POLITE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_other, daemon=True).start()


def _end_with_the_other() -> None:
    if other := multiprocessing.parent_process():
        other.join()
    os._exit(1)


def _made(database: str, stretch: Stretch) -> Made:
    return asyncio.run(_in_a_store_of_its_own(database, stretch))


async def _in_a_store_of_its_own(database: str, stretch: Stretch) -> Made:
    async def nobody(_: int) -> None:
        """Nobody is told before it is all done."""

    async with open_store(database, migrate=False) as store:
        return await make(store, stretch, nobody)
