"""Signed notes (C2SP signed-note): a text, a blank line, and one line for each signature.

Here they are read and written. Whether a signature holds is asked in `opening`.
"""

from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.keys import check_name
from consent_service.merkle.text import b64, shown, unb64, utf8

MAX_SIGNATURES = 100

_DASH = "\N{EM DASH} "


class Signature(NamedTuple):
    """One signature line. It names its key, and may lie."""

    name: str
    key_id: bytes
    """Four bytes: `Key.id`."""
    value: bytes
    """What the key made: 64 bytes for an Ed25519 signature, 72 for a witness's."""


class Note(NamedTuple):
    """A text and signatures over it, of which nothing is known yet."""

    text: str
    """Ends with a line break."""
    signatures: tuple[Signature, ...]


def parse_note(data: bytes) -> Note:
    """The note in strangers' bytes. Total: it returns, or raises `Invalid`."""
    content = utf8(data, "the note")
    _check_characters(content)
    # The text may have blank lines of its own: the last one ends it.
    text, blank, lines = content.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Invalid("a note is a text, a blank line, and signature lines, each with its end")
    return Note(f"{text}\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """The signatures in lines of text, as a witness answers them. Raises `Invalid`."""
    if lines[-1:] != "\n":
        raise Invalid("a signature line does not end")
    each = lines[:-1].split("\n")
    if len(each) > MAX_SIGNATURES:
        raise Invalid(f"the note has {len(each)} signatures; {MAX_SIGNATURES} is the most")
    return tuple(map(_parse_line, each))


def format_signature(signature: Signature) -> str:
    """A signature's line, with its end. Raises `Invalid`."""
    check_name(signature.name)
    if len(signature.key_id) != 4 or not signature.value:
        raise Invalid("a signature has four bytes that name its key, and some that sign")
    return f"{_DASH}{signature.name} {b64(signature.key_id + signature.value)}\n"


def format_note(note: Note) -> bytes:
    """The bytes of a note. Raises `Invalid` if they could not be read back as the same note."""
    lines = "".join(map(format_signature, note.signatures))
    data = text_bytes(note.text) + b"\n" + lines.encode()
    if parse_note(data) != note:
        raise Invalid("a note has from 1 to 100 signatures, and is not longer than is read")
    return data


def text_bytes(text: str) -> bytes:
    """The bytes of a note's text: what is signed. Raises `Invalid` if it can be none's."""
    _check_characters(text)
    if text[-1:] != "\n":
        raise Invalid("a note's text ends with a line break")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"a note's text is not UTF-8 at character {error.start}") from error


def _check_characters(text: str) -> None:
    if any(char < " " and char != "\n" for char in text):
        raise Invalid("a note has no control characters but line breaks")


def _parse_line(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise Invalid(f"a signature line is a dash, a name and base64, not {shown(line)}")
    check_name(name)
    data = unb64(encoded, f"the signature of {shown(name)}")
    if len(data) < 5:
        raise Invalid(f"the signature of {shown(name)} has {len(data)} bytes: that is none")
    return Signature(name, data[:4], data[4:])
