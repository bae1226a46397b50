"""The receipts of a period, as files that an auditor takes away: in flat memory, however many.

The folder of an export is all that is known of it. A part is written, brought to the disk, and
only then noted in `state.json`: whoever begins again with the same wish goes on after the last
part that is noted, and one that broke off in the middle of a part writes that part anew.
"""

import asyncio
import os
import shutil
import zipfile
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from consent_service.errors import Invalid
from consent_service.exports import csv, jsonl
from consent_service.exports.times import rfc3339
from consent_service.exports.verify import MANIFEST, SUMS
from consent_service.model import OPTIONAL, Claims, Site, StoredReceipt
from consent_service.signing import token_bytes
from consent_service.store import Asked, Cursor, Store

PAGE = 2_000
"""Receipts that are read at once."""

BUNDLES = 200
"""Receipts that are read at once for bundles: each such lot is a file."""

PART = 100_000
"""Receipts in a file of lines."""

SETTLED = 10
"""Seconds until every receipt of a second is surely on file: an export ends before that."""

_STATE = "state.json"


class Wanted(Asked, frozen=True, kw_only=True):
    """What an auditor asks for."""

    format: str
    """`csv`, `jsonl` or `bundles`."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file of receipts, complete."""

    name: str
    receipts: int
    bytes: int
    sha256: str
    """In hex digits, as `sha256sum` writes it."""


class State(msgspec.Struct, kw_only=True):
    """How far an export has come."""

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


Pack = Callable[[Sequence[StoredReceipt]], Awaitable[bytes]]
"""From receipts to a bundle of their bundles."""

Told = Callable[[int, int], Awaitable[None]]
"""Is told how many receipts were looked at, of how many. What it raises ends the export, which can
be taken up again."""

_DECODER = msgspec.json.Decoder(Claims)


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
    state = await asyncio.to_thread(_begin, folder, check(wanted))
    # A receipt may reach the file some seconds after the time that it bears.
    period = wanted.begin, min(wanted.end, source.now - SETTLED)
    total = await source.store.receipts.count_span(source.site.id, period)
    lots = _lots(source, period, Cursor(*state.after), BUNDLES if pack else PAGE)
    with _Writer(folder, state) as writer:
        async with aclosing(lots):
            await told(state.seen, total)
            async for found in lots:
                state.seen += len(found)
                # In a thread: it is work for a processor, and visitors are waiting.
                fitting = await asyncio.to_thread(_fitting, wanted, found)
                data = await (pack(fitting) if pack else asyncio.to_thread(_lines, wanted, fitting))
                await asyncio.to_thread(writer.write, data, fitting, found[-1])
                await told(state.seen, total)
        await asyncio.to_thread(writer.finish)
    return await asyncio.to_thread(_finish, source, state, folder)


async def _lots(
    source: Source, period: tuple[int, int], after: Cursor, page: int
) -> AsyncGenerator[list[StoredReceipt], None]:
    """The receipts after the cursor; the next lot is read while one is written."""
    span = partial(source.store.receipts.span, source.site.id, period, limit=page)
    coming = asyncio.create_task(span(after))
    try:
        while found := await coming:
            coming = asyncio.create_task(span(Cursor(found[-1].recorded_at, found[-1].id)))
            yield found
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


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


class _Writer:
    """The part that is being written. What is not noted in the state is written anew."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder, self._state = folder, state
        self._open()

    def _open(self) -> None:
        wanted, number = self._state.wanted, len(self._state.parts) + 1
        ending = "zip" if wanted.format == "bundles" else wanted.format
        self._name = f"parts/{number:05}.{ending}"
        self._file = (self._folder / f"{self._name}.new").open("wb")
        self._digest, self._bytes, self._receipts = sha256(), 0, 0
        if wanted.format == "csv":
            self._put(csv.HEAD)

    def write(self, data: bytes, receipts: Sequence[StoredReceipt], last: StoredReceipt) -> None:
        """Add receipts to the part; and note it if it is full."""
        self._put(data)
        self._receipts += len(receipts)
        self._state.after = last.recorded_at, last.id
        counts = self._state.counts
        for found, number in Counter(map(_action, receipts)).items():
            action = found.decode()
            counts[action] = counts.get(action, 0) + number
        if self._receipts >= PART or (receipts and self._state.wanted.format == "bundles"):
            self._note()
            self._open()

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def _note(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._folder / f"{self._name}.new", self._folder / self._name)
        digest = self._digest.hexdigest()
        self._state.parts.append(
            Part(name=self._name, receipts=self._receipts, bytes=self._bytes, sha256=digest)
        )
        _save(self._folder / _STATE, msgspec.json.encode(self._state))

    def finish(self) -> None:
        """The last part, which may be a short one, or none."""
        if self._receipts or (self._bytes and not self._state.parts):
            self._note()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        (self._folder / f"{self._name}.new").unlink(missing_ok=True)


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
            file.write(folder / name, name)
    shutil.rmtree(folder / "parts")
    (folder / _STATE).unlink(missing_ok=True)
    return target


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
