"""Signing notes, and finding out who signed one.

How Ed25519 works is not known here: the functions that sign and verify are handed in.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from consent_service.errors import Invalid, Tampered
from consent_service.merkle.keys import Key, KeyType
from consent_service.merkle.notes import Note, Signature, text_bytes
from consent_service.merkle.text import MAX_SIZE, shown

Sign = Callable[[bytes], bytes]
"""From a message to an Ed25519 signature of 64 bytes, by one key."""

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether, of a raw public key, a message and a signature, the last is the first one's over the
second. Answers for any bytes, and raises for none."""


class Signed(NamedTuple):
    """A signature that holds."""

    key: Key
    time: int | None
    """When a witness says that it signed, in Unix seconds; none for a log's signature."""


def sign_note(text: str, key: Key, sign: Sign) -> Note:
    """A note over that text, signed by the log's own key. Raises `Invalid`."""
    _check_type(key, KeyType.LOG)
    return Note(text, (Signature(key.name, key.id, sign(text_bytes(text))),))


def cosign(note: Note, key: Key, time: int, sign: Sign) -> Signature:
    """A witness's signature over a note's text, at that time (C2SP cosignature/v1).

    It is the caller who has checked that the checkpoint continues the last one it cosigned.
    Raises `Invalid`.
    """
    _check_type(key, KeyType.WITNESS)
    if not 0 <= time <= MAX_SIZE:
        raise Invalid(f"a cosignature's time is from 0 to 2^63 - 1, not {time}")
    value = time.to_bytes(8, "big") + sign(cosigned_message(note.text, time))
    return Signature(key.name, key.id, value)


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs: two lines that nothing else begins with, then the note's text."""
    return f"cosignature/v1\ntime {time}\n".encode() + text_bytes(text)


def with_signatures(note: Note, more: Iterable[Signature]) -> Note:
    """The note with those signatures too; each once, the newest of a witness in place of older."""
    each = {(line.name, line.key_id): line for line in (*note.signatures, *more)}
    return Note(note.text, tuple(each.values()))


def open_note(note: Note, keys: Iterable[Key], verify: Verify) -> tuple[Signed, ...]:
    """Who of `keys` signed the note. Signatures of other keys are passed over.

    One that names a known key and does not hold spoils the whole note; so does it that there is
    none. Raises `Tampered`; `Invalid` if two of the keys cannot be told apart.
    """
    known = _by_name_and_id(keys)
    found = [
        _check(note.text, line, known[line.name, line.key_id], verify)
        for line in note.signatures
        if (line.name, line.key_id) in known
    ]
    if not found:
        names = ", ".join(shown(line.name) for line in note.signatures[:5])
        raise Tampered(f"none of the {len(known)} known keys signed this note, which has: {names}")
    return tuple(found)


def _by_name_and_id(keys: Iterable[Key]) -> Mapping[tuple[str, bytes], Key]:
    known: dict[tuple[str, bytes], Key] = {}
    for key in keys:
        if known.setdefault((key.name, key.id), key) != key:
            raise Invalid(f"two keys have the name and id {shown(key.name)}+{key.id.hex()}")
    return known


def _check(text: str, line: Signature, key: Key, verify: Verify) -> Signed:
    who = f"the signature of {shown(key.name)} (key {key.id.hex()})"
    time, message, value = None, text_bytes(text), line.value
    if key.type == KeyType.WITNESS:
        time, value = int.from_bytes(line.value[:8], "big"), line.value[8:]
        message = cosigned_message(text, time)
    if len(value) != 64 or (time or 0) > MAX_SIZE:
        raise Tampered(f"{who} has {len(line.value)} bytes, or a time, that none can have")
    if not verify(key.public, message, value):
        raise Tampered(f"{who} does not hold: the text is another, or another key signed it")
    return Signed(key, time)


def _check_type(key: Key, type_: KeyType) -> None:
    if key.type != type_:
        raise Invalid(f"the key of {shown(key.name)} is of type {key.type:d}, not {type_:d}")
