"""A witness of somebody else's ledger (C2SP tlog-witness): it cosigns what continues what it saw.

A cosignature says: at this time, this is the largest tree of that ledger that I have seen, and it
begins with every one that I have cosigned before. So what was cosigned is remembered before the
signature is made, by a compare and a swap in one statement: of two requests at once one wins, and
a witness that dies in between has at worst remembered what it has not signed yet.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from consent_service.errors import Conflict, Forbidden, Forked, Invalid, NotFound, Tampered
from consent_service.merkle import (
    EMPTY_ROOT,
    Checkpoint,
    Key,
    KeyType,
    Note,
    Submission,
    check_consistency,
    cosign,
    format_signature,
    open_note,
    parse_checkpoint,
    parse_note,
    parse_submission,
    witness_key,
)
from consent_service.signing import Pen, verify
from consent_service.store import Store
from consent_service.store.witnessed import Seen

_NEVER = Seen(0, EMPTY_ROOT, b"", 0)
"""What a ledger is that was never cosigned."""


class Outdated(Conflict):
    """The sender thinks of another size than was cosigned last. `size` is that one."""

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.size = size


class Bench(NamedTuple):
    """What a witness works with."""

    store: Store
    key: Key
    pen: Pen
    logs: Mapping[str, Sequence[Key]]
    """The keys of the ledgers that it knows, by their names."""


def bench(store: Store, name: str, pen: Pen, logs: Sequence[Key]) -> Bench:
    """A witness of that name, for the ledgers of those keys. Raises `Invalid`."""
    known: dict[str, list[Key]] = {}
    for key in logs:
        if key.type != KeyType.LOG:
            raise Invalid(f"{key.vkey} is the key of a witness, not of a ledger")
        known.setdefault(key.name, []).append(key)
    return Bench(store, witness_key(name, pen.public), pen, known)


async def add_checkpoint(bench: Bench, data: bytes, now: int) -> bytes:
    """The cosignature of the checkpoint in a submission, as a line.

    In the order of the specification:

    1. The submission and its checkpoint can be read, else `Invalid`.
    2. The ledger is known, else `NotFound`.
    3. A known key of it signed, and no signature of a known key fails, else `Forbidden`.
    4. The old size is not larger than the new one, else `Invalid`.
    5. The old size is that of the last checkpoint cosigned, else `Outdated`.
    6. The proof shows that the new tree begins with the old one, else `Tampered`; a tree of the
       same size is the same tree, else `Forked`.
    7. It is remembered, and only then signed.
    """
    sent = parse_submission(data)  # 1
    note = parse_note(sent.note)
    checkpoint = _known(bench, note)  # 2, 3
    if sent.old > checkpoint.size:  # 4
        raise Invalid(f"the old size, {sent.old}, is larger than the new one, {checkpoint.size}")
    before = await bench.store.witnessed.last(checkpoint.origin)
    last = before or _NEVER
    if sent.old != last.size:  # 5
        raise _outdated(last)
    _check_growth(sent, last, checkpoint)  # 6
    seen = Seen(checkpoint.size, checkpoint.root, sent.note, now)
    if not await bench.store.witnessed.move(checkpoint.origin, before, seen):  # 7
        raise _outdated(await bench.store.witnessed.last(checkpoint.origin) or _NEVER)
    return format_signature(cosign(note, bench.key, now, bench.pen.sign)).encode()


def _known(bench: Bench, note: Note) -> Checkpoint:
    origin = note.text.partition("\n")[0]
    keys = bench.logs.get(origin)
    if keys is None:
        raise NotFound(f"this witness does not know the ledger {origin[:80]!a}")
    try:
        open_note(note, keys, verify)
    except Tampered as error:
        raise Forbidden(error.message) from error
    return parse_checkpoint(note.text)


def _outdated(last: Seen) -> Outdated:
    return Outdated(f"the last checkpoint cosigned has {last.size} entries", last.size)


def _check_growth(sent: Submission, last: Seen, checkpoint: Checkpoint) -> None:
    origin, size = checkpoint.origin, checkpoint.size
    if sent.old == size and not sent.proof and last.root != checkpoint.root:
        raise Forked(f"{origin}: another tree of {size} entries was cosigned: it was forked")
    try:
        check_consistency((sent.old, size), (last.root, checkpoint.root), sent.proof)
    except Tampered as error:
        raise Tampered(f"{origin}: {error.message}") from error
