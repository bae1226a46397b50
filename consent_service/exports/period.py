"""The receipts of a period, as files that an auditor takes away: in flat memory, however many.

The folder of an export is all that is known of it. A part is written, brought to the disk, and
only then noted in `state.json`: whoever begins again with the same wish goes on after the last
part that is noted, and one that broke off in the middle of a part writes that part anew.
"""

import os
import shutil
import zipfile
from asyncio import Task, create_task, gather, to_thread
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from consent_service.errors import Invalid
from consent_service.exports import parts
from consent_service.exports.parts import Made, Make, Pack, Stretch, Wanted
from consent_service.exports.times import rfc3339
from consent_service.exports.verify import MANIFEST, SUMS
from consent_service.model import OPTIONAL, Site
from consent_service.store import Cursor, Store

PART = 100_000
"""Receipts that a file of lines is taken from."""

BUNDLES = 200
"""Receipts that a file of bundles is taken from."""

MANY = 2 * PART
"""From so many receipts on, two parts are made at a time."""

SETTLED = 10
"""Seconds until every receipt of a second is surely on file: an export ends before that."""

_STATE = "state.json"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file of receipts, complete."""

    name: str
    receipts: int
    bytes: int
    sha256: str
    """In hex digits, as `sha256sum` writes it."""


class State(msgspec.Struct, kw_only=True):
    """How far an export has come: what is noted of it is on the disk."""

    wanted: Wanted
    parts: list[Part] = []
    seen: int = 0
    """Receipts of the period that were looked at."""
    after: tuple[int, str] = Cursor.begin()
    counts: dict[str, int] = {}
    """Receipts by action."""

    @property
    def receipts(self) -> int:
        """How many were asked for, so far."""
        return sum(part.receipts for part in self.parts)


class Source(NamedTuple):
    """Where the receipts come from."""

    store: Store
    site: Site
    jwks: bytes
    now: int
    database: str = ""
    """Its address, for other processes to read it as well; empty for none."""


Told = Callable[[int, int], Awaitable[None]]
"""Is told how many receipts were looked at, of how many. What it raises ends the export, which can
be taken up again."""


def check(wanted: Wanted) -> Wanted:
    """The wish, if it is one. Raises `Invalid`."""
    if wanted.format not in ("csv", "jsonl", "bundles"):
        raise Invalid("an export is csv, jsonl or bundles", "format")
    if wanted.begin >= wanted.end:
        raise Invalid("the period ends before it begins", "end")
    unknown = {*wanted.granted, *wanted.denied} - {category.value for category in OPTIONAL}
    if unknown or set(wanted.granted) & set(wanted.denied):
        raise Invalid("a category is granted, or denied, or either", "categories")
    return wanted


async def export(
    source: Source, wanted: Wanted, folder: Path, told: Told, pack: Pack | None = None
) -> Path:
    """Write the export into `folder`, or go on where it broke off; the file that came of it.

    `pack` makes the parts of an export of bundles. Raises `Invalid` for a folder of another wish.
    """
    state = await to_thread(_begin, folder, check(wanted))
    # A receipt may reach the file some seconds after the time that it bears.
    period = wanted.begin, min(wanted.end, source.now - SETTLED)
    total = await source.store.receipts.count_span(source.site.id, period)
    progress = _Progress(state.seen, total, told)
    await progress(0)
    many = bool(source.database) and pack is None and total - state.seen >= MANY
    async with _making(source, many, progress, pack) as make:
        stretches = _stretches(source, state, period, folder)
        made = _in_order(stretches, make, parts.AT_A_TIME if many else 1)
        async with aclosing(made):
            async for stretch, part in made:
                await to_thread(_note, state, folder, stretch, part)
    return await to_thread(_finish, source, state, folder)


class _Progress:
    def __init__(self, done: int, total: int, told: Told) -> None:
        self._done, self._total, self._told = done, total, told

    async def __call__(self, more: int) -> None:
        self._done += more
        await self._told(self._done, self._total)


@asynccontextmanager
async def _making(
    source: Source, beside: bool, seen: parts.Seen, pack: Pack | None
) -> AsyncIterator[Make]:
    if beside:
        async with parts.making_beside(source.store, source.database, seen) as make:
            yield make
    else:
        yield partial(parts.make, source.store, seen=seen, pack=pack)


async def _stretches(
    source: Source, state: State, period: tuple[int, int], folder: Path
) -> AsyncGenerator[Stretch, None]:
    """What is still to be done, a part at a time."""
    wanted, number = state.wanted, 0
    after: Cursor | None = Cursor(*state.after)
    size = BUNDLES if wanted.format == "bundles" else PART
    while after:
        until = await source.store.receipts.border(source.site.id, period, after, size)
        path = folder / "parts" / f"{number}.new"
        yield Stretch(wanted, source.site.id, period, after, until, size, path)
        after, number = until, number + 1


async def _in_order(
    stretches: AsyncGenerator[Stretch, None], make: Make, most: int
) -> AsyncGenerator[tuple[Stretch, Made], None]:
    """What is made of each, in their order; so many are made at a time."""
    waiting: deque[tuple[Stretch, Task[Made]]] = deque()
    try:
        async with aclosing(stretches):
            async for stretch in stretches:
                waiting.append((stretch, create_task(make(stretch))))
                if len(waiting) == most:
                    yield waiting[0][0], await waiting[0][1]
                    waiting.popleft()
        while waiting:
            yield waiting[0][0], await waiting[0][1]
            waiting.popleft()
    finally:
        for _, task in waiting:
            task.cancel()
        await gather(*(task for _, task in waiting), return_exceptions=True)


def _begin(folder: Path, wanted: Wanted) -> State:
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    try:
        state = msgspec.json.decode((folder / _STATE).read_bytes(), type=State)
    except FileNotFoundError:
        return State(wanted=wanted)
    except msgspec.MsgspecError as error:
        raise Invalid(f"{folder} holds something else than an export: take another") from error
    if state.wanted != wanted:
        raise Invalid(f"{folder} holds an export of another period or format: take another")
    return state


def _note(state: State, folder: Path, stretch: Stretch, made: Made) -> None:
    """The part is done. What holds none that was asked for is none."""
    wanted, number = state.wanted, len(state.parts) + 1
    all_done = stretch.until is None
    if made.receipts or (all_done and wanted.format == "csv" and not state.parts):
        ending = "zip" if wanted.format == "bundles" else wanted.format
        name = f"parts/{number:05}.{ending}"
        os.replace(stretch.path, folder / name)
        part = Part(name=name, receipts=made.receipts, bytes=made.bytes, sha256=made.sha256)
        state.parts.append(part)
    stretch.path.unlink(missing_ok=True)
    state.seen += made.seen
    state.after = made.last or stretch.after
    for action, receipts in made.actions.items():
        state.counts[action] = state.counts.get(action, 0) + receipts
    _save(folder / _STATE, msgspec.json.encode(state))


def _save(path: Path, content: bytes) -> None:
    """The file as it was, or as it will be, and on the disk."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def _finish(source: Source, state: State, folder: Path) -> Path:
    """One file of all the parts, with the manifest and the list of hashes."""
    files = {
        MANIFEST: manifest(source, state),
        "README.txt": _README.encode(),
        "jwks.json": source.jwks,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    digests |= {part.name: part.sha256 for part in state.parts}
    sums = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    (folder / SUMS).write_text(sums)
    target = folder / name_of(source.site, state.wanted)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as file:
        for name in (MANIFEST, SUMS, "README.txt", "jwks.json", *(p.name for p in state.parts)):
            _add(file, folder / name, name)
    shutil.rmtree(folder / "parts")
    (folder / _STATE).unlink(missing_ok=True)
    return target


def _add(file: zipfile.ZipFile, path: Path, name: str) -> None:
    # As `ZipFile.write`, in steps of a megabyte instead of eight kilobytes.
    entry = zipfile.ZipInfo.from_file(path, name)
    with path.open("rb") as source, file.open(entry, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def name_of(site: Site, wanted: Wanted) -> str:
    """What the file of an export is called."""
    days = (rfc3339(at)[:10] for at in (wanted.begin, wanted.end))
    return f"{site.key}-{'-to-'.join(days)}-{wanted.format}.zip"


def said(wanted: Wanted) -> str:
    """What is asked for, in a line for the audit trail."""
    days = " to ".join(rfc3339(at) for at in (wanted.begin, wanted.end))
    only = (wanted.version or "", wanted.action, wanted.language, *wanted.granted)
    denied = (f"not {name}" for name in wanted.denied)
    return " ".join(filter(None, (wanted.format, days, *map(str, only), *denied)))


def manifest(source: Source, state: State) -> bytes:
    """What the export says of itself; `verify` holds it against the parts."""
    wanted = state.wanted
    said = {
        "site": source.site.key,
        "format": wanted.format,
        "from": wanted.begin,
        "to": min(wanted.end, source.now - SETTLED),
        "asked_to": wanted.end,
        "made": source.now,
        "only": {
            "version": wanted.version,
            "action": wanted.action,
            "language": wanted.language,
            "granted": wanted.granted,
            "denied": wanted.denied,
        },
        "receipts": state.receipts,
        "actions": dict(sorted(state.counts.items())),
        "parts": state.parts,
    }
    return msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n"


_README = """\
Receipts of a period. Check this file on your own machine, without a network:

  python verify.py FILE.zip

It holds the counts and hashes of manifest.json against the parts, and checks the signature of
every receipt (in JSON Lines) or every bundle. A table in CSV has no signatures in it.
verify.py needs Python 3.11 and the package cryptography; take it from the service at /verify.py,
or better from a copy of the software that you trust.

What the service left out is not seen by that: the ledger of the site has an entry for each
receipt, and tells.
"""
