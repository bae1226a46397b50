"""Between the words' text forms and the raw bytes that columns hold."""

from typing import NamedTuple

from consent_service.errors import Invalid, NotFound
from consent_service.signing import b64url, unb64url
from consent_service.store.database import Row


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID in its canonical text form. Raises `NotFound` for another text."""
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        raw = b""
    if len(raw) != 16 or uuid_text(raw) != text:
        raise NotFound(f"there is no {text[:40]!r}: an id is 32 hex digits in five groups")
    return raw


def uuid_text(raw: bytes) -> str:
    """The canonical text form of a UUID's 16 bytes (RFC 9562)."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def digest_bytes(text: str) -> bytes:
    """The 32 bytes of a base64url digest without padding. Raises `NotFound` for another text."""
    try:
        raw = unb64url(text)
    except Invalid:
        raw = b""
    if len(raw) != 32:
        raise NotFound(f"there is no {text[:50]!r}: a digest is 43 characters of base64url")
    return raw


def digest_text(raw: bytes) -> str:
    """A digest's 32 bytes in base64url without padding."""
    return b64url(raw)


class Cursor(NamedTuple):
    """A place in a list that runs from the newest to the oldest: all before it come next."""

    at: int
    """Unix seconds."""
    id: str
    """A UUID: it puts those of the same second in order."""

    def __str__(self) -> str:
        return f"{self.at}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """The cursor that has this text. Raises `Invalid`."""
        at, _, name = text.partition(".")
        try:
            uuid_bytes(name)
            return cls(int(at), name)
        except (ValueError, NotFound) as error:
            message = "this is no cursor: take the one that the page before gave"
            raise Invalid(message, "before") from error

    @classmethod
    def end(cls) -> "Cursor":
        """Before the newest: where the list begins."""
        return cls(2**62, "ffffffff-ffff-ffff-ffff-ffffffffffff")

    @classmethod
    def begin(cls) -> "Cursor":
        """After nothing: where a list from the oldest to the newest begins."""
        return cls(0, "00000000-0000-0000-0000-000000000000")


def found(row: Row | None, what: str) -> Row:
    """The row, or `NotFound` that says what is not there."""
    if row is None:
        raise NotFound(f"there is no {what}")
    return row
